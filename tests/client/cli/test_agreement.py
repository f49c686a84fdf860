"""A proposal, clause replies, adoption and a commitment, typed as people would type them."""

import json
from pathlib import Path

import pytest

from client.parley import utc_milliseconds
from protocols.messages.values import format_time
from tests.client.cli.conftest import Cli, make_profile
from tests.client.cli.scene import DEADLINE_S, Scene, parley, relay, set_up, spawn

FAR = "2099-11-23T03:00:00Z/2099-11-23T05:00:00Z"
PROPOSAL = (
    "topic=Crossing",
    "title=Convoy crosses",
    "required=Amal,Boris",
    "package=ALL_OR_NOTHING",
    "valid_until=2098-01-01T00:00:00Z",
    "clauses.0.actor=Amal",
    "clauses.0.modal=MUST",
    "clauses.0.action=open",
    "clauses.0.object=lane A",
    f"clauses.0.window={FAR}",
)


def board(profile: Path) -> dict[str, list[dict[str, object]]]:
    read: dict[str, list[dict[str, object]]] = json.loads(
        parley("board", "North", "--json", profile=profile).out
    )
    return read


def bring_in(scene: Scene, directory: Path, name: str) -> Path:
    profile = make_profile(directory / name.lower(), name)
    inviting = spawn("invite", "North", "--role", "party", profile=scene.mira)
    assert inviting.stdout is not None
    joined = parley("join", inviting.stdout.readline().strip(), profile=profile)
    inviting.communicate(timeout=DEADLINE_S)
    assert joined.status == 0, joined.err
    return profile


@pytest.mark.slow
def test_from_a_proposal_to_a_commitment(cli: Cli, tmp_path: Path) -> None:
    with relay(tmp_path / "relay") as url:
        scene = set_up(tmp_path, url)
        boris = bring_in(scene, tmp_path, "Boris")
        number = scene.send(scene.mira, "PROPOSAL", *PROPOSAL)
        text = parley("board", "North", profile=scene.amal).out
        assert "1.1 Amal MUST open lane A: TABLED" in text
        (proposal,) = board(scene.amal)["proposals"]
        (clause,) = json.loads(json.dumps(proposal["clauses"]))
        assert f"hash {clause['hash']}" in text

        reply = ("topic=Crossing", f"proposal={number}", f"replies.0.hash={clause['hash']}")
        for party, other in ((scene.amal, "Boris"), (boris, "Amal")):
            parley("tail", "North", profile=party)
            sent = scene.send(party, "CLAUSE-REPLY", *reply, "replies.0.answer=ACCEPT", f"to=Mira,{other}")
            assert sent > number
        text = parley("board", "North", profile=scene.amal).out
        package = text.partition("package hash ")[2].partition(",")[0]
        adopt = (
            "topic=Crossing",
            f"proposal={number}",
            f"package_hash={package}",
            "mode=FINAL",
            f"effective={format_time(utc_milliseconds() + 3_600_000)}",
        )
        for party, other in ((scene.amal, "Boris"), (boris, "Amal")):
            parley("tail", "North", profile=party)
            scene.send(party, "ADOPT", *adopt, f"to=Mira,{other}")

        text = parley("board", "North", profile=scene.mira).out
        assert "Convoy crosses: ADOPTED" in text
        (commitment,) = board(scene.mira)["commitments"]
        short = str(commitment["id"])[:12]
        assert f"{short} MUST open lane A: CONDITIONAL" in text  # until the text takes effect
        assert "owed by Amal to Boris" in text

        parley("tail", "North", profile=boris)
        released = (f"commitment={short}", "event=RELEASE", "at=2026-01-01T00:00:00Z", "topic=Crossing")
        early = parley(
            "send", "North", "COMMIT-EVENT", *(w for f in released for w in ("--field", f)), profile=boris
        )
        assert early.status == 1
        assert "COMMIT-EVENT-3" in early.complaint, "it cannot have happened before there was a commitment"
        unknown = parley("send", "North", "COMMIT-EVENT", "--field", "commitment=beef", profile=boris)
        assert unknown.complaint == "there is no commitment beef: `parley board` shows them"
