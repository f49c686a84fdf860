"""`parley invite`, `join` and `verify`: how people come in, and how they make sure who is there."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from client.cli.options import (
    Access,
    ChannelArgument,
    JsonOption,
    PassphraseOption,
    ProfileOption,
    RoleChoice,
    TimeoutOption,
    duration_s,
)
from client.cli.output import note, print_json, print_line

if TYPE_CHECKING:
    from client.channel_session import ChannelSession
    from client.events import ChannelInfo
    from client.parley import Parley
    from client.store import VerificationRow
    from protocols.negotiation import Participant

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(invite)
    app.command()(join)
    app.command()(verify)


def invite(
    channel: ChannelArgument,
    role: Annotated[
        RoleChoice | None, typer.Option(help="Their role; left out with --replaces.", show_default=False)
    ] = None,
    name: Annotated[
        str, typer.Option(help="Their name on the roster; without it, the one they propose.")
    ] = "",
    principal_name: Annotated[
        str,
        typer.Option("--principal-name", metavar="NAME", help="Whom they will speak for, as people know it."),
    ] = "",
    principal: Annotated[
        str,
        typer.Option(metavar="KEY", help="That principal's identity key, 64 digits: `parley card --json`."),
    ] = "",
    mandate: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="What the principal signed for them, while the channel is set up."),
    ] = None,
    replaces: Annotated[
        str,
        typer.Option(
            metavar="PERSON", help="Give the seat of PERSON a new key, in the place of the old one."
        ),
    ] = "",
    lifetime: Annotated[
        str, typer.Option(metavar="TIME", help="How long the code can be used, such as 30m, 24h, 7d.")
    ] = "24h",
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Do not wait; they are admitted when a channel command runs.")
    ] = False,
    timeout: TimeoutOption = 10.0,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Invite one person: print a one-time code, then admit them.

    The code is the first line of standard output. Hand it over by another route than this channel, to one
    person only: whoever has it can come in.

    While the channel is set up they are admitted at once. After `parley channel settle`, every party is
    asked by a SEAT message when they use the code, and they come in when all have answered AFFIRM: give the
    code long enough, such as --lifetime 7d.

    Who speaks for a principal needs --principal-name and --principal, or a --mandate of the principal's,
    which names both: they can negotiate and bind it as far as their mandates go.

    Somebody with a new device or key joins with --replaces: the old key goes in the same step as the new one
    comes. In a settled channel the old key must agree too, or be suspended first
    (`parley seat suspend CHANNEL PERSON --reason ... --stay`).

    Example: parley invite "North bridge" --name Amal --role party

    Example: parley invite "North bridge" --replaces Amal

    Exit status 1: the relay cannot be reached, a party does not agree, or nobody who may come in used the
    code in time.
    """
    from client.cli.admission import Guest, give_invitation
    from client.cli.opening import in_channel
    from protocols.messages import Role

    if (role is None) == (not replaces):
        raise typer.BadParameter("say their role, or whose key theirs replaces", param_hint="--role")
    if bool(principal) != bool(principal_name):
        raise typer.BadParameter("goes with --principal-name, always and only", param_hint="--principal")
    guest = Guest(
        name=name,
        role=None if role is None else Role(role.value),
        lifetime_s=duration_s(lifetime),
        principal=principal,
        principal_name=principal_name,
        mandates=tuple(mandate or ()),
        replaces=replaces,
    )

    def announce(code: str) -> None:
        if json_output:
            print_json({"code": code}, indent=None)
        else:
            print_line(code)

    async def work(parley: "Parley", info: "ChannelInfo", session: "ChannelSession") -> "Participant | None":
        return await give_invitation(session, guest, announce, connect_s=timeout, wait=not no_wait)

    newcomer = in_channel(Access(profile, passphrase_file), channel, work)
    if newcomer is None:
        return
    if json_output:
        print_json({"participant": newcomer.id, "name": newcomer.name, "role": newcomer.role}, indent=None)
    note(f"{newcomer.name} is in the channel: compare safety numbers, `parley verify CHANNEL PERSON`")


