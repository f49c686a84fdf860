"""What every store must decide alike, as pure functions: the order of a log, and who fills a mailbox.

Order is a compare-and-set on the epoch; each store asks `decide` inside its transaction.
A garbage commit cannot wedge a channel (AUDIT.md section 4): the relay cannot tell a valid commit from an
invalid one, so members of the epoch that ended may *contest* with another commit, and the keys that these
commits register are *candidates*, kept in log order. Members follow the first valid commit in log order; so
does the relay as far as it can see: *using* a candidate (proving to hold it, or appending under it) drops
those behind it, never those before. Use of the first one ends the contests. A member that the first commit
removed can only come behind it, so it prevails only while nobody who stayed has been there; and it cannot
flee into a further epoch, since a candidate that is not the first may end the epoch only after it has stood
for an hour without one before it being used.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from protocols.log.entry import Entry
from protocols.log.merkle import leaf_hash
from server.errors import MailboxOutOfOrder, MailboxUsed, QuotaExceeded
from server.store.model import (
    CONTEST_STANDS_MS,
    MAX_CANDIDATES,
    Access,
    Appended,
    AppendOutcome,
    CommitTooEarly,
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


def new_log(
    genesis: bytes, *, log_id: bytes, access_key: bytes, now_ms: int, token_hash: bytes | None = None
) -> StoredLog:
    """The state of a log that holds its genesis and nothing else."""
    return StoredLog(
        log=log_id,
        genesis=genesis,
        size=1,
        epoch=0,
        candidates=(access_key,),
        registered_ms=(now_ms,),
        previous=(),
        boundary=0,
        settled=True,
        last_time_ms=now_ms,
        token_hash=token_hash,
    )


def live_access(log: StoredLog, *, epoch: int, access_key: bytes) -> Access | None:
    """What a key of the current epoch or the one before may read; older keys are looked up in the store.

    A key of the current epoch reads everything: until the epoch is settled, that is the boundary itself.
    """
    if is_current(log, epoch=epoch, access_key=access_key):
        return Access(epoch=epoch, readable=log.size, current=True)
    if epoch == log.epoch - 1 and access_key in log.previous:
        return Access(epoch=epoch, readable=log.boundary, current=False)
    return None


def keeps_past_keys(log: StoredLog, *, epoch: int) -> bool:
    """Whether keys of `epoch` are past ones, that only the store's own table still knows."""
    return epoch < log.epoch - 1


def is_current(log: StoredLog, *, epoch: int, access_key: bytes) -> bool:
    """Whether this is a key of the current epoch."""
    return epoch == log.epoch and access_key in log.candidates


def use(log: StoredLog, *, epoch: int, access_key: bytes) -> StoredLog:
    """The log after somebody has used a key: candidates behind it are gone; the first one ends the contests.

    The same value if that changes nothing, as for every key that is not of the current epoch.
    """
    if log.settled or not is_current(log, epoch=epoch, access_key=access_key):
        return log
    rank = log.candidates.index(access_key)
    if rank > 0 and rank + 1 == len(log.candidates):
        return log
    return replace(
        log,
        candidates=log.candidates[: rank + 1],
        registered_ms=log.registered_ms[: rank + 1],
        settled=rank == 0,
    )


def contests_open(log: StoredLog, *, epoch: int) -> bool:
    """Whether commits of `epoch` may contest the one that ended it."""
    return epoch == log.epoch - 1 and not log.settled


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
        used = use(log, epoch=append.epoch, access_key=append.access_key)
        if append.next_access_key is None:
            return _append(append, used)
        if wait_ms := _must_stand(log, append):
            return Decision(CommitTooEarly(wait_ms), log)
        return _append(append, _next_epoch(used, append))
    may_contest = append.contest and contests_open(log, epoch=append.epoch)
    if may_contest and append.next_access_key is not None:
        return _contest(log, append)
    return Decision(WrongEpoch(log.epoch, log.size), log)


def _must_stand(log: StoredLog, append: PendingAppend) -> int:
    """Milliseconds until the append's key, a current one, may end the epoch; 0 when it may."""
    rank = log.candidates.index(append.access_key)
    if rank == 0:
        return 0
    return max(0, log.registered_ms[rank] + CONTEST_STANDS_MS - append.now_ms)


def _next_epoch(log: StoredLog, append: PendingAppend) -> StoredLog:
    """The first commit of an epoch opens the next one under the key it registers."""
    return replace(
        _register(replace(log, candidates=(), registered_ms=()), append),
        epoch=log.epoch + 1,
        previous=log.candidates,
        boundary=log.size + 1,
        settled=False,
    )


def _contest(log: StoredLog, append: PendingAppend) -> Decision:
    """A further commit for the epoch that has just ended: appended, and its key is kept behind the others."""
    if append.next_access_key in log.candidates or len(log.candidates) >= MAX_CANDIDATES:
        return Decision(ContestRefused(), log)
    return _append(append, replace(_register(log, append), boundary=log.size + 1))


def _register(log: StoredLog, commit: PendingAppend) -> StoredLog:
    key = commit.next_access_key
    assert key is not None  # noqa: S101 -- commits have one
    return replace(
        log,
        candidates=(*log.candidates, key),
        registered_ms=(*log.registered_ms, _time_of(log, commit)),
    )


def _time_of(log: StoredLog, append: PendingAppend) -> int:
    return max(append.now_ms, log.last_time_ms)


def _append(append: PendingAppend, log: StoredLog) -> Decision:
    relay_time_ms = _time_of(log, append)
    entry = Entry(
        relay_time_ms=relay_time_ms, message=append.message, next_access_key=append.next_access_key
    ).encode()
    outcome = Appended(
        position=log.size, relay_time_ms=relay_time_ms, entry=entry, leaf_hash=leaf_hash(entry)
    )
    after = StoredLog(  # every entry passes here, and `replace` takes three times as long
        log=log.log,
        genesis=log.genesis,
        size=log.size + 1,
        epoch=log.epoch,
        candidates=log.candidates,
        registered_ms=log.registered_ms,
        previous=log.previous,
        boundary=log.boundary,
        settled=log.settled,
        last_time_ms=relay_time_ms,
        token_hash=log.token_hash,
    )
    return Decision(outcome, after)


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
