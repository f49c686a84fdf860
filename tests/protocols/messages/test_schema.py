"""JSON Schema 2020-12 of each body: well-formed by the few keywords we use, and true of the examples."""

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from protocols.messages.administrative import Code
from protocols.messages.envelope import MessageType
from protocols.messages.leaves import flatten
from protocols.messages.schema import escalation_schema, json_schema, receipt_schema

from .examples import BODIES, golden, spoiled

KEYWORDS = {
    "object": {"type", "properties", "required", "additionalProperties", "description"},
    "array": {"type", "items", "minItems", "maxItems", "description", "default"},
    "string": {
        "type",
        "enum",
        "const",
        "pattern",
        "format",
        "minLength",
        "maxLength",
        "description",
        "default",
    },
    "integer": {"type", "enum", "minimum", "maximum", "exclusiveMaximum", "description", "default"},
    "boolean": {"type", "description", "default"},
}
PYTHON = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}


def schema_of(name: str) -> dict[str, Any]:
    match name:
        case "RECEIPT":
            return receipt_schema()
        case "ESCALATION":
            return escalation_schema()
        case _:
            return json_schema(MessageType(name))


def resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    assert set(part) <= {"$ref", "description"}
    found: dict[str, Any] = schema["$defs"][part["$ref"].removeprefix("#/$defs/")]
    return found


def parts(schema: dict[str, Any], part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every subschema, looking through references."""
    part = resolved(schema, part)
    yield part
    for below in part.get("properties", {}).values():
        yield from parts(schema, below)
    if "items" in part:
        yield from parts(schema, part["items"])


@pytest.mark.parametrize("name", BODIES)
def test_the_schema_is_well_formed(name: str) -> None:
    schema = schema_of(name)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == name
    assert "null" not in json.dumps(schema)
    assert json.loads(json.dumps(schema)) == schema
    for part in parts(schema, {k: v for k, v in schema.items() if k not in ("$schema", "$defs", "title")}):
        if set(part) == {"const"}:
            continue
        kind = part["type"]
        assert set(part) <= KEYWORDS[kind], part
        if kind == "object":
            assert part["additionalProperties"] is False
            assert set(part["required"]) <= set(part["properties"])
        if kind == "array":
            assert part["maxItems"] >= part.get("minItems", 0)
        if kind == "string":
            assert {"pattern", "enum", "maxLength", "const"} & set(part), part
            re.compile(part.get("pattern", ""))
        for value in (*part.get("enum", ()), *([part["default"]] if "default" in part else [])):
            assert type(value) is PYTHON[kind]


def conforms(schema: dict[str, Any], part: dict[str, Any], value: Any) -> bool:
    """The few keywords our schemas use, checked by hand: no validator is among the dependencies."""
    part = resolved(schema, part)
    if "const" in part:
        return bool(value == part["const"])
    if type(value) is not PYTHON[part["type"]] or value not in part.get("enum", [value]):
        return False
    match value:
        case dict():
            named = set(part["required"]) <= set(value) <= set(part["properties"])
            return named and all(conforms(schema, part["properties"][n], item) for n, item in value.items())
        case list():
            sized = part.get("minItems", 0) <= len(value) <= part["maxItems"]
            return sized and all(conforms(schema, part["items"], item) for item in value)
        case str():
            sized = part.get("minLength", 0) <= len(value) <= part.get("maxLength", len(value))
            return sized and re.search(part.get("pattern", ""), value) is not None
        case int():
            return bool(part.get("minimum", value) <= value <= part.get("maximum", value))
    return False


@pytest.mark.parametrize("name", BODIES)
def test_the_example_conforms_to_its_schema(name: str) -> None:
    schema = schema_of(name)
    assert conforms(schema, schema, golden(name))
    assert not conforms(schema, schema, {**golden(name), "v": 2})
    assert not conforms(schema, schema, {**golden(name), "extra": 1})


@pytest.mark.parametrize("kind", MessageType)
def test_what_has_another_type_or_no_choice_does_not_conform(kind: MessageType) -> None:
    schema = json_schema(kind)
    for path, value in flatten(golden(kind)["content"]).items():
        broken: Any = "" if isinstance(value, str) else "x"
        assert not conforms(schema, schema, spoiled(kind, {f"content.{path}": broken})), path


def test_the_schema_names_the_choices() -> None:
    schema: dict[str, Any] = json_schema(MessageType.RESPONSE)
    assert tuple(schema["properties"]["content"]["properties"]["code"]["enum"]) == get_args(Code)
