"""The aiohttp application: `/v1` for clients, `/livez` and `/readyz` for those who watch the process."""

import asyncio
import os
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from aiohttp import WSCloseCode, web

from protocols.relay.frames import SUBPROTOCOL
from server import logs
from server.config import Config
from server.door import Door
from server.errors import StoreFailed
from server.fanout import LiveLogs
from server.relay import Relay
from server.session import Session
from server.signing import Signer
from server.store import RelayStore
from server.store.signed_heads import SignedHeads, check
from server.writer import Writer

EXPIRE_EVERY_S: Final = 5.0
BACKLOG: Final = 1024
"""Connections that the system may hold ready to be accepted."""


@dataclass(slots=True, eq=False)
class Service:
    """A running relay: what `/v1` and the health checks look at."""

    config: Config
    relay: Relay
    writer: Writer
    door: Door
    fail: Callable[[BaseException], None]
    sessions: set[Session] = field(default_factory=set)
    failed: bool = False


SERVICE: Final = web.AppKey("service", Service)


def exit_process(error: BaseException) -> None:
    """End the process at once with status 1: the store cannot be trusted; the next start recovers."""
    logs.get().critical("exit", error=type(error).__name__)
    os._exit(1)


def make_app(
    config: Config,
    *,
    store: RelayStore,
    heads: SignedHeads,
    signer: Signer,
    fail: Callable[[BaseException], None] = exit_process,
    clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    monotonic: Callable[[], float] = time.monotonic,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> web.Application:
    """Return the application; it opens and closes `store` and `heads` itself.

    Args:
        config: checked.
        store: not opened yet.
        heads: not opened yet; kept apart from the store's file.
        signer: the relay's key.
        fail: what to do when the store fails: must not return in a real process.
        clock: UTC milliseconds.
        monotonic: seconds that never go back.
        random: gives that many random bytes.
    """

    async def running(app: web.Application) -> AsyncIterator[None]:
        async with serving(
            config,
            store=store,
            heads=heads,
            signer=signer,
            fail=fail,
            clock=clock,
            monotonic=monotonic,
            random=random,
        ) as service:
            app[SERVICE] = service
            yield

    app = web.Application()
    app.cleanup_ctx.append(running)
    app.on_shutdown.append(_drain)
    app.router.add_get("/v1", _websocket)
    app.router.add_get("/livez", _livez)
    app.router.add_get("/readyz", _readyz)
    return app


@asynccontextmanager
async def serving(
    config: Config,
    *,
    store: RelayStore,
    heads: SignedHeads,
    signer: Signer,
    fail: Callable[[BaseException], None],
    clock: Callable[[], int],
    monotonic: Callable[[], float],
    random: Callable[[int], bytes],
) -> AsyncIterator[Service]:
    """Open the store, recover, and keep the writer running; arguments as `make_app`.

    Raises:
        OperatorError: the store cannot be used, or is older than what this relay has signed.
    """
    await store.open()
    try:
        await heads.open()
        try:
            await check(heads, store)
            live = LiveLogs(store, heads, signer)
            writer = Writer(store, heads, signer, live, fail)
            recovered = await recover(store, heads, writer)
            logs.get().info("recovered", logs=recovered)
            relay = Relay(
                config=config,
                store=store,
                writer=writer,
                live=live,
                signer=signer,
                clock=clock,
                monotonic=monotonic,
                random=random,
            )
            service = Service(config, relay, writer, Door(config.hello_timeout_s), fail)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(writer.run())
                expiring = tasks.create_task(_expire(service))
                try:
                    yield service
                finally:
                    expiring.cancel()
                    writer.stop()
        finally:
            await heads.close()
    finally:
        await store.close()


async def recover(store: RelayStore, heads: SignedHeads, writer: Writer) -> int:
    """Sign what was made durable but not signed before the last stop; returns how many logs there are.

    A log without a record of what was signed is signed anew: the record lies apart from the backups, so it
    may be lost where the log is not.
    """
    log_ids = await store.log_ids()
    for log_id in log_ids:
        head = await store.head(log_id)
        last = await store.last_checkpoint(log_id)
        if last is None or last.size < head.stored.size or await heads.last(log_id) is None:
            await writer.sign((head,))
    return len(log_ids)


async def _expire(service: Service) -> None:
    while True:
        await asyncio.sleep(EXPIRE_EVERY_S)
        try:
            await service.relay.mailboxes.expire()
        except StoreFailed as error:
            _failed(service, error)
            return


def _failed(service: Service, error: BaseException) -> None:
    service.failed = True
    service.fail(error)


async def _websocket(request: web.Request) -> web.StreamResponse:
    service = request.app[SERVICE]
    config = service.config
    if service.relay.draining or len(service.sessions) >= config.max_connections:
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"})
    websocket = web.WebSocketResponse(
        protocols=(SUBPROTOCOL,),
        heartbeat=config.heartbeat_s,
        compress=False,
        max_msg_size=config.limits.max_batch,
        timeout=config.stop_timeout_s,
    )
    if not websocket.can_prepare(request) or SUBPROTOCOL not in request.headers.get(
        "Sec-WebSocket-Protocol", ""
    ):
        raise web.HTTPUpgradeRequired(text=f"a WebSocket with the subprotocol {SUBPROTOCOL} is spoken here\n")
    await websocket.prepare(request)
    service.door.let_in(request.transport)
    session = Session(service.relay, websocket, request.transport)
    service.sessions.add(session)
    try:
        await session.run()
    except StoreFailed as error:
        _failed(service, error)
    except (
        Exception
    ) as error:  # a bug of ours ends one connection; aiohttp's own report would name its address
        logs.get().error("connection failed", error=type(error).__name__, reason=logs.place(error))
    finally:
        service.sessions.discard(session)
    return websocket


async def _drain(app: web.Application) -> None:
    """Refuse what is new, say goodbye to everyone at once, and cut off who does not listen."""
    service = app[SERVICE]
    service.relay.draining = True
    sessions: tuple[Session, ...] = tuple(service.sessions)
    logs.get().info("draining", connections=len(sessions))
    goodbyes: list[Awaitable[None]] = [session.close(WSCloseCode.GOING_AWAY) for session in sessions]
    await asyncio.gather(*goodbyes)


async def _livez(_request: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def _readyz(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    if service.failed or service.relay.draining or service.writer.is_full:
        raise web.HTTPServiceUnavailable(text="not ready\n")
    return web.Response(text="ok\n")


class _Site(web.BaseSite):
    """A listening address whose connections come through the door."""

    __slots__ = ("_config", "_protocols")

    def __init__(
        self,
        runner: web.AppRunner,
        config: Config,
        protocols: Callable[[], asyncio.Protocol],
        *,
        ssl_context: ssl.SSLContext | None,
    ) -> None:
        super().__init__(runner, ssl_context=ssl_context)
        self._config = config
        self._protocols = protocols

    @property
    def name(self) -> str:
        return f"{self._config.host}:{self._config.port}"

    async def start(self) -> None:
        await super().start()
        context = self._ssl_context
        self._server = await asyncio.get_running_loop().create_server(
            self._protocols,
            self._config.host,
            self._config.port,
            ssl=context,
            ssl_handshake_timeout=self._config.hello_timeout_s if context is not None else None,
            backlog=BACKLOG,
        )


async def start(app: web.Application, config: Config) -> tuple[web.AppRunner, str]:
    """Listen, and return what to clean up in the end and the URL clients connect to.

    Raises:
        OSError: the address cannot be listened on, or a TLS file cannot be used.
        OperatorError: see `serving`.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=config.stop_timeout_s, handle_signals=False)
    await runner.setup()
    try:
        context: ssl.SSLContext | None = None
        if config.tls_certificate is not None and config.tls_key is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(config.tls_certificate, config.tls_key)
        server = runner.server
        assert server is not None  # noqa: S101 -- made by `setup`
        site = _Site(runner, config, app[SERVICE].door.protocols(server), ssl_context=context)
        await site.start()
    except BaseException:
        await runner.cleanup()
        raise
    host = f"[{config.host}]" if ":" in config.host else config.host
    return runner, f"{'ws' if context is None else 'wss'}://{host}:{_port(runner)}/v1"


def _port(runner: web.AppRunner) -> int:
    address: tuple[str, int] = runner.addresses[0]
    return address[1]
