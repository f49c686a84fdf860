"""What messages have agreed and no commit has enacted: whose it is to commit, and in which words to say it.

Pure. The client enacts it by itself (`client.enacting`), `parley channel show` lists it.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from enum import StrEnum

from channel.charter import GOVERNING, Charter
from channel.charter_change import enact
from channel.errors import BadCharter
from protocols.messages import MessageType, Role
from protocols.messages.adoption import Adopt
from protocols.messages.seats import Seat
from protocols.negotiation import AgreedChanges, Negotiation

__all__ = ["Change", "ChangeKind", "committers", "enactable", "waiting_changes"]


class ChangeKind(StrEnum):
    """What kind of commit an agreed change needs."""

    CHARTER = "CHARTER"
    """Role, mandate, term or text: one commit enacts all of them."""
    REMOVAL = "REMOVAL"
    """Somebody loses their seat: a commit of its own (CHARTER-3)."""
    ARRIVAL = "ARRIVAL"
    """Somebody gets a seat: only whoever invited them can commit it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something agreed that no charter shows yet.

    Attributes:
        key: the id of the message that agreed it; of an adopted text, the id of its PROPOSAL.
        kind: what kind of commit it needs.
        author: participant id of who wrote that message, or the ADOPT that completed a text.
        words: what it is, for a person; peers' text in it.
        subject: with REMOVAL and ARRIVAL, the participant id of who goes or comes.
    """

    key: str
    kind: ChangeKind
    author: str
    words: str
    subject: str = ""


def waiting_changes(negotiation: Negotiation) -> tuple[Change, ...]:
    """Return everything that was agreed and waits for a commit, each kind in the order of agreement."""
    return tuple(_changes(negotiation))


def _changes(negotiation: Negotiation) -> Iterator[Change]:
    agreed = negotiation.agreed
    for seat in agreed.seats:
        kind, words = _seat_change(seat.content, negotiation)
        yield _change(negotiation, seat.message, kind, words, subject=seat.content.fingerprint)
    for item in agreed.mandates:
        who, principal = negotiation.roster.name(item.mandate.holder), item.mandate.principal_name
        what = (
            f"{principal} lets {who} speak for it"
            if item.mandate.powers
            else f"{principal} revokes a mandate"
        )
        yield _change(negotiation, item.message, ChangeKind.CHARTER, what)
    for term in agreed.terms:
        yield _change(negotiation, term.message, ChangeKind.CHARTER, f"what {term.content.term} means")
    for text in agreed.adopted:
        proposal = negotiation.message(text.proposal)
        number = "" if proposal is None else f"No. {proposal.position} "
        yield Change(
            key=text.proposal,
            kind=ChangeKind.CHARTER,
            author=_completed_by(negotiation, text.proposal),
            words=f"PROPOSAL {number}is adopted",
        )


def _seat_change(seat: Seat, negotiation: Negotiation) -> tuple[ChangeKind, str]:
    match seat.operation:
        case "REMOVE":
            return ChangeKind.REMOVAL, f"{seat.seat} loses the seat"
        case "ADMIT":
            return ChangeKind.ARRIVAL, f"{seat.seat} comes as {seat.role}, by whoever invited them"
        case "KEY":
            return ChangeKind.ARRIVAL, f"{seat.seat} gets a new key, by whoever invited it"
        case "ROLE":
            return ChangeKind.CHARTER, f"{negotiation.roster.name(seat.fingerprint)} becomes {seat.role}"
        case "SUSPEND" | "RESTORE":
            return ChangeKind.CHARTER, f"{seat.operation.lower()} {seat.seat}"


def _change(
    negotiation: Negotiation, message: str, kind: ChangeKind, words: str, *, subject: str = ""
) -> Change:
    said = negotiation.message(message)
    author, number = ("", message) if said is None else (said.sender, f"{said.type} No. {said.position}")
    return Change(key=message, kind=kind, author=author, words=f"{number}: {words}", subject=subject)


def _completed_by(negotiation: Negotiation, proposal: str) -> str:
    """Who wrote the last ADOPT of a text: nothing is said of a text after it is in force."""
    for said in reversed(negotiation.messages):
        if said.type is MessageType.ADOPT:
            content = said.content
            party = negotiation.roster.role(said.sender) is not Role.MEDIATOR
            if isinstance(content, Adopt) and content.proposal == proposal and party:
                return said.sender
    return ""


def committers(charter: Charter, suspended: Set[str], change: Change) -> tuple[str, ...]:
    """Who may commit a change, in the order in which their clients try: its author, then the charter's order.

    Nobody tries who is suspended, or whom the change removes. An ARRIVAL is the inviter's own business.
    """
    if change.kind is ChangeKind.ARRIVAL:
        return ()
    barred = {*suspended, *((change.subject,) if change.kind is ChangeKind.REMOVAL else ())}
    able = [entry.id for entry in charter.roster if entry.role in GOVERNING and entry.id not in barred]
    return tuple(sorted(able, key=lambda one: one != change.author))


def enactable(charter: Charter, agreed: AgreedChanges) -> Charter:
    """Return the charter that a commit may put in force now, comings and goings aside.

    All that was agreed; or, where that makes no charter (too large, or more mandates than a seat may have),
    as much of it as does, so that one such change does not hold up the others.
    """
    whole = _enacted(charter, agreed)
    if whole is not None:
        return whole
    best, taken = charter, replace(agreed, seats=(), mandates=(), terms=(), adopted=())
    for more in _parts(agreed):
        tried = replace(
            taken,
            seats=(*taken.seats, *more.seats),
            mandates=(*taken.mandates, *more.mandates),
            terms=(*taken.terms, *more.terms),
            adopted=(*taken.adopted, *more.adopted),
        )
        following = _enacted(charter, tried)
        if following is not None:
            best, taken = following, tried
    return best


def _parts(agreed: AgreedChanges) -> Iterator[AgreedChanges]:
    yield from (AgreedChanges(adopted=(text,)) for text in agreed.adopted)
    yield AgreedChanges(terms=agreed.terms)  # all or none of them (CHARTER-11)
    yield from (AgreedChanges(seats=(seat,)) for seat in agreed.seats)
    yield from (AgreedChanges(mandates=(mandate,)) for mandate in agreed.mandates)


def _enacted(charter: Charter, agreed: AgreedChanges) -> Charter | None:
    try:
        following = enact(charter, agreed)
        following.encode()
    except BadCharter:
        return None
    return following
