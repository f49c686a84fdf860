"""The program as an operator meets it: real processes, real signals, a real database."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from server.cli import HEADS_FILE
from server.signing import KEY_FILE
from tests.server.rig import expect
from tests.server.socket_client import connected

COMMAND = (sys.executable, "-m", "server")
ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run((*COMMAND, *arguments), capture_output=True, text=True, timeout=30, cwd=ROOT)


@contextmanager
def serving(*arguments: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    process = subprocess.Popen(
        (*COMMAND, "serve", "--listen", "127.0.0.1:0", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        match = re.fullmatch(r"listening on (ws://127\.0\.0\.1:\d+/v1)\n", line)
        if match is None:
            process.kill()
            pytest.fail(f"{line!r} {process.communicate()[1]}")
        yield process, match[1]
    finally:
        process.kill()
        process.communicate()


async def test_serve_stop_and_serve_again(tmp_path: Path) -> None:
    data = tmp_path / "relay"
    with serving("--open", "--data", str(data)) as (process, url):
        async with connected(url) as client:
            first = client.greeting.relay_vkey
            livez = url.replace("ws:", "http:").replace("/v1", "/livez")
            async with aiohttp.ClientSession() as session, session.get(livez) as response:
                assert response.status == 200
            process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionResetError):
                await client.receive()
        assert process.wait(10) == 0
    assert (data / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert (data / HEADS_FILE).exists()
    assert data.stat().st_mode & 0o777 == 0o700
    with serving("--open", "--data", str(data), "--name", "localhost") as (process, url):
        async with connected(url) as client:
            assert client.greeting.relay_vkey == first
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


@pytest.mark.parametrize("arguments", [("serve", "--open", "--listen", "127.0.0.1:0"), ("token", "list")])
def test_a_data_directory_that_others_can_read_is_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    data = tmp_path / "relay"
    data.mkdir()
    data.chmod(0o755)
    completed = run(*arguments, "--data", str(data))
    assert completed.returncode == 1
    assert "chmod 700" in completed.stderr
    assert list(data.iterdir()) == []


async def test_two_relays_do_not_share_a_directory(tmp_path: Path) -> None:
    with serving("--open", "--data", str(tmp_path)):
        second = run("serve", "--open", "--listen", "127.0.0.1:0", "--data", str(tmp_path))
        assert second.returncode == 1
        assert len(one_line(second)) > 0


def one_line(completed: "subprocess.CompletedProcess[str]") -> str:
    """The one line of complaint; log lines are JSON and not meant for people."""
    lines = [line for line in completed.stderr.splitlines() if not line.startswith("{")]
    assert len(lines) == 1, completed.stderr
    assert lines[0].startswith("parley-relay: ")
    assert "Traceback" not in completed.stderr
    return lines[0]


@pytest.mark.slow
def test_tokens_beside_a_running_relay(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    with serving(*data):
        created = run("token", "create", "mediator", "--days", "2", *data)
        assert created.returncode == 0
        assert re.fullmatch(r"[A-Za-z0-9_-]{43}\n", created.stdout)
        listed = run("token", "list", *data)
        assert re.search(r"^mediator\tcreated .* UTC\texpires .* UTC$", listed.stdout, re.MULTILINE)
        assert created.stdout.strip() not in listed.stdout
        again = run("token", "create", "mediator", *data)
        assert again.returncode == 1
        one_line(again)
        assert run("token", "revoke", "mediator", *data).returncode == 0
        assert run("token", "list", *data).stdout == ""
        missing = run("token", "revoke", "mediator", *data)
        assert (missing.returncode, one_line(missing)) == (1, "parley-relay: no token has this label")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--listen", "0.0.0.0:0"), "plain HTTP off loopback"),
        (("--listen", "0.0.0.0:0", "--open", "--insecure-behind-proxy"), "loopback only"),
        (("--listen", "nonsense"), "HOST:PORT"),
        (("--config", "none.toml"), "cannot read"),
        (("--name", "two words", "--listen", "127.0.0.1:0"), "name"),
    ],
)
def test_what_cannot_be_served_is_one_clear_line(
    tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    completed = run("serve", *arguments, "--data", str(tmp_path / "data"))
    assert completed.returncode == 1
    assert says in one_line(completed)


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with serving("--open", "--data", str(tmp_path / "a")) as (_, url):
        port = url.rsplit(":", 1)[1].partition("/")[0]
        completed = run("serve", "--open", "--listen", f"127.0.0.1:{port}", "--data", str(tmp_path / "b"))
        assert completed.returncode == 1
        one_line(completed)


def test_a_directory_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    # A file is in the way, which stops the administrator too, who may write everywhere.
    (tmp_path / "file").touch()
    completed = run("serve", "--open", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "file" / "data"))
    assert completed.returncode == 1
    one_line(completed)


@pytest.mark.slow
def test_wrong_usage_is_status_2_and_help_teaches() -> None:
    assert run("serve", "--nonsense").returncode == 2
    assert run("token", "create").returncode == 2
    assert run("token", "create", "x", "--days", "0").returncode == 2
    text = run("serve", "--help").stdout
    for word in ("--listen", "--data", "--open", "--insecure-behind-proxy", "--config", "Try it out"):
        assert word in text


async def test_without_open_a_channel_needs_a_token(tmp_path: Path) -> None:
    with serving("--data", str(tmp_path)) as (_, url):
        async with connected(url) as client:
            with pytest.raises(AssertionError, match="ADMISSION_REQUIRED"):
                await client.channel()
            assert expect(int, client.requests) == 1
