"""`parley check` without a profile: what the rules refuse, and what people would be asked about."""

import io
import json
import sys

import pytest

from tests.client.cli.conftest import Cli

QUESTION = {"topic": "Water", "question": "Does the pump work?", "form": "YES_NO"}
UNCLEAR = {**QUESTION, "question": "Doesn't the bridge open tomorrow?"}
MIXED = {**QUESTION, "topic": "W\u0430ter"}


def give(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def options(fields: dict[str, str]) -> list[str]:
    return [word for name, value in fields.items() for word in ("--field", f"{name}={value}")]


def test_a_good_message_can_be_sent(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, json.dumps(QUESTION))
    checked = cli("check", "QUESTION", "--json", "-")
    assert checked.status == 0
    assert json.loads(checked.out) == {
        "type": "QUESTION",
        "sendable": True,
        "violations": [],
        "clarity": {"findings": [], "not_run": []},
    }


def test_everything_that_would_be_refused_is_listed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, json.dumps({"topic": "Water", "form": "MAYBE", "weather": "fine"}))
    checked = cli("check", "QUESTION", "--json", "-")
    assert checked.status == 1
    told = json.loads(checked.out)
    assert told["sendable"] is False
    assert told["clarity"] is None
    rules = {(violation["rule"], violation["field"]) for violation in told["violations"]}
    assert rules == {
        ("FIELD-REQUIRED", "question"),
        ("FIELD-CHOICE", "form"),
        ("FIELD-UNKNOWN", "weather"),
    }
    assert checked.complaint == "this QUESTION would be refused: 3 things to put right, listed above"


def test_fields_from_options(cli: Cli) -> None:
    sendable = cli("check", "QUESTION", *options(QUESTION))
    assert (sendable.status, sendable.err) == (0, "")
    assert sendable.lines == ["nothing to put right, and nothing to ask about"]
    refused = cli("check", "QUESTION", *options(QUESTION), "--field", "precedence=FLASH")
    assert refused.status == 1
    (line,) = refused.lines
    assert line.startswith("refused: ENVELOPE-4: precedence: ")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1, "a": 2}', "[" * 50_000])
def test_garbage_is_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    give(monkeypatch, text)
    refused = cli("check", "QUESTION", "--json", "-")
    assert (refused.status, refused.out) == (1, "")
    assert refused.complaint


@pytest.mark.parametrize("value", [1.5, float("nan"), None, [], {}, [[]], {"a": {"b": 1}}, 2**70, "\ud800"])
def test_odd_values_are_refused_not_stumbled_over(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, value: object
) -> None:
    give(monkeypatch, json.dumps({**QUESTION, "question": value}))
    refused = cli("check", "QUESTION", "--json", "-")
    assert refused.status == 1
    assert json.loads(refused.out)["sendable"] is False


def test_what_is_asked_about_does_not_refuse(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, json.dumps(UNCLEAR))
    checked = cli("check", "QUESTION", "--json", "-")
    assert (checked.status, checked.err) == (0, "")
    told = json.loads(checked.out)
    assert told["sendable"] is True
    found = {
        (item["id"], item["severity"], item["field"], item["words"]) for item in told["clarity"]["findings"]
    }
    assert found == {
        ("CLARITY-1", "ASK", "question", "tomorrow"),
        ("CLARITY-9", "ASK", "question", "the bridge"),
        ("W-2", "ASK", "question", "Doesn't"),
    }
    for item in told["clarity"]["findings"]:
        start, end = item["span"]
        assert UNCLEAR["question"][start:end] == item["words"]
        assert item["sentence"]
        assert item["suggestion"]


def test_lines_for_people_name_field_and_way_out(cli: Cli) -> None:
    checked = cli("check", "QUESTION", *options(UNCLEAR))
    assert checked.status == 0
    line = next(line for line in checked.lines if "CLARITY-1:" in line)
    assert line == (
        'unclear: CLARITY-1: question, from character 25: "tomorrow" counts from a moment that the reader may place '
        "elsewhere; give the day and time in UTC, such as 230600Z NOV 26"
    )


def test_letters_that_are_not_what_they_seem_block(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, json.dumps(MIXED))
    checked = cli("check", "QUESTION", "--json", "-")
    assert checked.status == 1
    assert checked.complaint == "this QUESTION would be refused: 1 thing to put right, listed above"
    told = json.loads(checked.out)
    (violation,) = told["violations"]
    assert (violation["rule"], violation["field"]) == ("CLARITY-24", "topic")
    assert [item["severity"] for item in told["clarity"]["findings"]] == ["BLOCK"]
    assert cli("check", "QUESTION", *options(MIXED)).lines[0].startswith("refused: CLARITY-24: topic: ")


def test_what_was_not_checked_is_said(cli: Cli) -> None:
    checked = cli("check", "QUESTION", *options({**QUESTION, "lang": "ar"}))
    (line,) = checked.lines
    assert line.startswith("not checked (there is no language pack for ar): CLARITY-1, CLARITY-5, ")


def test_hostile_words_are_made_visible(cli: Cli) -> None:
    """What is checked may be what somebody else wrote."""
    checked = cli("check", "QUESTION", *options({**QUESTION, "question": "Is it \u200f\u200bso?"}))
    assert checked.status == 1
    assert "\u200f" not in checked.out
    assert "\u200b" not in checked.out
