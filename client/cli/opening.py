"""From the options of a command to an open profile, a running channel, and one that has read everything.

Imported inside commands only: it loads the whole library.
"""

import asyncio
import contextlib
import getpass
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

from client.channel_session import ChannelSession
from client.cli.options import Access
from client.cli.output import note
from client.errors import ChannelStopped, NotAMember, RelayUnreachable
from client.events import ChannelInfo, ChannelStatus
from client.parley import Parley
from client.profiles import default_directory, open_profile, read_passphrase
from client.skew import skew_words

__all__ = [
    "catch_up_or_say",
    "clock_words",
    "connection_words",
    "in_channel",
    "in_profile",
    "passphrase",
    "profile_directory",
    "try_to_catch_up",
    "wait_until_caught_up",
]

ResultT = TypeVar("ResultT")
#: How long a command that completed an agreement stays to put it into the charter.
_FINISH_S = 10.0


def profile_directory(access: Access) -> Path:
    """Where the profile is, or is to be."""
    return access.profile if access.profile is not None else default_directory(os.environ)


def passphrase(access: Access, *, confirm: bool = False) -> str:
    """Get the passphrase: from the file, the environment, or a terminal.

    Raises:
        NoPassphrase: from none of them.
    """
    prompt = getpass.getpass if sys.stdin is not None and sys.stdin.isatty() else None
    return read_passphrase(
        file=access.passphrase_file, environment=os.environ, prompt=prompt, confirm=confirm
    )


@contextlib.contextmanager
def in_profile(access: Access, *, lasting: bool = False) -> Iterator[Parley]:
    """Open the profile for the length of a block.

    Args:
        access: The profile.
        lasting: Whether it stays open until a person ends it. Another command would end before receipts
            that are held back could leave, so it sends them at once.
    """
    with open_profile(profile_directory(access), passphrase(access)) as profile:
        yield Parley(profile) if lasting else Parley(profile, receipt_jitter_s=(0, 0))


def in_channel(
    access: Access,
    channel: str,
    work: Callable[[Parley, ChannelInfo, ChannelSession], Awaitable[ResultT]],
    *,
    lasting: bool = False,
) -> ResultT:
    """Open the profile, run one of its channels, and do something in it.

    Args:
        access: The profile.
        channel: Title or id, or the start of one.
        work: What to do; the channel stops when it is done.
        lasting: Whether it goes on until a person ends it, as for ``in_profile``.
    """
    with in_profile(access, lasting=lasting) as parley:
        return asyncio.run(_run(parley, channel, work))


async def _run(
    parley: Parley,
    channel: str,
    work: Callable[[Parley, ChannelInfo, ChannelSession], Awaitable[ResultT]],
) -> ResultT:
    info = parley.find_channel(channel)
    async with parley.open(info) as session:
        result = await work(parley, info, session)
        await _finish_enacting(session)
        return result


async def _finish_enacting(session: ChannelSession) -> None:
    """Commit what this command completed, while there is a connection; otherwise the next one does."""
    if session.line is not None and session.line.ready:
        # Whatever ends it, an alarm, a removal, the time, is the next command's to say.
        with contextlib.suppress(TimeoutError, ChannelStopped, NotAMember):
            await session.wait_for(session.enactor.is_idle, _FINISH_S)


async def wait_until_caught_up(session: ChannelSession, timeout_s: float) -> None:
    """Wait until everything the relay holds has been read, and everything we said has left.

    A channel that we were removed from has nothing more to read.

    Raises:
        RelayUnreachable: Not in time.
        ChannelStopped: The channel has an alarm.
    """
    if not await try_to_catch_up(session, timeout_s):
        raise RelayUnreachable(f"not up to date after {timeout_s:g} s, {connection_words(session)}")


async def try_to_catch_up(session: ChannelSession, timeout_s: float) -> bool:
    """Do the same, and return whether it came about in time.

    Raises:
        ChannelStopped: The channel has an alarm.
    """
    try:
        await session.wait_for(_caught_up, timeout_s)
    except TimeoutError:
        caught_up = False
    else:
        caught_up = True
    if session.alarm is not None:
        raise ChannelStopped(session.alarm.detail)
    return caught_up


def _caught_up(session: ChannelSession) -> bool:
    if session.alarm is not None or session.journal.status is not ChannelStatus.ACTIVE:
        return True
    return session.line is not None and session.line.ready and not session.journal.waiting


async def catch_up_or_say(session: ChannelSession, timeout_s: float) -> bool:
    """Try to catch up; where that fails, say that what follows rests on what is stored."""
    caught_up = await try_to_catch_up(session, timeout_s)
    if not caught_up:
        note(f"{connection_words(session)}: going by what is stored here")
    return caught_up


def clock_words(session: ChannelSession) -> str:
    """Say whether the relay's clock is ours; deadlines go by the relay's."""
    words = skew_words(session.connection.skew_ms)
    return f"{words}: check yours, and distrust deadlines until they agree" if words else ""


def connection_words(session: ChannelSession) -> str:
    """Say whether the relay can be reached, and why not."""
    state = session.connection
    return f"{state.kind.value}, {state.detail}" if state.detail else state.kind.value
