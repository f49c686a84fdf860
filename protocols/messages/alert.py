"""Immediate danger: ALERT (MESSAGES.md section 2, row 19)."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from protocols.errors import RuleViolation
from protocols.messages.envelope import Envelope
from protocols.messages.rules import violation
from protocols.messages.values import CRITICAL, Model, Needed, Place, Qty, Time, time_ms

MAX_REMARKS: Final = 200

AskedAction = Literal["HOLD_FIRE", "HALT_MOVEMENT", "ALLOW_PASSAGE", "CONTACT_UNIT", "NONE"]


class Alert(Model):
    """A warning; WILCO commits whoever says it to the one asked action until the time given."""

    danger: Annotated[
        Literal["FIRE", "IMMINENT_CLASH", "PROTECTED_SITE", "MEDEVAC", "MINE_UXO", "LOST_CONTACT", "OTHER"],
        Field(description="what the danger is"),
    ]
    place: Annotated[Place, CRITICAL, Needed("ALERT-1"), Field(description="where")]
    observed: Annotated[Time, CRITICAL, Field(description="when it was seen")]
    asked: Annotated[AskedAction, CRITICAL, Field(description="the one action asked for")]
    until: Annotated[Time, CRITICAL, Needed("ALERT-1"), Field(description="until when it is asked")]
    persons_at_risk: Annotated[Qty, Field(description="how many people are in danger")]
    phase: Annotated[Literal["RAISE", "UPDATE", "END"], Field(description="new, changed or over")] = "RAISE"

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of ALERT refuse; structure only, nothing here delays an alert."""
        sent = time_ms(envelope.sent)
        if time_ms(self.until) <= sent:
            yield violation("ALERT-2", "until", "needs a time after the message is sent")
        if time_ms(self.observed) > sent:
            yield violation("ALERT-3", "observed", "needs a time not after the message is sent")
        if envelope.remarks is not None and len(envelope.remarks) > MAX_REMARKS:
            yield violation("ALERT-4", "remarks")
        if self.persons_at_risk.unit != "persons":
            yield violation("ALERT-5", "persons_at_risk.unit", "needs persons")
        if (self.phase == "RAISE") != (envelope.reference("about") is None):
            yield violation(
                "ALERT-6", "refs", "needs a reference about the alert for UPDATE and END, none for RAISE"
            )
