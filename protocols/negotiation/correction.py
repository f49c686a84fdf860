"""Corrections: what a message says after its author changed it (MESSAGES.md section 2, row 6).

A correction is closed by ROGER: received, nothing more. So it can change what informs, asks or warns, and
not what others have agreed to or undertaken: nobody's AFFIRM, ACCEPT or WILCO may come to stand under other
words.
By type:

    CORRECT and CANCEL   INFORM, CONVEY, NOTIFY; ALERT and REQUEST while nobody has said WILCO
    CORRECT before it is answered, CANCEL
                         QUESTION, INCIDENT, PERSONS LIST (its references stay, and it stays confidential)
    CANCEL only          PROPOSAL while it is open (withdrawal); SEAT and TERM while they are not agreed
    neither              what has a way of its own: MANDATE (replaces, revokes), MEETING (CHANGE, CANCEL),
                         ADOPT and CLAUSE-REPLY (reply again), COMMIT (COMMIT-EVENT), PERSONS STATUS (a
                         later one); and what answers or has moved something: RESPONSE, READBACK,
                         COMMIT-EVENT, FINDING, EXPLANATION, LINE-CHECK, CORRECTION
"""

from dataclasses import replace
from typing import Final

from pydantic import JsonValue

from protocols.errors import RuleViolation
from protocols.messages.administrative import Correction
from protocols.messages.catalogue import attribute_of
from protocols.messages.codec import validated
from protocols.messages.envelope import Envelope, MessageType
from protocols.messages.fields import coerce
from protocols.messages.incidents import Incident
from protocols.messages.information import Notify, Question
from protocols.messages.leaves import content_leaves, leaf_text, unflatten
from protocols.messages.message import Content
from protocols.messages.persons import Persons
from protocols.messages.requests import Request
from protocols.messages.roles import Role
from protocols.messages.rules import violation
from protocols.negotiation.adopting import end
from protocols.negotiation.committing import judge_request
from protocols.negotiation.dialogue import has_critical
from protocols.negotiation.incidents import judge_incident
from protocols.negotiation.informing import judge_notify
from protocols.negotiation.judging import Judgement
from protocols.negotiation.proposal import PackageStatus
from protocols.negotiation.record import FoldedMessage, ResponseState
from protocols.negotiation.state import Changes, State

_CORRECTABLE: Final = frozenset(
    {
        MessageType.INFORM,
        MessageType.QUESTION,
        MessageType.CONVEY,
        MessageType.NOTIFY,
        MessageType.ALERT,
        MessageType.INCIDENT,
        MessageType.REQUEST,
        MessageType.PERSONS,
    }
)
_CANCELLABLE: Final = _CORRECTABLE | {MessageType.PROPOSAL, MessageType.SEAT, MessageType.TERM}


def judge_correction(judgement: Judgement, content: Correction) -> None:
    """Take in a CORRECTION: the target says something else from now on, or nothing.

    Raises:
        RuleViolation: a rule of CORRECTION. The sender's fault, as the next.
        Refusal: there is no such message.
    """
    state, target = judgement.state, judgement.state.target(content.target)
    _check(state, target, judgement, content)
    cancelled = content.action == "CANCEL"
    after = target.content if cancelled else _corrected(state, target, judgement, content)
    corrected = target.corrected(judgement.id, after, cancelled=cancelled)
    judgement.put(replace(corrected, has_critical=has_critical(after)))
    if cancelled and target.type is MessageType.PROPOSAL:
        end(judgement, state.proposals[target.id], PackageStatus.WITHDRAWN)
    if isinstance(after, Incident):
        record = state.incidents[target.id]
        judgement.changes.incidents[target.id] = replace(
            record, asked=after.asked, notification=after.notification
        )


