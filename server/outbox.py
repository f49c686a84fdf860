"""What is waiting to go out on one connection: one queue, drained by the connection's one writer task.

Answers are queued; entries of subscribed logs are not. A subscriber has only a cursor, and news of a log
merely wakes the writer, which takes from the log what has come since. So what a connection holds is bounded
by its unanswered requests, however fast a log grows and however slowly the client reads.
"""

import asyncio
from typing import Final

from protocols.relay.frames import Frame, MailboxContents

ROOM: Final = 4
"""Large answers that may wait before the connection takes no further request."""


class Outbox:
    """Frames in order, and a wake-up for the one writer. Small, as every connection has one."""

    __slots__ = ("_awake", "_frames", "_large", "_reader", "_writer", "closed")

    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._awake = False
        self._writer: asyncio.Future[None] | None = None
        self._reader: asyncio.Future[None] | None = None
        self._large = 0
        self.closed = False

    def put(self, frame: Frame) -> None:
        """Queue an answer; dropped when the connection is gone, as its client asks again on the next."""
        if self.closed:
            return
        self._frames.append(frame)
        if type(frame) is MailboxContents:
            self._large += 1
        self.wake()

    def wake(self) -> None:
        """Have the writer look at its queue and its subscriptions."""
        self._awake = True
        if self._writer is not None and not self._writer.done():
            self._writer.set_result(None)

    def close(self) -> None:
        """Let the writer finish what is queued and end, and the reader go on. Repeating it does nothing."""
        self.closed = True
        self.wake()
        self._let_in()

    async def wait(self) -> None:
        """Wait for the next `put`, `wake` or `close`. Cancellation leaves the wake-up in place."""
        while not self._awake:
            self._writer = asyncio.get_running_loop().create_future()
            try:
                await self._writer
            finally:
                self._writer = None
        self._awake = False

    def take(self) -> tuple[Frame, ...]:
        """Everything queued so far, in order."""
        frames = tuple(self._frames)
        self._frames.clear()
        self._large = 0
        self._let_in()
        return frames

    async def room(self) -> None:
        """Wait until another large answer may be queued: a client that does not read is not read either."""
        while self._large >= ROOM and not self.closed:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None

    def _let_in(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
