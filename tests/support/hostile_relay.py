"""Something that answers like a channel's relay and then does what a test tells it to."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

from protocols.relay import wire
from protocols.relay.frames import (
    PROTOCOL_VERSION,
    SUBPROTOCOL,
    Authorise,
    Authorised,
    Done,
    Frame,
    Greeting,
    Subscribe,
)
from tests.client.relay_in_test import LIMITS, Peer, relay

Script: TypeAlias = Callable[[Peer], Awaitable[None]]


def hostile_relay(
    vkey: str, script: Script
) -> "contextlib.AbstractAsyncContextManager[tuple[str, list[Peer]]]":
    """Greet with a relay's public name and key, which anybody can do, and then follow the script.

    Yields:
        Its URL, and a list that stays empty.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=(SUBPROTOCOL,), timeout=0.1, max_msg_size=0)
        await socket.prepare(request)
        peer = Peer(socket, LIMITS)
        await peer.receive()
        await peer.send(
            Greeting(version=PROTOCOL_VERSION, relay_vkey=vkey, challenge=bytes(32), limits=LIMITS)
        )
        with contextlib.suppress(ConnectionError):
            await script(peer)
        return socket

    return relay(instead=handle)


async def let_in(peer: Peer, *, size: int) -> None:
    """Grant Authorise and Subscribe."""
    while batch := await peer.receive():
        for frame in batch:
            if isinstance(frame, Authorise):
                await peer.send(
                    Authorised(
                        request=frame.request, log=frame.log, epoch=frame.epoch, size=size, readable=size
                    )
                )
            elif isinstance(frame, Subscribe):
                await peer.send(Done(request=frame.request))
                return
    raise ConnectionError("the client has gone")


async def say(peer: Peer, *frames: Frame) -> None:
    """Send frames that no relay may send now."""
    await peer.socket.send_bytes(wire.join([wire.encode_frame(frame) for frame in frames]))


async def listen(peer: Peer) -> None:
    """Answer nothing until the client goes away."""
    while await peer.receive():
        pass
