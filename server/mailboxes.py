"""One-time mailboxes: two slots of opaque blobs with a lifetime, for whoever knows the mailbox's id.

The id is 32 bytes derived from an invitation's secret, so knowing it is the right to use it. The log of the
inviter pays: only a connection that is authorised for a log can open one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from protocols.relay.frames import (
    Done,
    Frame,
    MailboxClose,
    MailboxContents,
    MailboxPost,
    MailboxRead,
    RefusalCode,
    Refused,
)
from protocols.relay.wire import BATCH_OVERHEAD
from server.config import Config
from server.errors import (
    MailboxExists,
    MailboxOutOfOrder,
    MailboxUnknown,
    MailboxUsed,
    QuotaExceeded,
    UnknownLog,
)
from server.outbox import Outbox
from server.store import MailboxSlot, RelayStore

MAX_WAITERS: Final = 64
"""Connections waiting on one mailbox: an invitation has two ends, and each may have reconnected."""


@dataclass(frozen=True, slots=True)
class _Waiter:
    outbox: Outbox
    read: MailboxRead


class Mailboxes:
    """The rules of mailboxes, and who waits for which."""

    def __init__(self, store: RelayStore, config: Config, clock: Callable[[], int]) -> None:
        """Use `store`; `clock` gives UTC milliseconds."""
        self._store = store
        self._limits = config.limits
        self._clock = clock
        self._waiting: dict[bytes, set[_Waiter]] = {}

    async def open(self, request: int, *, log: bytes, mailbox: bytes, lifetime_s: int) -> Frame:
        """Open a mailbox for an authorised log and return the answer."""
        if lifetime_s > self._limits.max_lifetime_s:
            return refused(request, RefusalCode.TOO_LARGE, "the lifetime is above the limit")
        now_ms = self._clock()
        try:
            await self._store.open_mailbox(
                mailbox, log_id=log, now_ms=now_ms, expires_ms=now_ms + lifetime_s * 1000
            )
        except MailboxExists:
            return refused(request, RefusalCode.MAILBOX_EXISTS, "the mailbox is in use")
        except QuotaExceeded:
            return refused(request, RefusalCode.QUOTA_EXCEEDED, "the log has too many mailboxes open")
        except UnknownLog:
            return refused(request, RefusalCode.UNKNOWN_LOG, "no such log")
        return Done(request=request)

    async def post(self, frame: MailboxPost) -> Frame:
        """Put a blob into a slot, return the answer, and serve those who wait for the slot to be final."""
        if len(frame.blob) > self._limits.max_blob or frame.index >= self._limits.max_blobs:
            return refused(frame.request, RefusalCode.TOO_LARGE, "the blob is above the limit")
        try:
            slot = await self._store.post_blob(
                frame.mailbox,
                slot=frame.slot,
                index=frame.index,
                blob=frame.blob,
                final=frame.final,
                now_ms=self._clock(),
            )
        except MailboxUnknown:
            return _unknown(frame.request)
        except MailboxUsed:
            return refused(frame.request, RefusalCode.MAILBOX_USED, "the slot is taken")
        except MailboxOutOfOrder:
            return refused(frame.request, RefusalCode.MALFORMED, "blobs come in order, from index 0")
        except QuotaExceeded:
            return refused(frame.request, RefusalCode.QUOTA_EXCEEDED, "the mailboxes of this log are full")
        if slot.final:
            for waiter in [w for w in self._waiting.get(frame.mailbox, ()) if w.read.slot == frame.slot]:
                self._forget_waiter(waiter)
                waiter.outbox.put(self._contents(waiter.read, slot))
        return Done(request=frame.request)

    async def read(self, frame: MailboxRead, outbox: Outbox) -> Frame | None:
        """Return the slot's blobs, or None when the answer follows later in `outbox`."""
        waiter = _Waiter(outbox, frame)
        # First wait, then look: what comes while we look has to wake this reader too.
        waits = frame.wait and self._wait(waiter)
        slot: MailboxSlot | None = None
        ends = True
        try:
            slot = await self._store.read_mailbox(frame.mailbox, slot=frame.slot, now_ms=self._clock())
            ends = slot.final or not frame.wait
        except MailboxUnknown:
            pass
        finally:
            answered = waits and ends and not self._forget_waiter(waiter)
        if answered or (waits and not ends):
            return None
        if not ends:
            return refused(frame.request, RefusalCode.QUOTA_EXCEEDED, "too many wait for this mailbox")
        return _unknown(frame.request) if slot is None else self._contents(frame, slot)

    async def close(self, frame: MailboxClose) -> Frame:
        """Delete a mailbox and return the answer; those who wait for it hear that it is gone."""
        await self._store.close_mailbox(frame.mailbox)
        self._gone(frame.mailbox)
        return Done(request=frame.request)

    async def expire(self) -> int:
        """Delete what has outlived its time; returns how many mailboxes. Called every few seconds."""
        expired = await self._store.expire_mailboxes(self._clock())
        for mailbox in expired:
            self._gone(mailbox)
        return len(expired)

    def has_waiting(self, outbox: Outbox) -> bool:
        """Whether a connection waits for some mailbox."""
        return any(waiter.outbox is outbox for waiters in self._waiting.values() for waiter in waiters)

    def forget(self, outbox: Outbox) -> None:
        """Stop waiting on behalf of a connection that is gone."""
        for waiter in [w for waiters in self._waiting.values() for w in waiters if w.outbox is outbox]:
            self._forget_waiter(waiter)

    def _gone(self, mailbox: bytes) -> None:
        for waiter in self._waiting.pop(mailbox, set()):
            waiter.outbox.put(_unknown(waiter.read.request))

    def _wait(self, waiter: _Waiter) -> bool:
        """Have a reader wait; False when too many do already."""
        if len(self._waiting.get(waiter.read.mailbox, ())) >= MAX_WAITERS:
            return False
        self._waiting.setdefault(waiter.read.mailbox, set()).add(waiter)
        return True

    def _forget_waiter(self, waiter: _Waiter) -> bool:
        """Have a reader wait no longer; False when it did not, because it was answered or is gone."""
        waiters = self._waiting.get(waiter.read.mailbox)
        if waiters is None or waiter not in waiters:
            return False
        waiters.remove(waiter)
        if not waiters:
            del self._waiting[waiter.read.mailbox]
        return True

    def _contents(self, read: MailboxRead, slot: MailboxSlot) -> Frame:
        """As many blobs from `read.start` on as fit into one batch."""
        room = self._limits.max_batch - BATCH_OVERHEAD - 32
        blobs: list[bytes] = []
        for blob in slot.blobs[read.start :]:
            room -= len(blob) + 5
            if room < 0:
                break
            blobs.append(blob)
        reaches_end = read.start + len(blobs) >= len(slot.blobs)
        return MailboxContents(request=read.request, blobs=tuple(blobs), final=slot.final and reaches_end)


def refused(request: int, code: RefusalCode, detail: str, *, retry_after_ms: int = 0) -> Refused:
    """A refusal; `detail` is a fixed text, never made of what a client sent."""
    return Refused(request=request, code=code, detail=detail, retry_after_ms=retry_after_ms)


def _unknown(request: int) -> Refused:
    return refused(request, RefusalCode.MAILBOX_UNKNOWN, "no such mailbox: never opened, expired or closed")
