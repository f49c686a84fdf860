"""A bare client of the relay's protocol: real frames, real receipts, contents that nobody can open.

It leaves MLS out on purpose: what is measured is the relay.
"""

import os
from typing import TypeVar

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from channel.mls.codec import opaque, u8, u16, u64
from protocols.log.entry import Genesis
from protocols.relay.access import signed_bytes
from protocols.relay.connection import Connection, Role
from protocols.relay.frames import (
    PROTOCOL_VERSION,
    SUBPROTOCOL,
    Append,
    Authorise,
    Authorised,
    Create,
    Done,
    Entries,
    Frame,
    Greeting,
    Hello,
    Subscribe,
)

_SENDER_DATA = bytes(28)
FrameT = TypeVar("FrameT")


class WireClient:
    """One connection, driven by hand."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._connection = Connection(Role.CLIENT)
        self._request = 0
        self.greeting: Greeting

    @classmethod
    async def connect(cls, session: aiohttp.ClientSession, url: str) -> "WireClient":
        """Connect and greet."""
        socket = await session.ws_connect(url, protocols=(SUBPROTOCOL,), compress=0, max_msg_size=0)
        client = cls(socket)
        await client.send([Hello(versions=(PROTOCOL_VERSION,))])
        (client.greeting,) = [frame for frame in await client.receive() if isinstance(frame, Greeting)]
        return client

    def number(self) -> int:
        """A request number that was not used before."""
        self._request += 1
        return self._request

    async def send(self, frames: list[Frame]) -> None:
        """Send one batch."""
        await self._socket.send_bytes(self._connection.send(frames))

    async def receive(self) -> tuple[Frame, ...]:
        """Wait for one batch."""
        message = await self._socket.receive()
        if message.type is not aiohttp.WSMsgType.BINARY:
            raise RuntimeError(f"the relay ended the connection: {message}")
        return self._connection.receive_data(message.data)

    async def ask(self, frame: Frame, answer: type[FrameT]) -> FrameT:
        """Send one request and wait for its answer, of the type that means yes."""
        await self.send([frame])
        while True:
            for got in await self.receive():
                if isinstance(got, answer):
                    return got
                if not isinstance(got, Entries):
                    raise RuntimeError(f"the relay refused: {got}")

    async def create(self, key: Ed25519PrivateKey) -> bytes:
        """Make a log; returns its id."""
        genesis = Genesis(
            random=os.urandom(32), relay_vkey=self.greeting.relay_vkey, cipher_suite=1, policy={}
        )
        access_key = key.public_key().public_bytes_raw()
        frame = Create(
            request=self.number(), genesis=genesis.encode(), access_key=access_key, admission_token=""
        )
        await self.ask(frame, Done)
        return genesis.log_id

    async def enter(self, log: bytes, key: Ed25519PrivateKey, *, start: int) -> None:
        """Authorise for epoch 0 of a log and subscribe to it."""
        access_key = key.public_key().public_bytes_raw()
        signed = signed_bytes(
            relay_vkey=self.greeting.relay_vkey,
            challenge=self.greeting.challenge,
            log=log,
            epoch=0,
            access_key=access_key,
        )
        await self.ask(
            Authorise(
                request=self.number(), log=log, epoch=0, access_key=access_key, signature=key.sign(signed)
            ),
            Authorised,
        )
        await self.send([Subscribe(request=self.number(), log=log, start=start)])

    def append(self, log: bytes, content: bytes, size: int) -> Append:
        """An append of a message of ``size`` bytes whose ciphertext begins with ``content``."""
        head = u16(1) + u16(2) + opaque(log) + u64(0) + u8(1) + opaque(bytes(35)) + opaque(_SENDER_DATA)
        body = content + os.urandom(16)
        message = head + opaque(body + bytes(max(0, size - len(head) - len(body) - 2)))
        return Append(request=self.number(), log=log, message=message, next_access_key=None)


def contents(entry: bytes) -> bytes:
    """The ciphertext of an entry that ``append`` made."""
    rest = entry[9 + 4 + 33 + 8 + 1 + 36 + 29 :]
    return rest[1 if rest[0] < 64 else 2 :]
