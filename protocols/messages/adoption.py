"""Putting text in force: ADOPT (MESSAGES.md section 2, row 15)."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from protocols.errors import RuleViolation
from protocols.messages.envelope import Envelope
from protocols.messages.rules import violation
from protocols.messages.values import CRITICAL, Hash, MessageId, Model, ParticipantId, Time, time_ms

AdoptMode = Literal["INITIAL", "AD_REFERENDUM", "FINAL"]


class Adopt(Model):
    """A party's word on the package as a whole: fixed, subject to its principal, or binding."""

    proposal: Annotated[MessageId, Field(description="the proposal whose text it is")]
    package_hash: Annotated[
        Hash, CRITICAL, Field(description="SHA-256 of all clause versions and the glossary's version")
    ]
    mode: Annotated[
        AdoptMode,
        Field(description="INITIAL fixes the text, AD_REFERENDUM awaits the principal, FINAL binds"),
    ]
    effective: Annotated[Time, CRITICAL, Field(description="from when it is in force")]
    witness: Annotated[ParticipantId | None, Field(description="who witnesses it")] = None
    custodian: Annotated[ParticipantId | None, Field(description="who keeps a copy")] = None

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of ADOPT refuse without looking at the proposal."""
        if time_ms(self.effective) < time_ms(envelope.sent):
            yield violation("ADOPT-8", "effective", "needs a time not before the message is sent")
