"""By when a message is to be acknowledged and answered, where neither charter nor message says otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocols.messages.envelope import MessageType, Precedence

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

ACKNOWLEDGEMENT_DUE_MS: Final[Mapping[Precedence, Mapping[int, int]]] = {
    "FLASH": {1: 30_000, 2: 3 * MINUTE_MS, 4: 5 * MINUTE_MS, 6: 10 * MINUTE_MS},
    "IMMEDIATE": {1: 30_000, 2: 10 * MINUTE_MS, 4: 30 * MINUTE_MS, 6: 60 * MINUTE_MS},
    "PRIORITY": {1: MINUTE_MS, 2: 2 * HOUR_MS, 4: 6 * HOUR_MS, 6: 12 * HOUR_MS},
    "ROUTINE": {1: 5 * MINUTE_MS, 2: 12 * HOUR_MS, 4: 24 * HOUR_MS},
}
"""By precedence, how long each rung may take (MESSAGES.md section 3); ROUTINE is confirmed on request."""

CLAIM_DUE_MS: Final = 72 * HOUR_MS
LINE_CHECK_DUE_MS: Final = 15 * MINUTE_MS
NOTIFY_LEAD_MS: Final = 12 * HOUR_MS
"""How long before its window starts a notification should be answered at the latest."""


@dataclass(frozen=True, slots=True)
class Due:
    """By when a type closes.

    Attributes:
        ms: counted from its entry into the log; None where something else decides, which `text` says.
        text: the same for people.
    """

    ms: int | None
    text: str


_BY_PRECEDENCE: Final = "by precedence: FLASH 10 min, IMMEDIATE 60 min, PRIORITY 12 h, ROUTINE on request"
_DAY: Final = Due(DAY_MS, "24 h")

DUE: Final[Mapping[MessageType, Due]] = {
    MessageType.LINE_CHECK: Due(LINE_CHECK_DUE_MS, "15 min after the slot, or after it was sent if later"),
    MessageType.MANDATE: _DAY,
    MessageType.SEAT: _DAY,
    MessageType.RESPONSE: Due(None, "none"),
    MessageType.READBACK: Due(None, _BY_PRECEDENCE),
    MessageType.CORRECTION: Due(None, "half the original's"),
    MessageType.INFORM: _DAY,
    MessageType.QUESTION: _DAY,
    MessageType.CONVEY: Due(12 * HOUR_MS, "12 h"),
    MessageType.NOTIFY: Due(DAY_MS, "24 h, or 12 h before the window starts, whichever comes first"),
    MessageType.REQUEST: _DAY,
    MessageType.PROPOSAL: Due(72 * HOUR_MS, "valid_until"),
    MessageType.CLAUSE_REPLY: Due(None, "none"),
    MessageType.TERM: Due(72 * HOUR_MS, "72 h"),
    MessageType.ADOPT: Due(None, "valid_until of the proposal"),
    MessageType.COMMIT: _DAY,
    MessageType.COMMIT_EVENT: Due(DAY_MS, "24 h; CLAIM 72 h"),
    MessageType.FINDING: Due(48 * HOUR_MS, "48 h"),
    MessageType.ALERT: Due(5 * MINUTE_MS, "5 min"),
    MessageType.INCIDENT: Due(48 * HOUR_MS, "48 h"),
    MessageType.EXPLANATION: _DAY,
    MessageType.PERSONS: Due(7 * DAY_MS, "7 d"),
    MessageType.MEETING: _DAY,
}
"""The default closing time of each type."""
