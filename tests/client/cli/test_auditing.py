"""A real channel exported, verified and replayed; whatever is done to the file is found."""

import base64
import errno
import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.client.cli.conftest import PASSPHRASE, Cli
from tests.client.cli.scene import Scene, parley, relay, set_up


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    directory = tmp_path_factory.mktemp("audit")
    with pytest.MonkeyPatch.context() as patch, relay(directory / "relay") as url:
        patch.setenv("PARLEY_PASSPHRASE", PASSPHRASE)
        made = set_up(directory, url)
        number = made.ask("Water")
        assert parley("answer", "North", number, "AFFIRM", profile=made.amal).status == 0
        parley("tail", "North", profile=made.mira)  # reads the answer, and says so
        parley("tail", "North", profile=made.amal)  # reads that
        yield made


@pytest.fixture
def export(scene: Scene, cli: Cli, tmp_path: Path) -> Path:
    path = tmp_path / "bridge.parley"
    exported = cli("audit", "export", "North", "-o", path, "--profile", scene.mira)
    assert exported.status == 0, exported.err
    return path


def test_the_file_is_for_its_owner_alone(export: Path) -> None:
    assert stat.S_IMODE(export.stat().st_mode) == 0o600
    assert list(export.parent.glob("*.new")) == []


def test_a_file_is_not_overwritten_unless_forced(scene: Scene, cli: Cli, export: Path) -> None:
    before = export.read_bytes()
    refused = cli("audit", "export", "North", "-o", export, "--stored", "--profile", scene.amal)
    assert refused.status == 1
    assert "--force" in refused.complaint
    assert export.read_bytes() == before
    forced = cli("audit", "export", "North", "-o", export, "--stored", "--force", "--profile", scene.amal)
    assert forced.status == 0, forced.err
    assert export.read_bytes() != before


def test_a_full_disk_leaves_nothing_behind(
    scene: Scene, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    path = tmp_path / "out" / "bridge.parley"
    path.parent.mkdir()
    refused = cli("audit", "export", "North", "-o", path, "--stored", "--profile", scene.mira)
    assert refused.status == 1
    assert "the disk is full" in refused.complaint
    assert list(path.parent.iterdir()) == []


def test_an_export_verifies_without_a_profile(
    cli: Cli, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PARLEY_PASSPHRASE")
    verified = cli("audit", "verify", export)
    assert (verified.status, verified.err) == (0, "")
    assert verified.lines[0].startswith("verified: ")
    assert "what is not proven:" in verified.lines
    told = json.loads(cli("audit", "verify", export, "--json").out)
    assert told["verified"] is True
    assert told["relay_key"] in verified.out
    assert told["origin"] in verified.out
    assert told["entries"] == 1 + told["opened"] + told["unopened"]
    assert told["alarms"] == []


def test_everybody_replays_the_same(scene: Scene, cli: Cli, export: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.parley"
    assert cli("audit", "export", "North", "-o", other, "--profile", scene.amal).status == 0
    replayed = json.loads(cli("audit", "replay", other, "--json").out)
    text = cli("audit", "replay", export)
    assert text.lines[-1] == f"state digest: {replayed['state_digest']}"
    assert [entry["type"] for entry in replayed["conversation"]] == ["QUESTION", "RESPONSE"]
    assert "answers: Amal AFFIRM" in text.out
    assert replayed["state"]["open_questions"] == []


def alter_entry(position: int) -> Callable[[list[str]], list[str]]:
    def alter(lines: list[str]) -> list[str]:
        index = next(i for i, line in enumerate(lines) if json.loads(line).get("entry") == position)
        record = json.loads(lines[index])
        entry = bytearray(base64.b64decode(record["bytes"]))
        entry[-1] ^= 1
        record["bytes"] = base64.b64encode(entry).decode()
        return [
            *lines[:index],
            json.dumps(record, sort_keys=True, separators=(",", ":")),
            *lines[index + 1 :],
        ]

    return alter


def drop_entry(position: int) -> Callable[[list[str]], list[str]]:
    def drop(lines: list[str]) -> list[str]:
        index = next(i for i, line in enumerate(lines) if json.loads(line).get("entry") == position)
        return lines[:index] + lines[index + 1 :]

    return drop


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (alter_entry(2), "entry 2"),
        (alter_entry(4), "entry 4"),
        (drop_entry(3), "entry"),
        (lambda lines: lines[:-1], "line"),
        (lambda lines: ["", *lines], "line 1"),
        (lambda lines: [line.replace('"format"', '"fromat"') for line in lines], "line 1"),
    ],
)
def test_a_changed_file_is_refused_by_name(
    cli: Cli, export: Path, tmp_path: Path, change: Callable[[list[str]], list[str]], named: str
) -> None:
    changed = tmp_path / "changed.parley"
    changed.write_text("\n".join(change(export.read_text().splitlines())) + "\n")
    for command in ("verify", "replay"):
        refused = cli("audit", command, changed)
        assert (refused.status, refused.out) == (1, "")
        assert named in refused.complaint
    told = json.loads(cli("audit", "verify", changed, "--json").out)
    assert told["verified"] is False
    assert named in told["error"]


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"\xff" * 100, b"{}\n" * 50, b"[" * 10_000, b"1\n"])
def test_garbage_is_one_line(cli: Cli, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "garbage"
    path.write_bytes(content)
    for command in ("verify", "replay"):
        refused = cli("audit", command, path)
        assert (refused.status, refused.out) == (1, "")
        assert refused.complaint


def test_a_file_that_cannot_be_read(cli: Cli, tmp_path: Path) -> None:
    absent = cli("audit", "verify", tmp_path / "absent")
    assert absent.complaint.endswith("no such file or directory")
    directory = cli("audit", "replay", tmp_path)
    assert directory.complaint.endswith("is a directory")
    told = json.loads(cli("audit", "verify", tmp_path / "absent", "--json").out)
    assert told["verified"] is False


def test_what_is_overdue_is_listed_by_the_command(scene: Scene, cli: Cli) -> None:
    shown = cli("overdue", "North", "--profile", scene.mira)
    assert (shown.status, shown.lines) == (
        0,
        ["OVERDUE ACKNOWLEDGEMENTS (0)", "LINE CHECKS NOT ANSWERED IN TIME (0)"],
    )
    told = json.loads(cli("overdue", "North", "--stored", "--json", "--profile", scene.amal).out)
    assert told == {"overdue": [], "line_checks": []}
    unknown = cli("overdue", "South", "--profile", scene.mira)
    assert unknown.complaint == "no channel is called South: `parley channel list` shows them"
