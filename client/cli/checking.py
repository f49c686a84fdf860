"""Holding a message against the rules without sending it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from client.channel_session import ChannelSession
from client.cli.people import resolve, take_addressees
from client.errors import Refused
from client.parley import utc_milliseconds
from protocols.errors import RuleViolation
from protocols.messages import MessageRefused, MessageType, compose
from protocols.messages.values import format_time

__all__ = ["Checked", "check_alone", "check_in_channel"]

#: Stand-ins for a sender and an addressee, where no channel says who they are.
_SOMEBODY: Final = "0" * 32
_ANYBODY: Final = "f" * 32


@dataclass(frozen=True, slots=True)
class Checked:
    """What the rules say about a message: nothing, or everything that they refuse."""

    kind: MessageType
    violations: tuple[RuleViolation, ...]

    def value(self) -> dict[str, object]:
        """Return it as values, for JSON."""
        refused = [{"rule": v.rule, "field": v.field, "hint": v.hint} for v in self.violations]
        return {"type": self.kind.value, "sendable": not refused, "violations": refused}

    def raise_if_refused(self) -> None:
        """Raise where the message could not be sent.

        Raises:
            Refused: How many things are to be put right.
        """
        if self.violations:
            count = len(self.violations)
            things = "1 thing" if count == 1 else f"{count} things"
            raise Refused(f"this {self.kind.value} would be refused: {things} to put right, listed above")


def check_alone(kind: MessageType, fields: Mapping[str, JsonValue]) -> Checked:
    """Check a message by the rules of its type alone."""
    to = () if fields.get("to") else (_ANYBODY,)
    try:
        compose(kind, fields, sender=_SOMEBODY, to=to, sent=format_time(utc_milliseconds()))
    except MessageRefused as refused:
        return Checked(kind, refused.violations)
    return Checked(kind, ())


def check_in_channel(session: ChannelSession, kind: MessageType, fields: Mapping[str, JsonValue]) -> Checked:
    """Check a message against a conversation as well.

    Raises:
        UnknownPerson: It names somebody who is not there.
        UnknownMessage: It names a message that is not there.
    """
    try:
        content = resolve(kind, fields, session.negotiation)
        session.compose(kind.value, content, to=take_addressees(content))
    except MessageRefused as refused:
        return Checked(kind, refused.violations)
    except RuleViolation as violation:
        return Checked(kind, (violation,))
    return Checked(kind, ())
