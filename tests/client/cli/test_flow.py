"""Two people, one real relay: inviting, saying, acknowledging, answering, reading back, verifying."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from tests.client.cli.conftest import PASSPHRASE, make_profile
from tests.client.cli.scene import DEADLINE_S, Scene, parley, relay, set_up, spawn


@pytest.fixture(autouse=True)
def _passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_PASSPHRASE", PASSPHRASE)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    directory = tmp_path_factory.mktemp("flow")
    with pytest.MonkeyPatch.context() as patch, relay(directory / "relay") as url:
        patch.setenv("PARLEY_PASSPHRASE", PASSPHRASE)
        yield set_up(directory, url)


def test_an_invitation_is_answered(scene: Scene) -> None:
    assert scene.code.startswith("parley1-")
    assert (scene.invited.status, scene.invited.out) == (0, ""), "the code stands alone on standard output"
    assert "hand this code to one person by a separate route" in scene.invited.err
    assert "Amal is in the channel" in scene.invited.err
    assert scene.joined.status == 0, scene.joined.err
    assert scene.joined.lines[0].endswith("North bridge: you are party, 2 members")
    assert "verifying the channel's history" in scene.joined.err


def test_a_code_works_once(scene: Scene, tmp_path: Path) -> None:
    third = make_profile(tmp_path / "third", "Zed")
    for profile in (third, scene.amal, scene.mira):
        refused = parley("join", scene.code, profile=profile)
        assert (refused.status, refused.out) == (1, "")
        assert "invitation" in refused.err.splitlines()[-1]
        assert refused.err.splitlines()[-1].startswith("parley: ")


def test_a_mistyped_code(scene: Scene) -> None:
    refused = parley("join", scene.code[:-1], profile=scene.amal)
    assert refused.status == 1
    assert "code" in refused.complaint


def test_both_list_and_show_the_channel(scene: Scene) -> None:
    for profile, role in ((scene.mira, "mediator"), (scene.amal, "party")):
        (listed,) = json.loads(parley("channel", "list", "--json", profile=profile).out)
        assert (listed["title"], listed["role"], listed["members"]) == ("North bridge", role, 2)
        shown = json.loads(parley("channel", "show", "North", "--json", profile=profile).out)
        assert {(m["name"], m["role"]) for m in shown["roster"]} == {("Mira", "mediator"), ("Amal", "party")}
        assert (shown["connection"], shown["waiting"], shown["epoch"]) == ("ONLINE", 0, 1)


def test_a_question_is_asked_acknowledged_and_answered(scene: Scene) -> None:
    number = scene.ask("Water")
    received = scene.read(scene.amal)[number]
    assert received["message"]["content"]["question"] == "Does the pump work?"
    assert list(received["answers"].values()) == [{"state": "OPEN", "answer": None}]

    acknowledged = parley("ack", "North", f"No. {number}", profile=scene.amal)
    assert acknowledged.out == f"No. {number} acknowledged\n"
    answered = parley("answer", "North", number, "affirm", "--json", profile=scene.amal)
    assert answered.status == 0, answered.err
    told = json.loads(answered.out)
    assert told["state"] == "RELAYED"

    conversation = scene.read(scene.mira)
    assert list(conversation[number]["acknowledgements"].values()) == ["L4"]
    assert list(conversation[number]["answers"].values()) == [{"state": "CLOSED", "answer": "AFFIRM"}]
    assert conversation[told["position"]]["id"] == told["id"]
    text = parley("tail", "North", "--from", number, profile=scene.mira).out
    assert "acknowledgement: Amal L4 ACKNOWLEDGED" in text
    assert "answers: Amal AFFIRM" in text
    assert f"target: No. {number}" in text


def test_what_the_rules_refuse_is_not_sent(scene: Scene) -> None:
    number = scene.ask("Roads")
    before = scene.read(scene.amal)
    wilco = parley("answer", "North", number, "WILCO", profile=scene.amal)
    assert wilco.status == 1
    assert "RESPONSE-5" in wilco.complaint
    own = parley("answer", "North", number, "AFFIRM", profile=scene.mira)
    assert "is your own message" in own.complaint
    nothing = parley("ack", "North", "9999", profile=scene.amal)
    assert nothing.complaint == "there is no message 9999: `parley tail` shows the numbers"
    unnamed = parley("send", "North", "INFORM", "--to", "Zed", profile=scene.mira)
    assert unnamed.complaint == "nobody here is called Zed: there are Mira, Amal"
    empty = parley("send", "North", "QUESTION", profile=scene.mira)
    assert (empty.status, empty.out) == (1, "")
    first, *rest = empty.err.splitlines()
    assert first == "parley: message refused: 3 things to put right, nothing was sent"
    assert len(rest) == 3
    assert set(scene.read(scene.amal)) == set(before)


def test_a_message_is_read_back_and_confirmed(scene: Scene) -> None:
    number = scene.send(
        scene.mira,
        "INFORM",
        "topic=Crossing",
        "statement=Six vehicles wait",
        "basis=OWN_OBSERVATION",
        "as_of=2026-01-01T00:00:00Z",
        "window=2099-11-23T03:00:00Z/2099-11-23T05:00:00Z",
        to="Amal",
    )
    short = parley("readback", "North", number, "--field", "window.start=230300Z NOV 99", profile=scene.amal)
    assert short.status == 1
    assert "READBACK-2" in short.complaint
    readback = parley(
        "readback",
        "North",
        number,
        "--field",
        "window.start=230300Z NOV 99",
        "--field",
        "window.end=230500Z NOV 99",
        "--json",
        profile=scene.amal,
    )
    assert readback.status == 0, readback.err
    position = json.loads(readback.out)["position"]
    assert parley("answer", "North", position, "CORRECT", profile=scene.mira).status == 0
    assert list(scene.read(scene.amal)[number]["acknowledgements"].values()) == ["L6"]


def test_a_message_from_json_names_people_and_numbers(scene: Scene, tmp_path: Path) -> None:
    number = scene.ask("Escort")
    body = tmp_path / "inform.json"
    body.write_text(
        json.dumps(
            {
                "to": ["Mira"],
                "topic": "Escort",
                "refs": [{"rel": "about", "id": f"No. {number}"}],
                "statement": "Two cars",
                "basis": "OWN_OBSERVATION",
                "as_of": "2026-01-01T00:00:00Z",
            }
        )
    )
    unread = parley("check", "INFORM", "--channel", "North", "--json", body, profile=scene.amal)
    assert unread.complaint.startswith(f"there is no message No. {number}"), "it goes by what is stored"
    scene.read(scene.amal)
    checked = parley("check", "INFORM", "--channel", "North", "--json", body, profile=scene.amal)
    assert json.loads(checked.out)["sendable"], checked.out
    sent = parley("send", "North", "INFORM", "--json", body, profile=scene.amal)
    assert sent.status == 0, sent.err
    received = scene.read(scene.mira)[json.loads(sent.out)["position"]]["message"]
    question = scene.read(scene.mira)[number]
    assert received["refs"] == [{"rel": "about", "id": question["id"]}]
    assert received["to"] == [question["from"]]


def test_a_channel_knows_more_reasons_to_refuse(scene: Scene) -> None:
    fields = ["--field", "target=" + "0" * 32, "--field", "code=ROGER", "--field", "topic=x"]
    assert parley("check", "RESPONSE", *fields, profile=scene.amal).status == 0
    checked = parley("check", "RESPONSE", "--channel", "North", *fields, profile=scene.amal)
    assert checked.status == 1
    assert checked.out.startswith("refused: unknown-target: ")


def test_the_board_shows_open_questions(scene: Scene) -> None:
    number = scene.ask("Medicine")
    text = parley("board", "North", profile=scene.amal).out
    assert f"No. {number} Medicine: from Amal OPEN" in text
    board = json.loads(parley("board", "North", "--json", profile=scene.mira).out)
    assert "Medicine" in {dialogue["topic"] for dialogue in board["open_questions"]}
    assert {"open_questions", "proposals", "commitments"} < set(board)


def test_safety_numbers_are_compared_and_recorded(scene: Scene) -> None:
    mine = parley("verify", "North", "Amal", profile=scene.mira)
    theirs = parley("verify", "North", "Mira", "--method", "voice", "--matches", profile=scene.amal)
    assert mine.out == theirs.out
    groups = mine.out.split()
    assert (len(groups), {len(group) for group in groups}) == (6, {5})
    (listed,) = json.loads(parley("verify", "North", "--json", profile=scene.amal).out)
    assert (listed["name"], listed["method"]) == ("Mira", "voice")
    assert listed["verified"].endswith("Z")
    assert "Mira  verified by voice" in parley("channel", "show", "North", profile=scene.amal).out
    assert "not verified" in parley("verify", "North", profile=scene.mira).out
    differ = parley("verify", "North", "Amal", "--differs", profile=scene.mira)
    assert differ.status == 1
    assert "somebody may sit between you and Amal" in differ.complaint
    assert "not verified" in parley("verify", "North", profile=scene.mira).out


def test_text_that_hides_something_is_not_sent_and_is_shown_where_it_comes_from_others(scene: Scene) -> None:
    hiding = (
        "--field",
        "topic=Bri\u200bdge \u00ad.",
        "--field",
        "form=YES_NO",
        "--field",
        "question=Is it so?",
    )
    refused = parley("send", "North", "QUESTION", *hiding, "--send-anyway", profile=scene.mira)
    assert refused.status == 1
    assert refused.err.count("CLARITY-24") == 2
    with mock.patch("client.cli.sending.blocked", return_value=()):  # a hostile client looks at nothing
        number = scene.ask("Bri\u200bdge \u00ad.")
    for arguments in (("tail", "North"), ("board", "North")):
        out = parley(*arguments, profile=scene.amal).out
        assert "Bri⟨U+200B⟩dge ⟨U+00AD⟩." in out
        assert not {"\u200b", "\u00ad"} & set(out)
    assert scene.read(scene.amal)[number]["message"]["topic"] == "Bri\u200bdge \u00ad."


def test_following_prints_what_comes_until_ctrl_c(scene: Scene) -> None:
    following = spawn("tail", "North", "--json", "--follow", profile=scene.amal)
    assert following.stderr is not None
    assert following.stdout is not None
    try:
        while following.stderr.readline().strip() != "ONLINE":
            assert following.poll() is None
        number = scene.ask("Following")
        while json.loads(following.stdout.readline())["position"] != number:
            assert following.poll() is None
    finally:
        following.send_signal(signal.SIGINT)
        _, err = following.communicate(timeout=DEADLINE_S)
    assert following.returncode == 0
    assert "Traceback" not in err


def test_an_unknown_channel(scene: Scene) -> None:
    for arguments in (
        ("tail", "South"),
        ("channel", "show", "South"),
        ("audit", "export", "South", "-o", "x"),
    ):
        refused = parley(*arguments, profile=scene.mira)
        assert refused.status == 1
        assert refused.complaint == "no channel is called South: `parley channel list` shows them"
