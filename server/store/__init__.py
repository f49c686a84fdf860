"""The store port: what the relay needs kept, whatever keeps it.

One process owns a store, and one event loop uses it. Ids, keys and hashes are 32 bytes; times are UTC
milliseconds given by the caller. Three rules hold for every method and are not repeated:

- **Durable means durable.** When a writing method returns, the change survives the loss of power
  (`save_checkpoints` alone may wait for the next write).
- **Cancellation** of the caller never undoes or tears a write: the write is carried out or not, as if the
  caller were still there; only its answer is lost. All writes can be repeated: each method says what the
  second time does.
- **Failure**: `StoreFailed` from any method means that nothing can be said about what was in flight. Every
  later call raises it too. The process must exit; the next `open` recovers.
"""

from collections.abc import Sequence
from typing import Protocol

from server.store.model import (
    CONTEST_STANDS_MS,
    MAX_CANDIDATES,
    MAX_MESSAGE_SIZE,
    Access,
    AdmissionToken,
    Appended,
    AppendedBatch,
    AppendOutcome,
    CommitTooEarly,
    ContestRefused,
    Duplicate,
    LogHead,
    LogUnknown,
    MailboxLimits,
    MailboxSlot,
    NotAuthorised,
    PendingAppend,
    StoredCheckpoint,
    StoredLog,
    WrongEpoch,
)

__all__ = [
    "CONTEST_STANDS_MS",
    "MAX_CANDIDATES",
    "MAX_MESSAGE_SIZE",
    "Access",
    "AdmissionToken",
    "AppendOutcome",
    "Appended",
    "AppendedBatch",
    "CommitTooEarly",
    "ContestRefused",
    "Duplicate",
    "LogHead",
    "LogUnknown",
    "MailboxLimits",
    "MailboxSlot",
    "NotAuthorised",
    "PendingAppend",
    "RelayStore",
    "StoredCheckpoint",
    "StoredLog",
    "WrongEpoch",
]


