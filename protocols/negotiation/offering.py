"""What a participant may answer to a message now; the interface offers this and nothing else."""

from collections.abc import Iterable
from typing import Final

from protocols.messages.administrative import Readback, Response
from protocols.messages.adoption import Adopt
from protocols.messages.catalogue import CATALOGUE, OBSERVER_CODES, Answer, legal_answers
from protocols.messages.commitments import CommitEvent
from protocols.messages.envelope import MessageType
from protocols.messages.powers import Power
from protocols.messages.proposals import Proposal
from protocols.negotiation.commitment import CommitmentState
from protocols.negotiation.dialogue import (
    MAX_STANDBYS,
    act_until,
    awaits_roger,
    has_critical,
    is_limited,
    is_over,
    is_withheld,
)
from protocols.negotiation.entitlement import has_power, may, topics_of
from protocols.negotiation.record import FoldedMessage, ResponseState
from protocols.negotiation.state import State

_ON_TEXTS: Final[tuple[Power, ...]] = ("NEGOTIATE", "ACCEPT_AD_REF", "ACCEPT_FINAL")
"""What the answers to a text take; which answer takes which is judged when it is given."""


def answers_for(state: State, folded: FoldedMessage, me: str, now_ms: int) -> tuple[Answer, ...]:
    """Return the answers of the catalogue's table that this participant could give at this relay time."""
    if is_over(state, folded, now_ms) or me in state.suspended or me not in state.roster:
        return ()
    answers = legal_answers(folded.content)
    return tuple(choice for choice in answers if _possible(state, folded, me, choice, now_ms))


def _possible(state: State, folded: FoldedMessage, me: str, choice: Answer, now_ms: int) -> bool:
    role = state.roster.role(me)
    if role is None or role not in CATALOGUE[choice.type].senders:
        return False
    mine = folded.answer_of(me)
    closed = mine is not None and mine.state is ResponseState.CLOSED
    limited = is_limited(state, folded, me)
    content = folded.content
    match choice.type:
        case MessageType.RESPONSE:
            return (
                me in folded.addressees and not closed and _word(state, folded, me, choice, limited, now_ms)
            )
        case MessageType.READBACK:
            return me in folded.to and not limited and has_critical(content)
        case MessageType.CLAUSE_REPLY | MessageType.PROPOSAL:
            mine_to_say = isinstance(content, Proposal) and me in content.required and me in folded.addressees
            return mine_to_say and _may_one_of(state, folded, me, _ON_TEXTS, now_ms)
        case MessageType.ADOPT:
            required = isinstance(content, Adopt) and me in state.proposals[content.proposal].content.required
            return required and _may_one_of(state, folded, me, _ON_TEXTS, now_ms)
        case MessageType.COMMIT_EVENT:
            owed = isinstance(content, CommitEvent) and _is_creditor(state, content, me)
            return owed and not closed and _may_one_of(state, folded, me, ("COMMIT",), now_ms)
        case MessageType.FINDING:
            return isinstance(content, CommitEvent) and _verifies(state, content, me)
        case _:
            return mine is not None and not closed and not limited


def _word(state: State, folded: FoldedMessage, me: str, choice: Answer, limited: bool, now_ms: int) -> bool:
    code, mine = choice.choice, folded.answer_of(me)
    if limited and code not in OBSERVER_CODES:
        return False
    if code == "STANDBY":
        return mine is not None and mine.standbys < MAX_STANDBYS
    if code in ("WILCO", "AFFIRM") and now_ms >= act_until(folded):
        return False
    if code == "AFFIRM" and is_withheld(state, folded):
        return False
    if code in ("WILCO", "AFFIRM", "NEGATIVE") and awaits_roger(state, folded, me):
        return False
    content = folded.content
    if isinstance(content, Readback) and code in ("CORRECT", "WRONG"):
        return state.messages[content.target].sender == me
    said = Response.model_construct(target=folded.id, code=code)
    return may(state, me, said, content, topics_of(state, said, folded), now_ms)


def _may_one_of(state: State, folded: FoldedMessage, me: str, powers: Iterable[Power], now_ms: int) -> bool:
    """Say whether a participant has one of these powers about everything that a message is about."""
    topics = tuple(topics_of(state, folded.content, folded))
    return any(all(has_power(state, me, power, topic, now_ms) for topic in topics) for power in powers)


def _is_creditor(state: State, event: CommitEvent, me: str) -> bool:
    return me in state.commitments[event.commitment].creditors


def _verifies(state: State, event: CommitEvent, me: str) -> bool:
    commitment = state.commitments[event.commitment]
    return me == commitment.verifier and commitment.state is CommitmentState.CLAIMED
