"""A refused message must leave no trace: the one assertion behind every test about a hostile member."""

from typing import Any

import pytest

from channel.mls import Group
from channel.mls.errors import ValidationError
from tests.support.builders import JUDGE


def refuse(victim: Group, message: bytes, error: type[Exception]) -> Any:
    """Check that a message is refused, and that nothing of the group changes by it; returns the error."""
    before = victim.encode()
    with pytest.raises(error) as caught:
        victim.receive(message, **JUDGE)
    assert victim.encode() == before
    return caught.value


def refuse_rule(victim: Group, message: bytes, rule: str) -> None:
    """Check that a message is refused for breaking one rule and no other."""
    assert refuse(victim, message, ValidationError).rule == rule
