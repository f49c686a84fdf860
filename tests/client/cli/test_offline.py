"""Without a relay: what is stored is shown, what is said is kept, and each failure is one line."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from client.profiles import open_profile
from tests.client.cli.conftest import PASSPHRASE, Cli
from tests.client.cli.scene import Scene, relay, set_up

ASK = (
    "--to",
    "Amal",
    "--field",
    "topic=Water",
    "--field",
    "form=YES_NO",
    "--field",
    "question=Does the pump work?",
)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Mira and Amal in a channel whose relay is gone."""
    directory = tmp_path_factory.mktemp("offline")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARLEY_PASSPHRASE", PASSPHRASE)
        with relay(directory / "relay") as url:
            made = set_up(directory, url)
        yield made


@pytest.fixture
def alone(scene: Scene) -> Path:
    return scene.mira


@pytest.mark.slow
def test_what_is_said_is_kept_and_leaves_later(cli: Cli, tmp_path: Path) -> None:
    with relay(tmp_path / "relay") as url:
        scene = set_up(tmp_path, url)
    sent = cli("send", "North", "QUESTION", *ASK, "--timeout", "0.1", "--profile", scene.mira)
    assert sent.status == 0
    (identifier,) = sent.lines
    assert "queued" in sent.err.splitlines()[-1]
    shown = json.loads(cli("channel", "show", "North", "--stored", "--json", "--profile", scene.mira).out)
    assert shown["waiting"] == 1

    with relay(tmp_path / "relay", listen=urlsplit(url).netloc):
        read = cli("tail", "North", "--json", "--profile", scene.mira)
    assert read.status == 0, read.err
    (message,) = map(json.loads, read.lines)
    assert f"id {message['id']}" == identifier


@pytest.mark.slow
def test_an_acknowledgement_is_kept_too(cli: Cli, tmp_path: Path) -> None:
    with relay(tmp_path / "relay") as url:
        scene = set_up(tmp_path, url)
        number = scene.ask("Water")
        scene.read(scene.amal)
    acknowledged = cli("ack", "North", number, "--json", "--timeout", "0.1", "--profile", scene.amal)
    assert acknowledged.status == 0
    assert json.loads(acknowledged.out)["acknowledged"] is False
    assert "queued" in acknowledged.err.splitlines()[-1]
    with relay(tmp_path / "relay", listen=urlsplit(url).netloc):
        assert cli("tail", "North", "--profile", scene.amal).status == 0
        read = cli("tail", "North", "--json", "--profile", scene.mira)
    (message,) = map(json.loads, read.lines)
    assert list(message["acknowledgements"].values()) == ["L4"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("tail", "North"),
        ("board", "North"),
        ("invite", "North", "--role", "party"),
        ("audit", "export", "North", "-o", "/nowhere/never-written"),
    ],
)
def test_an_unreachable_relay_is_one_line(cli: Cli, alone: Path, arguments: tuple[str, ...]) -> None:
    refused = cli(*arguments, "--timeout", "0.2", "--profile", alone)
    assert (refused.status, refused.out) == (1, "")
    assert refused.complaint.startswith("not up to date after 0.2 s")


@pytest.mark.parametrize("command", ["tail", "board"])
def test_what_is_stored_can_be_read(cli: Cli, alone: Path, command: str) -> None:
    assert cli(command, "North", "--stored", "--profile", alone).status == 0


def test_a_relay_that_is_not_there(cli: Cli, mira: Path) -> None:
    refused = cli("channel", "new", "North", "--relay", "ws://127.0.0.1:1", "--profile", mira)
    assert (refused.status, refused.out) == (1, "")
    assert refused.complaint.startswith("cannot reach the relay at ws://127.0.0.1:1")
    assert json.loads(cli("channel", "list", "--json", "--profile", mira).out) == []


@pytest.mark.parametrize("url", ["relay.example.org", "http://", "ws://relay.example.org", "\x1b[2J"])
def test_a_relay_url_that_must_not_be_used(cli: Cli, mira: Path, url: str) -> None:
    refused = cli("channel", "new", "North", "--relay", url, "--profile", mira)
    assert (refused.status, refused.out) == (1, "")
    assert "wss://" in refused.complaint


def test_a_profile_is_open_in_one_process(cli: Cli, mira: Path) -> None:
    with open_profile(mira, PASSPHRASE):
        refused = cli("card", "--profile", mira)
    assert refused.status == 1
    assert "another parley process" in refused.complaint
