"""Every numbered rule that needs no other message, broken once when composing and once when receiving."""

from pathlib import Path
from typing import Any

import pytest

from protocols.errors import RuleViolation
from protocols.messages.build import check, compose
from protocols.messages.codec import decode_body
from protocols.messages.rules import RULES

from . import rows_agreement, rows_information, rows_people
from .examples import LIAISON, compose_arguments, encoded, spoiled
from .rows_information import ACTIVITY, SITE, SOON

ROWS = [*rows_information.ROWS, *rows_agreement.ROWS, *rows_people.ROWS]
GOOD: list[tuple[str, dict[str, Any]]] = [
    ("NOTIFY", SITE),
    ("NOTIFY", ACTIVITY),
    ("NOTIFY", {"content.emergency": True, "content.window": {**SOON}}),
    *rows_agreement.GOOD,
    *rows_people.GOOD,
]
NOT_COMPOSED = ("RECEIPT", "ESCALATION")
IDS = [f"{rule}-{kind}-{'+'.join(changes)}" for rule, kind, changes in ROWS]


@pytest.mark.parametrize(("rule", "kind", "changes"), ROWS, ids=IDS)
def test_a_receiver_rejects_it(rule: str, kind: str, changes: dict[str, Any]) -> None:
    with pytest.raises(RuleViolation) as caught:
        decode_body(encoded(spoiled(kind, changes)))
    assert caught.value.rule == rule
    assert caught.value.hint


COMPOSED = [(row, name) for row, name in zip(ROWS, IDS, strict=True) if row[1] not in NOT_COMPOSED]


@pytest.mark.parametrize(
    ("rule", "kind", "changes"), [row for row, _ in COMPOSED], ids=[name for _, name in COMPOSED]
)
def test_a_composer_is_told(rule: str, kind: str, changes: dict[str, Any]) -> None:
    message_type, fields, rest = compose_arguments(spoiled(kind, changes))
    found = check(message_type, fields, **rest)
    assert rule in {problem.rule for problem in found}


@pytest.mark.parametrize(
    ("kind", "changes"), GOOD, ids=[f"{kind}-{'+'.join(changes)}" for kind, changes in GOOD]
)
def test_what_is_near_to_a_rule_and_keeps_it(kind: str, changes: dict[str, Any]) -> None:
    body = spoiled(kind, changes)
    decoded = decode_body(encoded(body))
    if kind not in NOT_COMPOSED:
        message_type, fields, rest = compose_arguments(body)
        assert compose(message_type, fields, **rest) == decoded


def test_the_contact_of_a_notification_is_the_liaison() -> None:
    assert spoiled("NOTIFY", {})["content"]["contact"] == LIAISON


def test_every_rule_has_a_test_of_its_own() -> None:
    """The rules that need other messages are broken in tests/protocols/negotiation."""
    here = {rule for rule, _, _ in ROWS} | {"ENVELOPE-6"}
    assert here <= RULES.keys()
    folder = Path(__file__).parents[1] / "negotiation"
    judged = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.py")))
    broken = {rule for rule in RULES if f'"{rule}"' in judged or f'"rule:{rule}"' in judged}
    assert [rule for rule in RULES if rule not in here | broken] == []
