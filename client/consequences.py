"""What a message does once it is sent, and what its author is asked once more, in words to read before. Pure.

Computed by the same functions that the fold uses, so that what is announced is what happens. There is peers'
text in it.
"""

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from client.flash import flash_question
from protocols.messages import Message
from protocols.messages.administrative import Correction, Response
from protocols.messages.adoption import Adopt
from protocols.messages.alert import Alert
from protocols.messages.commitments import Commit, CommitEvent
from protocols.messages.glossary import Term
from protocols.messages.mandates import Mandate
from protocols.messages.meetings import Meeting
from protocols.messages.proposals import ClauseReply, Proposal
from protocols.messages.requests import Request
from protocols.messages.roles import Role
from protocols.messages.seats import Seat
from protocols.messages.values import date_time_group, format_time
from protocols.negotiation import Commitment, FoldedMessage, Negotiation, PackageStatus, TabledProposal
from protocols.negotiation.commitment_sources import from_alert, from_clause, from_commit, from_request

__all__ = ["CREATES", "consequences"]

CREATES: Final = "WILCO creates this commitment:"
_HOUR_MS: Final = 3_600_000


def consequences(negotiation: Negotiation, message: Message, now_ms: int) -> tuple[str, ...]:
    """Say what a message does beyond being read; empty for one that does nothing more.

    Args:
        negotiation: the channel's, as it stands.
        message: one that keeps the rules; it is not sent yet.
        now_ms: our clock, UTC milliseconds.
    """
    asked = flash_question(negotiation, message, now_ms)
    return (*(() if asked is None else (asked,)), *_consequences(negotiation, message, now_ms))


def _consequences(negotiation: Negotiation, message: Message, now_ms: int) -> Iterator[str]:
    sender = message.envelope.sender
    match message.content:
        case Response(code="WILCO", target=target):
            if (asked := negotiation.message(target)) is not None:
                yield from _wilco(negotiation, asked, sender, now_ms)
        case Response(code="AFFIRM", target=target):
            if (asked := negotiation.message(target)) is not None:
                yield from _affirm(negotiation, asked)
        case Adopt() as content:
            yield from _adopt(negotiation, sender, content, now_ms)
        case Commit() as content:
            yield "This creates a commitment as soon as it is in the log:"
            yield from _commitment(negotiation, from_commit("0" * 32, sender, content, now_ms))
        case CommitEvent() as content:
            yield from _event(negotiation, content, now_ms)
        case ClauseReply() as content:
            if any(answer.answer == "ACCEPT" for answer in content.replies):
                yield "ACCEPT binds you to that very text, but nothing is in force before ADOPT FINAL by all."
        case Seat(operation="SUSPEND", fingerprint=seat):
            if _works_at_once(negotiation, sender, seat):
                name = negotiation.roster.name(seat)
                yield f"This works at once: nothing that {name} says counts any more."
        case Mandate(revokes=str()):
            yield "This takes the mandate back at once."
        case Correction(action="CANCEL", target=target):
            cancelled = negotiation.message(target)
            if cancelled is not None and isinstance(cancelled.content, Proposal):
                yield f"This withdraws the whole offer No. {cancelled.position}; it cannot be tabled again."
        case _:
            return


def _works_at_once(negotiation: Negotiation, sender: str, seat: str) -> bool:
    """Whether one word suspends a seat: its own side's, or a mediator's who leaves a party at the table."""
    roster = negotiation.roster
    left = roster.with_role(Role.PARTY) - negotiation.suspended - {seat}
    mediates = roster.role(sender) is Role.MEDIATOR
    return roster.same_side(sender, seat) or (
        mediates and (bool(left) or roster.role(seat) is not Role.PARTY)
    )


def _wilco(negotiation: Negotiation, asked: FoldedMessage, sender: str, now_ms: int) -> Iterator[str]:
    match asked.content:
        case Request() as request:
            yield CREATES
            commitment = from_request(asked.id, sender, asked.sender, request, now_ms)
            yield from _commitment(negotiation, commitment)
        case Alert() as alert:
            yield CREATES
            yield from _commitment(negotiation, from_alert(asked.id, sender, asked.sender, alert, now_ms))
        case _:
            return


