"""The cipher suites (RFC 9420, sections 5.1 and 17.1), registered under their numbers.

A cipher suite is a value, so that another one is a `register` call and no new code path, and the same one can
be spoken under another number: `register(dataclasses.replace(suite, number=...))`.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hpke as pyca
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from channel.mls import kem, xwing
from channel.mls.ed448 import ED448
from channel.mls.errors import UnsupportedError
from channel.mls.hpke import AEAD, HPKE, KDF, HPKECiphertext, NativeHPKE
from channel.mls.signatures import ECDSA_P256, ECDSA_P384, ECDSA_P521, ED25519, SignatureKeyPair
from channel.mls.suite import CipherSuite
from channel.mls.types import Random

__all__ = [
    "X_WING_CIPHER_SUITE",
    "CipherSuite",
    "HPKECiphertext",
    "SignatureKeyPair",
    "cipher_suite",
    "generate_signature_key_pair",
    "register",
    "supported_cipher_suites",
]

X_WING_CIPHER_SUITE: Final = 0xF47A
"""X-Wing's number here, of the range for private use (RFC 9420, section 17.1).

An F, then how X-Wing's number in HPKE, 0x647A, ends.
"""


def generate_signature_key_pair(suite: CipherSuite, random: Random) -> SignatureKeyPair:
    """Make a signature key pair of a suite (RFC 9420, section 5.1.2).

    Args:
        suite: Says which scheme.
        random: Draws the private key.

    Returns:
        Both halves, raw.
    """
    return suite.signature.generate(random)


_suites: dict[int, CipherSuite] = {}


def register(suite: CipherSuite) -> None:
    """Make a cipher suite known under its number.

    Raises:
        ValueError: The number is taken by another suite.
    """
    if _suites.setdefault(suite.number, suite) != suite:
        raise ValueError(f"cipher suite {suite.number} is already registered")


def cipher_suite(number: int) -> CipherSuite:
    """The cipher suite registered under a number (RFC 9420, sections 5.1 and 17.1).

    Args:
        number: 1 to 7, `X_WING_CIPHER_SUITE`, or whatever has been registered beside them.

    Raises:
        UnsupportedError: There is none.
    """
    try:
        return _suites[number]
    except KeyError:
        raise UnsupportedError(f"cipher suite {number} is not supported") from None


def supported_cipher_suites() -> tuple[int, ...]:
    """The numbers of all registered cipher suites, ascending."""
    return tuple(sorted(_suites))


_SHA256 = KDF(kdf_id=1, hash=hashes.SHA256(), native=pyca.KDF.HKDF_SHA256)
_SHA384 = KDF(kdf_id=2, hash=hashes.SHA384(), native=pyca.KDF.HKDF_SHA384)
_SHA512 = KDF(kdf_id=3, hash=hashes.SHA512(), native=pyca.KDF.HKDF_SHA512)

_AES_128_GCM = AEAD(aead_id=1, key_size=16, load=AESGCM, native=pyca.AEAD.AES_128_GCM)
_AES_256_GCM = AEAD(aead_id=2, key_size=32, load=AESGCM, native=pyca.AEAD.AES_256_GCM)
_CHACHA20_POLY1305 = AEAD(aead_id=3, key_size=32, load=ChaCha20Poly1305, native=pyca.AEAD.CHACHA20_POLY1305)


def _native(mechanism: kem.NativeKEM, name: pyca.KEM, kdf: KDF, aead: AEAD) -> NativeHPKE:
    return NativeHPKE(mechanism, kdf, aead, pyca.Suite(name, kdf.native, aead.native))


register(
    CipherSuite(
        number=1,
        name="MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519",
        hash_name="sha256",
        hpke=_native(kem.X25519, pyca.KEM.X25519, _SHA256, _AES_128_GCM),
        signature=ED25519,
    )
)
register(
    CipherSuite(
        number=2,
        name="MLS_128_DHKEMP256_AES128GCM_SHA256_P256",
        hash_name="sha256",
        hpke=_native(kem.P256, pyca.KEM.P256, _SHA256, _AES_128_GCM),
        signature=ECDSA_P256,
    )
)
register(
    CipherSuite(
        number=3,
        name="MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519",
        hash_name="sha256",
        hpke=_native(kem.X25519, pyca.KEM.X25519, _SHA256, _CHACHA20_POLY1305),
        signature=ED25519,
    )
)
register(
    CipherSuite(
        number=4,
        name="MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448",
        hash_name="sha512",
        hpke=HPKE(kem.X448, _SHA512, _AES_256_GCM),
        signature=ED448,
    )
)
register(
    CipherSuite(
        number=5,
        name="MLS_256_DHKEMP521_AES256GCM_SHA512_P521",
        hash_name="sha512",
        hpke=_native(kem.P521, pyca.KEM.P521, _SHA512, _AES_256_GCM),
        signature=ECDSA_P521,
    )
)
register(
    CipherSuite(
        number=6,
        name="MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448",
        hash_name="sha512",
        hpke=HPKE(kem.X448, _SHA512, _CHACHA20_POLY1305),
        signature=ED448,
    )
)
register(
    CipherSuite(
        number=7,
        name="MLS_256_DHKEMP384_AES256GCM_SHA384_P384",
        hash_name="sha384",
        hpke=_native(kem.P384, pyca.KEM.P384, _SHA384, _AES_256_GCM),
        signature=ECDSA_P384,
    )
)
register(
    CipherSuite(
        number=X_WING_CIPHER_SUITE,
        name="MLS_256_XWING_AES256GCM_SHA512_Ed25519",
        hash_name="sha512",
        hpke=_native(xwing.X_WING, pyca.KEM.MLKEM768_X25519, _SHA512, _AES_256_GCM),
        signature=ED25519,
    )
)
