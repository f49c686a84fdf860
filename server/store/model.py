"""The values that go in and out of a store: frozen, free of I/O, the same for every implementation."""

from dataclasses import dataclass, field

from protocols.log.entry import MAX_ENTRY_SIZE

MAX_MESSAGE_SIZE = MAX_ENTRY_SIZE - 1 - 8 - 32
"""The longest MLSMessage an entry can hold.

As a commit: kind, relay time and next access key go before it.
"""

MAX_CANDIDATES = 8
"""How many access keys may be registered for one epoch at a time. Good faith needs two or three."""

CONTEST_STANDS_MS = 3_600_000
"""One hour: how long a contest's key must have stood, no earlier one used, before it may end the epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLog:
    """All that the rules need to know of one log; entries and older access keys stay in the store.

    Attributes:
        log: The log id, SHA-256 of the genesis (32 bytes); also the MLS group id.
        genesis: Entry 0 as its creator encoded it.
        size: Number of entries, the genesis included; the next position.
        epoch: The current epoch.
        candidates: Access keys (Ed25519, 32 bytes each) registered for the current epoch in log order;
            several only after a contest. Using one drops those behind it.
        registered_ms: For each candidate the relay time of the commit that registered it.
        previous: Keys of the epoch before, which may still contest the commit that ended it; empty in epoch
            0.
        boundary: Number of entries up to and including the last commit that ended the epoch before: what the
            `previous` keys may read. 0 in epoch 0.
        settled: Whether the first candidate has been used. Then it is the only one, and contests are over.
            True in epoch 0.
        last_time_ms: Relay time of the newest entry, UTC milliseconds.
        token_hash: SHA-256 of the admission token it was created with; None on an open relay.
    """

    log: bytes
    genesis: bytes
    size: int
    epoch: int
    candidates: tuple[bytes, ...]
    registered_ms: tuple[int, ...]
    previous: tuple[bytes, ...]
    boundary: int
    settled: bool
    last_time_ms: int
    token_hash: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHead:
    """A log after a durable change, with the RFC 6962 root (32 bytes) over all its entries: to be signed."""

    stored: StoredLog
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What an access key may read: positions 0 to `readable` - 1.

    `current` says that the key is of the current epoch; its limit then moves with the log.
    """

    epoch: int
    readable: int
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingAppend:
    """One append as a session hands it over, already checked for its form.

    The caller vouches that `message` is an MLS PrivateMessage of this log and of `epoch`, and that the
    session has proved that it holds `access_key`. Whether the epoch is still the right one is decided
    inside the store.

    Attributes:
        log: Log id.
        access_key: The key the session authorised with.
        epoch: The epoch of that key.
        message: The MLSMessage, as received.
        message_hash: SHA-256 of `message`.
        next_access_key: The key for the next epoch; given exactly when `message` is a commit.
        now_ms: The relay's clock, UTC milliseconds. An entry's time is never before that of the entry ahead
            of it.
        contest: Whether the sender knows that the epoch is over, and offers this commit beside the one that
            ended it. Without it a commit that merely lost the race is told so, and not logged.
    """

    log: bytes
    access_key: bytes
    epoch: int
    message: bytes = field(repr=False)
    message_hash: bytes
    next_access_key: bytes | None
    now_ms: int
    contest: bool = False

    def __post_init__(self) -> None:
        """Refuse what could not be encoded: inside a transaction it would be too late to blame one sender."""
        key = self.next_access_key
        if not 0 < len(self.message) <= MAX_MESSAGE_SIZE:
            raise ValueError("a message is 1 to MAX_MESSAGE_SIZE bytes")
        if key is not None and len(key) != 32:
            raise ValueError("an access key is 32 bytes")
        if not len(self.log) == len(self.access_key) == len(self.message_hash) == 32:
            raise ValueError("ids, keys and hashes are 32 bytes")
        if self.now_ms < 0:
            raise ValueError("a time is not negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """The message is a new entry. `entry` is its encoding, `leaf_hash` the RFC 6962 leaf hash of that."""

    position: int
    relay_time_ms: int
    entry: bytes = field(repr=False)
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same message is in the log already, at this position and time. A sender's retry ends here."""

    position: int
    relay_time_ms: int


@dataclass(frozen=True, slots=True)
class WrongEpoch:
    """The epoch is over. The log is now at `epoch`, with `size` entries: catch up, seal again."""

    epoch: int
    size: int


@dataclass(frozen=True, slots=True)
class NotAuthorised:
    """The access key was never registered for that epoch, or lost the contest for it."""


@dataclass(frozen=True, slots=True)
class ContestRefused:
    """`MAX_CANDIDATES` keys are registered for the epoch, or this very key is: the contest is not taken."""


@dataclass(frozen=True, slots=True)
class CommitTooEarly:
    """A contest's key may not end the epoch yet: an earlier key may still be used. `wait_ms` to go."""

    wait_ms: int


@dataclass(frozen=True, slots=True)
class LogUnknown:
    """There is no such log."""


AppendOutcome = (
    Appended | Duplicate | WrongEpoch | NotAuthorised | ContestRefused | CommitTooEarly | LogUnknown
)


@dataclass(frozen=True, slots=True)
class AppendedBatch:
    """What became of a batch: one outcome per append in the same order, one head per log that grew."""

    outcomes: tuple[AppendOutcome, ...]
    heads: tuple[LogHead, ...]


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A checkpoint this relay has signed: the log, the size it covers, and the whole signed note."""

    log: bytes
    size: int
    note: bytes


@dataclass(frozen=True, slots=True)
class MailboxSlot:
    """What has been posted to one slot so far; `final` once the poster said that nothing follows."""

    blobs: tuple[bytes, ...] = field(repr=False)
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxLimits:
    """What the mailboxes of one log may take up, and how much one slot may hold."""

    open_per_log: int = 64
    bytes_per_log: int = 8 * 1024 * 1024
    blobs_per_slot: int = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionToken:
    """A right to create channels, known here only by SHA-256 of its secret (32 bytes).

    `label` is the operator's name for it, unique; `expires_ms` is None for a token without an end.
    """

    token_hash: bytes = field(repr=False)
    label: str
    created_ms: int
    expires_ms: int | None
