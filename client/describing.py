"""A channel as a list shows it, from what is kept of it or from its running conversation."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from channel.charter import Seats
from channel.charter_terms import participants
from channel.epoch import Epoch
from client.events import ChannelInfo, ChannelStatus
from protocols.messages import Role

__all__ = ["SEATS_WORDS", "describe"]

_SHORT = 8

SEATS_WORDS: Final[Mapping[Seats, str]] = MappingProxyType(
    {
        Seats.OPEN: "set-up: any party or mediator decides who sits here",
        Seats.AGREED: "agreed: nobody comes, goes or changes role unless every party agrees",
    }
)
"""Who decides who sits in a channel, for people."""


def describe(
    epoch: Epoch, *, log_id: bytes, me: str, relay_url: str, size: int, status: ChannelStatus
) -> ChannelInfo:
    """Describe a channel.

    Args:
        epoch: The epoch it is in.
        log_id: 32 bytes.
        me: Our participant id.
        relay_url: Where its relay is.
        size: How many entries we have judged.
        status: Whether it can be used.
    """
    charter = epoch.charter
    ours = charter.entry(me)
    return ChannelInfo(
        log=log_id,
        short=log_id.hex()[:_SHORT],
        title=charter.title,
        # Whoever has been removed has no seat any more, and reads what was kept.
        role=Role.OBSERVER if ours is None else ours.role,
        relay_url=relay_url,
        size=size,
        status=status,
        members=participants(charter),
        mode=charter.mode.value,
        seats=SEATS_WORDS[charter.seats],
    )
