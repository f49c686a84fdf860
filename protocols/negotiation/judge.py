"""The one judgement of an entry: what it would change, or by which rule it counts for nothing.

Nothing here changes the state. Every member, a joiner, and an auditor years later come to the same result,
because everything the rules look at is in the log: earlier accepted entries, and relay times. What is
peculiar to a type is in that type's room; here is what is alike for all, and the one table of rooms.
"""

from dataclasses import replace
from typing import assert_never

from protocols.messages.administrative import Correction, Readback, Response
from protocols.messages.adoption import Adopt
from protocols.messages.alert import Alert
from protocols.messages.catalogue import CATALOGUE
from protocols.messages.commitments import Commit, CommitEvent
from protocols.messages.conveying import Convey
from protocols.messages.envelope import MessageType
from protocols.messages.escalation import Escalation
from protocols.messages.findings import Finding
from protocols.messages.glossary import Term
from protocols.messages.incidents import Explanation, Incident
from protocols.messages.information import Inform, Notify, Question
from protocols.messages.mandates import Mandate
from protocols.messages.meetings import Meeting
from protocols.messages.message import Message
from protocols.messages.persons import Persons
from protocols.messages.proposals import ClauseReply, Proposal
from protocols.messages.receipt import Receipt
from protocols.messages.requests import Request
from protocols.messages.rules import violation
from protocols.messages.seats import Seat
from protocols.messages.watch import LineCheck
from protocols.negotiation.acknowledgement import from_receipt
from protocols.negotiation.adopting import judge_adopt, judge_clause_reply, judge_proposal
from protocols.negotiation.answers import judge_readback, judge_response
from protocols.negotiation.committing import (
    judge_commit,
    judge_commit_event,
    judge_finding,
    judge_request,
)
from protocols.negotiation.correction import judge_correction
from protocols.negotiation.dialogue import has_critical, responders
from protocols.negotiation.entitlement import check_mandate_cited, check_power
from protocols.negotiation.escalating import judge_escalation
from protocols.negotiation.incidents import judge_explanation, judge_incident
from protocols.negotiation.informing import (
    judge_alert,
    judge_convey,
    judge_inform,
    judge_notify,
    judge_question,
)
from protocols.negotiation.judging import Judgement
from protocols.negotiation.meetings import judge_meeting
from protocols.negotiation.persons import judge_persons
from protocols.negotiation.record import OPEN, FoldedMessage, relayed
from protocols.negotiation.roster import Reason, Received, Refusal
from protocols.negotiation.seating import judge_mandate, judge_seat, judge_term
from protocols.negotiation.state import Changes, State


def examine(state: State, received: Received) -> Changes:
    """Return what an entry would change.

    Raises:
        DecodeError: a body that is not a message. The sender's fault, as all of these.
        RuleViolation: a numbered rule.
        Refusal: one of the other fixed reasons.
    """
    if received.sender not in state.roster:
        raise Refusal(Reason.UNKNOWN_SENDER, "needs a sender on the roster")
    body = state.read(received.body)
    now_ms = max(state.now_ms, received.relay_time_ms)
    message_id = received.message_id.hex()
    if message_id in state.messages or received.message_id in state.used:
        raise Refusal(Reason.DUPLICATE_ID, "needs an id that was not used before")
    if (body.envelope if isinstance(body, Message) else body).sender != received.sender:
        raise Refusal(Reason.FROM_MISMATCH, "needs the sender's own id in from")
    if received.sender in state.suspended:
        raise Refusal(Reason.SUSPENDED, "your seat is suspended; the parties must agree to restore it")
    match body:
        case Receipt():
            return _receipt(state, received.position, body)
        case Escalation():
            return judge_escalation(state, received.position, now_ms, body)
        case Message():
            return _message(state, received, message_id, body, now_ms)
        case _:
            assert_never(body)


def _receipt(state: State, position: int, receipt: Receipt) -> Changes:
    if any(named >= position for named in receipt.positions):
        raise violation("RECEIPT-4", "positions")
    changes = Changes(receipt)
    said = from_receipt(receipt.level)
    named = [*receipt.messages, *(state.by_position[p] for p in receipt.positions if p in state.by_position)]
    for message_id in named:
        target = state.target(message_id)
        if target.sender == receipt.sender:
            raise violation("RECEIPT-3", "messages")
        changes.messages[target.id] = target.acknowledged(receipt.sender, said)
    changes.delivered = tuple(named)
    return changes


