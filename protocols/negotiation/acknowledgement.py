"""The acknowledgement ladder: how far each message got with each reader (MESSAGES.md section 3).

Levels never fall and never merge with answers: READ BACK is not WILCO, and acknowledgement is not
agreement, belief, permission or waiver. Statements commute: any order of the same set leaves the same
ladder.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocols.messages.receipt import ReceiptLevel


class Level(IntEnum):
    """A rung of the ladder; each means only what MESSAGES.md section 3 says it means."""

    QUEUED = 0
    RELAYED = 1
    DELIVERED = 2
    DISPLAYED = 3
    ACKNOWLEDGED = 4
    READ_BACK = 5
    CONFIRMED = 6


_LEVEL_OF_RECEIPT: Final[dict[ReceiptLevel, Level]] = {
    "DELIVERED": Level.DELIVERED,
    "DELIVERY_ERROR": Level.RELAYED,
    "DISPLAYED": Level.DISPLAYED,
    "ACKNOWLEDGED": Level.ACKNOWLEDGED,
}


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """How far one message got with one reader.

    Attributes:
        level: the highest rung that was proven.
        failed: whether the reader's device reported that it could not read the message.
    """

    level: Level = Level.RELAYED
    failed: bool = False

    def merge(self, other: "Acknowledgement") -> "Acknowledgement":
        """Return what both say together; idempotent, commutative, and never lower than either."""
        return Acknowledgement(max(self.level, other.level), self.failed or other.failed)

    @property
    def label(self) -> str:
        """The rung as it is shown: L1 to L6, or L2-ERROR while nothing better is known."""
        if self.failed and self.level < Level.DELIVERED:
            return "L2-ERROR"
        return f"L{self.level.value}"


RELAYED: Final = Acknowledgement()


def from_receipt(level: ReceiptLevel) -> Acknowledgement:
    """Return what a receipt of this level says about a message."""
    return Acknowledgement(_LEVEL_OF_RECEIPT[level], level == "DELIVERY_ERROR")


def summary(acknowledgements: Iterable[Acknowledgement]) -> str:
    """Say the lowest rung over all ACTION addressees, and how many are at least there: `2 of 3 at L4`.

    The lowest rung is that of the reader who is furthest behind; where all are equal, everybody is counted.
    """
    levels = [acknowledgement.level for acknowledgement in acknowledgements]
    if not levels:
        return "nobody"
    lowest = min(levels)
    if all(level == lowest for level in levels):
        return f"{len(levels)} of {len(levels)} at L{lowest.value}"
    following = min(level for level in levels if level > lowest)
    return f"{sum(level >= following for level in levels)} of {len(levels)} at L{following.value}"
