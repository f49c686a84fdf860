"""Asking for one act: REQUEST (MESSAGES.md section 2, row 11)."""

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import Field

from protocols.errors import RuleViolation
from protocols.messages.envelope import Envelope
from protocols.messages.rules import violation
from protocols.messages.values import (
    CRITICAL,
    Model,
    Needed,
    ParticipantId,
    Place,
    Time,
    text,
    time_ms,
)

_SEPARATORS: Final = (";", "\n", "/", "\uff1b", "\u061b")


class Request(Model):
    """A request for one act by one participant; WILCO commits whoever says it to that act."""

    actor: Annotated[ParticipantId, CRITICAL, Field(description="who is asked")]
    action: Annotated[str, text(300), CRITICAL, Field(description="the one act that is asked for")]
    place: Annotated[Place | None, CRITICAL, Field(description="where")] = None
    deadline: Annotated[Time, CRITICAL, Needed("REQUEST-1"), Field(description="by when")]
    reason: Annotated[str, text(500, lines=False), Field(description="why")]

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of REQUEST refuse without looking at the roster."""
        if time_ms(self.deadline) <= time_ms(envelope.sent):
            yield violation("REQUEST-1", "deadline", "needs a time after the message is sent")
        if any(mark in self.action for mark in _SEPARATORS):
            yield violation("REQUEST-2", "action", "needs one act; send the second one separately")
        if envelope.to != (self.actor,):
            yield violation("REQUEST-3", "to", "needs the actor, and nobody else, as ACTION addressee")
