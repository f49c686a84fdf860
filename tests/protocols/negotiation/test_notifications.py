"""Notifications in force: from their entry until they are over, whoever has said what."""

import pytest

from protocols.messages.values import format_time, time_ms
from protocols.negotiation.notifications import NOTIFICATION_WORDING, NotificationInForce

from .talks import AMAL, BORIS, LEILA, MIRA, NOTIFY, PERSONS, PLACE, VERA, WINDOW, Talks

START_MS, END_MS = time_ms(WINDOW["start"]), time_ms(WINDOW["end"])
EXPIRY = "2026-12-24T06:00:00Z"
SITE = {
    "kind": "SITE",
    "purpose": "clinic",
    "place": PLACE,
    "window": WINDOW,
    "persons": PERSONS,
    "contact": LEILA,
    "site_function": "MEDICAL",
    "expiry": EXPIRY,
}


def in_force(talks: Talks, now_ms: int | None = None) -> tuple[NotificationInForce, ...]:
    return talks.negotiation.notifications(now_ms)


def test_it_is_in_force_until_its_window_ends() -> None:
    talks = Talks()
    message = talks.say("NOTIFY", AMAL, [BORIS, MIRA], NOTIFY)
    (found,) = in_force(talks)
    assert (found.message, found.sender, found.kind) == (message, AMAL, "ACTIVITY")
    assert (found.start_ms, found.end_ms) == (START_MS, END_MS)
    assert (found.passed, found.waiting) == ((), (BORIS, MIRA))
    assert in_force(talks, END_MS - 1) == (found,)
    assert in_force(talks, END_MS) == ()


def test_a_site_is_in_force_until_it_expires() -> None:
    talks = Talks()
    talks.say("NOTIFY", LEILA, [AMAL, BORIS], SITE)
    assert [one.end_ms for one in in_force(talks, END_MS)] == [time_ms(EXPIRY)]
    assert in_force(talks, time_ms(EXPIRY)) == ()


def test_who_said_to_whom_it_was_passed_waits_no_more() -> None:
    talks = Talks()
    message = talks.say("NOTIFY", AMAL, [BORIS, MIRA], NOTIFY, info=[VERA])
    talks.answer("STANDBY", MIRA, AMAL, message, by=format_time(talks.now_ms + 60_000))
    talks.answer("ROGER", BORIS, AMAL, message, passed_to="the duty officer")
    (found,) = in_force(talks)
    assert (found.passed, found.waiting) == ((BORIS,), (MIRA,))
    talks.answer("ROGER", MIRA, AMAL, message, passed_to="the duty officer")
    assert [one.passed for one in in_force(talks)] == [(BORIS, MIRA)]


def test_an_acknowledgement_passes_nothing_on() -> None:
    talks = Talks()
    talks.receipt("ACKNOWLEDGED", BORIS, talks.say("NOTIFY", AMAL, BORIS, NOTIFY))
    assert [one.waiting for one in in_force(talks)] == [(BORIS,)]


def correct(talks: Talks, message: str, **fields: object) -> None:
    talks.say("CORRECTION", AMAL, BORIS, {"target": message, "reason": "it has changed", **fields})


def test_it_is_as_it_was_corrected() -> None:
    talks = Talks()
    message = talks.say("NOTIFY", AMAL, BORIS, NOTIFY)
    later = "2026-11-25T06:00:00Z"
    change = {"field": "window.end", "old": WINDOW["end"], "new": later}
    correct(talks, message, action="CORRECT", changes=[change])
    assert [one.end_ms for one in in_force(talks, END_MS)] == [time_ms(later)]


def test_what_was_taken_back_is_not_in_force() -> None:
    talks = Talks()
    message = talks.say("NOTIFY", AMAL, BORIS, NOTIFY)
    kept = talks.say("NOTIFY", AMAL, BORIS, NOTIFY)
    correct(talks, message, action="CANCEL")
    assert [one.message for one in in_force(talks)] == [kept]


def test_they_stand_in_the_order_of_the_log_and_in_the_digest() -> None:
    talks = Talks()
    said = [talks.say("NOTIFY", AMAL, [BORIS], NOTIFY), talks.say("NOTIFY", LEILA, [BORIS], SITE)]
    assert [one.message for one in in_force(talks)] == said
    listed = talks.negotiation.summary()["notifications"]
    assert listed == [one.summary() for one in in_force(talks)]


@pytest.mark.parametrize("word", ["receipt is not permission", "no receipt does not remove protection"])
def test_the_fixed_banner(word: str) -> None:
    assert word in NOTIFICATION_WORDING
