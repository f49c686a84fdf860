"""Items of the conversation as lines of text. Here, and only here, a peer's text becomes safe to show."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from client.display import sanitise
from client.events import OutboxItem, OutboxState
from client.tui import standing, wording
from client.tui.saying import banner, summary
from client.tui.wording import Names
from protocols.messages.message import Message
from protocols.negotiation import FoldedMessage, Negotiation, RejectedEntry, ResponseState

Item: TypeAlias = FoldedMessage | OutboxItem | RejectedEntry
Style = Literal["head", "plain", "quiet", "warn"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line before it is wrapped.

    `hang` indents what does not fit, so that no text of a peer can pass for a line of ours.
    """

    text: str
    style: Style = "plain"
    hang: int = 0


Card: TypeAlias = tuple[Line, ...]


def key_of(item: Item) -> str:
    """What an item is called; a message of ours keeps its key as it goes from the outbox to the log."""
    match item:
        case FoldedMessage():
            return item.id
        case OutboxItem():
            return item.message_id.hex()
        case RejectedEntry():
            return f"entry {item.position}"


def conversation(negotiation: Negotiation, outbox: tuple[OutboxItem, ...]) -> list[Item]:
    """Return all there is to show: the log in order, rejected entries too, then what is on its way."""
    items: list[Item] = [*negotiation.messages, *negotiation.rejected]
    if negotiation.rejected:
        items.sort(key=lambda item: item.position or 0)
    items += [
        item
        for item in outbox
        if isinstance(item.message, Message) and negotiation.message(item.message_id) is None
    ]
    return items


class CardMaker:
    """Turns items into cards, with the names that hold now."""

    def __init__(self, names: Callable[[], Names]) -> None:
        """Take what gives the names at this moment."""
        self._names = names

    def stamp(self, item: Item, now_ms: int) -> tuple[object, ...]:
        """Return what the card depends on; an equal stamp means an equal card."""
        match item:
            case FoldedMessage():
                negotiation = self._names().negotiation
                ago = wording.age(now_ms - item.relay_time_ms)
                marks = standing.marks(negotiation, item, now_ms)
                late = standing.late(negotiation, item, now_ms)
                return item, ago, marks, late, standing.matter(negotiation, item)
            case _:
                return (item,)

    def card(self, item: Item, now_ms: int) -> Card:
        """Return the lines of an item at a clock reading (UTC milliseconds)."""
        match item:
            case FoldedMessage():
                lines = self._message(item, now_ms)
            case OutboxItem():
                lines = self._queued(item)
            case RejectedEntry():
                lines = self._rejected(item)
            case _:
                assert_never(item)
        return tuple(Line(sanitise(line.text), line.style, line.hang) for line in lines)

    def _message(self, item: FoldedMessage, now_ms: int) -> Iterator[Line]:
        names = self._names()
        envelope = item.message.envelope
        kind = item.type.value
        # Words of ours stand before any word of a peer, so that nothing a peer chose can pass for them.
        urgent = "" if envelope.precedence == "ROUTINE" else f" {envelope.precedence}"
        exercise = "EXERCISE " if envelope.mode == "EXERCISE" else ""
        head = f"[{wording.MARKS[item.type]}] {exercise}{kind}{urgent}  No. {item.position}"
        yield Line(head, "warn" if kind == "ALERT" else "head")
        marks = standing.marks(names.negotiation, item, now_ms)
        yield from (Line(mark, "warn", 4) for mark in marks)
        yield Line(f"{wording.dtg(item.relay_time_ms)}, {wording.age(now_ms - item.relay_time_ms)}", "quiet")
        yield Line(f"from {names.author(item.message, role=True)}", "head", 5)
        if item.cancelled:
            yield Line("CANCELLED by its author; do not act on it", "warn")
        elif item.corrected_by:
            corrections = ", ".join(map(names.message, item.corrected_by))
            yield Line(f"CORRECTED by {corrections}; shown as it stands now", "warn")
        yield from self._said(item.message, names, item)
        late = standing.late(names.negotiation, item, now_ms)
        for reader in item.to:
            yield self._reader(item, reader, names, late.get(reader))

    def _said(self, message: Message, names: Names, item: FoldedMessage | None) -> Iterator[Line]:
        content = message.content if item is None else item.content
        yield Line(f"about: {message.envelope.topic}", hang=4)
        for text in summary(content, names, message_id="" if item is None else item.id):
            yield Line(f"  {text}", hang=4)
        for text in wording.envelope_lines(message.envelope, names):
            yield Line(f"  {text}", hang=4)
        if (fixed := banner(content)) is not None:
            yield Line(fixed, "quiet", 4)

    def _reader(self, item: FoldedMessage, reader: str, names: Names, late: str | None) -> Line:
        acknowledgement = item.acknowledgements[reader]
        answer = item.answers.get(reader)
        words = wording.level_words(acknowledgement)
        if answer is not None:
            words += f"; {wording.answer_words(answer)}"
            words += standing.undertaken(names.negotiation, item, reader, answer)
        if late is not None:
            words += f"; {standing.late_here(item, reader) if reader == names.me else late}"
        wanted = answer is not None and answer.state is not ResponseState.CLOSED and not item.cancelled
        if reader == names.me:
            return Line(
                f"to YOU: {words}" + (" (press r)" if wanted else ""), "head" if wanted else "quiet", 5
            )
        troubled = acknowledgement.label == "L2-ERROR" or late is not None
        return Line(f"to {names.person(reader)}: {words}", "warn" if troubled else "quiet", 5)

    def _queued(self, item: OutboxItem) -> Iterator[Line]:
        message = item.message
        if not isinstance(message, Message):
            return
        names = self._names()
        kind = message.type.value
        match item.state:
            case OutboxState.QUEUED:
                state = "L0 QUEUED: not sent yet, nobody has it"
            case OutboxState.SEALED:
                state = "L0 QUEUED: sealed, no receipt yet; goes by itself once the relay answers"
            case OutboxState.RELAYED:
                state = f"L1 RELAYED: stored by the relay as No. {item.position}"
        yield Line(f"[{wording.MARKS[message.type]}] {kind}  (yours, on its way)", "head")
        yield Line(state, "warn", 4)
        yield Line(f"to {', '.join(map(names.person, message.envelope.to))}", "quiet", 5)
        yield from self._said(message, names, None)

    def _rejected(self, item: RejectedEntry) -> Iterator[Line]:
        yield Line(f"[-] REJECTED ENTRY  No. {item.position}", "warn")
        yield Line(wording.dtg(item.relay_time_ms), "quiet")
        yield Line(f"  It counts for nothing, for every member alike ({item.reason}).", hang=4)
