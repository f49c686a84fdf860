"""Closing, restating and correcting: RESPONSE, READBACK, CORRECTION (MESSAGES.md section 2, rows 4 to 6)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Final, Literal

from pydantic import Field

from protocols.errors import RuleViolation
from protocols.messages.envelope import Envelope
from protocols.messages.rules import violation
from protocols.messages.values import MessageId, Model, Time, text, time_ms

Code = Literal[
    "ROGER", "WILCO", "UNABLE", "AFFIRM", "NEGATIVE", "STANDBY", "NOT-UNDERSTOOD", "CORRECT", "WRONG"
]
FieldPath = Annotated[str, replace(text(100, lines=False), kind="field")]
FieldText = Annotated[str, text(1000)]

CODES_WITH_REASON: Final = frozenset({"UNABLE", "NEGATIVE", "NOT-UNDERSTOOD"})


class Response(Model):
    """A closing word; it means what its code says and nothing more."""

    target: Annotated[MessageId, Field(description="the message it answers")]
    code: Annotated[Code, Field(description="the answer")]
    reason: Annotated[
        str | None, text(500), Field(description="why; with UNABLE, NEGATIVE and NOT-UNDERSTOOD")
    ] = None
    fields: Annotated[
        tuple[FieldPath, ...], Field(max_length=64, description="the fields concerned; with WRONG")
    ] = ()
    by: Annotated[Time | None, Field(description="when the answer will come; with STANDBY")] = None
    passed_to: Annotated[
        str | None,
        text(200, lines=False),
        Field(description="to whom it was passed; with ROGER to NOTIFY or ALERT"),
    ] = None

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of RESPONSE refuse without looking at its target."""
        if (self.reason is not None) != (self.code in CODES_WITH_REASON):
            hint = (
                "needs why" if self.reason is None else "goes with UNABLE, NEGATIVE and NOT-UNDERSTOOD only"
            )
            yield violation("RESPONSE-1", "reason", hint)
        if bool(self.fields) != (self.code == "WRONG") or len(set(self.fields)) != len(self.fields):
            yield violation("RESPONSE-2", "fields")
        if (self.by is not None) != (self.code == "STANDBY"):
            yield violation("RESPONSE-3", "by")
        elif self.by is not None and time_ms(self.by) <= time_ms(envelope.sent):
            yield violation("RESPONSE-3", "by", "needs a time after the answer is sent")
        if self.passed_to is not None and self.code != "ROGER":
            yield violation("RESPONSE-4", "passed_to")


class FieldReading(Model):
    """One critical field, entered again in the reader's own words."""

    field: Annotated[FieldPath, Field(description="which field, such as window.start")]
    value: Annotated[FieldText, Field(description="what it says")]


class Readback(Model):
    """A restatement of every critical field of a message, for its author to check."""

    target: Annotated[MessageId, Field(description="the message that is read back")]
    readings: Annotated[
        tuple[FieldReading, ...], Field(min_length=1, max_length=256, description="each critical field")
    ]

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of READBACK refuse without looking at its target."""
        if len({reading.field for reading in self.readings}) != len(self.readings):
            yield violation("READBACK-1", "readings")


class Change(Model):
    """One field before and after; an absent value means that the field is not there."""

    field: Annotated[FieldPath, Field(description="which field, such as window.start")]
    old: Annotated[str | None, text(1000), Field(description="what it said")] = None
    new: Annotated[str | None, text(1000), Field(description="what it says now")] = None


class Correction(Model):
    """A correction or cancellation of one's own message; the original stays in the log."""

    target: Annotated[MessageId, Field(description="the message that is corrected")]
    action: Annotated[
        Literal["CORRECT", "CANCEL"], Field(description="change fields, or take all of it back")
    ]
    changes: Annotated[
        tuple[Change, ...], Field(max_length=64, description="field by field, old and new")
    ] = ()
    reason: Annotated[str, text(500), Field(description="why")]

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of CORRECTION refuse without looking at its target."""
        if bool(self.changes) != (self.action == "CORRECT"):
            yield violation("CORRECTION-1", "changes")
        names = {change.field for change in self.changes}
        if len(names) != len(self.changes) or any(change.old == change.new for change in self.changes):
            yield violation("CORRECTION-2", "changes")
