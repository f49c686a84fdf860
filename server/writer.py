"""Group commit: the one task that writes to logs.

While one batch is being made durable, the next one gathers; an idle relay delays nothing. For each batch, in
this order and no other: one durable store transaction over all logs, then the signed-heads file is asked
whether each head may be signed, then one signature per log, then the checkpoint is kept, then the senders are
answered, and last the subscribers are woken. Any failure on the way ends the process: what happened on disk
is then unknown, and the next start finds out.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from protocols.relay.frames import Done, Frame, Receipt, Receipts, RefusalCode, Refused
from server import logs
from server.errors import LogExists, StoreFailed
from server.fanout import LiveLogs
from server.outbox import Outbox
from server.signing import Signer
from server.store import (
    Appended,
    AppendedBatch,
    CommitTooEarly,
    ContestRefused,
    Duplicate,
    LogHead,
    LogUnknown,
    NotAuthorised,
    PendingAppend,
    RelayStore,
    StoredCheckpoint,
    StoredLog,
    WrongEpoch,
)
from server.store.signed_heads import SignedHead, SignedHeads

MAX_BATCH: Final = 64
"""Appends in one transaction."""
WORTH_OVERLAPPING: Final = MAX_BATCH // 2
"""As many appends must wait for their commit to begin before the batch ahead of them is signed."""
MAX_GATHER_S: Final = 0.020
"""The longest a batch waits to fill while more keeps coming."""
MAX_WAITING: Final = 16_384
"""Appends that may wait for their transaction, from all connections together."""
MAX_WAITING_BYTES: Final = 64 * 1024 * 1024
MAX_RETRY_MS: Final = 2000
"""The longest a sender is told to wait whose commit comes too early: its messages wait with it."""
MAX_CREATIONS: Final = 256
"""Logs that may wait to be created; appends wait for one of them at most."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """An append and whom to answer."""

    append: PendingAppend
    outbox: Outbox
    request: int


@dataclass(frozen=True, slots=True)
class Creation:
    """A log to be created and whom to answer."""

    genesis: bytes
    access_key: bytes
    now_ms: int
    token_hash: bytes | None
    outbox: Outbox
    request: int


@dataclass(frozen=True, slots=True)
class KeyUse:
    """A connection has proved that it holds a key; `done` gets the log after it."""

    log: bytes
    epoch: int
    access_key: bytes
    done: asyncio.Future[StoredLog]


class Writer:
    """The queue of what is to be written, and the task that writes it."""

    def __init__(
        self,
        store: RelayStore,
        heads: SignedHeads,
        signer: Signer,
        live: LiveLogs,
        fail: Callable[[BaseException], None],
    ) -> None:
        """Take hold of everything the task needs; `run` is the task.

        Args:
            store: opened.
            heads: opened; remembers what was signed, apart from the store.
            signer: the relay's key.
            live: who is to be told.
            fail: called with the reason when nothing may be written any more; must end the process.
        """
        self._store = store
        self._heads = heads
        self._signer = signer
        self._live = live
        self._fail = fail
        self._waiting: deque[Ticket] = deque()
        self._waiting_bytes = 0
        self._creations: deque[Creation] = deque()
        self._uses: deque[KeyUse] = deque()
        self._ended = False
        self._wake = asyncio.Event()
        self._stopping = False

    @property
    def is_full(self) -> bool:
        """Whether further appends must be refused for now."""
        return len(self._waiting) >= MAX_WAITING or self._waiting_bytes >= MAX_WAITING_BYTES

    def submit(self, ticket: Ticket) -> None:
        """Queue an append; its answer goes to the ticket's outbox."""
        self._waiting.append(ticket)
        self._waiting_bytes += len(ticket.append.message)
        self._wake.set()

    def create(self, creation: Creation) -> bool:
        """Queue the creation of a log; its answer goes to the creation's outbox. False when too many wait."""
        if len(self._creations) >= MAX_CREATIONS:
            return False
        self._creations.append(creation)
        self._wake.set()
        return True

    async def use(self, log: bytes, *, epoch: int, access_key: bytes) -> StoredLog:
        """Have the use of a key noted, after the batches before it, and return the log as it is then.

        Raises:
            StoreFailed: it could not be.

        Cancellation: it is noted or not.
        """
        if self._ended:
            raise StoreFailed("the relay does not write any more")
        done: asyncio.Future[StoredLog] = asyncio.get_running_loop().create_future()
        self._uses.append(KeyUse(log, epoch, access_key, done))
        self._wake.set()
        return await done

    def stop(self) -> None:
        """Let `run` finish what waits and return."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Write until `stop`; calls `fail` and returns on any error.

        Cancellation: the batch in the store's hands is carried out, nobody is answered; senders ask again.
        """
        try:
            while self._waiting or self._creations or self._uses or not self._stopping:
                if self._uses:
                    await self._use(self._uses[0])
                    self._uses.popleft()
                elif self._creations:
                    await self._create(self._creations.popleft())
                elif self._waiting:
                    await self._gather()
                    await self._write_waiting()
                else:
                    await self._wake.wait()
                    self._wake.clear()
        except Exception as raised:
            # StoreFailed, RollbackRefused, or a bug of ours: either way nothing may be signed from here on.
            error = raised.exceptions[0] if isinstance(raised, ExceptionGroup) else raised
            logs.get().critical("writing failed", error=type(error).__name__, reason=logs.reason(error))
            self._fail(error)
        finally:
            self._ended = True
            for use in self._uses:
                if not use.done.done():
                    use.done.set_exception(StoreFailed("the relay does not write any more"))

    async def _write_waiting(self) -> None:
        """Write batches until few appends wait; the next is committed while one is signed and answered.

        Signing keeps the order of the commits. A log is never created in between, as that signs too; nor is
        the use of a key noted, so that nobody is shown an older state after a newer one.
        """
        batch = self._take()
        result = await self._commit(batch)
        while len(self._waiting) >= WORTH_OVERLAPPING and not self._creations and not self._uses:
            following = self._take()
            async with asyncio.TaskGroup() as tasks:
                commit = tasks.create_task(self._commit(following))
                await self._conclude(batch, result)
            batch, result = following, commit.result()
        await self._conclude(batch, result)

    async def _commit(self, batch: Sequence[Ticket]) -> AppendedBatch:
        return await self._store.append_batch([ticket.append for ticket in batch])

    async def _conclude(self, batch: Sequence[Ticket], result: AppendedBatch) -> None:
        self._answer(batch, result, await self.sign(result.heads))

    async def _gather(self) -> None:
        """Let the loop bring in what has already arrived, as long as each turn brings more.

        An idle relay loses one turn of the loop by it. A busy one gets full batches; without them every
        append would pay for a transaction and a signature of its own.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + MAX_GATHER_S
        before = 0
        while before < len(self._waiting) < MAX_BATCH and loop.time() < deadline:
            before = len(self._waiting)
            await asyncio.sleep(0)

    def _take(self) -> tuple[Ticket, ...]:
        batch = tuple(self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting))))
        self._waiting_bytes -= sum(len(ticket.append.message) for ticket in batch)
        return batch

    async def _create(self, creation: Creation) -> None:
        try:
            head = await self._store.create_log(
                creation.genesis,
                access_key=creation.access_key,
                now_ms=creation.now_ms,
                token_hash=creation.token_hash,
            )
        except LogExists:
            creation.outbox.put(_refused(creation.request, RefusalCode.LOG_EXISTS, "exists with another key"))
            return
        await self.sign((head,))
        creation.outbox.put(Done(request=creation.request))

    async def _use(self, use: KeyUse) -> None:
        stored = await self._store.use_key(use.log, epoch=use.epoch, access_key=use.access_key)
        live = self._live.get(use.log)
        if live is not None:
            live.adopt(stored)
        if not use.done.done():
            use.done.set_result(stored)

    async def sign(self, heads: Sequence[LogHead]) -> dict[bytes, bytes]:
        """Sign heads that are durable, and keep the checkpoints.

        Args:
            heads: at most one per log.

        Returns:
            For each log id the signed note.

        Raises:
            RollbackRefused: a head contradicts what this relay signed before. Nothing was signed.
            StoreFailed: see there.
        """
        if not heads:
            return {}
        await self._heads.advance(
            [SignedHead(log=head.stored.log, size=head.stored.size, root=head.root) for head in heads]
        )
        checkpoints = [
            StoredCheckpoint(
                log=head.stored.log,
                size=head.stored.size,
                note=self._signer.sign(head.stored.genesis, head.stored.size, head.root),
            )
            for head in heads
        ]
        await self._store.save_checkpoints(checkpoints)
        return {checkpoint.log: checkpoint.note for checkpoint in checkpoints}

    def _answer(self, batch: Sequence[Ticket], result: AppendedBatch, notes: dict[bytes, bytes]) -> None:
        """Answer the senders, then show the logs to the subscribers; one synchronous stretch."""
        receipts: dict[tuple[Outbox, bytes], list[Receipt]] = {}
        entries: dict[bytes, list[bytes]] = {}
        for ticket, outcome in zip(batch, result.outcomes, strict=True):
            log, request = ticket.append.log, ticket.request
            match outcome:
                case Appended() | Duplicate():
                    if isinstance(outcome, Appended):
                        entries.setdefault(log, []).append(outcome.entry)
                    receipts.setdefault((ticket.outbox, log), []).append(
                        Receipt(
                            request=request,
                            position=outcome.position,
                            relay_time_ms=outcome.relay_time_ms,
                        )
                    )
                case WrongEpoch():
                    ticket.outbox.put(wrong_epoch(request, outcome.epoch, outcome.size))
                case NotAuthorised():
                    ticket.outbox.put(
                        _refused(request, RefusalCode.EPOCH_KEY_MISMATCH, "not a key of this epoch")
                    )
                case ContestRefused():
                    ticket.outbox.put(_refused(request, RefusalCode.QUOTA_EXCEEDED, "too many contests"))
                case CommitTooEarly():
                    retry = min(outcome.wait_ms, MAX_RETRY_MS)
                    detail = "a contest's key does not end the epoch yet"
                    ticket.outbox.put(_refused(request, RefusalCode.RATE_LIMITED, detail, retry))
                case LogUnknown():
                    ticket.outbox.put(_refused(request, RefusalCode.UNKNOWN_LOG, "no such log"))
                case _:
                    assert_never(outcome)
        for (outbox, log), items in receipts.items():
            live = self._live.get(log)
            note = notes.get(log) or (live.note if live is not None else b"")
            if note:  # without one nobody holds the log any more, so nobody is there to answer
                outbox.put(Receipts(log=log, checkpoint=note, items=tuple(items)))
        for head in result.heads:
            live = self._live.get(head.stored.log)
            if live is not None:
                live.publish(head, notes[head.stored.log], entries[head.stored.log])


def wrong_epoch(request: int, epoch: int, size: int) -> Frame:
    """The refusal that tells a sender where the log is now."""
    return Refused(
        request=request,
        code=RefusalCode.WRONG_EPOCH,
        detail="the log is in another epoch",
        epoch=epoch,
        size=size,
    )


def _refused(request: int, code: RefusalCode, detail: str, retry_after_ms: int = 0) -> Frame:
    return Refused(request=request, code=code, detail=detail, retry_after_ms=retry_after_ms)
