"""Overdue acknowledgements: what our device puts into the log, and whom it tells (MESSAGES.md section 3).

Pure functions of the negotiation and the time. An escalation counts only once the relay's time agrees, so it
is logged by the least that the relay's clock can show (`client.skew`); people are told by ours while the two
agree.

At 1x the sender is told, and the addressee again; at 1.5x the addressee's alternates, at 2x the mediators.
All that anybody is told is who, how urgent and since when, and that the cause is unknown.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from client.store import OutboxRow, OutboxState
from protocols.errors import DecodeError, RuleViolation
from protocols.messages import Body, Escalation, Message, Role, compose_escalation, decode_body
from protocols.messages.escalation import EscalatedLevel, EscalationStep
from protocols.messages.values import format_time
from protocols.negotiation import ChannelTerms, FoldedMessage, Level, Negotiation
from protocols.negotiation.timers import NO_ACKNOWLEDGEMENT_WORDING, STEPS, Overdue, due_at

__all__ = [
    "DEFAULT_GRACE_S",
    "Duty",
    "Slot",
    "body_of",
    "duties",
    "is_moot",
    "next_look_ms",
    "note_of",
    "overdue_words",
    "to_tell",
    "unrelayed",
]

DEFAULT_GRACE_S: Final = 60.0
"""How long a mediator's device leaves the last step to the sender's, or to the mediator before it."""
_ORDER: Final = {step: number for number, (step, _) in enumerate(STEPS)}
_HORIZON_MS: Final = 3_600_000
_NOT_RELAYED: Final = "not stored by the relay; cause unknown"
_READ_BACK: Final = "read back, not confirmed by its author; cause unknown"
_ADVICE: Final[dict[EscalationStep, str]] = {
    "1x": "",
    "1.5x": " (1.5x)",
    "2x": " (2x): use the agreed outside channel",
}

Slot: TypeAlias = tuple[str, str, EscalatedLevel]
"""Message, addressee, level: what escalates as one, step by step."""


def body_of(row: OutboxRow) -> Body | None:
    """Return what a row of the outbox says; None where it breaks a rule: that is for the log to judge."""
    try:
        return decode_body(row.body)
    except (DecodeError, RuleViolation):
        return None


@dataclass(frozen=True, slots=True)
class Duty:
    """A step that our device should put into the log, unless somebody's device has.

    Attributes:
        step: the last one that is due: it says all that those before it would have.
        from_ms: when it is our turn, relay time in UTC milliseconds.
    """

    step: EscalationStep
    from_ms: int


def duties(
    negotiation: Negotiation,
    me: str,
    *,
    relay_ms: int,
    since_ms: int | None = None,
    grace_ms: int = round(1000 * DEFAULT_GRACE_S),
) -> dict[Slot, Duty]:
    """Return what has become due for our device to log: of our own messages, and as a mediator the last step.

    Args:
        negotiation: As it stands.
        me: Our participant id.
        relay_ms: What the relay's clock shows at least.
        since_ms: What was due by then was returned before; None for all.
        grace_ms: How long a mediator's device leaves the last step to others.
    """
    found: dict[Slot, Duty] = {}
    if me not in negotiation.roster:
        return found
    for due in negotiation.escalations(relay_ms, since_ms=since_ms):
        folded = negotiation.message(due.message)
        if folded is None or due.addressee == me:
            continue
        if folded.sender == me:
            turn = 0
        elif due.step == "2x" and negotiation.roster.role(me) is Role.MEDIATOR:
            turn = _turn(negotiation, me, folded, due.addressee)
        else:
            continue
        found[due.message, due.addressee, due.level] = Duty(due.step, due.at_ms + turn * grace_ms)
    return found


def _turn(negotiation: Negotiation, me: str, folded: FoldedMessage, addressee: str) -> int:
    """How many graces a mediator waits: one after another, so that they do not all log it."""
    mediators = [one.id for one in negotiation.roster.participants if one.role is Role.MEDIATOR]
    return 1 + [one for one in mediators if one not in (folded.sender, addressee)].index(me)


def note_of(slot: Slot, duty: Duty, *, sender: str, sent: str) -> Escalation:
    """Make the escalation that a duty asks for."""
    message, addressee, level = slot
    return compose_escalation(message, addressee, level, duty.step, sender=sender, sent=sent)


def is_moot(negotiation: Negotiation, note: Escalation) -> bool:
    """Whether the log makes an escalation needless: what was missing is there, or the step is logged."""
    folded = negotiation.message(note.message)
    if folded is None or folded.cancelled or folded.level(note.addressee) >= note.level:
        return True
    return any(
        (one.addressee, one.level) == (note.addressee, note.level) and _ORDER[one.step] >= _ORDER[note.step]
        for one in negotiation.logged_escalations(note.message)
    )


def unrelayed(rows: Iterable[OutboxRow], terms: ChannelTerms, now_ms: int) -> tuple[Overdue, ...]:
    """Return our own messages that the relay should have stored by now (L1), in order of sending.

    Args:
        rows: Of the outbox.
        terms: The charter's.
        now_ms: Our clock.

    Returns:
        One for each message, with nobody as addressee.
    """
    found: list[Overdue] = []
    for row, due_ms, steps in _unrelayed(rows, terms):
        passed = [step for step, at_ms in steps if at_ms <= now_ms]
        if passed:
            found.append(
                Overdue(message=row.message_id.hex(), addressee="", level=1, due_ms=due_ms, step=passed[-1])
            )
    return tuple(found)


def _unrelayed(
    rows: Iterable[OutboxRow], terms: ChannelTerms
) -> Iterator[tuple[OutboxRow, int, tuple[tuple[EscalationStep, int], ...]]]:
    for row in rows:
        body = body_of(row) if row.state is not OutboxState.RELAYED else None
        if not isinstance(body, Message):
            continue
        allowed_ms = terms.due_ms(body.envelope.precedence, Level.RELAYED)
        if allowed_ms is not None:
            steps = tuple((step, row.queued_ms + allowed_ms * halves // 2) for step, halves in STEPS)
            yield row, row.queued_ms + allowed_ms, steps


def to_tell(
    negotiation: Negotiation, me: str, now_ms: int, since_ms: int | None = None
) -> tuple[Overdue, ...]:
    """Return what a person at this device is to be told of by now: for each rung, the last step of theirs.

    The sender is told at every step. The addressee is told again at 1x, where there is something for a person
    to do; that a message is here is said by the device.

    Args:
        negotiation: As it stands.
        me: Our participant id.
        now_ms: What deadlines are held against, UTC milliseconds.
        since_ms: What was due by then was told before; None for all.
    """
    mine: dict[Slot, Overdue] = {}
    for due in negotiation.escalations(now_ms, since_ms=since_ms):
        folded = negotiation.message(due.message)
        if folded is None:
            continue
        by_hand = due.addressee != me or due.level > Level.DISPLAYED
        due_ms = due_at(folded, negotiation.terms, due.level, "1x")
        if due_ms is not None and (folded.sender == me or (me in due.told and by_hand)):
            mine[due.message, due.addressee, due.level] = Overdue(
                message=due.message,
                addressee=due.addressee,
                level=due.level,
                due_ms=due_ms,
                step=due.step,
            )
    return tuple(mine.values())


def next_look_ms(
    negotiation: Negotiation,
    rows: Iterable[OutboxRow],
    duties: Iterable[Duty] = (),
    *,
    now_ms: int,
    relay_ms: int,
) -> int:
    """Say in how many milliseconds something may be to do that is not yet; an hour at most.

    Args:
        negotiation: As it stands.
        rows: Of the outbox.
        duties: Those that wait for our turn.
        now_ms: What deadlines are held against here.
        relay_ms: What the relay's clock shows at least.
    """
    coming = negotiation.escalations(now_ms + _HORIZON_MS, since_ms=min(now_ms, relay_ms))
    moments = [due.at_ms for due in coming]
    waits = [at_ms - clock_ms for at_ms in moments for clock_ms in (now_ms, relay_ms)]
    waits += [duty.from_ms - relay_ms for duty in duties]
    waits += [at_ms - now_ms for _, _, steps in _unrelayed(rows, negotiation.terms) for _, at_ms in steps]
    return min((wait for wait in waits if wait > 0), default=_HORIZON_MS)


def overdue_words(negotiation: Negotiation, late: Overdue, names: Mapping[str, str]) -> str:
    """Say in one line who is late with what; never what the message says.

    Args:
        negotiation: As it stands.
        late: From `Negotiation.overdue`, `unrelayed` or an event.
        names: By participant id; peers' text, to be cleaned before it is shown.
    """
    folded = negotiation.message(late.message)
    due = format_time(late.due_ms)
    if folded is None or late.level == Level.RELAYED.value:
        return f"a message of ours: L1 RELAYED was due {due}: {_NOT_RELAYED}{_ADVICE[late.step]}"
    rung = Level(late.level)
    read_back = rung is Level.CONFIRMED and folded.level(late.addressee) is Level.READ_BACK
    cause = _READ_BACK if read_back else NO_ACKNOWLEDGEMENT_WORDING
    head = f"No. {folded.position} to {names.get(late.addressee, late.addressee)} ({folded.precedence})"
    missing = f"L{rung.value} {rung.name.replace('_', ' ')} was due {due}"
    return f"{head}, logged {format_time(folded.relay_time_ms)}: {missing}: {cause}{_ADVICE[late.step]}"
