"""Making a message that will count: its own rules, and the conversation as it stands."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from client.conversation import Conversation
from protocols.errors import RuleViolation
from protocols.messages import Message, compose, encode_body
from protocols.messages.values import format_time
from protocols.negotiation import Received

__all__ = ["compose_now"]


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
