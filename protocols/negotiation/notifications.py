"""Notifications in force (MESSAGES.md section 2, row 10).

A notification informs. Receipt of it is not permission, and no receipt does not remove protection.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from protocols.canonical import Value
from protocols.messages.information import Notify
from protocols.messages.values import time_ms
from protocols.negotiation.record import FoldedMessage

NOTIFICATION_WORDING: Final = (
    "informs only: receipt is not permission, and no receipt does not remove protection"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationInForce:
    """A site, movement or activity that was made known and is not over.

    Attributes:
        message: id of the NOTIFY, 32 hexadecimal digits.
        sender: who made it known.
        kind: SITE, MOVEMENT or ACTIVITY.
        start_ms: when it begins, UTC milliseconds; it may lie ahead.
        end_ms: when it is over: a site's expiry, otherwise the end of its window.
        passed: addressees that said to whom they passed it on.
        waiting: addressees that have not.
    """

    message: str
    sender: str
    kind: str
    start_ms: int
    end_ms: int
    passed: tuple[str, ...]
    waiting: tuple[str, ...]

    def summary(self) -> Value:
        """Return the notification as plain values, for the digest."""
        return {
            "message": self.message,
            "sender": self.sender,
            "kind": self.kind,
            "start_ms": self.start_ms,
            "end_ms": self.end_ms,
            "passed": [*self.passed],
            "waiting": [*self.waiting],
        }


def in_force(notifies: Iterable[FoldedMessage], now_ms: int) -> tuple[NotificationInForce, ...]:
    """Return what is known and not over, in the order of its messages.

    Args:
        notifies: accepted NOTIFY messages.
        now_ms: relay time or our clock, UTC milliseconds.
    """
    found: list[NotificationInForce] = []
    for message in notifies:
        content = message.content
        if not isinstance(content, Notify) or message.cancelled:
            continue
        end_ms = time_ms(content.expiry if content.expiry is not None else content.window.end)
        if now_ms >= end_ms:
            continue
        passed = tuple(who for who, answer in message.answers.items() if answer.answer == "ROGER")
        found.append(
            NotificationInForce(
                message=message.id,
                sender=message.sender,
                kind=content.kind,
                start_ms=time_ms(content.window.start),
                end_ms=end_ms,
                passed=passed,
                waiting=tuple(who for who in message.answers if who not in passed),
            )
        )
    return tuple(found)
