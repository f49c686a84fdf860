"""`parley overdue`: what should be there and is not, for no known cause."""

from typing import TYPE_CHECKING

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
from client.cli.output import note, print_json, print_line

if TYPE_CHECKING:
    from client.channel_session import ChannelSession
    from client.events import ChannelInfo
    from client.parley import Parley

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(overdue)


def overdue(
    channel: ChannelArgument,
    stored: StoredOption = False,
    timeout: TimeoutOption = 10.0,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Show overdue acknowledgements and missed line checks.

    Nobody knows why something is missing: the network, power, the weather or somebody's decision look alike
    from here. Where it matters, use the outside channel that you agreed on.

    Example: parley overdue "North bridge"

    Exit status 1: no such channel, it is stopped by an alarm, or the relay cannot be reached; --stored shows
    what is stored.
    """
    from client.cli.late import late_lines, late_value
    from client.cli.opening import clock_words, in_channel, wait_until_caught_up
    from client.cli.people import names_of

    async def work(parley: "Parley", info: "ChannelInfo", session: "ChannelSession") -> None:
        if not stored:
            await wait_until_caught_up(session, timeout)
        now_ms = session.journal.deadline_ms
        rows = tuple(session.journal.waiting)
        if json_output:
            print_json(late_value(session.negotiation, rows, now_ms))
            return
        if words := clock_words(session):
            note(words)
        names = names_of(session.negotiation, info.members)
        for line in late_lines(session.negotiation, names, rows, now_ms):
            print_line(line)

    in_channel(Access(profile, passphrase_file), channel, work)
