"""A real relay process and two people in one channel, all through the command line."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from client.cli.app import run
from tests.client.cli.conftest import PASSPHRASE, Outcome, make_profile

ROOT = Path(__file__).resolve().parents[3]
DEADLINE_S = 30
ENVIRONMENT = {**os.environ, "PARLEY_PASSPHRASE": PASSPHRASE, "PYTHONUNBUFFERED": "1"}


def parley(*arguments: object, profile: Path) -> Outcome:
    """Run a command in this process and collect what it prints."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run([*map(str, arguments), "--profile", str(profile)])
    return Outcome(status, out.getvalue(), err.getvalue())


def spawn(*arguments: object, profile: Path) -> subprocess.Popen[str]:
    """Start a command as a process of its own."""
    command = [sys.executable, "-m", "client", *map(str, arguments), "--profile", str(profile)]
    return subprocess.Popen(
        command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@contextlib.contextmanager
def relay(directory: Path, *, listen: str = "127.0.0.1:0") -> Iterator[str]:
    """Run a relay for the length of a block; gives its URL."""
    command = [sys.executable, "-m", "server", "serve", "--open", "--listen", listen]
    process = subprocess.Popen(
        [*command, "--data", str(directory)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip().removeprefix("listening on ")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=DEADLINE_S)


@dataclass(frozen=True, slots=True)
class Scene:
    """Mira (mediator) and Amal (party) in the channel North bridge, and the code Amal came in with."""

    url: str
    mira: Path
    amal: Path
    code: str
    invited: Outcome
    joined: Outcome

    def send(self, sender: Path, kind: str, *fields: str, to: str = "") -> int:
        """Send a message and return its position."""
        options = [word for field in fields for word in ("--field", field)]
        readers = ["--to", to] if to else []
        sent = parley("send", "North", kind, *readers, *options, profile=sender)
        assert sent.status == 0, sent.err
        identifier, number = sent.lines
        assert identifier.startswith("id ")
        return int(number.removeprefix("No. "))

    def ask(self, topic: str) -> int:
        """Let Mira ask Amal something, and return the question's position."""
        return self.send(
            self.mira, "QUESTION", f"topic={topic}", "form=YES_NO", "question=Does the pump work?", to="Amal"
        )

    def read(self, reader: Path) -> dict[int, dict[str, Any]]:
        """Return the conversation as a reader's `tail --json` prints it, by position."""
        printed = parley("tail", "North", "--json", profile=reader)
        assert printed.status == 0, printed.err
        entries = [json.loads(line) for line in printed.lines]
        return {entry["position"]: entry for entry in entries}


def set_up(directory: Path, url: str) -> Scene:
    """Make two profiles and a channel, and bring both into it."""
    mira, amal = make_profile(directory / "mira", "Mira"), make_profile(directory / "amal", "Amal")
    made = parley("channel", "new", "North bridge", "--relay", url, profile=mira)
    assert made.status == 0, made.err
    inviting = spawn("invite", "North bridge", "--name", "Amal", "--role", "party", profile=mira)
    assert inviting.stdout is not None
    code = inviting.stdout.readline().strip()
    joined = parley("join", code, profile=amal)
    out, err = inviting.communicate(timeout=DEADLINE_S)
    return Scene(url, mira, amal, code, Outcome(inviting.returncode, out, err), joined)
