"""Who sits here: `parley channel settle`, `remove`, `enact`, and `parley seat suspend`, `restore`, `role`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from client.cli import channels
from client.cli.options import (
    Access,
    ChannelArgument,
    JsonOption,
    PassphraseOption,
    PersonArgument,
    ProfileOption,
    RoleChoice,
    TimeoutOption,
)
from client.cli.output import note, print_json, print_line

if TYPE_CHECKING:
    from client.channel_session import ChannelSession
    from client.events import ChannelInfo
    from client.parley import Parley

__all__ = ["register"]

_group = typer.Typer(
    help="Silence a seat, restore it, or change its role.", no_args_is_help=True, rich_markup_mode=None
)
_SETTLING = (
    "from then on nobody comes, goes or changes role unless every party agrees, and title, timers, languages "
    "and retention stand; this cannot be undone"
)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    channels.group.command()(settle)
    channels.group.command()(remove)
    channels.group.command()(enact)
    app.add_typer(_group, name="seat")


def settle(
    channel: ChannelArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")] = False,
    timeout: TimeoutOption = 10.0,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """End a channel's set-up, once everybody who belongs has a seat.

    While a channel is set up, any party or mediator decides who sits here. Afterwards nobody comes, goes or
    changes role unless every party agrees to a SEAT message. It cannot be undone.

    Example: parley channel settle "North bridge"

    Exit status 1: you are neither party nor mediator, alone here, said no, or the relay cannot be reached.
    """
    import asyncio

    from client.cli.opening import in_channel, wait_until_caught_up
    from client.cli.settling import describe_table, say_settled
    from client.enacting import check_may_govern
    from client.enacting import settle as settle_now
    from client.errors import Refused
    from client.seating import is_settled

    async def work(parley: "Parley", info: "ChannelInfo", session: "ChannelSession") -> None:
        await wait_until_caught_up(session, timeout)
        if is_settled(session.charter):
            note("the set-up is over already; nothing was changed")
            say_settled(info.short, json_output=json_output)
            return
        check_may_govern(session)
        for line in describe_table(session):
            note(line)
        if not yes:
            note(_SETTLING)
            if not sys.stdin.isatty():
                raise Refused("there is no terminal to confirm it: add --yes")
            if not typer.confirm("End the set-up?", err=True):
                raise Refused("the channel stays in its set-up; nothing was changed")
        async with asyncio.timeout(timeout):
            await settle_now(session)
        say_settled(info.short, json_output=json_output)

    in_channel(Access(profile, passphrase_file), channel, work)


def remove(
    channel: ChannelArgument,
    person: PersonArgument,
    reason: Annotated[
        str, typer.Option(help="Why; needed once the set-up is over, and everybody reads it.")
    ] = "",
    timeout: TimeoutOption = 10.0,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Take somebody's seat away: they read nothing more.

    What they have read they keep. While the channel is set up this happens at once. Afterwards it asks every
    other party with a SEAT message; when all have answered AFFIRM, whoever's client runs takes the seat away.
    For a stolen or captured device, `parley seat suspend` works at once.

    Example: parley channel remove "North bridge" Olga --reason "her mission has ended"

    Exit status 1: nobody is called that, you may not, or the relay cannot be reached.
    """
    import asyncio

    from client.cli.opening import in_channel, wait_until_caught_up
    from client.cli.people import find_person
    from client.cli.settling import ask_table, outcome
    from client.errors import Refused
    from client.governing import compose_seat, must_be_asked, remove_now

    async def work(parley: "Parley", info: "ChannelInfo", session: "ChannelSession") -> None:
        await wait_until_caught_up(session, timeout)
        someone = find_person(person, session.negotiation.roster.participants)
        if not must_be_asked(session, someone.id):
            async with asyncio.timeout(timeout):
                await remove_now(session, someone.id)
            outcome(f"{someone.name} has no seat any more", "removed", someone.id, json_output=json_output)
            return
        if not reason:
            raise Refused("say why with --reason: every party reads it before they agree")
        asked = compose_seat(session, someone.id, "REMOVE", reason=reason)
        await ask_table(session, asked, timeout_s=timeout, json_output=json_output)

    in_channel(Access(profile, passphrase_file), channel, work)


