"""Stating, asking, notifying: INFORM, QUESTION, NOTIFY (MESSAGES.md section 2, rows 7, 8 and 10)."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Final, Literal

from pydantic import Field

from protocols.errors import RuleViolation
from protocols.messages.envelope import Envelope
from protocols.messages.rules import violation
from protocols.messages.values import (
    CRITICAL,
    Grade,
    Hash,
    Model,
    Needed,
    ParticipantId,
    Place,
    Qty,
    Route,
    Time,
    Window,
    text,
    time_ms,
)

_HOUR_MS: Final = 3_600_000
MOVEMENT_LEAD_MS: Final = 24 * _HOUR_MS
COARSE_RADIUS_M: Final = 1_000
_QUESTION_MARKS: Final = "?\u037e\u061f\u055e\uff1f"


class Inform(Model):
    """A statement of facts, with how they are known."""

    statement: Annotated[str, text(1000), Field(description="the facts")]
    basis: Annotated[
        Literal["OWN_OBSERVATION", "OWN_REPORTS", "THIRD_PARTY", "ASSESSMENT"],
        Field(description="how they are known"),
    ]
    as_of: Annotated[Time, Needed("INFORM-2"), Field(description="information as of")]
    grade: Annotated[
        Grade | None, Field(description="source reliability A-F and credibility 1-6, unless own observation")
    ] = None
    window: Annotated[Window | None, CRITICAL, Field(description="when it happened or will")] = None
    place: Annotated[Place | None, CRITICAL, Field(description="where")] = None
    qty: Annotated[Qty | None, CRITICAL, Field(description="how many or how much")] = None
    attachment: Annotated[Hash | None, Field(description="SHA-256 of an attachment")] = None

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of INFORM refuse."""
        if self.grade is None and self.basis != "OWN_OBSERVATION":
            yield violation("INFORM-1", "grade", "needs a Grade such as C3, or basis OWN_OBSERVATION")
        if time_ms(self.as_of) > time_ms(envelope.sent):
            yield violation("INFORM-2", "as_of", "needs a time not after the message is sent")


class Question(Model):
    """One question; its form says which answers close it."""

    question: Annotated[str, text(300, lines=False), Field(description="one question")]
    form: Annotated[
        Literal["YES_NO", "WHO", "WHEN", "WHERE", "QUANTITY", "TEXT"],
        Field(description="what kind of answer"),
    ]
    purpose: Annotated[str | None, text(300, lines=False), Field(description="why it is asked")] = None

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of QUESTION refuse."""
        if sum(self.question.count(mark) for mark in _QUESTION_MARKS) > 1:
            yield violation(
                "QUESTION-1", "question", "needs a single question; send the second one separately"
            )


class Notify(Model):
    """A site, a humanitarian movement or an own planned activity made known; it informs, no more."""

    kind: Annotated[Literal["SITE", "MOVEMENT", "ACTIVITY"], Field(description="what is notified")]
    purpose: Annotated[str, text(300, lines=False), Field(description="what for")]
    place: Annotated[Place | None, CRITICAL, Field(description="where, unless there is a route")] = None
    route: Annotated[
        Route | None, CRITICAL, Field(description="waypoints with times, unless there is a place")
    ] = None
    window: Annotated[Window, CRITICAL, Field(description="when")]
    persons: Annotated[Qty, CRITICAL, Field(description="how many people")]
    contact: Annotated[ParticipantId, Field(description="who on the roster can be asked")]
    vehicles: Annotated[Qty | None, CRITICAL, Field(description="how many vehicles; with MOVEMENT")] = None
    markings: Annotated[
        str | None, text(200, lines=False), Field(description="how they are marked; with MOVEMENT")
    ] = None
    site_function: Annotated[
        str | None, text(200, lines=False), Field(description="what the site is; with SITE")
    ] = None
    expiry: Annotated[Time | None, Field(description="when the notification ends; with SITE")] = None
    activity: Annotated[
        Literal["MINE_CLEARANCE", "CONSTRUCTION", "TRAINING", "ROTATION", "MAINTENANCE", "OTHER"] | None,
        Field(description="category; with ACTIVITY"),
    ] = None
    cargo: Annotated[str | None, text(100, lines=False), Field(description="category of cargo")] = None
    emergency: Annotated[bool, Field(description="a MOVEMENT that cannot wait 24 hours")] = False

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of NOTIFY refuse."""
        sent, start = time_ms(envelope.sent), time_ms(self.window.start)
        if start < sent:
            yield violation("NOTIFY-1", "window.start", "needs a start after the message is sent")
        elif self.kind == "MOVEMENT" and start - sent < MOVEMENT_LEAD_MS and not self.emergency:
            yield violation("NOTIFY-2", "window.start", "needs 24 hours' lead, or emergency=true")
        if (self.place is None) == (self.route is None):
            yield violation("NOTIFY-3", "place", "needs either a place or a route")
        yield from self._check_kind(start)
        if self.route is not None:
            times = [time_ms(point.at) for point in self.route]
            inside = start <= times[0] and times[-1] <= time_ms(self.window.end)
            if not inside or any(first >= later for first, later in pairwise(times)):
                yield violation("NOTIFY-8", "route")
        if self.kind == "ACTIVITY":
            places = (self.place,) if self.place else tuple(point.place for point in self.route or ())
            if any(place.radius_m < COARSE_RADIUS_M for place in places):
                yield violation("NOTIFY-9", "place.radius_m", "needs a radius of 1000 or more")
        if self.persons.unit != "persons":
            yield violation("NOTIFY-10", "persons.unit", "needs persons")
        if self.vehicles is not None and self.vehicles.unit != "vehicles":
            yield violation("NOTIFY-10", "vehicles.unit", "needs vehicles")

    def _check_kind(self, start: int) -> Iterator[RuleViolation]:
        """The fields that belong to one kind are there with it, and only with it."""
        for name, given in (("vehicles", self.vehicles), ("markings", self.markings)):
            if (given is not None) != (self.kind == "MOVEMENT"):
                yield violation("NOTIFY-4", name)
        for name, given in (("site_function", self.site_function), ("expiry", self.expiry)):
            if (given is not None) != (self.kind == "SITE"):
                yield violation("NOTIFY-5", name)
        if self.expiry is not None and time_ms(self.expiry) <= start:
            yield violation("NOTIFY-5", "expiry", "needs a time after the window starts")
        if (self.activity is not None) != (self.kind == "ACTIVITY"):
            yield violation("NOTIFY-6", "activity")
