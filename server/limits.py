"""How much one connection, one log and one admission token may ask for: token buckets.

Nothing is keyed on network addresses: behind Tor or a proxy all clients share one, and the relay keeps no
record of them. A bucket holds `burst` units and gains `rate` a second; what it cannot give now it says when
it can.
"""

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rate:
    """`rate` units a second on average, up to `burst` at once. Both above 0."""

    rate: float
    burst: float


class TokenBucket:
    """One bucket, full at first. `now` is any clock in seconds that never goes back."""

    __slots__ = ("_at", "_level", "_rate")

    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._level = rate.burst
        self._at = now

    def take(self, amount: float, now: float) -> int:
        """Take `amount` units, or nothing.

        Returns:
            0 when taken; otherwise the milliseconds (1 or more) after which to ask again. More than `burst`
            at once is taken as `burst`: it waits for a full bucket, not for ever.
        """
        rate = self._rate
        burst = rate.burst
        level = self._level + (now - self._at) * rate.rate
        if level > burst:
            level = burst
        self._at = now
        wanted = amount if amount < burst else burst
        if wanted <= level:
            self._level = level - wanted
            return 0
        self._level = level
        return max(1, math.ceil((wanted - level) / rate.rate * 1000))


class Buckets:
    """One bucket per key, for the most recently seen keys; a forgotten key starts with a full bucket."""

    MAX_KEYS: Final = 65_536

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._buckets: OrderedDict[bytes, TokenBucket] = OrderedDict()

    def take(self, key: bytes, amount: float, now: float) -> int:
        """As `TokenBucket.take`, from the bucket of `key`."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._rate, now)
            if len(self._buckets) > self.MAX_KEYS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        return bucket.take(amount, now)
