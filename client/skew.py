"""The relay's clock beside ours (MESSAGES.md section 3: flag skew beyond 2 min).

An entry's time is the relay's word alone, and deadlines go by it. Two things cannot be if both clocks are
right: an entry of the future, and a message of ours that was ordered before it was said. Whose clock is the
wrong one cannot be told from here; a person has to look.
"""

__all__ = ["MAX_SKEW_MS", "RelayClock", "skew_ms", "skew_words"]

MAX_SKEW_MS = 120_000


def skew_ms(relay_time_ms: int, *, earliest_ms: int, latest_ms: int) -> int:
    """By how much the relay's clock is at least ahead of ours; negative where it is behind.

    Args:
        relay_time_ms: The relay's time of an entry.
        earliest_ms: When that can have been at the earliest, by our clock; 0 where we do not know.
        latest_ms: At the latest, by our clock.

    Returns:
        Milliseconds; 0 up to MAX_SKEW_MS, which clocks and networks explain.
    """
    ahead, behind = relay_time_ms - latest_ms, earliest_ms - relay_time_ms
    if ahead > MAX_SKEW_MS:
        return ahead
    return -behind if behind > MAX_SKEW_MS else 0


def skew_words(skew: int) -> str:
    """Say it in a few words; empty where there is nothing to say."""
    if not skew:
        return ""
    minutes = abs(skew) // 60_000
    if minutes < 60:
        much = f"{minutes} min"
    elif minutes < 48 * 60:
        much = f"{minutes // 60} h"
    else:
        much = f"{minutes // (24 * 60)} days"
    return f"relay clock {much} {'ahead of' if skew > 0 else 'behind'} ours"


class RelayClock:
    """The least that the relay's clock can show, from the times of the entries that we have read.

    An entry cannot be read before it was ordered. So the relay's clock is ahead of ours by no less than the
    entry's time less the moment of reading it; just after an entry of our own that is nearly exact.
    """

    def __init__(self) -> None:
        self._ahead_ms: int | None = None

    def heard(self, relay_time_ms: int, *, now_ms: int, said_ms: int | None = None) -> None:
        """Take in an entry.

        Args:
            relay_time_ms: Its time.
            now_ms: When we read it, by our clock.
            said_ms: For a message of our own, when it was said, by our clock.
        """
        ahead_ms = relay_time_ms - now_ms
        fresh = said_ms is not None and 0 <= now_ms - said_ms <= MAX_SKEW_MS
        if fresh or self._ahead_ms is None or ahead_ms > self._ahead_ms:
            # A fresh one of ours bounds it from both sides: whatever we thought before, this is it.
            self._ahead_ms = ahead_ms

    def earliest(self, now_ms: int, skew: int) -> int:
        """What the relay's clock shows at least, UTC milliseconds.

        Args:
            now_ms: Our clock.
            skew: By how much it is known to be ahead of ours, as ``skew_ms`` gives it.
        """
        assumed_ms = skew - MAX_SKEW_MS
        return now_ms + (assumed_ms if self._ahead_ms is None else max(assumed_ms, self._ahead_ms))
