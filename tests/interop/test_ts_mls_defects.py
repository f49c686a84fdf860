"""What ts-mls 1.6.4 has wrong, seen live: that we refuse it, and that the ways around it are still needed.

When one of these fails after an upgrade of ts-mls, its way around can go. One more is shown by `TsMlsMember.leave`:
a member whose leaf is given away by the very commit that removes it does not take itself for removed.
"""

import os
from collections.abc import Iterator

import pytest

from channel.mls.errors import DecryptionError, ValidationError, VerificationError
from channel.mls.psk import ExternalPSK, PreSharedKeyID
from tests.interop.changes import AddClient, Change, MixInPSK, RemoveLeaf, SetExtensions
from tests.interop.member import Member
from tests.interop.ours import OurMember, OurOutsider
from tests.interop.peer import Peer, PeerRefusedError
from tests.interop.room import Room, adds, extensions, removes
from tests.interop.ts_mls import TsMlsMember


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer("ts_mls_peer.mjs") as running:
        yield running


def room_with(peer: Peer, suite: int = 1, *, in_one_call: bool = False) -> Room:
    """A room with one member, ours."""
    room = Room(
        suite,
        make_ours=lambda name: OurMember(name, suite, random=os.urandom),
        make_theirs=lambda name: TsMlsMember(name, suite, peer=peer, in_one_call=in_one_call),
    )
    outsider = OurOutsider(room.next_name(ours=True), suite, random=os.urandom)
    room.found(room.newcomer(ours=True), group_id=b"defects", content=b"", outsiders=(outsider,))
    return room


def joined_by_theirs(room: Room) -> tuple[Member, Member]:
    """The member that is ours, and one of theirs that it has added."""
    (founder,) = room.members.values()
    theirs = room.newcomer(ours=False)
    room.commit(founder, adds([theirs]), newcomers=[theirs])
    return founder, theirs


@pytest.mark.parametrize("suite", [2, 5, 7])
def test_compressed_signature_keys_are_refused(peer: Peer, suite: int) -> None:
    room = room_with(peer, suite)
    (founder,) = room.members.values()
    newcomer = TsMlsMember("somebody", suite, peer=peer, compressed=True)
    with pytest.raises(VerificationError, match="not an uncompressed point"):
        founder.commit([AddClient(newcomer.key_package)], aad=b"", tree_in_welcome=True, public=False)


def test_extensions_without_a_path_are_refused(peer: Peer) -> None:
    room = room_with(peer)
    founder, theirs = joined_by_theirs(room)
    change = SetExtensions(extensions(b"other", ()))
    made = theirs.commit([change], aad=b"", tree_in_welcome=True, public=False)
    with pytest.raises(ValidationError, match="lacks the path") as refused:
        founder.receive(made.message)
    assert refused.value.rule == "12.4-2"
    theirs.discard()
    room.say(founder, b"all is as it was")


def test_path_for_the_old_extensions_is_not_opened(peer: Peer) -> None:
    """It encrypts path secrets with the GroupContext's extensions as they were."""
    room = room_with(peer)
    founder, theirs = joined_by_theirs(room)
    third = room.newcomer(ours=True)
    room.commit(founder, adds([third]), newcomers=[third])
    changes: list[Change] = [
        SetExtensions(extensions(b"other", ())),
        RemoveLeaf(room.leaf_of(third), third.name),
    ]
    made = theirs.commit(changes, aad=b"", tree_in_welcome=True, public=False)
    with pytest.raises(DecryptionError):
        founder.receive(made.message)
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
    made = founder.commit(adds([theirs]), aad=b"", tree_in_welcome=True, public=False)
    assert made.welcome is not None
    with pytest.raises(PeerRefusedError, match="non-blank intermediate node must list leaf node"):
        theirs.join(made.welcome, None)


def test_half_of_the_tree_left_empty_is_not_followed(peer: Peer) -> None:
    """It derives one path secret too many; `test_core_crypto` has OpenMLS do the same steps and agree with us."""
    room = room_with(peer)
    (first,) = room.members.values()
    second, third, theirs = (room.newcomer(ours=ours) for ours in (True, True, False))
    room.commit(first, adds([second, third, theirs]), newcomers=[second, third, theirs])
    made = third.commit(removes(room, [first, second]), aad=b"", tree_in_welcome=True, public=False)
    with pytest.raises(PeerRefusedError, match="Could not verify confirmation tag"):
        theirs.receive(made.message)


def test_external_pub_without_its_length_is_refused(peer: Peer) -> None:
    """A point of P-256 begins with 4, which is not the length of the other 64 bytes."""
    room = room_with(peer, 2)
    _, theirs = joined_by_theirs(room)
    with pytest.raises(ValidationError, match="external_pub extension is malformed") as refused:
        room.newcomer(ours=True).join_externally(
            theirs.group_info(ratchet_tree=True), ratchet_tree=None, replaces=None, aad=b""
        )
    assert refused.value.rule == "12.4.3.2-3"


def test_external_pub_with_its_length_is_not_understood(peer: Peer) -> None:
    room = room_with(peer)
    (founder,) = room.members.values()
    with pytest.raises(PeerRefusedError, match="Invalid public key for the ciphersuite"):
        room.newcomer(ours=False).join_externally(
            founder.group_info(ratchet_tree=True), ratchet_tree=None, replaces=None, aad=b""
        )


def test_list_of_external_senders_is_not_understood(peer: Peer) -> None:
    room = room_with(peer)
    founder, theirs = joined_by_theirs(room)
    (outsider,) = room.outsiders
    change = RemoveLeaf(room.leaf_of(theirs), theirs.name)
    group_info = founder.group_info(ratchet_tree=True)
    with pytest.raises(PeerRefusedError, match="Could not decode ExternalSender"):
        theirs.receive(outsider.propose(change, group_info, sender_index=0, aad=b""))


def test_psk_of_a_private_commit_is_forgotten(peer: Peer) -> None:
    room = room_with(peer, in_one_call=True)
    founder, theirs = joined_by_theirs(room)
    psk_id = PreSharedKeyID(ExternalPSK(b"agreed"), os.urandom(room.suite.hash_size))
    for member in (founder, theirs):
        member.learn(b"agreed", b"upon")
    made = founder.commit([MixInPSK(psk_id)], aad=b"", tree_in_welcome=True, public=False)
    with pytest.raises(PeerRefusedError, match="Could not find pskId"):
        theirs.receive(made.message)
    founder.discard()
    room.commit(founder, [MixInPSK(psk_id)], public=True)


def test_own_update_cannot_be_followed(peer: Peer) -> None:
    """Nothing takes the new leaf's private key: what is encrypted to the leaf is tried with the old one."""
    room = room_with(peer, in_one_call=True)
    founder, theirs = joined_by_theirs(room)
    room.spread(theirs, theirs.propose_update(aad=b"", public=False))
    made = founder.commit([], aad=b"", tree_in_welcome=True, public=False)
    with pytest.raises(PeerRefusedError, match="CryptoError"):
        theirs.receive(made.message)
