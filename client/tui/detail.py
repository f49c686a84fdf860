"""Everything about one message, on a screen of its own: every field, who speaks, and what its terms mean."""

from collections.abc import Iterator

from client.display import sanitise, sanitise_line
from client.glossing import term_lines
from client.speaking import speaks_for
from client.tui import standing, wording
from client.tui.wording import Known, Names
from protocols.clarity import CHECKS, MARKS
from protocols.messages.message import Message
from protocols.messages.render import render
from protocols.negotiation import FoldedMessage


def detail(item: FoldedMessage, names: Names, now_ms: int) -> list[str]:
    """Return the lines of a message in the log, safe to show.

    Args:
        item: the message.
        names: for whatever is named by id.
        now_ms: our clock, UTC milliseconds.
    """
    return [sanitise(line) for line in _detail(item, names, now_ms)]


def _detail(item: FoldedMessage, names: Names, now_ms: int) -> Iterator[str]:
    negotiation = names.negotiation
    message = item.message
    yield from standing.marks(negotiation, item, now_ms)
    if item.corrected_by:
        by = ", ".join(map(names.message, item.corrected_by))
        yield f"{'CANCELLED' if item.cancelled else 'CORRECTED'} by {by}; below is what was sent first"
    yield f"logged {wording.dtg(item.relay_time_ms)} by the relay"
    hidden = names.author(message) != names.person(item.sender)
    topic = message.envelope.topic
    speaks = speaks_for(negotiation, item.sender, item.relay_time_ms, topic=topic)
    if speaks and not hidden:
        yield f"speaks {sanitise_line(speaks)}"
    yield from said(message, names)
    for logged in negotiation.logged_escalations(item.id):
        late = f"L{logged.level} of {names.person(logged.addressee)}"
        yield f"escalated at {logged.step}, {wording.dtg(logged.relay_time_ms)}: {late}, cause unknown"


def said(message: Message, names: Names) -> Iterator[str]:
    """Yield every field of a message, in the log or not, and what it means by its terms; not yet safe."""
    viewer = names.negotiation.roster.role(names.me)
    yield from render(message, Known(names), viewer)
    for name in message.envelope.sent_anyway:
        about = (
            CHECKS[name].looks_for if name in CHECKS else MARKS.get(name, "a check that is not known here")
        )
        yield f"sent anyway, its author was asked about: {about} ({name})"
    terms = term_lines(names.negotiation, message)
    if terms:
        yield "terms:"
        yield from (f"   {line}" for line in terms)
