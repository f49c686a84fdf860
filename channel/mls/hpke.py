"""HPKE as MLS uses it (RFC 9180, base mode, one message per encapsulation, no associated data).

Keys travel as `bytes`: X25519 as in RFC 7748, NIST curves as big-endian scalar and uncompressed point.
DeriveKeyPair (section 7.1.3) is written here because pyca `cryptography` has none. Encapsulation draws its
ephemeral key inside pyca from the operating system: the one place in `channel` where randomness is not an
argument, because pyca offers no way to pass it. Everything else is deterministic; what is encapsulated, and
so every commit and Welcome, is another on each run, with equal seeds too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

import cryptography.exceptions
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from channel.mls.codec import Reader, decode, opaque, u8, u16
from channel.mls.errors import DecryptionError, VerificationError
from channel.mls.signatures import ECDSA, ECDSA_P256, ECDSA_P384, ECDSA_P521, encode_point, load_point
from channel.mls.types import Random


@dataclass(frozen=True, slots=True)
class HPKECiphertext:
    """An encapsulated key and what is encrypted under it (RFC 9420, section 7.6)."""

    kem_output: bytes
    ciphertext: bytes

    def encode(self) -> bytes:
        """The wire form."""
        return opaque(self.kem_output) + opaque(self.ciphertext)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(reader.opaque(), reader.opaque())

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)


class KEM(Protocol):
    """One key encapsulation mechanism, its keys as raw bytes."""

    @property
    def private_key_size(self) -> int:
        """Bytes of a private key, Nsk."""

    def derive_key_pair(self, ikm: bytes) -> tuple[bytes, bytes]:
        """DeriveKeyPair (RFC 9180, section 7.1.3): the private and the public key."""

    def public_key(self, private_key: bytes) -> bytes:
        """The public half of a private key."""

    def check_public_key(self, public_key: bytes) -> None:
        """Refuse a peer's key that must not be encrypted to, with `VerificationError`."""

    def encrypt(self, suite: hpke.Suite, public_key: bytes, info: bytes, plaintext: bytes) -> HPKECiphertext:
        """Encrypt to a peer's key; `VerificationError` if it must not be encrypted to."""

    def decrypt(
        self, suite: hpke.Suite, private_key: bytes, info: bytes, ciphertext: HPKECiphertext
    ) -> bytes:
        """Decrypt with our key; `DecryptionError` if it does not open."""


def generate_key_pair(kem: KEM, random: Random) -> tuple[bytes, bytes]:
    """Make a key pair from as many random bytes as a private key has."""
    return kem.derive_key_pair(random(kem.private_key_size))


def _labelled(kem_id: int, label: bytes) -> bytes:
    return b"HPKE-v1KEM" + u16(kem_id) + label


def _dkp_prk(kem_id: int, hash_: hashes.HashAlgorithm, ikm: bytes) -> bytes:
    return HKDF.extract(hash_, b"", _labelled(kem_id, b"dkp_prk") + ikm)


def _expand(
    kem_id: int, hash_: hashes.HashAlgorithm, prk: bytes, label: bytes, info: bytes, length: int
) -> bytes:
    return HKDFExpand(hash_, length, u16(length) + _labelled(kem_id, label) + info).derive(prk)


def _open(decrypt: Callable[[], bytes]) -> bytes:
    try:
        return decrypt()
    except (cryptography.exceptions.InvalidTag, ValueError):
        # pyca reports an all-zero shared secret and a bad tag alike, and so do we: which it was helps only
        # an attacker.
        raise DecryptionError("HPKE ciphertext does not open") from None


_CURVE25519_PRIME = 2**255 - 19

# u-coordinates of the points whose order divides 8, on the curve and on its twist: with any private key the
# shared secret is all zeros (RFC 7748, section 6.1).
_LOW_ORDER_U = frozenset(
    {
        0,
        1,
        _CURVE25519_PRIME - 1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
    }
)


