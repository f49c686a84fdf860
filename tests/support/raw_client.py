"""Somebody who speaks the wire by hand: whatever they like, in a log whose access key they hold."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from channel.access import access_key_pair, sign_access
from client.transport import Answer, RelayConnection, connect
from protocols.log.entry import Genesis
from protocols.relay import access
from protocols.relay.frames import Append, Authorise, Create


class RawLog:
    """A log without a group behind it: entries that look like PrivateMessages to a relay, and are noise."""

    def __init__(self, genesis: Genesis, seed: bytes = bytes(32)) -> None:
        self.genesis = genesis
        self.private_key, self.public_key = access_key_pair(seed)

    @property
    def log_id(self) -> bytes:
        """32 bytes."""
        return self.genesis.log_id

    def message(self, content: bytes, *, commit: bool = False) -> bytes:
        """An MLSMessage that holds a PrivateMessage of epoch 0 with this ciphertext."""
        vector = _length(len(content)) + content
        group_id = _length(len(self.log_id)) + self.log_id
        content_type = b"\x03" if commit else b"\x01"
        tagged = _length(35) + bytes(35)
        return (
            b"\x00\x01\x00\x02"
            + group_id
            + bytes(8)
            + content_type
            + tagged
            + _length(16)
            + bytes(16)
            + vector
        )

    async def create(self, relay: RelayConnection) -> Answer:
        """Make it on a relay."""
        return await relay.request(
            Create(request=1, genesis=self.genesis.encode(), access_key=self.public_key, admission_token="")
        )

    def proof(self, relay_vkey: str, challenge: bytes) -> Authorise:
        """The frame that shows its key on the connection with this challenge."""
        signed = access.signed_bytes(
            relay_vkey=relay_vkey,
            challenge=challenge,
            log=self.log_id,
            epoch=0,
            access_key=self.public_key,
        )
        return Authorise(
            request=1,
            log=self.log_id,
            epoch=0,
            access_key=self.public_key,
            signature=sign_access(self.private_key, signed),
        )

    async def authorise(self, relay: RelayConnection) -> Answer:
        """Show its key."""
        return await relay.request(self.proof(relay.greeting.relay_vkey, relay.greeting.challenge))

    async def append(self, relay: RelayConnection, message: bytes) -> Answer:
        """Append bytes."""
        return await relay.request(Append(request=1, log=self.log_id, message=message, next_access_key=None))


@contextlib.asynccontextmanager
async def raw_log(url: str, seed: bytes = bytes(32)) -> AsyncIterator[tuple[RelayConnection, RawLog]]:
    """A connection that is authorised for a new log."""
    async with asyncio.timeout(60), connect(url) as relay:
        genesis = Genesis(
            random=seed, relay_vkey=relay.greeting.relay_vkey, cipher_suite=1, policy={"access": "test"}
        )
        log = RawLog(genesis)
        await log.create(relay)
        await log.authorise(relay)
        yield relay, log


def _length(number: int) -> bytes:
    """A variable-size vector's length (RFC 9420, section 2.1.2)."""
    if number < 64:
        return bytes([number])
    if number < 16_384:
        return (number | 0x4000).to_bytes(2)
    return (number | 0x8000_0000).to_bytes(4)
