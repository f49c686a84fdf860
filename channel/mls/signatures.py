"""Signature schemes of the cipher suites (RFC 9420, section 5.1.2): raw keys in, signatures and verdicts out.

Keys travel as `bytes`: Ed25519 as in RFC 8032; ECDSA private keys as the big-endian scalar, public keys as
the uncompressed point, signatures in DER. ECDSA signs deterministically (RFC 6979), so nothing here draws
randomness.

Loading a private key costs as much as signing with it, so a caller that signs often keeps the object `load`
returns; nothing here keeps a copy of a secret.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

import cryptography.exceptions
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from channel.mls.ed25519 import check_public_key, load_public_key
from channel.mls.errors import VerificationError
from channel.mls.types import Random


@dataclass(frozen=True, slots=True)
class SignatureKeyPair:
    """A leaf's signature keys, raw (RFC 9420, section 5.1.2).

    Attributes:
        private_key: The secret half: the suite's seed or big-endian scalar.
        public_key: What goes into the leaf's `signature_key`.
    """

    private_key: bytes = field(repr=False)
    public_key: bytes


class SigningKey(Protocol):
    """A loaded private key."""

    def sign(self, message: bytes) -> bytes:
        """Sign the whole message."""


class SignatureScheme(Protocol):
    """One signature algorithm, its keys as raw bytes."""

    def generate(self, random: Random) -> SignatureKeyPair:
        """Make a key pair from random bytes."""

    def load(self, private_key: bytes) -> SigningKey:
        """Load a private key for repeated use; `ValueError` if it is none."""

    def public_key(self, private_key: bytes) -> bytes:
        """The public half of a private key."""

    def check_public_key(self, public_key: bytes) -> None:
        """Refuse a peer's key that must not be trusted, with `VerificationError`."""

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> None:
        """Check a peer's signature; `VerificationError` if key or signature must not be trusted."""


@dataclass(frozen=True, slots=True)
class Ed25519:
    """Ed25519 (RFC 8032), with low-order and non-canonical public keys refused."""

    def generate(self, random: Random) -> SignatureKeyPair:
        """Make a key pair: 32 random bytes are the private key."""
        private_key = random(32)
        return SignatureKeyPair(private_key, self.public_key(private_key))

    def load(self, private_key: bytes) -> Ed25519PrivateKey:
        """Load a 32-byte private key."""
        return Ed25519PrivateKey.from_private_bytes(private_key)

    def public_key(self, private_key: bytes) -> bytes:
        """The 32-byte public half."""
        return self.load(private_key).public_key().public_bytes_raw()

    def check_public_key(self, public_key: bytes) -> None:
        """Refuse a key that is not 32 bytes, not canonical, or of low order."""
        check_public_key(public_key)

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> None:
        """Check a peer's 64-byte signature."""
        try:
            load_public_key(public_key).verify(signature, message)
        except cryptography.exceptions.InvalidSignature:
            raise VerificationError("signature does not verify") from None


@dataclass(frozen=True, slots=True)
class _ECDSAKey:
    _key: ec.EllipticCurvePrivateKey = field(repr=False)
    _algorithm: ec.ECDSA

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message, self._algorithm)


@dataclass(frozen=True, slots=True, kw_only=True)
class ECDSA:
    """ECDSA on a NIST curve, DER signatures.

    Attributes:
        curve: The curve.
        scalar_size: Bytes of a private key.
        hash: The hash it signs with.
    """

    curve: ec.EllipticCurve
    scalar_size: int
    hash: hashes.HashAlgorithm

    @property
    def order(self) -> int:
        """The order of the curve's base point."""
        return self.curve.group_order

    def generate(self, random: Random) -> SignatureKeyPair:
        """Make a key pair, drawing 8 bytes more than a scalar has (FIPS 186-5, A.2.1)."""
        scalar = int.from_bytes(random(self.scalar_size + 8), "big") % (self.order - 1) + 1
        private_key = scalar.to_bytes(self.scalar_size, "big")
        return SignatureKeyPair(private_key, self.public_key(private_key))

    def load(self, private_key: bytes) -> SigningKey:
        """Load a big-endian scalar."""
        return _ECDSAKey(
            ec.derive_private_key(int.from_bytes(private_key, "big"), self.curve),
            ec.ECDSA(self.hash, deterministic_signing=True),
        )

    def public_key(self, private_key: bytes) -> bytes:
        """The uncompressed point of the public half."""
        return encode_point(
            ec.derive_private_key(int.from_bytes(private_key, "big"), self.curve).public_key()
        )

    def check_public_key(self, public_key: bytes) -> None:
        """Refuse a key that is not an uncompressed point on the curve."""
        load_point(self.curve, self.scalar_size, public_key)

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> None:
        """Check a peer's DER signature."""
        key = load_point(self.curve, self.scalar_size, public_key)
        try:
            key.verify(signature, message, ec.ECDSA(self.hash))
        except cryptography.exceptions.InvalidSignature:
            raise VerificationError("signature does not verify") from None


def encode_point(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as an uncompressed point (SEC 1, section 2.3.3)."""
    numbers = key.public_numbers()
    size = (key.key_size + 7) // 8
    return b"\x04" + numbers.x.to_bytes(size, "big") + numbers.y.to_bytes(size, "big")


@lru_cache(maxsize=1024)
def load_point(curve: ec.EllipticCurve, scalar_size: int, raw: bytes) -> ec.EllipticCurvePublicKey:
    """Load a peer's public key.

    Args:
        curve: The curve it must be on.
        scalar_size: Bytes of one coordinate.
        raw: The uncompressed point.

    Raises:
        VerificationError: Another length or form, or not on the curve.
    """
    if len(raw) != 1 + 2 * scalar_size or raw[0] != 4:
        raise VerificationError("public key is not an uncompressed point")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, raw)
    except ValueError:
        raise VerificationError("public key is not on the curve") from None


ED25519 = Ed25519()
ECDSA_P256 = ECDSA(curve=ec.SECP256R1(), scalar_size=32, hash=hashes.SHA256())
ECDSA_P384 = ECDSA(curve=ec.SECP384R1(), scalar_size=48, hash=hashes.SHA384())
ECDSA_P521 = ECDSA(curve=ec.SECP521R1(), scalar_size=66, hash=hashes.SHA512())
