"""Key encapsulation mechanisms (RFC 9180, section 4), their keys as raw bytes.

A Diffie-Hellman group becomes one by DHKEM (section 4.1): X25519 and X448 as in RFC 7748, and the NIST curves
with private keys as big-endian scalars and public keys as uncompressed points. X-Wing is in `xwing`.

pyca `cryptography` encapsulates inside of its own HPKE and shows neither shared secret nor DeriveKeyPair;
what it does not show is written here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import ec, mlkem
from cryptography.hazmat.primitives.asymmetric.x448 import X448PrivateKey, X448PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from channel.mls.codec import u8, u16
from channel.mls.errors import DecryptionError, VerificationError
from channel.mls.signatures import ECDSA, ECDSA_P256, ECDSA_P384, ECDSA_P521, encode_point, load_point
from channel.mls.types import Random

NOT_OPEN = "HPKE ciphertext does not open"
"""What all failures to decrypt say: which it was helps only an attacker."""

NativePublicKey = (
    X25519PublicKey | ec.EllipticCurvePublicKey | mlkem.MLKEM768PublicKey | hpke.MLKEM768X25519PublicKey
)
"""What pyca's HPKE encrypts to."""

NativePrivateKey = (
    X25519PrivateKey | ec.EllipticCurvePrivateKey | mlkem.MLKEM768PrivateKey | hpke.MLKEM768X25519PrivateKey
)
"""What pyca's HPKE decrypts with."""


class KEM(Protocol):
    """One key encapsulation mechanism, its keys as raw bytes."""

    @property
    def kem_id(self) -> int:
        """The registered number (RFC 9180, section 7.1)."""

    @property
    def private_key_size(self) -> int:
        """Bytes of a private key, Nsk."""

    @property
    def kem_output_size(self) -> int:
        """Bytes of an encapsulated key, Nenc."""

    def derive_key_pair(self, ikm: bytes) -> tuple[bytes, bytes]:
        """DeriveKeyPair (RFC 9180, section 7.1.3): the private and the public key."""

    def public_key(self, private_key: bytes) -> bytes:
        """The public half of a private key."""

    def check_public_key(self, public_key: bytes) -> None:
        """Refuse a peer's key that must not be encrypted to, with `VerificationError`."""

    def check_kem_output(self, kem_output: bytes) -> None:
        """Refuse an encapsulated key that is none of this KEM's, with `DecryptionError`."""

    def encapsulate(self, public_key: bytes, random: Random) -> tuple[bytes, bytes]:
        """Encap (RFC 9180, section 4): the shared secret and the kem_output that carries it.

        Raises:
            VerificationError: The peer's key must not be encrypted to.
        """

    def decapsulate(self, private_key: bytes, kem_output: bytes) -> bytes:
        """Decap (RFC 9180, section 4): the shared secret.

        Raises:
            DecryptionError: The kem_output is none of this KEM's.
        """


class NativeKEM(KEM, Protocol):
    """A KEM whose keys pyca's HPKE takes."""

    def native_public_key(self, public_key: bytes) -> NativePublicKey:
        """Check and load a peer's key; `VerificationError` if it must not be encrypted to."""

    def native_private_key(self, private_key: bytes) -> NativePrivateKey:
        """Load a key of ours."""


def labeled_extract(
    hash_: hashes.HashAlgorithm, suite_id: bytes, salt: bytes, label: bytes, ikm: bytes
) -> bytes:
    """LabeledExtract (RFC 9180, section 4)."""
    return HKDF.extract(hash_, salt, b"HPKE-v1" + suite_id + label + ikm)


def labeled_expand(
    hash_: hashes.HashAlgorithm, suite_id: bytes, prk: bytes, label: bytes, info: bytes, length: int
) -> bytes:
    """LabeledExpand (RFC 9180, section 4): `length` bytes."""
    return HKDFExpand(hash_, length, u16(length) + b"HPKE-v1" + suite_id + label + info).derive(prk)


