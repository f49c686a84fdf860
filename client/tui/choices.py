"""What can be chosen rather than typed: people, messages, commitments, by name. Texts here can be shown."""

from collections.abc import Iterator
from typing import TypeAlias

from client.display import sanitise_line
from client.tui.wording import Names
from protocols.messages.envelope import MessageType
from protocols.messages.fields import describe_fields
from protocols.messages.roles import Role
from protocols.negotiation import FoldedMessage

Options: TypeAlias = tuple[tuple[str, str], ...]

_ACTORS = frozenset({Role.PARTY, Role.LIAISON, Role.MEDIATOR})
_ABOUT = {
    "proposal": MessageType.PROPOSAL,
    "incident": MessageType.INCIDENT,
    "notification": MessageType.NOTIFY,
    "meeting": MessageType.MEETING,
    "list": MessageType.PERSONS,
}
"""Fields that name a message of one type."""


def options_of(kind: MessageType, names: Names) -> dict[str, Options]:
    """Return, by field pattern, what can be chosen in a form of this type."""
    found: dict[str, Options] = {}
    for spec in describe_fields(kind):
        pattern = spec.path.removesuffix(".*")
        match spec.kind:
            case "participant":
                found[pattern] = people(names)
            case "commitment":
                found[pattern] = tuple(commitments(names))
            case "commitment or message":
                found[pattern] = (*_to_verify(names), *messages(MessageType.INCIDENT, names))
            case "message" if spec.path in _ABOUT:
                found[pattern] = tuple(messages(_ABOUT[spec.path], names))
            case _:
                pass
    if kind is MessageType.REQUEST:
        found["actor"] = _actors(names)
    if kind is MessageType.PROPOSAL and len(names.negotiation.terms.languages) > 1:
        found["languages"] = tuple((language, language) for language in names.negotiation.terms.languages)
    return {pattern: options for pattern, options in found.items() if options}


def people(names: Names) -> Options:
    """Everybody on the roster."""
    return tuple((names.with_role(person.id), person.id) for person in names.negotiation.roster.participants)


def _actors(names: Names) -> Options:
    """Who can be asked for an act."""
    roster = names.negotiation.roster.participants
    return tuple(
        (names.with_role(person.id), person.id)
        for person in roster
        if person.role in _ACTORS and person.id != names.me
    )


def commitments(names: Names) -> Iterator[tuple[str, str]]:
    """Every commitment that can still change, who owes it first."""
    for commitment in names.negotiation.board().commitments:
        if not commitment.terminal:
            text = sanitise_line(commitment.text)
            yield f"{names.person(commitment.debtor)} {text} [{commitment.state}]", commitment.id


def _to_verify(names: Names) -> Iterator[tuple[str, str]]:
    """The commitments on which this person finds, as their named verifier."""
    for commitment in names.negotiation.board().commitments:
        if commitment.verifier == names.me and not commitment.terminal:
            yield f"commitment: {names.commitment(commitment.id)} [{commitment.state}]", commitment.id


def messages(kind: MessageType, names: Names) -> Iterator[tuple[str, str]]:
    """Messages of a type that stand, the latest first: they are what people mean most often."""
    for folded in reversed(names.negotiation.messages):
        if folded.type is kind and not folded.cancelled and _begins(folded):
            yield sanitise_line(f"No. {folded.position} {kind}: {folded.envelope.topic}"), folded.id


def _begins(folded: FoldedMessage) -> bool:
    """Whether it is the message that others name: the LIST, the PROPOSE, not what was said to it."""
    return getattr(folded.content, "operation", "LIST") in ("LIST", "PROPOSE")
