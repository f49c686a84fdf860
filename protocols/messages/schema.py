"""JSON Schema 2020-12 of each message type, for other implementations and for `parley types --schema`."""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, JsonValue

from protocols.messages.catalogue import CATALOGUE
from protocols.messages.envelope import VERSION, Envelope, MessageType
from protocols.messages.escalation import ESCALATION, Escalation
from protocols.messages.message import CONTENT_MODELS
from protocols.messages.receipt import RECEIPT, Receipt

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema(kind: MessageType) -> dict[str, JsonValue]:
    """Return the schema of a whole body of this type. The numbered rules go beyond what a schema can say."""
    envelope = _clean(Envelope.model_json_schema(by_alias=True))
    content = _clean(CONTENT_MODELS[kind].model_json_schema())
    definitions = {**_pop(envelope, "$defs"), **_pop(content, "$defs")}
    required = _required(envelope)
    schema: dict[str, JsonValue] = {
        "$schema": DIALECT,
        "title": kind.value,
        "description": CATALOGUE[kind].purpose,
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "v": {"const": VERSION},
            "type": {"const": kind.value},
            **_pop(envelope, "properties"),
            "content": content,
        },
        "required": ["v", "type", "content", *required],
    }
    if definitions:
        schema["$defs"] = definitions
    return schema


def receipt_schema() -> dict[str, JsonValue]:
    """Return the schema of a receipt."""
    return _plain_body(Receipt, RECEIPT)


def escalation_schema() -> dict[str, JsonValue]:
    """Return the schema of an escalation."""
    return _plain_body(Escalation, ESCALATION)


def _plain_body(model: type[BaseModel], kind: str) -> dict[str, JsonValue]:
    schema = _clean(model.model_json_schema(by_alias=True))
    properties = _pop(schema, "properties")
    required = _required(schema)
    return {
        "$schema": DIALECT,
        **schema,
        "title": kind,
        "properties": {"v": {"const": VERSION}, "type": {"const": kind}, **properties},
        "required": ["v", "type", *required],
    }


def _required(schema: dict[str, JsonValue]) -> list[JsonValue]:
    required = schema.pop("required")
    if not isinstance(required, list):
        raise TypeError("required")
    return required


def _pop(schema: dict[str, JsonValue], name: str) -> dict[str, JsonValue]:
    part = schema.pop(name, {})
    if not isinstance(part, dict):
        raise TypeError(name)
    return part


def _clean(schema: Mapping[str, object]) -> dict[str, JsonValue]:
    """Drop titles and nulls: on the wire an absent field is left out, never null."""
    cleaned = _simplify(schema)
    if not isinstance(cleaned, dict):
        raise TypeError(type(cleaned).__name__)
    return cleaned


def _simplify(value: object) -> JsonValue:
    match value:
        case Mapping():
            result = {
                str(name): _simplify(item)
                for name, item in value.items()
                if not (name == "title" and isinstance(item, str))
                and not (name == "default" and item is None)
            }
            properties = result.get("properties")
            if isinstance(properties, dict):
                # A default is written out, so on the wire its field is never missing.
                needed = [n for n, p in properties.items() if isinstance(p, dict) and "default" in p]
                declared = result.get("required", [])
                both = {*needed, *(map(str, declared) if isinstance(declared, list) else ())}
                result["required"] = [name for name in properties if name in both]
            arms = result.get("anyOf")
            if isinstance(arms, list):
                kept = [arm for arm in arms if arm != {"type": "null"}]
                if len(kept) == 1 and isinstance(kept[0], dict):
                    del result["anyOf"]
                    result = {**kept[0], **result}
            return result
        case list() | tuple():
            return [_simplify(item) for item in value]
        case None | bool() | int() | str():
            return value
        case _:
            raise TypeError(type(value).__name__)
