"""A real socket: what a connection does with clients that are honest, slow, silent or hostile."""

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import replace

import aiohttp
import msgpack
import pytest

from protocols.relay.access import signed_bytes
from protocols.relay.connection import Connection, Role
from protocols.relay.frames import (
    SUBPROTOCOL,
    Append,
    Authorise,
    Greeting,
    Hello,
    MailboxRead,
    Receipts,
    RefusalCode,
    Refused,
    Subscribe,
)
from server.config import Config
from server.errors import StoreFailed
from server.store import Access
from server.store.memory import MemoryStore
from tests.server.rig import expect, key, public
from tests.server.socket_client import Server, SocketClient, connected, server
from tests.support.fake_mls import private_message

LOCAL = Config(open=True, port=0)


def append(client: SocketClient, log: bytes, body: bytes) -> Append:
    return Append(
        request=client.number(), log=log, message=private_message(log, 0, body=body), next_access_key=None
    )


async def last_words(client: SocketClient) -> Refused:
    """The connection's refusal, after which the relay closes."""
    await client.receive()
    words = expect(Refused, client.inbox.pop())
    assert words.request == 0
    with pytest.raises(ConnectionResetError):
        await client.receive()
    return words


async def raw_client(running: Server, *, path: str = "/v1") -> socket.socket:
    """A TCP socket after the upgrade, with a small receive buffer, that reads only when told to."""
    loop = asyncio.get_running_loop()
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.setblocking(False)
    await loop.sock_connect(plain, ("127.0.0.1", running.port))
    await loop.sock_sendall(
        plain,
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n".encode(),
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += await loop.sock_recv(plain, 1)
    assert b" 101 " in head
    return plain


async def until(condition: Callable[[], bool], *, deadline_s: float = 5.0) -> None:
    async with asyncio.timeout(deadline_s):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


async def test_two_clients_over_real_sockets() -> None:
    async with server() as running, connected(running.url) as ada, connected(running.url) as ben:
        log = await ada.channel()
        await ben.authorise(log, key(0))
        await ben.subscribe(log, 0)
        assert len(await ben.entries(1)) == 1
        sent = [append(ada, log, b"%d" % number) for number in range(200)]
        await ada.send(*sent)
        positions: dict[int, int] = {}
        while len(positions) < len(sent):
            await ada.receive()
            while ada.inbox:
                positions |= {i.request: i.position for i in expect(Receipts, ada.inbox.pop()).items}
        assert [positions[frame.request] for frame in sent] == list(range(1, 201))
        assert [entry[9:] for entry in await ben.entries(200)] == [frame.message for frame in sent]


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff" * 100, b"\x91\x92\x11\x01", msgpack.packb([[99]]), msgpack.packb([[1, [1]], [1, [1]]])],
)
@pytest.mark.parametrize("greet", [True, False])
async def test_garbage_is_answered_and_ends_that_connection_only(data: bytes, greet: bool) -> None:
    async with server() as running, connected(running.url) as bystander:
        async with connected(running.url, greet=greet) as hostile:
            await hostile.websocket.send_bytes(data)
            message = await hostile.websocket.receive()
            assert message.type is aiohttp.WSMsgType.BINARY
            ((kind, request, code, *_),) = msgpack.unpackb(message.data)
            assert (kind, request, code) == (18, 0, RefusalCode.MALFORMED)
            assert (await hostile.websocket.receive()).type in (
                aiohttp.WSMsgType.CLOSE,
                aiohttp.WSMsgType.CLOSED,
            )
        await bystander.channel()


async def test_text_is_refused() -> None:
    async with server() as running, connected(running.url) as client:
        await client.websocket.send_str("hello")
        assert (await last_words(client)).code is RefusalCode.MALFORMED


async def test_a_version_we_do_not_speak_is_refused() -> None:
    async with server() as running, connected(running.url, greet=False) as client:
        await client.send(Hello(versions=(2, 3)))
        assert (await last_words(client)).code is RefusalCode.UNSUPPORTED_VERSION


async def test_an_oversized_message_ends_the_connection() -> None:
    async with server() as running, connected(running.url) as client:
        await client.websocket.send_bytes(bytes(LOCAL.limits.max_batch + 1))
        with pytest.raises(ConnectionResetError):
            await client.receive()
        assert client.websocket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


async def test_who_never_says_hello_is_sent_away() -> None:
    async with server(replace(LOCAL, hello_timeout_s=0.05)) as running:
        async with connected(running.url, greet=False) as client:
            message = await client.websocket.receive()
            ((kind, request, code, *_),) = msgpack.unpackb(message.data)
            assert (kind, request, code) == (18, 0, RefusalCode.MALFORMED)
        await until(lambda: len(running.service.sessions) == 0)


async def test_a_frame_sent_byte_by_byte_and_one_cut_off() -> None:
    async with server() as running:
        plain = await raw_client(running)
        loop = asyncio.get_running_loop()
        payload = msgpack.packb([[1, [1]]])
        frame = bytes([0x82, 0x80 | len(payload), 0, 0, 0, 0]) + payload  # masked with zeros
        for index in range(len(frame)):
            await loop.sock_sendall(plain, frame[index : index + 1])
        received = await loop.sock_recv(plain, 1000)
        assert received[0] == 0x82
        await loop.sock_sendall(plain, bytes([0x82, 0x80 | 100, 0, 0, 0, 0, 1, 2, 3]))
        plain.close()
        await until(lambda: len(running.service.sessions) == 0)


async def test_what_is_not_a_websocket_of_ours_is_not_upgraded() -> None:
    async with server() as running, aiohttp.ClientSession() as session:
        async with session.get(f"{running.http}/v1") as response:
            assert response.status == 426
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(running.url)


