import copy

import pytest

from protocols import errors


def test_a_rule_violation_says_rule_field_and_hint() -> None:
    violation = errors.RuleViolation("deadline-in-the-past", "deadline", "choose a later time")
    assert str(violation) == "deadline-in-the-past: deadline: choose a later time"
    whole = errors.RuleViolation("not-your-turn", None, "wait for the answer")
    assert str(whole) == "not-your-turn: wait for the answer"


def test_a_rule_violation_survives_copying() -> None:
    violation = copy.copy(errors.RuleViolation("rule", "field", "hint"))
    assert (violation.rule, violation.field, violation.hint) == ("rule", "field", "hint")


@pytest.mark.parametrize(
    "kind",
    [
        errors.DecodeError,
        errors.VerificationError,
        errors.RuleViolation,
        errors.RemoteProtocolError,
        errors.LocalProtocolError,
    ],
)
def test_one_base_catches_the_folder(kind: type[Exception]) -> None:
    assert issubclass(kind, errors.ProtocolError)
    assert not issubclass(kind, ValueError)
