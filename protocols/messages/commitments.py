"""Moving a commitment from state to state: COMMIT-EVENT (MESSAGES.md section 2, row 17)."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from protocols.errors import RuleViolation
from protocols.messages.envelope import Envelope
from protocols.messages.rules import violation
from protocols.messages.values import CommitmentId, Hash, Model, ParticipantId, Time, text, time_ms

EventName = Literal[
    "DETACH",
    "CLAIM",
    "CONFIRM",
    "DISPUTE",
    "RELEASE",
    "WITHDRAW",
    "DELAY",
    "SUSPEND",
    "RESUME",
    "ASSIGN",
    "DELEGATE",
]
EVENTS_WITH_REASON: Final = frozenset({"WITHDRAW", "DISPUTE", "DELAY"})
EVENTS_WITH_NEW_PARTY: Final = frozenset({"ASSIGN", "DELEGATE"})
EVENTS_NEEDING_AFFIRM: Final = frozenset({"DELAY", "SUSPEND", "RESUME", "ASSIGN", "DELEGATE"})


class CommitEvent(Model):
    """A claim, confirmation, dispute or change of a commitment; what is illegal changes nothing."""

    commitment: Annotated[CommitmentId, Field(description="the commitment")]
    event: Annotated[EventName, Field(description="what happens to it")]
    at: Annotated[Time, Field(description="when it happened")]
    evidence: Annotated[
        tuple[Hash, ...], Field(max_length=32, description="SHA-256 of evidence; with CLAIM")
    ] = ()
    reason: Annotated[str | None, text(500), Field(description="why; with WITHDRAW, DISPUTE and DELAY")] = (
        None
    )
    new_party: Annotated[ParticipantId | None, Field(description="to whom; with ASSIGN and DELEGATE")] = None
    new_time: Annotated[Time | None, Field(description="the new end; with DELAY")] = None

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of COMMIT-EVENT refuse without looking at the commitment."""
        if time_ms(self.at) > time_ms(envelope.sent):
            yield violation("COMMIT-EVENT-3", "at", "needs a time not after the message is sent")
        if bool(self.evidence) != (self.event == "CLAIM"):
            yield violation("COMMIT-EVENT-4", "evidence")
        if self.reason is None and self.event in EVENTS_WITH_REASON:
            yield violation("COMMIT-EVENT-5", "reason", "needs why")
        if (self.new_party is not None) != (self.event in EVENTS_WITH_NEW_PARTY):
            yield violation("COMMIT-EVENT-6", "new_party")
        if (self.new_time is not None) != (self.event == "DELAY"):
            yield violation("COMMIT-EVENT-6", "new_time")
        elif self.new_time is not None and time_ms(self.new_time) <= time_ms(envelope.sent):
            yield violation("COMMIT-EVENT-10", "new_time")
