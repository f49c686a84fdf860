"""Line checks: who answered at the agreed time (MESSAGES.md section 2, row 1).

A missed check may be weather or politics. It is reported without a reason, because none is known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from protocols.messages.catalogue import MINUTE_MS
from protocols.messages.values import time_ms
from protocols.messages.watch import LineCheck
from protocols.negotiation.record import AnswerState, FoldedMessage, ResponseState
from protocols.negotiation.roster import Roster

MISSED_WORDING: Final = "missed, cause unknown"
WAIT_MS: Final = 15 * MINUTE_MS

SlotState = Literal["ANSWERED", "LATE", "WAITING", "MISSED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSlot:
    """One addressee at one agreed time.

    Attributes:
        message: id of the LINE-CHECK, 32 hexadecimal digits.
        sender: who checked the line.
        addressee: who should answer.
        slot_ms: the agreed time, UTC milliseconds.
        due_ms: until when an answer is in time.
        state: ANSWERED by a person in time; LATE, which says nothing of the agreed time; WAITING; or MISSED
            (cause unknown).
    """

    message: str
    sender: str
    addressee: str
    slot_ms: int
    due_ms: int
    state: SlotState


def due_ms(slot_ms: int, relay_time_ms: int) -> int:
    """Return until when an answer to a check is in time: 15 minutes after slot or entry, the later one."""
    return max(slot_ms, relay_time_ms) + WAIT_MS


def slots(
    line_checks: Iterable[FoldedMessage], messages: Mapping[str, FoldedMessage], roster: Roster, now_ms: int
) -> tuple[WatchSlot, ...]:
    """Return every addressee of every check, in the order of the messages.

    Who has left the channel without an answer is not waited for.

    Args:
        line_checks: accepted LINE-CHECK messages.
        messages: all accepted messages by id, the answers among them.
        roster: the charter's.
        now_ms: relay time or our clock, UTC milliseconds.
    """
    found: list[WatchSlot] = []
    for message in line_checks:
        content = message.content
        if not isinstance(content, LineCheck) or message.cancelled:
            continue
        slot_ms = time_ms(content.slot)
        until_ms = due_ms(slot_ms, message.relay_time_ms)
        for addressee, answer in message.answers.items():
            state = _state(answer, messages, until_ms, now_ms)
            if addressee in roster or state in ("ANSWERED", "LATE"):
                found.append(
                    WatchSlot(
                        message=message.id,
                        sender=message.sender,
                        addressee=addressee,
                        slot_ms=slot_ms,
                        due_ms=until_ms,
                        state=state,
                    )
                )
    return tuple(found)


def _state(
    answer: AnswerState, messages: Mapping[str, FoldedMessage], until_ms: int, now_ms: int
) -> SlotState:
    if answer.state is not ResponseState.CLOSED or answer.message is None:
        return "WAITING" if now_ms < until_ms else "MISSED"
    return "ANSWERED" if messages[answer.message].relay_time_ms < until_ms else "LATE"
