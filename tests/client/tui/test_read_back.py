"""Read-backs: typed anew by one, judged side by side by the other."""

from pydantic import JsonValue
from textual.widgets import Input

from client.tui.comparison_screen import ComparisonScreen
from client.tui.form_rows import Row
from protocols.messages import Message
from protocols.messages.administrative import Readback, Response
from tests.client.tui.hands import SIZES, app_of, choose, fill, form, preview, select
from tests.support.fake_session import AMAL, BORIS, FakeSession, north_bridge
from tests.support.screens import until, until_shown

READINGS = {
    "window.start": "230600Z NOV 26",
    "window.end": "230900Z NOV 26",
    "qty.n": "6",
    "qty.unit": "vehicles",
    "qty.basis": "counted",
}


@SIZES
async def test_a_read_back_is_typed_field_by_field(size: tuple[int, int]) -> None:
    session = north_bridge(BORIS)
    async with app_of(session).run_test(size=size) as pilot:
        await select(pilot, 1)
        await pilot.press("b")
        screen = await form(pilot)
        assert all(not row.query_one(Input).value for row in screen.query(Row))
        [first, *_] = screen.query(Row)
        first.query_one(Input).focus()
        pilot.app.copy_to_clipboard("230600Z NOV 26")
        await pilot.press("ctrl+v")
        await until_shown(pilot, "pasting is off here")
        assert not first.query_one(Input).value
        for index, value in enumerate(READINGS.values()):
            await fill(pilot, f"readings.{index}.value", value)
        await preview(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(session.sent))
        [message] = session.sent
        assert isinstance(message, Message)
        assert isinstance(message.content, Readback)
        assert {reading.field: reading.value for reading in message.content.readings} == READINGS
        informed = session.negotiation.by_position(1)
        assert informed is not None
        assert informed.acknowledgements[BORIS].label == "L5"


def read_back(session: FakeSession, **wrong: str) -> str:
    informed = session.negotiation.by_position(1)
    assert informed is not None
    readings: JsonValue = [
        {"field": path, "value": wrong.get(path.replace(".", "_"), value)} for path, value in READINGS.items()
    ]
    fields: dict[str, JsonValue] = {"target": informed.id, "readings": readings, "topic": "convoy"}
    return session.say(BORIS, "READBACK", fields, to=[AMAL]).hex()


@SIZES
async def test_the_author_marks_a_true_read_back_correct(size: tuple[int, int]) -> None:
    session = north_bridge(AMAL)
    read_back(session)
    async with app_of(session).run_test(size=size) as pilot:
        await select(pilot, 1)
        await pilot.press("b")
        await until_shown(pilot, "BORIS reads back No. 1: all fields say the same")
        await until_shown(pilot, "= window.start: same")
        await pilot.press("c")
        await until_shown(pilot, "c again sends CORRECT")
        assert not session.sent
        await pilot.press("c")
        await until(pilot, lambda: bool(session.sent))
        informed = session.negotiation.by_position(1)
        assert informed is not None
        assert informed.acknowledgements[BORIS].label == "L6"


@SIZES
async def test_a_false_read_back_cannot_be_marked_correct(size: tuple[int, int]) -> None:
    session = north_bridge(AMAL)
    readback = read_back(session, window_start="230700Z NOV 26")
    async with app_of(session).run_test(size=size) as pilot:
        await pilot.press("end", "r")
        await choose(pilot, "CORRECT")
        await until_shown(pilot, "1 of 5 fields DIFFER")
        await until_shown(pilot, "# window.start: DIFFERS")
        await until_shown(pilot, "meant:     230600Z NOV 26 (2026-11-23T06:00:00Z)")
        await until_shown(pilot, "read back: 230700Z NOV 26")
        await pilot.press("c")
        assert isinstance(pilot.app.screen, ComparisonScreen)
        await pilot.press("w")
        await until_shown(pilot, "[x] window.start")
        await pilot.press("w")
        await until(pilot, lambda: bool(session.sent))
        [message] = session.sent
        assert isinstance(message, Message)
        assert isinstance(message.content, Response)
        assert (message.content.target, message.content.code) == (readback, "WRONG")
        assert message.content.fields == ("window.start",)


async def test_nothing_to_read_back_is_said() -> None:
    async with app_of(north_bridge(BORIS)).run_test(size=(60, 20)) as pilot:
        await select(pilot, 4)
        await pilot.press("b")
        await until_shown(pilot, "has no critical fields to read back")
