"""When to try the relay again: a pure value, no clock and no randomness of its own.

The delay before attempt n is drawn evenly from nothing up to `min(cap, base * 2**n)`: full jitter, so that
the clients of a relay that restarts do not all return in the same second. Only a connection that stayed up
proves that the relay is well; one that is accepted and dropped at once must not reset the delay.
"""

from dataclasses import dataclass, replace
from typing import Final

BASE_S: Final = 1.0
CAP_S: Final = 60.0
STABLE_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How many attempts failed in a row.

    Attributes:
        attempt: Failures since the last stable connection.
        base_s: Upper end of the first delay, in seconds.
        cap_s: Upper end of every delay, in seconds.
        stable_s: How long a connection must hold to count as success.
    """

    attempt: int = 0
    base_s: float = BASE_S
    cap_s: float = CAP_S
    stable_s: float = STABLE_S

    def delay_s(self, uniform: float) -> float:
        """Say how long to wait before the next attempt.

        Args:
            uniform: A random number, at least 0 and below 1.

        Returns:
            Seconds, from 0 to `min(cap_s, base_s * 2**attempt)`.
        """
        doublings = min(self.attempt, 64)  # 2.0**1024 overflows, and the cap was reached long before
        return uniform * min(self.cap_s, self.base_s * 2.0**doublings)

    def after(self, connected_s: float) -> "Backoff":
        """Take in that a connection ended, or that none was made.

        Args:
            connected_s: How long the connection held, in seconds; 0 when there was none.

        Returns:
            The next state: the first again after a stable connection, otherwise one attempt more.
        """
        return replace(self, attempt=0 if connected_s >= self.stable_s else self.attempt + 1)
