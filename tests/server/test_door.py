"""Connections that never become a WebSocket: silent, slow, or too many."""

import asyncio
import socket
from dataclasses import replace

import aiohttp
import pytest

from server.config import Config
from server.door import Door
from tests.server.socket_client import Server, connected, server
from tests.server.test_session import until

QUICK = Config(open=True, port=0, hello_timeout_s=0.3)


async def plain(running: Server, data: bytes = b"") -> socket.socket:
    loop = asyncio.get_running_loop()
    client = socket.socket()
    client.setblocking(False)
    await loop.sock_connect(client, ("127.0.0.1", running.port))
    await loop.sock_sendall(client, data)
    return client


async def ends(client: socket.socket) -> bool:
    """Whether the relay ends the connection within the deadline, whatever it says before."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(5):
            while await loop.sock_recv(client, 1000):
                pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    finally:
        client.close()
    return True


@pytest.mark.parametrize(
    "data", [b"", b"GET", b"GET /v1 HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", b"\x16\x03\x01\x02\x00\x01"]
)
async def test_who_does_not_finish_its_request_is_cut_off(data: bytes) -> None:
    async with server(QUICK) as running:
        client = await plain(running, data)
        assert await ends(client)
        await until(lambda: len(running.service.door) == 0)


async def test_headers_that_trickle_in_do_not_buy_time() -> None:
    async with server(QUICK) as running:
        client = await plain(running, b"GET /v1 HTTP/1.1\r\n")

        async def trickle() -> None:
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(5):
                while True:
                    await loop.sock_sendall(client, b"X: y\r\n")
                    await asyncio.sleep(0.05)  # the trickle itself

        with pytest.raises(ConnectionError):
            await trickle()
        client.close()


async def test_a_health_check_that_keeps_its_connection_is_answered_and_then_cut_off() -> None:
    async with server(QUICK) as running:
        client = await plain(running, b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = await asyncio.get_running_loop().sock_recv(client, 1000)
        assert answer.startswith(b"HTTP/1.1 200")
        assert await ends(client)


async def test_a_websocket_stays_beyond_the_time_of_the_door() -> None:
    async with server(replace(QUICK, hello_timeout_s=0.1)) as running, connected(running.url) as client:
        assert len(running.service.door) == 0
        silent = await plain(running)
        assert await ends(silent)  # so the door's time has passed
        await client.channel()


async def test_of_too_many_in_the_door_the_oldest_goes() -> None:
    async with server(Config(open=True, port=0)) as running:
        running.service.door = door = Door(60, max_waiting=3)
        factory = door.protocols(running.handlers)
        listening = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        clients = []
        for number in range(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            clients.append((reader, writer))
            await until(lambda number=number: len(door) == min(3, number + 1))  # type: ignore[misc]
        async with asyncio.timeout(5):
            assert [await reader.read() for reader, _ in clients[:2]] == [b"", b""]
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{port}/livez") as answer,
        ):
            assert answer.status == 200
        for _, writer in clients:
            writer.close()
        listening.close()


def test_the_door_is_watched_on_the_loop_the_relay_runs_on_too() -> None:
    """uvloop's transports are of no class of asyncio's."""
    uvloop = pytest.importorskip("uvloop", reason="without uvloop the relay runs on asyncio's own loop")

    async def silent_one_goes() -> None:
        async with server(QUICK) as running, connected(running.url) as client:
            silent = await plain(running)
            assert await ends(silent)
            await until(lambda: len(running.service.door) == 0)
            await client.channel()

    uvloop.run(silent_one_goes())
