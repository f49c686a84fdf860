"""Our MLS and ts-mls in one group, under every cipher suite that both have."""

import os
from collections.abc import Iterator

import pytest

from tests.interop.operations import operations
from tests.interop.ours import OurMember
from tests.interop.peer import Peer
from tests.interop.room import Room, adds, removes
from tests.interop.script import Dialect, Script
from tests.interop.settings import OPERATIONS, SEED
from tests.interop.suites import TS_MLS_SUITES
from tests.interop.ts_mls import TsMlsMember, TsMlsOutsider


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer("ts_mls_peer.mjs", fixes="ts_mls_fixes.mjs") as running:
        yield running


@pytest.mark.parametrize("suite", TS_MLS_SUITES)
def test_random_script(peer: Peer, suite: int) -> None:
    dialect = Dialect()
    script = Script(
        suite,
        seed=SEED,
        dialect=dialect,
        operations=operations(dialect),
        make_theirs=lambda name: TsMlsMember(name, suite, peer=peer),
        make_their_outsider=lambda name: TsMlsOutsider(name, suite, peer=peer),
    )
    script.run(OPERATIONS)


def test_tree_that_shrinks_and_grows_by_one_commit(peer: Peer) -> None:
    """Leaf 3 goes and its member comes back as leaf 2; `test_core_crypto` shows what OpenMLS makes of it."""
    room = Room(
        1,
        make_ours=lambda name: OurMember(name, 1, random=os.urandom),
        make_theirs=lambda name: TsMlsMember(name, 1, peer=peer),
    )
    first = room.newcomer(ours=True)
    room.found(first, group_id=b"shrinks and grows")
    second, third, back = (room.newcomer(ours=ours) for ours in (False, True, False))
    room.commit(first, adds([second, third, back]), newcomers=[second, third, back])
    room.commit(first, removes(room, [third]), leavers=[third])
    assert room.leaf_of(back) == 3
    group_info = first.group_info(ratchet_tree=True)
    room.let_in(back, back.join_externally(group_info, ratchet_tree=None, replaces=3, aad=b""))
    assert room.leaf_of(back) == 2
    assert len(room.members) == 3
