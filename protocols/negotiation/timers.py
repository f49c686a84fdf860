"""What is late: acknowledgements by the charter's timers, and who is told (MESSAGES.md section 3).

Pure functions of the state and a clock reading. A missing acknowledgement has no known cause, and the words
say so: weather, power and politics look alike from here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from protocols.messages.catalogue import ACKNOWLEDGEMENT_DUE_MS
from protocols.messages.envelope import Precedence
from protocols.messages.escalation import EscalatedLevel, EscalationStep
from protocols.messages.roles import Role
from protocols.messages.values import time_ms
from protocols.negotiation.acknowledgement import Level
from protocols.negotiation.record import FoldedMessage
from protocols.negotiation.roster import Roster
from protocols.negotiation.terms import ChannelTerms

ACKNOWLEDGEMENT_WORDING: Final = "acknowledgement is not agreement, belief, permission or waiver"
NO_ACKNOWLEDGEMENT_WORDING: Final = "no acknowledgement; cause unknown"
DELAYED_WORDING: Final = "DELAYED, DO NOT ACT"

STEPS: Final[tuple[tuple[EscalationStep, int], ...]] = (("1x", 2), ("1.5x", 3), ("2x", 4))
"""Each step, and after how many halves of the allowed time it is due."""
_LEVELS: Final[tuple[EscalatedLevel, ...]] = (2, 4, 6)
"""What an addressee can be late with; L1 is the relay's, and only the sender sees it missing."""
IMMEDIATE_OR_ABOVE: Final[frozenset[Precedence]] = frozenset({"IMMEDIATE", "FLASH"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """An acknowledgement that should be there by now.

    Attributes:
        message: id, 32 hexadecimal digits.
        addressee: who owes it.
        level: the rung that is missing, 2, 4 or 6.
        due_ms: when its time ran out, relay time in UTC milliseconds.
        step: the last step that is due: 1x, 1.5x or 2x.
    """

    message: str
    addressee: str
    level: EscalatedLevel
    due_ms: int
    step: EscalationStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """One step of one overdue acknowledgement, and who is told of it.

    Attributes:
        message: id, 32 hexadecimal digits.
        addressee: who owes the acknowledgement.
        level: the rung that is missing.
        step: 1x tells sender and addressee, 1.5x the addressee's alternates, 2x mediators.
        at_ms: when the step is due.
        told: participant ids; empty where there is nobody to tell at this step.
    """

    message: str
    addressee: str
    level: EscalatedLevel
    step: EscalationStep
    at_ms: int
    told: tuple[str, ...]


def is_delayed(message: FoldedMessage, now_ms: int) -> bool:
    """Say whether a message is past its valid_until: DELAYED, DO NOT ACT; nothing may be promised on it."""
    valid_until = message.message.envelope.valid_until
    return valid_until is not None and now_ms >= time_ms(valid_until)


def expects_confirmation(message: FoldedMessage) -> bool:
    """Say whether critical fields are to be read back without being asked for: at IMMEDIATE and above."""
    return message.precedence in IMMEDIATE_OR_ABOVE and message.has_critical


def overdue(
    messages: Iterable[FoldedMessage], roster: Roster, terms: ChannelTerms, now_ms: int
) -> tuple[Overdue, ...]:
    """Return every acknowledgement that is late, in the order of messages, addressees and levels.

    Who has left the channel owes none.

    Args:
        messages: those that may still lack one (`Negotiation` keeps them).
        roster: the charter's.
        terms: the charter's, with its timers.
        now_ms: relay time or our clock, UTC milliseconds.
    """
    return tuple(
        Overdue(message=message.id, addressee=addressee, level=level, due_ms=at(2), step=last)
        for message in messages
        for addressee, level, at in _late(message, roster, terms, now_ms)
        for last in [[step for step, halves in STEPS if now_ms >= at(halves)][-1]]
    )


def escalations(
    messages: Iterable[FoldedMessage],
    roster: Roster,
    terms: ChannelTerms,
    now_ms: int,
    *,
    since_ms: int | None = None,
) -> tuple[Escalation, ...]:
    """Return every step that is due by now, whether it was logged or not, in a fixed order.

    Args:
        messages: as for `overdue`.
        roster: as for `overdue`.
        terms: as for `overdue`.
        now_ms: as for `overdue`.
        since_ms: leave out what was due by then; who looks again and again need not go through a whole log.
    """
    after_ms = -1 if since_ms is None else since_ms
    longest = _longest(terms)
    return tuple(
        Escalation(
            message=message.id,
            addressee=addressee,
            level=level,
            step=step,
            at_ms=at(halves),
            told=told(roster, message, addressee, step),
        )
        for message in messages
        if message.relay_time_ms + longest[message.precedence] > after_ms
        for addressee, level, at in _late(message, roster, terms, now_ms)
        for step, halves in STEPS
        if now_ms >= at(halves) > after_ms
    )


def _longest(terms: ChannelTerms) -> Mapping[Precedence, int]:
    """By precedence, after how many milliseconds the last step of the last rung is past."""
    found: dict[Precedence, int] = {}
    for precedence in ACKNOWLEDGEMENT_DUE_MS:
        allowed = (terms.due_ms(precedence, level) or 0 for level in _LEVELS)
        found[precedence] = max(allowed) * STEPS[-1][1] // 2
    return found


class _Moments:
    """When so many halves of the allowed time have passed."""

    def __init__(self, start_ms: int, allowed_ms: int) -> None:
        self._start_ms, self._allowed_ms = start_ms, allowed_ms

    def __call__(self, halves: int) -> int:
        return self._start_ms + self._allowed_ms * halves // 2


def _late(
    message: FoldedMessage, roster: Roster, terms: ChannelTerms, now_ms: int
) -> Iterator[tuple[str, EscalatedLevel, _Moments]]:
    if message.cancelled:
        return
    for addressee in message.to:
        if addressee not in roster:
            continue
        reached = message.level(addressee)
        for level in _LEVELS:
            at = _moments(message, terms, level) if reached < level else None
            if at is not None and now_ms >= at(2):
                yield addressee, level, at


def _moments(message: FoldedMessage, terms: ChannelTerms, level: int) -> _Moments | None:
    allowed_ms = terms.due_ms(message.precedence, level)
    if allowed_ms is None or (level == Level.CONFIRMED and not expects_confirmation(message)):
        return None
    return _Moments(message.relay_time_ms, allowed_ms)


def due_at(message: FoldedMessage, terms: ChannelTerms, level: int, step: EscalationStep) -> int | None:
    """Return when a step is due for a level of this message, or None where nothing waits for that level."""
    at = _moments(message, terms, level)
    return None if at is None else at(dict(STEPS)[step])


def told(roster: Roster, message: FoldedMessage, addressee: str, step: EscalationStep) -> tuple[str, ...]:
    """Return who is told at a step: sender and addressee, then the addressee's alternates, then mediators."""
    match step:
        case "1x":
            return tuple(who for who in (message.sender, addressee) if who in roster)
        case "1.5x":
            return roster.alternates(addressee)
        case "2x":
            return tuple(p.id for p in roster.participants if p.role is Role.MEDIATOR and p.id != addressee)
