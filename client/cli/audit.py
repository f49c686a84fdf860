"""`parley audit export`, `verify` and `replay`: the whole log in one file that anyone can check."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from client.cli.options import (
    Access,
    ChannelArgument,
    JsonOption,
    PassphraseOption,
    ProfileOption,
    StoredOption,
    TimeoutOption,
)
from client.cli.output import note, print_json, print_line, print_lines

if TYPE_CHECKING:
    from client.channel_session import ChannelSession
    from client.events import ChannelInfo
    from client.parley import Parley

__all__ = ["register"]

_group = typer.Typer(
    help="Export a channel's log; verify and replay an export, offline.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="An export, made by `parley audit export`.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(_group, name="audit")


@_group.command()
def export(
    channel: ChannelArgument,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    stored: StoredOption = False,
    timeout: TimeoutOption = 10.0,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Write a channel's whole log to one file.

    The file proves what was said and holds every message in the clear. It is written for you alone to read
    (mode 0600); encrypt it before it travels.

    Example: parley audit export "North bridge" -o bridge.parley

    Exit status 1: the file exists already, the disk is full, or the relay cannot be reached; --stored exports
    what is stored.
    """
    from client.cli.auditing import refuse_to_overwrite, write_export
    from client.cli.opening import in_channel, wait_until_caught_up

    refuse_to_overwrite(output, force=force)

    async def work(parley: "Parley", info: "ChannelInfo", session: "ChannelSession") -> tuple[bytes, int]:
        if not stored:
            await wait_until_caught_up(session, timeout)
        return parley.export(info), session.conversation.transcript.size

    data, entries = in_channel(Access(profile, passphrase_file), channel, work)
    write_export(output, data, force=force)
    if json_output:
        print_json({"log": str(output), "entries": entries, "bytes": len(data)})
    else:
        print_line(f"{output}: {entries} entries, {len(data)} bytes")
        note(f"it holds every message in the clear; anyone can check it: `parley audit verify {output}`")


@_group.command()
def verify(file: _FileArgument, profile: ProfileOption = None, json_output: JsonOption = False) -> None:
    """Verify an export, offline, from nothing but the file.

    Example: parley audit verify bridge.parley

    Exit status 1: the file was altered, cut or is no export; the line names the first bad entry.
    """
    from channel.audit import AuditError
    from client.cli.auditing import failure_value, read_and_verify, verified_lines, verified_value
    from client.cli.errors import UnusableFile

    try:
        verified = read_and_verify(file)
    except (AuditError, UnusableFile) as error:
        if json_output:
            print_json(failure_value(error))
        raise
    if json_output:
        print_json(verified_value(verified))
    else:
        print_lines(verified_lines(verified))


@_group.command()
def replay(
    file: _FileArgument,
    at: Annotated[
        int | None,
        typer.Option(
            "--at",
            min=0,
            metavar="POSITION",
            help="Show how things stood after this entry; without it, after the last.",
            show_default=False,
        ),
    ] = None,
    profile: ProfileOption = None,
    json_output: JsonOption = False,
) -> None:
    """Verify an export and replay it: what was said, what it came to.

    The whole file is verified, whatever moment is shown. What is overdue or in force is judged by the relay's
    time at that moment. The digest is the same for every member and on every run; compare it to know that you
    read the same.

    Example: parley audit replay bridge.parley

    Example: parley audit replay bridge.parley --at 12 --json

    Exit status 1: the file does not verify; the line names the first bad entry. Exit status 2: it has no
    entry of that number.
    """
    from client.cli.auditing import read_and_replay, replay_lines, replay_value
    from client.cli.errors import NoSuchEntry

    try:
        verified, transcript = read_and_replay(file, at)
    except NoSuchEntry as error:
        raise typer.BadParameter(str(error), param_hint="--at") from None
    if json_output:
        print_json(replay_value(verified, transcript))
    else:
        print_lines(replay_lines(verified, transcript))
