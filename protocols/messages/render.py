"""Messages as plain lines for people, in English. Pure; a peer's text comes out as it is, cleaned later.

Times are shown as a date-time group and in full, so that nobody has to convert or guess.
"""

from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from pydantic import BaseModel

from protocols.messages.codec import Body
from protocols.messages.envelope import MessageType
from protocols.messages.escalation import Escalation
from protocols.messages.message import Content, Message
from protocols.messages.proposals import Clause, clause_hash
from protocols.messages.receipt import Receipt
from protocols.messages.roles import Role
from protocols.messages.values import Place, Qty, Waypoint, Window, date_time_group, parse_time

NOTIFY_BANNER: Final = (
    "This informs only. Receipt is not permission. No receipt does not remove protection under the law."
)
BANNERS: Final[Mapping[MessageType, str]] = {
    MessageType.MANDATE: "A mandate says who may speak; it confers no legal status on anyone.",
    MessageType.CONVEY: "Words that a mediator carries bind nobody.",
    MessageType.NOTIFY: NOTIFY_BANNER,
    MessageType.REQUEST: "WILCO commits whoever says it to this one act until the deadline.",
    MessageType.ALERT: "WILCO commits whoever says it to the asked action until the time given.",
    MessageType.INCIDENT: "This is a report, not a finding.",
    MessageType.MEETING: "A point marked AGREED binds nobody until its text is adopted.",
}
"""What people are told with every message of a type, in fixed words."""
ACKNOWLEDGEMENT_BANNER: Final = "Acknowledgement is not agreement, belief, permission or waiver."

NO_ACKNOWLEDGEMENT: Final = "no acknowledgement; cause unknown"

_NOBODY: Final[Mapping[str, str]] = {}


def render(body: Body, names: Mapping[str, str] = _NOBODY, viewer: Role | None = None) -> tuple[str, ...]:
    """Return a message, receipt or escalation as lines.

    Args:
        body: what to show.
        names: by participant id; ids without a name are shown as they are.
        viewer: who looks; a mediator sees who wrote a MEDIATOR_ONLY message, nobody who wrote a CHATHAM one.
    """
    match body:
        case Receipt():
            return tuple(_receipt(body, names))
        case Escalation():
            return tuple(_escalation(body, names))
        case Message():
            return tuple(_message(body, names, viewer))
        case _:
            assert_never(body)


def show_sender(message: Message, names: Mapping[str, str] = _NOBODY, viewer: Role | None = None) -> str:
    """Return the author's name, or `a participant` where the message's attribution says so."""
    envelope = message.envelope
    hidden = envelope.attribution == "CHATHAM" or (
        envelope.attribution == "MEDIATOR_ONLY" and viewer is not Role.MEDIATOR
    )
    return "a participant" if hidden else names.get(envelope.sender, envelope.sender)


def show_time(value: str) -> str:
    """Return a `Time` as `221430Z NOV 26 (2026-11-22T14:30:00Z)`."""
    return f"{date_time_group(value)} ({value})"


def show_place(place: Place) -> str:
    """Return a place with its name, its numbers and where the name is from."""
    north = f"{place.lat.removeprefix('-')} {'S' if place.lat.startswith('-') else 'N'}"
    east = f"{place.lon.removeprefix('-')} {'W' if place.lon.startswith('-') else 'E'}"
    return f"{place.name} (WGS84 {north} {east}, radius {place.radius_m} m; name from {place.name_source})"


def show_quantity(qty: Qty) -> str:
    """Return a quantity with its unit and how it is known."""
    number = str(qty.n) if qty.n is not None else f"{qty.minimum} to {qty.maximum}"
    return f"{number} {qty.unit}, {qty.basis.lower()}"


def show_clause(clause: Clause, names: Mapping[str, str] = _NOBODY) -> tuple[str, ...]:
    """Return a clause: the sentence, then where and when it holds, then what acceptance names."""
    actor = names.get(clause.actor, clause.actor)
    held = " throughout" if clause.throughout else ""
    sentence = f"{clause.no}.{clause.version} {actor} {clause.modal} {clause.action} {clause.object}"
    lines = [sentence, f"   {_span(clause.window)}{held}"]
    lines += [
        f"   at {show_place(place)}" for place in ((clause.place,) if clause.place else clause.area or ())
    ]
    if clause.verifier is not None:
        lines.append(f"   verified by {names.get(clause.verifier, clause.verifier)}")
    if clause.notice_hours is not None:
        lines.append(f"   withdrawn with {clause.notice_hours} hours' notice")
    if clause.suspension is not None:
        lines.append(f"   suspended and resumed alone by: {clause.suspension}")
    if clause.depends_on:
        lines.append(f"   depends on {', '.join(map(str, clause.depends_on))}")
    for item in clause.texts:
        made = ", by machine" if item.machine else ""
        lines.append(f"   {item.lang} ({item.status.lower()}{made}): {item.action} {item.object}")
    lines.append(f"   hash {clause_hash(clause)}")
    return tuple(lines)


