"""Garbage, too much, too slow and too little on the relay's socket: it says no, and goes on."""

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from protocols.relay import wire
from protocols.relay.frames import Entries, Hello, Receipts, RefusalCode, Refused, Subscribe
from tests.support.clients import assert_agreed, level, talk
from tests.support.raw_client import raw_log
from tests.support.relay_process import RelayProcess
from tests.support.waiting import eventually

HANDSHAKE = (
    b"GET /v1 HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: parley.v1\r\n\r\n"
)
HELLO = wire.join([wire.encode_frame(Hello(versions=(1,)))])


def masked(payload: bytes, opcode: int = 2, *, length: int | None = None, fin: bool = True) -> bytes:
    """A WebSocket frame as a client sends it; `length` is what it claims, if not the truth."""
    size = len(payload) if length is None else length
    head = bytes([0x80 * fin | opcode])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65_536:
        head += bytes([0xFE]) + struct.pack(">H", size)
    else:
        head += bytes([0xFF]) + struct.pack(">Q", size)
    return head + bytes(4) + payload


def abort(writer: asyncio.StreamWriter) -> None:
    """Cut a connection; nothing that waits to be sent is."""
    writer.transport.abort()


@contextlib.asynccontextmanager
async def raw(relay: RelayProcess) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A TCP connection to the relay."""
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def answer_to(relay: RelayProcess, *pieces: bytes) -> bytes:
    """Send bytes on a new connection; return all that comes until the relay closes it."""
    async with raw(relay) as (reader, writer):
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            async with asyncio.timeout(15):
                return await reader.read()
    return b""


async def assert_well(relay: RelayProcess) -> None:
    """Require that the relay lives, is ready, and takes an entry."""
    async with aiohttp.ClientSession() as session:
        for path in ("livez", "readyz"):
            async with session.get(f"http://127.0.0.1:{relay.port}/{path}") as response:
                assert response.status == 200
    async with raw_log(relay.url, os.urandom(32)) as (connection, log):
        assert isinstance(await log.append(connection, log.message(b"an entry")), Receipts)
    assert relay.process.returncode is None
    assert b"Traceback" not in relay.output


def resident_kib(relay: RelayProcess) -> int:
    """How much memory the relay uses."""
    status = Path(f"/proc/{relay.process.pid}/status")
    if not status.exists():
        pytest.skip("memory is measured in /proc, which only Linux has")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


def open_files(relay: RelayProcess) -> int:
    """How many file descriptors the relay holds; 0 where that cannot be known."""
    descriptors = Path(f"/proc/{relay.process.pid}/fd")
    return len(list(descriptors.iterdir())) if descriptors.exists() else 0


GARBAGE = {
    "noise": os.urandom(10_000),
    "zeros": bytes(10_000),
    "an endless line": b"GET /" + b"a" * 100_000,
    "endless headers": b"GET /v1 HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(508),
    "another method": b"BREW /v1 HTTP/1.1\r\nHost: relay\r\n\r\n",
    "no upgrade": b"GET /v1 HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n",
    "another subprotocol": HANDSHAKE.replace(b"parley.v1", b"parley.v9").replace(
        b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"
    ),
    "noise after the handshake": HANDSHAKE + os.urandom(10_000),
    "an unmasked frame of noise": HANDSHAKE + b"\x82\x7e\x27\x10" + os.urandom(10_000),
    "a frame that claims 2**62 bytes": HANDSHAKE + masked(b"x", length=2**62),
    "reserved bits": HANDSHAKE + b"\xf2\x80" + bytes(4),
    "an oversized ping": HANDSHAKE + masked(bytes(1000), 9),
    "text": HANDSHAKE + masked(b"hello", 1),
    "text after the greeting": HANDSHAKE + masked(HELLO) + masked(b"hello", 1),
    "a batch of noise": HANDSHAKE + masked(HELLO) + masked(os.urandom(10_000)),
    "an empty batch": HANDSHAKE + masked(HELLO) + masked(b""),
    "no Hello first": HANDSHAKE + masked(b"\x91\x93\x0a\x01\xc4\x00"),
    "two Hellos": HANDSHAKE + masked(HELLO) + masked(HELLO),
    "a Hello of no version": HANDSHAKE + masked(wire.join([wire.encode_frame(Hello(versions=(99,)))])),
    "a batch of the greatest size and one more": HANDSHAKE
    + masked(HELLO)
    + masked(bytes(wire.DEFAULT_LIMITS.max_batch + 1)),
    "nesting without end": HANDSHAKE + masked(HELLO) + masked(b"\x91" * 100_000),
    "an array that claims 2**32 items": HANDSHAKE + masked(HELLO) + masked(b"\xdd\xff\xff\xff\xff"),
}


@pytest.mark.parametrize("kind", GARBAGE)
async def test_garbage_ends_its_own_connection_only(relay: RelayProcess, kind: str) -> None:
    answer = await answer_to(relay, GARBAGE[kind])
    if b"101 Switching" in answer and "Hello" not in kind and "noise after" not in kind:
        assert len(answer) < 4096  # one greeting or refusal, and goodbye
    await assert_well(relay)


async def test_what_is_refused_is_named(relay: RelayProcess) -> None:
    for kind, code in (
        ("text", RefusalCode.MALFORMED),
        ("a batch of noise", RefusalCode.MALFORMED),
        ("two Hellos", RefusalCode.MALFORMED),
        ("a Hello of no version", RefusalCode.UNSUPPORTED_VERSION),
    ):
        answer = await answer_to(relay, GARBAGE[kind])
        assert bytes([18, 0, code]) in answer, kind  # Refused, of request 0, with this code


async def test_truncated_and_trickling_input_harms_nobody(relay: RelayProcess, tmp_path: Path) -> None:
    async with (
        talk(tmp_path, relay.url, "Mira", "Amal") as (mira, amal),
        contextlib.AsyncExitStack() as stack,
    ):
        for cut in range(0, len(HANDSHAKE), 7):
            _, writer = await stack.enter_async_context(raw(relay))
            writer.write(HANDSHAKE[:cut])
        for cut in range(1, len(masked(HELLO)), 2):
            _, writer = await stack.enter_async_context(raw(relay))
            writer.write(HANDSHAKE + masked(HELLO)[:cut])
        reader, writer = await stack.enter_async_context(raw(relay))
        for byte in HANDSHAKE + masked(HELLO):
            writer.write(bytes([byte]))
            await writer.drain()
        greeted = await reader.readuntil(b"localhost")
        assert b"101 Switching" in greeted  # slow is not wrong
        await mira.ask("Is the relay still there?")
        await amal.has("Is the relay still there?")
        await level((mira, amal))
        assert_agreed((mira, amal))
    await assert_well(relay)


@pytest.mark.slow
async def test_who_says_no_hello_is_cut_off(relay: RelayProcess) -> None:
    answer = await answer_to(relay, HANDSHAKE)
    assert bytes([18, 0, RefusalCode.MALFORMED]) in answer
    await assert_well(relay)


async def test_entries_at_the_limit_and_above(relay: RelayProcess) -> None:
    async with raw_log(relay.url) as (connection, log):
        largest = connection.greeting.limits.max_entry - 41
        overhead = len(log.message(bytes(60_000))) - 60_000
        assert isinstance(await log.append(connection, log.message(bytes(largest - overhead))), Receipts)
        refused = await log.append(connection, log.message(bytes(largest - overhead + 1)))
        assert isinstance(refused, Refused)
        assert refused.code is RefusalCode.TOO_LARGE
        for bad in (b"\x00", os.urandom(500), log.message(b"x")[:-1], log.message(b"x") + b"\x00"):
            refused = await log.append(connection, bad)
            assert isinstance(refused, Refused)
            assert refused.code is RefusalCode.NOT_PRIVATE_MESSAGE
        refused = await log.append(connection, log.message(b"x", commit=True))
        assert isinstance(refused, Refused)
        assert refused.code is RefusalCode.MALFORMED
    await assert_well(relay)


@pytest.mark.slow
async def test_who_never_reads_costs_no_memory_and_is_cut_off(relay: RelayProcess) -> None:
    async with raw_log(relay.url) as (connection, log), contextlib.AsyncExitStack() as stack:
        await log.append(connection, log.message(bytes(60_000)))
        before = resident_kib(relay)
        for _ in range(20):
            deaf = socket.socket()
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.setblocking(False)
            await asyncio.get_running_loop().sock_connect(deaf, ("127.0.0.1", relay.port))
            reader, writer = await asyncio.open_connection(sock=deaf, limit=2048)
            stack.callback(abort, writer)
            writer.write(HANDSHAKE + masked(HELLO))
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"101" in head
            greeting = await reader.readexactly(4 + int.from_bytes((await reader.readexactly(4))[2:]) - 4)
            challenge = greeting[greeting.index(b"\xc4\x20") + 2 :][:32]
            assert len(challenge) == 32
            writer.write(
                masked(wire.join([wire.encode_frame(log.proof(connection.greeting.relay_vkey, challenge))]))
            )
            writer.write(
                masked(wire.join([wire.encode_frame(Subscribe(request=2, log=log.log_id, start=0))]))
            )
        for number in range(300):  # 18 MB, twenty times over for those who listen
            answer = await log.append(connection, log.message((number + 1).to_bytes(2) * 30_000))
            assert isinstance(answer, Receipts)
        assert resident_kib(relay) - before < 100_000
        await connection.request(Subscribe(request=1, log=log.log_id, start=0))
        got = 0
        while got < 302:  # somebody who reads gets everything
            page = await connection.pushed()
            assert isinstance(page, Entries)
            got += len(page.entries)
    await assert_well(relay)


async def test_a_crowd_that_comes_and_goes_leaves_nothing(relay: RelayProcess) -> None:
    for _ in range(5):
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(60):
                _, writer = await stack.enter_async_context(raw(relay))
                writer.write(HANDSHAKE + masked(HELLO))
    await eventually(lambda: open_files(relay) < 60, "the relay lets go of the sockets")
    await assert_well(relay)