@dataclass(frozen=True, slots=True, kw_only=True)
class DHKEM(ABC):
    """DHKEM (RFC 9180, section 4.1): a KEM from a Diffie-Hellman group.

    Attributes:
        kem_id: The registered number (section 7.1).
        hash: The hash of the KEM's own KDF.
        private_key_size: Bytes of a private key, Nsk.
        kem_output_size: Bytes of an encapsulated key, and of any public key, Nenc and Npk.
    """

    kem_id: int
    hash: hashes.HashAlgorithm
    private_key_size: int
    kem_output_size: int

    @property
    def suite_id(self) -> bytes:
        """What the KEM's own labels are bound to (section 4.1)."""
        return b"KEM" + u16(self.kem_id)

    @abstractmethod
    def derive_key_pair(self, ikm: bytes) -> tuple[bytes, bytes]:
        """DeriveKeyPair (section 7.1.3): the private and the public key."""

    @abstractmethod
    def public_key(self, private_key: bytes) -> bytes:
        """The public half of a private key, pk()."""

    @abstractmethod
    def check_public_key(self, public_key: bytes) -> None:
        """Refuse a peer's key that must not be encrypted to (section 7.1.4), with `VerificationError`."""

    @abstractmethod
    def exchange(self, private_key: bytes, public_key: bytes) -> bytes:
        """DH (section 4.1) with a peer's key that has been checked."""

    def check_kem_output(self, kem_output: bytes) -> None:
        """Refuse what is no public key of the group (section 7.1.4), with `DecryptionError`."""
        try:
            self.check_public_key(kem_output)
        except VerificationError:
            raise DecryptionError(NOT_OPEN) from None

    def extract_and_expand(self, dh: bytes, kem_context: bytes) -> bytes:
        """ExtractAndExpand (section 4.1): a shared secret as long as the hash, which Nsecret always is."""
        eae_prk = labeled_extract(self.hash, self.suite_id, b"", b"eae_prk", dh)
        return labeled_expand(
            self.hash, self.suite_id, eae_prk, b"shared_secret", kem_context, self.hash.digest_size
        )

    def encapsulate(self, public_key: bytes, random: Random) -> tuple[bytes, bytes]:
        """Encap (section 4.1), its ephemeral key derived from as many random bytes as a private key has."""
        self.check_public_key(public_key)
        ephemeral, kem_output = self.derive_key_pair(random(self.private_key_size))
        dh = self.exchange(ephemeral, public_key)
        return self.extract_and_expand(dh, kem_output + public_key), kem_output

    def decapsulate(self, private_key: bytes, kem_output: bytes) -> bytes:
        """Decap (section 4.1)."""
        self.check_kem_output(kem_output)
        dh = self.exchange(private_key, kem_output)
        return self.extract_and_expand(dh, kem_output + self.public_key(private_key))


@dataclass(frozen=True, slots=True, kw_only=True)
class MontgomeryKEM(DHKEM):
    """DHKEM on a curve of RFC 7748; public keys that force an all-zero shared secret are refused.

    Attributes:
        name: The function's name.
        key_bits: Bits of a public key that count: RFC 7748 has X25519 ignore the highest.
        prime: The field's.
        low_order: u-coordinates of the points whose order divides the cofactor, on the curve and on its
            twist: with any private key the shared secret is all zeros (RFC 7748, section 6).
    """

    name: str
    key_bits: int
    prime: int
    low_order: frozenset[int]

    def derive_key_pair(self, ikm: bytes) -> tuple[bytes, bytes]:
        """DeriveKeyPair (RFC 9180, section 7.1.3)."""
        dkp_prk = labeled_extract(self.hash, self.suite_id, b"", b"dkp_prk", ikm)
        private_key = labeled_expand(self.hash, self.suite_id, dkp_prk, b"sk", b"", self.private_key_size)
        return private_key, self.public_key(private_key)

    def check_public_key(self, public_key: bytes) -> None:
        """Refuse a key that is not of the right length, of low order, or not canonical."""
        if len(public_key) != self.kem_output_size:
            raise VerificationError(f"an {self.name} public key is {self.kem_output_size} bytes")
        encoded = int.from_bytes(public_key, "little")
        if (encoded & ((1 << self.key_bits) - 1)) % self.prime in self.low_order:
            raise VerificationError(f"{self.name} public key is of low order")
        if encoded >= self.prime:
            # RFC 7748, section 5, takes such a key, but a key with two names could be in a tree twice, and
            # no RFC 9180 implementation writes one.
            raise VerificationError(f"{self.name} public key is not canonically encoded")


