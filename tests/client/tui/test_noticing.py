"""What is late, over, beyond a mandate or seen by somebody: said where it is read, told once."""

from dataclasses import replace
from typing import Any

import pytest

from client.events import AcknowledgementOverdue
from client.tui.acts import acts_about
from client.tui.dialogs import ChooseScreen, ReadScreen
from protocols.messages.roles import Role
from protocols.negotiation import ChannelTerms, Participant
from tests.client.tui.hands import (
    app_of,
    screen,
)
from tests.support.fake_session import AMAL, BORIS, MIRA, ROSTER, FakeSession, proposal_fields
from tests.support.screens import shown, until, until_shown

VERA = "55" * 16
TABLE = (*ROSTER[:3], Participant(VERA, "VERA", Role.MONITOR))
PLACE: dict[str, Any] = {
    "lat": "36.20000",
    "lon": "37.10000",
    "radius_m": 50,
    "name": "bridge",
    "name_source": "OSM",
}
WINDOW: dict[str, Any] = {"start": "2026-11-23T06:00:00Z", "end": "2026-11-23T09:00:00Z"}
FACT: dict[str, Any] = {
    "statement": "Six trucks wait.",
    "basis": "OWN_OBSERVATION",
    "as_of": "221425Z NOV 26",
    "topic": "t",
}
REQUEST: dict[str, Any] = {
    "actor": BORIS,
    "action": "open gate 4",
    "deadline": "221700Z NOV 26",
    "reason": "aid",
    "topic": "g",
}


async def test_what_is_past_its_time_says_so_and_offers_no_promise() -> None:
    session = FakeSession(BORIS)
    question = {"question": "Clear?", "form": "YES_NO", "topic": "t"}
    session.say(MIRA, "QUESTION", question, to=[BORIS], valid_until="221431Z NOV 26")
    session.clock.forward(120)
    async with app_of(session).run_test(size=(60, 20)) as pilot:
        await until_shown(pilot, "DELAYED, DO NOT ACT")
        await pilot.press("r")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChooseScreen))
        await until_shown(pilot, "DELAYED, DO NOT ACT: no WILCO or AFFIRM any more.")
        labels = [line.strip("┃ ▶") for line in shown(pilot.app).splitlines()]
        assert "NEGATIVE" in labels
        assert "AFFIRM" not in labels


async def test_a_request_past_its_deadline_is_over() -> None:
    session = FakeSession(BORIS)
    session.say(MIRA, "REQUEST", REQUEST, to=[BORIS])
    session.clock.forward(3 * 3600)
    async with app_of(session).run_test(size=(60, 20)) as pilot:
        await until_shown(pilot, "ITS TIME IS OVER")
        await pilot.press("r")
        await until_shown(pilot, "UNABLE")
        assert "WILCO" not in shown(pilot.app).replace("no WILCO", "")


async def test_who_speaks_beyond_the_mandate_is_marked_and_explained() -> None:
    speaker = replace(ROSTER[1], principal="ab" * 32, principal_name="Northern Council")
    glossary = ChannelTerms()
    session = FakeSession(BORIS, roster=(ROSTER[0], speaker, ROSTER[2]), terms=glossary)
    session.say(AMAL, "INFORM", FACT, to=[BORIS])
    async with app_of(session).run_test(size=(60, 20)) as pilot:
        await until_shown(pilot, "BEYOND THE MANDATE: no mandate in force covers this.")
        await until_shown(pilot, "from AMAL (party, for Northern Council)")
        await pilot.press("v")
        await until_shown(pilot, "speaks for Northern Council, no mandate in force about t")


async def test_what_was_wholly_on_screen_is_told_once_and_only_then() -> None:
    session = FakeSession(BORIS)
    long = {**FACT, "statement": "word " * 190}
    session.say(AMAL, "INFORM", FACT, to=[BORIS])
    async with app_of(session).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(session.shown) == 1)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChooseScreen))
        hidden = session.say(AMAL, "INFORM", FACT, to=[BORIS])
        await pilot.pause()
        assert hidden not in session.shown, "a menu covers it"
        await pilot.press("ctrl+g")
        await until(pilot, lambda: hidden in session.shown)
        tall = session.say(AMAL, "INFORM", {**long, "remarks": "word " * 190}, to=[BORIS])
        await pilot.press("end")
        await pilot.pause()
        assert tall not in session.shown, "its end was not on screen"
        for _ in range(6):
            await pilot.press("j")
        await until(pilot, lambda: tall in session.shown)
        mine = await session.send(session.compose("INFORM", FACT, to=[AMAL]))
        await pilot.press("end")
        await until_shown(pilot, "INFORM  No. 4")
        await pilot.pause()
        assert mine not in session.shown
        assert len(session.shown) == len(set(session.shown)) == 3


