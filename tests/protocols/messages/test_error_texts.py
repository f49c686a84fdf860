"""Every refusal names the field, the rule and the way out, in the style of the rest."""

import re
from typing import Any

import pytest

from protocols.messages.build import check
from protocols.messages.envelope import MessageType
from protocols.messages.fields import FieldSpec, describe_fields
from protocols.messages.rules import RULES

from .examples import compose_arguments, golden, spoiled
from .test_rules import NOT_COMPOSED, ROWS

WRONG: dict[str, Any] = {"integer": "many", "flag": "perhaps", "choice": "SOMETHING"}
HINTS = {
    "time": "needs a time in UTC, such as 2026-11-22T14:30:00Z",
    "latitude": "needs WGS84 degrees from -90 to 90 with exactly five decimals, such as 36.20000",
    "longitude": "needs WGS84 degrees from -180 to 180 with exactly five decimals, such as 37.10000",
    "grade": "needs reliability A to F and credibility 1 to 6, such as B2",
    "language": "needs a language tag, such as en or ar",
    "clarity check": "needs the id of a clarity check, such as CLARITY-1",
    "participant": "needs 32 lower-case hexadecimal digits",
    "message": "needs 32 lower-case hexadecimal digits",
    "commitment": "needs 32 lower-case hexadecimal digits",
    "commitment or message": "needs 32 lower-case hexadecimal digits",
    "hash": "needs 64 lower-case hexadecimal digits",
    "public key": "needs 64 lower-case hexadecimal digits",
    "signature": "needs 128 lower-case hexadecimal digits",
    "integer": "needs a whole number",
    "flag": "needs true or false",
}
SPECS = [(kind, spec) for kind in MessageType for spec in describe_fields(kind)]


@pytest.mark.parametrize(("kind", "spec"), SPECS, ids=[f"{kind}-{spec.path}" for kind, spec in SPECS])
def test_a_wrong_value_is_answered_with_the_field_and_the_way_out(kind: MessageType, spec: FieldSpec) -> None:
    path = spec.path.replace("*", "0")
    wrong = WRONG.get(spec.kind, "\x07" if spec.kind.startswith(("text", "field")) else "nonsense")
    _, fields, rest = compose_arguments(golden(kind))
    envelope: dict[str, Any] = {name: value for name, value in rest.items() if name not in ("refs", "lang")}
    if spec.part == "envelope":
        envelope.pop(path.split(".")[0].removeprefix("envelope"), None)
        envelope.pop(path.removeprefix("envelope."), None)
    top = path.split(".")[0]
    kept = {name: value for name, value in fields.items() if name != top}
    problems = check(kind, {**kept, path: wrong}, **envelope)
    named = path.removeprefix("envelope.")
    (problem,) = [
        problem for problem in problems if problem.field in (named, top) and "is needed" not in problem.hint
    ]
    assert problem.rule in RULES
    assert str(problem) == f"{problem.rule}: {problem.field}: {problem.hint}"
    if spec.kind in HINTS:
        assert problem.hint == HINTS[spec.kind]
    elif spec.kind == "choice":
        assert all(choice in problem.hint for choice in spec.choices)
    else:
        assert problem.hint == "needs text without control characters"


def test_every_kind_of_field_has_its_hint_above() -> None:
    kinds = {spec.kind for _, spec in SPECS}
    assert {kind for kind in kinds if not kind.startswith("text")} - {"choice", "field"} == set(HINTS)


BROKEN = [(rule, kind, changes) for rule, kind, changes in ROWS if kind not in NOT_COMPOSED]


@pytest.mark.parametrize(
    ("rule", "kind", "changes"),
    BROKEN,
    ids=[f"{rule}-{kind}-{'+'.join(changes)}" for rule, kind, changes in BROKEN],
)
def test_a_broken_rule_reads_as_a_sentence_for_people(rule: str, kind: str, changes: dict[str, Any]) -> None:
    message_type, fields, rest = compose_arguments(spoiled(kind, changes))
    for problem in check(message_type, fields, **rest):
        assert re.fullmatch(r"[A-Z]+(-[A-Z]+)*(-[0-9]+)?", problem.rule)
        assert problem.field is not None
        assert problem.hint[0].islower() or problem.hint.split()[0].isupper()
        assert not problem.hint.endswith(".")
        assert 6 <= len(problem.hint) <= 400
        assert problem.hint.startswith(("needs ", "is ", "goes ")) or problem.hint == RULES[problem.rule]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_a_plain_sentence(rule: str) -> None:
    sentence = RULES[rule]
    assert not sentence.endswith(".")
    assert "!" not in sentence
    assert len(sentence) <= 110
