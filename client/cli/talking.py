"""`parley send`, `ack`, `answer`, `readback` and `tail`: saying something, and reading what was said."""

from typing import TYPE_CHECKING, Annotated

import typer

from client.cli.options import (
    Access,
    ChannelArgument,
    FieldOption,
    JsonInputOption,
    JsonOption,
    NumberArgument,
    PassphraseOption,
    ProfileOption,
    SendAnywayOption,
    StoredOption,
    TimeoutOption,
    fields_given,
)

if TYPE_CHECKING:
    from client.channel_session import ChannelSession
    from client.events import ChannelInfo
    from client.parley import Parley

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(send)
    app.command()(tail)
    app.command()(ack)
    app.command()(answer)
    app.command()(readback)


def send(
    channel: ChannelArgument,
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="The message type; `parley types` lists them.")],
    to: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Who shall act on it; without it, everybody else. As often as needed."
        ),
    ] = None,
    info: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Who shall know of it; as often as needed.")
    ] = None,
    field: FieldOption = None,
    json_input: JsonInputOption = None,
    send_anyway: SendAnywayOption = False,
    timeout: TimeoutOption = 10.0,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
) -> None:
    """Send a message; print its id and its number in the log.

    People are named by display name or the start of their id, messages by number. What the rules of the
    type refuse is listed, and nothing is sent. What a reader may take otherwise is listed as well, and sent
    only with --send-anyway; an ALERT is never held up by that. With --json the result is JSON as well.

    Example: parley send "North bridge" QUESTION --to Amal --field topic=Water --field form=YES_NO --field
    "question=Does the pump work?"

    Example: parley send "North bridge" PROPOSAL --json - < proposal.json

    Exit status 0 also when it could not leave yet: it is saved and goes with the next connection.
    Exit status 1: the message is refused, each reason on a line; something in it may be misunderstood; or
    nobody is called that.
    """
    from client.cli.bodies import message_type_of, read_fields
    from client.cli.opening import in_channel
    from client.cli.people import find_person, resolve, take_addressees
    from client.cli.sending import cleared, report, say

    given = fields_given(field)
    message_type = message_type_of(kind)
    fields = read_fields(message_type.value, json_input, given)

    async def work(parley: "Parley", channel_info: "ChannelInfo", session: "ChannelSession") -> None:
        async def speak() -> bytes:
            negotiation = session.negotiation
            people = negotiation.roster.participants
            content = resolve(message_type, fields, negotiation)
            if info:
                content["info"] = [find_person(name, people).id for name in info]
            readers = [find_person(name, people).id for name in to or ()]
            readers += take_addressees(content)
            message = cleared(
                session,
                lambda envelope: session.compose(message_type.value, content, to=readers, **envelope),
                send_anyway=send_anyway,
            )
            return await session.send(message)

        report(session, await say(session, speak, timeout_s=timeout), json_output=json_input is not None)

    in_channel(Access(profile, passphrase_file), channel, work)


