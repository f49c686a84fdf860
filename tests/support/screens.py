"""What a Textual app shows, as text, and waiting for it without sleeping."""

import time
from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.pilot import Pilot

DEADLINE_S = 20.0


def shown(app: App[Any]) -> str:
    """Return what the present screen draws, line by line."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def until(pilot: Pilot[Any], condition: Callable[[], bool]) -> None:
    """Let the app work until something holds."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, f"it did not come to hold; on screen:\n{shown(pilot.app)}"
        await pilot.pause()


async def until_shown(pilot: Pilot[Any], text: str) -> None:
    """Let the app work until a text is on screen; line ends and indentation do not count."""
    wanted = "".join(text.split())

    def there() -> bool:
        return wanted in "".join("".join(line.strip("┃ ▌").split()) for line in shown(pilot.app).splitlines())

    await until(pilot, there)


async def type_text(pilot: Pilot[Any], text: str) -> None:
    """Type a text into the focused field, key by key."""
    names = {" ": "space", ".": "full_stop", "/": "slash", ",": "comma", "?": "question_mark", "-": "minus"}
    await pilot.press(*(names.get(character, character) for character in text))
