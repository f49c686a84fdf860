"""What is waiting to go out on one connection: one queue, drained by the connection's one writer task.

Answers are queued; entries of subscribed logs are not. A subscriber has only a cursor, and news of a log
merely wakes the writer, which takes from the log what has come since. So what a connection holds is bounded
by its unanswered requests, however fast a log grows and however slowly the client reads.
"""

import asyncio
from collections import deque
from typing import Final

from protocols.relay.frames import Frame, MailboxContents

ROOM: Final = 4
"""Large answers that may wait before the connection takes no further request."""


class Outbox:
    """Frames in order, and a wake-up. Used by one event loop."""

    __slots__ = ("_drained", "_frames", "_large", "_wake", "closed")

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque()
        self._wake = asyncio.Event()
        self._drained: asyncio.Event | None = None
        self._large = 0
        self.closed = False

    def put(self, frame: Frame) -> None:
        """Queue an answer; dropped when the connection is gone, as its client asks again on the next."""
        if self.closed:
            return
        self._frames.append(frame)
        if type(frame) is MailboxContents:
            self._large += 1
        self._wake.set()

    def wake(self) -> None:
        """Have the writer look at its subscriptions."""
        self._wake.set()

    def close(self) -> None:
        """Let the writer finish what is queued and end. Repeating it does nothing."""
        self.closed = True
        self._wake.set()

    async def wait(self) -> None:
        """Wait for the next `put`, `wake` or `close`. Cancellation leaves the wake-up in place."""
        await self._wake.wait()
        self._wake.clear()

    def take(self) -> tuple[Frame, ...]:
        """Everything queued so far, in order."""
        frames = tuple(self._frames)
        self._frames.clear()
        self._large = 0
        if self._drained is not None:
            self._drained.set()
            self._drained = None
        return frames

    async def room(self) -> None:
        """Wait until another large answer may be queued: a client that does not read is not read either."""
        while self._large >= ROOM and not self.closed:
            if self._drained is None:
                self._drained = asyncio.Event()
            await self._drained.wait()
