"""Meetings: each rule broken once; proposed, changed, cancelled, recorded, and what is still to be answered."""

from collections.abc import Callable
from typing import Any

import pytest

from protocols.messages.values import time_ms
from protocols.negotiation import MeetingRecord

from .talks import AMAL, BORIS, LEILA, MIRA, OTTO, PLACE, QUESTION, STRANGER, VERA, WINDOW, Talks, clause

LATER = {"start": "2026-11-25T06:00:00Z", "end": "2026-11-25T08:00:00Z"}
EVERYBODY = [AMAL, BORIS]


def meeting(operation: str = "PROPOSE", **more: Any) -> dict[str, Any]:
    if operation == "CANCEL":
        return {"operation": operation, **more}
    said: dict[str, Any] = {
        "operation": operation,
        "window": WINDOW,
        "place": PLACE,
        "seats": [AMAL, BORIS, MIRA],
        "agenda": ["opening the bridge"],
    }
    if operation == "RECORD":
        said["points"] = [{"text": "The bridge opens.", "outcome": "AGREED"}]
    return {**said, **more}


def proposed(talks: Talks, sender: str = MIRA, to: list[str] | None = None, **more: Any) -> str:
    return talks.say("MEETING", sender, to or EVERYBODY, meeting(**more))


def record(talks: Talks) -> MeetingRecord:
    (found,) = talks.negotiation.board().meetings
    return found


def open_ids(talks: Talks) -> set[str]:
    return {one.message.id for one in talks.negotiation.open_dialogues()}


def meeting_4(t: Talks) -> None:
    by_amal = proposed(t, AMAL, [BORIS, MIRA])
    for operation in ("CHANGE", "CANCEL", "RECORD"):
        fields = meeting(operation, meeting=by_amal)
        t.refuse("rule:MEETING-4", "MEETING", BORIS, [AMAL, MIRA], fields)
    t.say("MEETING", MIRA, EVERYBODY, meeting("CHANGE", meeting=by_amal, window=LATER))  # a mediator may
    t.say("MEETING", AMAL, [BORIS, MIRA], meeting("CANCEL", meeting=by_amal))
    for operation in ("CHANGE", "CANCEL", "RECORD"):
        fields = meeting(operation, meeting=by_amal)
        t.refuse("rule:MEETING-4", "MEETING", AMAL, [BORIS, MIRA], fields)


def meeting_5(t: Talks) -> None:
    t.refuse("rule:MEETING-5", "MEETING", MIRA, EVERYBODY, meeting(safe_passage=["4" * 32]))
    target = proposed(t)
    fields = meeting("CHANGE", meeting=target, safe_passage=["4" * 32])
    t.refuse("rule:MEETING-5", "MEETING", MIRA, EVERYBODY, fields)


def meeting_6(t: Talks) -> None:
    fields = meeting(seats=[AMAL, STRANGER])
    t.refuse("rule:MEETING-6", "MEETING", MIRA, EVERYBODY, fields)


def unknown_target(t: Talks) -> None:
    question = t.say("QUESTION", AMAL, BORIS, QUESTION)
    changed = t.say("MEETING", MIRA, EVERYBODY, meeting("CHANGE", meeting=proposed(t)))
    for name in (question, changed, "0" * 32):
        t.refuse("unknown-target", "MEETING", MIRA, EVERYBODY, meeting("CHANGE", meeting=name))


def role_not_allowed(t: Talks) -> None:
    for sender in (LEILA, VERA, OTTO):
        t.refuse("role-not-allowed", "MEETING", sender, EVERYBODY, meeting())


BREAKS: list[Callable[[Talks], None]] = [meeting_4, meeting_5, meeting_6, unknown_target, role_not_allowed]


@pytest.mark.parametrize("breaking", BREAKS, ids=lambda one: one.__name__)
def test_each_rule_broken(breaking: Callable[[Talks], None]) -> None:
    breaking(Talks())


def test_a_proposal_says_when_and_with_whom() -> None:
    talks = Talks()
    duty = talks.adopted(clause(), clause(BORIS, "MUST NOT", "shell"))[0]
    target = proposed(talks, safe_passage=[duty.id])
    found = record(talks)
    assert (found.id, found.message, found.author) == (target, target, MIRA)
    assert (found.start_ms, found.end_ms) == (time_ms(WINDOW["start"]), time_ms(WINDOW["end"]))
    assert (found.seats, found.safe_passage) == ((AMAL, BORIS, MIRA), (duty.id,))
    assert not found.cancelled
    assert talks.negotiation.summary()["meetings"] == [found.summary()]


@pytest.mark.parametrize("code", ["AFFIRM", "NEGATIVE"])
def test_each_addressee_says_whether_they_come(code: str) -> None:
    talks = Talks()
    target = proposed(talks)
    reason = {"reason": "the road is closed"} if code == "NEGATIVE" else {}
    talks.answer(code, AMAL, MIRA, target, **reason)
    assert target in open_ids(talks)
    talks.answer("AFFIRM", BORIS, MIRA, target)
    assert target not in open_ids(talks)


def test_a_change_is_answered_in_the_place_of_what_it_changes() -> None:
    talks = Talks()
    target = proposed(talks)
    talks.answer("AFFIRM", AMAL, MIRA, target)
    changed = talks.say("MEETING", MIRA, EVERYBODY, meeting("CHANGE", meeting=target, window=LATER))
    assert record(talks).message == changed
    assert record(talks).start_ms == time_ms(LATER["start"])
    assert open_ids(talks) == {changed}
    assert {who: one.answer for who, one in talks.message(target).answers.items()} == {
        AMAL: "AFFIRM",
        BORIS: "CHANGE",
    }
    again = talks.say("MEETING", MIRA, EVERYBODY, meeting("CHANGE", meeting=target))
    assert open_ids(talks) == {again}
    assert record(talks).start_ms == time_ms(WINDOW["start"])


def test_nobody_answers_what_was_called_off() -> None:
    talks = Talks()
    target = proposed(talks)
    off = talks.say("MEETING", MIRA, EVERYBODY, meeting("CANCEL", meeting=target))
    assert record(talks).cancelled
    assert open_ids(talks) == {off}
    talks.refuse("rule:RESPONSE-9", "RESPONSE", AMAL, MIRA, {"target": target, "code": "AFFIRM"})


def test_a_record_is_kept_beside_the_meeting_and_binds_nobody() -> None:
    talks = Talks()
    target = proposed(talks)
    first = talks.say("MEETING", MIRA, EVERYBODY, meeting("RECORD", meeting=target))
    second = talks.say("MEETING", MIRA, EVERYBODY, meeting("RECORD", meeting=target))
    assert record(talks).recorded == (first, second)
    assert record(talks).message == target
    assert open_ids(talks) == {first, second}  # whether they would come is no longer asked
    for reader in EVERYBODY:
        talks.answer("AFFIRM", reader, MIRA, first)
    board = talks.negotiation.board()
    assert (board.commitments, board.proposals) == ((), ())
    assert not talks.negotiation.agreed.adopted
