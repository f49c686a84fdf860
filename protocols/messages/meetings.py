"""Meeting in person, by radio or online: MEETING (MESSAGES.md section 2, row 23)."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from protocols.errors import RuleViolation
from protocols.messages.envelope import Envelope
from protocols.messages.rules import violation
from protocols.messages.values import (
    CRITICAL,
    CommitmentId,
    MessageId,
    Model,
    ParticipantId,
    Place,
    Window,
    text,
)

OPERATIONS_OF_A_MEETING: Final = frozenset({"CHANGE", "CANCEL", "RECORD"})
"""The operations that name an earlier PROPOSE."""


class MeetingPoint(Model):
    """One point of a record; AGREED binds nobody until the text is adopted."""

    text: Annotated[str, text(500, lines=False), Field(description="what was said")]
    outcome: Annotated[Literal["AGREED", "NOTED", "OPEN"], Field(description="how it stands")]


class Meeting(Model):
    """A meeting that is proposed, changed, cancelled or recorded."""

    operation: Annotated[
        Literal["PROPOSE", "CHANGE", "CANCEL", "RECORD"], Field(description="what happens to it")
    ]
    meeting: Annotated[MessageId | None, Field(description="the PROPOSE; with CHANGE, CANCEL and RECORD")] = (
        None
    )
    window: Annotated[Window | None, CRITICAL, Field(description="when; but with CANCEL")] = None
    place: Annotated[Place | None, CRITICAL, Field(description="where, unless there is a medium")] = None
    medium: Annotated[
        str | None,
        text(100, lines=False),
        CRITICAL,
        Field(description="radio or online, unless there is a place"),
    ] = None
    seats: Annotated[
        tuple[ParticipantId, ...], Field(max_length=64, description="who takes part; but with CANCEL")
    ] = ()
    agenda: Annotated[
        tuple[Annotated[str, text(200, lines=False)], ...],
        Field(max_length=20, description="what it is about; but with CANCEL"),
    ] = ()
    points: Annotated[
        tuple[MeetingPoint, ...], Field(max_length=40, description="what came of it; with RECORD")
    ] = ()
    safe_passage: Annotated[
        tuple[CommitmentId, ...], Field(max_length=16, description="commitments that make travel safe")
    ] = ()

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of MEETING refuse without looking at other messages."""
        if self.operation == "CANCEL":
            yield from self._check_cancel()
        else:
            for name, given in (("window", self.window), ("seats", self.seats), ("agenda", self.agenda)):
                if not given:
                    yield violation("MEETING-1", name, f"is needed with {self.operation}")
            if (self.place is None) == (self.medium is None):
                yield violation("MEETING-1", "place", "needs either a place or a medium")
        if bool(self.points) != (self.operation == "RECORD"):
            yield violation("MEETING-2", "points", "goes with RECORD, always and only")
        if (self.meeting is not None) != (self.operation in OPERATIONS_OF_A_MEETING):
            hint = "is needed" if self.meeting is None else "is not given with PROPOSE"
            yield violation("MEETING-7", "meeting", hint)
        for name, items in (("seats", self.seats), ("safe_passage", self.safe_passage)):
            if len(set(items)) != len(items):
                yield violation("MEETING-8", name)

    def _check_cancel(self) -> Iterator[RuleViolation]:
        for name in ("window", "place", "medium", "seats", "agenda", "safe_passage"):
            if getattr(self, name):
                yield violation("MEETING-3", name, "is not given with CANCEL; say why in remarks")
