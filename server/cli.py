"""`parley-relay`: arguments to a configuration, a configuration to a running relay."""

import asyncio
import gc
import secrets
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from server import config as configuration
from server import logs, tokens
from server.app import make_app, start
from server.config import Config
from server.errors import OperatorError, RelayError
from server.signing import load_or_create
from server.store.signed_heads import SqliteSignedHeads
from server.store.sqlite import SqliteStore

HEADS_FILE: Final = "signed-heads.db"
DAY_MS: Final = 86_400_000

Job: TypeAlias = Callable[[SqliteStore], Awaitable[None]]

app = typer.Typer(
    name="parley-relay",
    help="The Parley relay: orders and keeps encrypted channels it cannot read.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
token_app = typer.Typer(
    help="Admission tokens: who may create channels here. Works beside a running relay.", no_args_is_help=True
)
app.add_typer(token_app, name="token")

DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="Directory of database, signed heads and key.", show_default=False),
]


@app.callback()
def _root() -> None:
    """Make `serve` a command of its own, also while it is the only one."""


@app.command()
def serve(
    listen: Annotated[
        str | None,
        typer.Option(
            help="HOST:PORT to listen on; port 0 lets the system choose. Default 127.0.0.1:8701.",
            show_default=False,
        ),
    ] = None,
    data: DataOption = None,
    config: Annotated[
        Path | None, typer.Option(help="TOML file with these options, underscores for dashes; flags win.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="The relay's name in its key and in every channel's log; your host name. Default localhost."
        ),
    ] = None,
    open_mode: Annotated[
        bool | None,
        typer.Option(
            "--open",
            help="Let anyone who can connect create channels, without a token. Loopback only.",
            show_default=False,
        ),
    ] = None,
    insecure_behind_proxy: Annotated[
        bool | None,
        typer.Option(
            "--insecure-behind-proxy",
            help="Speak plain HTTP on an address others can reach, because a proxy in front does TLS. "
            "Without TLS the network sees which channels talk and when, and could keep messages back.",
            show_default=False,
        ),
    ] = None,
    tls_certificate: Annotated[Path | None, typer.Option(help="PEM file with the certificate chain.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file with its private key.")] = None,
) -> None:
    """Run the relay until SIGTERM or SIGINT; prints "listening on URL" once it accepts.

    Try it out:   parley-relay serve --open --data /tmp/relay
    In earnest:   parley-relay token create mediator --data DIR; parley-relay serve --data DIR --name HOST
                  --listen 0.0.0.0:8701 --tls-certificate FILE --tls-key FILE
    """
    settings: dict[str, object] = configuration.read_file(config) if config is not None else {}
    flags = {
        "listen": listen,
        "data": data,
        "name": name,
        "open": open_mode,
        "insecure_behind_proxy": insecure_behind_proxy,
        "tls_certificate": tls_certificate,
        "tls_key": tls_key,
    }
    settings |= {key: value for key, value in flags.items() if value is not None}
    chosen = configuration.make(settings)
    logs.configure()

    _run(_serve(chosen))


@token_app.command("create")
def token_create(
    label: Annotated[str, typer.Argument(help="Your name for it, to find and revoke it by.")],
    data: DataOption = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=36_500, help="Days until it expires; default never.")
    ] = None,
) -> None:
    """Print a new admission token. It is shown once: the relay keeps only its hash."""
    now_ms = _now_ms()
    expires_ms = now_ms + days * DAY_MS if days is not None else None
    secret, record = tokens.new_token(label, random=secrets.token_bytes, now_ms=now_ms, expires_ms=expires_ms)

    async def create(store: SqliteStore) -> None:
        await store.create_token(record)

    _with_store(data, create)
    typer.echo(secret)


@token_app.command("list")
def token_list(data: DataOption = None) -> None:
    """List the labels of all admission tokens and when they expire."""

    async def show(store: SqliteStore) -> None:
        now_ms = _now_ms()
        for token in await store.tokens():
            if token.expires_ms is None:
                until = "does not expire"
            else:
                verb = "expired" if token.expires_ms <= now_ms else "expires"
                until = f"{verb} {_utc(token.expires_ms)}"
            typer.echo(f"{token.label}\tcreated {_utc(token.created_ms)}\t{until}")

    _with_store(data, show)


@token_app.command("revoke")
def token_revoke(
    label: Annotated[str, typer.Argument(help="The token's label.")], data: DataOption = None
) -> None:
    """Revoke an admission token; channels made with it go on."""

    async def revoke(store: SqliteStore) -> None:
        if not await store.revoke_token(label):
            raise OperatorError("no token has this label")

    _with_store(data, revoke)


def main() -> None:
    """Run the command line: exit status 0 ok, 1 failed with one line on standard error, 2 wrong usage."""
    try:
        app()
    except RelayError as error:
        typer.echo(f"parley-relay: {error}", err=True)
        raise SystemExit(1) from None
    except OSError as error:
        typer.echo(f"parley-relay: {error.strerror or error}", err=True)
        raise SystemExit(1) from None


async def _serve(config: Config) -> None:
    directory = _data_directory(config.data)
    signer = load_or_create(directory, config.name)
    application = make_app(
        config,
        store=SqliteStore(directory),
        heads=SqliteSignedHeads(directory / HEADS_FILE),
        signer=signer,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.loop_exception)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runner, url = await start(application, config)
    try:
        gc.freeze()  # what start-up made stays; the collector need not look at it again and again
        typer.echo(f"listening on {url}")
        await stop.wait()
    finally:
        await runner.cleanup()


def _data_directory(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o077:
        raise OperatorError(f"{path} can be read by others; run: chmod 700 {path}")
    return path


def _run(main_task: Coroutine[object, object, None]) -> None:
    """Run on uvloop where it is installed; it halves the cost of a small message."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main_task)
    else:
        uvloop.run(main_task)


def _with_store(data: Path | None, job: Job) -> None:
    directory = data if data is not None else Config().data

    async def work() -> None:
        store = SqliteStore(_data_directory(directory), exclusive=False)
        await store.open()
        try:
            await job(store)
        finally:
            await store.close()

    asyncio.run(work())


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _utc(time_ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(time_ms / 1000))
