"""A relay of a few lines that does what a test tells it to, right or wrong, on a real socket."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

from client.transport import RelayConnection, connect
from protocols.log.note import Verifier
from protocols.relay import wire
from protocols.relay.connection import Connection, Role
from protocols.relay.frames import (
    PROTOCOL_VERSION,
    SUBPROTOCOL,
    Done,
    Entries,
    Frame,
    Greeting,
    Limits,
    MailboxClose,
)

VKEY = Verifier(
    "relay.example", bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
).vkey
LOG = b"\x10" * 32
CLOSE = MailboxClose(request=0, mailbox=bytes(32))
LIMITS = wire.DEFAULT_LIMITS
Answering: TypeAlias = Callable[["Peer", Frame], Awaitable[None]]


class Peer:
    """One client, seen from the relay."""

    def __init__(self, socket: web.WebSocketResponse, limits: Limits) -> None:
        self.socket = socket
        self.connection = Connection(Role.RELAY, limits)
        self.batches: list[tuple[Frame, ...]] = []

    async def receive(self) -> tuple[Frame, ...]:
        """Return the next batch, or nothing when the client is gone."""
        message = await self.socket.receive()
        if not isinstance(message.data, bytes):
            return ()
        batch = self.connection.receive_data(message.data)
        self.batches.append(batch)
        return batch

    async def send(self, *frames: Frame) -> None:
        await self.socket.send_bytes(self.connection.send(frames))

    async def greet(self) -> None:
        await self.receive()
        await self.send(
            Greeting(
                version=PROTOCOL_VERSION, relay_vkey=VKEY, challenge=bytes(32), limits=self.connection._limits
            )
        )


async def say_done(peer: Peer, frame: Frame) -> None:
    """Grant everything."""
    await peer.send(Done(request=getattr(frame, "request", 0)))


@contextlib.asynccontextmanager
async def relay(
    answer: Answering = say_done,
    *,
    limits: Limits = wire.DEFAULT_LIMITS,
    after_greeting: Callable[[Peer], Awaitable[None]] | None = None,
    instead: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None,
) -> AsyncIterator[tuple[str, list[Peer]]]:
    """Run a relay on loopback.

    Args:
        answer: called with each frame after the greeting.
        limits: what it greets with.
        after_greeting: called once instead of answering.
        instead: takes the HTTP request over altogether.

    Yields:
        Its URL, and the clients it has seen.
    """
    peers: list[Peer] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        if instead is not None:
            return await instead(request)
        socket = web.WebSocketResponse(protocols=(SUBPROTOCOL,), timeout=0.1, max_msg_size=0)
        await socket.prepare(request)
        peer = Peer(socket, limits)
        peers.append(peer)
        await peer.greet()
        if after_greeting is not None:
            await after_greeting(peer)
            return socket
        while batch := await peer.receive():
            for frame in batch:
                await answer(peer, frame)
        return socket

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"ws://127.0.0.1:{runner.addresses[0][1]}", peers
    finally:
        await runner.cleanup()


def entries(start: int) -> Entries:
    return Entries(log=LOG, start=start, entries=(b"entry",), checkpoint=b"note", consistency=())


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[RelayConnection]:
    async with asyncio.timeout(10), connect(url) as connection:
        yield connection
