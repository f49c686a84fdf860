"""What a running channel tells whoever uses it: its state as values, and what has just happened.

Everything here is frozen and free of I/O, so that the command line, the interface and the demo share it. An
event says that something changed; the truth is always in the session's properties.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from client.store.channels import ChannelStatus
from client.store.outbox import OutboxState
from protocols.messages.codec import Body
from protocols.messages.envelope import Mode
from protocols.messages.escalation import EscalatedLevel, EscalationStep
from protocols.messages.roles import Role
from protocols.negotiation.roster import Participant
from protocols.negotiation.timers import Overdue

__all__ = [
    "AcknowledgementOverdue",
    "Alarm",
    "AlarmKind",
    "AlarmRaised",
    "ChannelInfo",
    "ChannelStatus",
    "ClocksDiffer",
    "ConnectionChanged",
    "ConnectionKind",
    "ConnectionState",
    "EntryJudged",
    "Event",
    "Invited",
    "MemberJoined",
    "MemberLeft",
    "OutboxItem",
    "OutboxState",
    "ReceiptGot",
    "SendRefused",
]


class ConnectionKind(StrEnum):
    """Whether the relay can be reached right now."""

    CONNECTING = "CONNECTING"
    ONLINE = "ONLINE"
    OFFLINE = "OFFLINE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionState:
    """The connection to the relay; always on screen.

    Attributes:
        kind: connecting, online or offline.
        since_ms: since when, UTC milliseconds by our clock.
        last_contact_ms: when the relay was last heard from; None if it never was.
        detail: why it is offline, one line for a person; empty while online.
        skew_ms: by how much the relay's clock is at least ahead of ours, negative where behind; 0 while they
            agree, see `client.skew`.
    """

    kind: ConnectionKind
    since_ms: int
    last_contact_ms: int | None = None
    detail: str = ""
    skew_ms: int = 0


class AlarmKind(StrEnum):
    """What the relay, or a member, was caught at."""

    FORK = "FORK"
    ROLLBACK = "ROLLBACK"
    GAP = "GAP"
    ALTERED = "ALTERED"
    OTHER_VIEW = "OTHER-VIEW"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Why a channel is stopped; nothing is sent or believed until a person has looked.

    Attributes:
        kind: what it is.
        detail: what was seen, one or two sentences for a person.
        ours: the checkpoint (signed note) that we had verified; empty where there is none.
        theirs: the checkpoint that contradicts it; empty where there is none.
    """

    kind: AlarmKind
    detail: str
    ours: bytes = b""
    theirs: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelInfo:
    """A channel as a list shows it.

    Attributes:
        log: the log id, 32 bytes.
        short: the first digits of the log id, enough to tell our channels apart.
        title: of the charter; a peer's text, to be cleaned before it is shown.
        role: ours.
        relay_url: where it lives.
        size: how many entries we have judged.
        status: whether it can be used.
        members: the roster, in the charter's order; names are peers' text.
        mode: LIVE, or an EXERCISE.
        seats: one line on who decides who sits here; while the channel is set up, it begins with `set-up`.
    """

    log: bytes
    short: str
    title: str
    role: Role
    relay_url: str
    size: int
    status: ChannelStatus
    members: tuple[Participant, ...]
    mode: Mode = "LIVE"
    seats: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """An invitation that was given.

    Attributes:
        code: to be handed over by a separate route; whoever has it can join.
        mailbox: its mailbox's id, 32 bytes.
        expires_ms: after this it is of no use, UTC milliseconds.
    """

    code: str = field(repr=False)
    mailbox: bytes
    expires_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """Something of ours that the log does not hold yet, as far as we have seen.

    Attributes:
        message_id: 16 bytes.
        state: QUEUED (nothing left), SEALED (may have left), RELAYED (the relay gave its receipt).
        message: what is said.
        position: in the log, once there is a receipt.
    """

    message_id: bytes
    state: OutboxState
    message: Body
    position: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryJudged:
    """An entry of the log was folded in, or rejected for a fixed reason code."""

    position: int
    accepted: bool
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptGot:
    """The relay has stored a message of ours."""

    message_id: bytes
    position: int


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """The connection came, went, or is being tried."""

    state: ConnectionState


@dataclass(frozen=True, slots=True)
class MemberJoined:
    """Somebody was admitted; the name is a peer's text."""

    participant: str
    name: str


@dataclass(frozen=True, slots=True)
class MemberLeft:
    """Somebody was removed; the name is a peer's text."""

    participant: str
    name: str


@dataclass(frozen=True, slots=True)
class AlarmRaised:
    """The channel was stopped."""

    alarm: Alarm


@dataclass(frozen=True, slots=True)
class SendRefused:
    """A message of ours will not leave: the relay or the conversation as it now stands refuses it."""

    message_id: bytes
    detail: str


@dataclass(frozen=True, slots=True)
class ClocksDiffer:
    """The relay's clock and ours have come to differ, or (0) to agree again; milliseconds as `skew_ms`."""

    skew_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgementOverdue:
    """An acknowledgement that should be there is missing, for no known cause, and a person here is to know.

    `client.escalating.overdue_words` says it in one line.

    Attributes:
        message_id: 16 bytes.
        addressee: participant id of who is late; None where the relay has not stored a message of ours (L1).
        level: the rung that is missing: 1, 2, 4 or 6.
        step: 1x, 1.5x or 2x of the time it may take.
        due_ms: when its time ran out, UTC milliseconds.
    """

    message_id: bytes
    addressee: str | None
    level: EscalatedLevel
    step: EscalationStep
    due_ms: int

    @classmethod
    def of(cls, late: Overdue) -> "AcknowledgementOverdue":
        """Return the event for something that is overdue."""
        return cls(
            message_id=bytes.fromhex(late.message),
            addressee=late.addressee or None,
            level=late.level,
            step=late.step,
            due_ms=late.due_ms,
        )

    @property
    def late(self) -> Overdue:
        """What is overdue, as the negotiation says it."""
        return Overdue(
            message=self.message_id.hex(),
            addressee=self.addressee or "",
            level=self.level,
            due_ms=self.due_ms,
            step=self.step,
        )


Event: TypeAlias = (
    EntryJudged
    | AcknowledgementOverdue
    | ReceiptGot
    | ConnectionChanged
    | ClocksDiffer
    | MemberJoined
    | MemberLeft
    | AlarmRaised
    | SendRefused
)
