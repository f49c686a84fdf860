"""Who sits at the table: SEAT (MESSAGES.md section 2, row 3)."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from protocols.errors import RuleViolation
from protocols.messages.envelope import Envelope
from protocols.messages.rules import violation
from protocols.messages.values import Model, ParticipantId, PublicKey, Time, text

SeatOperation = Literal["ADMIT", "REMOVE", "ROLE", "KEY", "SUSPEND", "RESTORE"]
RoleName = Literal["party", "mediator", "liaison", "monitor", "observer"]

OPERATIONS_WITH_ROLE: Final = frozenset({"ADMIT", "ROLE", "KEY"})
OPERATIONS_WITH_NEW_KEY: Final = frozenset({"ADMIT", "KEY"})
OPERATIONS_WITH_REASON: Final = frozenset({"REMOVE", "SUSPEND"})


class Seat(Model):
    """A change of the roster, which every party must agree to; a captured seat is suspended at once."""

    operation: Annotated[SeatOperation, Field(description="what happens to the seat")]
    seat: Annotated[str, text(64, lines=False), Field(description="the seat's name, as people see it")]
    fingerprint: Annotated[
        ParticipantId, Field(description="the seat's key; with ADMIT and KEY the new one's")
    ]
    role: Annotated[RoleName | None, Field(description="its role; with ADMIT, ROLE and KEY")] = None
    replaces: Annotated[ParticipantId | None, Field(description="the seat's old key; with KEY")] = None
    history: Annotated[
        Literal["ALL", "NONE", "FROM"] | None,
        Field(description="how much of the past it may read; with ADMIT and KEY"),
    ] = None
    history_from: Annotated[Time | None, Field(description="from when it may read; with FROM")] = None
    effective: Annotated[Time, Field(description="from when it holds")]
    principal_name: Annotated[
        str | None, text(100, lines=False), Field(description="whom it speaks for; with ADMIT and KEY")
    ] = None
    principal: Annotated[
        PublicKey | None, Field(description="the Ed25519 public key of whom it speaks for")
    ] = None
    reason: Annotated[
        str | None, text(500, lines=False), Field(description="why; with REMOVE and SUSPEND")
    ] = None

    def check(self, envelope: Envelope) -> Iterator[RuleViolation]:
        """Yield what the rules of SEAT refuse without looking at the roster."""
        needed = {
            "role": (self.role, OPERATIONS_WITH_ROLE),
            "replaces": (self.replaces, frozenset({"KEY"})),
            "history": (self.history, OPERATIONS_WITH_NEW_KEY),
        }
        for name, (value, operations) in needed.items():
            if (value is not None) != (self.operation in operations):
                verb = "is needed with" if value is None else "goes only with"
                yield violation("SEAT-1", name, f"{verb} {', '.join(sorted(operations))}")
        if (self.history_from is not None) != (self.history == "FROM"):
            yield violation("SEAT-2", "history_from", "goes with history FROM, always and only")
        if self.reason is None and self.operation in OPERATIONS_WITH_REASON:
            yield violation("SEAT-3", "reason", "needs why")
        if (self.principal is None) != (self.principal_name is None):
            yield violation("SEAT-8", "principal", "needs both principal and principal_name, or neither")
        elif self.principal is not None and self.operation not in OPERATIONS_WITH_NEW_KEY:
            yield violation("SEAT-8", "principal", "goes only with ADMIT, KEY")
        if self.replaces == self.fingerprint:
            yield violation("SEAT-9", "replaces", "needs the old key, which the new one is not")
