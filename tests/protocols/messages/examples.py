"""One good message of each type, and a way to spoil it."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from protocols import canonical
from protocols.messages.codec import MAX_BODY_SIZE
from protocols.messages.envelope import MessageType

GOLDEN = Path(__file__).parents[1] / "golden" / "messages"

AMAL, BORIS, MIRA, LIAISON = "a" * 32, "b" * 32, "c" * 32, "d" * 32
SENT = "2026-11-22T14:30:00Z"
MISSING: Any = object()


def golden(name: str) -> dict[str, Any]:
    """The golden body of a type, as JSON values."""
    value: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    return value


def spoiled(kind: MessageType | str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The golden body with fields set, or taken away where MISSING, by path."""
    body = copy.deepcopy(golden(str(kind)))
    for path, value in changes.items():
        *parents, name = path.split(".")
        node: Any = body
        for parent in parents:
            node = node[int(parent)] if isinstance(node, list) else node[parent]
        key = int(name) if isinstance(node, list) else name
        if value is MISSING:
            node.pop(key, None)
        else:
            node[key] = value
    return body


def encoded(body: Mapping[str, Any]) -> bytes:
    """A body's bytes, whether or not it keeps any rule."""
    data = canonical.encode(body)
    assert len(data) <= MAX_BODY_SIZE
    return data


def compose_arguments(body: Mapping[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """What `compose` takes for a body: type, fields, and the rest by name."""
    rest = {name: value for name, value in body.items() if name not in ("v", "type", "content", "from")}
    return body["type"], body.get("content", {}), {"sender": body.get("from"), **rest}
