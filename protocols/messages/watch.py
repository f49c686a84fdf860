"""Proving that a person is on watch: LINE-CHECK (MESSAGES.md section 2, row 1)."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from protocols.errors import RuleViolation
from protocols.messages.envelope import Envelope
from protocols.messages.rules import violation
from protocols.messages.values import Model, Time

TOPIC: Final = "LINE-CHECK"
"""The only topic of a line check: it carries no words of its author's."""

# Nature and colours: nothing here can be read as a message, a threat or a side.
NeutralWord = Literal[
    "AMBER", "ASH", "BIRCH", "BROOK", "CEDAR", "CLOUD", "CLOVER", "CORAL",
    "COTTON", "ELM", "FERN", "FIG", "GRANITE", "HAZEL", "INDIGO", "IVORY",
    "JASMINE", "LAKE", "LEMON", "LINEN", "MAPLE", "MEADOW", "MINT", "MOSS",
    "OLIVE", "PEARL", "PINE", "SAGE", "SILVER", "THYME", "VIOLET", "WILLOW",
]  # fmt: skip


class LineCheck(Model):
    """A neutral word at an agreed time; a ROGER from a person answers it, and says no more than that."""

    slot: Annotated[Time, Field(description="the agreed time of the check")]
    word: Annotated[NeutralWord, Field(description="a neutral word")]

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of LINE-CHECK refuse."""
        if envelope.topic != TOPIC:
            yield violation("LINE-CHECK-1", "topic", f"needs {TOPIC}; send free text as INFORM")
        if envelope.remarks is not None:
            yield violation("LINE-CHECK-1", "remarks", "needs no remarks; send free text as INFORM")
