"""Whether the relay can be reached, as a value to show; it is always on screen."""

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """Where the connection to a relay stands."""

    CONNECTING = "CONNECTING"
    ONLINE = "ONLINE"
    OFFLINE = "OFFLINE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The connection to one relay.

    Attributes:
        phase: where it stands.
        since_ms: when it came to stand there, UTC milliseconds.
        last_contact_ms: when the relay last sent anything, UTC milliseconds, or None when it never did.
        reason: why it is OFFLINE, one line; empty otherwise.
    """

    phase: Phase
    since_ms: int
    last_contact_ms: int | None = None
    reason: str = ""

    def describe(self, now_ms: int) -> str:
        """Say it in words, such as "OFFLINE for 3 min, last contact 4 min ago".

        Args:
            now_ms: UTC milliseconds.
        """
        match self.phase:
            case Phase.ONLINE:
                return "ONLINE"
            case Phase.CONNECTING:
                words = "CONNECTING"
            case Phase.OFFLINE:
                words = f"OFFLINE for {_duration(now_ms - self.since_ms)}"
        if self.last_contact_ms is None:
            return f"{words}, no contact yet"
        return f"{words}, last contact {_duration(now_ms - self.last_contact_ms)} ago"


def _duration(milliseconds: int) -> str:
    seconds = max(0, milliseconds) // 1000
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h"
    return f"{seconds // 86_400} d"
