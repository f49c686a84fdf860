"""What a verifier found: FINDING (MESSAGES.md section 2, row 18)."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from protocols.errors import RuleViolation
from protocols.messages.envelope import Envelope
from protocols.messages.rules import violation
from protocols.messages.values import Grade, Model, Subject, Time, text, time_ms

NOT_ATTRIBUTED: Final = "NOT_ATTRIBUTED"

FindingResult = Literal["MET", "PARTLY", "NOT_MET", "UNDETERMINED", "CONFIRMED", "NOT_CONFIRMED"]
RESULTS: Final = {
    "COMMITMENT": ("MET", "PARTLY", "NOT_MET", "UNDETERMINED"),
    "INCIDENT": ("CONFIRMED", "NOT_CONFIRMED", "UNDETERMINED"),
}


class Finding(Model):
    """The named verifier's result, with how it was reached and what could not be seen."""

    subject: Annotated[Subject, Field(description="the commitment, or the INCIDENT message")]
    kind: Annotated[Literal["COMMITMENT", "INCIDENT"], Field(description="what the subject is")]
    result: Annotated[FindingResult, Field(description="what was found")]
    method: Annotated[
        tuple[Annotated[str, text(200, lines=False)], ...],
        Field(max_length=16, description="how it was found, step by step"),
    ] = ()
    access_limits: Annotated[
        str, text(300, lines=False), Field(description="what could not be seen or reached")
    ]
    as_of: Annotated[Time, Field(description="information as of")]
    grade: Annotated[Grade, Field(description="source reliability A-F and credibility 1-6")]
    attribution: Annotated[
        str, text(100, lines=False), Field(description="to whom it is attributed, or NOT_ATTRIBUTED")
    ] = NOT_ATTRIBUTED

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of FINDING refuse without looking at the subject."""
        if self.result not in RESULTS[self.kind]:
            yield violation("FINDING-1", "result", f"needs one of {', '.join(RESULTS[self.kind])}")
        if self.attribution != NOT_ATTRIBUTED and not self.method:
            yield violation("FINDING-2", "method", f"needs a method, or attribution {NOT_ATTRIBUTED}")
        if time_ms(self.as_of) > time_ms(envelope.sent):
            yield violation("FINDING-3", "as_of", "needs a time not after the message is sent")
