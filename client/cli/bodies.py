"""The fields of a message as a command line gives them: `--field` options, a JSON object, or both."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from client.cli.errors import UnusableFile
from client.errors import Refused

if TYPE_CHECKING:
    from pydantic import JsonValue

    from protocols.messages import MessageType

__all__ = ["message_type_of", "read_fields"]

_MAX_SIZE: Final = 1024 * 1024
_MAX_DEPTH: Final = 32
#: What a whole body has beside its envelope and content; the client sets these, whatever is given.
_SET: Final = ("from", "sent", "mode")


def message_type_of(text: str) -> "MessageType":
    """Return the message type that a word on the command line names.

    Raises:
        typer.BadParameter: none.
    """
    from protocols.messages import MessageType

    try:
        return MessageType(text.strip().upper().replace("_", "-"))
    except ValueError:
        known = ", ".join(kind.value for kind in MessageType)
        raise typer.BadParameter(f"no message type {text!r}; there are {known}", param_hint="TYPE") from None


def read_fields(kind: str, source: str | None, given: "dict[str, str]") -> "dict[str, JsonValue]":
    """Read the fields for a message.

    A JSON object holds the fields by name, nested or by dotted path, or is a whole body as `parley types
    TYPE --schema` describes it: then its `v` and `type` must fit, and `from`, `sent` and `mode` are set anew.

    Args:
        kind: The message type.
        source: A file, - for standard input, or None.
        given: Fields from options; they win over those from the file.

    Raises:
        UnusableFile: The file cannot be read, or is too large.
        Refused: It is not a JSON object, or of another type.
    """
    fields: dict[str, JsonValue] = {}
    if source is not None:
        fields = _flat_body(kind, _object(_read(source)))
    return {**fields, **given}


def _read(source: str) -> bytes:
    try:
        if source == "-":
            data = sys.stdin.buffer.read(_MAX_SIZE + 1)
        else:
            with Path(source).open("rb") as file:
                data = file.read(_MAX_SIZE + 1)
    except OSError as error:
        raise UnusableFile(f"cannot read {source}: {(error.strerror or str(error)).lower()}") from None
    if len(data) > _MAX_SIZE:
        raise UnusableFile(f"{source} is too large for a message: at most {_MAX_SIZE} bytes")
    return data


def _object(data: bytes) -> "dict[str, JsonValue]":
    try:
        value = json.loads(data, object_pairs_hook=_pairs)
        depth = _depth(value)
    except json.JSONDecodeError as error:
        raise Refused(f"this is not JSON: {error.msg.lower()} (line {error.lineno})") from None
    except (UnicodeDecodeError, RecursionError):
        raise Refused("this is not JSON: it is not text, or nested without end") from None
    if not isinstance(value, dict):
        raise Refused("needs a JSON object of fields")
    if depth > _MAX_DEPTH:
        raise Refused(f"needs a JSON object at most {_MAX_DEPTH} levels deep")
    return value


def _pairs(pairs: "list[tuple[str, JsonValue]]") -> "dict[str, JsonValue]":
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused("a JSON object names a field twice")
    return found


def _depth(value: "JsonValue") -> int:
    match value:
        case dict():
            return 1 + max(map(_depth, value.values()), default=0)
        case list():
            return 1 + max(map(_depth, value), default=0)
        case _:
            return 0


def _flat_body(kind: str, value: "dict[str, JsonValue]") -> "dict[str, JsonValue]":
    content = value.get("content")
    if not isinstance(content, dict) or "type" not in value:
        return value
    if value["type"] != kind or value.get("v", 1) != 1:
        raise Refused(f"the JSON is a message of another type or version than {kind}, version 1")
    from protocols.messages.fields import envelope_path

    message_type = message_type_of(kind)
    envelope = {
        envelope_path(message_type, name): item
        for name, item in value.items()
        if name not in ("content", "type", "v", *_SET)
    }
    return {**envelope, **content}
