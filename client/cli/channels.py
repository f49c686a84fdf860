"""`parley channel new`, `list` and `show`; `client.cli.seats` adds what changes a channel."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from client.cli.options import (
    Access,
    ChannelArgument,
    JsonOption,
    PassphraseOption,
    ProfileOption,
    RoleChoice,
    StoredOption,
    TimeoutOption,
    duration_s,
)
from client.cli.output import note, print_json, print_line

if TYPE_CHECKING:
    from client.channel_session import ChannelSession
    from client.events import ChannelInfo
    from client.parley import Parley

__all__ = ["group", "register"]

_Shown: TypeAlias = tuple[dict[str, object], list[dict[str, str]]]
group = typer.Typer(help="Make channels and look at them.", no_args_is_help=True, rich_markup_mode=None)


class SuiteChoice(StrEnum):
    """What the members' keys and messages are protected with."""

    X_WING = "x-wing"
    MLS_1 = "1"


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(group, name="channel")


@group.command()
def new(
    title: Annotated[
        str, typer.Argument(metavar="TITLE", help="What the channel is called; the relay does not see it.")
    ],
    relay: Annotated[
        str,
        typer.Option(
            metavar="URL", envvar="PARLEY_RELAY", help="The relay, such as wss://relay.example.org."
        ),
    ],
    token: Annotated[
        str,
        typer.Option(
            envvar="PARLEY_ADMISSION_TOKEN",
            help="The relay operator's admission token; other users of this machine see it on the command "
            "line, but not in the environment.",
            show_default=False,
        ),
    ] = "",
    role: Annotated[RoleChoice, typer.Option(help="Your own role.")] = RoleChoice.MEDIATOR,
    exercise: Annotated[
        bool, typer.Option("--exercise", help="For training: every message says so, and it cannot turn real.")
    ] = False,
    timer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TIMER=TIME",
            help='When an acknowledgement is overdue, such as "PRIORITY L4=1h"; as often as needed.',
        ),
    ] = None,
    language: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TAG", help="A language of the channel; the first is its own; as often as needed."
        ),
    ] = None,
    displayed: Annotated[
        bool, typer.Option("--displayed", help="Devices report which messages they have shown (L3).")
    ] = False,
    cipher_suite: Annotated[
        SuiteChoice,
        typer.Option(help="x-wing resists quantum computers; 1 is for members whose program lacks it."),
    ] = SuiteChoice.X_WING,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Make a channel on a relay, with yourself as its first member.

    Example: parley channel new "North bridge" --relay wss://relay.example.org

    Timers, languages and the cipher suite cannot be changed once people talk: see `parley channel settle`.

    Exit status 1: the relay cannot be reached or does not admit new channels without a token, or the title or
    a timer cannot be used.
    """
    import asyncio

    from channel.charter import Mode
    from client.cli.opening import in_profile
    from client.founding import DEFAULT_CIPHER_SUITE, ChannelRules
    from protocols.messages import Role

    rules = ChannelRules(
        mode=Mode.EXERCISE if exercise else Mode.LIVE,
        timers=dict(map(_timer, timer or ())),
        languages=tuple(language or ("en",)),
        displayed=displayed,
    )
    with in_profile(Access(profile, passphrase_file)) as parley:
        info = asyncio.run(
            parley.create_channel(
                relay,
                title=title,
                role=Role(role.value),
                admission_token=token,
                rules=rules,
                suite_number=DEFAULT_CIPHER_SUITE if cipher_suite is SuiteChoice.X_WING else 1,
            )
        )
    if json_output:
        print_json(_value(info))
        return
    print_line(f"{info.short}  {info.title}")
    note(f"next: `parley invite {info.short} --name NAME --role ROLE` for everyone who shall take part")


def _timer(given: str) -> tuple[str, int]:
    """Read `PRIORITY L4=1h`; which timers there are is for the charter to say."""
    name, equals, length = given.partition("=")
    if not equals:
        raise typer.BadParameter(f"{given!r} is not TIMER=TIME", param_hint="--timer")
    return " ".join(name.upper().split()), duration_s(length)


@group.command("list")
def list_channels(
    profile: ProfileOption = None, passphrase_file: PassphraseOption = None, json_output: JsonOption = False
) -> None:
    """List your channels: id, status, role, size and title.

    Example: parley channel list

    Exit status 1: there is no profile, or the passphrase is wrong.
    """
    from client.cli.opening import in_profile

    with in_profile(Access(profile, passphrase_file)) as parley:
        channels = parley.channels()
    if json_output:
        print_json([_value(info) for info in channels])
        return
    for info in channels:
        mode = "" if info.mode == "LIVE" else f"  {info.mode}"
        members, entries = f"{len(info.members)} members", f"{info.size} entries"
        print_line(
            f"{info.short}  {info.status.value}  {info.role.value}  {members}  {entries}  {info.title}{mode}"
        )
    if not channels:
        note("no channels yet: `parley join CODE`, or `parley channel new TITLE --relay URL`")


@group.command()
def show(
    channel: ChannelArgument,
    stored: StoredOption = False,
    timeout: TimeoutOption = 10.0,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Show a channel: its people, its log, what waits for a commit.

    For each person: role, for whom they speak and how far, and whether you compared safety numbers. What was
    agreed comes into the charter by itself; `parley channel enact` does it now.

    Example: parley channel show "North bridge"

    Exit status 1: no such channel, or it is stopped by an alarm; both conflicting checkpoints are kept.
    """
    from client.cli.opening import in_channel, try_to_catch_up

    async def work(parley: "Parley", info: "ChannelInfo", session: "ChannelSession") -> _Shown:
        if not stored:
            await try_to_catch_up(session, timeout)
        current = parley.find_channel(info.log.hex())
        origin = session.conversation.transcript.genesis.origin
        return _details(current, session), _roster(parley, current, session, origin)

    details, roster = in_channel(Access(profile, passphrase_file), channel, work)
    if json_output:
        print_json({**details, "roster": roster})
        return
    for name, value in details.items():
        for item in _items(value):
            print_line(f"{name:<14}{item}")
    for member in roster:
        print_line("  ".join(("", *(value for value in member.values() if value))))


