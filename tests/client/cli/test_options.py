"""What is typed is read in one way, or refused as wrong usage."""

import pytest
import typer

from client.cli.options import RoleChoice, duration_s, fields_given
from protocols.messages import Role


def test_the_roles_are_those_of_the_message_language() -> None:
    assert {role.value for role in RoleChoice} == {role.value for role in Role}


def test_fields_keep_what_follows_the_first_equals_sign() -> None:
    assert fields_given(["topic=Water", "window.start=220000Z NOV 26", "text=a=b", "remarks="]) == {
        "topic": "Water",
        "window.start": "220000Z NOV 26",
        "text": "a=b",
        "remarks": "",
    }
    assert fields_given(None) == {}


@pytest.mark.parametrize("given", [["topic"], ["=x"], ["a b=c"], ["\x1b[2J=x"], ["topic=a", "topic=b"]])
def test_other_fields_are_wrong_usage(given: list[str]) -> None:
    with pytest.raises(typer.BadParameter):
        fields_given(given)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), (" 24H ", 86_400), ("7d", 604_800)]
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "24", "h", "-1h", "0h", "1.5h", "99999999d", "1h30m"])
def test_other_lengths_of_time_are_wrong_usage(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        duration_s(text)
