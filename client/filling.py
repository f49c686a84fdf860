"""What a person need not say, because it can only be one thing. Pure.

Nothing is filled in that somebody might mean otherwise: never the hash of an adopted text, which says what
its author has read.
"""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from protocols.messages import MessageType
from protocols.messages.watch import TOPIC
from protocols.negotiation import Negotiation

__all__ = ["fill_in"]


def fill_in(
    kind: str, fields: Mapping[str, JsonValue], to: Sequence[str], *, negotiation: Negotiation, me: str
) -> tuple[dict[str, JsonValue], tuple[str, ...]]:
    """Return the fields and ACTION addressees of a message with what can only be one thing.

    Args:
        kind: the message type, as `protocols.messages.compose` takes it.
        fields: as given, nested or by dotted path; what is there is never changed.
        to: as given; empty for everybody else on the roster, or for whom the type is for.
        negotiation: the channel's.
        me: our participant id.
    """
    filled = dict(fields)
    readers = tuple(to)
    match kind.strip().upper().replace("_", "-"):
        case MessageType.LINE_CHECK:
            filled.setdefault("topic", TOPIC)
        case MessageType.PERSONS:
            filled.setdefault("tlp", "RED")
        case MessageType.PROPOSAL:
            filled.setdefault("glossary_version", negotiation.terms.glossary_version)
        case MessageType.REQUEST:
            actor = filled.get("actor")
            if not readers and "to" not in filled and isinstance(actor, str):
                readers = (actor,)
        case MessageType.COMMIT:
            filled.setdefault("debtor", me)
            _undertaken_by_debtor(filled)
        case _:
            pass
    others = tuple(person.id for person in negotiation.roster.participants if person.id != me)
    return filled, readers or (() if "to" in filled else others)


def _undertaken_by_debtor(filled: dict[str, JsonValue]) -> None:
    """Nobody commits another, so who acts is the debtor."""
    match filled.get("consequent"):
        case dict() as clause if "actor" not in clause:
            filled["consequent"] = {**clause, "actor": filled["debtor"]}
        case None if any(name.startswith("consequent.") for name in filled):
            filled.setdefault("consequent.actor", filled["debtor"])
        case _:
            pass
