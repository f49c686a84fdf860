"""Facts, questions, notifications, warnings and carried words: what the roster and the log say of them."""

from protocols.messages.alert import Alert
from protocols.messages.conveying import Convey
from protocols.messages.envelope import MessageType
from protocols.messages.information import Inform, Notify, Question
from protocols.messages.roles import Role
from protocols.messages.rules import violation
from protocols.negotiation.answers import close_replied_to
from protocols.negotiation.judging import Judgement


def judge_inform(judgement: Judgement, content: Inform) -> None:
    """Take in an INFORM; as a reply to a question it answers it."""
    close_replied_to(judgement)


def judge_convey(judgement: Judgement, content: Convey) -> None:
    """Take in a CONVEY: carried words inform, and answer nothing but a QUESTION.

    Raises:
        RuleViolation: CONVEY-3. The sender's fault.
    """
    replied = judgement.envelope.reference("reply_to")
    answers_other = replied is not None and judgement.state.target(replied).type is not MessageType.QUESTION
    if answers_other or judgement.envelope.reference("counter_to") is not None:
        raise violation("CONVEY-3", "refs")
    close_replied_to(judgement)


def judge_question(judgement: Judgement, content: Question) -> None:
    """Take in a QUESTION; observers ask mediators only.

    Raises:
        RuleViolation: QUESTION-2. The sender's fault.
    """
    mediators = judgement.others(Role.MEDIATOR)
    if judgement.role is Role.OBSERVER and not judgement.told - {judgement.sender} <= mediators:
        raise violation("QUESTION-2", "to")


def judge_notify(judgement: Judgement, content: Notify) -> None:
    """Take in a NOTIFY.

    Raises:
        RuleViolation: NOTIFY-7 or NOTIFY-11. The sender's fault.
    """
    if judgement.role is Role.PARTY and content.kind != "ACTIVITY":
        hint = "needs ACTIVITY; a SITE or MOVEMENT is notified by liaison or mediator"
        raise violation("NOTIFY-7", "kind", hint)
    if content.contact not in judgement.state.roster:
        raise violation("NOTIFY-11", "contact")


def judge_alert(judgement: Judgement, content: Alert) -> None:
    """Take in an ALERT.

    Raises:
        RuleViolation: ALERT-6. The sender's fault.
    """
    about = judgement.envelope.reference("about")
    if about is None:
        return
    target = judgement.state.target(about)
    if target.sender != judgement.sender or target.type is not MessageType.ALERT:
        raise violation("ALERT-6", "refs")
