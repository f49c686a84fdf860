"""Asking a table for a change of seats, and saying where it stands.

Imported inside commands only.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from client.channel_session import ChannelSession
from client.cli.opening import in_channel, wait_until_caught_up
from client.cli.options import Access
from client.cli.output import note, print_json, print_line
from client.cli.people import find_person
from client.cli.sending import report, say
from client.enacting import check_may_govern
from client.events import ChannelInfo
from client.governing import compose_seat
from client.parley import Parley
from client.seating import awaited
from protocols.messages import Message, Role

if TYPE_CHECKING:
    from protocols.negotiation import FoldedMessage

__all__ = ["ask_about", "ask_table", "describe_table", "missing_words", "outcome", "say_settled"]


def describe_table(session: ChannelSession) -> Iterator[str]:
    """Say who would have to agree from now on, and who is only there."""
    people = session.negotiation.roster.participants
    parties = [one.name for one in people if one.role is Role.PARTY]
    others = [f"{one.name} ({one.role})" for one in people if one.role is not Role.PARTY]
    if parties:
        yield f"who would have to agree: {', '.join(parties)}"
    else:
        yield "there is no party here: a mediator's word alone would decide who comes and goes"
    if others:
        yield f"who is here beside them: {', '.join(others)}"


def say_settled(channel: str, *, json_output: bool) -> None:
    """Print that a channel's set-up is over."""
    if json_output:
        print_json({"channel": channel, "settled": True}, indent=None)
    else:
        print_line("settled: nobody comes, goes or changes role unless every party agrees")


def ask_about(
    access: Access,
    channel: str,
    person: str,
    operation: str,
    *,
    role: Role | None = None,
    timeout_s: float,
    json_output: bool,
) -> None:
    """Ask every other party for a change of somebody's seat."""

    async def work(parley: Parley, info: ChannelInfo, session: ChannelSession) -> None:
        await wait_until_caught_up(session, timeout_s)
        check_may_govern(session)
        someone = find_person(person, session.negotiation.roster.participants)
        message = compose_seat(session, someone.id, operation, role=role)
        await ask_table(session, message, timeout_s=timeout_s, json_output=json_output)

    in_channel(access, channel, work)


async def ask_table(
    session: ChannelSession, message: Message, *, timeout_s: float, json_output: bool, quiet: bool = False
) -> None:
    """Send a SEAT and say whose agreement it needs; with `quiet`, only send it."""

    async def speak() -> bytes:
        return await session.send(message)

    sent = await say(session, speak, timeout_s=timeout_s)
    if quiet:
        return
    report(session, sent, json_output=json_output)
    folded = session.negotiation.message(sent.message)
    if folded is not None:
        note(missing_words(session, folded))


def missing_words(session: ChannelSession, folded: "FoldedMessage") -> str:
    """Say whose agreement a SEAT still needs, and how they give it."""
    roster = session.negotiation.roster
    missing = ", ".join(roster.name(who) for who in awaited(session.negotiation, folded))
    if not missing:
        return f"No. {folded.position} is agreed"
    return (
        f"it needs the agreement of {missing}: `parley answer CHANNEL {folded.position} AFFIRM`, or NEGATIVE "
        "with a reason"
    )


def outcome(words: str, state: str, participant: str, *, json_output: bool) -> None:
    """Print what became of a seat."""
    if json_output:
        print_json({"participant": participant, "state": state}, indent=None)
    else:
        print_line(words)