def _span(window: Window) -> str:
    return f"from {show_time(window.start)} until {show_time(window.end)}"


def _message(message: Message, names: Mapping[str, str], viewer: Role | None) -> Iterator[str]:
    envelope = message.envelope
    if envelope.mode == "EXERCISE":
        yield "EXERCISE EXERCISE EXERCISE"
    to = ", ".join(names.get(reader, reader) for reader in envelope.to)
    info = ", ".join(names.get(reader, reader) for reader in envelope.info)
    who = f"from {show_sender(message, names, viewer)} to {to}" + (f", info {info}" if info else "")
    yield f"{message.type} {envelope.precedence} {who}"
    if envelope.mandate is not None:
        yield f"under mandate: {envelope.mandate}"
    yield f"topic: {envelope.topic}"
    yield f"sent: {show_time(envelope.sent)}"
    if message.type in BANNERS:
        yield BANNERS[message.type]
    yield from _fields(message.content, names, "")
    if envelope.respond_by is not None:
        yield f"answer by: {show_time(envelope.respond_by)}"
    if envelope.valid_until is not None:
        yield f"valid until: {show_time(envelope.valid_until)}"
    for reference in envelope.refs:
        yield f"{reference.rel.replace('_', ' ')}: {reference.id}"
    handling = [
        f"TLP:{envelope.tlp}",
        envelope.attribution.replace("_", " ").lower(),
        f"language {envelope.lang}",
    ]
    if envelope.without_prejudice:
        handling.append("without prejudice")
    yield f"handling: {', '.join(handling)}"
    if envelope.remarks is not None:
        yield from _text("remarks", envelope.remarks, "")


def show_content(content: Content, names: Mapping[str, str] = _NOBODY) -> tuple[str, ...]:
    """Return every field of a message's content as lines."""
    return tuple(_fields(content, names, ""))


def _fields(model: BaseModel, names: Mapping[str, str], indent: str) -> Iterator[str]:
    for name in type(model).model_fields:
        yield from _field(name.replace("_", " "), getattr(model, name), names, indent)


def _field(label: str, value: object, names: Mapping[str, str], indent: str) -> Iterator[str]:
    match value:
        case None | () | False:
            return
        case True:
            yield f"{indent}{label}: yes"
        case str():
            shown = show_time(value) if parse_time(value) == value else names.get(value, value)
            yield from _text(label, shown, indent)
        case Place():
            yield f"{indent}{label}: {show_place(value)}"
        case Window():
            yield f"{indent}{label}: {_span(value)}"
        case Qty():
            yield f"{indent}{label}: {show_quantity(value)}"
        case Waypoint():
            yield f"{indent}{label}: {show_time(value.at)} {show_place(value.place)}"
        case Clause() if label.isdecimal() or label == "clause":
            yield from (f"{indent}{line}" for line in show_clause(value, names))
        case Clause():
            yield f"{indent}{label}:"
            yield from (f"{indent}  {line}" for line in show_clause(value, names))
        case tuple() if all(
            isinstance(item, int) or (isinstance(item, str) and "," not in item) for item in value
        ):
            yield f"{indent}{label}: {', '.join(names.get(str(item), str(item)) for item in value)}"
        case tuple():
            yield f"{indent}{label}:"
            for index, item in enumerate(value, 1):
                yield from _field(str(index), item, names, indent + "  ")
        case BaseModel():
            parts = list(_fields(value, names, ""))
            # A peer's text must not look like the next field of its line.
            if any(part.startswith(" ") or ";" in part for part in parts):
                yield f"{indent}{label}:"
                yield from (f"{indent}  {part}" for part in parts)
            else:
                yield f"{indent}{label}: {'; '.join(parts)}"
        case _:
            yield f"{indent}{label}: {value}"


def _text(label: str, value: str, indent: str) -> Iterator[str]:
    """Show text; what follows a line break is marked, so that no text can pass for a field of ours."""
    first, *more = value.split("\n")
    yield f"{indent}{label}: {first}"
    yield from (f"{indent}    | {line}" for line in more)


def _receipt(receipt: Receipt, names: Mapping[str, str]) -> Iterator[str]:
    yield f"{receipt.level} by {names.get(receipt.sender, receipt.sender)}, {show_time(receipt.sent)}"
    yield from (f"  message {message}" for message in receipt.messages)
    yield from (f"  entry {position}" for position in receipt.positions)


def _escalation(escalation: Escalation, names: Mapping[str, str]) -> Iterator[str]:
    by = names.get(escalation.sender, escalation.sender)
    yield f"ESCALATION {escalation.step} by {by}, {show_time(escalation.sent)}"
    yield f"  {NO_ACKNOWLEDGEMENT}"
    yield f"  level L{escalation.level} of {names.get(escalation.addressee, escalation.addressee)}"
    yield f"  message {escalation.message}"
