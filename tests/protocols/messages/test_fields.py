import json
from typing import Any, get_args

import pytest

from protocols.errors import RuleViolation
from protocols.messages.administrative import Readback
from protocols.messages.catalogue import (
    CATALOGUE,
    ResponseAttribute,
    attribute_of,
    closing_codes,
    legal_answers,
)
from protocols.messages.codec import decode_body, to_value
from protocols.messages.document import document
from protocols.messages.envelope import MessageType
from protocols.messages.fields import describe_fields
from protocols.messages.leaves import compare_readback, critical_leaves, flatten
from protocols.messages.message import CONTENT_MODELS, Message
from protocols.messages.render import NOTIFY_BANNER, render
from protocols.messages.roles import Role
from protocols.messages.rules import RULES
from protocols.messages.schema import json_schema, receipt_schema

from .examples import AMAL, BORIS, GOLDEN, MIRA, encoded, golden, spoiled


def example(kind: str) -> Message:
    body = decode_body(encoded(golden(kind)))
    assert isinstance(body, Message)
    return body


@pytest.mark.parametrize("kind", MessageType)
def test_every_leaf_of_the_example_is_a_field_of_the_form(kind: MessageType) -> None:
    paths = {spec.path for spec in describe_fields(kind)}
    for path in flatten(golden(kind)["content"]):
        general = ".".join("*" if step.isdecimal() else step for step in path.split("."))
        assert general in paths


@pytest.mark.parametrize("kind", MessageType)
def test_forms_ask_for_what_the_model_requires(kind: MessageType) -> None:
    specs = describe_fields(kind)
    assert all(spec.help for spec in specs)
    assert all(spec.choices for spec in specs if spec.kind == "choice")
    required = {spec.path.split(".")[0] for spec in specs if spec.part == "content" and spec.required}
    model = CONTENT_MODELS[kind]
    plain = {name for name, field in model.model_fields.items() if field.is_required()}
    assert required == plain
    assert "topic" in {spec.path for spec in specs if spec.part == "envelope" and spec.required}


def test_a_field_inside_an_optional_group_is_needed_with_it() -> None:
    specs = {spec.path: spec for spec in describe_fields(MessageType.INFORM)}
    assert (specs["place.lat"].required, specs["place.lat"].needed_with) == (False, "place")
    assert (specs["as_of"].required, specs["as_of"].needed_with) == (True, None)
    assert specs["precedence"].default == "ROUTINE"
    assert specs["place.lat"].critical
    assert not specs["statement"].critical


CRITICAL = {
    MessageType.INFORM: ("window", "place", "qty"),
    MessageType.NOTIFY: ("place", "route", "window", "persons", "vehicles"),
    MessageType.ALERT: ("place", "observed", "asked", "until"),
}


@pytest.mark.parametrize("kind", MessageType)
def test_critical_fields_are_those_of_the_catalogue(kind: MessageType) -> None:
    assert CATALOGUE[kind].critical == CRITICAL.get(kind, ())


def test_a_read_back_is_set_beside_the_original() -> None:
    alert = example("ALERT").content
    critical = critical_leaves(alert)
    assert "place.name" in critical
    assert "place.name_source" not in critical
    said = {path: str(value) for path, value in critical.items()}
    said |= {
        "until": "221800Z NOV 26",
        "asked": "hold fire",
        "place.name": "the north bridge",
        "place.lat": "36.21000",
    }
    del said["observed"]
    readings = tuple({"field": path, "value": value} for path, value in said.items())
    readback = Readback.model_validate({"target": "1" * 32, "readings": readings})
    rows = {row.field: row for row in compare_readback(alert, readback)}
    assert rows["until"].matches
    assert rows["asked"].matches
    assert (rows["place.name"].matches, rows["place.name"].exact) == (False, False)
    assert (rows["place.lat"].matches, rows["place.lat"].exact) == (False, True)
    assert (rows["observed"].restated, rows["observed"].matches) == (None, False)


def test_the_table_has_every_type_once_and_answers_agree_with_it() -> None:
    assert list(CATALOGUE) == list(MessageType)
    for kind in MessageType:
        content = example(kind).content
        attribute = attribute_of(content)
        assert attribute.value in CATALOGUE[kind].attribute
        assert (legal_answers(content) == ()) is (attribute is ResponseAttribute.NONE)
        assert {a.choice for a in legal_answers(content) if a.closes and a.type == "RESPONSE"} == set(
            closing_codes(content)
        )


def resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    found: dict[str, Any] = schema["$defs"][part["$ref"].removeprefix("#/$defs/")]
    return found


def conforms(schema: dict[str, Any], part: dict[str, Any], value: Any) -> None:
    """The few keywords our schemas use, checked by hand: no validator is among the dependencies."""
    part = resolved(schema, part)
    assert "anyOf" not in part
    if "const" in part:
        assert value == part["const"]
    elif part["type"] == "object":
        assert part["additionalProperties"] is False
        assert set(part.get("required", ())) <= set(value) <= set(part["properties"])
        for name, item in value.items():
            conforms(schema, part["properties"][name], item)
    elif part["type"] == "array":
        for item in value:
            conforms(schema, part["items"], item)
    else:
        kinds = {"string": str, "integer": int, "boolean": bool}
        assert type(value) is kinds[part["type"]]
        assert value in part.get("enum", [value])


@pytest.mark.parametrize("kind", MessageType)
def test_the_example_conforms_to_its_schema(kind: MessageType) -> None:
    schema: dict[str, Any] = json_schema(kind)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    conforms(schema, schema, golden(kind))
    assert "null" not in json.dumps(schema)


def test_the_receipt_conforms_to_its_schema() -> None:
    schema: dict[str, Any] = receipt_schema()
    conforms(schema, schema, golden("RECEIPT"))


@pytest.mark.parametrize("kind", [*MessageType, "RECEIPT"])
def test_people_see_every_value_and_names_for_ids(kind: str) -> None:
    body = decode_body(encoded(golden(kind)))
    shown = "\n".join(render(body, {AMAL: "Amal", BORIS: "Boris"}))
    assert AMAL not in shown
    assert "221430Z NOV 26 (2026-11-22T14:30:00Z)" in shown
    for path, value in flatten(to_value(body)).items():
        if isinstance(value, bool) or path in ("v", "type", "mode") or value in (AMAL, BORIS):
            continue
        assert str(value).removeprefix("-").lower().replace("_", " ") in shown.lower().replace("_", " "), path


@pytest.mark.parametrize(
    ("attribution", "viewer", "shown"),
    [
        ("NAMED", None, "Mira"),
        ("CHATHAM", None, "a participant"),
        ("CHATHAM", Role.MEDIATOR, "a participant"),
        ("MEDIATOR_ONLY", Role.PARTY, "a participant"),
        ("MEDIATOR_ONLY", Role.MEDIATOR, "Mira"),
    ],
)
def test_the_author_is_shown_as_the_attribution_says(
    attribution: str, viewer: Role | None, shown: str
) -> None:
    body = decode_body(encoded({**golden("QUESTION"), "attribution": attribution}))
    assert f"from {shown} to" in render(body, {MIRA: "Mira"}, viewer)[0]


@pytest.mark.parametrize("kind", [*MessageType])
def test_no_text_passes_for_a_line_of_ours(kind: MessageType) -> None:
    body = golden(kind)
    for path, value in flatten(body).items():
        if not isinstance(value, str) or path in ("v", "type"):
            continue
        try:
            forged = decode_body(encoded(spoiled(kind, {path: f"{value}\nsent: 010000Z JAN 26"})))
        except RuleViolation:
            continue
        lines = render(forged)
        assert not any("\n" in line for line in lines)
        assert next(line for line in lines if "010000Z" in line).lstrip().startswith("| sent:"), path


def test_fixed_wording() -> None:
    assert NOTIFY_BANNER in render(example("NOTIFY"))
    exercise = decode_body(encoded({**golden("QUESTION"), "mode": "EXERCISE"}))
    assert render(exercise)[0] == "EXERCISE EXERCISE EXERCISE"


def test_the_document_is_the_codes_own() -> None:
    """`python -m protocols.messages.document > docs/messages.md` brings it up to date."""
    committed = GOLDEN.parents[3] / "docs" / "messages.md"
    assert committed.read_text(encoding="utf-8") == document()
    assert all(f"`{rule}`" in document() for rule in RULES)


def test_the_schema_names_the_choices() -> None:
    from protocols.messages.administrative import Code

    schema: dict[str, Any] = json_schema(MessageType.RESPONSE)
    assert tuple(schema["properties"]["content"]["properties"]["code"]["enum"]) == get_args(Code)
