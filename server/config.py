"""What the operator chose, as one value read once; nothing else here looks at files, flags or environment."""

import ipaddress
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final

from protocols.relay.frames import Limits
from protocols.relay.wire import DEFAULT_LIMITS
from server.errors import OperatorError
from server.limits import Rate

DEFAULT_PORT: Final = 8701
FILE_KEYS: Final = frozenset(
    {
        "listen",
        "data",
        "name",
        "open",
        "insecure_behind_proxy",
        "tls_certificate",
        "tls_key",
        "max_connections",
        "max_connections_per_token",
    }
)
_SWITCHES: Final = frozenset({"open", "insecure_behind_proxy"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How fast one connection, log or admission token may go. Generous to people, finite for programs."""

    requests: Rate = field(default=Rate(4000, 8000))  # one connection's requests
    bytes_in: Rate = field(default=Rate(16 * 2**20, 64 * 2**20))  # one connection's message and blob bytes
    appends: Rate = field(default=Rate(4000, 8000))  # one log's appends, all connections together
    creations: Rate = field(default=Rate(1 / 60, 30))  # logs made with one admission token


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The relay's configuration.

    Attributes:
        host: address to listen on.
        port: 0 lets the system choose.
        data: directory of database, signed heads and key.
        name: the relay's name in its verifier key and so in every log's origin.
        open: whether anyone who can connect may create channels.
        insecure_behind_proxy: whether plain HTTP off loopback is meant.
        tls_certificate: PEM file with the certificate chain, or None for plain HTTP.
        tls_key: PEM file with its private key.
        limits: what one connection may send, as the Greeting tells it.
        rates: how fast.
        max_connections: connections at one time.
        max_connections_per_log: connections authorised for one log at one time, with a key of its epoch.
        max_past_connections_per_log: the same with keys of past epochs, which removed members hold too.
        max_connections_per_token: connections authorised for logs of one admission token, in all.
        max_log_entries: entries of one log.
        hello_timeout_s: for a new connection to become a WebSocket, and then again to say Hello.
        idle_timeout_s: for a connection that holds no right and waits for nothing to ask for something.
        send_timeout_s: for a client to take what is sent, before it is cut off.
        heartbeat_s: between pings of a silent connection.
        stop_timeout_s: for each connection to take the close at shutdown.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    data: Path = Path("parley-relay")
    name: str = "localhost"
    open: bool = False
    insecure_behind_proxy: bool = False
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    limits: Limits = DEFAULT_LIMITS
    rates: Rates = field(default_factory=Rates)
    max_connections: int = 10_000
    max_connections_per_log: int = 512
    max_past_connections_per_log: int = 64
    max_connections_per_token: int = 2048
    max_log_entries: int = 1_000_000
    hello_timeout_s: float = 10.0
    idle_timeout_s: float = 120.0
    send_timeout_s: float = 10.0
    heartbeat_s: float = 30.0
    stop_timeout_s: float = 1.0

    def check(self) -> None:
        """Refuse what would be unsafe or could not work.

        Raises:
            OperatorError: with one line that says what to change.
        """
        if self.open and not is_loopback(self.host):
            raise OperatorError("--open is for loopback only: anyone who can connect could create channels")
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise OperatorError("a TLS certificate and its key go together: give both or neither")
        if self.tls_certificate is None and not is_loopback(self.host) and not self.insecure_behind_proxy:
            raise OperatorError(
                "plain HTTP off loopback shows who talks when: give --tls-certificate and --tls-key, or "
                "--insecure-behind-proxy if a proxy in front does TLS"
            )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address; a name other than localhost counts as reachable."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def split_listen(listen: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`, where an IPv6 host is in brackets.

    Raises:
        OperatorError: it is not of that form.
    """
    host, separator, port = listen.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not separator or not bare or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise OperatorError(f"{listen!r} is not HOST:PORT")
    if ":" in bare and bare == host:
        raise OperatorError(f"write the IPv6 address in brackets: [{host}]:{port}")
    return bare, int(port)


def read_file(path: Path) -> dict[str, object]:
    """Return the settings of a TOML file; keys are the option names with underscores.

    Raises:
        OperatorError: unreadable, not TOML, or a key or value that is none of ours.
    """
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"cannot read {path}: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise OperatorError(f"{path} is not TOML: {error}") from None
    for key, value in settings.items():
        if key not in FILE_KEYS:
            raise OperatorError(f"{path}: unknown setting {key!r}; known are {', '.join(sorted(FILE_KEYS))}")
        wanted = bool if key in _SWITCHES else int if key.startswith("max_") else str
        if type(value) is not wanted:
            raise OperatorError(f"{path}: {key} must be a {wanted.__name__}")
    return settings


def make(settings: dict[str, object]) -> Config:
    """Return the checked configuration for settings as `read_file` gives them; the rest are defaults.

    Raises:
        OperatorError: a value is out of range, or the whole is unsafe (`Config.check`).
    """
    values = dict(settings)
    if isinstance(listen := values.pop("listen", None), str):
        values["host"], values["port"] = split_listen(listen)
    for key in ("data", "tls_certificate", "tls_key"):
        if isinstance(path := values.get(key), str):
            values[key] = Path(path)
    for key in ("max_connections", "max_connections_per_token"):
        if isinstance(most := values.get(key), int) and most < 1:
            raise OperatorError(f"{key} must be at least 1")
    known = {item.name for item in fields(Config)}
    config = Config(**{key: value for key, value in values.items() if key in known})  # type: ignore[arg-type]
    config.check()
    return config
