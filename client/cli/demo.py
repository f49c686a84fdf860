"""`parley demo`: the whole of Parley at work on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from client.cli.options import JsonOption, ProfileOption

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("demo")(demo)


def demo(
    keep: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Leave relay data, client stores and the exported log there."),
    ] = None,
    profile: ProfileOption = None,
    json_output: JsonOption = False,
) -> None:
    """Watch a short negotiation over a real relay, on this machine.

    A mediator and two parties talk; the relay process, the encryption, the log and the crash in the middle
    are real. It needs no profile and leaves nothing behind, unless --keep says where.

    Example: parley demo

    Example: parley demo --keep /tmp/parley-demo --json

    Exit status 1: something did not hold; the line says what.
    """
    from client.demo.command import demo as run_demo

    raise typer.Exit(run_demo(keep, json_output))
