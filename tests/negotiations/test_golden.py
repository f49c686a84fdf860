"""The golden logs verify and replay to their digests: today, elsewhere, and at every position."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from channel.audit import BadExport, verify_export
from client.cli.auditing import read_and_replay
from protocols.payload import EntryStatus
from tests.negotiations import kept, texts
from tests.negotiations.kept import NAMES
from tests.negotiations.replay import begin, cut, steps

MAX_SIZE = 512 * 1024
REPLAY = (
    "import sys; from tests.negotiations.kept import data, replayed\n"
    f"sys.stdout.write(' '.join(replayed(data(name)) for name in {NAMES!r}))"
)


@pytest.mark.parametrize("name", NAMES)
def test_it_verifies_and_replays_to_its_digest(name: str) -> None:
    verified = verify_export(kept.log(name))
    assert verified.transcript.negotiation.digest().hex() == kept.digest(name)
    assert (verified.unopened, verified.alarms) == (0, ())
    assert len(kept.data(name)) <= MAX_SIZE


@pytest.mark.parametrize("name", NAMES)
def test_entry_by_entry_it_is_the_same(name: str) -> None:
    """What the minutes and the coverage read is what the verified replay came to."""
    export = kept.log(name)
    verified = verify_export(export)
    taken = [(step.judged, step.transcript) for step in steps(export)]
    assert tuple(judged for judged, _ in taken) == verified.judged
    assert taken[-1][1].negotiation.digest() == verified.transcript.negotiation.digest()


@pytest.mark.parametrize("name", NAMES)
def test_who_had_read_less_came_to_where_it_stood_then(name: str) -> None:
    export = kept.log(name)
    positions = {1, export.size - 1, *range(7, export.size, 29)}
    digests = {
        step.judged.position: step.negotiation.digest()
        for step in steps(export)
        if step.judged.position in positions
    }
    assert digests.keys() == positions
    for position, digest in digests.items():
        shown = verify_export(cut(export, position + 1), complete=False)
        assert shown.transcript.negotiation.digest() == digest
        _, replayed = read_and_replay(kept.FOLDER / f"{name}.jsonl", position)
        assert replayed.negotiation.digest() == digest, "parley audit replay --at"
    assert len(set(digests.values())) == len(positions)


@pytest.mark.parametrize("name", NAMES)
def test_a_cut_log_is_not_taken_for_the_whole(name: str) -> None:
    export = kept.log(name)
    last = export.checkpoints[-1].size
    with pytest.raises(BadExport, match="no checkpoint"):
        verify_export(replace(export, checkpoints=export.checkpoints[:-1], covering=None))
    with pytest.raises(BadExport):
        verify_export(replace(cut(export, last - 1), checkpoints=export.checkpoints))


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "4711", "TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8"},
        {"PYTHONHASHSEED": "99", "TZ": "America/St_Johns", "LC_ALL": "C.UTF-8"},
    ],
    ids=["UTC", "Kathmandu", "St John's"],
)
def test_another_hash_seed_time_zone_and_locale_replay_alike(environment: dict[str, str]) -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", REPLAY],
        cwd=root,
        env={**os.environ, **environment, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == [kept.digest(name) for name in NAMES]


@pytest.mark.parametrize("name", NAMES)
def test_its_minutes_are_those_that_were_kept(name: str) -> None:
    assert texts.minutes_text(kept.log(name)) == kept.kept_minutes(name)


def test_the_page_about_them_is_made_from_them() -> None:
    assert kept.PAGE.read_text() == texts.page_text()


@pytest.mark.parametrize("name", NAMES)
def test_what_was_refused_changed_nothing(name: str) -> None:
    """But for the counter it used up and the time that had come."""
    export = kept.log(name)
    before = begin(export).negotiation.summary()
    for step in steps(export):
        after = step.negotiation.summary()
        if (
            step.judged.status is EntryStatus.REJECTED
            and step.judged.relay_time_ms == before["relay_time_ms"]
        ):
            changed = {key for key in after if after[key] != before[key]}
            assert changed <= {"position", "rejected"}, (step.judged, changed)
        before = after
