"""What happened, and what is said to it: INCIDENT, EXPLANATION (MESSAGES.md section 2, rows 20 and 21)."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from protocols.errors import RuleViolation
from protocols.messages.envelope import Envelope
from protocols.messages.findings import NOT_ATTRIBUTED
from protocols.messages.rules import violation
from protocols.messages.values import (
    CRITICAL,
    Grade,
    MessageId,
    Model,
    Place,
    Qty,
    Time,
    Window,
    text,
    time_ms,
)

IncidentCategory = Literal[
    "SMALL_ARMS_FIRE",
    "HEAVY_WEAPONS_FIRE",
    "AIR_ACTIVITY",
    "EXPLOSION",
    "MINE_UXO",
    "LINE_CROSSING",
    "OBSTRUCTION_OF_MOVEMENT",
    "DETENTION",
    "DAMAGE_TO_PROTECTED_SITE",
    "HARM_TO_CIVILIANS",
    "LOOTING",
    "OTHER",
]


class Incident(Model):
    """A report in nine lines; it is not a finding."""

    window: Annotated[Window, CRITICAL, Field(description="when it happened")]
    place: Annotated[Place, CRITICAL, Field(description="where")]
    category: Annotated[IncidentCategory, Field(description="what kind of incident")]
    known: Annotated[Literal["SEEN", "HEARD", "SENSOR", "REPORTED"], Field(description="how it is known")]
    civilian: Annotated[Qty | None, Field(description="civilians harmed")] = None
    combatant: Annotated[Qty | None, Field(description="combatants harmed")] = None
    unknown: Annotated[Qty | None, Field(description="persons harmed of whom neither is known")] = None
    attribution: Annotated[
        str, text(100, lines=False), Field(description="to whom it is attributed, or NOT_ATTRIBUTED")
    ] = NOT_ATTRIBUTED
    attribution_basis: Annotated[
        str | None, text(300, lines=False), Field(description="on what grounds; with an attribution")
    ] = None
    grade: Annotated[Grade, Field(description="source reliability A-F and credibility 1-6")]
    status: Annotated[Literal["ONGOING", "CEASED"], Field(description="whether it goes on")]
    asked: Annotated[
        Literal["EXPLAIN", "INVESTIGATE", "NONE"], Field(description="what the addressees are asked for")
    ]
    notification: Annotated[MessageId | None, Field(description="the NOTIFY of what was hit or hindered")] = (
        None
    )

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of INCIDENT refuse without looking at other messages."""
        if (self.attribution_basis is not None) != (self.attribution != NOT_ATTRIBUTED):
            hint = (
                f"needs the grounds, or attribution {NOT_ATTRIBUTED}"
                if self.attribution_basis is None
                else "goes only with an attribution"
            )
            yield violation("INCIDENT-1", "attribution_basis", hint)
        if time_ms(self.window.start) > time_ms(envelope.sent):
            yield violation("INCIDENT-2", "window.start", "needs a time not after the message is sent")
        for name, effect in (
            ("civilian", self.civilian),
            ("combatant", self.combatant),
            ("unknown", self.unknown),
        ):
            if effect is not None and effect.unit != "persons":
                yield violation("INCIDENT-3", f"{name}.unit", "needs persons")


class Explanation(Model):
    """The concerned party's answer to an INCIDENT that asked for one."""

    incident: Annotated[MessageId, Field(description="the INCIDENT it answers")]
    position: Annotated[
        Literal["ACKNOWLEDGE", "PARTLY", "DENY", "INVESTIGATING"], Field(description="what is said to it")
    ]
    account: Annotated[str, text(1000), Field(description="what happened, as this party knows it")]
    measures: Annotated[
        tuple[Annotated[str, text(300, lines=False)], ...],
        Field(max_length=10, description="what was or will be done"),
    ] = ()
    next_update: Annotated[Time | None, Field(description="when more will be said; with INVESTIGATING")] = (
        None
    )

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of EXPLANATION refuse without looking at the incident."""
        if (self.next_update is not None) != (self.position == "INVESTIGATING"):
            hint = "needs a time" if self.next_update is None else "goes only with INVESTIGATING"
            yield violation("EXPLANATION-1", "next_update", hint)
        elif self.next_update is not None and time_ms(self.next_update) <= time_ms(envelope.sent):
            yield violation("EXPLANATION-1", "next_update", "needs a time after the message is sent")
