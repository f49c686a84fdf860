"""Which relay URLs may be used: encrypted ones, and plain ones only where nobody can listen."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from client.display import sanitise_line
from client.errors import Refused

PATH: Final = "/v1"
_SCHEMES: Final = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}


def relay_endpoint(url: str, *, allow_plaintext: bool = False) -> str:
    """Return the WebSocket URL of a relay.

    Args:
        url: ws, wss, http or https; the path may be left out.
        allow_plaintext: accept an unencrypted connection to another machine. It shows everybody on the way
            who talks to which relay and when; contents stay sealed.

    Returns:
        The ws:// or wss:// URL to connect to.

    Raises:
        Refused: not the URL of a relay, or unencrypted to another machine.
    """
    shown = sanitise_line(url[:200])
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Refused(f"{shown} is not a relay's URL: it looks like wss://relay.example.org") from None
    scheme = _SCHEMES.get(parts.scheme.lower())
    if scheme is None or not host or parts.username or parts.query or parts.fragment:
        raise Refused(f"{shown} is not a relay's URL: it looks like wss://relay.example.org")
    if scheme == "ws" and not allow_plaintext and not is_loopback(host):
        raise Refused(f"{shown} is not encrypted: use wss://, or ws:// on this machine only")
    netloc = f"[{host}]" if ":" in host else host
    path = parts.path.rstrip("/") or PATH
    return urlunsplit((scheme, netloc if port is None else f"{netloc}:{port}", path, "", ""))


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
