"""Acknowledging one message (L4), and waiting until everybody can see it."""

from client.channel_session import ChannelSession
from client.cli.opening import catch_up_or_say, connection_words, try_to_catch_up
from client.cli.output import note, print_json, print_line
from client.cli.people import find_others_message
from protocols.negotiation import Level

__all__ = ["acknowledge"]


async def acknowledge(session: ChannelSession, number: str, *, timeout_s: float, json_output: bool) -> None:
    """Acknowledge a message and print how far that has come.

    Raises:
        UnknownMessage: There is none of that number, or it is our own.
        ChannelStopped: The channel has an alarm.

    Cancellation: the acknowledgement may be saved, and then leaves with the next connection.
    """
    connected = await catch_up_or_say(session, timeout_s)
    target = find_others_message(number, session.negotiation, session.me)
    await session.acknowledge(target.message_id)
    if connected:
        connected = await try_to_catch_up(session, timeout_s)
    folded = session.negotiation.message(target.message_id) or target
    mine = folded.acknowledgements.get(session.me)
    done = mine is not None and mine.level >= Level.ACKNOWLEDGED
    if json_output:
        print_json({"position": target.position, "id": target.id, "acknowledged": done}, indent=None)
    elif done:
        print_line(f"No. {target.position} acknowledged")
    if not done:
        note(
            f"queued ({connection_words(session)}): it is saved, and leaves when a command reaches the relay"
        )
