"""Escalations in the log: a device's note that an acknowledgement is overdue (MESSAGES.md section 3).

It counts when it is true by relay time, is the first of its kind, and comes from somebody whose step it is.
"""

from dataclasses import dataclass
from typing import Final

from protocols.canonical import Value
from protocols.messages.escalation import EscalatedLevel, Escalation, EscalationStep
from protocols.messages.roles import Role
from protocols.messages.rules import violation
from protocols.negotiation.state import Changes, State
from protocols.negotiation.timers import due_at

_ORDER: Final[tuple[EscalationStep, ...]] = ("1x", "1.5x", "2x")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEscalation:
    """One step that somebody's device took note of.

    Attributes:
        addressee: from whom nothing had come.
        level: the rung that was overdue.
        step: 1x, 1.5x or 2x of the time it may take.
        by: participant id of whose device noted it.
        position: of its entry in the log.
        relay_time_ms: of its entry.
    """

    addressee: str
    level: EscalatedLevel
    step: EscalationStep
    by: str
    position: int
    relay_time_ms: int

    def summary(self) -> Value:
        """Return the step as plain values, for the digest."""
        return {
            "addressee": self.addressee,
            "level": self.level,
            "step": self.step,
            "by": self.by,
            "position": self.position,
            "relay_time_ms": self.relay_time_ms,
        }


def judge_escalation(state: State, position: int, relay_time_ms: int, escalation: Escalation) -> Changes:
    """Return what an escalation would change.

    Args:
        state: before it.
        position: of its entry.
        relay_time_ms: at which it is judged.
        escalation: whose sender has been found to be its author.

    Raises:
        RuleViolation: a rule of ESCALATION. The sender's fault, as the next.
        Refusal: there is no such message.
    """
    target = state.target(escalation.message)
    mediates = state.roster.role(escalation.sender) is Role.MEDIATOR and escalation.step == "2x"
    if escalation.sender != target.sender and not mediates:
        raise violation("ESCALATION-4", "step")
    if escalation.addressee not in target.to or escalation.addressee not in state.roster:
        raise violation("ESCALATION-5", "addressee")
    if target.level(escalation.addressee) >= escalation.level:
        raise violation("ESCALATION-2", "level")
    due_ms = due_at(target, state.terms, escalation.level, escalation.step)
    if due_ms is None or relay_time_ms < due_ms or target.cancelled:
        raise violation("ESCALATION-1", "step")
    known = state.escalations.get(target.id, ())
    same = (escalation.addressee, escalation.level)
    logged_steps = [_ORDER.index(one.step) for one in known if (one.addressee, one.level) == same]
    if logged_steps and max(logged_steps) >= _ORDER.index(escalation.step):
        raise violation("ESCALATION-3", "step")
    logged = LoggedEscalation(
        addressee=escalation.addressee,
        level=escalation.level,
        step=escalation.step,
        by=escalation.sender,
        position=position,
        relay_time_ms=relay_time_ms,
    )
    changes = Changes(escalation)
    changes.escalations[target.id] = (*known, logged)
    return changes
