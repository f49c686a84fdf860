"""What is no relay, or a relay that misbehaves, is one clear error; nothing it sends does harm."""

import socket

import pytest
from aiohttp import web

from client.errors import Refused as UrlRefused
from client.errors import RelayMisbehaved, RelayUnreachable
from client.transport import connect
from protocols.relay import wire
from protocols.relay.frames import SUBPROTOCOL, Done, RefusalCode, Refused
from tests.client.relay_in_test import CLOSE, Peer, connected, entries, relay


async def _send_text(peer: Peer) -> None:
    await peer.socket.send_str("hello")
    await peer.receive()


async def _send_garbage(peer: Peer) -> None:
    await peer.socket.send_bytes(b"\xff\x00garbage")
    await peer.receive()


async def _answer_nothing(peer: Peer) -> None:
    await peer.socket.send_bytes(wire.join([wire.encode_frame(Done(request=77))]))
    await peer.receive()


async def _push_unasked(peer: Peer) -> None:
    await peer.socket.send_bytes(wire.join([wire.encode_frame(entries(0))]))
    await peer.receive()


async def _send_too_much(peer: Peer) -> None:
    await peer.socket.send_bytes(bytes(wire.CEILING.max_batch + 2))
    await peer.receive()


async def _greet_twice(peer: Peer) -> None:
    await peer.socket.send_bytes(b"\x91" + b"\x92\x02\x01")
    await peer.receive()


@pytest.mark.parametrize(
    "misbehave", [_send_text, _send_garbage, _answer_nothing, _push_unasked, _send_too_much, _greet_twice]
)
async def test_a_relay_that_breaks_the_protocol_is_called_that(misbehave: object) -> None:
    async with relay(after_greeting=misbehave) as (url, _), connected(url) as connection:  # type: ignore[arg-type]
        with pytest.raises(RelayMisbehaved):
            await connection.pushed()


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (RefusalCode.DRAINING, "maintenance"),
        (RefusalCode.RATE_LIMITED, "no room"),
        (RefusalCode.MALFORMED, "MALFORMED"),
    ],
)
async def test_last_words_of_a_relay_become_a_clear_line(code: RefusalCode, hint: str) -> None:
    async def part(peer: Peer) -> None:
        words = peer.connection.send_last_words(Refused(request=0, code=code, detail="\x1b[2J"))
        await peer.socket.send_bytes(words)

    async with relay(after_greeting=part) as (url, _), connected(url) as connection:
        with pytest.raises(RelayUnreachable, match=hint) as caught:
            await connection.pushed()
        assert "\x1b" not in str(caught.value)


async def _open_and(
    request: web.Request, *sent: bytes | str, protocols: tuple[str, ...] = (SUBPROTOCOL,)
) -> web.StreamResponse:
    response = web.WebSocketResponse(protocols=protocols, timeout=0.1)
    await response.prepare(request)
    for data in sent:
        if isinstance(data, str):
            await response.send_str(data)
        else:
            await response.send_bytes(data)
    await response.receive()
    return response


async def _no_subprotocol(request: web.Request) -> web.StreamResponse:
    return await _open_and(request, protocols=())


async def _text_first(request: web.Request) -> web.StreamResponse:
    return await _open_and(request, "hello")


async def _garbage_first(request: web.Request) -> web.StreamResponse:
    return await _open_and(request, b"\xc1")


async def _too_new(request: web.Request) -> web.StreamResponse:
    refused = Refused(request=0, code=RefusalCode.UNSUPPORTED_VERSION, detail="")
    return await _open_and(request, wire.join([wire.encode_frame(refused)]))


async def _web_page(request: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>")


async def _redirect(request: web.Request) -> web.StreamResponse:
    if request.path == "/elsewhere":
        raise AssertionError("the redirect was followed")
    return web.HTTPTemporaryRedirect("/elsewhere")


@pytest.mark.parametrize(
    ("instead", "error", "hint"),
    [
        (_no_subprotocol, RelayMisbehaved, "not a parley relay"),
        (_text_first, RelayMisbehaved, "broke the protocol"),
        (_garbage_first, RelayMisbehaved, "not a parley relay"),
        (_too_new, RelayUnreachable, "update parley"),
        (_web_page, RelayUnreachable, "something else than a relay"),
        (_redirect, RelayUnreachable, "cannot reach"),
    ],
)
async def test_what_is_no_relay_is_said_to_be_none(
    instead: object, error: type[Exception], hint: str
) -> None:
    async with relay(instead=instead) as (url, _):  # type: ignore[arg-type]
        with pytest.raises(error, match=hint):
            async with connected(url):
                raise AssertionError("it connected")


async def test_nobody_there() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(RelayUnreachable, match="nobody answers") as caught:
        async with connected(f"ws://127.0.0.1:{port}"):
            raise AssertionError("it connected")
    assert "\n" not in str(caught.value)


async def test_somebody_silent_is_given_up_on() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(RelayUnreachable, match="in time"):
            async with connect(url, connect_timeout_s=0.1):
                raise AssertionError("it connected")


async def test_plaintext_stays_on_this_machine() -> None:
    with pytest.raises(UrlRefused, match="not encrypted"):
        async with connect("ws://192.0.2.1"):
            raise AssertionError("it connected")


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ws_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with relay() as (url, _), connected(url) as connection:
        assert isinstance(await connection.request(CLOSE), Done)
