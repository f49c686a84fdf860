"""`parley demo --json --keep DIR`, run once as a person would run it, and everything it leaves looked at."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from channel.audit import Verification, parse_export, verify_export
from client.demo.evidence import found_in
from client.demo.script import CAST, play, secrets_of
from client.parley import Parley
from client.profiles import open_profile
from protocols.messages.administrative import Readback, Response
from protocols.messages.adoption import Adopt
from protocols.messages.commitments import CommitEvent
from protocols.messages.proposals import ClauseReply
from protocols.negotiation import CommitmentState, Level, PackageStatus
from protocols.payload import Payload

LOGS = ("mira.parley", "amal.parley", "boris.parley")


@dataclass(frozen=True)
class Run:
    status: int
    stdout: str
    stderr: str
    kept: Path
    elsewhere: Path

    @property
    def printed(self) -> dict[str, Any]:
        return dict(json.loads(self.stdout))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    kept = tmp_path_factory.mktemp("demo") / "kept"
    elsewhere = tmp_path_factory.mktemp("demo") / "profile"
    done = subprocess.run(
        [sys.executable, "-P", "-m", "client", "demo", "--json", "--keep", str(kept)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PARLEY_PROFILE": str(elsewhere)},
    )
    return Run(done.returncode, done.stdout, done.stderr, kept, elsewhere)


@pytest.fixture(scope="module")
def verified(run: Run) -> dict[str, Verification]:
    return {name: verify_export(parse_export((run.kept / "logs" / name).read_bytes())) for name in LOGS}


@pytest.fixture(scope="module")
def log(verified: dict[str, Verification]) -> Verification:
    return verified["mira.parley"]


def test_it_holds_and_prints_one_object_and_nothing_else(run: Run) -> None:
    assert (run.status, run.stderr) == (0, "")
    assert run.stdout.count("\n") == 1
    printed = run.printed
    assert list(printed) == [
        "entries",
        "participants",
        "messages",
        "acknowledged",
        "verified",
        "state_digest",
        "log",
    ]
    assert printed["verified"] is True
    assert printed["participants"] == 3
    assert printed["messages"] == printed["acknowledged"] > 10
    assert printed["entries"] > 2 * printed["messages"], "receipts are entries too"
    assert Path(printed["log"]) == (run.kept / "logs" / "mira.parley").resolve()


def test_the_figures_are_those_of_the_log(run: Run, log: Verification) -> None:
    negotiation = log.transcript.negotiation
    assert run.printed["entries"] == log.transcript.size
    assert run.printed["messages"] == len(negotiation.messages)
    assert run.printed["participants"] == len(negotiation.roster.participants)
    assert run.printed["state_digest"] == negotiation.digest().hex()
    by_a_person = [
        message
        for message in negotiation.messages
        if all(message.acknowledgements[reader].level >= Level.ACKNOWLEDGED for reader in message.to)
    ]
    assert run.printed["acknowledged"] == len(by_a_person)


def test_every_member_holds_the_same_log_and_can_prove_all_of_it(
    run: Run, verified: dict[str, Verification]
) -> None:
    assert {found.transcript.negotiation.digest().hex() for found in verified.values()} == {
        run.printed["state_digest"]
    }
    assert len({found.transcript.frontier.root() for found in verified.values()}) == 1
    for found in verified.values():
        assert (found.unopened, found.alarms, found.transcript.negotiation.rejected) == (0, (), ())
        assert found.opened == found.transcript.size - 1


@pytest.mark.parametrize(("seed", "zone"), [("0", "Pacific/Chatham"), ("31337", "America/Caracas")])
def test_a_replay_on_another_machine_gives_the_same_digest(run: Run, seed: str, zone: str) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "client", "audit", "replay", run.printed["log"], "--json"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
    )
    assert json.loads(done.stdout)["state_digest"] == run.printed["state_digest"]


def test_nothing_said_is_in_any_file_of_relay_or_clients(run: Run, log: Verification) -> None:
    secrets = secrets_of(play(0))
    assert len(secrets) > 20
    said = b"".join(
        [
            log.transcript.epoch.charter.encode(),
            *(
                Payload.decode(record.opening.content).body
                for record in parse_export(Path(run.printed["log"]).read_bytes()).openings
                if record.opening.confirmation_tag is None
            ),
        ]
    )
    assert [text for text in secrets if text.encode() not in said] == [], "looked for, but never said"
    found = found_in([run.kept / "relay", run.kept / "clients", run.kept / "stderr"], secrets)
    assert found.files >= 10
    assert found.hits == ()


def test_what_happened_is_in_the_log(log: Verification) -> None:
    negotiation = log.transcript.negotiation
    counted = Counter(message.type.value for message in negotiation.messages)
    assert set(counted) == {
        "QUESTION",
        "INFORM",
        "READBACK",
        "RESPONSE",
        "PROPOSAL",
        "CLAUSE-REPLY",
        "ADOPT",
        "REQUEST",
        "COMMIT-EVENT",
    }
    contents = [message.content for message in negotiation.messages]
    words = [content.code for content in contents if isinstance(content, Response)]
    assert words == ["AFFIRM", "WRONG", "CORRECT", "ROGER", "ROGER", "WILCO", "ROGER"]
    (wrong,) = (c for c in contents if isinstance(c, Response) and c.code == "WRONG")
    assert wrong.fields == ("window.start",)
    first, second = (c for c in contents if isinstance(c, Readback))
    assert first.target == second.target
    assert set(first.readings) ^ set(second.readings) != set()
    confirmed = negotiation.message(second.target)
    assert confirmed is not None
    assert [at.level for at in confirmed.acknowledgements.values()].count(Level.CONFIRMED) == 1
    replies = [c for c in contents if isinstance(c, ClauseReply)]
    assert [answer.answer for answer in replies[0].replies] == ["AMEND", "ACCEPT", "ACCEPT"]
    assert [c.mode for c in contents if isinstance(c, Adopt)] == ["FINAL"] * 3
    assert [c.event for c in contents if isinstance(c, CommitEvent)] == ["CLAIM", "CONFIRM"]


def test_what_came_of_it(log: Verification) -> None:
    negotiation = log.transcript.negotiation
    board = negotiation.board()
    (proposal,) = board.proposals
    assert proposal.status(negotiation.relay_time_ms) is PackageStatus.ADOPTED
    assert [clause.clause.version for clause in proposal.clauses] == [2, 1, 1]
    states = [commitment.state for commitment in board.commitments]
    assert states == [CommitmentState.CONDITIONAL] * 3 + [CommitmentState.DISCHARGED]
    assert len(log.transcript.epoch.charter.adopted) == 1
    assert negotiation.open_dialogues() == ()


def test_the_kept_profiles_open_with_the_kept_passphrase(run: Run) -> None:
    passphrase = (run.kept / "passphrase").read_text().strip()
    for player in CAST:
        with open_profile(run.kept / "clients" / player.key.lower(), passphrase) as profile:
            parley = Parley(profile)
            (info,) = parley.channels()
            assert (parley.name, info.size) == (player.name, run.printed["entries"])


def test_a_persons_own_profile_is_not_touched(run: Run) -> None:
    assert not run.elsewhere.exists()


def test_what_was_kept_is_for_its_owner_alone(run: Run) -> None:
    assert [path.name for path in (run.kept, *run.kept.iterdir()) if path.stat().st_mode & 0o077] == []
