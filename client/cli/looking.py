"""`parley types`, `check` and `board`: what can be said, what would be refused, what is on the table."""

from typing import TYPE_CHECKING, Annotated

import typer

from client.cli.options import (
    Access,
    ChannelArgument,
    FieldOption,
    JsonInputOption,
    JsonOption,
    PassphraseOption,
    ProfileOption,
    StoredOption,
    TimeoutOption,
    fields_given,
)
from client.cli.output import print_json, print_line, print_lines

if TYPE_CHECKING:
    from client.channel_session import ChannelSession
    from client.events import ChannelInfo
    from client.parley import Parley

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(types)
    app.command()(check)
    app.command()(board)


def types(
    kind: Annotated[
        str | None, typer.Argument(metavar="[TYPE]", help="One type; without it, list them all.")
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the type's JSON Schema (2020-12) of a whole message.")
    ] = False,
    profile: ProfileOption = None,
    json_output: JsonOption = False,
) -> None:
    """List the message types, or show one's fields or schema.

    Needs no profile.

    Example: parley types

    Example: parley types PROPOSAL

    Example: parley types NOTIFY --schema > notify.schema.json

    Exit status 2: there is no such type.
    """
    from client.cli.bodies import message_type_of
    from client.cli.catalogue import all_types, one_type, type_value
    from protocols.messages import MessageType
    from protocols.messages.schema import json_schema

    if kind is None:
        if schema:
            raise typer.BadParameter("say of which TYPE", param_hint="--schema")
        if json_output:
            print_json([type_value(each) for each in MessageType])
        else:
            print_lines(all_types())
        return
    message_type = message_type_of(kind)
    if schema:
        print_json(json_schema(message_type))
    elif json_output:
        print_json(type_value(message_type, fields=True))
    else:
        print_lines(one_type(message_type))


def check(
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="The message type.")],
    field: FieldOption = None,
    json_input: JsonInputOption = None,
    channel: Annotated[
        str | None,
        typer.Option(
            metavar="CHANNEL", help="Check against this channel as it is stored here; needs a profile."
        ),
    ] = None,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
) -> None:
    """Say what would be refused, before anything is sent.

    Prints what the rules refuse, or else what people would be asked about (the clarity checks), each with its
    field and the way out: lines for people, or JSON with --json.

    Without --channel only the rules of the type itself are looked at, and no profile is needed; people and
    messages are then named by id. Nothing is ever sent.

    Example: parley check INFORM --json - < message.json

    Example: parley check QUESTION --channel "North bridge" --field topic=Water --field ...

    Exit status 0: it can be sent, even if something is asked about. Exit status 1: it would be refused.
    """
    from client.cli.bodies import message_type_of, read_fields
    from client.cli.checking import Checked, check_alone, check_in_channel
    from client.cli.opening import in_channel

    given = fields_given(field)
    message_type = message_type_of(kind)
    fields = read_fields(message_type.value, json_input, given)
    if channel is None:
        checked = check_alone(message_type, fields)
    else:

        async def work(parley: "Parley", info: "ChannelInfo", session: "ChannelSession") -> Checked:
            return check_in_channel(session, message_type, fields)

        checked = in_channel(Access(profile, passphrase_file), channel, work)
    if json_input is not None:
        print_json(checked.value())
    else:
        print_lines(checked.lines())
    checked.raise_if_refused()


def board(
    channel: ChannelArgument,
    stored: StoredOption = False,
    timeout: TimeoutOption = 10.0,
    profile: ProfileOption = None,
    passphrase_file: PassphraseOption = None,
    json_output: JsonOption = False,
) -> None:
    """Show what is on the table: what is open, agreed and owed.

    Open questions and requests, proposals, commitments, incidents that nobody has explained, meetings,
    notifications in force, what was agreed and waits for a commit. Of lists of persons, which are TLP:RED,
    only how many are on them and how far they are answered.

    Example: parley board "North bridge"

    Exit status 1: no such channel, it is stopped by an alarm, or the relay cannot be reached; --stored shows
    what is stored.
    """
    from client.cli.boarding import board_lines, board_value
    from client.cli.opening import in_channel, wait_until_caught_up
    from client.cli.people import names_of

    async def work(parley: "Parley", info: "ChannelInfo", session: "ChannelSession") -> None:
        if not stored:
            await wait_until_caught_up(session, timeout)
        negotiation, now_ms = session.negotiation, session.journal.deadline_ms
        if json_output:
            print_json(board_value(negotiation, now_ms))
            return
        for line in board_lines(negotiation, names_of(negotiation, info.members), now_ms):
            print_line(line)

    in_channel(Access(profile, passphrase_file), channel, work)