def join(
    code: Annotated[
        str, typer.Argument(metavar="CODE", help="The invitation code, or - to read it from standard input.")
    ],
    name: Annotated[str, typer.Option(help="The name to propose; the inviter may have fixed another.")] = "",
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Join a channel by an invitation code.

    Waits until you are admitted, and verifies what you are shown before it believes it.

    Example: parley join parley1-4dk2...

    Exit status 1: the code is mistyped, used up or expired, the relay cannot be reached, or the channel's
    history does not hold. Joining again with the same code goes on where it stopped.
    """
    import asyncio

    from client.cli.opening import in_profile

    if code == "-":
        code = sys.stdin.readline(4096)
    with in_profile(Access(profile, passphrase_file)) as parley:
        info = asyncio.run(parley.join(code.strip(), name=name, progress=note))
        mine = parley.participant_id
    if json_output:
        print_json(
            {"channel": info.short, "log": info.log.hex(), "title": info.title, "role": info.role.value}
        )
        return
    print_line(f"{info.short}  {info.title}: you are {info.role.value}, {len(info.members)} members")
    others = ", ".join(member.name for member in info.members if member.id != mine)
    note(
        f"nobody here is verified yet ({others}): call each on a number you already know, and compare safety"
    )
    note(f"numbers with `parley verify {info.short} PERSON`")


def verify(
    channel: ChannelArgument,
    person: Annotated[
        str | None,
        typer.Argument(metavar="[PERSON]", help="Display name or start of the id; without it, list all."),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(help="By which route you compared: voice, video, in person ...", show_default=False),
    ] = None,
    matches: Annotated[
        bool | None,
        typer.Option(
            "--matches/--differs", help="Say whether the numbers are equal, where nobody can be asked."
        ),
    ] = None,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Compare safety numbers with somebody, and record it.

    Call them on a number you already know; both of you read the number aloud. If it is the same, nobody sits
    between you.

    Example: parley verify "North bridge" Amal

    Example: parley verify "North bridge" Amal --method voice --matches

    Exit status 1: nobody or more than one is called that, or the numbers differ.
    """
    from client.cli.opening import in_profile
    from client.cli.people import find_person

    if matches and method is None:
        raise typer.BadParameter("say by which route the numbers were compared", param_hint="--method")
    with in_profile(Access(profile, passphrase_file)) as parley:
        info = parley.find_channel(channel)
        others = tuple(member for member in info.members if member.id != parley.participant_id)
        if person is None:
            _list(parley, info, others, json_output)
            return
        member = find_person(person, others)
        number = parley.safety_number(info, member.id)
        if not json_output:
            print_line(number)
        if matches is None and sys.stdin.isatty():
            note(f"call {member.name} on a number you already know; both of you read the number aloud")
            matches = typer.confirm("Do they match?", err=True)
            if matches and method is None:
                method = str(typer.prompt("By which route did you compare?", default="voice", err=True))
        row = None
        if matches:
            row = parley.record_verification(info, member.id, method or "voice")
    if json_output:
        print_json({**_person(member, row), "safety_number": number, "matches": matches})
    elif row is not None:
        note(f"{member.name} is verified by {row.method}; recorded")
    elif matches is None:
        note("when they have been compared: `parley verify CHANNEL PERSON --method voice --matches`")
    if matches is False:
        _differ(member.name)


def _differ(name: str) -> None:
    from client.cli.errors import NumbersDiffer

    raise NumbersDiffer(
        f"the numbers differ, so somebody may sit between you and {name}: agree on nothing here, tell "
        "them by that other route, and make a new channel with a new invitation"
    )


def _list(
    parley: "Parley", info: "ChannelInfo", others: "tuple[Participant, ...]", json_output: bool
) -> None:
    # A number is of one channel; the beginning of its origin is the relay's name, its end the log id.
    rows = {
        member.id: next(
            (row for row in reversed(parley.verifications(member.id)) if row.origin.endswith(info.log.hex())),
            None,
        )
        for member in others
    }
    if json_output:
        print_json([_person(member, rows[member.id]) for member in others])
        return
    for member in others:
        value = _person(member, rows[member.id])
        state = f"verified by {value['method']}, {value['verified']}" if value["method"] else "not verified"
        print_line(f"{member.id}  {member.role.value:<9} {member.name}: {state}")
    if not others:
        note("there is nobody else in this channel yet")


def _person(member: "Participant", row: "VerificationRow | None") -> dict[str, object]:
    from protocols.messages.values import format_time

    return {
        "participant": member.id,
        "name": member.name,
        "role": member.role.value,
        "verified": None if row is None else format_time(row.verified_ms),
        "method": None if row is None else row.method,
    }
