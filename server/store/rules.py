"""What every store must decide alike, as pure functions: the order of a log, and who fills a mailbox.

Order is a compare-and-set on the epoch; each store asks `decide` inside its transaction.
A garbage commit cannot wedge a channel (AUDIT.md section 4): the relay cannot tell a valid commit from an
invalid one, so until somebody appends with a key of the new epoch, members of the old one may *contest*
with another commit. Which commit counts is decided by the members, in log order; the relay keeps every
registered key until one is used.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from protocols.log.entry import Entry
from protocols.log.merkle import leaf_hash
from server.errors import MailboxOutOfOrder, MailboxUsed, QuotaExceeded
from server.store.model import (
    MAX_CONTESTS,
    Access,
    Appended,
    AppendOutcome,
    ContestRefused,
    Duplicate,
    MailboxLimits,
    MailboxSlot,
    NotAuthorised,
    PendingAppend,
    StoredLog,
    WrongEpoch,
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What an append comes to, and the log after it (the same value when nothing was appended)."""

    outcome: AppendOutcome
    log: StoredLog


def new_log(genesis: bytes, *, log_id: bytes, access_key: bytes, now_ms: int) -> StoredLog:
    """The state of a log that holds its genesis and nothing else."""
    return StoredLog(
        log=log_id,
        genesis=genesis,
        size=1,
        epoch=0,
        candidates=(access_key,),
        previous=(),
        boundary=0,
        settled=True,
        last_time_ms=now_ms,
    )


def live_access(log: StoredLog, *, epoch: int, access_key: bytes) -> Access | None:
    """What a key of the current epoch or the one before may read; older keys are looked up in the store.

    A key of the current epoch reads everything: until the epoch is settled, that is the boundary itself.
    """
    if epoch == log.epoch and access_key in log.candidates:
        return Access(epoch=epoch, readable=log.size, current=True)
    if epoch == log.epoch - 1 and access_key in log.previous:
        return Access(epoch=epoch, readable=log.boundary, current=False)
    return None


def keeps_past_keys(log: StoredLog, *, epoch: int) -> bool:
    """Whether keys of `epoch` are past ones, that only the store's own table still knows."""
    return epoch < log.epoch - 1


def decide(
    log: StoredLog, append: PendingAppend, *, access: Access | None, first: Duplicate | None
) -> Decision:
    """Judge one append on the state the log is in now.

    Args:
        log: The log before it.
        append: What is asked.
        access: What the append's key and epoch may read, None if nothing.
        first: Where this very message stands in the log already, None if it does not.
    """
    if access is None:
        return Decision(NotAuthorised(), log)
    if first is not None and first.position < access.readable:
        return Decision(first, log)
    if access.current:
        settled = log if log.settled else replace(log, candidates=(append.access_key,), settled=True)
        if append.next_access_key is None:
            return _append(append, settled)
        return _append(append, _next_epoch(settled, append.next_access_key))
    may_contest = append.epoch == log.epoch - 1 and not log.settled
    if may_contest and append.contest and append.next_access_key is not None:
        return _contest(log, append, append.next_access_key)
    return Decision(WrongEpoch(log.epoch, log.size), log)


def _next_epoch(log: StoredLog, next_access_key: bytes) -> StoredLog:
    """The first commit of an epoch opens the next one under the key it registers."""
    return replace(
        log,
        epoch=log.epoch + 1,
        candidates=(next_access_key,),
        previous=log.candidates,
        boundary=log.size + 1,
        settled=False,
    )


def _contest(log: StoredLog, append: PendingAppend, next_access_key: bytes) -> Decision:
    """A further commit for the epoch that has just ended: appended, and its key is kept beside the others."""
    candidates = log.candidates
    if next_access_key not in candidates:
        if len(candidates) >= MAX_CONTESTS:
            return Decision(ContestRefused(), log)
        candidates = (*candidates, next_access_key)
    return _append(append, replace(log, candidates=candidates, boundary=log.size + 1))


def _append(append: PendingAppend, log: StoredLog) -> Decision:
    relay_time_ms = max(append.now_ms, log.last_time_ms)
    entry = Entry(
        relay_time_ms=relay_time_ms, message=append.message, next_access_key=append.next_access_key
    ).encode()
    outcome = Appended(
        position=log.size, relay_time_ms=relay_time_ms, entry=entry, leaf_hash=leaf_hash(entry)
    )
    return Decision(outcome, replace(log, size=log.size + 1, last_time_ms=relay_time_ms))


def fill_slot(
    slot: MailboxSlot, *, index: int, blob: bytes, final: bool, used_bytes: int, limits: MailboxLimits
) -> MailboxSlot:
    """The slot after a post; the same value if the post was a repetition. The first poster wins.

    Args:
        slot: What the slot holds.
        index: Where the blob belongs.
        blob: The blob.
        final: Whether nothing follows it.
        used_bytes: What the paying log's mailboxes hold in all.
        limits: What they may hold.

    Raises:
        MailboxUsed: Another blob has this index, or the slot is final.
        MailboxOutOfOrder: The blob before is missing.
        QuotaExceeded: Too many blobs, or too many bytes.
    """
    count = len(slot.blobs)
    if index < count:
        if slot.blobs[index] != blob or final != (slot.final and index == count - 1):
            raise MailboxUsed("another blob was posted here before")
        return slot
    if slot.final:
        raise MailboxUsed("nothing may follow the final blob")
    if index > count:
        raise MailboxOutOfOrder("the blob before this one is missing")
    if count >= limits.blobs_per_slot or used_bytes + len(blob) > limits.bytes_per_log:
        raise QuotaExceeded("the log may not keep more in its mailboxes")
    return MailboxSlot((*slot.blobs, blob), final)


def within(entries: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    """The first entries that fit into `max_bytes` together; always one, so that a reader gets on."""
    total = 0
    for number, entry in enumerate(entries):
        total += len(entry)
        if number and total > max_bytes:
            return
        yield entry


def check_sizes(old_size: int, new_size: int, size: int) -> None:
    """Raise ValueError unless 0 <= `old_size` <= `new_size` <= `size`: what proofs are defined for."""
    if not 0 <= old_size <= new_size <= size:
        raise ValueError(f"no such part of the log: {old_size} of {new_size} of {size}")