@dataclass(frozen=True, slots=True)
class X25519KEM:
    """DHKEM(X25519, HKDF-SHA256); public keys that force an all-zero shared secret are refused."""

    @property
    def private_key_size(self) -> int:
        """Bytes of a private key, Nsk."""
        return 32

    def derive_key_pair(self, ikm: bytes) -> tuple[bytes, bytes]:
        """DeriveKeyPair (RFC 9180, section 7.1.3)."""
        sha256 = hashes.SHA256()
        private_key = _expand(0x0020, sha256, _dkp_prk(0x0020, sha256, ikm), b"sk", b"", 32)
        return private_key, self.public_key(private_key)

    def public_key(self, private_key: bytes) -> bytes:
        """The 32-byte public half."""
        return X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()

    def check_public_key(self, public_key: bytes) -> None:
        """Refuse a key that is not 32 bytes, of low order, or not canonical."""
        if len(public_key) != 32:
            raise VerificationError("an X25519 public key is 32 bytes")
        encoded = int.from_bytes(public_key, "little")
        if (encoded & (2**255 - 1)) % _CURVE25519_PRIME in _LOW_ORDER_U:
            raise VerificationError("X25519 public key is of low order")
        if encoded >= _CURVE25519_PRIME:
            # X25519 itself takes such a key (RFC 7748, section 5), but a key with two names could be in a
            # tree twice, and no RFC 9180 implementation writes one.
            raise VerificationError("X25519 public key is not canonically encoded")

    def encrypt(self, suite: hpke.Suite, public_key: bytes, info: bytes, plaintext: bytes) -> HPKECiphertext:
        """Encrypt to a peer's key."""
        self.check_public_key(public_key)
        sealed = suite.encrypt(plaintext, X25519PublicKey.from_public_bytes(public_key), info)
        return HPKECiphertext(sealed[:32], sealed[32:])

    def decrypt(
        self, suite: hpke.Suite, private_key: bytes, info: bytes, ciphertext: HPKECiphertext
    ) -> bytes:
        """Decrypt with our key."""
        key = X25519PrivateKey.from_private_bytes(private_key)
        if len(ciphertext.kem_output) != 32:
            raise DecryptionError("HPKE ciphertext does not open")
        return _open(lambda: suite.decrypt(ciphertext.kem_output + ciphertext.ciphertext, key, info))


@dataclass(frozen=True, slots=True, kw_only=True)
class NISTKEM:
    """DHKEM on a NIST curve; public keys must be uncompressed points on it.

    Attributes:
        kem_id: The registered number (RFC 9180, section 7.1).
        curve: The curve, its order and sizes.
        bitmask: What the first byte of a candidate scalar is masked with.
    """

    kem_id: int
    curve: ECDSA
    bitmask: int

    @property
    def private_key_size(self) -> int:
        """Bytes of a private key, Nsk."""
        return self.curve.scalar_size

    def derive_key_pair(self, ikm: bytes) -> tuple[bytes, bytes]:
        """DeriveKeyPair (RFC 9180, section 7.1.3): candidates until one is a scalar.

        Raises:
            ValueError: None of 256 was, which happens with no `ikm` anybody will ever find.
        """
        curve = self.curve
        prk = _dkp_prk(self.kem_id, curve.hash, ikm)
        for counter in range(256):
            raw = bytearray(
                _expand(self.kem_id, curve.hash, prk, b"candidate", u8(counter), curve.scalar_size)
            )
            raw[0] &= self.bitmask
            if 0 < int.from_bytes(raw, "big") < curve.order:
                private_key = bytes(raw)
                return private_key, self.public_key(private_key)
        raise ValueError("no private key can be derived from this input")

    def _load(self, private_key: bytes) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(int.from_bytes(private_key, "big"), self.curve.curve)

    def public_key(self, private_key: bytes) -> bytes:
        """The uncompressed point of the public half."""
        return encode_point(self._load(private_key).public_key())

    def check_public_key(self, public_key: bytes) -> None:
        """Refuse a key that is not an uncompressed point on the curve."""
        load_point(self.curve.curve, self.curve.scalar_size, public_key)

    def encrypt(self, suite: hpke.Suite, public_key: bytes, info: bytes, plaintext: bytes) -> HPKECiphertext:
        """Encrypt to a peer's key."""
        sealed = suite.encrypt(
            plaintext, load_point(self.curve.curve, self.curve.scalar_size, public_key), info
        )
        size = 1 + 2 * self.curve.scalar_size
        return HPKECiphertext(sealed[:size], sealed[size:])

    def decrypt(
        self, suite: hpke.Suite, private_key: bytes, info: bytes, ciphertext: HPKECiphertext
    ) -> bytes:
        """Decrypt with our key."""
        key = self._load(private_key)
        try:
            self.check_public_key(ciphertext.kem_output)
        except VerificationError:
            raise DecryptionError("HPKE ciphertext does not open") from None
        return _open(lambda: suite.decrypt(ciphertext.kem_output + ciphertext.ciphertext, key, info))


X25519_KEM = X25519KEM()
P256_KEM = NISTKEM(kem_id=0x0010, curve=ECDSA_P256, bitmask=0xFF)
P384_KEM = NISTKEM(kem_id=0x0011, curve=ECDSA_P384, bitmask=0xFF)
P521_KEM = NISTKEM(kem_id=0x0012, curve=ECDSA_P521, bitmask=0x01)
