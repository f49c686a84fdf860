"""A message: its envelope and its content, and the rules both must keep together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from protocols.errors import RuleViolation
from protocols.messages.administrative import Correction, Readback, Response
from protocols.messages.adoption import Adopt
from protocols.messages.alert import Alert
from protocols.messages.commitments import Commit, CommitEvent
from protocols.messages.conveying import Convey
from protocols.messages.envelope import Envelope, MessageType, check_envelope
from protocols.messages.findings import Finding
from protocols.messages.glossary import Term
from protocols.messages.incidents import Explanation, Incident
from protocols.messages.information import Inform, Notify, Question
from protocols.messages.mandates import Mandate
from protocols.messages.meetings import Meeting
from protocols.messages.persons import Persons
from protocols.messages.proposals import ClauseReply, Proposal
from protocols.messages.requests import Request
from protocols.messages.seats import Seat
from protocols.messages.watch import LineCheck

Content: TypeAlias = (
    LineCheck
    | Mandate
    | Seat
    | Response
    | Readback
    | Correction
    | Inform
    | Question
    | Convey
    | Notify
    | Request
    | Proposal
    | ClauseReply
    | Term
    | Adopt
    | Commit
    | CommitEvent
    | Finding
    | Alert
    | Incident
    | Explanation
    | Persons
    | Meeting
)

CONTENT_MODELS: Final[Mapping[MessageType, type[Content]]] = {
    MessageType.LINE_CHECK: LineCheck,
    MessageType.MANDATE: Mandate,
    MessageType.SEAT: Seat,
    MessageType.RESPONSE: Response,
    MessageType.READBACK: Readback,
    MessageType.CORRECTION: Correction,
    MessageType.INFORM: Inform,
    MessageType.QUESTION: Question,
    MessageType.CONVEY: Convey,
    MessageType.NOTIFY: Notify,
    MessageType.REQUEST: Request,
    MessageType.PROPOSAL: Proposal,
    MessageType.CLAUSE_REPLY: ClauseReply,
    MessageType.TERM: Term,
    MessageType.ADOPT: Adopt,
    MessageType.COMMIT: Commit,
    MessageType.COMMIT_EVENT: CommitEvent,
    MessageType.FINDING: Finding,
    MessageType.ALERT: Alert,
    MessageType.INCIDENT: Incident,
    MessageType.EXPLANATION: Explanation,
    MessageType.PERSONS: Persons,
    MessageType.MEETING: Meeting,
}
TYPE_OF: Final[Mapping[type[Content], MessageType]] = {model: kind for kind, model in CONTENT_MODELS.items()}


@dataclass(frozen=True, slots=True)
class Message:
    """One message. Its id is the payload's, so it is not in here."""

    envelope: Envelope
    content: Content

    @property
    def type(self) -> MessageType:
        """The message's type, which its content decides."""
        return TYPE_OF[type(self.content)]

    @property
    def target(self) -> str | None:
        """The id of the message that this one is an answer to or an act upon; None where there is none.

        An act upon a commitment has none, for a commitment is not a message.
        """
        match self.content:
            case Response(target=target) | Readback(target=target) | Correction(target=target):
                return target
            case ClauseReply(proposal=target) | Adopt(proposal=target) | Explanation(incident=target):
                return target
            case Finding(kind="INCIDENT", subject=target):
                return target
            case Persons(list=str() as target) | Meeting(meeting=str() as target):
                return target
            case _:
                return self.envelope.reference("reply_to")


def check_message(message: Message) -> Iterator[RuleViolation]:
    """Yield everything the rules refuse about a message by itself, with `sent` as the only clock."""
    yield from check_envelope(message.type, message.envelope)
    yield from message.content.check(message.envelope)
