"""Our MLS and OpenMLS, as core-crypto compiles it, in one group, under the cipher suites that both have."""

import os
from collections.abc import Iterator

import pytest

from channel.mls.errors import ValidationError
from tests.interop.core_crypto import CoreCryptoMember
from tests.interop.operations import operations
from tests.interop.ours import OurMember
from tests.interop.peer import Peer
from tests.interop.room import Room, adds, removes
from tests.interop.script import Dialect, Script
from tests.interop.settings import OPERATIONS, SEED
from tests.interop.suites import CORE_CRYPTO_SUITES

# It keeps the keys of two generations that were skipped, and says of older messages that they came twice.
DIALECT = Dialect(
    aad=False,
    beside=False,
    burst=2,
    changes_extensions=False,
    extensions=False,
    loses=False,
    mixes=False,
    outsiders=1,
    outsiders_change=False,
    private=False,
    proposes=False,
    psks=False,
    publishes=False,
    regrows=False,
    speaks_outside=False,
)


@pytest.mark.parametrize("suite", CORE_CRYPTO_SUITES)
def test_random_script(suite: int) -> None:
    with Peer("core_crypto_peer.mjs") as peer:
        script = Script(
            suite,
            seed=SEED,
            dialect=DIALECT,
            operations=operations(DIALECT),
            make_theirs=lambda name: CoreCryptoMember(name, suite, peer=peer),
        )
        script.run(OPERATIONS)


@pytest.fixture
def room() -> Iterator[Room]:
    with Peer("core_crypto_peer.mjs") as peer:
        yield Room(
            1,
            make_ours=lambda name: OurMember(name, 1, random=os.urandom),
            make_theirs=lambda name: CoreCryptoMember(name, 1, peer=peer),
        )


def test_half_of_the_tree_left_empty(room: Room) -> None:
    """The root stays blank, so the commit secret follows on the path secret below it; ts-mls has that wrong."""
    first = room.newcomer(ours=True)
    room.found(first, group_id=b"half")
    second, third, theirs = (room.newcomer(ours=ours) for ours in (True, True, False))
    room.commit(first, adds([second, third, theirs]), newcomers=[second, third, theirs], public=True)
    room.commit(third, removes(room, [first, second]), leavers=[first, second], public=True)
    room.commit(theirs, public=True)
    room.say(third, b"only the two of us now")
    assert room.leaf_of(third) == 2


def test_who_is_removed_comes_back_with_the_tree(room: Room) -> None:
    """A defect of the OpenMLS in core-crypto 10.3.0 (openmls/openmls#1794), which we refuse to follow.

    The commit removes leaf 3, by which the tree shrinks to two leaves, and adds leaf 2, by which it grows again: with
    leaf 3 as it was before. `test_ts_mls` has ts-mls do the same steps and agree with us. When this fails after an
    upgrade, `DIALECT.regrows` can go.
    """
    first = room.newcomer(ours=True)
    room.found(first, group_id=b"shrinks and grows")
    second, third, back = (room.newcomer(ours=ours) for ours in (False, True, False))
    room.commit(first, adds([second, third, back]), newcomers=[second, third, back], public=True)
    room.commit(first, removes(room, [third]), leavers=[third], public=True)
    assert room.leaf_of(back) == 3
    assert room.regrows([back], 1)
    group_info = first.group_info(ratchet_tree=True)
    message = back.join_externally(group_info, ratchet_tree=None, replaces=3, aad=b"")
    with pytest.raises(ValidationError) as refused:
        first.receive(message)
    assert refused.value.rule == "7.5-1"
    assert second.receive(message) is None
    identities = second.look(b"")["identities"]
    assert isinstance(identities, list)
    assert identities.count(back.name.encode()) == 2