def _items(value: object) -> list[object]:
    match value:
        case list():
            return value
        case dict():
            return [f"{name} {setting} s" for name, setting in value.items()]
        case _:
            return [value]


def _roster(
    parley: "Parley", info: "ChannelInfo", session: "ChannelSession", origin: str
) -> list[dict[str, str]]:
    from client.speaking import speaks_for
    from protocols.messages.values import format_time

    roster = []
    for member in info.members:
        rows = [row for row in parley.verifications(member.id) if row.origin == origin]
        if member.id == parley.participant_id:
            mark = "you"
        elif rows:
            mark = f"verified by {rows[-1].method}, {format_time(rows[-1].verified_ms)}"
        else:
            mark = "not verified"
        roster.append(
            {
                "participant": member.id,
                "role": member.role.value,
                "name": member.name,
                "verified": mark,
                "speaks": speaks_for(session.negotiation, member.id, session.now_ms),
            }
        )
    return roster


def _details(info: "ChannelInfo", session: "ChannelSession") -> dict[str, object]:
    from channel.mls import cipher_suite
    from client.cli.opening import clock_words, connection_words
    from client.waiting import waiting_changes

    conversation = session.conversation
    genesis = conversation.transcript.genesis
    size = conversation.transcript.size
    return {
        **_value(info),
        "origin": genesis.origin,
        "cipher_suite": cipher_suite(genesis.cipher_suite).name,
        "timers": dict(conversation.transcript.epoch.charter.timers),
        "languages": list(conversation.transcript.epoch.charter.languages),
        "epoch": conversation.group.epoch,
        "checkpoint": f"{size} entries, root {conversation.transcript.root_at(size).hex()}",
        "seats": info.seats,
        "enacting": [change.words for change in waiting_changes(session.negotiation)],
        "stuck": list(session.enactor.failures),
        "waiting": len(session.outbox()),
        "connection": connection_words(session),
        "clocks": clock_words(session),
        "alarm": "" if session.alarm is None else f"{session.alarm.kind.value}: {session.alarm.detail}",
    }


def _value(info: "ChannelInfo") -> dict[str, object]:
    return {
        "channel": info.short,
        "log": info.log.hex(),
        "title": info.title,
        "mode": info.mode,
        "role": info.role.value,
        "relay": info.relay_url,
        "status": info.status.value,
        "entries": info.size,
        "members": len(info.members),
    }