def _check(state: State, target: FoldedMessage, judgement: Judgement, correction: Correction) -> None:
    if target.sender != judgement.sender:
        raise violation("CORRECTION-3", "target")
    if target.cancelled:
        raise violation("CORRECTION-9", "target")
    had_it = {reader for reader in target.addressees if reader in state.roster}
    if not had_it <= set(judgement.envelope.to):
        raise violation("CORRECTION-8", "to")
    if target.type not in _CANCELLABLE:
        raise violation("CORRECTION-7", "target")
    if target.type is MessageType.PROPOSAL:
        proposal = state.proposals[target.id]
        if proposal.ended is PackageStatus.ADOPTED:
            raise violation("CORRECTION-4", "target")
        if not proposal.is_open(judgement.now_ms):
            raise violation("CORRECTION-9", "target", f"the proposal is {proposal.status(judgement.now_ms)}")
    if correction.action == "CORRECT" and target.type not in _CORRECTABLE:
        raise violation("CORRECTION-7", "action", "needs CANCEL, or a new message")
    if isinstance(target.content, Persons) and target.content.operation != "LIST":
        raise violation("CORRECTION-7", "target", "needs a later STATUS")
    if any(answer.answer == "WILCO" for answer in target.states):
        raise violation("CORRECTION-10", "target", "somebody said WILCO to it; send a new message")
    if correction.action == "CORRECT" and _is_answered(state, target):
        raise violation("CORRECTION-10", "target", "somebody has answered it; send a new message")
    if correction.action == "CORRECT" and target.type is MessageType.PERSONS:
        _check_confidential(state, judgement.envelope)
    agreed = target.type in (MessageType.SEAT, MessageType.TERM) and bool(target.states)
    if agreed and all(answer.state is ResponseState.CLOSED for answer in target.states):
        raise violation("CORRECTION-10", "target", "it has been agreed or refused")


def _is_answered(state: State, target: FoldedMessage) -> bool:
    """Say whether somebody has said more of a message than that it was received, under the words it has."""
    match target.content:
        case Question():
            return any(answer.state is ResponseState.CLOSED for answer in target.states)
        case Incident():
            record = state.incidents[target.id]
            return bool(record.explanations or record.findings)
        case Persons(operation="LIST"):
            return bool(state.persons[target.id].statuses)
        case _:
            return False


def _check_confidential(state: State, envelope: Envelope) -> None:
    """Hold what a correction of a list of persons says to the rules of the list: it repeats names."""
    if envelope.tlp != "RED":
        raise violation("CORRECTION-6", "tlp", "PERSONS-1: needs RED")
    if state.roster.with_role(Role.OBSERVER):
        raise violation("CORRECTION-6", "to", "PERSONS-4: needs a channel without observers")


def _corrected(state: State, target: FoldedMessage, judgement: Judgement, correction: Correction) -> Content:
    leaves: dict[str, JsonValue] = dict(content_leaves(target.content))
    for index, change in enumerate(correction.changes):
        present = leaves.pop(change.field, None)
        old = None if present is None else leaf_text(_leaf(present))
        if old != change.old:
            raise violation("CORRECTION-5", f"changes.{index}.old", "needs what the message says now")
        if change.new is not None:
            leaves[change.field] = change.new
    model = type(target.content)
    # Times are judged by when the correction was sent: it is what people will act on.
    sent = target.envelope.model_copy(update={"sent": judgement.envelope.sent})
    try:
        content = validated(model, coerce(model, unflatten(leaves)))
        for problem in content.check(sent):
            raise problem
        _check_again(state, target, content, sent, judgement.now_ms)
    except RuleViolation as error:
        raise violation("CORRECTION-6", error.field, f"{error.rule}: {error.hint}") from None
    except ValueError:
        raise violation("CORRECTION-6", None, "the changes name a field and a part of it") from None
    if attribute_of(content) is not attribute_of(target.content):
        raise violation(
            "CORRECTION-6", None, "it would ask for another kind of answer; cancel it and send a new one"
        )
    if _references(content) != _references(target.content):
        raise violation("CORRECTION-11", "changes")
    return content


def _check_again(state: State, target: FoldedMessage, content: Content, sent: Envelope, now_ms: int) -> None:
    """Hold corrected words against the rules of their type that look at roster and log."""
    message = replace(target.message, envelope=sent, content=content)
    trial = Judgement(
        state, Changes(message), sender=target.sender, message_id=target.id, message=message, now_ms=now_ms
    )
    match content:
        case Notify():
            judge_notify(trial, content)
        case Incident():
            judge_incident(trial, content)
        case Request():
            judge_request(trial, content)
        case _:
            pass  # the others are judged by their own fields alone


def _references(content: Content) -> tuple[str, ...]:
    return tuple(entry.ref for entry in content.entries) if isinstance(content, Persons) else ()


def _leaf(value: JsonValue) -> str | int | bool:
    if not isinstance(value, str | int):
        raise TypeError(type(value).__name__)
    return value
