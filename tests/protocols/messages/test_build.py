import pickle
from typing import Any

import pytest

from protocols.errors import RuleViolation
from protocols.messages.build import MessageRefused, check, compose, compose_escalation
from protocols.messages.codec import decode_body, encode_body
from protocols.messages.commitments import Commit
from protocols.messages.information import Inform
from protocols.messages.proposals import Proposal

from .examples import AMAL, BORIS, MIRA, SENT, golden

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
            f"clauses.{index}.texts.0.lang": "ar",
            f"clauses.{index}.texts.0.status": "translation",
            f"clauses.{index}.texts.0.machine": "yes",
            f"clauses.{index}.texts.0.action": "فتح",
            f"clauses.{index}.texts.0.object": "الجسر",
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
    assert {(t.lang, t.status, t.machine) for c in content.clauses for t in c.texts} == {
        ("ar", "TRANSLATION", True)
    }
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


def test_the_clauses_of_a_commitment_need_no_number() -> None:
    clause = {"actor": AMAL, "modal": "must", "action": "open", "object": "the bridge"}
    fields: dict[str, Any] = {"debtor": AMAL, "creditors": BORIS, "notice_hours": "24"}
    fields |= {f"consequent.{name}": value for name, value in clause.items()}
    fields |= {f"antecedent.{name}": value for name, value in {**clause, "actor": BORIS}.items()}
    fields |= {
        "consequent.window": "230600Z NOV 26/250600Z NOV 26",
        "antecedent.window": "230600Z NOV 26/240600Z NOV 26",
    }
    content = compose("commit", fields, sender=AMAL, to=[BORIS], sent=SENT, topic="bridge").content
    assert isinstance(content, Commit)
    assert content.antecedent is not None
    assert {(part.no, part.version) for part in (content.consequent, content.antecedent)} == {(1, 1)}
    (problem,) = check(
        "COMMIT", {**fields, "consequent.no": 2}, sender=AMAL, to=[BORIS], sent=SENT, topic="bridge"
    )
    assert problem.rule == "COMMIT-6"
    lost = {name: value for name, value in fields.items() if "." not in name}
    found = check("COMMIT", {**lost, "antecedent": "later"}, sender=AMAL, to=[BORIS], sent=SENT, topic="b")
    assert {(p.rule, p.field) for p in found} == {
        ("FIELD-REQUIRED", "consequent"),
        ("FIELD-TYPE", "antecedent"),
    }


def test_an_envelope_that_is_no_group_is_refused() -> None:
    (problem,) = check("INFORM", {**INFORM, "envelope": "RED"}, sender=AMAL, to=[BORIS], sent=SENT, topic="x")
    assert (problem.rule, problem.field) == ("FIELD-TYPE", "envelope")


def test_an_escalation_is_composed_and_read() -> None:
    note = compose_escalation("1" * 32, BORIS, 4, "1.5x", sender=AMAL, sent=SENT)
    assert decode_body(encode_body(note)) == note
    assert (note.message, note.addressee, note.level, note.step) == ("1" * 32, BORIS, 4, "1.5x")
    with pytest.raises(RuleViolation, match="ESCALATION-6"):
        compose_escalation("1" * 32, AMAL, 4, "1x", sender=AMAL, sent=SENT)


def test_no_addressee_is_lost_however_they_are_given() -> None:
    def addressed(**fields: Any) -> tuple[str, ...]:
        return compose(
            "INFORM", {**INFORM, **fields}, sender=AMAL, to=[BORIS], sent=SENT, topic="x"
        ).envelope.to

    assert addressed(to=MIRA) == addressed(to=[MIRA]) == addressed(**{"to.0": MIRA}) == (BORIS, MIRA)
    assert addressed(**{"envelope.to": MIRA}) == (BORIS, MIRA)
    (problem,) = check("INFORM", {**INFORM, "to": 7}, sender=AMAL, to=[BORIS], sent=SENT, topic="x")
    assert (problem.rule, problem.field) == ("FIELD-TYPE", "to.1")


@pytest.mark.parametrize(
    ("given", "prevailing", "languages"),
    [
        ({}, "ar", ("ar",)),
        ({"prevailing": "en"}, "en", ("en",)),
        ({"prevailing": "en", "languages": ["en"]}, "en", ("en",)),
    ],
)
def test_a_proposal_is_in_the_language_of_its_envelope(
    given: dict[str, Any], prevailing: str, languages: tuple[str, ...]
) -> None:
    fields = {name: value for name, value in golden("PROPOSAL")["content"].items() if name not in given}
    fields = {**fields, **given, "clauses": [{**c, "texts": []} for c in fields["clauses"]]}
    for name in {"prevailing", "languages"} - given.keys():
        del fields[name]
    until = "2026-11-25T12:00:00Z"
    content = compose(
        "PROPOSAL", fields, sender=AMAL, to=[BORIS], sent=SENT, topic="x", lang="ar", valid_until=until
    ).content
    assert isinstance(content, Proposal)
    assert (content.prevailing, content.languages) == (prevailing, languages)
