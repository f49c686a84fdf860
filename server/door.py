"""The door: TCP connections that have not become a WebSocket yet, how long and how many.

aiohttp waits for a request as long as the peer keeps the connection open, and the headers may come a byte at
a time. So every connection has a deadline for its upgrade; health checks are answered long before. When
too many stand in the door, the one that has stood there longest goes: honest ones pass in a moment.
"""

import asyncio
from collections.abc import Callable
from typing import Final, cast

MAX_WAITING: Final = 1024
"""Connections that may stand in the door at one time."""


class Door:
    """Watches connections from their first byte until `let_in`."""

    def __init__(self, timeout_s: float, *, max_waiting: int = MAX_WAITING) -> None:
        """Give each connection `timeout_s` seconds, and at most `max_waiting` of them at one time."""
        self._timeout_s = timeout_s
        self._max_waiting = max_waiting
        self._waiting: dict[asyncio.Transport, asyncio.TimerHandle] = {}  # oldest first

    def __len__(self) -> int:
        return len(self._waiting)

    def protocol(self, handler: asyncio.Protocol) -> asyncio.Protocol:
        """What to give a new connection whose bytes are for `handler`."""
        return _Watched(self, handler)

    def protocols(self, handlers: Callable[[], asyncio.Protocol]) -> Callable[[], asyncio.Protocol]:
        """A protocol factory as `loop.create_server` takes it."""
        return lambda: self.protocol(handlers())

    def let_in(self, transport: asyncio.Transport | None) -> None:
        """The connection has proved to be one of ours, or is gone: it is not watched any more."""
        if transport is not None and (timer := self._waiting.pop(transport, None)) is not None:
            timer.cancel()

    def watch(self, transport: asyncio.Transport) -> None:
        """Begin to count for a new connection."""
        loop = asyncio.get_running_loop()
        self._waiting[transport] = loop.call_later(self._timeout_s, transport.abort)
        if len(self._waiting) > self._max_waiting:
            oldest = next(iter(self._waiting))
            self.let_in(oldest)
            oldest.abort()


class _Watched(asyncio.Protocol):
    """Passes everything on; tells the door of the beginning and the end."""

    __slots__ = ("_door", "_handler", "_transport")

    def __init__(self, door: Door, handler: asyncio.Protocol) -> None:
        self._door = door
        self._handler = handler
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Of a stream; another loop's transports (uvloop's) need not be of this class to behave like it.
        self._transport = cast("asyncio.Transport", transport)
        self._door.watch(self._transport)
        self._handler.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.let_in(self._transport)
        self._handler.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._handler.data_received(data)

    def eof_received(self) -> bool | None:
        return self._handler.eof_received()

    def pause_writing(self) -> None:
        self._handler.pause_writing()

    def resume_writing(self) -> None:
        self._handler.resume_writing()
