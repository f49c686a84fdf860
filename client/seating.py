"""A seat for a newcomer: the line of the roster, the SEAT that asks every party for it, what came of it.

Pure: a conversation or a negotiation goes in, proposals, fields and verdicts come out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import JsonValue

from channel.charter import CHARTER_EXTENSION, Charter, RosterEntry, Seats
from channel.charter_change import is_agreed_seat
from channel.identity import read_certificate
from channel.invitation import InvitationRequest
from channel.mls import KeyPackage
from channel.mls.proposals import Add, GroupContextExtensions, Proposal, Remove
from channel.mls.types import Extension
from client.conversation import Conversation
from client.errors import InvitationRefused, UnknownPerson
from protocols.messages import Mandate, Role
from protocols.messages.administrative import Response
from protocols.messages.values import format_time
from protocols.negotiation import AgreedChanges, FoldedMessage, Negotiation

__all__ = [
    "SeatOffer",
    "Standing",
    "awaited",
    "is_agreed",
    "is_settled",
    "key_package_of",
    "line_for",
    "operation_on",
    "parties_to_ask",
    "propose_admission",
    "propose_charter",
    "propose_removal",
    "refusal",
    "seat_fields",
    "seat_topic",
    "standing",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatOffer:
    """What seat an invitation is for.

    Attributes:
        role: what they will be here; with `replaces`, the role of that seat is kept instead.
        name: their name on the roster; empty for the one they propose.
        principal: the key of whom they will speak for, 32 bytes; None for themselves.
        principal_name: what the principal is called; empty without one.
        mandates: what the principal signed for them; only while the channel is being set up.
        replaces: the participant id whose seat their new key takes; None for a seat of their own.
    """

    role: Role
    name: str = ""
    principal: bytes | None = None
    principal_name: str = ""
    mandates: tuple[Mandate, ...] = ()
    replaces: str | None = None


def key_package_of(conversation: Conversation, request: InvitationRequest) -> KeyPackage:
    """Of the key packages an invitee offers, the one of the channel's cipher suite.

    Raises:
        InvitationRefused: There is none.
    """
    suite_number = conversation.transcript.genesis.cipher_suite
    for key_package in map(KeyPackage.decode, request.key_packages):
        if key_package.cipher_suite == suite_number:
            return key_package
    raise InvitationRefused(f"the invitee's program does not speak cipher suite {suite_number}")


def line_for(conversation: Conversation, offer: SeatOffer, request: InvitationRequest) -> RosterEntry:
    """The line of the roster that an invitee would get.

    Raises:
        InvitationRefused: Their letter is of two identities, or the seat whose key they replace is gone.
        BadCharter: The name looks like another's, a mandate is not theirs, or they are on the roster.
    """
    leaf = key_package_of(conversation, request).leaf_node
    certified = read_certificate(request.certificate).identity_key
    if leaf.credential.identity != request.certificate or certified != request.identity_key:
        raise InvitationRefused("the invitee's key package is of another identity")
    charter = conversation.transcript.epoch.charter
    if offer.replaces is None:
        line = RosterEntry(
            key=request.identity_key,
            name=offer.name or request.name,
            role=offer.role,
            principal=offer.principal,
            principal_name=offer.principal_name,
            mandates=offer.mandates,
        )
    else:
        old = charter.entry(offer.replaces)
        if old is None:
            raise InvitationRefused(
                "the seat whose key was to be replaced is gone: invite without --replaces"
            )
        line = RosterEntry(
            key=request.identity_key,
            name=old.name,
            role=old.role,
            principal=old.principal,
            principal_name=old.principal_name,
            mandates=offer.mandates,
        )
    _following(charter, offer, line)
    return line


def _following(charter: Charter, offer: SeatOffer, line: RosterEntry) -> Charter:
    return (charter if offer.replaces is None else charter.without(offer.replaces)).with_entry(line)


def propose_charter(charter: Charter) -> Proposal:
    """The proposal that puts a charter in force."""
    return GroupContextExtensions((Extension(CHARTER_EXTENSION, charter.encode()),))


def propose_admission(
    conversation: Conversation, offer: SeatOffer, request: InvitationRequest
) -> Sequence[Proposal]:
    """The proposals that seat an invitee, and take the leaves away whose key theirs replaces.

    Raises:
        ChannelError, InvitationRefused: As ``line_for``.
    """
    charter = conversation.transcript.epoch.charter
    following = _following(charter, offer, line_for(conversation, offer, request))
    leaves = () if offer.replaces is None else _leaves(conversation, offer.replaces)
    return (
        *(Remove(leaf) for leaf in leaves),
        Add(key_package_of(conversation, request)),
        propose_charter(following),
    )


def propose_removal(participant: str, conversation: Conversation) -> Sequence[Proposal]:
    """The proposals that remove somebody: all their leaves, and their seat.

    Raises:
        ChannelError: The charter does not allow it.
    """
    following = conversation.transcript.epoch.charter.without(participant)
    leaves = _leaves(conversation, participant)
    return (*(Remove(leaf) for leaf in leaves), propose_charter(following))


def _leaves(conversation: Conversation, participant: str) -> tuple[int, ...]:
    members = conversation.transcript.epoch.members
    return tuple(leaf for leaf, member in members.items() if member == participant)


# --- asking every party -------------------------------------------------------------------------------


def seat_topic(name: str) -> str:
    """The topic of a SEAT; a mandate about `seats` covers all of them."""
    return f"seats/{name}"


def seat_fields(line: RosterEntry, offer: SeatOffer, *, now_ms: int) -> dict[str, JsonValue]:
    """The fields of the SEAT that asks for a newcomer's line."""
    fields: dict[str, JsonValue] = {
        "operation": "ADMIT" if offer.replaces is None else "KEY",
        "seat": line.name,
        "fingerprint": line.id,
        "role": line.role.value,
        "history": "ALL",
        "effective": format_time(now_ms),
        "replaces": offer.replaces,
    }
    if line.principal is not None:
        fields |= {"principal": line.principal.hex(), "principal_name": line.principal_name}
    return fields


