"""What can be said, and what would be refused, without a profile."""

import io
import json
import sys

import pytest

from client.cli.catalogue import all_types
from protocols.messages import MessageType
from tests.client.cli.conftest import Cli

QUESTION = {"topic": "Water", "question": "Does the pump work?", "form": "YES_NO"}


def give(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_types_lists_all_ten(cli: Cli) -> None:
    listed = cli("types")
    assert [line.split()[0] for line in listed.lines] == [kind.value for kind in MessageType]
    assert len(list(all_types())) == 10
    assert [entry["type"] for entry in json.loads(cli("types", "--json").out)] == list(MessageType)


@pytest.mark.parametrize("kind", MessageType)
def test_each_type_shows_its_fields_and_schema(cli: Cli, kind: MessageType) -> None:
    shown = cli("types", kind.value)
    assert shown.status == 0
    assert any(line.strip().startswith("topic (") for line in shown.lines)
    schema = json.loads(cli("types", kind.value.lower(), "--schema").out)
    assert schema["title"] == kind.value
    fields = json.loads(cli("types", kind.value, "--json").out)["fields"]
    assert {"path", "kind", "required", "critical"} <= set(fields[0])


def test_a_good_message_can_be_sent(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, json.dumps(QUESTION))
    checked = cli("check", "QUESTION", "--json", "-")
    assert checked.status == 0
    assert json.loads(checked.out) == {"type": "QUESTION", "sendable": True, "violations": []}


def test_everything_that_would_be_refused_is_listed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, json.dumps({"topic": "Water", "form": "MAYBE", "weather": "fine"}))
    checked = cli("check", "QUESTION", "--json", "-")
    assert checked.status == 1
    told = json.loads(checked.out)
    assert told["sendable"] is False
    rules = {(violation["rule"], violation["field"]) for violation in told["violations"]}
    assert rules == {
        ("FIELD-REQUIRED", "question"),
        ("FIELD-CHOICE", "form"),
        ("FIELD-UNKNOWN", "weather"),
    }
    assert checked.complaint == "this QUESTION would be refused: 3 things to put right, listed above"


def test_fields_from_options(cli: Cli) -> None:
    options = [word for name, value in QUESTION.items() for word in ("--field", f"{name}={value}")]
    assert cli("check", "QUESTION", *options).status == 0
    assert cli("check", "QUESTION", *options, "--field", "precedence=FLASH").status == 1


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
