"""`parley chat`: the terminal interface. Textual is loaded here and nowhere else."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from client.cli.options import Access, PassphraseOption, ProfileOption

if TYPE_CHECKING:
    from client.events import ChannelInfo
    from client.parley import Parley

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(chat)


def chat(
    channel: Annotated[
        str | None,
        typer.Argument(metavar="[CHANNEL]", help="Title or id; can be left out where there is only one."),
    ] = None,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
) -> None:
    """Work in a channel on the full screen; F1 helps.

    Example: parley chat "North bridge"

    Exit status 1: there is no terminal, no such channel, or more than one to choose from.
    """
    import asyncio

    from client.cli.opening import in_profile
    from client.errors import Refused
    from client.tui.app import run_chat

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused("there is no terminal to work in: use `parley tail` and `parley send` here")

    async def work(parley: "Parley", info: "ChannelInfo") -> None:
        async with parley.open(info) as session:
            await run_chat(session)

    with in_profile(Access(profile, passphrase_file), lasting=True) as parley:
        asyncio.run(work(parley, _choose(parley, channel)))


def _choose(parley: "Parley", channel: str | None) -> "ChannelInfo":
    from client.errors import UnknownChannel

    if channel is not None:
        return parley.find_channel(channel)
    channels = parley.channels()
    if len(channels) != 1:
        problem = "there is no channel yet: `parley join CODE`" if not channels else "say which channel"
        raise UnknownChannel(f"{problem}; `parley channel list` shows them")
    return channels[0]
