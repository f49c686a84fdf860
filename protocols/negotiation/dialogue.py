"""What may answer what, and by when (MESSAGES.md sections 2 and 3).

A dialogue is open until each ACTION addressee has given an answer that closes it. STANDBY and NOT-UNDERSTOOD
never close, free text never closes, and what is closed stays closed. Composing and receiving use the same
checks; which answers there are is the catalogue's table.
"""

from dataclasses import replace
from functools import cache
from typing import Final

from protocols.messages.administrative import Readback, Response
from protocols.messages.adoption import Adopt
from protocols.messages.alert import Alert
from protocols.messages.catalogue import OBSERVER_CODES, ResponseAttribute, attribute_of, closing_codes
from protocols.messages.commitments import CommitEvent
from protocols.messages.envelope import Envelope
from protocols.messages.glossary import Term
from protocols.messages.information import Notify
from protocols.messages.leaves import compare_readback, critical_fields, critical_leaves
from protocols.messages.message import Content, Message
from protocols.messages.proposals import Proposal
from protocols.messages.requests import Request
from protocols.messages.roles import Role
from protocols.messages.rules import violation
from protocols.messages.seats import Seat
from protocols.messages.values import given, time_ms
from protocols.negotiation.record import AnswerState, FoldedMessage, ResponseState
from protocols.negotiation.state import State

MAX_STANDBYS: Final = 2
"""The first, and one extension.

STANDBY is given once, with a time; MESSAGES.md section 2 refuses "more than one STANDBY extension". So who
could not keep that time may name another one, once, and must then answer.
"""

_ABOUT_THE_WORDS: Final = frozenset({"WILCO", "AFFIRM", "NEGATIVE"})
"""Codes that mean what the target says, and so would mean something else when it says something else."""


def responders(state: State, message: Message) -> tuple[str, ...]:
    """Return the ACTION addressees that an answer is wanted from.

    Observers may say no more than ROGER, so of them nothing is wanted where ROGER closes nothing.
    """
    to, content = message.envelope.to, message.content
    match content:
        case Proposal(required=required):
            return tuple(party for party in to if party in required)
        case Adopt(proposal=proposal):
            tabled = state.proposals.get(proposal)
            return tuple(party for party in to if tabled is not None and party in tabled.content.required)
        case Seat() | Term():
            return tuple(one for one in to if state.roster.role(one) is Role.PARTY)
        case _ if attribute_of(content) is ResponseAttribute.NONE:
            return ()
        case _ if "ROGER" in closing_codes(content):
            return to
        case _:
            return tuple(one for one in to if state.roster.role(one) is not Role.OBSERVER)


def check_response(
    state: State, target: FoldedMessage, sender: str, envelope: Envelope, response: Response, now_ms: int
) -> None:
    """Hold an answer against the message it answers.

    Raises:
        RuleViolation: a rule of RESPONSE. The sender's fault.
    """
    code, content = response.code, target.content
    if sender not in target.addressees or (is_limited(state, target, sender) and code not in OBSERVER_CODES):
        raise violation("RESPONSE-10", "code")
    if target.sender in state.roster and target.sender not in envelope.to:
        raise violation("RESPONSE-13", "to")
    if attribute_of(content) is ResponseAttribute.NONE:
        raise violation("RESPONSE-5", "target", f"{target.type} wants no answer")
    legal = (*closing_codes(content), "STANDBY", "NOT-UNDERSTOOD")
    if code not in legal:
        raise violation("RESPONSE-5", "code", f"needs one of {', '.join(legal)}")
    answer = target.answer_of(sender)
    closed = answer is not None and answer.state is ResponseState.CLOSED
    if closed or is_over(state, target, now_ms):
        raise violation("RESPONSE-9", "target", "it is closed or cancelled")
    if code in _ABOUT_THE_WORDS:
        check_corrections_seen(state, target, sender)
    if code == "STANDBY" and answer is not None and answer.standbys >= MAX_STANDBYS:
        raise violation("RESPONSE-7", "code", "needs an answer now")
    if code in ("WILCO", "AFFIRM") and now_ms >= act_until(target):
        raise violation("RESPONSE-6", "code", "it is no longer valid; ask its author for a new one")
    if code == "ROGER" and response.passed_to is None and isinstance(content, Notify | Alert):
        raise violation("RESPONSE-8", "passed_to", "needs to whom it was passed")
    if isinstance(content, Readback) and code in ("CORRECT", "WRONG"):
        _check_confirmation(state, content, sender, response)


def is_limited(state: State, target: FoldedMessage, participant: str) -> bool:
    """Say whether a participant may say no more to a message than ROGER or NOT-UNDERSTOOD."""
    action = target.responders if isinstance(target.content, Seat | Term) else target.to
    return participant not in action or state.roster.role(participant) is Role.OBSERVER


def is_over(state: State, target: FoldedMessage, now_ms: int) -> bool:
    """Say whether a message was cancelled, or is about a proposal that has ended or lapsed by now."""
    match target.content:
        case Proposal():
            return not state.proposals[target.id].is_open(now_ms)
        case Adopt(proposal=proposal):
            return not state.proposals[proposal].is_open(now_ms)
        case _:
            return target.cancelled


def check_corrections_seen(state: State, target: FoldedMessage, sender: str) -> None:
    """Refuse an answer to words that were corrected before it, and that its sender may not have seen.

    Raises:
        RuleViolation: CORRECTION-12. The correction overtook the answer; nobody need be at fault.
    """
    if awaits_roger(state, target, sender):
        raise violation("CORRECTION-12", None, "it was corrected meanwhile; read it again, and say ROGER")


def awaits_roger(state: State, target: FoldedMessage, participant: str) -> bool:
    """Say whether a participant has not yet said ROGER to every correction of a message."""
    asked = (state.messages[name].answer_of(participant) for name in target.corrected_by)
    return any(answer is not None and answer.state is not ResponseState.CLOSED for answer in asked)


def is_withheld(state: State, target: FoldedMessage) -> bool:
    """Say whether a message asks for agreement that must not take effect while its author is suspended.

    Who took a key may have asked with it just before. A SUSPEND only protects, whoever asked for it.
    """
    match target.content:
        case Seat(operation="SUSPEND"):
            return False
        case Seat() | Term() | CommitEvent():
            return target.sender in state.suspended
        case _:
            return False


def act_until(target: FoldedMessage) -> int:
    """Return the relay time from which on nothing may be promised in answer to a message."""
    ends = [time_ms(target.envelope.valid_until)] if target.envelope.valid_until else []
    match target.content:
        case Alert(until=end) | Request(deadline=end):
            ends.append(time_ms(end))
        case _:
            pass
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


@cache
def _critical(model: type[Content]) -> tuple[str, ...]:
    return critical_fields(model)


def has_critical(content: Content) -> bool:
    """Say whether a message has fields to be read back."""
    return any(getattr(content, name) not in (None, ()) for name in _critical(type(content)))