async def test_a_terminal_without_focus_shows_to_nobody() -> None:
    session = FakeSession(BORIS)
    async with app_of(session).run_test(size=(60, 20)) as pilot:
        pilot.app.app_focus = False
        said = session.say(AMAL, "INFORM", FACT, to=[BORIS])
        await until_shown(pilot, "INFORM  No. 1")
        assert said not in session.shown
        pilot.app.app_focus = True
        screen(pilot)._on_tick()
        await until(pilot, lambda: said in session.shown)


async def test_what_is_late_is_said_rings_when_urgent_and_stays_on_the_card(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = FakeSession(MIRA)
    routine = session.say(MIRA, "INFORM", FACT, to=[BORIS])
    urgent = session.say(MIRA, "INFORM", FACT, to=[BORIS], precedence="IMMEDIATE")
    rung: list[str] = []

    def late(message_id: bytes) -> None:
        session.publish(
            AcknowledgementOverdue(
                message_id=message_id, addressee=BORIS, level=4, step="1x", due_ms=session.clock()
            )
        )

    async with app_of(session).run_test(size=(80, 24)) as pilot:
        monkeypatch.setattr(pilot.app, "bell", lambda: rung.append("bell"))
        late(routine)
        await until_shown(pilot, "LATE: No. 1 to BORIS (ROUTINE)")
        await until_shown(pilot, "no acknowledgement; cause unknown")
        assert not rung
        late(urgent)
        await until_shown(pilot, "LATE: No. 2 to BORIS (IMMEDIATE)")
        assert rung == ["bell"]
        late(routine)
        await pilot.pause()
        await until_shown(pilot, "LATE: No. 2 to BORIS (IMMEDIATE)")
        session.clock.forward(40 * 60)
        screen(pilot)._on_tick()
        await until_shown(pilot, "LATE for L2: no acknowledgement; cause unknown")


async def test_whoever_is_suspended_is_told() -> None:
    session = FakeSession(BORIS)
    asked = session.say(MIRA, "REQUEST", REQUEST, to=[BORIS])
    seat = {"operation": "SUSPEND", "seat": "BORIS", "fingerprint": BORIS, "effective": "221430Z NOV 26"}
    session.say(MIRA, "SEAT", {**seat, "reason": "device lost", "topic": "seats"}, to=[AMAL, BORIS])
    assert asked
    async with app_of(session).run_test(size=(80, 24)) as pilot:
        for key in ("r", "n", "a"):
            await pilot.press(key)
            await until_shown(pilot, "your seat is suspended")
            assert not isinstance(pilot.app.screen, ChooseScreen | ReadScreen)


async def test_who_is_late_is_told_what_to_press() -> None:
    session = FakeSession(BORIS)
    fact = {**FACT, "qty": {"n": 6, "unit": "vehicles", "basis": "COUNTED"}}
    said = session.say(AMAL, "INFORM", fact, to=[BORIS], precedence="IMMEDIATE")
    session.say(
        MIRA, "LINE-CHECK", {"slot": "221430Z NOV 26", "word": "CEDAR", "topic": "LINE-CHECK"}, to=[BORIS]
    )
    session.clock.forward(2 * 3600)
    async with app_of(session).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "answer OPEN; LATE: press a (press r)")
        await until_shown(pilot, "answer OPEN; LATE: press r (press r)")
        session.receipt(BORIS, "ACKNOWLEDGED", said)
        await until_shown(pilot, "LATE: press b, read it back")


async def test_a_line_check_that_nobody_answered_is_missed_for_no_known_cause() -> None:
    session = FakeSession(MIRA)
    session.say(
        MIRA, "LINE-CHECK", {"slot": "221430Z NOV 26", "word": "CEDAR", "topic": "LINE-CHECK"}, to=[BORIS]
    )
    async with app_of(session).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "on watch at 221430Z NOV 26? word CEDAR")
        assert "missed" not in shown(pilot.app)
        session.clock.forward(16 * 60)
        screen(pilot)._on_tick()
        await until_shown(pilot, "missed, cause unknown")


async def test_whoever_may_not_speak_about_a_text_is_not_offered_to_adopt_it() -> None:
    speaker = replace(ROSTER[2], principal="ab" * 32, principal_name="Southern Council")
    session = FakeSession(BORIS, roster=(*ROSTER[:2], speaker))
    tabled = session.say(AMAL, "PROPOSAL", proposal_fields(), to=[MIRA, BORIS])
    folded = session.negotiation.message(tabled)
    assert folded is not None
    assert acts_about(session.negotiation, folded, BORIS, session.clock()) == ()
