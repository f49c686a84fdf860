"""A channel as a list shows it, from what is kept of it or from its running conversation."""

from channel.epoch import Epoch
from client.events import ChannelInfo, ChannelStatus
from protocols.messages import Role
from protocols.negotiation import Participant

__all__ = ["describe"]

_SHORT = 8


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
        members=tuple(Participant(entry.id, entry.name, entry.role) for entry in charter.roster),
        mode=charter.mode.value,
    )