async def test_health() -> None:
    async with server() as running, aiohttp.ClientSession() as session:
        for path, status in (("/livez", 200), ("/readyz", 200), ("/metrics", 404)):
            async with session.get(running.http + path) as response:
                assert response.status == status
        running.service.relay.draining = True
        async with session.get(f"{running.http}/readyz") as response:
            assert response.status == 503
        async with session.get(f"{running.http}/livez") as response:
            assert response.status == 200
        running.service.relay.draining = False


async def test_connections_have_a_limit() -> None:
    async with server(replace(LOCAL, max_connections=1)) as running, connected(running.url):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with connected(running.url):
                pass
        assert refused.value.status == 503


async def test_a_reader_that_stops_is_cut_off_and_resumes_by_position() -> None:
    async with server(replace(LOCAL, send_timeout_s=0.2)) as running, connected(running.url) as ada:
        log = await ada.channel()
        stuck = await raw_client(running)
        await _subscribed_raw(stuck, log)
        for number in range(100):  # more than the kernel takes on behalf of a reader that does not read
            await ada.send(append(ada, log, bytes(60_000) + b"%d" % number))
            await ada.answer(ada.requests)
        await until(lambda: len(running.service.sessions) == 1)
        stuck.close()
        async with connected(running.url) as again:
            await again.authorise(log, key(0))
            await again.subscribe(log, 20)
            assert len(await again.entries(81)) == 81


async def _subscribed_raw(plain: socket.socket, log: bytes) -> None:
    """Greet, authorise and subscribe on a raw socket, and read nothing after that."""
    loop = asyncio.get_running_loop()
    connection = Connection(Role.CLIENT)

    async def send(data: bytes) -> None:
        size = bytes([0x80 | len(data)]) if len(data) < 126 else bytes([0xFE]) + len(data).to_bytes(2, "big")
        await loop.sock_sendall(plain, b"\x82" + size + bytes(4) + data)

    async def receive() -> bytes:
        head = await loop.sock_recv(plain, 2)
        size = head[1]
        if size == 126:
            size = int.from_bytes(await loop.sock_recv(plain, 2), "big")
        data = b""
        while len(data) < size:
            data += await loop.sock_recv(plain, size - len(data))
        return data

    await send(connection.send([Hello(versions=(1,))]))
    greeting = expect(Greeting, connection.receive_data(await receive())[0])
    message = signed_bytes(
        relay_vkey=greeting.relay_vkey,
        challenge=greeting.challenge,
        log=log,
        epoch=0,
        access_key=public(key(0)),
    )
    authorise = Authorise(
        request=1, log=log, epoch=0, access_key=public(key(0)), signature=key(0).sign(message)
    )
    await send(connection.send([authorise]))
    connection.receive_data(await receive())
    await send(connection.send([Subscribe(request=2, log=log, start=0)]))
    connection.receive_data(await receive())


async def test_a_client_that_only_asks_is_not_read_further_than_it_reads() -> None:
    """Large answers wait in bounded number; requests behind them stay in the socket."""
    async with server(replace(LOCAL, send_timeout_s=0.3)) as running, connected(running.url) as ada:
        log = await ada.channel()
        await ada.send(
            *[
                MailboxRead(request=ada.number(), mailbox=bytes(32), slot=0, start=0, wait=False)
                for _ in range(1000)
            ]
        )
        assert expect(Refused, await ada.answer(ada.requests)).code is RefusalCode.MAILBOX_UNKNOWN
        assert log


class BrokenStore(MemoryStore):
    broken = False

    async def access(self, log_id: bytes, *, epoch: int, access_key: bytes) -> Access | None:
        if self.broken:
            raise StoreFailed("disk")
        return await super().access(log_id, epoch=epoch, access_key=access_key)


async def test_a_store_that_fails_while_reading_ends_the_process() -> None:
    store = BrokenStore()
    async with server(store=store) as running, connected(running.url) as ada:
        log = await ada.channel()
        store.broken = True
        await ada.send(Subscribe(request=ada.number(), log=log, start=0))
        await until(lambda: bool(running.failures))
        assert isinstance(running.failures[0], StoreFailed)


async def test_a_stopping_relay_says_goodbye() -> None:
    async with server() as running:
        async with connected(running.url) as client:
            await client.channel()
            stopping = asyncio.create_task(running.runner.cleanup())
            with pytest.raises(ConnectionResetError):
                await client.receive()
            assert client.websocket.close_code == aiohttp.WSCloseCode.GOING_AWAY
        await stopping


async def test_the_connection_survives_what_only_one_request_did_wrong() -> None:
    async with server() as running, connected(running.url) as client:
        log = await client.channel()
        await client.send(Append(request=50, log=bytes(32), message=b"x", next_access_key=None))
        assert expect(Refused, await client.answer(50)).code is RefusalCode.UNAUTHORISED
        await client.subscribe(log, 0)
        assert len(await client.entries(1)) == 1


@pytest.mark.slow
async def test_stopping_with_200_clients_that_never_read_takes_less_than_5_s() -> None:
    async with server(replace(LOCAL, send_timeout_s=60)) as running, connected(running.url) as ada:
        log = await ada.channel()
        stuck = [await raw_client(running) for _ in range(200)]
        for plain in stuck:
            await _subscribed_raw(plain, log)
        for number in range(30):
            await ada.send(append(ada, log, bytes(60_000) + b"%d" % number))
            await ada.answer(ada.requests)
        assert len(running.service.sessions) == 201
        started = time.monotonic()
        await running.runner.cleanup()
        assert time.monotonic() - started < 5
        for plain in stuck:
            plain.close()
