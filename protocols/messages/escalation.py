"""A device's note that an acknowledgement is overdue, cause unknown (MESSAGES.md section 3).

Like a receipt it is not a message: nobody answers or acknowledges it. It puts into the log that somebody was
told, and when.
"""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from protocols.errors import RuleViolation
from protocols.messages.rules import violation
from protocols.messages.values import MessageId, Model, ParticipantId, Time

ESCALATION: Final = "ESCALATION"

EscalatedLevel = Literal[1, 2, 4, 6]
EscalationStep = Literal["1x", "1.5x", "2x"]


class Escalation(Model):
    """One step up for one addressee of one message; it names no cause and blames nobody."""

    sender: Annotated[ParticipantId, Field(alias="from", description="whose device noted it")]
    sent: Annotated[Time, Field(description="when, by the sender's clock")]
    message: Annotated[MessageId, Field(description="the message that waits")]
    addressee: Annotated[ParticipantId, Field(description="from whom nothing has come")]
    level: Annotated[EscalatedLevel, Field(description="the rung of the ladder that is overdue")]
    step: Annotated[
        EscalationStep,
        Field(description="1x the sender is told, 1.5x the addressee's alternates, 2x a mediator"),
    ]


def check_escalation(escalation: Escalation) -> Iterator[RuleViolation]:
    """Yield what the escalation's own rules refuse."""
    if escalation.addressee == escalation.sender:
        yield violation("ESCALATION-6", "addressee")
