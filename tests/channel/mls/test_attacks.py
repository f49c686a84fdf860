"""Every rule of `docs/rfc9420.md` is broken, by something that is right in every other way if that can be made.

The victim says which rule, its state stays as it is byte by byte, and the true thing is then accepted. The same
attack succeeds against a copy of the library that lacks the rule, or is stopped by what its entry names.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from channel.mls.errors import ValidationError
from tests.channel.mls import (
    attacks_commits,
    attacks_joining,
    attacks_leaves,
    attacks_messages,
    attacks_succession,
)
from tests.channel.mls.attack import ATTACKS, Attack, Maker
from tests.channel.mls.lenient import REAL, Library, library_without
from tests.channel.mls.test_rules import in_docs

FILES = (attacks_commits, attacks_joining, attacks_leaves, attacks_messages, attacks_succession)
CASES = [
    pytest.param(rule, make, id=f"{rule} {make.__name__}{number}")
    for rule, makers in ATTACKS.items()
    for number, make in enumerate(makers)
]


@contextmanager
def broken_rules() -> Iterator[list[str]]:
    """The numbers of the rules that the real library finds broken, whether or not it says so."""
    found: list[str] = []
    real = ValidationError.__init__

    def spy(self: ValidationError, rule: str, message: str) -> None:
        found.append(rule)
        real(self, rule, message)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ValidationError, "__init__", spy)
        yield found


def test_every_rule_is_attacked() -> None:
    assert len(FILES) > 0
    assert {rule for rule, _ in in_docs()} == ATTACKS.keys()


def refuse_by_name(rule: str, attack: Attack) -> None:
    """That the real library finds this rule broken, changes nothing, and takes in the truth."""
    before = attack.state()
    with broken_rules() as found:
        if attack.is_quiet:
            attack.strike(REAL)
        else:
            with pytest.raises(ValidationError) as caught:
                attack.strike(REAL)
            assert caught.value.rule == rule
    assert rule in found
    assert attack.state() == before
    attack.honest()


def succeed_without(lenient: Library, attack: Attack) -> None:
    """That nothing but the rule stood in the way, or what the attack names."""
    stopped = ""
    try:
        attack.strike(lenient)
    except lenient.errors.ValidationError as error:
        stopped = error.rule
    except Exception as error:
        stopped = type(error).__name__
    assert stopped == attack.also


@pytest.mark.parametrize(("rule", "make"), CASES)
def test_an_attack(rule: str, make: Maker) -> None:
    lenient = library_without(rule)
    attack = make(lenient)
    refuse_by_name(rule, attack)
    succeed_without(lenient, attack)
