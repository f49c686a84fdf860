"""The `parley` command: every command of it, and its entry point."""

import sys
from collections.abc import Sequence

import typer

from client.cli import (
    audit,
    boundary,
    channels,
    chat,
    demo,
    identity,
    joining,
    looking,
    mandates,
    overdue,
    seats,
    talking,
)

__all__ = ["app", "main", "run"]

app = typer.Typer(
    name="parley",
    help="Negotiate in writing: end-to-end encrypted, logged, and acknowledged.\n\n"
    "Begin with `parley init`, or see it at work with `parley demo`.\n\n"
    "Exit status: 0 ok, 1 refused or failed with a line on standard error, 2 wrong usage.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (identity, channels, seats, joining, mandates, talking, looking, overdue, chat, audit, demo):
    group.register(app)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status."""
    return boundary.run(app, arguments)


def main() -> None:
    """Run this process's command line."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # A terminal without UTF-8 shows escapes instead of ending the command.
            reconfigure(errors="backslashreplace")
    raise SystemExit(run())