def enact(
    channel: ChannelArgument,
    timeout: TimeoutOption = 30.0,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Put what was agreed into the charter, now.

    Every client does this by itself while it runs a channel; this is for when you do not want to wait.
    `parley channel show` lists what waits.

    Example: parley channel enact "North bridge"

    Exit status 1: you are neither party nor mediator, or the relay cannot be reached.
    """
    import asyncio

    from client.cli.opening import in_channel, wait_until_caught_up
    from client.enacting import enact as enact_now

    async def work(parley: "Parley", info: "ChannelInfo", session: "ChannelSession") -> tuple[str, ...]:
        await wait_until_caught_up(session, timeout)
        async with asyncio.timeout(timeout):
            return await enact_now(session)

    enacted = in_channel(Access(profile, passphrase_file), channel, work)
    if json_output:
        print_json({"enacted": list(enacted)})
        return
    for words in enacted:
        print_line(words)
    if not enacted:
        note("nothing waits for a commit that you could make")


@_group.command()
def suspend(
    channel: ChannelArgument,
    person: PersonArgument,
    reason: Annotated[str, typer.Option(help="Why; everybody reads it.")],
    stay: Annotated[
        bool,
        typer.Option(
            "--stay", help="Only silence the seat: whoever holds its device reads on. It can be restored."
        ),
    ] = False,
    timeout: TimeoutOption = 10.0,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Silence a seat that may be in other hands, and lock it out.

    A mediator, or somebody of the same principal, does it at once: from that entry on nothing the seat says
    counts, and it is removed, so that its device reads nothing more. Coming back takes a new invitation, and
    every party's consent once the set-up is over. With --stay the seat is only silenced, until the parties
    agree to `parley seat restore` or to a new key (`parley invite --replaces`).

    Another party can only ask for it, and so can a mediator where no other party would be left: it works when
    every other party agrees.

    Example: parley seat suspend "North bridge" Amal --reason "his phone was taken at a checkpoint"

    Exit status 1: nobody is called that, you may not, or the relay cannot be reached.
    """
    import asyncio

    from client.cli.opening import in_channel, wait_until_caught_up
    from client.cli.people import find_person
    from client.cli.settling import ask_table, outcome
    from client.governing import can_silence, compose_seat, remove_now

    async def work(parley: "Parley", info: "ChannelInfo", session: "ChannelSession") -> None:
        await wait_until_caught_up(session, timeout)
        someone = find_person(person, session.negotiation.roster.participants)
        if someone.id not in session.negotiation.suspended:
            asked = compose_seat(session, someone.id, "SUSPEND", reason=reason)
            silent = can_silence(session, someone.id)
            shown = json_output and not silent
            await ask_table(session, asked, timeout_s=timeout, json_output=shown, quiet=silent)
        if someone.id not in session.negotiation.suspended:
            return
        if stay or someone.id == session.me:
            outcome(
                f"{someone.name} is suspended, and reads on", "suspended", someone.id, json_output=json_output
            )
            return
        async with asyncio.timeout(timeout):
            await remove_now(session, someone.id)
        outcome(f"{someone.name} is suspended and removed", "removed", someone.id, json_output=json_output)

    in_channel(Access(profile, passphrase_file), channel, work)


@_group.command()
def restore(
    channel: ChannelArgument,
    person: PersonArgument,
    timeout: TimeoutOption = 10.0,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Ask every other party to let a suspended seat speak again.

    Example: parley seat restore "North bridge" Amal

    Exit status 1: nobody is called that, the seat is not suspended, or the relay cannot be reached.
    """
    from client.cli.settling import ask_about

    ask_about(
        Access(profile, passphrase_file),
        channel,
        person,
        "RESTORE",
        timeout_s=timeout,
        json_output=json_output,
    )


@_group.command()
def role(
    channel: ChannelArgument,
    person: PersonArgument,
    role: Annotated[RoleChoice, typer.Option("--role", help="Their new role.")],
    timeout: TimeoutOption = 10.0,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Ask every other party to agree to another role for a seat.

    Also while the channel is set up: a role is what everybody's messages are judged by.

    Example: parley seat role "North bridge" Olga --role monitor

    Exit status 1: nobody is called that, the seat has that role, or the relay cannot be reached.
    """
    from client.cli.settling import ask_about
    from protocols.messages import Role

    ask_about(
        Access(profile, passphrase_file),
        channel,
        person,
        "ROLE",
        role=Role(role.value),
        timeout_s=timeout,
        json_output=json_output,
    )
