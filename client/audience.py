"""Everybody who watches a channel: each with a bounded queue of their own."""

import asyncio
from collections.abc import AsyncIterator, Callable

from client.events import Event

__all__ = ["Audience"]

_LIMIT = 1024


class Audience:
    """Hands events to whoever listens. Used by one event loop."""

    def __init__(self, on_listener: Callable[[], None] = lambda: None) -> None:
        """Begin without anybody.

        Args:
            on_listener: Called when somebody has come to listen.
        """
        self._queues: list[asyncio.Queue[Event]] = []
        self._on_listener = on_listener

    @property
    def size(self) -> int:
        """How many listen."""
        return len(self._queues)

    def publish(self, event: Event) -> None:
        """Tell everybody; whoever does not keep up loses the oldest, as the state itself is the truth."""
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)

    async def listen(self) -> AsyncIterator[Event]:
        """What happens from the first time on that this is waited for.

        Cancellation: the listener is gone.
        """
        queue: asyncio.Queue[Event] = asyncio.Queue(_LIMIT)
        self._queues.append(queue)
        self._on_listener()
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues.remove(queue)
