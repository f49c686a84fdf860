"""The options that commands share, so that each is spelt, explained and read in one way."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

__all__ = [
    "Access",
    "ChannelArgument",
    "FieldOption",
    "JsonInputOption",
    "JsonOption",
    "NumberArgument",
    "PassphraseOption",
    "PersonArgument",
    "ProfileOption",
    "RoleChoice",
    "SendAnywayOption",
    "StoredOption",
    "TimeoutOption",
    "duration_s",
    "fields_given",
]

_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_DURATION: Final = re.compile(r"([1-9][0-9]{0,6})([smhd])")
_FIELD: Final = re.compile(r"[A-Za-z0-9_.*-]+")

ProfileOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--profile",
        metavar="DIR",
        envvar="PARLEY_PROFILE",
        help="Directory of your profile; without it, parley in your data directory.",
        show_default=False,
    ),
]
PassphraseOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        help="Read the passphrase from this file's first line; else PARLEY_PASSPHRASE, else asked for.",
        show_default=False,
    ),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
JsonInputOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="FILE",
        help="Read the fields from a JSON object in FILE, or from standard input with -.",
        show_default=False,
    ),
]
FieldOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--field", metavar="NAME=VALUE", help="A field, as `parley types TYPE` names it; as often as needed."
    ),
]
SendAnywayOption: TypeAlias = Annotated[
    bool,
    typer.Option("--send-anyway", help="Send it although a reader may misunderstand it; the log keeps that."),
]
TimeoutOption: TypeAlias = Annotated[
    float, typer.Option(min=0.0, max=86_400.0, metavar="SECONDS", help="How long to wait for the relay.")
]
StoredOption: TypeAlias = Annotated[
    bool, typer.Option("--stored", help="Show what is stored here, without waiting for the relay.")
]
ChannelArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="CHANNEL", help="Its title or the start of it, or the start of its id.")
]
PersonArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="PERSON", help="Display name, or the start of their id.")
]
NumberArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="NO", help="The message's number in the log, as `parley tail` shows it.")
]


class RoleChoice(StrEnum):
    """The roles, known here without loading the message language."""

    PARTY = "party"
    MEDIATOR = "mediator"
    LIAISON = "liaison"
    MONITOR = "monitor"
    OBSERVER = "observer"


@dataclass(frozen=True, slots=True)
class Access:
    """How to get into a profile.

    Attributes:
        profile: its directory; None for the usual one.
        passphrase_file: where the passphrase is; None to look further.
    """

    profile: Path | None
    passphrase_file: Path | None


def fields_given(options: list[str] | None) -> dict[str, str]:
    """Read `--field` options.

    Raises:
        typer.BadParameter: not NAME=VALUE, or a name given twice.
    """
    fields: dict[str, str] = {}
    for option in options or ():
        name, equals, value = option.partition("=")
        name = name.strip()
        if not equals or not _FIELD.fullmatch(name):
            raise typer.BadParameter(f"{option!r} is not NAME=VALUE", param_hint="--field")
        if name in fields:
            raise typer.BadParameter(f"{name} is given twice", param_hint="--field")
        fields[name] = value
    return fields


def duration_s(text: str) -> int:
    """Read a length of time such as 90s, 30m, 24h or 7d, in seconds.

    Raises:
        typer.BadParameter: it is none.
    """
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None:
        raise typer.BadParameter(f"{text!r} is not a length of time such as 30m, 24h or 7d")
    return int(found[1]) * _UNITS[found[2]]
