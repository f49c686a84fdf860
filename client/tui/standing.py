"""Where a message stands, beyond what it says: what to beware of, what is late, what became of it. Pure."""

from collections.abc import Mapping
from typing import Final

from client.tui.wording import commitment_standing
from protocols.messages.alert import Alert
from protocols.messages.commitments import Commit, CommitEvent
from protocols.messages.envelope import MessageType
from protocols.messages.values import time_ms
from protocols.messages.watch import LineCheck
from protocols.negotiation import (
    AnswerState,
    FoldedMessage,
    Level,
    Negotiation,
    PackageStatus,
    ResponseState,
)
from protocols.negotiation.commitment import commitment_id
from protocols.negotiation.dialogue import act_until
from protocols.negotiation.timers import (
    DELAYED_WORDING,
    NO_ACKNOWLEDGEMENT_WORDING,
    due_at,
    is_delayed,
)
from protocols.negotiation.watch import MISSED_WORDING, due_ms

BEYOND_MANDATE: Final = "BEYOND THE MANDATE: no mandate in force covers this. It binds nobody."
OVER: Final = "ITS TIME IS OVER: nobody can promise to do it any more"
_SETTLED: Final = frozenset({PackageStatus.ADOPTED, PackageStatus.REPLACED, PackageStatus.WITHDRAWN})


def marks(negotiation: Negotiation, item: FoldedMessage, now_ms: int) -> tuple[str, ...]:
    """Return what people must know of a message before they read it.

    Args:
        negotiation: the channel's.
        item: one of its messages.
        now_ms: our clock, UTC milliseconds.
    """
    found: list[str] = []
    tabled = negotiation.proposal(item.id)
    settled = tabled is not None and tabled.ended in _SETTLED
    if is_delayed(item, now_ms) and not settled:
        found.append(DELAYED_WORDING)
    elif _promises(item) and now_ms >= act_until(item):
        found.append(OVER)
    if item.beyond_mandate:
        found.append(BEYOND_MANDATE)
    return tuple(found)


def _promises(item: FoldedMessage) -> bool:
    """Whether it asks for something that WILCO would promise."""
    content = item.content
    return item.type is MessageType.REQUEST or (isinstance(content, Alert) and content.asked != "NONE")


def late(negotiation: Negotiation, item: FoldedMessage, now_ms: int) -> Mapping[str, str]:
    """Return, by ACTION addressee, what is overdue of them, in the fixed words."""
    if item.cancelled:
        return {}
    found: dict[str, str] = {}
    for reader in item.to:
        if reader not in negotiation.roster:
            continue
        reached = item.level(reader)
        missing = [
            level
            for level in (Level.DELIVERED, Level.ACKNOWLEDGED, Level.CONFIRMED)
            if reached < level
            and (due := due_at(item, negotiation.terms, level, "1x")) is not None
            and now_ms >= due
        ]
        if missing:
            found[reader] = f"LATE for L{missing[0].value}: {NO_ACKNOWLEDGEMENT_WORDING}"
        if (missed := _missed(item, reader, now_ms)) is not None:
            found[reader] = missed
    return found


def late_here(item: FoldedMessage, me: str) -> str:
    """Say to whom it is late with what they can do about it."""
    if item.type is MessageType.LINE_CHECK:
        return "LATE: press r"
    reached = item.level(me)
    if reached < Level.ACKNOWLEDGED:
        return "LATE: press a"
    return (
        "LATE: press b, read it back"
        if reached < Level.READ_BACK
        else "LATE: its author has not said CORRECT"
    )


def _missed(item: FoldedMessage, reader: str, now_ms: int) -> str | None:
    """A line check that nobody answered in time; why is not known, and the words say so."""
    answer = item.answer_of(reader)
    if not isinstance(item.content, LineCheck) or answer is None or answer.state is ResponseState.CLOSED:
        return None
    over = now_ms >= due_ms(time_ms(item.content.slot), item.relay_time_ms)
    return MISSED_WORDING if over else None


def undertaken(negotiation: Negotiation, item: FoldedMessage, reader: str, answer: AnswerState) -> str:
    """Return where the commitment stands that a WILCO created; empty where there is none."""
    if answer.answer != "WILCO":
        return ""
    found = negotiation.commitment(commitment_id(item.id, reader))
    return "" if found is None else f", commitment {commitment_standing(found)}"


def matter(negotiation: Negotiation, item: FoldedMessage) -> object:
    """Return what has become of the matter of a message; an equal value means that nothing has changed."""
    match item.type:
        case MessageType.PROPOSAL:
            return negotiation.proposal(item.id)
        case MessageType.INCIDENT:
            return negotiation.incident(item.id)
        case MessageType.MEETING:
            return negotiation.meeting(item.id)
        case MessageType.PERSONS:
            return negotiation.persons_list(item.id)
        case MessageType.SEAT:
            return negotiation.suspended
        case MessageType.REQUEST | MessageType.ALERT:
            return tuple(negotiation.commitment(commitment_id(item.id, reader)) for reader in item.to)
        case MessageType.COMMIT | MessageType.COMMIT_EVENT | MessageType.ADOPT:
            return _of_texts(negotiation, item)
        case _:
            return None


def _of_texts(negotiation: Negotiation, item: FoldedMessage) -> object:
    match item.content:
        case Commit():
            return negotiation.commitment(commitment_id(item.id, item.sender))
        case CommitEvent(commitment=commitment):
            return negotiation.commitment(commitment)
        case content:
            return negotiation.proposal(getattr(content, "proposal", ""))
