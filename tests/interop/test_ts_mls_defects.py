"""What ts-mls 1.6.4 has wrong, seen live: that we refuse it, and that the ways around it are still needed.

When one of these fails after an upgrade of ts-mls, its way around can go. One more is shown by `TheirMember.leave`:
a member whose leaf is given away by the very commit that removes it does not take itself for removed.
"""

import os
from collections.abc import Iterator

import pytest

from channel.mls import ValidationError, VerificationError
from tests.interop.members import (
    AddClient,
    OurMember,
    SetExtensions,
    TheirMember,
)
from tests.interop.peer import Peer, PeerRefusedError
from tests.interop.room import Room, adds, removes


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer("ts_mls_peer.mjs") as running:
        yield running


def room_with(peer: Peer, suite: int = 1) -> Room:
    """A room with one member, ours."""
    room = Room(
        suite,
        make_ours=lambda name: OurMember(name, suite, random=os.urandom),
        make_theirs=lambda name: TheirMember(name, suite, peer=peer),
    )
    room.found(room.newcomer(ours=True), group_id=b"defects", content=b"")
    return room


@pytest.mark.parametrize("suite", [2, 5, 7])
def test_compressed_signature_keys_are_refused(peer: Peer, suite: int) -> None:
    room = room_with(peer, suite)
    (founder,) = room.members.values()
    newcomer = TheirMember("somebody", suite, peer=peer, compressed=True)
    with pytest.raises(VerificationError, match="not an uncompressed point"):
        founder.commit([AddClient(newcomer.key_package)], aad=b"", tree_in_welcome=True)


def test_extensions_without_a_path_are_refused(peer: Peer) -> None:
    room = room_with(peer)
    (founder,) = room.members.values()
    theirs = room.newcomer(ours=False)
    room.commit(founder, adds([theirs]), newcomers=[theirs])
    made = theirs.commit([SetExtensions(b"other")], aad=b"", tree_in_welcome=True)
    with pytest.raises(ValidationError, match="lacks the path") as refused:
        founder.receive(made.message)
    assert refused.value.rule == "12.4-2"
    theirs.discard()
    room.say(founder, b"all is as it was")


def test_uneven_unmerged_leaves_are_not_joined(peer: Peer) -> None:
    """A node lists the newcomer as unmerged, and the root, which is new, rightly does not."""
    room = room_with(peer)
    (founder,) = room.members.values()
    ours = [room.newcomer(ours=True) for _ in range(6)]
    room.commit(founder, adds(ours), newcomers=ours)
    room.commit(ours[3])
    theirs = room.newcomer(ours=False)
    made = founder.commit(adds([theirs]), aad=b"", tree_in_welcome=True)
    assert made.welcome is not None
    with pytest.raises(PeerRefusedError, match="non-blank intermediate node must list leaf node"):
        theirs.join(made.welcome, None)


def test_half_of_the_tree_left_empty_is_not_followed(peer: Peer) -> None:
    """It derives one path secret too many; `test_core_crypto` has OpenMLS do the same steps and agree with us."""
    room = room_with(peer)
    (first,) = room.members.values()
    second, third, theirs = (room.newcomer(ours=ours) for ours in (True, True, False))
    room.commit(first, adds([second, third, theirs]), newcomers=[second, third, theirs])
    made = third.commit(removes(room, [first, second]), aad=b"", tree_in_welcome=True)
    with pytest.raises(PeerRefusedError, match="Could not verify confirmation tag"):
        theirs.receive(made.message)
