"""Making a message that will count: its own rules, and the conversation as it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import JsonValue

from client.conversation import Conversation
from client.errors import UnknownMessage
from client.filling import fill_in
from client.speaking import mandate_to_cite
from protocols.errors import RuleViolation
from protocols.messages import Message, compose, encode_body, power_needed
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
        to: ACTION addressees; empty for everybody else on the roster, or for whom the type is for.
        now_ms: UTC milliseconds.
        envelope: Envelope fields by name.

    Returns:
        The message. Who speaks for a principal cites their smallest mandate that covers it.

    Raises:
        RuleViolation: What is wrong, which field, and the way out; also that no mandate covers it.
    """
    charter = conversation.transcript.epoch.charter
    negotiation = conversation.transcript.negotiation
    filled, readers = fill_in(kind, {**fields, **envelope}, to, negotiation=negotiation, me=me)
    message = compose(
        kind,
        filled,
        sender=me,
        to=readers,
        sent=format_time(now_ms),
        mode=charter.mode.value,
    )
    message = _under_mandate(negotiation, message, now_ms)
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
    if verdict.beyond_mandate:
        power, _ = power_needed(message.content, None)
        hint = (
            f"needs a mandate in force that gives {power} about {message.envelope.topic}: ask your principal"
        )
        raise RuleViolation("MANDATE-8", "mandate", hint)
    return message


def _under_mandate(negotiation: Negotiation, message: Message, now_ms: int) -> Message:
    """Cite the mandate that a message is said under, where its author did not."""
    if message.envelope.mandate is not None:
        return message
    mandate = mandate_to_cite(negotiation, message, now_ms)
    if mandate is None:
        return message
    return replace(message, envelope=message.envelope.model_copy(update={"mandate": mandate}))


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