def _message(state: State, received: Received, message_id: str, message: Message, now_ms: int) -> Changes:
    _check_envelope(state, received.sender, message)
    check_mandate_cited(state, received.sender, message, now_ms)
    changes = Changes(message)
    changes.messages[message_id] = _folded(state, received, message_id, message)
    judgement = Judgement(
        state, changes, sender=received.sender, message_id=message_id, message=message, now_ms=now_ms
    )
    run(judgement)
    if check_power(state, received.sender, message, now_ms):
        judgement.put(replace(judgement.target(message_id), beyond_mandate=True))
    return changes


def _folded(state: State, received: Received, message_id: str, message: Message) -> FoldedMessage:
    envelope = message.envelope
    to, info = state.share(envelope.to), state.share(envelope.info)
    wanted = state.share(responders(state, message))
    return FoldedMessage(
        id=message_id,
        position=received.position,
        relay_time_ms=received.relay_time_ms,
        epoch=received.epoch,
        sender=state.share(received.sender),
        type=message.type,
        to=to,
        info=info,
        precedence=envelope.precedence,
        has_critical=has_critical(message.content),
        body=received.body,
        reader=state.read,
        readers=state.share((*to, *info)),
        levels=state.share(relayed(len(to) + len(info))),
        responders=wanted,
        states=state.share((OPEN,) * len(wanted)),
    )


def _check_envelope(state: State, sender: str, message: Message) -> None:
    """The rules that need the roster or the channel, for every type alike."""
    envelope = message.envelope
    if envelope.mode != state.mode:
        raise Refusal(Reason.WRONG_MODE, f"needs mode {state.mode}")
    role = state.roster.role(sender)
    if role not in CATALOGUE[message.type].senders:
        raise Refusal(Reason.ROLE_NOT_ALLOWED, f"needs another role than {role}")
    if any(addressee not in state.roster for addressee in (*envelope.to, *envelope.info)):
        raise Refusal(Reason.UNKNOWN_ADDRESSEE, "needs addressees on the roster")
    for reference in envelope.refs:
        state.target(reference.id)
    if envelope.precedence == "FLASH" and message.type is not MessageType.ALERT:
        target = state.target(message.target) if message.target else None
        if target is None or (target.type is not MessageType.ALERT and target.precedence != "FLASH"):
            raise violation(
                "ENVELOPE-4", "precedence", "needs IMMEDIATE or below: it does not answer an ALERT"
            )


def run(judgement: Judgement) -> None:
    """Hold a message against the rules of its type: one room for each.

    Raises:
        RuleViolation: a numbered rule. The sender's fault, as the next.
        Refusal: one of the other fixed reasons.
    """
    match judgement.message.content:
        case LineCheck():
            pass  # who was asked and who answered is all there is to it
        case Mandate() as content:
            judge_mandate(judgement, content)
        case Seat() as content:
            judge_seat(judgement, content)
        case Response() as content:
            judge_response(judgement, content)
        case Readback() as content:
            judge_readback(judgement, content)
        case Correction() as content:
            judge_correction(judgement, content)
        case Inform() as content:
            judge_inform(judgement, content)
        case Question() as content:
            judge_question(judgement, content)
        case Convey() as content:
            judge_convey(judgement, content)
        case Notify() as content:
            judge_notify(judgement, content)
        case Request() as content:
            judge_request(judgement, content)
        case Proposal() as content:
            judge_proposal(judgement, content)
        case ClauseReply() as content:
            judge_clause_reply(judgement, content)
        case Term() as content:
            judge_term(judgement, content)
        case Adopt() as content:
            judge_adopt(judgement, content)
        case Commit() as content:
            judge_commit(judgement, content)
        case CommitEvent() as content:
            judge_commit_event(judgement, content)
        case Finding() as content:
            judge_finding(judgement, content)
        case Alert() as content:
            judge_alert(judgement, content)
        case Incident() as content:
            judge_incident(judgement, content)
        case Explanation() as content:
            judge_explanation(judgement, content)
        case Persons() as content:
            judge_persons(judgement, content)
        case Meeting() as content:
            judge_meeting(judgement, content)
        case _:
            assert_never(judgement.message.content)
