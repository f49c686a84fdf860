"""SIGKILL in the middle of batches: nothing acknowledged is lost or moved, nothing is there twice."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from protocols.log.entry import Entry, decode_entry
from server.store.signed_heads import SqliteSignedHeads, check
from server.store.sqlite import SqliteStore
from tests.server.store.crash_child import BATCH, LOGS, message
from tests.server.store.support import everything, log_id

ROOT = Path(__file__).parents[3]

Acknowledged = dict[int, tuple[int, int]]
"""Message number -> position and time."""


def run_and_kill(directory: Path, *, first: int, lines: int, acknowledged: Acknowledged) -> None:
    """Let the child acknowledge so many messages, kill it, and note all that it has said, up to its last word."""
    command = [sys.executable, "-m", "tests.server.store.crash_child", str(directory), str(first)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        said = [child.stdout.readline() for _ in range(lines)]
        child.kill()
        said += child.stdout.readlines()
        assert child.wait(10) == -signal.SIGKILL, child.stderr.read()
    for line in said:
        if line.endswith("\n"):
            log, number, position, time_ms = map(int, line.split())
            assert log == number % LOGS
            assert acknowledged.setdefault(number, (position, time_ms)) == (position, time_ms)


async def verify(directory: Path, acknowledged: Acknowledged) -> None:
    store, heads = SqliteStore(directory), SqliteSignedHeads(directory / "heads" / "heads.db")
    await store.open()
    await heads.open()
    await check(heads, store)
    found: Acknowledged = {}
    for log in range(LOGS):
        entries = await everything(store, log_id(log))
        assert len(entries) == (await store.head(log_id(log))).stored.size
        for position, entry in enumerate(entries[1:], start=1):
            decoded = decode_entry(entry)
            assert isinstance(decoded, Entry)
            number = int(decoded.message.split()[1])
            assert decoded.message == message(number)
            assert number % LOGS == log
            assert number not in found
            found[number] = (position, decoded.relay_time_ms)
    assert acknowledged.items() <= found.items()
    assert sorted(found) == list(range(len(found)))
    assert len(found) % BATCH == 0
    await heads.close()
    await store.close()


async def kill_again_and_again(directory: Path, times: int) -> None:
    chance = random.Random(times)
    acknowledged: Acknowledged = {}
    for _ in range(times):
        # Going back a little makes the child repeat what it may or may not have appended before it died.
        first = max(0, len(acknowledged) // BATCH - 2) * BATCH
        lines = chance.randrange(1, 20) * BATCH
        run_and_kill(directory, first=first, lines=lines, acknowledged=acknowledged)
        await verify(directory, acknowledged)


async def test_killed_twice(tmp_path: Path) -> None:
    await kill_again_and_again(tmp_path, 2)


@pytest.mark.slow
async def test_killed_twenty_times(tmp_path: Path) -> None:
    await kill_again_and_again(tmp_path, 20)
