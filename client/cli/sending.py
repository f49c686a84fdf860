"""Saying something in a channel, and following it until the log has it or it is sure that it will not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import JsonValue

from client.channel_session import ChannelSession
from client.clarity import blocked, clarity_lines, clarity_of
from client.cli.errors import NotTaken
from client.cli.opening import catch_up_or_say, connection_words
from client.cli.output import note, print_json, print_line
from client.consequences import consequences
from client.errors import ChannelStopped, Refused
from client.events import OutboxState, SendRefused
from protocols.messages import Message, MessageRefused, MessageType

__all__ = ["Sent", "cleared", "report", "say"]


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a message: its id (32 hex digits), and its position once the relay has stored it."""

    message: str
    position: int | None


async def say(session: ChannelSession, speak: Callable[[], Awaitable[bytes]], *, timeout_s: float) -> Sent:
    """Catch up, say something, and wait for its receipt.

    Args:
        session: The running channel.
        speak: Puts one message into the outbox and returns its id; called once the channel is up to date,
            or when that takes too long.
        timeout_s: How long to wait for the relay, before and after.

    Raises:
        NotTaken: The relay or the members refuse it.
        ChannelStopped: The channel has an alarm.

    Cancellation: after `speak`, the message stays in the outbox and leaves with the next connection.
    """
    connected = await catch_up_or_say(session, timeout_s)
    rejected_before = len(session.negotiation.rejected)
    async with _refusals(session) as refused:
        message_id = await speak()
        with contextlib.suppress(TimeoutError):  # then it is still in the outbox
            await session.wait_for(
                lambda running: _is_settled(running, message_id, refused), timeout_s if connected else 0.1
            )
        await asyncio.sleep(0)  # a refusal that came just now is collected in the next step
    if session.alarm is not None:
        raise ChannelStopped(session.alarm.detail)
    if message_id in refused:
        raise NotTaken(f"{refused[message_id]}; the message was not sent")
    if _is_rejected(session, message_id):
        reasons = {entry.reason for entry in session.negotiation.rejected[rejected_before:]}
        because = f" ({reasons.pop()})" if len(reasons) == 1 else ""
        raise NotTaken(
            f"everybody rejects the message{because}: something else came first; read on and say it again"
        )
    return Sent(message_id.hex(), _position(session, message_id))


def cleared(
    session: ChannelSession, compose: Callable[[Mapping[str, JsonValue]], Message], *, send_anyway: bool
) -> Message:
    """Compose a message, and say what it does and what in it a reader may take otherwise.

    Args:
        session: The running channel.
        compose: Makes the message, with these envelope fields besides its own.
        send_anyway: Its author has seen what the clarity checks ask, and sends it as it is.

    Returns:
        The message; what was asked about stands in it.

    Raises:
        RuleViolation: The rules refuse it, or a clarity check blocks it.
        Refused: The clarity checks ask about something.
    """
    message = compose({})
    found = clarity_of(session.negotiation, message)
    if blocking := blocked(found):
        raise MessageRefused(blocking)
    # For an ALERT no check was run, and nothing is to be read before it leaves.
    for line in clarity_lines(found) if message.type is not MessageType.ALERT else ():
        note(line)
    if found.asking and not send_anyway:
        count = "one thing" if len(found.asking) == 1 else f"{len(found.asking)} things"
        raise Refused(
            f"not sent: a reader may misunderstand {count}, listed above; put it in other words, or send it "
            "as it is with --send-anyway, which is logged with it"
        )
    if found.asking:
        message = compose({"sent_anyway": list(dict.fromkeys(finding.id for finding in found.asking))})
    for line in consequences(session.negotiation, message, session.now_ms):
        note(line)
    return message


def report(session: ChannelSession, sent: Sent, *, json_output: bool) -> None:
    """Print what became of a message."""
    if json_output:
        state = OutboxState.QUEUED if sent.position is None else OutboxState.RELAYED
        print_json({"id": sent.message, "position": sent.position, "state": state.value}, indent=None)
    else:
        print_line(f"id {sent.message}")
        if sent.position is not None:
            print_line(f"No. {sent.position}")
    if sent.position is None:
        note(
            f"queued ({connection_words(session)}): it is saved, and leaves when a command reaches the relay"
        )


def _position(session: ChannelSession, message_id: bytes) -> int | None:
    """Where the log has a message, as its receipt or the log itself says; None while neither does."""
    folded = session.negotiation.message(message_id)
    if folded is not None:
        return folded.position
    waiting = (item for item in session.outbox() if item.message_id == message_id)
    return next((item.position for item in waiting), None)


def _is_settled(session: ChannelSession, message_id: bytes, refused: dict[bytes, str]) -> bool:
    if session.alarm is not None or message_id in refused or _is_rejected(session, message_id):
        return True
    position = _position(session, message_id)
    return position is not None and position <= session.negotiation.position


def _is_rejected(session: ChannelSession, message_id: bytes) -> bool:
    """Whether the log has a message that the rules made void: it left the outbox and is not in the fold."""
    waiting = {item.message_id for item in session.outbox()}
    return message_id not in waiting and session.negotiation.message(message_id) is None


@asynccontextmanager
async def _refusals(session: ChannelSession) -> AsyncIterator[dict[bytes, str]]:
    """Collect, for the length of a block, which messages will not be taken and why."""
    refused: dict[bytes, str] = {}

    async def listen() -> None:
        async for event in session.events():
            if isinstance(event, SendRefused):
                refused[event.message_id] = event.detail
                session.notify()

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0)  # it listens from its first step on
    try:
        yield refused
    finally:
        listening.cancel()
        await asyncio.wait((listening,))
