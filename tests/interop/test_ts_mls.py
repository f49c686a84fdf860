"""Our MLS and ts-mls in one group, under every cipher suite that both have."""

from collections.abc import Iterator

import pytest

from tests.interop.members import OurMember, TheirMember
from tests.interop.peer import Peer
from tests.interop.public import PublicMember
from tests.interop.script import Dialect, Script
from tests.interop.settings import OPERATIONS, SEED
from tests.interop.suites import TS_MLS_SUITES, needs_suite


@pytest.fixture
def peer() -> Iterator[Peer]:
    with Peer("ts_mls_peer.mjs", fixes="ts_mls_fixes.mjs") as running:
        yield running


@pytest.mark.parametrize("public", [False, True], ids=["private-commits", "public-commits"])
@pytest.mark.parametrize("suite", TS_MLS_SUITES)
def test_random_script(peer: Peer, suite: int, public: bool) -> None:
    needs_suite(suite)
    script = Script(
        suite,
        seed=SEED,
        dialect=Dialect(),
        make_ours=PublicMember if public else OurMember,
        make_theirs=lambda name: TheirMember(name, suite, peer=peer, public=public),
    )
    script.run(OPERATIONS)
    assert script.room.commits
