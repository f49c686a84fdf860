"""What the fold is given: the roster, and entries as cryptography delivered them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from protocols.errors import ProtocolError
from protocols.messages.roles import Role


@dataclass(frozen=True, slots=True)
class Participant:
    """One line of the charter's roster.

    Attributes:
        id: 32 hexadecimal digits.
        name: as the charter has it; a peer's text, to be cleaned before it is shown.
        role: what they are in this channel.
    """

    id: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterChange:
    """A commit that was accepted: from this entry on, this is the roster."""

    position: int
    relay_time_ms: int
    epoch: int
    roster: tuple[Participant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An application message that cryptography accepted.

    Attributes:
        position: of the entry in the log.
        relay_time_ms: UTC milliseconds, from the entry.
        epoch: of the MLS group when it was sent.
        sender: participant id of the certificate, 32 hexadecimal digits.
        message_id: the payload's, 16 bytes.
        body: the payload's.
    """

    position: int
    relay_time_ms: int
    epoch: int
    sender: str
    message_id: bytes
    body: bytes


class Reason(StrEnum):
    """Why an entry is rejected, apart from numbered rules (`rule:NOTIFY-1`). Fixed, never reused."""

    MALFORMED = "malformed"
    UNKNOWN_SENDER = "unknown-sender"
    FROM_MISMATCH = "from-mismatch"
    DUPLICATE_ID = "duplicate-id"
    WRONG_MODE = "wrong-mode"
    ROLE_NOT_ALLOWED = "role-not-allowed"
    UNKNOWN_ADDRESSEE = "unknown-addressee"
    UNKNOWN_TARGET = "unknown-target"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an entry counts; every member comes to the same.

    Attributes:
        accepted: whether it was, or would be, folded in.
        reason: a `Reason`, or `rule:` and the rule's name; None where accepted.
        hint: for the author, what to do about it; not part of any digest.
    """

    accepted: bool
    reason: str | None = None
    hint: str | None = None


ACCEPTED = Verdict(True)


class Refusal(ProtocolError):
    """Inside the fold only: an entry is rejected for a `Reason`; never leaves this package."""

    def __init__(self, reason: Reason, hint: str) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.hint = hint


class Roster:
    """The current participants by id."""

    def __init__(self, participants: Iterable[Participant] = ()) -> None:
        self._by_id = {participant.id: participant for participant in participants}

    def role(self, participant: str) -> Role | None:
        """Return a participant's role; None for somebody who is not on the roster."""
        found = self._by_id.get(participant)
        return None if found is None else found.role

    def name(self, participant: str) -> str:
        """Return a participant's name, or the id of somebody who is not on the roster."""
        found = self._by_id.get(participant)
        return participant if found is None else found.name

    def __contains__(self, participant: str) -> bool:
        return participant in self._by_id

    @property
    def participants(self) -> tuple[Participant, ...]:
        """Everybody, in the charter's order."""
        return tuple(self._by_id.values())
