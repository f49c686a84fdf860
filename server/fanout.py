"""Live delivery: what a log has come to, the newest entries in memory, and who wants to know.

A `LiveLog` exists while some connection is authorised for its log. It shows a log as far as its newest
*signed* checkpoint, never further. Subscribers hold a cursor; `publish` only wakes them. Whoever keeps up is
served from the tail in memory, and two readers at the same place share one encoded frame; whoever lags is
served from the store, a page at a time.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from protocols.relay.frames import EndOfEpoch, Entries
from protocols.relay.wire import EncodedFrame, encode_frame
from server.signing import Signer
from server.store import LogHead, RelayStore, StoredLog, rules
from server.store.signed_heads import SignedHeads

TAIL_ENTRIES: Final = 512
TAIL_BYTES: Final = 524_288
PAGE_OVERHEAD: Final = 10_240
"""Bytes a page may need besides its entries: checkpoint, proof, and headers."""
MAX_PAGE_ENTRIES: Final = 2048


class Subscriber(Protocol):
    """Something that looks at its logs when woken."""

    def wake(self) -> None:
        """Come back soon; called many times, must be cheap."""


class LiveLog:
    """One log in memory. All methods are synchronous; the state is consistent between any two awaits."""

    __slots__ = (
        "_page",
        "_page_range",
        "_tail",
        "_tail_bytes",
        "holders",
        "log",
        "note",
        "size",
        "stored",
        "waiting",
    )

    def __init__(self, log: bytes) -> None:
        self.log: Final = log
        self.stored: StoredLog | None = None
        self.size = 0  # entries covered by `note`; what may be shown
        self.note = b""
        self.holders = 0
        self.waiting: set[Subscriber] = set()
        self._tail: deque[bytes] = deque()  # entries up to `size`, without gaps
        self._tail_bytes = 0
        self._page: EncodedFrame | None = None
        self._page_range = (-1, -1, -1)

    def load(self, stored: StoredLog, size: int, note: bytes) -> None:
        """Take over what the store and the signed head say, unless newer was published meanwhile."""
        if self.stored is None or stored.size > self.stored.size:
            self.stored = stored
        if size > self.size:
            self.size, self.note = size, note

    def adopt(self, stored: StoredLog) -> None:
        """Take over the log as the use of a key has left it; the writer calls this between its batches."""
        if self.stored is None or stored.size >= self.stored.size:
            self.stored = stored
        for subscriber in self.waiting:
            subscriber.wake()

    def is_over(self, *, epoch: int, access_key: bytes) -> bool:
        """Whether a key that was good once has been overtaken, as far as the log is shown.

        A key of an epoch that is not shown yet is not over, and neither is one whose end is not: the commit
        that ended it comes first.
        """
        stored = self.stored
        if stored is None or stored.size > self.size or stored.epoch < epoch:
            return False
        return not rules.is_current(stored, epoch=epoch, access_key=access_key)

    def publish(self, head: LogHead, note: bytes, entries: Sequence[bytes]) -> None:
        """Show the log as `note` has it, its last entries being `entries`, and wake the subscribers."""
        if self.stored is None or head.stored.size >= self.stored.size:
            self.stored = head.stored
        if head.stored.size - len(entries) != self.size:
            self._tail.clear()
            self._tail_bytes = 0
        self.size, self.note = head.stored.size, note
        for entry in entries:
            self._tail.append(entry)
            self._tail_bytes += len(entry)
        while len(self._tail) > TAIL_ENTRIES or self._tail_bytes > TAIL_BYTES:
            self._tail_bytes -= len(self._tail.popleft())
        for subscriber in self.waiting:
            subscriber.wake()

    def tail_page(self, start: int, max_bytes: int) -> EncodedFrame | None:
        """The entries from `start` to the head as one frame, or None if not in memory or too large."""
        held_from = self.size - len(self._tail)
        if not held_from <= start < self.size:
            return None
        page_range = (start, self.size, max_bytes)
        if page_range != self._page_range:
            entries = tuple([self._tail[i] for i in range(start - self.size, 0)])  # near its end: cheap
            self._page_range = page_range
            self._page = None
            if sum(map(len, entries)) + 5 * len(entries) <= max_bytes:
                self._page = encode_frame(
                    Entries(log=self.log, start=start, entries=entries, checkpoint=self.note, consistency=())
                )
        return self._page


@dataclass(slots=True)
class Subscription:
    """One reader of one log: where it is, and by what right.

    Attributes:
        live: the log.
        epoch: of the access key.
        access_key: the key, 32 bytes.
        cursor: position of the next entry to send.
        fresh: nothing was sent yet; the first page goes out even when it is empty.
    """

    live: LiveLog
    epoch: int
    access_key: bytes
    cursor: int
    fresh: bool = True

    @property
    def is_due(self) -> bool:
        """Whether there is something to send: entries, or the end of the epoch."""
        return self.fresh or self.cursor < self.live.size or self._is_over()

    def page_from_memory(self, max_bytes: int) -> EncodedFrame | None:
        """All that is new, for a key of the current epoch, if memory has it. Moves the cursor."""
        stored = self.live.stored
        if stored is None or not rules.is_current(stored, epoch=self.epoch, access_key=self.access_key):
            return None
        page = self.live.tail_page(self.cursor, max_bytes)
        if page is not None:
            self.cursor, self.fresh = self.live.size, False
        return page

    def _is_over(self) -> bool:
        return self.live.is_over(epoch=self.epoch, access_key=self.access_key)


class LiveLogs:
    """All live logs, and the pages that need the store."""

    def __init__(self, store: RelayStore, heads: SignedHeads, signer: Signer) -> None:
        self._store = store
        self._heads = heads
        self._signer = signer
        self._logs: dict[bytes, LiveLog] = {}

    def __len__(self) -> int:
        return len(self._logs)

    def get(self, log: bytes) -> LiveLog | None:
        """The log if it is live."""
        return self._logs.get(log)

    async def acquire(self, log: bytes) -> LiveLog | None:
        """Hold a log live until `release`; None if there is no such log.

        Cancellation: the log is not held.
        """
        live = self._logs.get(log)
        if live is None:
            live = self._logs[log] = LiveLog(log)
        live.holders += 1
        held = False
        try:
            if live.stored is None:
                stored = await self._store.log(log)
                signed = await self._heads.last(log)
                if stored is not None and signed is not None:
                    # Ed25519 signs the same head with the same bytes, so this is the checkpoint of before.
                    live.load(
                        stored, signed.size, self._signer.sign(stored.genesis, signed.size, signed.root)
                    )
            held = live.stored is not None
        finally:
            if not held:
                self.release(live)
        return live if held else None

    def release(self, live: LiveLog) -> None:
        """Let go of one hold; the last one drops the log from memory."""
        live.holders -= 1
        if live.holders == 0:
            self._logs.pop(live.log, None)

    async def next_page(
        self, subscription: Subscription, max_bytes: int, *, size: int, note: bytes
    ) -> tuple[EncodedFrame | None, bool]:
        """The next frame of a subscription that memory could not serve, and whether it is the last.

        Moves the cursor. The frame is an Entries page with a proof from its end to the checkpoint, or
        EndOfEpoch; None when what comes next is durable but not shown yet: `publish` will wake the reader.

        Args:
            subscription: which is due.
            max_bytes: most bytes of entries in the page; a single larger entry still goes out.
            size: of the log as shown when the connection's answers were last taken. The page shows it so
                far and no further: else its checkpoint could overtake a receipt that is sent after it.
            note: the checkpoint over `size` entries.

        Cancellation: nothing was sent, and the cursor has not moved.
        """
        live, start = subscription.live, subscription.cursor
        access = await self._store.access(
            live.log, epoch=subscription.epoch, access_key=subscription.access_key
        )
        readable = min(size, access.readable) if access is not None else start
        if not subscription.fresh and (access is None or (not access.current and start >= access.readable)):
            return self._end(subscription, readable), True
        if not subscription.fresh and start >= readable:
            return None, False
        entries: tuple[bytes, ...] = ()
        if start < readable:
            count = min(readable - start, MAX_PAGE_ENTRIES)
            entries = await self._store.read(live.log, start, max_count=count, max_bytes=max_bytes)
        end = start + len(entries)
        proof: tuple[bytes, ...] = ()
        if 0 < end < size:
            proof = await self._store.consistency_proof(live.log, old_size=end, new_size=size)
        subscription.cursor, subscription.fresh = end, False
        page = Entries(log=live.log, start=start, entries=entries, checkpoint=note, consistency=proof)
        return encode_frame(page), False

    def _end(self, subscription: Subscription, readable: int) -> EncodedFrame:
        return encode_frame(
            EndOfEpoch(log=subscription.live.log, epoch=subscription.epoch, readable=readable)
        )
