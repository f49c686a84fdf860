"""What may answer what: RESPONSE, READBACK and replies to questions (MESSAGES.md sections 2 and 3).

A dialogue is open until each ACTION addressee has given an answer that closes it. STANDBY and
NOT-UNDERSTOOD never close, free text never closes, and what is closed stays closed. Composing and receiving
use the same checks.
"""

from dataclasses import replace
from typing import Final

from protocols.messages.administrative import Correction, Readback, Response
from protocols.messages.alert import Alert
from protocols.messages.catalogue import (
    ACKNOWLEDGEMENT_DUE_MS,
    CATALOGUE,
    CLAIM_DUE_MS,
    HOUR_MS,
    OBSERVER_CODES,
    Answer,
    ResponseAttribute,
    attribute_of,
    closing_codes,
    legal_answers,
)
from protocols.messages.commitments import CommitEvent
from protocols.messages.envelope import Envelope, MessageType
from protocols.messages.information import Inform, Notify, Question
from protocols.messages.leaves import compare_readback, critical_leaves
from protocols.messages.message import Message
from protocols.messages.proposals import Proposal
from protocols.messages.roles import Role
from protocols.messages.rules import violation
from protocols.messages.values import given, time_ms
from protocols.negotiation.record import AnswerState, FoldedMessage, ResponseState
from protocols.negotiation.state import State

MAX_STANDBYS: Final = 2
"""The first, and one extension."""


def responders(message: Message) -> tuple[str, ...]:
    """Return the ACTION addressees that an answer is wanted from."""
    match message.content:
        case Proposal(required=required):
            return tuple(party for party in message.envelope.to if party in required)
        case content if attribute_of(content) is ResponseAttribute.NONE:
            return ()
        case _:
            return message.envelope.to


def check_response(
    state: State, target: FoldedMessage, sender: str, envelope: Envelope, response: Response, now_ms: int
) -> None:
    """Hold an answer against the message it answers.

    Raises:
        RuleViolation: a rule of RESPONSE. The sender's fault.
    """
    code = response.code
    limited = sender not in target.to or state.roster.role(sender) is Role.OBSERVER
    if sender not in target.addressees or (limited and code not in OBSERVER_CODES):
        raise violation("RESPONSE-10", "code")
    if target.sender in state.roster and target.sender not in envelope.to:
        raise violation("RESPONSE-13", "to")
    if attribute_of(target.content) is ResponseAttribute.NONE:
        raise violation("RESPONSE-5", "target", f"{target.type} wants no answer")
    legal = (*closing_codes(target.content), "STANDBY", "NOT-UNDERSTOOD")
    if code not in legal:
        raise violation("RESPONSE-5", "code", f"needs one of {', '.join(legal)}")
    answer = target.answers.get(sender)
    closed = answer is not None and answer.state is ResponseState.CLOSED
    if closed or _is_over(state, target, now_ms):
        raise violation("RESPONSE-9", "target", "it is closed or cancelled")
    if code == "STANDBY" and answer is not None and answer.standbys >= MAX_STANDBYS:
        raise violation("RESPONSE-7", "code", "needs an answer now")
    if code in ("WILCO", "AFFIRM") and now_ms >= _act_until(target):
        raise violation("RESPONSE-6", "code", "it is no longer valid; ask its author for a new one")
    if code == "ROGER" and response.passed_to is None and isinstance(target.content, Notify | Alert):
        raise violation("RESPONSE-8", "passed_to", "needs to whom it was passed")
    if isinstance(target.content, Readback) and code in ("CORRECT", "WRONG"):
        _check_confirmation(state, target.content, sender, response)


def _is_over(state: State, target: FoldedMessage, now_ms: int) -> bool:
    """Say whether a message was cancelled, or is a proposal that has ended or lapsed by now."""
    if isinstance(target.content, Proposal):
        return not state.proposals[target.id].is_open(now_ms)
    return target.cancelled


def _act_until(target: FoldedMessage) -> int:
    """The relay time from which on nothing may be promised in answer to a message."""
    ends = [time_ms(target.message.envelope.valid_until)] if target.message.envelope.valid_until else []
    if isinstance(target.content, Alert):
        ends.append(time_ms(target.content.until))
    return min(ends, default=2**63)


def _check_confirmation(state: State, readback: Readback, sender: str, response: Response) -> None:
    """CORRECT must be positive and true; a listener's eye misses what a comparison does not."""
    original = state.target(readback.target)
    if original.sender != sender:
        raise violation("RESPONSE-10", "code", "only the author of what was read back confirms it")
    rows = compare_readback(original.content, readback)
    if response.code == "CORRECT":
        if wrong := [row.field for row in rows if row.exact and not row.matches]:
            raise violation("RESPONSE-11", "code", f"these differ: {', '.join(wrong)}")
    elif not set(response.fields) <= {row.field for row in rows}:
        raise violation("RESPONSE-12", "fields")


