"""A principal signs who may speak for it; anybody can check that; the channel shows it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.parley import utc_milliseconds
from protocols.messages.values import format_time
from tests.client.cli.conftest import Cli, Outcome, make_profile
from tests.client.cli.scene import DEADLINE_S, Scene, parley, relay, set_up, spawn

HOLDER = "1f" * 16
DAY_MS = 86_400_000
END = format_time(utc_milliseconds() + 100 * DAY_MS)


def sign(cli: Cli, profile: Path, *more: object, holder: str = HOLDER, end: str = END) -> Outcome:
    who = ("--holder", holder, "--principal-name", "Council of the North", "--end", end)
    return cli("mandate", "sign", *who, "--topic", "roads", *more, "--profile", profile)


def test_what_is_signed_can_be_checked_by_anybody(cli: Cli, mira: Path, tmp_path: Path) -> None:
    signed = sign(cli, mira, "--power", "inform", "--power", "NEGOTIATE", "--limits", "no money")
    assert signed.status == 0, signed.err
    file = tmp_path / "mandate.json"
    file.write_text(signed.out)
    key = json.loads(cli("card", "--json", "--profile", mira).out)["identity_key"]

    shown = cli("mandate", "show", file)
    assert shown.status == 0, shown.err
    rows = {line[:10].strip(): line[10:] for line in shown.lines}
    assert rows["from"] == "Council of the North"
    assert (rows["key"], rows["to"]) == (key, f"participant {HOLDER}")
    assert (rows["about"], rows["powers"]) == ("roads", "INFORM, NEGOTIATE")
    assert (rows["until"], rows["limits"]) == (END, "no money")
    assert rows["signature"].startswith("good")
    told = json.loads(cli("mandate", "show", file, "--json").out)
    assert signed.err.splitlines() == [f"mandate {told['id']}"]
    assert told["mandate"] == json.loads(signed.out)

    ended = sign(cli, mira, "--revokes", told["id"])
    assert ended.status == 0, ended.err
    assert json.loads(ended.out)["revokes"] == told["id"]


@pytest.mark.parametrize("field", ["holder", "topics", "powers", "window", "limits"])
def test_an_altered_mandate_is_none(cli: Cli, mira: Path, tmp_path: Path, field: str) -> None:
    mandate = json.loads(sign(cli, mira, "--power", "INFORM").out)
    other = {
        "holder": "2f" * 16,
        "topics": ["*"],
        "powers": ["INFORM", "COMMIT"],
        "window": {**mandate["window"], "end": format_time(utc_milliseconds() + 99 * DAY_MS)},
        "limits": "none at all",
    }
    file = tmp_path / "altered.json"
    file.write_text(json.dumps({**mandate, field: other[field]}))
    refused = cli("mandate", "show", file)
    assert (refused.status, refused.out) == (1, "")
    assert "MANDATE-3" in refused.complaint
    assert "principal's signature" in refused.complaint


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ((), "MANDATE-4"),
        (("--power", "INFORM", "--power", "INFORM"), "MANDATE-9"),
        (("--power", "REIGN"), "FIELD-CHOICE"),
        (("--power", "INFORM", "--replaces", "ab"), "VALUE-ID"),
    ],
)
def test_what_no_channel_takes_is_not_signed(cli: Cli, mira: Path, more: tuple[str, ...], rule: str) -> None:
    refused = sign(cli, mira, *more)
    assert (refused.status, refused.out) == (1, "")
    assert refused.complaint.startswith("nothing was signed: ")
    assert rule in refused.complaint


def test_no_mandate_is_without_an_end(cli: Cli, mira: Path) -> None:
    late = sign(cli, mira, "--power", "INFORM", end=format_time(utc_milliseconds() + 400 * DAY_MS))
    assert "MANDATE-1" in late.complaint
    never = sign(cli, mira, "--power", "INFORM", end="whenever")
    assert "window.end: needs a time in UTC" in never.complaint


def test_nobody_is_their_own_principal(cli: Cli, mira: Path) -> None:
    me = json.loads(cli("card", "--json", "--profile", mira).out)["participant"]
    assert "MANDATE-2" in sign(cli, mira, "--power", "INFORM", holder=me).complaint


def test_a_file_that_is_no_mandate(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text('{"statement": "The bridge is open."}')
    refused = cli("mandate", "show", file)
    assert refused.status == 1
    assert "holds no mandate that counts" in refused.complaint
    absent = cli("mandate", "show", tmp_path / "absent.json")
    assert absent.status == 1
    assert "cannot read" in absent.complaint


@pytest.fixture
def scene(cli: Cli, tmp_path: Path) -> Iterator[Scene]:
    with relay(tmp_path / "relay") as url:
        yield set_up(tmp_path, url)


@pytest.mark.slow
def test_from_signing_to_speaking(cli: Cli, scene: Scene, tmp_path: Path) -> None:
    """The council signs for Nour; Mira seats her with it; what she says cites it, what it does not cover waits."""
    council, nour = make_profile(tmp_path / "council", "Council"), make_profile(tmp_path / "nour", "Nour")
    me = json.loads(cli("card", "--json", "--profile", nour).out)["participant"]
    file = tmp_path / "mandate.json"
    file.write_text(sign(cli, council, "--power", "INFORM", holder=me).out)
    inviting = spawn("invite", "North", "--role", "party", "--mandate", file, profile=scene.mira)
    assert inviting.stdout is not None
    joined = parley("join", inviting.stdout.readline().strip(), profile=nour)
    _, err = inviting.communicate(timeout=DEADLINE_S)
    assert (joined.status, inviting.returncode) == (0, 0), joined.err + err

    fields = ("--field", "topic=roads", "--field", "form=YES_NO", "--field", "question=Is route 7 open?")
    asked = parley("send", "North", "QUESTION", "--to", "Amal", *fields, profile=nour)
    assert asked.status == 0, asked.err
    (entry,) = scene.read(scene.amal).values()
    told = json.loads(cli("mandate", "show", file, "--json").out)
    assert entry["message"]["mandate"] == told["id"]

    other = ("--field", "topic=water", *fields[2:])
    refused = parley("send", "North", "QUESTION", "--to", "Amal", *other, profile=nour)
    assert refused.status == 1
    assert "needs a mandate in force that gives INFORM about water" in refused.err
    assert "MANDATE-8" in refused.err

    shown = parley("channel", "show", "North", profile=scene.amal)
    (line,) = [line for line in shown.lines if "Nour" in line]
    assert "for Council of the North, about roads, may inform, may not negotiate" in line
    assert f"expires {END}" in line

    wider = tmp_path / "wider.json"
    wider.write_text(sign(cli, council, "--topic", "water", "--power", "INFORM", holder=me).out)
    told = parley("send", "North", "MANDATE", "--json", wider, "--field", "topic=mandate", profile=nour)
    assert told.status == 0, told.err
    assert parley("channel", "show", "North", "--json", profile=scene.amal).out.count("about roads") == 2
    said = parley("send", "North", "QUESTION", "--to", "Amal", *other, profile=nour)
    assert said.status == 0, "the command that sent the mandate has put it in force: " + said.err

    wrong = spawn("invite", "North", "--role", "party", "--mandate", file, profile=scene.mira)
    assert wrong.stdout is not None
    someone = make_profile(tmp_path / "someone", "Someone")
    assert parley("join", wrong.stdout.readline().strip(), profile=someone).status == 1
    _, err = wrong.communicate(timeout=DEADLINE_S)
    assert wrong.returncode == 1
    assert "a mandate stands on the seat of its holder" in err.splitlines()[-1]
