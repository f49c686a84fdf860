"""Printing a conversation as it stands, and as it goes on."""

from collections.abc import Iterable, Iterator
from functools import partial

from client.channel_session import ChannelSession
from client.cli.opening import connection_words, wait_until_caught_up
from client.cli.output import note, print_json, print_line, print_lines
from client.cli.people import names_of
from client.cli.showing import message_lines, message_value, rejected_line, rejected_value, standing
from client.errors import ChannelStopped, RelayUnreachable
from client.events import ChannelStatus, ConnectionState
from client.glossing import term_lines, terms_value
from client.speaking import speaks_for
from protocols.messages.render import show_sender
from protocols.negotiation import FoldedMessage, Negotiation, Participant, RejectedEntry

__all__ = ["Printer", "print_conversation"]


async def print_conversation(
    session: ChannelSession,
    *,
    members: Iterable[Participant],
    start: int,
    follow: bool,
    timeout_s: float | None,
    json_output: bool,
) -> None:
    """Print what was said, and with `follow` what is being said.

    Args:
        session: The running channel.
        members: People whose names to show beside those on the roster now.
        start: The first position to print.
        follow: Whether to go on until the channel ends.
        timeout_s: How long to wait for the relay; None to print what is stored.
        json_output: One JSON object a line.

    Raises:
        RelayUnreachable: It could not be reached in time; what is stored was printed.
        ChannelStopped: The channel has an alarm; what was read before it was printed.
    """
    printer = Printer(members, start=start, json_output=json_output)
    unreachable: RelayUnreachable | None = None
    if timeout_s is not None and not follow:
        try:
            await wait_until_caught_up(session, timeout_s)
        except RelayUnreachable as error:
            unreachable = error
    printer.update(session.negotiation)
    if unreachable is not None:
        raise unreachable
    shown: ConnectionState | None = None
    while follow and not _has_ended(session):
        if shown is None or shown.kind is not session.connection.kind:
            note(connection_words(session))
        shown = session.connection
        await session.wait_for(partial(_has_changed, shown, session.negotiation.position))
        printer.update(session.negotiation)
    if session.alarm is not None:
        raise ChannelStopped(session.alarm.detail)


def _has_changed(connection: ConnectionState, position: int, session: ChannelSession) -> bool:
    moved = session.negotiation.position != position
    return moved or session.connection.kind is not connection.kind or _has_ended(session)


def _has_ended(session: ChannelSession) -> bool:
    return session.alarm is not None or session.journal.status is not ChannelStatus.ACTIVE


class Printer:
    """Prints each message once, and again what has changed about it since."""

    def __init__(self, members: Iterable[Participant], *, start: int, json_output: bool) -> None:
        self._members = tuple(members)
        self._start = start
        self._json = json_output
        self._shown: dict[str, FoldedMessage] = {}
        self._rejected = 0

    def update(self, negotiation: Negotiation) -> None:
        """Print what is new in the negotiation."""
        names = names_of(negotiation, self._members)
        fresh: list[FoldedMessage | RejectedEntry] = []
        for folded in negotiation.messages:
            before = self._shown.get(folded.id)
            if folded.position < self._start or before is folded:
                continue
            self._shown[folded.id] = folded
            if before is None:
                fresh.append(folded)
            else:
                self._changed(folded, names, negotiation)
        rejected = negotiation.rejected
        fresh += [entry for entry in rejected[self._rejected :] if entry.position >= self._start]
        self._rejected = len(rejected)
        for item in sorted(fresh, key=lambda one: one.position):
            self._print(item, names, negotiation)

    def _print(
        self, item: FoldedMessage | RejectedEntry, names: dict[str, str], negotiation: Negotiation
    ) -> None:
        match item:
            case FoldedMessage() if self._json:
                print_json(_value(item, names, negotiation), indent=None)
            case FoldedMessage():
                print_lines(message_lines(item, names))
                print_lines(f"  {line}" for line in _notes(item, negotiation))
            case RejectedEntry() if self._json:
                print_json(rejected_value(item), indent=None)
            case RejectedEntry():
                print_line(rejected_line(item))

    def _changed(self, folded: FoldedMessage, names: dict[str, str], negotiation: Negotiation) -> None:
        if self._json:
            print_json(_value(folded, names, negotiation), indent=None)
        else:
            print_lines(f"No. {folded.position} {line}" for line in standing(folded, names))


def _speaks(folded: FoldedMessage, negotiation: Negotiation) -> str:
    """For whom its author speaks; empty where its attribution hides who that is."""
    if show_sender(folded.message) != folded.sender:
        return ""
    return speaks_for(negotiation, folded.sender, folded.relay_time_ms, topic=folded.envelope.topic)


def _value(folded: FoldedMessage, names: dict[str, str], negotiation: Negotiation) -> dict[str, object]:
    """A message as values, with what its terms mean here and for whom its author speaks."""
    return {
        **message_value(folded, names),
        "speaks_for": _speaks(folded, negotiation),
        "beyond_mandate": folded.beyond_mandate,
        "terms": terms_value(negotiation, folded.message),
    }


def _notes(folded: FoldedMessage, negotiation: Negotiation) -> Iterator[str]:
    """The same in lines for people."""
    if speaks := _speaks(folded, negotiation):
        yield f"speaks {speaks}"
    if folded.beyond_mandate:
        yield "BEYOND THE MANDATE: no mandate in force covers this"
    for line in term_lines(negotiation, folded.message):
        yield f"term {line}"
