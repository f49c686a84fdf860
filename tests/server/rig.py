"""The relay's rules on the memory store, without sockets: members that prove, ask, and read what comes.

A `Member` stands where a connection stands; it drains its own outbox and takes the pages of its subscriptions as a
connection's writer task would.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocols.log.entry import Genesis
from protocols.relay.access import signed_bytes
from protocols.relay.frames import (
    Append,
    Authorise,
    Authorised,
    Create,
    Done,
    EndOfEpoch,
    Entries,
    Frame,
    Receipts,
    Refused,
    Request,
    Subscribe,
)
from server.app import Service, serving
from server.config import Config
from server.relay import Peer
from server.signing import Signer
from server.store import RelayStore
from server.store.memory import MemoryStore
from server.store.signed_heads import MemorySignedHeads, SignedHeads
from tests.support.fake_mls import APPLICATION, COMMIT, private_message

F = TypeVar("F")

SIGNER = Signer.from_private_bytes("localhost", bytes(range(32)))


def key(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(seed.to_bytes(8, "big")).digest())


def public(private_key: Ed25519PrivateKey) -> bytes:
    return private_key.public_key().public_bytes_raw()


def genesis(seed: int = 0, *, vkey: str = SIGNER.vkey) -> Genesis:
    return Genesis(random=sha256(b"%d" % seed).digest(), relay_vkey=vkey, cipher_suite=1, policy={})


class Member:
    def __init__(self, rig: "Rig") -> None:
        self.rig = rig
        self.peer: Peer = rig.service.relay.connect()
        self.requests = 0
        self.inbox: list[Frame] = []

    def number(self) -> int:
        self.requests += 1
        return self.requests

    async def tell(self, frame: Request) -> None:
        await self.rig.service.relay.handle(self.peer, frame)

    async def ask(self, frame: Request) -> Frame:
        """Ask with a fresh request number and return the answer."""
        numbered = replace(frame, request=self.number())
        await self.tell(numbered)
        return await self.answer(numbered.request)

    async def answer(self, request: int) -> Frame:
        async with asyncio.timeout(5):
            while True:
                for frame in self.inbox:
                    if getattr(frame, "request", None) == request or (
                        isinstance(frame, Receipts) and request in [item.request for item in frame.items]
                    ):
                        self.inbox.remove(frame)
                        return frame
                await self.take()

    async def take(self) -> None:
        await self.peer.outbox.wait()
        self.inbox.extend(self.peer.outbox.take())

    async def pages(self) -> list[Entries | EndOfEpoch]:
        """Everything the subscriptions have to send now."""
        relay, found = self.rig.service.relay, list[Entries | EndOfEpoch]()
        for log, subscription in tuple(self.peer.subscriptions.items()):
            while subscription.is_due:
                page, ends = subscription.page_from_memory(250_000), False
                if page is None:
                    live = subscription.live
                    page, ends = await relay.live.next_page(
                        subscription, 250_000, size=live.size, note=live.note
                    )
                assert page is not None
                assert isinstance(page.frame, Entries | EndOfEpoch)
                found.append(page.frame)
                if ends:
                    relay.end_subscription(self.peer, log)
                    break
        return found

    async def authorise(self, log: bytes, epoch: int, private_key: Ed25519PrivateKey) -> Frame:
        message = signed_bytes(
            relay_vkey=SIGNER.vkey,
            challenge=self.peer.challenge,
            log=log,
            epoch=epoch,
            access_key=public(private_key),
        )
        return await self.ask(
            Authorise(
                request=1,
                log=log,
                epoch=epoch,
                access_key=public(private_key),
                signature=private_key.sign(message),
            )
        )

    async def append(
        self, log: bytes, epoch: int, body: bytes, *, next_key: Ed25519PrivateKey | None = None
    ) -> Frame:
        content_type = APPLICATION if next_key is None else COMMIT
        message = private_message(log, epoch, content_type, body=body)
        next_access_key = public(next_key) if next_key is not None else None
        return await self.ask(Append(request=1, log=log, message=message, next_access_key=next_access_key))

    async def subscribe(self, log: bytes, start: int) -> Frame:
        return await self.ask(Subscribe(request=1, log=log, start=start))


class Rig:
    def __init__(self, service: Service, store: RelayStore) -> None:
        self.service = service
        self.store = store
        self.now_ms = 1_795_000_000_000
        self.now_s = 0.0
        self.failures: list[BaseException] = []

    def member(self) -> Member:
        return Member(self)

    async def channel(self, seed: int = 0) -> tuple[bytes, Member]:
        """A log at epoch 0 with `key(0)`, and a member authorised for it."""
        member = self.member()
        created = genesis(seed)
        frame = Create(request=1, genesis=created.encode(), access_key=public(key(0)), admission_token="")
        expect(Done, await member.ask(frame))
        expect(Authorised, await member.authorise(created.log_id, 0, key(0)))
        return created.log_id, member


def expect(kind: type[F], frame: object) -> F:
    assert isinstance(frame, kind), frame
    return frame


def code_of(frame: Frame) -> str:
    return expect(Refused, frame).code.name


@asynccontextmanager
async def rig(
    config: Config | None = None, *, store: RelayStore | None = None, heads: SignedHeads | None = None
) -> AsyncIterator[Rig]:
    made: list[Rig] = []
    failures: list[BaseException] = []
    kept = store or MemoryStore()
    async with serving(
        config or Config(open=True),
        store=kept,
        heads=heads or MemorySignedHeads(),
        signer=SIGNER,
        fail=failures.append,
        clock=lambda: made[0].now_ms,
        monotonic=lambda: made[0].now_s if made else 0.0,
        random=os.urandom,
    ) as service:
        made.append(Rig(service, kept))
        made[0].failures = failures
        yield made[0]
