"""How it looks, as plain text that can be read in a diff.

`PARLEY_UPDATE_GOLDEN=1` writes the files anew; read what changed before keeping it.
"""

import os
from pathlib import Path

import pytest

from client.tui.app import ChatApp
from tests.client.tui.hands import FORK
from tests.support.fake_session import BORIS, north_bridge
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
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("PARLEY_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()
