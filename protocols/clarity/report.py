"""What a clarity check says: where in a message, what is unclear, and how to say it instead."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]
"""Begin and end in a text, in code points; the end is not part of it."""


class Severity(StrEnum):
    """How much a finding weighs."""

    BLOCK = "BLOCK"
    ASK = "ASK"


@dataclass(frozen=True, slots=True)
class Hit:
    """What one check found in one text.

    Attributes:
        start: where it begins, in code points.
        end: where it is over.
        sentence: what is unclear, one plain sentence.
        suggestion: how to say it instead.
    """

    start: int
    end: int
    sentence: str
    suggestion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something in a message that a reader may take otherwise than its author means it.

    Attributes:
        id: the check, such as CLARITY-1 or W-3.
        severity: BLOCK where the message must not leave as it is; ASK where its author decides.
        field: the path of the field, such as `clauses.0.action`; None where it is the whole message.
        span: where in the field's text, in code points; None where it is the whole field.
        words: the words found; empty without a span.
        sentence: what is unclear, one plain sentence.
        suggestion: how to say it instead.
    """

    id: str
    severity: Severity
    field: str | None
    span: Span | None
    words: str
    sentence: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class NotRun:
    """A check that says nothing about a message, so that silence is not taken for approval.

    Attributes:
        id: the check.
        why: one plain phrase.
    """

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class ClarityReport:
    """Everything the clarity checks say about a message.

    Attributes:
        findings: in the order of the fields, within a field from left to right.
        not_run: checks that did not look at all of the text, and why.
    """

    findings: tuple[Finding, ...]
    not_run: tuple[NotRun, ...]

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings with which the message must not be sent."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.BLOCK)

    @property
    def asking(self) -> tuple[Finding, ...]:
        """The findings that the author is asked about before sending."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ASK)