def answer(previous: AnswerState, message_id: str, response: Response, target: FoldedMessage) -> AnswerState:
    """Return an addressee's state after a RESPONSE that `check_response` let through."""
    if response.code == "STANDBY":
        return AnswerState(
            state=ResponseState.STANDBY,
            answer="STANDBY",
            by_ms=time_ms(given(response.by)),
            standbys=previous.standbys + 1,
            message=message_id,
        )
    if response.code in closing_codes(target.content):
        return replace(
            previous, state=ResponseState.CLOSED, answer=response.code, by_ms=None, message=message_id
        )
    return replace(previous, answer=response.code, message=message_id)


def check_readback(target: FoldedMessage, sender: str, envelope: Envelope, readback: Readback) -> None:
    """Hold a read-back against the message it restates.

    Raises:
        RuleViolation: a rule of READBACK. The sender's fault.
    """
    if sender not in target.to or target.sender not in envelope.to:
        raise violation("READBACK-4", "target")
    critical = critical_leaves(target.content)
    if not critical or target.cancelled:
        raise violation("READBACK-5", "target")
    restated = {reading.field for reading in readback.readings}
    if missing := [path for path in critical if path not in restated]:
        raise violation("READBACK-2", missing[0], "needs to be read back")
    if extra := sorted(restated - critical.keys()):
        raise violation("READBACK-3", extra[0])


def is_answer(target: FoldedMessage, sender: str, message: Message) -> bool:
    """Say whether this INFORM closes the message it replies to, for its sender."""
    state = target.answers.get(sender)
    return (
        isinstance(message.content, Inform)
        and isinstance(target.content, Question)
        and target.content.form != "YES_NO"
        and state is not None
        and state.state is not ResponseState.CLOSED
        and target.sender in message.envelope.to
    )


def due_ms(state: State, folded: FoldedMessage) -> int | None:
    """Return the relay time by which answers are expected; None where there is no timer."""
    envelope = folded.message.envelope
    if envelope.respond_by is not None:
        return time_ms(envelope.respond_by)
    match folded.content:
        case Proposal():
            return time_ms(envelope.valid_until) if envelope.valid_until else None
        case Readback():
            allowed = ACKNOWLEDGEMENT_DUE_MS[envelope.precedence].get(6)
        case Correction(target=target):
            original = state.messages[target]
            default = CATALOGUE[original.type].due_ms
            allowed = default // 2 if default is not None else None
        case CommitEvent(event="CLAIM"):
            allowed = CLAIM_DUE_MS
        case Notify(window=window):
            usual = folded.relay_time_ms + 24 * HOUR_MS
            return min(usual, time_ms(window.start) - 12 * HOUR_MS)
        case _:
            allowed = CATALOGUE[folded.type].due_ms
    return None if allowed is None else folded.relay_time_ms + allowed


def answers_for(state: State, folded: FoldedMessage, me: str, now_ms: int) -> tuple[Answer, ...]:
    """Return what this participant may answer to a message now; the interface offers nothing else."""
    mine = folded.answers.get(me)
    closed = mine is not None and mine.state is ResponseState.CLOSED
    if _is_over(state, folded, now_ms) or me not in folded.addressees:
        return ()
    limited = me not in folded.to or state.roster.role(me) is Role.OBSERVER
    offered: list[Answer] = []
    for choice in legal_answers(folded.content):
        match choice.type:
            case MessageType.READBACK:
                possible = not limited and bool(critical_leaves(folded.content))
            case MessageType.RESPONSE:
                possible = not closed and (not limited or choice.choice in OBSERVER_CODES)
                if choice.choice == "STANDBY":
                    possible = possible and mine is not None and mine.standbys < MAX_STANDBYS
                if choice.choice in ("WILCO", "AFFIRM"):
                    possible = possible and now_ms < _act_until(folded)
                if isinstance(folded.content, Readback) and choice.choice in ("CORRECT", "WRONG"):
                    possible = possible and state.messages[folded.content.target].sender == me
            case MessageType.CLAUSE_REPLY | MessageType.PROPOSAL:
                possible = _may_reply(state, folded, me, now_ms)
            case MessageType.COMMIT_EVENT:
                possible = not closed and _may_confirm(state, folded, me)
            case _:
                possible = not closed and not limited
        if possible:
            offered.append(choice)
    return tuple(offered)


def _may_reply(state: State, folded: FoldedMessage, me: str, now_ms: int) -> bool:
    proposal = state.proposals[folded.id]
    return me in proposal.content.required and proposal.is_open(now_ms)


def _may_confirm(state: State, folded: FoldedMessage, me: str) -> bool:
    content = folded.content
    return isinstance(content, CommitEvent) and me in state.commitments[content.commitment].creditors
