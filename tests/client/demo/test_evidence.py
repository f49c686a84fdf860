"""Looking for texts in files, and running the auditor: neither may pass when it found nothing to look at."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from client.demo import proof
from client.demo.errors import DemoFailed
from client.demo.evidence import audit, found_in
from client.demo.proof import Talks

STATE: dict[str, Any] = {
    "digest": "aa",
    "open": 0,
    "commitments": [{"text": "x", "state": "DISCHARGED"}, {"text": "y", "state": "CONDITIONAL"}],
    "messages": [{"message": "m", "to": {"boris": {"label": "L6", "level": 6}}}],
}
FOUND: dict[str, Any] = {
    "entries": 5,
    "root": "00",
    "checkpoints": 2,
    "opened": 4,
    "unopened": 0,
    "rejected": [],
    "alarms": [],
    "state_digest": "aa",
    "title": "Talks",
    "relay_key": "relay+00+key",
    "not_proven": ["nothing"],
}
REPLAY: dict[str, Any] = {
    "state_digest": "aa",
    "conversation": [{"id": "survivor", "text": "a word said"}],
    "state": {},
}
TALKS = Talks(
    states={"Mira": STATE, "Boris": STATE},
    logs={"Mira": Path("mira"), "Boris": Path("boris")},
    secrets=("a word said",),
    survivor="survivor",
    confirmed=("m", "boris"),
)


def test_texts_are_found_in_any_letter_case_at_any_depth(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "db").write_bytes(b"\x00\xffthe SECRET word\x00")
    (tmp_path / "clean").write_bytes(b"nothing")
    found = found_in([tmp_path], ["Secret Word", "other"])
    assert found.hits == (("db", "Secret Word"),)
    assert (found.files, found.size) == (2, 25)


def test_a_single_file_is_searched_too(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"word")
    assert found_in([tmp_path / "file"], ["word"]).hits == (("file", "word"),)


async def test_a_log_that_does_not_verify_fails_the_demo(tmp_path: Path) -> None:
    (tmp_path / "log.parley").write_text("nothing of the kind")
    with pytest.raises(DemoFailed, match="`parley audit verify` exits with status 1: parley: "):
        await audit("verify", tmp_path / "log.parley")


async def proven(
    monkeypatch: pytest.MonkeyPatch,
    directory: Path,
    talks: Talks = TALKS,
    found: dict[str, Any] = FOUND,
    replay: dict[str, Any] = REPLAY,
) -> list[str]:
    """What does not hold, given what the auditor prints."""

    async def printed(command: str, log: Path, **changes: str) -> dict[str, Any]:
        return replay if command == "replay" else found if log.name == "boris" else FOUND

    monkeypatch.setattr(proof, "audit", printed)
    (directory / "relay.db").write_bytes(b"sealed")
    done = await proof.prove(talks, unreadable=(directory,))
    return [check.text for check in done.checks if not check.holds]


async def test_all_holds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert await proven(monkeypatch, tmp_path) == []


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"root": "11"}, "the same root"),
        ({"entries": 6}, "the same root"),
        ({"unopened": 1}, "1 not opened"),
        ({"alarms": [{"position": 3}]}, "1 entries rejected or alarming"),
        ({"rejected": [{"position": 3}]}, "1 entries rejected or alarming"),
        ({"state_digest": "bb"}, "one state"),
    ],
)
async def test_a_log_that_differs_does_not_hold(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, change: dict[str, Any], part: str
) -> None:
    (failed,) = await proven(monkeypatch, tmp_path, found={**FOUND, **change})
    assert part in failed


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"state_digest": "bb"}, "one state"),
        ({"conversation": [*REPLAY["conversation"], *REPLAY["conversation"]]}, "in the log 2 times"),
        ({"conversation": [{"text": "a word said"}]}, "in the log 0 times"),
        ({"conversation": [{"id": "survivor"}]}, "not said at all: 'a word said'"),
    ],
)
async def test_a_replay_that_differs_does_not_hold(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, change: dict[str, Any], part: str
) -> None:
    (failed,) = await proven(monkeypatch, tmp_path, replay={**REPLAY, **change})
    assert part in failed


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"digest": "bb"}, "one state"),
        ({"open": 1}, "1 answers still wanted"),
        ({"commitments": []}, "0 commitments"),
        ({"messages": [{"message": "m", "to": {"boris": {"label": "L5", "level": 5}}}]}, "read-back"),
    ],
)
async def test_a_client_that_stands_elsewhere_does_not_hold(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, change: dict[str, Any], part: str
) -> None:
    talks = replace(TALKS, states={"Mira": {**STATE, **change}, "Boris": STATE})
    (failed,) = await proven(monkeypatch, tmp_path, talks)
    assert part in failed


async def test_a_word_in_a_file_does_not_hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "leak.log").write_text("he said: A Word Said")
    (failed,) = await proven(monkeypatch, tmp_path)
    assert "'a word said' in leak.log" in failed


async def test_a_message_not_acknowledged_does_not_hold(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    more = {"message": "n", "to": {"amal": {"label": "L2", "level": 2}}}
    talks = replace(TALKS, states={"Mira": {**STATE, "messages": [*STATE["messages"], more]}, "Boris": STATE})
    (failed,) = await proven(monkeypatch, tmp_path, talks)
    assert "1 of 2 messages acknowledged" in failed
