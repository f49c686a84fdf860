"""An actor's process: its own crash, refusal and silence are each told by name, and it never outlives us."""

import os
import signal
from pathlib import Path

import pytest

from client.demo import child
from client.demo.child import running
from client.demo.errors import DemoFailed
from client.demo.script import CAST
from client.profiles import create_profile
from client.store import KeyDerivation

MIRA = CAST[0]
CHEAP = KeyDerivation(memory_kib=8 * 1024, iterations=1, lanes=1)


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    directory = tmp_path / "mira"
    create_profile(directory, "secret words", name=MIRA.name, device="", now_ms=0, derivation=CHEAP).close()
    return directory


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_it_opens_its_profile_answers_and_ends(profile: Path, tmp_path: Path) -> None:
    async with running(MIRA, profile, tmp_path / "errors", "secret words") as mira:
        assert len(mira.participant) == 32
        pid = mira.pid
    assert gone(pid)
    assert (tmp_path / "errors").read_text() == ""


async def test_a_refusal_names_who_and_what(profile: Path, tmp_path: Path) -> None:
    async with running(MIRA, profile, tmp_path / "errors", "secret words") as mira:
        with pytest.raises(DemoFailed, match="Mira's client failed at: state: the channel is not open"):
            await mira.ask("state")
        with pytest.raises(DemoFailed, match="Mira's client ended at: state"):
            await mira.ask("state")
    assert (tmp_path / "errors").read_text() == "", "what was to be expected needs no traceback"


async def test_an_unknown_command_is_refused(profile: Path, tmp_path: Path) -> None:
    async with running(MIRA, profile, tmp_path / "errors", "secret words") as mira:
        with pytest.raises(DemoFailed, match="there is no command perform"):
            await mira.ask("perform")


async def test_a_bug_leaves_its_traceback_in_the_file(profile: Path, tmp_path: Path) -> None:
    async with running(MIRA, profile, tmp_path / "errors", "secret words") as mira:
        with pytest.raises(DemoFailed, match="failed at: join: TypeError"):
            await mira.ask("join", wrong="argument")
    assert "Traceback" in (tmp_path / "errors").read_text()


async def test_a_wrong_passphrase_is_told(profile: Path, tmp_path: Path) -> None:
    with pytest.raises(DemoFailed, match="Mira's client failed at: open the profile: wrong passphrase"):
        async with running(MIRA, profile, tmp_path / "errors", "other words"):
            pytest.fail("it opened")


async def test_one_that_hangs_is_named_and_killed(
    profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang() -> None:
        async with running(MIRA, profile, tmp_path / "errors", "secret words") as mira:
            pids.append(mira.pid)
            monkeypatch.setattr(child, "_ANSWER_S", 0.1)
            os.kill(mira.pid, signal.SIGSTOP)
            await mira.ask("state")

    pids: list[int] = []
    with pytest.raises(DemoFailed, match=r"Mira's client did not answer within 0\.1 s at: state"):
        await hang()
    assert gone(pids[0])


async def test_a_killed_one_is_dead_at_once(profile: Path, tmp_path: Path) -> None:
    async with running(MIRA, profile, tmp_path / "errors", "secret words") as mira:
        assert await mira.kill() == -signal.SIGKILL
        assert gone(mira.pid)


def test_a_persons_own_settings_do_not_reach_the_actors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_PASSPHRASE", "of a person")
    monkeypatch.setenv("PARLEY_PROFILE", "of a person")
    found = child.environment(PARLEY_PASSPHRASE="of the demo")
    assert found["PARLEY_PASSPHRASE"] == "of the demo"
    assert "PARLEY_PROFILE" not in found
