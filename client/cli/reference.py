"""The commands as documentation, read from the declarations themselves so that the two cannot disagree."""

from collections.abc import Iterator

import typer.main
from typer.models import CommandInfo, TyperInfo

from client.cli.app import app

__all__ = ["command_names", "command_table", "commands"]


def commands(application: typer.Typer = app, prefix: str = "") -> Iterator[tuple[str, CommandInfo]]:
    """Yield every command with its full name, such as `audit verify`, in the order of `parley --help`."""
    for info in application.registered_commands:
        yield f"{prefix}{_name(info)}", info
    for group in application.registered_groups:
        if group.typer_instance is not None:
            yield from commands(group.typer_instance, f"{prefix}{_group_name(group)} ")


def command_names() -> tuple[str, ...]:
    """Return the full name of every command."""
    return tuple(name for name, _ in commands())


def command_table() -> str:
    """Return a Markdown table of every command: how it is called, and the first sentence of its help."""
    lines = ["| Command | What it does |", "|---|---|"]
    for name, info in commands():
        arguments = "".join(f" {word}" for word in _arguments(info))
        lines.append(f"| `parley {name}{arguments}` | {purpose(info)} |")
    return "\n".join(lines) + "\n"


def purpose(info: CommandInfo) -> str:
    """Return the first paragraph of a command's help, on one line."""
    documentation = (info.callback.__doc__ or "") if info.callback is not None else ""
    return " ".join(documentation.strip().split("\n\n")[0].split())


def _name(info: CommandInfo) -> str:
    if info.name is not None:
        return info.name
    if info.callback is None:
        raise TypeError("a command without a function")
    return typer.main.get_command_name(info.callback.__name__)


def _group_name(group: TyperInfo) -> str:
    if not isinstance(group.name, str):
        raise TypeError("a group of commands without a name")
    return group.name


def _arguments(info: CommandInfo) -> Iterator[str]:
    command = typer.main.get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            yield parameter.metavar or (parameter.name or "").upper()
