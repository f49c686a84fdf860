"""The conversation, the board and people as lines, and as values for JSON. Pure; output cleans the text."""

from collections.abc import Iterator, Mapping

from protocols.messages import Message, to_value
from protocols.messages.render import render
from protocols.messages.values import format_time
from protocols.negotiation import FoldedMessage, RejectedEntry

__all__ = ["message_lines", "message_value", "rejected_line", "rejected_value", "standing"]

Names = Mapping[str, str]


def message_lines(folded: FoldedMessage, names: Names) -> tuple[str, ...]:
    """Return a message as people read it: as it now stands, with who has it and who answered."""
    return tuple(_message_lines(folded, names))


def _message_lines(folded: FoldedMessage, names: Names) -> Iterator[str]:
    yield f"No. {folded.position} logged {format_time(folded.relay_time_ms)}"
    current = Message(folded.message.envelope, folded.content)
    yield from (f"  {line}" for line in render(current, names))
    yield from (f"  {line}" for line in standing(folded, names))


def standing(folded: FoldedMessage, names: Names) -> Iterator[str]:
    """Say how far a message got with each reader, and what each has answered."""
    if folded.corrected_by:
        by = ", ".join(names.get(message, message) for message in folded.corrected_by)
        yield f"{'cancelled' if folded.cancelled else 'corrected'} by {by}"
    levels = (
        f"{names.get(reader, reader)} {acknowledgement.label} {acknowledgement.level.name.replace('_', ' ')}"
        for reader, acknowledgement in folded.acknowledgements.items()
    )
    yield f"acknowledgement: {', '.join(levels)}"
    if folded.answers:
        answers = (
            f"{names.get(reader, reader)} {answer.answer or answer.state.value}"
            for reader, answer in folded.answers.items()
        )
        yield f"answers: {', '.join(answers)}"


def message_value(folded: FoldedMessage, names: Names) -> dict[str, object]:
    """Return a message as values: as it was sent, and what has become of it."""
    value: dict[str, object] = {
        "position": folded.position,
        "id": folded.id,
        "relay_time": format_time(folded.relay_time_ms),
        "relay_time_ms": folded.relay_time_ms,
        "type": folded.type.value,
        "from": folded.sender,
        "from_name": names.get(folded.sender, ""),
        "message": to_value(folded.message),
        "acknowledgements": {reader: at.label for reader, at in folded.acknowledgements.items()},
        "answers": {
            reader: {"state": answer.state.value, "answer": answer.answer}
            for reader, answer in folded.answers.items()
        },
        "cancelled": folded.cancelled,
    }
    if folded.corrected_by:
        value["corrected_by"] = list(folded.corrected_by)
        value["content_now"] = to_value(Message(folded.message.envelope, folded.content))["content"]
    return value


def rejected_line(entry: RejectedEntry) -> str:
    """Say that an entry counts for nothing, and why."""
    logged = format_time(entry.relay_time_ms)
    return f"No. {entry.position} logged {logged} REJECTED by everybody: {entry.reason}"


def rejected_value(entry: RejectedEntry) -> dict[str, object]:
    """Return a rejected entry as values."""
    return {
        "position": entry.position,
        "relay_time": format_time(entry.relay_time_ms),
        "relay_time_ms": entry.relay_time_ms,
        "rejected": entry.reason,
    }
