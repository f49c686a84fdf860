"""Making a profile and looking at it; what can go wrong is one line."""

import json
from pathlib import Path

import pytest

from tests.client.cli.conftest import Cli


def test_init_then_card(cli: Cli, tmp_path: Path) -> None:
    directory = tmp_path / "new" / "profile"
    made = cli("init", "--name", "Mira", "--profile", directory)
    assert (made.status, made.lines[0].split(",")[0]) == (0, "Mira")
    assert "next: `parley join CODE`" in made.err

    card = cli("card", "--profile", directory, "--json")
    told = json.loads(card.out)
    assert made.lines[0] == f"Mira, participant {told['participant']}"
    assert (len(told["identity_key"]), len(told["fingerprint"])) == (64, 64)

    again = cli("init", "--name", "Mira", "--profile", directory)
    assert again.status == 1
    assert again.complaint.startswith("there is already a profile")


def test_the_profile_comes_from_the_environment(
    cli: Cli, mira: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_PROFILE", str(mira))
    assert cli("card").lines[0] == "name         Mira"


def test_the_passphrase_comes_from_a_file(
    cli: Cli, mira: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PARLEY_PASSPHRASE")
    file = tmp_path / "passphrase"
    file.write_text("correct horse\n")
    file.chmod(0o600)
    assert cli("card", "--profile", mira, "--passphrase-file", file).status == 0
    refused = cli("card", "--profile", mira)
    assert refused.status == 1
    assert "--passphrase-file or PARLEY_PASSPHRASE" in refused.complaint
    absent = cli("card", "--profile", mira, "--passphrase-file", tmp_path / "absent")
    assert absent.status == 1
    assert "cannot be read" in absent.complaint


def test_a_wrong_passphrase(cli: Cli, mira: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_PASSPHRASE", "wrong")
    refused = cli("card", "--profile", mira)
    assert (refused.status, refused.out) == (1, "")
    assert refused.complaint == "wrong passphrase: try again, it is case-sensitive"


@pytest.mark.parametrize(
    "arguments",
    [
        ("card",),
        ("channel", "list"),
        ("channel", "show", "North"),
        ("channel", "new", "North", "--relay", "ws://127.0.0.1:1"),
        ("invite", "North", "--role", "party"),
        ("join", "code"),
        ("verify", "North"),
        ("send", "North", "INFORM"),
        ("tail", "North"),
        ("ack", "North", "1"),
        ("answer", "North", "1", "ROGER"),
        ("readback", "North", "1"),
        ("board", "North"),
        ("check", "INFORM", "--channel", "North"),
        ("audit", "export", "North", "-o", "x"),
    ],
)
def test_without_a_profile(cli: Cli, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    refused = cli(*arguments, "--profile", tmp_path / "absent")
    assert (refused.status, refused.out) == (1, "")
    assert refused.complaint.startswith("no profile in")


def test_a_name_that_cannot_be_used(cli: Cli, tmp_path: Path) -> None:
    refused = cli("init", "--name", "Mira\u202e", "--profile", tmp_path / "profile")
    assert refused.status == 1
    assert "name" in refused.complaint


def test_no_terminal_to_ask_for_the_name(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "empty").open("w+") as empty:
        monkeypatch.setattr("sys.stdin", empty)
        refused = cli("init", "--profile", tmp_path / "profile")
    assert refused.status == 2
    assert "--name" in refused.err


def test_a_directory_that_cannot_be_used(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = cli("init", "--name", "Mira", "--profile", tmp_path / "file" / "profile")
    assert refused.status == 1
    assert "directory" in refused.complaint
