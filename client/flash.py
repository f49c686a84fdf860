"""FLASH is for immediate danger: more than three from one seat within an hour asks, and never blocks.

MESSAGES.md section 3. Who is in danger may have good reason for a fourth; who shouts always is not heard.
"""

from typing import Final

from protocols.messages import Message
from protocols.negotiation import Negotiation

__all__ = ["FLASH_AN_HOUR", "flash_question"]

FLASH_AN_HOUR: Final = 3
_HOUR_MS: Final = 3_600_000


def flash_question(negotiation: Negotiation, message: Message, now_ms: int) -> str | None:
    """Return what to ask the author of a FLASH message before it leaves; None where there is nothing to ask.

    Args:
        negotiation: the channel's, as it stands.
        message: not sent yet.
        now_ms: our clock, UTC milliseconds.
    """
    if message.envelope.precedence != "FLASH":
        return None
    before = _sent(negotiation, message.envelope.sender, now_ms)
    if before < FLASH_AN_HOUR:
        return None
    return f"You have sent {before} FLASH messages within the hour. Send this one too if danger is immediate."


def _sent(negotiation: Negotiation, sender: str, now_ms: int) -> int:
    count = 0
    for position in range(negotiation.position, -1, -1):
        said = negotiation.by_position(position)
        if said is None:
            continue
        if said.relay_time_ms <= now_ms - _HOUR_MS:
            break
        count += said.sender == sender and said.precedence == "FLASH"
    return count
