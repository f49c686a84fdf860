"""A small real client: aiohttp's WebSocket and `protocols`' own connection, for tests over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocols.relay.access import signed_bytes
from protocols.relay.connection import Connection, Role
from protocols.relay.frames import (
    SUBPROTOCOL,
    Authorise,
    Authorised,
    Create,
    Done,
    Entries,
    Frame,
    Greeting,
    Hello,
    Receipts,
    Subscribe,
)
from server.app import SERVICE, Service, make_app, start
from server.config import Config
from server.store import RelayStore
from server.store.memory import MemoryStore
from server.store.signed_heads import MemorySignedHeads
from tests.server.rig import SIGNER, expect, genesis, key, public


class SocketClient:
    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self.websocket = websocket
        self.connection = Connection(Role.CLIENT)
        self.requests = 0
        self.inbox: list[Frame] = []
        self.greeting: Greeting

    async def greet(self) -> None:
        await self.send(Hello(versions=(1,)))
        await self.receive()
        self.greeting = expect(Greeting, self.inbox.pop())

    def number(self) -> int:
        self.requests += 1
        return self.requests

    async def send(self, *frames: Frame) -> None:
        await self.websocket.send_bytes(self.connection.send(frames))

    async def receive(self) -> None:
        async with asyncio.timeout(5):
            message = await self.websocket.receive()
        if message.type is not aiohttp.WSMsgType.BINARY:
            raise ConnectionResetError(f"{message.type.name} {self.websocket.close_code}")
        self.inbox.extend(self.connection.receive_data(message.data))

    async def answer(self, request: int) -> Frame:
        while True:
            for frame in self.inbox:
                if getattr(frame, "request", None) == request or (
                    isinstance(frame, Receipts) and request in [item.request for item in frame.items]
                ):
                    self.inbox.remove(frame)
                    return frame
            await self.receive()

    async def entries(self, count: int) -> list[bytes]:
        """The next entries of whatever is subscribed, at least `count`."""
        found: list[bytes] = []
        while True:
            for frame in [item for item in self.inbox if isinstance(item, Entries)]:
                self.inbox.remove(frame)
                found.extend(frame.entries)
            if len(found) >= count:
                return found
            await self.receive()

    async def authorise(self, log: bytes, private_key: Ed25519PrivateKey) -> Authorised:
        message = signed_bytes(
            relay_vkey=self.greeting.relay_vkey,
            challenge=self.greeting.challenge,
            log=log,
            epoch=0,
            access_key=public(private_key),
        )
        number = self.number()
        await self.send(
            Authorise(
                request=number,
                log=log,
                epoch=0,
                access_key=public(private_key),
                signature=private_key.sign(message),
            )
        )
        return expect(Authorised, await self.answer(number))

    async def channel(self) -> bytes:
        number = self.number()
        await self.send(
            Create(request=number, genesis=genesis().encode(), access_key=public(key(0)), admission_token="")
        )
        expect(Done, await self.answer(number))
        await self.authorise(genesis().log_id, key(0))
        return genesis().log_id

    async def subscribe(self, log: bytes, start: int) -> None:
        number = self.number()
        await self.send(Subscribe(request=number, log=log, start=start))
        expect(Done, await self.answer(number))


class Server:
    def __init__(self, runner: web.AppRunner, url: str, service: Service) -> None:
        self.runner = runner
        self.url = url
        self.service = service
        self.failures: list[BaseException] = []

    def handlers(self) -> asyncio.Protocol:
        """What aiohttp has for a new connection."""
        server = self.runner.server
        assert server is not None
        return server()

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1].partition("/")[0])

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def server(config: Config | None = None, *, store: RelayStore | None = None) -> AsyncIterator[Server]:
    chosen = config or Config(open=True, port=0)
    failures: list[BaseException] = []
    app = make_app(
        chosen,
        store=store or MemoryStore(),
        heads=MemorySignedHeads(),
        signer=SIGNER,
        fail=failures.append,
    )
    runner, url = await start(app, chosen)
    running = Server(runner, url, app[SERVICE])
    running.failures = failures
    try:
        yield running
    finally:
        await runner.cleanup()


@asynccontextmanager
async def connected(url: str, *, greet: bool = True) -> AsyncIterator[SocketClient]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, protocols=(SUBPROTOCOL,), max_msg_size=0) as websocket,
    ):
        client = SocketClient(websocket)
        if greet:
            await client.greet()
        yield client
