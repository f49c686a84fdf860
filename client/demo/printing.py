"""How the demo looks on a terminal: headings, the conversation, what was verified. Works in 60 columns."""

import shutil
import sys
from collections.abc import Sequence
from typing import Final, Protocol

from client.display import sanitise
from client.tui.wrapping import wrap

__all__ = ["Printer", "Silent", "Terminal"]

_NARROW: Final = 40
_WIDE: Final = 100


class Printer(Protocol):
    """Where the demo tells what is going on."""

    def heading(self, text: str) -> None:
        """Begin a part."""

    def say(self, text: str, *, hang: int = 0) -> None:
        """Tell one thing, in the words of the demo."""

    def card(self, lines: Sequence[tuple[str, int]]) -> None:
        """Show a message: lines with their hanging indents."""


class Silent:
    """Tells nothing: for programs."""

    def heading(self, text: str) -> None:
        """Tell nothing."""

    def say(self, text: str, *, hang: int = 0) -> None:
        """Tell nothing."""

    def card(self, lines: Sequence[tuple[str, int]]) -> None:
        """Tell nothing."""


class Terminal:
    """Prints to standard output, wrapped to the terminal's width."""

    def __init__(self, width: int | None = None) -> None:
        """Take the width in columns; None to ask the terminal."""
        columns = shutil.get_terminal_size((80, 24)).columns if width is None else width
        self._width = max(_NARROW, min(columns, _WIDE))

    def heading(self, text: str) -> None:
        """Begin a part."""
        self._print("")
        self._print(f"== {text}", hang=3)

    def say(self, text: str, *, hang: int = 0) -> None:
        """Tell one thing, in the words of the demo."""
        self._print(text, hang=hang)

    def card(self, lines: Sequence[tuple[str, int]]) -> None:
        """Show a message; the bar at its left keeps what people wrote apart from what the demo says."""
        self._print("")
        for text, hang in lines:
            for line in wrap(sanitise(text), self._width - 2, hang=hang):
                self._write(f"| {line}")

    def _print(self, text: str, *, hang: int = 0) -> None:
        for line in wrap(sanitise(text), self._width, hang=hang):
            self._write(line)

    def _write(self, line: str) -> None:
        sys.stdout.write(f"{line.rstrip()}\n")
        sys.stdout.flush()
