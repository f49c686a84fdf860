"""MESSAGES.md section 2, row by row: which fields a type cannot do without, written out beside the models."""

import pytest

from protocols.errors import RuleViolation
from protocols.messages.build import check
from protocols.messages.codec import decode_body
from protocols.messages.envelope import Envelope, MessageType
from protocols.messages.fields import describe_fields
from protocols.messages.message import CONTENT_MODELS
from protocols.messages.rules import RULES

from .examples import MISSING, compose_arguments, encoded, spoiled

# Required at once: "Req." of the table, but for what depends on another field (that is in the rows of rules).
REQUIRED = {
    "LINE-CHECK": "slot word",
    "MANDATE": "principal_name principal holder topics window signature",
    "SEAT": "operation seat fingerprint effective",
    "RESPONSE": "target code",
    "READBACK": "target readings",
    "CORRECTION": "target action reason",
    "INFORM": "statement basis as_of",
    "QUESTION": "question form",
    "CONVEY": "fidelity consent content",
    "NOTIFY": "kind purpose window persons contact",
    "REQUEST": "actor action deadline reason",
    "PROPOSAL": "title clauses package required",
    "CLAUSE-REPLY": "proposal replies",
    "TERM": "term definition",
    "ADOPT": "proposal package_hash mode effective",
    "COMMIT": "debtor creditors consequent notice_hours",
    "COMMIT-EVENT": "commitment event at",
    "FINDING": "subject kind result access_limits as_of grade",
    "ALERT": "danger place observed asked until persons_at_risk",
    "INCIDENT": "window place category known grade status asked",
    "EXPLANATION": "incident position account",
    "PERSONS": "operation",
    "MEETING": "operation",
}
# Refused by a numbered rule of the type, because the table has a cross for it.
CROSSED = {
    ("MANDATE", "window"): "MANDATE-1",
    ("MANDATE", "signature"): "MANDATE-3",
    ("INFORM", "as_of"): "INFORM-2",
    ("REQUEST", "deadline"): "REQUEST-1",
    ("CLAUSE-REPLY", "replies"): "CLAUSE-REPLY-7",
    ("ALERT", "place"): "ALERT-1",
    ("ALERT", "until"): "ALERT-1",
}
ROWS = [(kind, name) for kind, names in REQUIRED.items() for name in names.split()]


def test_all_types_are_here() -> None:
    assert list(REQUIRED) == list(MessageType)
    assert set(CROSSED) <= set(ROWS)


@pytest.mark.parametrize("kind", MessageType)
def test_the_model_requires_these_and_no_others(kind: MessageType) -> None:
    model = CONTENT_MODELS[kind]
    assert [name for name, field in model.model_fields.items() if field.is_required()] == REQUIRED[
        kind
    ].split()


@pytest.mark.parametrize(("kind", "name"), ROWS, ids=[f"{kind}-{name}" for kind, name in ROWS])
def test_it_cannot_be_left_out(kind: str, name: str) -> None:
    rule = CROSSED.get((kind, name), "FIELD-REQUIRED")
    body = spoiled(kind, {f"content.{name}": MISSING})
    with pytest.raises(RuleViolation) as received:
        decode_body(encoded(body))
    message_type, fields, rest = compose_arguments(body)
    for problem in (received.value, *check(message_type, fields, **rest)):
        assert (problem.rule, problem.field) == (rule, name)
        assert problem.hint.startswith("is needed: ")


@pytest.mark.parametrize(
    "name", [name for name, field in Envelope.model_fields.items() if field.is_required()]
)
@pytest.mark.parametrize("kind", MessageType)
def test_every_type_needs_its_envelope(kind: MessageType, name: str) -> None:
    wire = "from" if name == "sender" else name
    with pytest.raises(RuleViolation) as caught:
        decode_body(encoded(spoiled(kind, {wire: MISSING})))
    assert caught.value.rule == "FIELD-REQUIRED"
    assert caught.value.field == wire


@pytest.mark.parametrize("kind", MessageType)
def test_what_is_required_inside_a_group_is_needed_with_it(kind: MessageType) -> None:
    """Every required part of every group of the example, taken away one by one."""
    body = spoiled(kind, {})
    for spec in describe_fields(kind):
        steps = spec.path.split(".")
        path = ".".join("0" if step == "*" else step for step in steps)
        group = path.rpartition(".")[0]
        inside = spec.part == "content" and len(steps) > 1 and steps[-1] != "*"
        if not inside or not (spec.required or spec.needed_with) or not _has(body["content"], group):
            continue
        with pytest.raises(RuleViolation) as caught:
            decode_body(encoded(spoiled(kind, {f"content.{path}": MISSING})))
        assert caught.value.field == path
        assert caught.value.rule in RULES


def _has(value: object, path: str) -> bool:
    for step in path.split("."):
        match value:
            case dict() if step in value:
                value = value[step]
            case list() if step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            case _:
                return False
    return True
