"""Same prefix, same state: whatever the member, machine, locale, time zone, hash seed, and however it was fed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from protocols import canonical
from protocols.negotiation import Negotiation, Received

from .story import replayed, told
from .talks import OTTO, Talks

ROOT = Path(__file__).parents[3]
GOLDEN_DIGEST = "886912beb0d67e731500bddb1a25925e05d935a3d5a9fbae88ea0473bc22873e"


def test_the_digest_is_frozen() -> None:
    """It changes when what is agreed upon changes; a golden log would no longer replay to the same state."""
    assert told().negotiation.digest().hex() == GOLDEN_DIGEST


@pytest.mark.parametrize(
    ("seed", "zone", "locale", "how"),
    [
        ("0", "Pacific/Kiritimati", "C", "told"),
        ("1", "Asia/Damascus", "C.UTF-8", "replayed"),
        ("4242", "America/St_Johns", "POSIX", "replayed"),
    ],
)
def test_another_process_comes_to_the_same(seed: str, zone: str, locale: str, how: str) -> None:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": seed,
        "TZ": zone,
        "LC_ALL": locale,
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "tests.protocols.negotiation.story", how]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == GOLDEN_DIGEST


def test_every_prefix_is_the_same_for_who_looks_all_the_time_and_who_never_does() -> None:
    """`told` judges every entry before it applies it, and takes a summary before and after each."""
    talks = told()
    watching, blind = Negotiation(), Negotiation()
    for entry in talks.log:
        for negotiation in (watching, blind):
            if isinstance(entry, Received):
                negotiation.apply(entry)
            elif isinstance(entry, tuple):
                negotiation.reject(*entry)
            else:
                negotiation.handshake(entry)
        now = watching.relay_time_ms + 1
        for message in watching.messages:
            watching.legal_answers(message.id, OTTO, now)
        watching.board()
        watching.overdue(now)
        watching.escalations(now)
        watching.notifications(now)
        watching.watch(now)
        watching.digest()
    assert watching.digest() == blind.digest() == talks.negotiation.digest()
    assert blind.digest().hex() == GOLDEN_DIGEST


def test_each_entry_moves_the_digest() -> None:
    talks = told()
    seen = set()
    negotiation = Negotiation()
    for entry in talks.log:
        if isinstance(entry, Received):
            negotiation.apply(entry)
        elif isinstance(entry, tuple):
            negotiation.reject(*entry)
        else:
            negotiation.handshake(entry)
        seen.add(negotiation.digest())
    assert len(seen) == len(talks.log)


def test_the_summary_is_plain_and_fits_the_canonical_encoding() -> None:
    summary = told().negotiation.summary()
    assert json.loads(json.dumps(summary)) == summary
    assert canonical.encode(summary)


def test_the_summary_names_everything_that_the_state_holds() -> None:
    """What is not in the summary is not in the digest, so two states could differ unseen."""
    summary = told().negotiation.summary()
    for part in (
        "messages",
        "open_dialogues",
        "open_questions",
        "overdue",
        "escalations",
        "proposals",
        "commitments",
        "notifications",
        "incidents",
        "meetings",
        "persons",
        "rejected",
        "suspended",
        "roster",
    ):
        assert summary[part], part
    agreed = summary["agreed"]
    assert isinstance(agreed, dict)
    assert agreed["mandates"]
    assert agreed["adopted"]


def test_the_digest_covers_acknowledgements_and_words() -> None:
    talks = Talks()
    other = Talks()
    for table, words in ((talks, "open"), (other, "shut")):
        fields = {
            "statement": f"The bridge is {words}.",
            "basis": "OWN_OBSERVATION",
            "as_of": "2026-11-22T14:30:00Z",
        }
        table.say("INFORM", "a" * 32, "b" * 32, fields)
    assert talks.negotiation.digest() != other.negotiation.digest()
    before = talks.negotiation.digest()
    talks.receipt("DELIVERED", OTTO, talks.negotiation.messages[-1].id)
    assert talks.negotiation.digest() != before


def test_a_second_member_comes_to_the_same() -> None:
    talks = told()
    first = replayed(talks)
    assert first.messages == talks.negotiation.messages
    assert first.board() == talks.negotiation.board()
    assert first.agreed == talks.negotiation.agreed
