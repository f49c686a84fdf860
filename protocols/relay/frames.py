"""What client and relay say to each other: one frozen dataclass per frame.

A frame names things and carries opaque bytes; what may be said when is `connection`'s business, how it looks
on the wire is `wire`'s, and what the relay does about it is the relay's. Kinds and refusal codes are
appended, never reused.

`request` is a number the client chooses, 1 or more, unique among its unanswered requests on this connection.
Every request is answered exactly once. A `Refused` with request 0 speaks of the whole connection and is its
last frame.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, TypeAlias

PROTOCOL_VERSION: Final = 1
SUBPROTOCOL: Final = "parley.v1"

REQUEST_SLOT: Final = 0
"""The mailbox slot the invitee fills."""
RESPONSE_SLOT: Final = 1
"""The mailbox slot the inviter fills."""


class RefusalCode(IntEnum):
    """Why the relay did not do what it was asked. Each is described in docs/spec-relay.md."""

    MALFORMED = 1
    UNSUPPORTED_VERSION = 2
    ADMISSION_REQUIRED = 3
    UNKNOWN_LOG = 4
    LOG_EXISTS = 5
    UNAUTHORISED = 6
    WRONG_EPOCH = 7
    NOT_PRIVATE_MESSAGE = 8
    TOO_LARGE = 9
    RATE_LIMITED = 10
    QUOTA_EXCEEDED = 11
    MAILBOX_UNKNOWN = 12
    MAILBOX_EXISTS = 13
    MAILBOX_USED = 14
    DRAINING = 15
    EPOCH_KEY_MISMATCH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the relay takes at most; the client keeps to it, and both ends check it on every batch.

    Attributes:
        max_batch: bytes of one batch (one WebSocket message), either way.
        max_frames: frames in one batch, either way.
        max_outstanding: requests of one connection waiting for their answer.
        max_entry: bytes of one log entry as it is stored; a message is at most 41 bytes smaller.
        max_blob: bytes of one mailbox blob.
        max_blobs: blobs in one slot of a mailbox.
        max_lifetime_s: seconds a mailbox may be asked to live.
        max_logs: logs one connection may be authorised for at a time.
    """

    max_batch: int
    max_frames: int
    max_outstanding: int
    max_entry: int
    max_blob: int
    max_blobs: int
    max_lifetime_s: int
    max_logs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One message is durable in the log: `position` counts from 0 (the genesis), time is UTC milliseconds."""

    request: int
    position: int
    relay_time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """Client: the protocol versions it speaks."""

    versions: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """Relay: the version chosen, its signed-note verifier key, 32 fresh random bytes to sign, its limits."""

    version: int
    relay_vkey: str
    challenge: bytes
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """Client: begin a log with this genesis entry and the access key of epoch 0."""

    request: int
    genesis: bytes
    access_key: bytes
    admission_token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorise:
    """Client: this connection holds the access key of `epoch`; signature over `access.signed_bytes`."""

    request: int
    log: bytes
    epoch: int
    access_key: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorised:
    """Relay: the log has `size` entries, this key reads the first `readable` (all, in the current epoch)."""

    request: int
    log: bytes
    epoch: int
    size: int
    readable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """Client: append this MLS PrivateMessage to the log; a commit brings the next epoch's access key."""

    request: int
    log: bytes
    message: bytes
    next_access_key: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """Relay: these appends of one log are durable, and the checkpoint (a signed note) covers all of them."""

    log: bytes
    checkpoint: bytes
    items: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """Client: send the log's entries from position `start`, then new ones. Replaces an earlier Subscribe."""

    request: int
    log: bytes
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """Relay: entries start, start+1, ..., and a proof from the size after the last to the checkpoint's."""

    log: bytes
    start: int
    entries: tuple[bytes, ...]
    checkpoint: bytes
    consistency: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe:
    """Client: stop sending this log's entries."""

    request: int
    log: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOfEpoch:
    """Relay: the subscription ended as its key's epoch did; the key reads `readable` entries, all sent."""

    log: bytes
    epoch: int
    readable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxOpen:
    """Client: make a one-time mailbox, on account of a log this connection is authorised for."""

    request: int
    log: bytes
    mailbox: bytes
    lifetime_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxPost:
    """Client: put blob number `index` (from 0, in order) into a slot; `final` closes the slot for good."""

    request: int
    mailbox: bytes
    slot: int
    index: int
    blob: bytes
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxRead:
    """Client: send the slot's blobs from number `start`; with `wait`, only once the slot is final."""

    request: int
    mailbox: bytes
    slot: int
    start: int
    wait: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxContents:
    """Relay: as many blobs as fit one batch; `final` when the slot is final and these reach its end."""

    request: int
    blobs: tuple[bytes, ...]
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxClose:
    """Client: delete the mailbox. Also answered with Done when it is gone already."""

    request: int
    mailbox: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Relay: done. The answer to every request that has nothing to tell."""

    request: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Relay: not done, and why. `epoch` and `size` say where the log is (0: unknown or not your business)."""

    request: int
    code: RefusalCode
    detail: str
    epoch: int = 0
    size: int = 0
    retry_after_ms: int = 0


Request: TypeAlias = (
    Create
    | Authorise
    | Append
    | Subscribe
    | Unsubscribe
    | MailboxOpen
    | MailboxPost
    | MailboxRead
    | MailboxClose
)
"""What a client may ask of an open connection; each has a `request` number."""

Frame: TypeAlias = (
    Hello
    | Greeting
    | Request
    | Authorised
    | Receipts
    | Entries
    | EndOfEpoch
    | MailboxContents
    | Done
    | Refused
)

KINDS: Final[dict[int, type[Frame]]] = {
    1: Hello,
    2: Greeting,
    3: Create,
    4: Authorise,
    5: Authorised,
    6: Append,
    7: Receipts,
    8: Subscribe,
    9: Entries,
    10: Unsubscribe,
    11: EndOfEpoch,
    12: MailboxOpen,
    13: MailboxPost,
    14: MailboxRead,
    15: MailboxContents,
    16: MailboxClose,
    17: Done,
    18: Refused,
}
"""The first item of every frame on the wire."""
