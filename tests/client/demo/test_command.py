"""How the demo ends when something is wrong: status 1, one clear line, and no process or file left behind."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from client.demo import command, relay_process
from client.demo.evidence import Check
from client.demo.printing import Silent
from client.demo.stage import Outcome


def left_running(mark: str) -> list[str]:
    """The command lines of running processes that name a path."""
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it ended while we looked
            lines.append(process.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in lines if mark in line]


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"


def test_a_directory_that_is_not_empty_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter").write_text("mine")
    assert command.demo(tmp_path, json_output=True) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert (
        printed.err == f"parley: {tmp_path} is there and not empty: name a new directory, or an empty one\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["letter"]


def test_a_file_is_no_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")
    assert command.demo(tmp_path / "file", json_output=True) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_directory_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("mine")
    assert command.demo(tmp_path / "file" / "below", json_output=True) == 1
    assert capsys.readouterr().err == f"parley: {tmp_path}/file/below: not a directory\n"


def test_without_a_relay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(relay_process, "_SERVE", (sys.executable, "-c", "raise SystemExit('no relay today')"))
    assert command.demo(tmp_path, json_output=True) == 1
    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err == "--- relay\nno relay today\nparley: the relay did not start\n"


def test_a_relay_that_hangs_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    forever = (sys.executable, "-c", "import signal; signal.pause()")
    monkeypatch.setattr(relay_process, "_SERVE", forever)
    monkeypatch.setattr(relay_process, "_READY_S", 0.1)
    assert command.demo(tmp_path, json_output=True) == 1
    assert capfd.readouterr().err == "parley: the relay was not ready within 0.1 s\n"
    assert left_running(str(tmp_path)) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_demo_leaves_nothing_behind(tmp_path: Path, how: signal.Signals) -> None:
    running = subprocess.Popen(
        [sys.executable, "-P", "-m", "client", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    with running:
        assert running.stdout is not None
        try:
            # The profiles are made one after the other from here on: some actors run, some only begin to.
            while "making three profiles" not in running.stdout.readline():
                assert running.poll() is None
            until(lambda: len(left_running(str(tmp_path))) >= 2)
            running.send_signal(how)
            _, errors = running.communicate(timeout=20)
        finally:
            running.kill()
    assert (running.returncode, errors) == (1, "parley: interrupted: every process of the demo was ended\n")
    assert left_running(str(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_a_relay_that_dies_ends_the_demo_at_once(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-P", "-m", "client", "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    with running:
        assert running.stdout is not None
        try:
            while (found := re.search(r"^relay .* process ([0-9]+)$", running.stdout.readline())) is None:
                assert running.poll() is None
            while "== Amal asks" not in running.stdout.readline():
                assert running.poll() is None
            os.kill(int(found[1]), signal.SIGKILL)
            _, errors = running.communicate(timeout=20)
        finally:
            running.kill()
    assert running.returncode == 1
    assert errors.splitlines()[-1] == "parley: the relay ended by itself with status -9"
    assert "Traceback" not in errors
    assert left_running(str(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_it_loads_the_interface() -> None:
    code = "import sys, client.demo.command, client.demo.actor; sys.exit('textual' in sys.modules)"
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def outcome(*checks: Check) -> Outcome:
    return Outcome(
        entries=80,
        participants=3,
        messages=18,
        acknowledged=17,
        state_digest="ab",
        log=Path("mira.parley"),
        checks=checks,
    )


def test_a_check_that_does_not_hold_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    failed = outcome(Check(True, "this holds"), Check(False, "that does not"))
    assert command._report(failed, Silent(), keep=None, json_output=True) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {
        "entries": 80,
        "participants": 3,
        "messages": 18,
        "acknowledged": 17,
        "verified": False,
        "state_digest": "ab",
        "log": None,
    }
    assert printed.err == "parley: did not hold: that does not\n"


def test_when_all_holds_the_status_is_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert command._report(outcome(Check(True, "this")), Silent(), keep=None, json_output=False) == 0
    assert capsys.readouterr() == ("", "")