class RelayStore(Protocol):
    """Logs, their signed checkpoints, mailboxes and admission tokens."""

    async def open(self) -> None:
        """Make the store ready; creates it where there is none.

        Raises:
            StoreUnusable: The operator has to act: damaged, foreign, newer, or in use by another process.
        """

    async def close(self) -> None:
        """Finish what was accepted, then release everything. Repeating it does nothing. Never raises."""

    # Logs

    async def create_log(
        self, genesis: bytes, *, access_key: bytes, now_ms: int, token_hash: bytes | None = None
    ) -> LogHead:
        """Begin a log whose entry 0 is `genesis`, at epoch 0 with this access key.

        Args:
            genesis: The encoded genesis; its SHA-256 is the log id. The caller has checked its form.
            access_key: The Ed25519 public key of epoch 0.
            now_ms: The relay's clock.
            token_hash: SHA-256 of the admission token that let it in; None on an open relay.

        Returns:
            The head, of size 1. A second call with the same genesis and the key that epoch 0 began with
            changes nothing and returns the head as it is now.

        Raises:
            LogExists: The genesis is there with another key.
        """

    async def log(self, log_id: bytes) -> StoredLog | None:
        """The log as it is now, or None."""

    async def log_ids(self) -> tuple[bytes, ...]:
        """Every log, oldest first: for recovery and for the operator's view."""

    async def head(self, log_id: bytes) -> LogHead:
        """The log with the root over all its entries, for signing again after a restart.

        The first time a log is touched after `open`, its newest entries are read back and hashed again.

        Raises:
            UnknownLog: There is none.
            StoreFailed: The stored hashes do not match the entries.
        """

    async def append_batch(self, appends: Sequence[PendingAppend]) -> AppendedBatch:
        """Decide and append in the given order, over any number of logs, in one durable transaction.

        Each append is judged by `server.store.rules.decide` on the log as the ones before have left it. All
        accepted ones become durable together, or none does and `StoreFailed` is raised. An empty batch is
        fine. Repeating an append gives `Duplicate` with the first position and time.
        """

    async def access(self, log_id: bytes, *, epoch: int, access_key: bytes) -> Access | None:
        """What this key of this epoch may read; None if it was never registered, or lost, or no such log.

        A key of an epoch that ended reads up to and including the last commit that ended it, contests
        included.
        """

    async def use_key(self, log_id: bytes, *, epoch: int, access_key: bytes) -> StoredLog:
        """Note that somebody has proved to hold this key (`server.store.rules.use`); returns the log then.

        Writes only when that changes something; repeating it, or a key that is not current, does nothing.

        Raises:
            UnknownLog: There is no such log.
        """

    async def find(self, log_id: bytes, message_hash: bytes) -> Duplicate | None:
        """Where the message with this SHA-256 stands in the log, whoever asks; None if it is not there.

        Raises:
            UnknownLog: There is no such log.
        """

    async def read(self, log_id: bytes, start: int, *, max_count: int, max_bytes: int) -> tuple[bytes, ...]:
        """Entries from position `start` on, in order, without gaps.

        At most `max_count` (>= 1) entries of at most `max_bytes` together, but at least one if there is
        one. Read limits are the caller's business. Empty at and beyond the end.

        Raises:
            UnknownLog: There is none.
        """

    # Proofs: sizes are numbers of entries, 0 <= old_size <= new_size <= size of the log

    async def root(self, log_id: bytes, size: int) -> bytes:
        """The RFC 6962 root over the first `size` entries.

        Raises:
            UnknownLog: There is none.
            ValueError: The log has fewer entries; the caller's mistake, as for the proofs below.
        """

    async def consistency_proof(self, log_id: bytes, *, old_size: int, new_size: int) -> tuple[bytes, ...]:
        """RFC 6962 proof that the first `old_size` entries begin the first `new_size`.

        Empty if equal or 0.
        """

    async def inclusion_proof(self, log_id: bytes, *, index: int, size: int) -> tuple[bytes, ...]:
        """RFC 6962 proof that the entry at `index` is among the first `size`."""

    # Signed checkpoints

    async def save_checkpoints(self, checkpoints: Sequence[StoredCheckpoint]) -> None:
        """Keep what was signed, for exports. At most one per log and size; repeating keeps the first.

        Checkpoints of unknown logs are dropped.

        The exception to durability: it may become durable only with the next write or `close`. A crash
        loses at most the newest, and signing the same head again gives the same bytes.
        """

    async def last_checkpoint(self, log_id: bytes) -> StoredCheckpoint | None:
        """The kept checkpoint of the greatest size, or None."""

    async def checkpoints(
        self, log_id: bytes, *, after_size: int = 0, max_count: int = 1000
    ) -> tuple[StoredCheckpoint, ...]:
        """Kept checkpoints of sizes above `after_size`, smallest first; ask again with the last size."""

    # Mailboxes

    async def open_mailbox(self, mailbox: bytes, *, log_id: bytes, now_ms: int, expires_ms: int) -> None:
        """Open a one-time mailbox that `log_id` pays for. It may be repeated while nothing was posted.

        Raises:
            UnknownLog: There is no such log.
            MailboxExists: In use by another log, or already posted to.
            QuotaExceeded: The log has too many unexpired mailboxes.
        """

    async def post_blob(
        self, mailbox: bytes, *, slot: int, index: int, blob: bytes, final: bool, now_ms: int
    ) -> MailboxSlot:
        """Put one blob into slot 0 (the invitee's request) or 1 (the inviter's response); returns the slot.

        Blobs come with index 0, 1, ... and the last is `final`. Repeating a post (same blob, same `final`)
        does nothing.

        Raises:
            MailboxUnknown: Never opened, expired or closed.
            MailboxUsed: Another blob has this index, or the slot was final before it.
            MailboxOutOfOrder: The blob before is missing.
            QuotaExceeded: Too many blobs, or the log's bytes are used up.
        """

    async def read_mailbox(self, mailbox: bytes, *, slot: int, now_ms: int) -> MailboxSlot:
        """What the slot holds now.

        Raises:
            MailboxUnknown: Never opened, expired or closed.
        """

    async def close_mailbox(self, mailbox: bytes) -> None:
        """Delete the mailbox and its blobs; one that is not there is fine."""

    async def expire_mailboxes(self, now_ms: int) -> tuple[bytes, ...]:
        """Delete every mailbox whose `expires_ms` <= `now_ms`; their ids, for those who wait on them."""

    # Admission tokens

    async def create_token(self, token: AdmissionToken) -> None:
        """Register a token. Repeating exactly the same does nothing.

        Raises:
            TokenExists: The label or the hash is taken.
        """

    async def admission(self, token_hash: bytes, *, now_ms: int) -> AdmissionToken | None:
        """The token with this hash if it is valid now (not revoked, `now_ms` < `expires_ms`)."""

    async def tokens(self) -> tuple[AdmissionToken, ...]:
        """All tokens, expired ones included, by label."""

    async def revoke_token(self, label: str) -> bool:
        """Delete the token with this label. Returns False if there was none."""
