"""What is overdue as lines, and as values for JSON. Pure; output cleans the text."""

from collections.abc import Iterator, Mapping, Sequence

from client.escalating import overdue_words, unrelayed
from client.store import OutboxRow
from protocols.canonical import Value
from protocols.messages.values import format_time
from protocols.negotiation import Negotiation
from protocols.negotiation.timers import Overdue
from protocols.negotiation.watch import MISSED_WORDING, WatchSlot

__all__ = ["late_lines", "late_value"]

_SHOWN = ("MISSED", "LATE")


def late_lines(
    negotiation: Negotiation,
    names: Mapping[str, str],
    rows: Sequence[OutboxRow] = (),
    now_ms: int | None = None,
) -> Iterator[str]:
    """Return what should be there and is not, under headings that say how many there are.

    Args:
        negotiation: As it stands.
        names: By participant and message id; peers' text.
        rows: Of our outbox, to see what the relay should have stored.
        now_ms: What deadlines are held against; None for the relay's last word.
    """
    overdue = _overdue(negotiation, rows, now_ms)
    yield f"OVERDUE ACKNOWLEDGEMENTS ({len(overdue)})"
    for late in overdue:
        yield f"  {overdue_words(negotiation, late, names)}"
        for logged in negotiation.logged_escalations(late.message):
            if (logged.addressee, logged.level) == (late.addressee, late.level):
                by = names.get(logged.by, logged.by)
                yield f"    {logged.step} logged by {by} as entry {logged.position}"
    slots = _missed(negotiation, now_ms)
    yield f"LINE CHECKS NOT ANSWERED IN TIME ({len(slots)})"
    for slot in slots:
        what = MISSED_WORDING if slot.state == "MISSED" else "answered late"
        asked, by = (names.get(who, who) for who in (slot.addressee, slot.sender))
        yield f"  {format_time(slot.slot_ms)} to {asked}, checked by {by}: {what}"


def late_value(
    negotiation: Negotiation, rows: Sequence[OutboxRow] = (), now_ms: int | None = None
) -> dict[str, Value]:
    """Return the same as values."""
    return {
        "overdue": [
            {
                "message": late.message,
                "addressee": late.addressee or None,
                "level": late.level,
                "due_ms": late.due_ms,
                "step": late.step,
                "logged": [
                    logged.summary()
                    for logged in negotiation.logged_escalations(late.message)
                    if (logged.addressee, logged.level) == (late.addressee, late.level)
                ],
            }
            for late in _overdue(negotiation, rows, now_ms)
        ],
        "line_checks": [
            {
                "message": slot.message,
                "sender": slot.sender,
                "addressee": slot.addressee,
                "slot_ms": slot.slot_ms,
                "due_ms": slot.due_ms,
                "state": slot.state,
            }
            for slot in _missed(negotiation, now_ms)
        ],
    }


def _overdue(negotiation: Negotiation, rows: Sequence[OutboxRow], now_ms: int | None) -> tuple[Overdue, ...]:
    now = negotiation.relay_time_ms if now_ms is None else now_ms
    return (*unrelayed(rows, negotiation.terms, now), *negotiation.overdue(now_ms))


def _missed(negotiation: Negotiation, now_ms: int | None) -> tuple[WatchSlot, ...]:
    return tuple(slot for slot in negotiation.watch(now_ms) if slot.state in _SHOWN)
