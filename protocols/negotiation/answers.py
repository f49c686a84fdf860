"""Words that answer: RESPONSE, READBACK, and replies that close what they reply to."""

from protocols.messages.administrative import Readback, Response
from protocols.messages.alert import Alert
from protocols.messages.catalogue import legal_answers
from protocols.messages.commitments import CommitEvent
from protocols.messages.glossary import Term
from protocols.messages.requests import Request
from protocols.messages.seats import Seat
from protocols.negotiation.acknowledgement import Acknowledgement, Level
from protocols.negotiation.committing import answer_event, undertake
from protocols.negotiation.dialogue import answer, check_readback, check_response, is_withheld
from protocols.negotiation.judging import Judgement
from protocols.negotiation.record import ResponseState
from protocols.negotiation.roster import Reason, Refusal
from protocols.negotiation.seating import agree_if_complete, refuse_agreement


def judge_response(judgement: Judgement, content: Response) -> None:
    """Take in a RESPONSE: it closes its target for its sender, and may confirm, undertake or agree."""
    target = judgement.state.target(content.target)
    check_response(judgement.state, target, judgement.sender, judgement.envelope, content, judgement.now_ms)
    if content.code == "AFFIRM" and is_withheld(judgement.state, target):
        raise Refusal(Reason.SUSPENDED, "its author's seat is suspended; nothing is agreed with it now")
    before = target.answer_of(judgement.sender)
    if before is None:
        return
    target = target.answered(judgement.sender, answer(before, judgement.id, content, target))
    judgement.put(target)
    match target.content, content.code:
        case Readback() as readback, "CORRECT":
            original = judgement.target(readback.target)
            judgement.put(original.acknowledged(target.sender, Acknowledgement(Level.CONFIRMED)))
        case (Alert() | Request()) as asked, "WILCO":
            undertake(judgement, target, asked)
        case CommitEvent() as event, ("AFFIRM" | "NEGATIVE") as code:
            answer_event(judgement, target, event, affirmed=code == "AFFIRM")
        case ((Seat() | Term()), "AFFIRM"):
            agree_if_complete(judgement, target)
        case ((Seat() | Term()), "NEGATIVE"):
            refuse_agreement(judgement, target)
        case _:
            pass  # the word means what it says, and changes nothing else


def judge_readback(judgement: Judgement, content: Readback) -> None:
    """Take in a READBACK: its sender has restated the message, which is not yet to have it right."""
    target = judgement.state.target(content.target)
    check_readback(target, judgement.sender, judgement.envelope, content)
    judgement.put(target.acknowledged(judgement.sender, Acknowledgement(Level.READ_BACK)))


def close_replied_to(judgement: Judgement) -> None:
    """Close, for the sender, what a message replies to, where by the catalogue such a reply closes it."""
    replied = judgement.envelope.reference("reply_to")
    if replied is None:
        return
    target = judgement.target(replied)
    state = target.answer_of(judgement.sender)
    if state is None or state.state is ResponseState.CLOSED or target.cancelled:
        return
    kind = judgement.message.type
    closes = any(
        choice.type is kind and choice.choice == "reply_to" and choice.closes
        for choice in legal_answers(target.content)
    )
    if closes and target.sender in judgement.envelope.to:
        judgement.close(replied, kind.value, only=judgement.sender)
