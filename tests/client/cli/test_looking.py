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


def test_types_lists_them_all(cli: Cli) -> None:
    listed = cli("types")
    heads = [line.split()[0] for line in listed.lines if not line.startswith(" ")]
    assert heads == [kind.value for kind in MessageType]
    assert len(list(all_types())) == 3 * len(MessageType) == 3 * 23
    assert all("closed by" in line and "due" in line for line in listed.lines[2::3])
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
