"""Holding a message against the rules and the clarity checks, without sending it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from client.channel_session import ChannelSession
from client.clarity import blocked, clarity_lines, clarity_of, clarity_value
from client.cli.people import resolve, take_addressees
from client.errors import Refused
from client.parley import utc_milliseconds
from protocols.clarity import ClarityReport, check
from protocols.errors import RuleViolation
from protocols.messages import MessageRefused, MessageType, compose
from protocols.messages.values import format_time

__all__ = ["Checked", "check_alone", "check_in_channel"]

#: Stand-ins for a sender and an addressee, where no channel says who they are.
_SOMEBODY: Final = "0" * 32
_ANYBODY: Final = "f" * 32


@dataclass(frozen=True, slots=True)
class Checked:
    """What stands against sending a message.

    Attributes:
        kind: its type.
        violations: everything that the rules refuse, or a check that blocks; empty where it can be sent.
        clarity: what people would be asked about; None for what the rules refuse, which was not looked at.
    """

    kind: MessageType
    violations: tuple[RuleViolation, ...]
    clarity: ClarityReport | None = None

    def value(self) -> dict[str, object]:
        """Return it as values, for JSON."""
        refused = [{"rule": v.rule, "field": v.field, "hint": v.hint} for v in self.violations]
        return {
            "type": self.kind.value,
            "sendable": not refused,
            "violations": refused,
            "clarity": None if self.clarity is None else clarity_value(self.clarity),
        }

    def lines(self) -> tuple[str, ...]:
        """Return it in lines for people."""
        refused = tuple(f"refused: {violation}" for violation in self.violations)
        if self.clarity is None:
            return refused
        lines = refused + clarity_lines(self.clarity)
        return lines or ("nothing to put right, and nothing to ask about",)

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
    """Check a message by itself: the rules of its type, then how clear it is without a glossary."""
    to = () if fields.get("to") else (_ANYBODY,)
    try:
        message = compose(kind, fields, sender=_SOMEBODY, to=to, sent=format_time(utc_milliseconds()))
    except MessageRefused as refused:
        return Checked(kind, refused.violations)
    report = check(message)
    return Checked(kind, blocked(report), report)


def check_in_channel(session: ChannelSession, kind: MessageType, fields: Mapping[str, JsonValue]) -> Checked:
    """Check a message against a conversation as well, with the channel's glossary.

    Raises:
        UnknownPerson: It names somebody who is not there.
        UnknownMessage: It names a message that is not there.
    """
    try:
        content = resolve(kind, fields, session.negotiation)
        message = session.compose(kind.value, content, to=take_addressees(content))
    except MessageRefused as refused:
        return Checked(kind, refused.violations)
    except RuleViolation as violation:
        return Checked(kind, (violation,))
    report = clarity_of(session.negotiation, message)
    return Checked(kind, blocked(report), report)