@dataclass(frozen=True, slots=True, kw_only=True)
class X25519DHKEM(MontgomeryKEM):
    """DHKEM(X25519, HKDF-SHA256)."""

    def public_key(self, private_key: bytes) -> bytes:
        """The 32-byte public half."""
        return self.native_private_key(private_key).public_key().public_bytes_raw()

    def exchange(self, private_key: bytes, public_key: bytes) -> bytes:
        """X25519 with a checked key; pyca refuses an all-zero result once more."""
        return self.native_private_key(private_key).exchange(X25519PublicKey.from_public_bytes(public_key))

    def native_public_key(self, public_key: bytes) -> X25519PublicKey:
        """Check and load a peer's key."""
        self.check_public_key(public_key)
        return X25519PublicKey.from_public_bytes(public_key)

    def native_private_key(self, private_key: bytes) -> X25519PrivateKey:
        """Load a key of ours."""
        return X25519PrivateKey.from_private_bytes(private_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class X448DHKEM(MontgomeryKEM):
    """DHKEM(X448, HKDF-SHA512); pyca's HPKE does not have it."""

    def public_key(self, private_key: bytes) -> bytes:
        """The 56-byte public half."""
        return X448PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()

    def exchange(self, private_key: bytes, public_key: bytes) -> bytes:
        """X448 with a checked key; pyca refuses an all-zero result once more."""
        key = X448PublicKey.from_public_bytes(public_key)
        return X448PrivateKey.from_private_bytes(private_key).exchange(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class NISTKEM(DHKEM):
    """DHKEM on a NIST curve; public keys must be uncompressed points on it.

    Attributes:
        curve: The curve, its order and sizes.
        bitmask: What the first byte of a candidate scalar is masked with.
    """

    curve: ECDSA
    bitmask: int

    def derive_key_pair(self, ikm: bytes) -> tuple[bytes, bytes]:
        """DeriveKeyPair (RFC 9180, section 7.1.3): candidates until one is a scalar.

        Raises:
            ValueError: None of 256 was, which happens with no `ikm` anybody will ever find.
        """
        size = self.private_key_size
        dkp_prk = labeled_extract(self.hash, self.suite_id, b"", b"dkp_prk", ikm)
        for counter in range(256):
            raw = bytearray(
                labeled_expand(self.hash, self.suite_id, dkp_prk, b"candidate", u8(counter), size)
            )
            raw[0] &= self.bitmask
            if 0 < int.from_bytes(raw, "big") < self.curve.order:
                private_key = bytes(raw)
                return private_key, self.public_key(private_key)
        raise ValueError("no private key can be derived from this input")

    def public_key(self, private_key: bytes) -> bytes:
        """The uncompressed point of the public half."""
        return encode_point(self.native_private_key(private_key).public_key())

    def check_public_key(self, public_key: bytes) -> None:
        """Refuse a key that is not an uncompressed point on the curve."""
        self.native_public_key(public_key)

    def exchange(self, private_key: bytes, public_key: bytes) -> bytes:
        """The x-coordinate of the shared point."""
        return self.native_private_key(private_key).exchange(ec.ECDH(), self.native_public_key(public_key))

    def native_public_key(self, public_key: bytes) -> ec.EllipticCurvePublicKey:
        """Check and load a peer's key."""
        return load_point(self.curve.curve, self.curve.scalar_size, public_key)

    def native_private_key(self, private_key: bytes) -> ec.EllipticCurvePrivateKey:
        """Load a key of ours."""
        return ec.derive_private_key(int.from_bytes(private_key, "big"), self.curve.curve)


def _nist(kem_id: int, curve: ECDSA, bitmask: int) -> NISTKEM:
    return NISTKEM(
        kem_id=kem_id,
        hash=curve.hash,
        private_key_size=curve.scalar_size,
        kem_output_size=1 + 2 * curve.scalar_size,
        curve=curve,
        bitmask=bitmask,
    )


_CURVE25519_PRIME = 2**255 - 19
_CURVE448_PRIME = 2**448 - 2**224 - 1

X25519 = X25519DHKEM(
    kem_id=0x0020,
    hash=hashes.SHA256(),
    private_key_size=32,
    kem_output_size=32,
    name="X25519",
    key_bits=255,
    prime=_CURVE25519_PRIME,
    low_order=frozenset(
        {
            0,
            1,
            _CURVE25519_PRIME - 1,
            325606250916557431795983626356110631294008115727848805560023387167927233504,
            39382357235489614581723060781553021112529911719440698176882885853963445705823,
        }
    ),
)
X448 = X448DHKEM(
    kem_id=0x0021,
    hash=hashes.SHA512(),
    private_key_size=56,
    kem_output_size=56,
    name="X448",
    key_bits=448,
    prime=_CURVE448_PRIME,
    low_order=frozenset({0, 1, _CURVE448_PRIME - 1}),
)
P256 = _nist(0x0010, ECDSA_P256, 0xFF)
P384 = _nist(0x0011, ECDSA_P384, 0xFF)
P521 = _nist(0x0012, ECDSA_P521, 0x01)
