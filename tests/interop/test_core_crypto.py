"""Our MLS and OpenMLS, as core-crypto compiles it, in one group, under the cipher suites that both have."""

import pytest

from tests.interop.core_crypto import CoreCryptoMember
from tests.interop.peer import Peer
from tests.interop.public import PublicMember
from tests.interop.script import Dialect, Script
from tests.interop.settings import OPERATIONS, SEED
from tests.interop.suites import CORE_CRYPTO_SUITES, needs_suite

DIALECT = Dialect(aad=False, beside=False, extensions=False, loses=False, mixes=False, proposes=False)


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
