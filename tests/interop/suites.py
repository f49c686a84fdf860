"""The cipher suites to speak, and which of the others can speak them."""

from dataclasses import dataclass, replace

import pytest

from channel.mls.crypto import X_WING_CIPHER_SUITE, cipher_suite, register

TS_MLS_X_WING = 83


@dataclass(frozen=True, slots=True, kw_only=True)
class InteropSuite:
    """One cipher suite.

    Attributes:
        number: Its registered number; for X-Wing the one that ts-mls has given it.
        name: What to call it in a test's id.
        core_crypto: Whether OpenMLS, as core-crypto builds it, has it. ts-mls has all.
    """

    number: int
    name: str
    core_crypto: bool


SUITES = (
    InteropSuite(number=1, name="x25519-aes128", core_crypto=True),
    InteropSuite(number=2, name="p256", core_crypto=True),
    InteropSuite(number=3, name="x25519-chacha20", core_crypto=True),
    InteropSuite(number=4, name="x448-aes256", core_crypto=False),
    InteropSuite(number=5, name="p521", core_crypto=True),
    InteropSuite(number=6, name="x448-chacha20", core_crypto=False),
    InteropSuite(number=7, name="p384", core_crypto=True),
    InteropSuite(number=TS_MLS_X_WING, name="x-wing", core_crypto=False),
)

register(replace(cipher_suite(X_WING_CIPHER_SUITE), number=TS_MLS_X_WING))

TS_MLS_SUITES = [pytest.param(suite.number, id=suite.name) for suite in SUITES]
CORE_CRYPTO_SUITES = [pytest.param(suite.number, id=suite.name) for suite in SUITES if suite.core_crypto]
