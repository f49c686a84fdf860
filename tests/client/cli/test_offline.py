"""Without a relay: what is stored is shown, what is said is kept, and each failure is one line."""

import json
from pathlib import Path

import pytest

from tests.client.cli.conftest import Cli
from tests.client.cli.scene import parley, relay

ASK = ("--field", "topic=Water", "--field", "form=YES_NO", "--field", "question=Is it so?")


@pytest.fixture
def alone(cli: Cli, mira: Path, tmp_path: Path) -> Path:
    """Mira's profile with a channel whose relay is gone."""
    with relay(tmp_path / "relay") as url:
        assert parley("channel", "new", "North", "--relay", url, profile=mira).status == 0
    return mira


def test_what_is_said_is_kept(cli: Cli, alone: Path) -> None:
    for text in ("send", "board"):
        assert text  # both commands below work on the same profile, one after the other
    sent = cli("send", "North", "QUESTION", "--to", "Mira", *ASK, "--timeout", "0.1", "--profile", alone)
    assert sent.status == 1, "nobody asks themselves"
    shown = json.loads(cli("channel", "show", "North", "--stored", "--json", "--profile", alone).out)
    assert shown["waiting"] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("tail", "North"),
        ("board", "North"),
        ("invite", "North", "--role", "party"),
        ("audit", "export", "North", "-o", "never-written"),
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
    from client.profiles import open_profile
    from tests.client.cli.conftest import PASSPHRASE

    with open_profile(mira, PASSPHRASE):
        refused = cli("card", "--profile", mira)
    assert refused.status == 1
    assert "another parley process" in refused.complaint