def operation_on(
    negotiation: Negotiation,
    participant: str,
    operation: str,
    *,
    now_ms: int,
    reason: str | None = None,
    role: Role | None = None,
) -> dict[str, JsonValue]:
    """The fields of a SEAT about somebody who sits here: REMOVE, ROLE, SUSPEND or RESTORE.

    Raises:
        UnknownPerson: They are not on the roster.
    """
    person = negotiation.roster.participant(participant)
    if person is None:
        raise UnknownPerson("nobody of that id is on the channel's roster")
    return {
        "operation": operation,
        "seat": person.name,
        "fingerprint": person.id,
        "effective": format_time(now_ms),
        "reason": reason,
        "role": None if role is None else role.value,
    }


def is_settled(charter: Charter) -> bool:
    """Whether the set-up is over: every party decides who sits here."""
    return charter.seats is Seats.AGREED


def parties_to_ask(negotiation: Negotiation, me: str) -> tuple[str, ...]:
    """Every other party, in the charter's order: a SEAT goes to all of them, also to who is suspended."""
    people = negotiation.roster.participants
    return tuple(one.id for one in people if one.role is Role.PARTY and one.id != me)


class Standing(StrEnum):
    """Where a SEAT stands with those whose agreement it needs."""

    WAITING = "WAITING"
    AGREED = "AGREED"
    REFUSED = "REFUSED"
    STALE = "STALE"
    """It can never be agreed: it has no effect in the log, or was not addressed to who is a party now."""


def is_agreed(agreed: AgreedChanges, offer: SeatOffer, line: RosterEntry) -> bool:
    """Whether every party has agreed to just this line, and to whose key it replaces."""
    return any(
        is_agreed_seat(seat.content, line) and seat.content.replaces == offer.replaces
        for seat in agreed.seats
    )


def standing(negotiation: Negotiation, message_id: bytes, *, holds: bool) -> Standing:
    """Where a SEAT of ours stands.

    Args:
        negotiation: The channel's.
        message_id: The SEAT's, 16 bytes.
        holds: Whether it still waits in our outbox to come into the log.
    """
    folded = negotiation.message(message_id)
    if any(seat.message == message_id.hex() for seat in negotiation.agreed.seats):
        return Standing.AGREED
    if folded is None:
        return Standing.WAITING if holds else Standing.STALE
    if folded.cancelled or any(answer.answer == "NEGATIVE" for answer in folded.answers.values()):
        return Standing.REFUSED
    missing = awaited(negotiation, folded)
    return Standing.WAITING if missing and set(missing) <= set(folded.to) else Standing.STALE


def awaited(negotiation: Negotiation, folded: FoldedMessage) -> tuple[str, ...]:
    """Those whose AFFIRM a SEAT or TERM still needs: every other party that is not suspended."""
    affirmed = {who for who, answer in folded.answers.items() if answer.answer == "AFFIRM"}
    needed = parties_to_ask(negotiation, folded.sender)
    return tuple(who for who in needed if who not in affirmed | negotiation.suspended)


def refusal(negotiation: Negotiation, message_id: bytes) -> str:
    """Say who refused a SEAT and why; a line for a person, with peers' text in it."""
    folded = negotiation.message(message_id)
    if folded is None or folded.cancelled:
        return "the SEAT was taken back"
    for who, answer in folded.answers.items():
        said = None if answer.message is None else negotiation.message(answer.message)
        if answer.answer == "NEGATIVE" and said is not None and said.sender == who:
            content = said.content
            why = content.reason if isinstance(content, Response) and content.reason else "no reason given"
            return f"{negotiation.roster.name(who)} does not agree to the seat: {why}"
    return "the parties do not agree to the seat"
