"""On a terminal the command line asks, and a passphrase never shows."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.cli.conftest import PASSPHRASE
from tests.client.cli.scene import DEADLINE_S, ENVIRONMENT, ROOT, Scene, parley, relay, set_up


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    directory = tmp_path_factory.mktemp("terminal")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARLEY_PASSPHRASE", PASSPHRASE)
        with relay(directory / "relay") as url:
            made = set_up(directory, url)
        yield made


def on_terminal(
    *arguments: object, profile: Path, dialogue: list[tuple[str, str]], passphrase: bool = False
) -> tuple[int, str]:
    """Run a command on a terminal, answer its questions, and return its status and everything shown."""
    environment = {
        name: value for name, value in ENVIRONMENT.items() if name != "PARLEY_PASSPHRASE" or passphrase
    }
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "client", *map(str, arguments), "--profile", str(profile)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    shown = ""
    with os.fdopen(ours, "r+b", buffering=0) as terminal:
        for question, reply in dialogue:
            start = len(shown)
            while question not in shown[start:]:
                shown += terminal.read(4096).decode()
            terminal.write(f"{reply}\n".encode())
        while chunk := _read(terminal.fileno()):
            shown += chunk.decode()
    return process.wait(DEADLINE_S), shown


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # Linux says so when the other side is closed
        return b""


def test_init_asks_for_name_and_passphrase(tmp_path: Path) -> None:
    secret = "staple battery horse"
    status, shown = on_terminal(
        "init",
        profile=tmp_path / "profile",
        dialogue=[("Your name", "Olga"), ("Passphrase:", secret), ("The same again:", secret)],
    )
    assert status == 0, shown
    assert "Olga, participant" in shown
    assert secret not in shown


def test_two_passphrases_that_differ(tmp_path: Path) -> None:
    status, shown = on_terminal(
        "init",
        "--name",
        "Olga",
        profile=tmp_path / "profile",
        dialogue=[("Passphrase:", "one"), ("The same again:", "two")],
    )
    assert status == 1
    assert "parley: the two passphrases differ" in shown
    assert not (tmp_path / "profile").exists()


def test_verify_asks_whether_the_numbers_match(scene: Scene) -> None:
    status, shown = on_terminal(
        "verify",
        "North",
        "Amal",
        profile=scene.mira,
        passphrase=True,
        dialogue=[("Do they match?", "y"), ("By which route", "video")],
    )
    assert status == 0, shown
    assert "Amal is verified by video" in shown

    status, shown = on_terminal(
        "verify",
        "North",
        "Mira",
        profile=scene.amal,
        passphrase=True,
        dialogue=[("Do they match?", "n")],
    )
    assert status == 1
    assert "the numbers differ" in shown


def test_chat_needs_a_terminal(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_PASSPHRASE", PASSPHRASE)
    refused = parley("chat", "North", profile=scene.mira)
    assert refused.status == 1
    assert refused.complaint.startswith("there is no terminal")
