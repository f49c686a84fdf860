"""How it looks, as plain text that can be read in a diff.

`PARLEY_UPDATE_GOLDEN=1` writes the files anew; read what changed before keeping it.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from client.tui.app import ChatApp
from tests.client.tui.hands import FORK, app_of, begin, fill
from tests.support.fake_session import AMAL, BORIS, MIRA, ROSTER, FakeSession, north_bridge
from tests.support.screens import shown, until_shown

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    ("name", "size", "keys", "alarmed"),
    [
        ("conversation-80x24", (80, 24), (), False),
        ("conversation-60x20", (60, 20), (), False),
        ("alarm-60x20", (60, 20), (), True),
        ("inform-60x20", (60, 20), ("n", "down", "enter"), False),
    ],
)
async def test_looks(name: str, size: tuple[int, int], keys: tuple[str, ...], alarmed: bool) -> None:
    session = north_bridge(BORIS)
    if alarmed:
        session.raise_alarm(FORK)
    async with ChatApp(session, clock=session.clock).run_test(size=size) as pilot:
        await until_shown(pilot, "PROPOSAL  No. 8")
        await pilot.press(*keys)
        await until_shown(pilot, "Back, keep draft" if keys else "Quit")
        await pilot.pause()
        text = "".join(f"{line.rstrip()}\n" for line in shown(pilot.app).splitlines())
    check(name, text)


def requested() -> FakeSession:
    """A request that is past what it was valid for, one that is not, and a list of persons."""
    session = FakeSession(BORIS, roster=ROSTER[:3])
    asked: dict[str, Any] = {"actor": BORIS, "action": "open gate 4", "deadline": "221700Z NOV 26"}
    asked |= {"reason": "an ambulance waits", "topic": "gate 4"}
    session.say(MIRA, "REQUEST", asked, to=[BORIS], valid_until="221431Z NOV 26")
    entry: dict[str, Any] = {"ref": "A-1", "name": "Layla Haddad", "category": "DETAINEE"}
    session.say(
        AMAL,
        "PERSONS",
        {"operation": "LIST", "entries": [entry], "topic": "detained", "tlp": "RED"},
        to=[BORIS],
    )
    session.say(MIRA, "REQUEST", asked, to=[BORIS])
    session.clock.forward(120)
    return session


@pytest.mark.parametrize(
    ("name", "size", "keys", "there"),
    [
        ("new-message-60x20", (60, 20), ("n", "end"), "role or a key"),
        ("delayed-and-covered-80x24", (80, 24), ("home",), "PERSONS  No. 2"),
        ("wilco-60x20", (60, 20), ("r", "enter"), "withdrawn only with 24 hours' notice"),
    ],
)
async def test_looks_before_something_binds(
    name: str, size: tuple[int, int], keys: tuple[str, ...], there: str
) -> None:
    session = requested()
    async with ChatApp(session, clock=session.clock).run_test(size=size) as pilot:
        await until_shown(pilot, "REQUEST  No. 3")
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        await until_shown(pilot, there)
        text = "".join(f"{line.rstrip()}\n" for line in shown(pilot.app).splitlines())
    check(name, text)


async def test_looks_when_something_is_unclear() -> None:
    session = FakeSession(AMAL)
    async with app_of(session).run_test(size=(80, 24)) as pilot:
        await begin(pilot, "INFORM")
        await fill(pilot, "topic", "convoy")
        await fill(pilot, "statement", "Several trucks come tomorrow.")
        await fill(pilot, "basis", "OWN_OBSERVATION")
        await fill(pilot, "as_of", "221425Z NOV 26")
        await pilot.pause()
        await pilot.press("ctrl+s")
        await until_shown(pilot, "A reader may misunderstand 2 things")
        text = "".join(f"{line.rstrip()}\n" for line in shown(pilot.app).splitlines())
    check("unclear-80x24", text)


def check(name: str, text: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("PARLEY_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()
