"""Making a message that will count: its own rules, and the conversation as it stands."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from client.conversation import Conversation
from client.errors import UnknownMessage
from protocols.errors import RuleViolation
from protocols.messages import Message, compose, encode_body
from protocols.messages.values import format_time
from protocols.negotiation import Negotiation, Received

__all__ = ["compose_now", "readings", "reply_to"]


def compose_now(
    conversation: Conversation,
    me: str,
    kind: str,
    fields: Mapping[str, JsonValue],
    *,
    to: Sequence[str],
    now_ms: int,
    envelope: Mapping[str, JsonValue],
) -> Message:
    """Make a message and judge it as every member would if it were the next entry.

    Args:
        conversation: The channel; not changed.
        me: Our participant id.
        kind: The message type.
        fields: Its content, see ``protocols.messages.compose``.
        to: ACTION addressees; empty for everybody else on the roster.
        now_ms: UTC milliseconds.
        envelope: Envelope fields by name.

    Raises:
        RuleViolation: What is wrong, which field, and the way out.
    """
    charter = conversation.transcript.epoch.charter
    negotiation = conversation.transcript.negotiation
    message = compose(
        kind,
        {**fields, **envelope},
        sender=me,
        to=tuple(to) or tuple(entry.id for entry in charter.roster if entry.id != me),
        sent=format_time(now_ms),
        mode=charter.mode.value,
    )
    trial = Received(
        position=conversation.transcript.size,
        relay_time_ms=max(now_ms, negotiation.relay_time_ms),
        epoch=conversation.group.epoch,
        sender=me,
        message_id=bytes(16),
        body=encode_body(message),
    )
    verdict = negotiation.judge(trial)
    if not verdict.accepted:
        rule = (verdict.reason or "").removeprefix("rule:")
        raise RuleViolation(rule, None, verdict.hint or "not allowed as things stand")
    return message


def reply_to(
    negotiation: Negotiation, message_id: bytes, fields: Mapping[str, JsonValue]
) -> tuple[dict[str, JsonValue], tuple[str, ...]]:
    """The fields of an answer to a message, and whom it goes to: whoever sent that message.

    Args:
        negotiation: The channel's.
        message_id: The message answered, 16 bytes.
        fields: What the answer says.

    Raises:
        UnknownMessage: There is no such message.
    """
    original = negotiation.message(message_id)
    if original is None:
        raise UnknownMessage("there is no such message in this channel")
    topic = original.message.envelope.topic
    return {"target": message_id.hex(), "topic": topic, **fields}, (original.sender,)


def readings(fields: Mapping[str, JsonValue]) -> list[JsonValue]:
    """Critical fields, restated, as a READBACK carries them."""
    return [{"field": name, "value": value} for name, value in fields.items()]
