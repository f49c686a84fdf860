"""Fields from JSON: nested, dotted, or a whole message; garbage is refused in one line."""

import io
import json
import sys
from pathlib import Path

import pytest
import typer

from client.cli.bodies import message_type_of, read_fields
from client.cli.errors import UnusableFile
from client.errors import Refused
from protocols.messages import MessageType


def read(tmp_path: Path, content: str | bytes, given: dict[str, str] | None = None) -> object:
    path = tmp_path / "message.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_fields("INFORM", str(path), given or {})


def test_options_win_over_the_file(tmp_path: Path) -> None:
    assert read(tmp_path, '{"topic": "a", "statement": "b"}', {"topic": "c"}) == {
        "topic": "c",
        "statement": "b",
    }
    assert read_fields("INFORM", None, {"topic": "c"}) == {"topic": "c"}


def test_a_whole_message_is_taken_apart(tmp_path: Path) -> None:
    body = {
        "v": 1,
        "type": "INFORM",
        "from": "0" * 32,
        "to": ["Amal"],
        "sent": "x",
        "mode": "LIVE",
        "topic": "Water",
        "content": {"statement": "b"},
    }
    assert read(tmp_path, json.dumps(body)) == {"to": ["Amal"], "topic": "Water", "statement": "b"}
    with pytest.raises(Refused, match="another type"):
        read(tmp_path, json.dumps({**body, "type": "ALERT"}))
    with pytest.raises(Refused, match="another type"):
        read(tmp_path, json.dumps({**body, "v": 2}))


def test_a_field_of_the_envelope_that_the_type_has_too_is_kept_apart(tmp_path: Path) -> None:
    path = tmp_path / "finding.json"
    content = {"attribution": "NOT_ATTRIBUTED", "result": "MET"}
    path.write_text(json.dumps({"v": 1, "type": "FINDING", "attribution": "CHATHAM", "content": content}))
    assert read_fields("FINDING", str(path), {}) == {"envelope.attribution": "CHATHAM", **content}


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"topic": "Water"}')))
    assert read_fields("INFORM", "-", {}) == {"topic": "Water"}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "7",
        '{"a": 1, "a": 2}',
        b"\xff\xfe\xff",
        "[" * 100_000,
        '{"a":' * 40 + "1" + "}" * 40,
    ],
)
def test_garbage_is_refused(tmp_path: Path, content: str | bytes) -> None:
    with pytest.raises(Refused) as refused:
        read(tmp_path, content)
    assert len(str(refused.value).splitlines()) == 1


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="no such file"):
        read_fields("INFORM", str(tmp_path / "absent"), {})
    with pytest.raises(UnusableFile, match="too large"):
        read(tmp_path, b" " * (1024 * 1024 + 1))


def test_types_by_name() -> None:
    assert message_type_of(" clause_reply ") is MessageType.CLAUSE_REPLY
    with pytest.raises(typer.BadParameter, match="no message type"):
        message_type_of("TREATY")
