"""What the fold is given: the roster, and entries as cryptography delivered them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from protocols.errors import ProtocolError
from protocols.messages.mandates import Mandate, mandate_id
from protocols.messages.roles import Role
from protocols.messages.values import time_ms
from protocols.negotiation.terms import ChannelTerms


@dataclass(frozen=True, slots=True)
class Participant:
    """One line of the charter's roster.

    Attributes:
        id: 32 hexadecimal digits.
        name: as the charter has it; a peer's text, to be cleaned before it is shown.
        role: what they are in this channel.
        principal: the Ed25519 key, 64 hexadecimal digits, of whom they speak for; None for who speaks for
            themselves.
        principal_name: what the principal is called.
        mandates: what the principal signed for them.
    """

    id: str
    name: str
    role: Role
    principal: str | None = None
    principal_name: str | None = None
    mandates: tuple[Mandate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterChange:
    """A commit that was accepted: from this entry on, this is the roster, and these are the terms."""

    position: int
    relay_time_ms: int
    epoch: int
    roster: tuple[Participant, ...]
    terms: ChannelTerms = field(default_factory=ChannelTerms)


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
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an entry counts; every member comes to the same.

    Attributes:
        accepted: whether it was, or would be, folded in.
        reason: a `Reason`, or `rule:` and the rule's name; None where accepted.
        hint: for the author, what to do about it; not part of any digest.
        beyond_mandate: accepted, but its author speaks for a principal without the power for it: it is
            flagged for everybody, and must not be composed.
    """

    accepted: bool
    reason: str | None = None
    hint: str | None = None
    beyond_mandate: bool = False


ACCEPTED = Verdict(True)


class Refusal(ProtocolError):
    """Inside the fold only: an entry is rejected for a `Reason`; never leaves this package."""

    def __init__(self, reason: Reason, hint: str) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.hint = hint


@dataclass(frozen=True, slots=True)
class HeldMandate:
    """A mandate of the roster, with what the fold asks of it read once: id, start and end in UTC ms."""

    id: str
    mandate: Mandate
    start_ms: int
    end_ms: int


class Roster:
    """The current participants by id."""

    def __init__(self, participants: Iterable[Participant] = ()) -> None:
        self._by_id = {participant.id: participant for participant in participants}
        self._mandates = {
            participant.id: tuple(
                HeldMandate(
                    mandate_id(mandate),
                    mandate,
                    time_ms(mandate.window.start),
                    time_ms(mandate.window.end),
                )
                for mandate in participant.mandates
            )
            for participant in self._by_id.values()
            if participant.mandates
        }

    def role(self, participant: str) -> Role | None:
        """Return a participant's role; None for somebody who is not on the roster."""
        found = self._by_id.get(participant)
        return None if found is None else found.role

    def name(self, participant: str) -> str:
        """Return a participant's name, or the id of somebody who is not on the roster."""
        found = self._by_id.get(participant)
        return participant if found is None else found.name

    def principal(self, participant: str) -> str | None:
        """Return the key of whom a participant speaks for; None for themselves, and for strangers."""
        found = self._by_id.get(participant)
        return None if found is None else found.principal

    def mandates(self, participant: str) -> tuple[HeldMandate, ...]:
        """Return a participant's mandates, whatever their window; none for strangers."""
        return self._mandates.get(participant, ())

    def same_side(self, one: str, other: str) -> bool:
        """Say whether two participants are the same, or speak for the same principal."""
        principal = self.principal(one)
        return one == other or (principal is not None and principal == self.principal(other))

    def alternates(self, participant: str) -> tuple[str, ...]:
        """Return who else speaks for a participant's principal, in the charter's order."""
        return tuple(one for one in self._by_id if one != participant and self.same_side(one, participant))

    def with_role(self, *roles: Role) -> frozenset[str]:
        """Return the ids of everybody with one of these roles."""
        return frozenset(one for one, found in self._by_id.items() if found.role in roles)

    def participant(self, participant: str) -> Participant | None:
        """Return a participant's line; None for somebody who is not on the roster."""
        return self._by_id.get(participant)

    def __contains__(self, participant: str) -> bool:
        return participant in self._by_id

    @property
    def participants(self) -> tuple[Participant, ...]:
        """Everybody, in the charter's order."""
        return tuple(self._by_id.values())
