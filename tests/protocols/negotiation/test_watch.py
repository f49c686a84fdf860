"""Line checks: who answered at the agreed time, and who did not, for no known cause."""

from collections.abc import Sequence
from typing import Any

import pytest

from protocols import canonical
from protocols.messages.build import compose
from protocols.messages.codec import encode_body
from protocols.messages.values import format_time
from protocols.negotiation import RosterChange, Verdict
from protocols.negotiation.watch import MISSED_WORDING, WAIT_MS, SlotState, due_ms

from .talks import AMAL, BORIS, MIRA, OTTO, ROSTER, Talks

MINUTE = 60_000


def check(talks: Talks, to: Sequence[str], slot_ms: int | None = None, **more: Any) -> Verdict:
    slot = format_time(talks.now_ms if slot_ms is None else slot_ms)
    message = compose(
        "LINE-CHECK",
        {"slot": slot, "word": "CEDAR", "topic": "LINE-CHECK"},
        sender=MIRA,
        to=to,
        sent=format_time(talks.now_ms),
        **more,
    )
    return talks.receive(MIRA, encode_body(message))


def checked(talks: Talks, *to: str, slot_ms: int | None = None) -> str:
    assert check(talks, to, slot_ms).accepted
    return talks.negotiation.messages[-1].id


def states(talks: Talks, now_ms: int | None = None) -> list[tuple[str, SlotState]]:
    return [(slot.addressee, slot.state) for slot in talks.negotiation.watch(now_ms)]


def test_fifteen_minutes_after_the_slot_or_the_entry_whichever_is_later() -> None:
    assert WAIT_MS == 15 * MINUTE
    assert due_ms(1000, 5000) == 5000 + WAIT_MS
    assert due_ms(5000, 1000) == 5000 + WAIT_MS


def test_a_check_waits_and_is_then_missed() -> None:
    talks = Talks()
    message = checked(talks, AMAL, BORIS)
    end_ms = talks.now_ms + 15 * MINUTE
    assert states(talks) == [(AMAL, "WAITING"), (BORIS, "WAITING")]
    assert states(talks, end_ms - 1) == [(AMAL, "WAITING"), (BORIS, "WAITING")]
    talks.answer("ROGER", AMAL, MIRA, message)
    assert states(talks, end_ms) == [(AMAL, "ANSWERED"), (BORIS, "MISSED")]
    (_, missed) = talks.negotiation.watch(end_ms)
    assert (missed.message, missed.sender, missed.due_ms) == (message, MIRA, end_ms)
    assert missed.slot_ms == talks.now_ms - 2000
    assert MISSED_WORDING == "missed, cause unknown"


def test_a_slot_that_lies_ahead_counts_from_itself() -> None:
    talks = Talks()
    slot_ms = talks.now_ms + 60 * MINUTE
    checked(talks, AMAL, slot_ms=slot_ms)
    assert states(talks, slot_ms + 15 * MINUTE - 1) == [(AMAL, "WAITING")]
    assert states(talks, slot_ms + 15 * MINUTE) == [(AMAL, "MISSED")]


def test_an_answer_after_its_time_says_nothing_of_the_agreed_time() -> None:
    talks = Talks()
    message = checked(talks, AMAL, BORIS)
    end_ms = talks.now_ms + 15 * MINUTE
    talks.now_ms = end_ms - 2000
    talks.answer("ROGER", AMAL, MIRA, message)  # with a second to spare
    talks.answer("ROGER", BORIS, MIRA, message)
    assert states(talks) == [(AMAL, "ANSWERED"), (BORIS, "LATE")]


@pytest.mark.parametrize(
    ("code", "field"), [("STANDBY", {"by": "2026-11-23T00:00:00Z"}), ("NOT-UNDERSTOOD", {})]
)
def test_only_roger_answers(code: str, field: dict[str, str]) -> None:
    talks = Talks()
    message = checked(talks, AMAL)
    reason = {"reason": "which word?"} if code == "NOT-UNDERSTOOD" else {}
    talks.answer(code, AMAL, MIRA, message, **field, **reason)
    assert states(talks, talks.now_ms + 60 * MINUTE) == [(AMAL, "MISSED")]


def test_a_receipt_is_no_answer() -> None:
    talks = Talks()
    talks.receipt("ACKNOWLEDGED", AMAL, checked(talks, AMAL))
    assert states(talks) == [(AMAL, "WAITING")]


def test_observers_are_on_watch_too() -> None:
    talks = Talks()
    talks.answer("ROGER", OTTO, MIRA, checked(talks, OTTO))
    assert states(talks) == [(OTTO, "ANSWERED")]


def test_who_has_left_is_not_waited_for_and_what_they_answered_stays() -> None:
    talks = Talks()
    first = checked(talks, AMAL, BORIS)
    talks.answer("ROGER", BORIS, MIRA, first)
    checked(talks, AMAL, BORIS)
    talks.position += 1
    roster = tuple(one for one in ROSTER if one.id != BORIS)
    talks.negotiation.handshake(
        RosterChange(position=talks.position, relay_time_ms=talks.now_ms, epoch=2, roster=roster)
    )
    assert states(talks) == [(AMAL, "WAITING"), (BORIS, "ANSWERED"), (AMAL, "WAITING")]


@pytest.mark.parametrize("more", [{"topic": "the bridge"}, {"remarks": "all is well"}])
def test_line_check_1_no_free_text(more: dict[str, str]) -> None:
    talks = Talks()
    assert check(talks, [AMAL]).accepted
    fields = canonical.decode(talks.entries[-1].body, max_size=1 << 16)
    assert isinstance(fields, dict)
    assert talks.receive(MIRA, canonical.encode({**fields, **more})).reason == "rule:LINE-CHECK-1"
