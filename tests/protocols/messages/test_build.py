import pickle
from typing import Any

import pytest

from protocols.messages.build import MessageRefused, check, compose
from protocols.messages.information import Inform
from protocols.messages.proposals import Proposal

from .examples import AMAL, BORIS, MIRA, SENT

INFORM: dict[str, Any] = {"statement": "open", "basis": "OWN_OBSERVATION", "as_of": SENT}


def inform(**fields: Any) -> Inform:
    message = compose("inform", {**INFORM, **fields}, sender=AMAL, to=[BORIS], sent=SENT, topic="x")
    assert isinstance(message.content, Inform)
    return message.content


def test_fields_are_given_by_path_in_text() -> None:
    content = inform(
        **{
            "basis": "own observation",
            "as_of": "221400Z nov 26",
            "window": "230600Z NOV 26/240600Z NOV 26",
            "qty.n": "6",
            "qty.unit": "vehicles",
            "qty.basis": "counted",
            "grade": "",
            "statement": "cafe\u0301",
        }
    )
    assert (content.basis, content.as_of, content.grade) == ("OWN_OBSERVATION", "2026-11-22T14:00:00Z", None)
    assert content.window is not None
    assert content.window.end == "2026-11-24T06:00:00Z"
    assert content.qty is not None
    assert (content.qty.n, content.qty.basis) == (6, "COUNTED")
    assert content.statement == "caf\u00e9"


def test_lists_and_flags_are_given_in_text_and_clauses_are_numbered() -> None:
    fields: dict[str, Any] = {
        "title": "Bridge",
        "package": "severable",
        "required": f"{AMAL}, {BORIS}",
        "languages": "en,ar",
        "to": MIRA,
        "without_prejudice": "yes",
        "valid_until": "2026-11-25T12:00:00Z",
        "topic": "bridge",
    }
    for index, action in enumerate(("open", "light")):
        fields |= {
            f"clauses.{index}.actor": AMAL,
            f"clauses.{index}.modal": "must",
            f"clauses.{index}.action": action,
            f"clauses.{index}.object": "the bridge",
            f"clauses.{index}.window": "2026-11-23T06:00:00Z/2026-11-24T06:00:00Z",
            f"clauses.{index}.throughout": "no",
        }
    fields["clauses.1.depends_on"] = "1"
    message = compose("PROPOSAL", fields, sender=AMAL, to=[BORIS], sent=SENT)
    content = message.content
    assert isinstance(content, Proposal)
    assert [(c.no, c.version, c.action, c.depends_on) for c in content.clauses] == [
        (1, 1, "open", ()),
        (2, 1, "light", (1,)),
    ]
    assert content.required == (AMAL, BORIS)
    assert message.envelope.to == (BORIS, MIRA)
    assert message.envelope.without_prejudice


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(MessageRefused) as caught:
        compose(
            "INFORM",
            {"as_of": "noon", "place.lat": "36", "colour": "red"},
            sender=AMAL,
            to=[BORIS],
            sent=SENT,
        )
    said = {(v.rule, v.field) for v in caught.value.violations}
    assert said >= {
        ("FIELD-REQUIRED", "statement"),
        ("FIELD-REQUIRED", "basis"),
        ("VALUE-TIME", "as_of"),
        ("VALUE-PLACE", "place.lat"),
        ("FIELD-REQUIRED", "place.lon"),
        ("FIELD-UNKNOWN", "colour"),
        ("FIELD-REQUIRED", "topic"),
    }
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_the_error_names_field_rule_and_way_out() -> None:
    (problem,) = check("INFORM", {**INFORM, "as_of": "noon"}, sender=AMAL, to=[BORIS], sent=SENT, topic="x")
    assert str(problem) == "VALUE-TIME: as_of: needs a time in UTC, such as 2026-11-22T14:30:00Z"


@pytest.mark.parametrize(
    "fields",
    [
        {"window": "x", "window.start": SENT},
        {"window.start": SENT, "window": "x"},
        {"window.start": SENT, "window": {}},
    ],
)
def test_a_value_and_its_parts_cannot_both_be_given(fields: dict[str, Any]) -> None:
    (problem,) = check("INFORM", {**INFORM, **fields}, sender=AMAL, to=[BORIS], sent=SENT, topic="x")
    assert problem.rule == "FIELD-TYPE"


def test_an_unknown_type_is_refused_with_the_known_ones() -> None:
    (problem,) = check("ORDER", {}, sender=AMAL, to=[BORIS], sent=SENT)
    assert (problem.rule, problem.field) == ("FIELD-CHOICE", "type")
    assert "ALERT" in problem.hint


def test_what_cannot_be_turned_is_left_for_the_model_to_refuse() -> None:
    rows: list[tuple[str, Any, str]] = [
        ("qty", "six", "FIELD-TYPE"),
        ("qty.n", "1.5", "FIELD-TYPE"),
        ("qty.n", "9" * 30, "FIELD-TYPE"),
        ("place", ["a"], "FIELD-TYPE"),
        ("window", "now/then", "VALUE-TIME"),
    ]
    for path, value, rule in rows:
        problems = check("INFORM", {**INFORM, path: value}, sender=AMAL, to=[BORIS], sent=SENT, topic="x")
        assert rule in {problem.rule for problem in problems}, path
