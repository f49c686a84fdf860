"""Our MLS and OpenMLS, as core-crypto compiles it, in one group, under the cipher suites that both have."""

import os

import pytest

from tests.interop.core_crypto import CoreCryptoMember
from tests.interop.peer import Peer
from tests.interop.public import PublicMember
from tests.interop.room import Room, adds, removes
from tests.interop.script import Dialect, Script
from tests.interop.settings import OPERATIONS, SEED
from tests.interop.suites import CORE_CRYPTO_SUITES, needs_suite

# It keeps the keys of two generations that were skipped, and says of older messages that they came twice.
DIALECT = Dialect(
    aad=False, burst=2, beside=False, extensions=False, loses=False, mixes=False, proposes=False
)


@pytest.mark.parametrize("suite", CORE_CRYPTO_SUITES)
def test_random_script(suite: int) -> None:
    needs_suite(suite)
    with Peer("core_crypto_peer.mjs") as peer:
        script = Script(
            suite,
            seed=SEED,
            dialect=DIALECT,
            make_ours=PublicMember,
            make_theirs=lambda name: CoreCryptoMember(name, suite, peer=peer),
        )
        script.run(OPERATIONS)
    assert script.room.commits


def test_half_of_the_tree_left_empty() -> None:
    """The root stays blank, so the commit secret follows on the path secret below it; ts-mls has that wrong."""
    with Peer("core_crypto_peer.mjs") as peer:
        room = Room(
            1,
            make_ours=lambda name: PublicMember(name, 1, random=os.urandom),
            make_theirs=lambda name: CoreCryptoMember(name, 1, peer=peer),
        )
        first = room.newcomer(ours=True)
        room.found(first, group_id=b"half", content=None)
        second, third, theirs = (room.newcomer(ours=ours) for ours in (True, True, False))
        room.commit(first, adds([second, third, theirs]), newcomers=[second, third, theirs])
        room.commit(third, removes(room, [first, second]), leavers=[first, second])
        room.commit(theirs)
        room.say(third, b"only the two of us now")
        assert room.leaf_of(third) == 2
