"""A TCP proxy between client and relay that can cut, hold back, silence and redirect, and that understands both.

It reads the WebSocket frames that pass, unmasked, so that a test can act on what is said at the very moment.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from protocols.relay import wire
from protocols.relay.frames import Frame


class Direction(Enum):
    """Which way bytes go."""

    TO_RELAY = auto()
    TO_CLIENT = auto()


Watch = Callable[[Direction, Frame], None]


@dataclass(slots=True)
class WebSocketBytes:
    """The messages in one direction of a connection: the opening HTTP, then frames of RFC 6455."""

    buffer: bytearray = field(default_factory=bytearray)
    upgraded: bool = False

    def feed(self, data: bytes) -> list[bytes]:
        """Take in bytes; return the payloads of the data frames that are now complete."""
        self.buffer += data
        if not self.upgraded:
            head, found, rest = bytes(self.buffer).partition(b"\r\n\r\n")
            if not found or not head:
                return []
            self.buffer, self.upgraded = bytearray(rest), True
        payloads = []
        while (frame := self._frame()) is not None:
            opcode, payload = frame
            if opcode == 2:
                payloads.append(payload)
        return payloads

    def _frame(self) -> tuple[int, bytes] | None:
        if len(self.buffer) < 2:
            return None
        opcode, masked, length = self.buffer[0] & 15, self.buffer[1] >> 7, self.buffer[1] & 127
        start = 2
        if length >= 126:
            layout, size = (">H", 2) if length == 126 else (">Q", 8)
            if len(self.buffer) < 2 + size:
                return None
            (length,) = struct.unpack_from(layout, self.buffer, 2)
            start += size
        end = start + 4 * masked + length
        if len(self.buffer) < end:
            return None
        mask = bytes(self.buffer[start : start + 4]) if masked else bytes(4)
        sealed = bytes(self.buffer[start + 4 * masked : end])
        del self.buffer[:end]
        stretched = (mask * (length // 4 + 1))[:length]
        return opcode, (int.from_bytes(sealed) ^ int.from_bytes(stretched)).to_bytes(length)


class Proxy:
    """Passes bytes on as it is told to at that moment.

    Attributes:
        target: the port of the relay that new connections are led to.
        refusing: whether new connections are cut at once.
        silenced: directions whose bytes are swallowed.
        delay_s: how long each chunk is held back.
        captured: every byte that came, and every WebSocket payload unmasked, in whichever direction.
        watch: called with each relay frame before it is passed on.
        connections: how many were accepted so far.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.refusing = False
        self.silenced: set[Direction] = set()
        self.delay_s = 0.0
        self.captured = bytearray()
        self.watch: Watch | None = None
        self.connections = 0
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """What a client connects to."""
        return f"ws://127.0.0.1:{self.port}/v1"

    def cut(self) -> None:
        """Reset every connection, in the middle of whatever is on its way."""
        for writer in self._writers:
            raw = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def close(self) -> None:
        """Cut everything and wait until it is gone."""
        self.refusing = True
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either end is gone."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self._writers.add(writer)
        onward: asyncio.StreamWriter | None = None
        try:
            if self.refusing:
                return
            back, onward = await asyncio.open_connection("127.0.0.1", self.target)
            self._writers.add(onward)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pass_on(Direction.TO_RELAY, reader, onward))
                tasks.create_task(self._pass_on(Direction.TO_CLIENT, back, writer))
        except (OSError, ExceptionGroup):
            return
        finally:
            for end in (writer, onward):
                if end is not None:
                    self._writers.discard(end)
                    end.transport.abort()
            self._tasks.discard(task)

    async def _pass_on(
        self, direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        messages = WebSocketBytes()
        while data := await reader.read(65_536):
            self.captured += data
            for payload in messages.feed(data):
                self.captured += payload
                if self.watch is not None:
                    for frame in wire.decode_batch(payload, wire.CEILING):
                        self.watch(direction, frame)
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            if direction not in self.silenced:
                writer.write(data)
                await writer.drain()
        raise ConnectionError("one end has closed")


@contextlib.asynccontextmanager
async def proxy_to(port: int) -> AsyncIterator[Proxy]:
    """Run a proxy for the length of a block."""
    proxy = Proxy(port)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
        await server.wait_closed()
