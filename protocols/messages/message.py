"""A message: its envelope and its content, and the rules both must keep together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from protocols.errors import RuleViolation
from protocols.messages.administrative import Correction, Readback, Response
from protocols.messages.alert import Alert
from protocols.messages.commitments import CommitEvent
from protocols.messages.envelope import Envelope, MessageType, check_envelope
from protocols.messages.information import Inform, Notify, Question
from protocols.messages.proposals import ClauseReply, Proposal

Content: TypeAlias = (
    Response
    | Readback
    | Correction
    | Inform
    | Question
    | Notify
    | Proposal
    | ClauseReply
    | CommitEvent
    | Alert
)

CONTENT_MODELS: Final[Mapping[MessageType, type[Content]]] = {
    MessageType.RESPONSE: Response,
    MessageType.READBACK: Readback,
    MessageType.CORRECTION: Correction,
    MessageType.INFORM: Inform,
    MessageType.QUESTION: Question,
    MessageType.NOTIFY: Notify,
    MessageType.PROPOSAL: Proposal,
    MessageType.CLAUSE_REPLY: ClauseReply,
    MessageType.COMMIT_EVENT: CommitEvent,
    MessageType.ALERT: Alert,
}
TYPE_OF: Final[Mapping[type[Content], MessageType]] = {model: kind for kind, model in CONTENT_MODELS.items()}


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the ten types. Its id is the payload's, so it is not in here."""

    envelope: Envelope
    content: Content

    @property
    def type(self) -> MessageType:
        """The message's type, which its content decides."""
        return TYPE_OF[type(self.content)]

    @property
    def target(self) -> str | None:
        """The id of the message (for COMMIT-EVENT: none) that this one is an answer to or an act upon."""
        match self.content:
            case Response(target=target) | Readback(target=target) | Correction(target=target):
                return target
            case ClauseReply(proposal=target):
                return target
            case _:
                return self.envelope.reference("reply_to")


def check_message(message: Message) -> Iterator[RuleViolation]:
    """Yield everything the rules refuse about a message by itself, with `sent` as the only clock."""
    yield from check_envelope(message.type, message.envelope)
    yield from message.content.check(message.envelope)
