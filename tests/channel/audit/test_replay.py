"""The same log gives the same state: on every machine, every day, and in every later release."""

import os
import subprocess
import sys

import pytest

from channel.audit import parse_export, verify_export
from protocols.messages import MessageType
from protocols.payload import EntryStatus
from tests.support import golden_log
from tests.support.members import agree, channel

REPLAY = "import sys; from tests.support.golden_log import LOG, replayed; sys.stdout.write(replayed(LOG.read_bytes()))"


def golden_digest() -> str:
    return golden_log.DIGEST.read_text().strip()


def test_the_golden_log_still_verifies_and_replays_to_its_digest() -> None:
    verified = verify_export(parse_export(golden_log.LOG.read_bytes()))
    assert verified.transcript.negotiation.digest().hex() == golden_digest()
    assert verified.transcript.size == 12
    assert (verified.opened, verified.unopened, verified.alarms) == (11, 0, ())


def test_the_golden_log_says_what_was_said() -> None:
    verified = verify_export(parse_export(golden_log.LOG.read_bytes()))
    negotiation = verified.transcript.negotiation
    kinds = [message.type for message in negotiation.messages]
    assert kinds == [
        MessageType.QUESTION,
        MessageType.RESPONSE,
        MessageType.INFORM,
        MessageType.READBACK,
        MessageType.PROPOSAL,
        MessageType.CLAUSE_REPLY,
    ]
    assert [entry.reason for entry in negotiation.rejected] == ["repeated-counter"]
    statuses = [judged.status for judged in verified.judged]
    assert statuses.count(EntryStatus.REJECTED) == 1
    assert statuses.count(EntryStatus.HANDSHAKE) == 2
    assert [participant.name for participant in negotiation.roster.participants] == ["Mira", "Amal", "Boris"]


def test_the_talk_of_the_golden_log_still_comes_to_the_same() -> None:
    """Made today, with other ephemeral keys and so another log, it replays to the same state."""
    verified = golden_log.talk().verified()
    assert verified.transcript.negotiation.digest().hex() == golden_digest()


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "4711", "TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8"},
    ],
    ids=["UTC", "elsewhere"],
)
def test_another_hash_seed_time_zone_and_locale_replay_alike(environment: dict[str, str]) -> None:
    root = golden_log.FOLDER.parents[3]
    done = subprocess.run(
        [sys.executable, "-c", REPLAY],
        cwd=root,
        env={**os.environ, **environment, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == golden_digest()


def test_replaying_twice_gives_the_same_and_every_prefix_its_own_digest() -> None:
    mira, amal = channel("Mira", "Amal")
    digests = []
    for member in (mira, amal, mira):
        member.say()
        agree(mira, amal)
        digests.append(mira.verified().transcript.negotiation.digest())
        assert mira.verified().transcript.negotiation.digest() == digests[-1]
    assert len(set(digests)) == 3
