"""What forms know about fields, and what a read-back restates."""

from typing import Any

import pytest

from protocols.messages.administrative import Readback
from protocols.messages.build import compose
from protocols.messages.envelope import MessageType
from protocols.messages.fields import describe_fields
from protocols.messages.leaves import compare_readback, critical_leaves, flatten
from protocols.messages.message import CONTENT_MODELS

from .examples import AMAL, BORIS, MIRA, SENT, compose_arguments, example, golden


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


def test_what_is_not_restated_in_a_commitment() -> None:
    paths = critical_leaves(example("COMMIT").content)
    assert {"consequent.actor", "consequent.modal", "consequent.object", "consequent.window.end"} <= set(
        paths
    )
    assert "consequent.area.2.lon" in paths
    assert not any(path.endswith((".no", ".version", ".name_source")) or ".texts." in path for path in paths)


@pytest.mark.parametrize(
    ("kind", "wording"),
    [
        ("REQUEST", "action place.name"),
        ("COMMIT", "consequent.action consequent.object consequent.area.0.name"),
        ("INCIDENT", "place.name"),
        ("ADOPT", ""),
    ],
)
def test_free_text_may_be_restated_in_other_words_and_nothing_else(kind: str, wording: str) -> None:
    content = example(kind).content
    critical = critical_leaves(content)
    readings = tuple({"field": path, "value": "x"} for path in critical)
    readback = Readback.model_validate({"target": "1" * 32, "readings": readings})
    loose = {row.field for row in compare_readback(content, readback) if not row.exact}
    assert loose >= set(wording.split())
    assert all(path.endswith((".name", "action", "object", "medium")) for path in loose)


@pytest.mark.parametrize("kind", MessageType)
def test_every_field_can_be_entered_by_its_path_in_text(kind: MessageType) -> None:
    _, fields, rest = compose_arguments(golden(kind))
    leaves: dict[str, Any] = {
        path: str(value).lower() if isinstance(value, bool) else str(value)
        for path, value in flatten(fields).items()
    }
    by_path = compose(kind, leaves, **rest)
    assert by_path == compose(kind, fields, **rest)
    assert by_path.content == example(kind).content


def test_lists_are_entered_as_one_text() -> None:
    fields = {
        "operation": "propose",
        "window": "230600Z NOV 26/230800Z NOV 26",
        "medium": "radio",
        "seats": f"{AMAL}, {BORIS}",
        "agenda": "the bridge, both lanes; prisoners",
    }
    message = compose("MEETING", fields, sender=MIRA, to=[AMAL, BORIS], sent=SENT, topic="x")
    content = message.content.model_dump()
    assert content["agenda"] == ("the bridge, both lanes", "prisoners")
    assert content["seats"] == (AMAL, BORIS)


def test_a_name_that_type_and_envelope_share_means_the_types() -> None:
    paths = [spec.path for spec in describe_fields(MessageType.INCIDENT)]
    assert len(set(paths)) == len(paths)
    assert {"attribution", "envelope.attribution"} <= set(paths)
    fields: dict[str, Any] = {**golden("INCIDENT")["content"], "envelope.attribution": "chatham"}
    message = compose("INCIDENT", fields, sender=MIRA, to=[AMAL], sent=SENT, topic="x")
    assert message.envelope.attribution == "CHATHAM"
    assert message.content.model_dump()["attribution"] == "Party North"
    elsewhere = {spec.path for spec in describe_fields(MessageType.INFORM)}
    assert "attribution" in elsewhere
    assert "envelope.attribution" not in elsewhere
    inform = {**golden("INFORM")["content"], "envelope": {"tlp": "RED", "attribution": "CHATHAM"}}
    message = compose("INFORM", inform, sender=AMAL, to=[BORIS], sent=SENT, topic="x")
    assert (message.envelope.tlp, message.envelope.attribution) == ("RED", "CHATHAM")
