"""`parley chat`: the Textual app over one running channel."""

import time
from collections.abc import Callable
from typing import ClassVar

from textual.app import App

from client.tui.conversation_screen import ConversationScreen
from client.tui.port import SessionPort


def utc_milliseconds() -> int:
    """The clock: UTC milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class ChatApp(App[None]):
    """Shows one channel until the person quits; the session belongs to the caller."""

    CSS_PATH = "app.tcss"
    TITLE = "parley"
    ENABLE_COMMAND_PALETTE: ClassVar[bool] = False

    def __init__(self, session: SessionPort, *, clock: Callable[[], int] = utc_milliseconds) -> None:
        """Take the running session, and the clock in UTC milliseconds."""
        super().__init__()
        self._session = session
        self._clock = clock
        self.animation_level = "none"

    def on_mount(self) -> None:
        """Open the conversation."""
        self.push_screen(ConversationScreen(self._session, clock=self._clock))


async def run_chat(session: SessionPort, *, mouse: bool = False) -> None:
    """Show the channel until the person quits.

    Args:
        session: running; not closed here.
        mouse: whether to take the mouse; off, the terminal's own selecting and copying works as usual.

    Cancellation: the terminal is restored; what was queued stays in the session's outbox.
    """
    await ChatApp(session).run_async(mouse=mouse)
