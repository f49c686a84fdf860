"""Whom and what the words of a command line name: people by name or id, messages by their number."""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from channel.names import fold_name
from client.cli.errors import UnknownMessage
from client.errors import Refused, UnknownPerson

if TYPE_CHECKING:
    from pydantic import JsonValue

    from protocols.messages import MessageType
    from protocols.negotiation import FoldedMessage, Negotiation, Participant

__all__ = ["find_message", "find_others_message", "find_person", "names_of", "resolve", "take_addressees"]

_NUMBER: Final = re.compile(r"(?:no\.?\s*|#)?([0-9]{1,15})", re.IGNORECASE)
_WHOLE_ID: Final = re.compile(r"[0-9a-f]{32}")
_MIN_PREFIX: Final = 4
_NAMED: Final = ("participant", "message", "commitment", "commitment or message")


def find_person(text: str, people: "Iterable[Participant]") -> "Participant":
    """Find somebody by display name, or by the start of their participant id (4 digits or more).

    Raises:
        UnknownPerson: nobody, or more than one.
    """
    everybody = tuple(people)
    wanted = fold_name(text)
    prefix = text.lower() if len(text) >= _MIN_PREFIX else None
    if _WHOLE_ID.fullmatch(text.lower()):
        found = [person for person in everybody if person.id == prefix]
    else:
        # A name can be chosen so that it looks like the start of another's id: then neither is taken.
        found = [
            person
            for person in everybody
            if fold_name(person.name) == wanted or (prefix is not None and person.id.startswith(prefix))
        ]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(person.id[:12] for person in found)
        raise UnknownPerson(f"more than one participant is called {text}: name one by id, {ids}")
    names = ", ".join(person.name for person in everybody)
    raise UnknownPerson(f"nobody here is called {text}: there are {names}")


def find_message(text: str, negotiation: "Negotiation") -> "FoldedMessage":
    """Find a message by its number in the log, written 7, No. 7 or #7, or by its whole id.

    Raises:
        UnknownMessage: it is no number, or there is no message at it.
    """
    text = text.strip()
    if _WHOLE_ID.fullmatch(text):
        found = negotiation.message(text)
    elif number := _NUMBER.fullmatch(text):
        found = negotiation.by_position(int(number[1]))
    else:
        raise UnknownMessage(f"{text} is not the number of a message, such as 7")
    if found is None:
        raise UnknownMessage(f"there is no message {text}: `parley tail` shows the numbers")
    return found


def find_others_message(text: str, negotiation: "Negotiation", me: str) -> "FoldedMessage":
    """Find a message that somebody else wrote, as those are which one acknowledges and answers.

    Raises:
        UnknownMessage: there is none, or it is our own.
    """
    found = find_message(text, negotiation)
    if found.sender == me:
        raise UnknownMessage(f"No. {found.position} is your own message: others acknowledge and answer it")
    return found


def names_of(negotiation: "Negotiation", people: "Iterable[Participant]" = ()) -> dict[str, str]:
    """Return what to show in the place of ids: people's names, and `No. 7` for messages."""
    names = {message.id: f"No. {message.position}" for message in negotiation.messages}
    return names | {person.id: person.name for person in (*people, *negotiation.roster.participants)}


def resolve(
    kind: "MessageType", fields: "Mapping[str, JsonValue]", negotiation: "Negotiation"
) -> "dict[str, JsonValue]":
    """Put ids in the place of names and numbers, in fields that hold participants, messages or commitments.

    Args:
        kind: the message type.
        fields: by dotted path or nested.
        negotiation: who and what there is.

    Raises:
        UnknownPerson: a name that fits nobody.
        UnknownMessage: a number that fits no message, or the start of an id that fits no commitment.
    """
    from protocols.messages import describe_fields

    kinds = {spec.path: spec.kind for spec in describe_fields(kind)}
    kinds |= {path.removesuffix(".*"): what for path, what in kinds.items() if path.endswith(".*")}
    kinds |= dict.fromkeys(("to", "to.*", "info", "info.*"), "participant")
    return {path: _resolve(path, value, kinds, negotiation) for path, value in fields.items()}


def take_addressees(fields: "dict[str, JsonValue]") -> list[str]:
    """Take the ACTION addressees out of fields, where a JSON message names them there.

    Raises:
        Refused: they are neither text nor a list of text.
    """
    match fields.pop("to", None):
        case None:
            return []
        case str() as text:
            return [part for part in text.split(",") if part]
        case list() as items if all(isinstance(item, str) for item in items):
            return [str(item) for item in items]
        case _:
            raise Refused("to: needs a list of participants")


def _resolve(
    path: str, value: "JsonValue", kinds: "Mapping[str, str]", negotiation: "Negotiation"
) -> "JsonValue":
    match value:
        case str():
            pattern = re.sub(r"(?<=\.)[0-9]+(?=\.|$)", "*", path)
            what = kinds.get(pattern, "")
            if what not in _NAMED:
                return value
            parts = [part.strip() for part in value.split(",") if part.strip()]
            return ",".join(_id(part, what, negotiation) for part in parts)
        case list():
            return [_resolve(f"{path}.*", item, kinds, negotiation) for item in value]
        case dict():
            return {
                name: _resolve(f"{path}.{name}", item, kinds, negotiation) for name, item in value.items()
            }
        case _:
            return value


def _id(text: str, what: str, negotiation: "Negotiation") -> str:
    if _WHOLE_ID.fullmatch(text):
        return text  # whatever it names, the rules decide
    match what:
        case "message":
            return find_message(text, negotiation).id
        case "commitment":
            return _find_commitment(text, negotiation)
        case "commitment or message":
            return _find_subject(text, negotiation)
        case _:
            return find_person(text, negotiation.roster.participants).id


def _find_subject(text: str, negotiation: "Negotiation") -> str:
    """A message by its number, or a commitment by the start of its id; never a guess between the two."""
    number = _NUMBER.fullmatch(text)
    message = None if number is None else negotiation.by_position(int(number[1]))
    if message is None:
        return _find_commitment(text, negotiation)
    ids = (commitment.id for commitment in negotiation.board().commitments)
    if text.isdigit() and len(text) >= _MIN_PREFIX and any(each.startswith(text) for each in ids):
        raise UnknownMessage(f"{text} may be a message or a commitment: write No. {text}, or more of the id")
    return message.id


def _find_commitment(text: str, negotiation: "Negotiation") -> str:
    ids = [commitment.id for commitment in negotiation.board().commitments]
    found = [each for each in ids if len(text) >= _MIN_PREFIX and each.startswith(text.lower())]
    if len(found) != 1:
        raise UnknownMessage(f"there is no commitment {text}: `parley board` shows them")
    return found[0]