def ack(
    channel: ChannelArgument,
    number: NumberArgument,
    timeout: TimeoutOption = 10.0,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Acknowledge a message: you, a person, have it.

    That is not agreement, belief, permission or waiver.

    Example: parley ack "North bridge" 7

    Exit status 1: there is no such message, or it is your own.
    """
    from client.cli.acknowledging import acknowledge
    from client.cli.opening import in_channel

    async def work(parley: "Parley", info: "ChannelInfo", session: "ChannelSession") -> None:
        await acknowledge(session, number, timeout_s=timeout, json_output=json_output)

    in_channel(Access(profile, passphrase_file), channel, work)


def answer(
    channel: ChannelArgument,
    number: NumberArgument,
    code: Annotated[
        str,
        typer.Argument(
            metavar="CODE",
            help="ROGER, WILCO, UNABLE, AFFIRM, NEGATIVE, STANDBY, NOT-UNDERSTOOD, CORRECT or WRONG.",
        ),
    ],
    field: FieldOption = None,
    send_anyway: SendAnywayOption = False,
    timeout: TimeoutOption = 10.0,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Answer a message with a closing word (a RESPONSE to its author).

    Some words need a field: reason with UNABLE, NEGATIVE and NOT-UNDERSTOOD, by with STANDBY, fields with
    WRONG, passed_to with ROGER to NOTIFY or ALERT. WILCO to a REQUEST or an ALERT is a commitment of yours:
    standard error says which one, before it leaves.

    Example: parley answer "North bridge" 7 WILCO

    Example: parley answer "North bridge" 7 UNABLE --field "reason=the road is mined"

    Exit status 1: there is no such message, the word is no legal answer to it, or a reader may misunderstand
    the reason.
    """
    from client.cli.opening import in_channel
    from client.cli.people import find_others_message
    from client.cli.sending import cleared, report, say
    from client.composing import reply_to

    fields = fields_given(field)

    async def work(parley: "Parley", info: "ChannelInfo", session: "ChannelSession") -> None:
        async def speak() -> bytes:
            target = find_others_message(number, session.negotiation, session.me)
            words = {"code": code.upper().replace("_", "-"), **fields}
            content, to = reply_to(session.negotiation, target.message_id, words)
            message = cleared(
                session,
                lambda envelope: session.compose("RESPONSE", content, to=to, **envelope),
                send_anyway=send_anyway,
            )
            return await session.send(message)

        report(session, await say(session, speak, timeout_s=timeout), json_output=json_output)

    in_channel(Access(profile, passphrase_file), channel, work)


def readback(
    channel: ChannelArgument,
    number: NumberArgument,
    field: FieldOption = None,
    timeout: TimeoutOption = 10.0,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Restate a message's critical fields, for its author to check.

    Use your own words; what differs, the author corrects.

    Example: parley readback "North bridge" 7 --field "window.start=230300Z NOV 26" --field ...

    Exit status 1: there is no such message, or a critical field is missing; the line names it.
    """
    from client.cli.opening import in_channel
    from client.cli.people import find_others_message, resolve
    from client.cli.sending import report, say

    fields = fields_given(field)

    async def work(parley: "Parley", info: "ChannelInfo", session: "ChannelSession") -> None:
        async def speak() -> bytes:
            target = find_others_message(number, session.negotiation, session.me)
            return await session.read_back(
                target.message_id, resolve(target.type, fields, session.negotiation)
            )

        report(session, await say(session, speak, timeout_s=timeout), json_output=json_output)

    in_channel(Access(profile, passphrase_file), channel, work)


def tail(
    channel: ChannelArgument,
    follow: Annotated[
        bool, typer.Option("--follow/--no-follow", "-f", help="Go on printing what comes, until Ctrl+C.")
    ] = False,
    start: Annotated[
        int, typer.Option("--from", min=0, metavar="NO", help="Begin at this number of the log.")
    ] = 0,
    stored: StoredOption = False,
    timeout: TimeoutOption = 10.0,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Print the conversation: what was said, who has it, who answered.

    With --json each message is one line of JSON; with --follow a message is printed again when its
    acknowledgements or answers change.

    Example: parley tail "North bridge" --from 5

    Example: parley tail "North bridge" --json --follow | jq .message

    Exit status 1: no such channel, it is stopped by an alarm, or the relay could not be reached; then what is
    stored was printed all the same.
    """
    from client.cli.opening import in_channel
    from client.cli.tailing import print_conversation

    async def work(parley: "Parley", info: "ChannelInfo", session: "ChannelSession") -> None:
        await print_conversation(
            session,
            members=info.members,
            start=start,
            follow=follow,
            timeout_s=None if stored else timeout,
            json_output=json_output,
        )

    try:
        in_channel(Access(profile, passphrase_file), channel, work, lasting=follow)
    except KeyboardInterrupt:
        if not follow:
            raise
