"""One good message of each type, a way to spoil it, and signatures where a type needs them."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocols import canonical
from protocols.messages.codec import MAX_BODY_SIZE, decode_body
from protocols.messages.conveying import conveyed_bytes
from protocols.messages.envelope import MessageType
from protocols.messages.mandates import Mandate, mandate_bytes
from protocols.messages.message import Message
from protocols.participants import participant_id

GOLDEN = Path(__file__).parents[1] / "golden" / "messages"

AMAL, BORIS, MIRA, LIAISON = "a" * 32, "b" * 32, "c" * 32, "d" * 32
SENT = "2026-11-22T14:30:00Z"


class _Missing:
    """Says in a test's name what it is, alike in every process."""

    def __repr__(self) -> str:
        return "missing"


MISSING: Any = _Missing()
PRINCIPAL_SEED = bytes(range(32))
SPEAKER_SEED = bytes(range(1, 33))
BODIES = [*map(str, MessageType), "RECEIPT", "ESCALATION"]


def golden(name: str) -> dict[str, Any]:
    """The golden body of a type, as JSON values."""
    value: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    return value


def example(kind: str) -> Message:
    """The golden message of a type."""
    body = decode_body(encoded(golden(kind)))
    assert isinstance(body, Message)
    return body


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


def public_key(seed: bytes) -> str:
    """The public key of an Ed25519 seed, in hex."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw().hex()


def signed_mandate(seed: bytes = PRINCIPAL_SEED, **changes: Any) -> dict[str, Any]:
    """The golden mandate with these fields changed, or taken away where MISSING, and signed by this seed's key."""
    fields = {
        **golden("MANDATE")["content"],
        "principal": public_key(seed),
        **changes,
        "signature": "0" * 128,
    }
    fields = {name: value for name, value in fields.items() if value is not MISSING}
    mandate = Mandate.model_validate(
        {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    )
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(mandate_bytes(mandate))
    return {**fields, "signature": signature.hex()}


def verbatim(content: str, seed: bytes = SPEAKER_SEED, lang: str = "en") -> dict[str, Any]:
    """What a speaker signs for a mediator to carry: the fields of a CONVEY, but for the consent."""
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(conveyed_bytes(content, lang))
    return {
        "source": participant_id(bytes.fromhex(public_key(seed))),
        "fidelity": "VERBATIM",
        "content": content,
        "original_key": public_key(seed),
        "original_signature": signature.hex(),
    }
