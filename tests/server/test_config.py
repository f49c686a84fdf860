from pathlib import Path

import pytest

from server.config import Config, is_loopback, make, read_file, split_listen
from server.errors import OperatorError


def test_defaults_are_safe_and_local() -> None:
    config = make({})
    assert (config.host, config.open) == ("127.0.0.1", False)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"listen": "0.0.0.0:1"}, "plain HTTP off loopback"),
        ({"listen": "relay.example.org:1"}, "plain HTTP off loopback"),
        ({"listen": "0.0.0.0:1", "open": True, "insecure_behind_proxy": True}, "loopback only"),
        ({"tls_certificate": "c"}, "go together"),
        ({"tls_key": "k"}, "go together"),
        ({"listen": "nonsense"}, "HOST:PORT"),
        ({"listen": ":80"}, "HOST:PORT"),
        ({"listen": "127.0.0.1:65536"}, "HOST:PORT"),
        ({"listen": "127.0.0.1:²"}, "HOST:PORT"),
        ({"listen": "::1:80"}, "brackets"),
        ({"max_connections": 0}, "at least 1"),
    ],
)
def test_what_is_unsafe_or_wrong_is_refused_with_a_reason(settings: dict[str, object], says: str) -> None:
    with pytest.raises(OperatorError, match=says):
        make(settings)


def test_what_is_meant_is_taken() -> None:
    assert make({"listen": "0.0.0.0:0", "insecure_behind_proxy": True}).port == 0
    assert make({"listen": "0.0.0.0:1", "tls_certificate": "c", "tls_key": "k"}).tls_key == Path("k")
    assert make({"listen": "[::1]:80", "open": True}).host == "::1"


def test_listen_and_loopback() -> None:
    assert split_listen("[::1]:8701") == ("::1", 8701)
    assert is_loopback("localhost")
    assert is_loopback("127.9.9.9")
    assert not is_loopback("::")
    assert not is_loopback("example.org")


def test_a_file_with_the_same_names(tmp_path: Path) -> None:
    path = tmp_path / "relay.toml"
    path.write_text('listen = "127.0.0.1:9000"\nopen = true\ndata = "somewhere"\nmax_connections = 5\n')
    config = make(read_file(path))
    assert config == Config(port=9000, open=True, data=Path("somewhere"), max_connections=5)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lisen = 1", "unknown setting"),
        ("open = 1", "must be a bool"),
        ("= 3", "not TOML"),
        ("\x00", "not TOML"),
    ],
)
def test_a_bad_file_is_refused_with_a_reason(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "relay.toml"
    path.write_text(text)
    with pytest.raises(OperatorError, match=says):
        read_file(path)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="cannot read"):
        read_file(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(OperatorError, match="cannot read"):
        read_file(tmp_path / "latin.toml")
