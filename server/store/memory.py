"""The store in memory: for development, and as the model that the other stores are tested against.

Everything is lost with the process, so it may only serve a relay that is meant to be thrown away. It does
no I/O and never
suspends: every method is atomic on its event loop.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from protocols.log.merkle import HashTree, leaf_hash
from server.errors import LogExists, MailboxExists, MailboxUnknown, QuotaExceeded, TokenExists, UnknownLog
from server.store import rules
from server.store.model import (
    Access,
    AdmissionToken,
    Appended,
    AppendedBatch,
    AppendOutcome,
    Duplicate,
    LogHead,
    LogUnknown,
    MailboxLimits,
    MailboxSlot,
    PendingAppend,
    StoredCheckpoint,
    StoredLog,
)


@dataclass(slots=True)
class _Log:
    """A log with all that belongs to it. `past` maps (epoch, key) to the read limit."""

    state: StoredLog
    first_key: bytes
    entries: list[bytes]
    tree: HashTree
    positions: dict[bytes, Duplicate]
    past: dict[tuple[int, bytes], int] = field(default_factory=dict)
    checkpoints: dict[int, StoredCheckpoint] = field(default_factory=dict)

    def head(self) -> LogHead:
        return LogHead(stored=self.state, root=self.tree.root())

    def access(self, *, epoch: int, access_key: bytes) -> Access | None:
        if not rules.keeps_past_keys(self.state, epoch=epoch):
            return rules.live_access(self.state, epoch=epoch, access_key=access_key)
        limit = self.past.get((epoch, access_key))
        return None if limit is None else Access(epoch=epoch, readable=limit, current=False)


@dataclass(slots=True)
class _Mailbox:
    log_id: bytes
    expires_ms: int
    slots: tuple[MailboxSlot, MailboxSlot] = (MailboxSlot((), False), MailboxSlot((), False))

    def size(self) -> int:
        return sum(len(blob) for slot in self.slots for blob in slot.blobs)


class MemoryStore:
    """A `RelayStore` that keeps everything in dictionaries.

    Args:
        limits: What the mailboxes of one log may take up.
    """

    def __init__(self, *, limits: MailboxLimits | None = None) -> None:
        self._limits = limits or MailboxLimits()
        self._logs: dict[bytes, _Log] = {}
        self._mailboxes: dict[bytes, _Mailbox] = {}
        self._tokens: dict[str, AdmissionToken] = {}

    async def open(self) -> None:
        """See `RelayStore`."""

    async def close(self) -> None:
        """See `RelayStore`; what was stored stays until the object goes."""

    async def create_log(
        self, genesis: bytes, *, access_key: bytes, now_ms: int, token_hash: bytes | None = None
    ) -> LogHead:
        """See `RelayStore`."""
        log_id = hashlib.sha256(genesis).digest()
        if (known := self._logs.get(log_id)) is not None:
            if known.first_key != access_key:
                raise LogExists("the genesis is registered with another access key")
            return known.head()
        tree = HashTree()
        tree.append(leaf_hash(genesis))
        log = _Log(
            state=rules.new_log(
                genesis, log_id=log_id, access_key=access_key, now_ms=now_ms, token_hash=token_hash
            ),
            first_key=access_key,
            entries=[genesis],
            tree=tree,
            positions={log_id: Duplicate(0, 0)},
        )
        self._logs[log_id] = log
        return log.head()

    async def log(self, log_id: bytes) -> StoredLog | None:
        """See `RelayStore`."""
        known = self._logs.get(log_id)
        return None if known is None else known.state

    async def log_ids(self) -> tuple[bytes, ...]:
        """See `RelayStore`."""
        return tuple(self._logs)

    async def head(self, log_id: bytes) -> LogHead:
        """See `RelayStore`."""
        return self._log(log_id).head()

    async def append_batch(self, appends: Sequence[PendingAppend]) -> AppendedBatch:
        """See `RelayStore`."""
        outcomes = [self._append(append) for append in appends]
        grown = dict.fromkeys(
            append.log
            for append, outcome in zip(appends, outcomes, strict=True)
            if isinstance(outcome, Appended)
        )
        return AppendedBatch(tuple(outcomes), tuple(self._logs[log_id].head() for log_id in grown))

    def _append(self, append: PendingAppend) -> AppendOutcome:
        log = self._logs.get(append.log)
        if log is None:
            return LogUnknown()
        before = log.state
        decision = rules.decide(
            before,
            append,
            access=log.access(epoch=append.epoch, access_key=append.access_key),
            first=log.positions.get(append.message_hash),
        )
        outcome, after = decision.outcome, decision.log
        if isinstance(outcome, Appended):
            log.entries.append(outcome.entry)
            log.tree.append(outcome.leaf_hash)
            log.positions[append.message_hash] = Duplicate(outcome.position, outcome.relay_time_ms)
            log.state = after
            if after.epoch > before.epoch:
                log.past |= dict.fromkeys(
                    ((before.epoch - 1, key) for key in before.previous), before.boundary
                )
        return outcome

    async def access(self, log_id: bytes, *, epoch: int, access_key: bytes) -> Access | None:
        """See `RelayStore`."""
        log = self._logs.get(log_id)
        return None if log is None else log.access(epoch=epoch, access_key=access_key)

    async def use_key(self, log_id: bytes, *, epoch: int, access_key: bytes) -> StoredLog:
        """See `RelayStore`."""
        log = self._log(log_id)
        log.state = rules.use(log.state, epoch=epoch, access_key=access_key)
        return log.state

    async def find(self, log_id: bytes, message_hash: bytes) -> Duplicate | None:
        """See `RelayStore`."""
        return self._log(log_id).positions.get(message_hash)

    async def read(self, log_id: bytes, start: int, *, max_count: int, max_bytes: int) -> tuple[bytes, ...]:
        """See `RelayStore`."""
        entries = self._log(log_id).entries[start : start + max_count]
        return tuple(rules.within(entries, max_bytes))

    async def root(self, log_id: bytes, size: int) -> bytes:
        """See `RelayStore`."""
        log = self._log(log_id)
        rules.check_sizes(0, size, log.state.size)
        return log.tree.root(size)

    async def consistency_proof(self, log_id: bytes, *, old_size: int, new_size: int) -> tuple[bytes, ...]:
        """See `RelayStore`."""
        log = self._log(log_id)
        rules.check_sizes(old_size, new_size, log.state.size)
        return tuple(log.tree.consistency_proof(old_size, new_size))

    async def inclusion_proof(self, log_id: bytes, *, index: int, size: int) -> tuple[bytes, ...]:
        """See `RelayStore`."""
        log = self._log(log_id)
        rules.check_sizes(index + 1, size, log.state.size)
        return tuple(log.tree.inclusion_proof(index, size))

    async def save_checkpoints(self, checkpoints: Sequence[StoredCheckpoint]) -> None:
        """See `RelayStore`."""
        for checkpoint in checkpoints:
            if checkpoint.log in self._logs:
                self._logs[checkpoint.log].checkpoints.setdefault(checkpoint.size, checkpoint)

    async def last_checkpoint(self, log_id: bytes) -> StoredCheckpoint | None:
        """See `RelayStore`."""
        log = self._logs.get(log_id)
        return None if log is None or not log.checkpoints else log.checkpoints[max(log.checkpoints)]

    async def checkpoints(
        self, log_id: bytes, *, after_size: int = 0, max_count: int = 1000
    ) -> tuple[StoredCheckpoint, ...]:
        """See `RelayStore`."""
        log = self._logs.get(log_id)
        sizes = sorted(size for size in log.checkpoints if size > after_size) if log else []
        return tuple(log.checkpoints[size] for size in sizes[:max_count]) if log else ()

    async def open_mailbox(self, mailbox: bytes, *, log_id: bytes, now_ms: int, expires_ms: int) -> None:
        """See `RelayStore`."""
        self._log(log_id)
        known = self._mailboxes.get(mailbox)
        if known is not None and known.expires_ms > now_ms:
            if known.log_id != log_id or known.size():
                raise MailboxExists("the mailbox is in use")
            known.expires_ms = expires_ms
            return
        live = [box for box in self._mailboxes.values() if box.log_id == log_id and box.expires_ms > now_ms]
        if len(live) >= self._limits.open_per_log:
            raise QuotaExceeded("the log has too many open mailboxes")
        self._mailboxes[mailbox] = _Mailbox(log_id, expires_ms)

    async def post_blob(
        self, mailbox: bytes, *, slot: int, index: int, blob: bytes, final: bool, now_ms: int
    ) -> MailboxSlot:
        """See `RelayStore`."""
        box = self._mailbox(mailbox, now_ms)
        used = sum(other.size() for other in self._mailboxes.values() if other.log_id == box.log_id)
        filled = rules.fill_slot(
            box.slots[slot], index=index, blob=blob, final=final, used_bytes=used, limits=self._limits
        )
        box.slots = (filled, box.slots[1]) if slot == 0 else (box.slots[0], filled)
        return filled

    async def read_mailbox(self, mailbox: bytes, *, slot: int, now_ms: int) -> MailboxSlot:
        """See `RelayStore`."""
        return self._mailbox(mailbox, now_ms).slots[slot]

    async def close_mailbox(self, mailbox: bytes) -> None:
        """See `RelayStore`."""
        self._mailboxes.pop(mailbox, None)

    async def expire_mailboxes(self, now_ms: int) -> tuple[bytes, ...]:
        """See `RelayStore`."""
        expired = tuple(sorted(key for key, box in self._mailboxes.items() if box.expires_ms <= now_ms))
        for mailbox in expired:
            del self._mailboxes[mailbox]
        return expired

    async def create_token(self, token: AdmissionToken) -> None:
        """See `RelayStore`."""
        if self._tokens.get(token.label) == token:
            return
        if any(
            token.label == known.label or token.token_hash == known.token_hash
            for known in self._tokens.values()
        ):
            raise TokenExists("a token with this label or secret exists already")
        self._tokens[token.label] = token

    async def admission(self, token_hash: bytes, *, now_ms: int) -> AdmissionToken | None:
        """See `RelayStore`."""
        for token in self._tokens.values():
            if token.token_hash == token_hash and (token.expires_ms is None or now_ms < token.expires_ms):
                return token
        return None

    async def tokens(self) -> tuple[AdmissionToken, ...]:
        """See `RelayStore`."""
        return tuple(sorted(self._tokens.values(), key=lambda token: token.label))

    async def revoke_token(self, label: str) -> bool:
        """See `RelayStore`."""
        return self._tokens.pop(label, None) is not None

    def _log(self, log_id: bytes) -> _Log:
        log = self._logs.get(log_id)
        if log is None:
            raise UnknownLog("there is no such log")
        return log

    def _mailbox(self, mailbox: bytes, now_ms: int) -> _Mailbox:
        box = self._mailboxes.get(mailbox)
        if box is None or box.expires_ms <= now_ms:
            raise MailboxUnknown("the mailbox is not open")
        return box
