"""A hostile inviter or member picks a title or a name so that a command reaches another channel or person than meant."""

import pytest

from client.cli.people import find_person
from client.errors import UnknownChannel, UnknownPerson
from client.events import ChannelInfo, ChannelStatus
from client.parley import Parley
from protocols.messages import Role
from protocols.negotiation import Participant

OURS = bytes.fromhex("b2ae7482" + "00" * 28)
THEIRS = bytes.fromhex("11" * 32)
MIRA = Participant("b2ae7482" + "0" * 24, "Mira", Role.MEDIATOR)


def channel(log: bytes, title: str) -> ChannelInfo:
    return ChannelInfo(
        log=log,
        short=log.hex()[:8],
        title=title,
        role=Role.PARTY,
        relay_url="wss://relay.example.org",
        size=1,
        status=ChannelStatus.ACTIVE,
        members=(),
        mode="LIVE",
    )


class _Listed(Parley):
    """A profile that holds these channels."""

    def __init__(self, *channels: ChannelInfo) -> None:
        self._listed = channels

    def channels(self) -> tuple[ChannelInfo, ...]:
        return self._listed


def test_a_channel_titled_like_anothers_id_does_not_take_its_messages() -> None:
    """`parley invite b2ae7482` is what the command line itself tells people to type."""
    ours = channel(OURS, "North bridge")
    parley = _Listed(ours, channel(THEIRS, "b2ae7482"))
    with pytest.raises(UnknownChannel):
        parley.find_channel("b2ae7482")
    assert parley.find_channel(OURS.hex()) == ours


def test_two_channels_of_one_title_are_told_apart_by_id_only() -> None:
    parley = _Listed(channel(OURS, "North bridge"), channel(THEIRS, "NORTH BRIDGE"))
    with pytest.raises(UnknownChannel):
        parley.find_channel("north bridge")
    assert parley.find_channel("b2ae").log == OURS


def test_a_person_named_like_anothers_id_is_not_taken_for_them() -> None:
    """Else `parley verify CHANNEL b2ae7482` records that the wrong key was compared."""
    mallory = Participant("11" * 16, "b2ae7482", Role.PARTY)
    with pytest.raises(UnknownPerson):
        find_person("b2ae7482", (MIRA, mallory))
    assert find_person(MIRA.id, (MIRA, mallory)) == MIRA
