"""Everybody who watches a channel: each with a bounded queue of their own."""

import asyncio
from collections.abc import AsyncIterator

from client.events import Event

__all__ = ["Audience"]

_LIMIT = 1024


class Audience:
    """Hands events to whoever listens. Used by one event loop."""

    def __init__(self) -> None:
        self._queues: list[asyncio.Queue[Event]] = []

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
        try:
            while True:
                yield await queue.get()
        finally:
            self._queues.remove(queue)