def _commitment(negotiation: Negotiation, commitment: Commitment) -> Iterator[str]:
    """A commitment that would come to be: who must what, by when, to whom, and how one gets out of it."""
    roster = negotiation.roster
    span = "until" if commitment.maintenance else "by"
    yield f"  {roster.name(commitment.debtor)} {commitment.text}"
    yield f"  {span} {_dtg(commitment.end_ms)}"
    yield f"  owed to {', '.join(map(roster.name, commitment.creditors))}"
    if commitment.antecedent is not None:
        yield f"  only once this is so: {commitment.antecedent}"
    if commitment.detach_at_ms is not None:
        yield f"  from {_dtg(commitment.detach_at_ms)} on"
    hours = commitment.notice_ms // _HOUR_MS
    yield f"  withdrawn only with {hours} hours' notice" if hours else "  withdrawn without notice"


def _affirm(negotiation: Negotiation, asked: FoldedMessage) -> Iterator[str]:
    match asked.content:
        case Seat(operation=operation, seat=seat):
            yield f"AFFIRM agrees to this change of who sits here: {operation} {seat}."
        case Term(term=term, definition=definition):
            yield f'AFFIRM agrees that here "{term}" means: {definition}'
        case CommitEvent() as event:
            yield f"AFFIRM agrees to {event.event} of this commitment:"
            yield f"  {_named(negotiation, event.commitment)}"
            if event.new_time is not None:
                yield f"  new end: {date_time_group(event.new_time)}"
            if event.new_party is not None:
                yield f"  new party: {negotiation.roster.name(event.new_party)}"
        case Meeting(operation=operation) if operation != "RECORD":
            yield "AFFIRM says that you agree to this meeting, and nothing about its matter."
        case Meeting():
            yield "AFFIRM says that the record is right. What it marks AGREED binds nobody until ADOPT."
        case _:
            return


def _adopt(negotiation: Negotiation, sender: str, content: Adopt, now_ms: int) -> Iterator[str]:
    tabled = negotiation.proposal(content.proposal)
    if tabled is None:
        return
    roster, required = negotiation.roster, tabled.content.required
    if sender not in required:
        yield "This witnesses the adoption, and creates nothing."
        return
    others = [
        party
        for party in required
        if party != sender and not tabled.has_adopted(party, content.package_hash, content.mode)
    ]
    waits = f" once {', '.join(map(roster.name, others))} did the same" if others else " now"
    match content.mode:
        case "INITIAL":
            yield f"INITIAL fixes the text{waits}: nobody can amend it then. It puts nothing in force."
        case "AD_REFERENDUM":
            yield "AD REFERENDUM binds nobody: it waits for your principal's confirmation."
        case "FINAL":
            yield f"FINAL puts the text in force{waits}, and creates these commitments:"
            for commitment in _created(tabled, content, now_ms):
                yield from _commitment(negotiation, commitment)
            yield f"  effective {date_time_group(content.effective)}. There is no way back from FINAL."


def _created(tabled: TabledProposal, content: Adopt, now_ms: int) -> Iterator[Commitment]:
    """The commitments that there will be when all have adopted the text as it stands."""
    clauses = tuple(current.clause for current in tabled.package())
    effective = MappingProxyType({content.package_hash: content.effective})
    adopted = replace(tabled, ended=PackageStatus.ADOPTED, adopted=clauses, effective=effective)
    for clause in clauses:
        if clause.modal != "MAY" and tabled.package_hash() == content.package_hash:
            yield from_clause(adopted, clause, now_ms)


def _event(negotiation: Negotiation, content: CommitEvent, now_ms: int) -> Iterator[str]:
    commitment = negotiation.commitment(content.commitment)
    if commitment is None:
        return
    match content.event:
        case "WITHDRAW":
            end_ms = now_ms + commitment.notice_ms
            yield f"The duty stands until its notice is over, about {_dtg(end_ms)}."
        case "RELEASE":
            yield "You give up what is owed to you; it ends once every creditor has released it."
        case "CONFIRM":
            yield "You confirm that it was kept; it is discharged once every creditor has."
        case "DISPUTE":
            yield "You say that it was not kept, or that what was found is wrong."
        case _:
            return


def _named(negotiation: Negotiation, commitment_id: str) -> str:
    found = negotiation.commitment(commitment_id)
    return "" if found is None else f"{negotiation.roster.name(found.debtor)} {found.text}"


def _dtg(ms: int) -> str:
    return date_time_group(format_time(ms))
