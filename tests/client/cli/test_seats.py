"""Settling a channel, and changing who sits there afterwards, through the command line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.client.cli.conftest import Cli, make_profile
from tests.client.cli.scene import DEADLINE_S, Scene, parley, relay, set_up, spawn


@pytest.fixture
def scene(cli: Cli, tmp_path: Path) -> Iterator[Scene]:
    with relay(tmp_path / "relay") as url:
        yield set_up(tmp_path, url)


def shown(profile: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(parley("channel", "show", "North", "--json", profile=profile).out)
    return told


def number_of(scene: Scene, reader: Path, kind: str) -> int:
    """The position of the last message of a type."""
    return [place for place, entry in scene.read(reader).items() if entry["type"] == kind][-1]


def settle(scene: Scene) -> None:
    settled = parley("channel", "settle", "North", "--yes", profile=scene.mira)
    assert settled.status == 0, settled.err
    assert settled.out == "settled: nobody comes, goes or changes role unless every party agrees\n"


@pytest.mark.slow
def test_the_set_up_ends_only_when_somebody_means_it(scene: Scene) -> None:
    assert shown(scene.amal)["seats"] == "set-up: any party or mediator decides who sits here"
    unsure = parley("channel", "settle", "North", profile=scene.mira)
    assert unsure.status == 1
    assert unsure.err.splitlines()[-1] == "parley: there is no terminal to confirm it: add --yes"
    assert "who would have to agree: Amal" in unsure.err
    assert "who is here beside them: Mira (mediator)" in unsure.err
    assert "this cannot be undone" in unsure.err
    assert shown(scene.amal)["seats"].startswith("set-up")
    settle(scene)
    assert shown(scene.amal)["seats"].startswith("agreed: nobody comes, goes or changes role unless")
    again = parley("channel", "settle", "North", "--yes", profile=scene.amal)
    assert again.status == 0
    assert "over already; nothing was changed" in again.err


@pytest.mark.slow
def test_an_invitation_in_a_settled_channel_waits_for_the_parties(scene: Scene, tmp_path: Path) -> None:
    settle(scene)
    inviting = spawn("invite", "North", "--name", "Olga", "--role", "observer", profile=scene.mira)
    assert inviting.stdout is not None
    assert inviting.stderr is not None
    code = inviting.stdout.readline().strip()
    joining = spawn("join", code, profile=make_profile(tmp_path / "olga", "Olga"))
    while "every party has to agree" not in (line := inviting.stderr.readline()):
        assert line, "it ended without saying whom it waits for"
    assert line == "every party has to agree; missing: Amal\n"
    seat = number_of(scene, scene.amal, "SEAT")
    answered = parley("answer", "North", seat, "AFFIRM", profile=scene.amal)
    assert answered.status == 0, answered.err
    out, err = joining.communicate(timeout=DEADLINE_S)
    assert joining.returncode == 0, err
    assert "you are observer, 3 members" in out
    _, err = inviting.communicate(timeout=DEADLINE_S)
    assert inviting.returncode == 0, err
    assert "Olga is in the channel" in err


@pytest.mark.slow
def test_a_party_that_does_not_agree_says_why(scene: Scene, tmp_path: Path) -> None:
    settle(scene)
    inviting = spawn("invite", "North", "--role", "observer", profile=scene.mira)
    assert inviting.stdout is not None
    assert inviting.stderr is not None
    code = inviting.stdout.readline().strip()
    joining = spawn("join", code, profile=make_profile(tmp_path / "olga", "Olga"))
    while "missing: Amal" not in (line := inviting.stderr.readline()):
        assert line
    seat = number_of(scene, scene.amal, "SEAT")
    because = "reason=Olga writes for Boris"
    assert parley("answer", "North", seat, "NEGATIVE", "--field", because, profile=scene.amal).status == 0
    _, err = inviting.communicate(timeout=DEADLINE_S)
    assert inviting.returncode == 1
    assert err.splitlines()[-1] == (
        "parley: the invitation is over: Amal does not agree to the seat: Olga writes for Boris; give another"
    )
    joining.communicate(timeout=DEADLINE_S)
    assert joining.returncode == 1


@pytest.mark.slow
def test_somebody_leaves_when_all_agree(scene: Scene, tmp_path: Path) -> None:
    olga = make_profile(tmp_path / "olga", "Olga")
    inviting = spawn("invite", "North", "--role", "observer", profile=scene.mira)
    assert inviting.stdout is not None
    assert parley("join", inviting.stdout.readline().strip(), profile=olga).status == 0
    inviting.communicate(timeout=DEADLINE_S)
    settle(scene)
    silent = parley("channel", "remove", "North", "Olga", profile=scene.mira)
    assert silent.status == 1
    assert silent.complaint == "say why with --reason: every party reads it before they agree"
    asked = parley(
        "channel", "remove", "North", "Olga", "--reason", "her mission is over", profile=scene.mira
    )
    assert asked.status == 0, asked.err
    seat = int(asked.lines[1].removeprefix("No. "))
    assert f"needs the agreement of Amal: `parley answer CHANNEL {seat} AFFIRM`" in asked.err
    assert parley("answer", "North", seat, "AFFIRM", profile=scene.amal).status == 0
    waits = shown(scene.amal)
    assert waits["enacting"] == [f"SEAT No. {seat}: Olga loses the seat"]
    refused = parley("channel", "enact", "North", profile=olga)
    assert refused.status == 1
    assert "only a party or a mediator" in refused.complaint
    enacted = parley("channel", "enact", "North", profile=scene.amal)
    assert enacted.lines == [f"SEAT No. {seat}: Olga loses the seat"], enacted.err
    assert shown(scene.mira)["members"] == 2
    assert "nothing waits" in parley("channel", "enact", "North", profile=scene.mira).err
    assert shown(olga)["status"] == "REMOVED"


@pytest.mark.slow
def test_a_party_sends_the_mediator_away_by_its_word_alone(scene: Scene) -> None:
    """And the command itself puts it in force before it ends."""
    settle(scene)
    asked = parley("channel", "remove", "North", "Mira", "--reason", "we talk alone now", profile=scene.amal)
    assert asked.status == 0, asked.err
    assert asked.err.splitlines()[-1].endswith("is agreed")
    assert [member["name"] for member in shown(scene.amal)["roster"]] == ["Amal"]
    assert shown(scene.mira)["status"] == "REMOVED"


def another_party(scene: Scene, directory: Path) -> Path:
    """Boris, a party: a mediator silences nobody where no party would be left."""
    boris = make_profile(directory / "boris", "Boris")
    inviting = spawn("invite", "North", "--role", "party", profile=scene.mira)
    assert inviting.stdout is not None
    assert parley("join", inviting.stdout.readline().strip(), profile=boris).status == 0
    inviting.communicate(timeout=DEADLINE_S)
    return boris


@pytest.mark.slow
def test_a_mediator_silences_the_only_party_with_its_agreement_alone(scene: Scene) -> None:
    settle(scene)
    asked = parley("seat", "suspend", "North", "Amal", "--reason", "he is late", profile=scene.mira)
    assert asked.status == 0, asked.err
    assert "it needs the agreement of Amal" in asked.err
    assert shown(scene.amal)["status"] == "ACTIVE"


@pytest.mark.slow
def test_a_captured_device_is_out_at_once(scene: Scene, tmp_path: Path) -> None:
    another_party(scene, tmp_path)
    settle(scene)
    why = ("--reason", "his phone was taken at a checkpoint")
    out = parley("seat", "suspend", "North", "Amal", *why, profile=scene.mira)
    assert (out.status, out.out) == (0, "Amal is suspended and removed\n"), out.err
    said = parley("ack", "North", number_of(scene, scene.mira, "SEAT"), profile=scene.amal)
    assert said.status == 1
    assert shown(scene.amal)["status"] == "REMOVED"


@pytest.mark.slow
def test_a_doubt_silences_a_seat_until_all_restore_it(scene: Scene, tmp_path: Path) -> None:
    boris = another_party(scene, tmp_path)
    settle(scene)
    why = ("--reason", "he does not answer the agreed question")
    silenced = parley("seat", "suspend", "North", "Amal", *why, "--stay", "--json", profile=scene.mira)
    assert silenced.status == 0, silenced.err
    assert json.loads(silenced.out)["state"] == "suspended"
    (amal,) = [member for member in shown(scene.mira)["roster"] if member["name"] == "Amal"]
    assert amal["speaks"] == "suspended: nothing they say counts"
    fields = ("--field", "topic=Water", "--field", "form=YES_NO", "--field", "question=Does the pump work?")
    refused = parley("send", "North", "QUESTION", *fields, profile=scene.amal)
    assert refused.status == 1
    assert "your seat is suspended" in refused.err
    restored = parley("seat", "restore", "North", "Amal", profile=scene.mira)
    assert restored.status == 0, restored.err
    assert "needs the agreement of Boris" in restored.err
    assert parley("send", "North", "QUESTION", *fields, profile=scene.amal).status == 1, "not yet"
    seat = number_of(scene, scene.mira, "SEAT")
    assert parley("answer", "North", seat, "AFFIRM", profile=boris).status == 0
    assert parley("send", "North", "QUESTION", *fields, profile=scene.amal).status == 0


@pytest.mark.slow
def test_a_new_phone_takes_the_old_ones_seat(scene: Scene, tmp_path: Path) -> None:
    new = make_profile(tmp_path / "amal2", "Amal's new phone")
    inviting = spawn("invite", "North", "--replaces", "Amal", profile=scene.mira)
    assert inviting.stdout is not None
    joined = parley("join", inviting.stdout.readline().strip(), "--json", profile=new)
    assert joined.status == 0, joined.err
    _, err = inviting.communicate(timeout=DEADLINE_S)
    assert inviting.returncode == 0, err
    me = json.loads(parley("card", "--json", profile=new).out)["participant"]
    seats = {member["name"]: member["participant"] for member in shown(new)["roster"]}
    assert seats["Amal"] == me
    assert set(seats) == {"Mira", "Amal"}
    assert shown(scene.amal)["status"] == "REMOVED"
    own = parley("invite", "North", "--replaces", "Mira", profile=scene.mira)
    assert own.status == 1
    assert "nobody replaces their own key" in own.complaint
