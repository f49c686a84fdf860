"""Unencrypted connections leave this machine only on an explicit word."""

import pytest

from client.endpoint import relay_endpoint
from client.errors import Refused


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("wss://relay.example.org", "wss://relay.example.org/v1"),
        ("https://relay.example.org/", "wss://relay.example.org/v1"),
        ("wss://relay.example.org:8443/v1", "wss://relay.example.org:8443/v1"),
        ("wss://example.org/parley/v1", "wss://example.org/parley/v1"),
        ("http://127.0.0.1:8701", "ws://127.0.0.1:8701/v1"),
        ("ws://localhost:1", "ws://localhost:1/v1"),
        ("ws://[::1]:80/v1", "ws://[::1]:80/v1"),
    ],
)
def test_endpoints(url: str, endpoint: str) -> None:
    assert relay_endpoint(url) == endpoint


@pytest.mark.parametrize(
    "url",
    [
        "ws://relay.example.org",
        "http://192.0.2.1",
        "ws://127.0.0.1.example.org",
        "ws://localhost.example.org",
        "",
        "relay.example.org",
        "ftp://relay.example.org",
        "wss://",
        "wss://user:secret@relay.example.org",
        "wss://relay.example.org/?q=1",
        "wss://relay.example.org/#x",
        "wss://relay.example.org:port",
        "wss://[::1",
    ],
)
def test_refused_urls(url: str) -> None:
    with pytest.raises(Refused):
        relay_endpoint(url)


def test_plaintext_on_an_explicit_word() -> None:
    assert relay_endpoint("ws://relay.example.org", allow_plaintext=True) == "ws://relay.example.org/v1"


def test_a_hostile_url_is_shown_harmless() -> None:
    with pytest.raises(Refused) as caught:
        relay_endpoint("\x1b]52;c;AAAA\x07://x")
    assert "\x1b" not in str(caught.value)
