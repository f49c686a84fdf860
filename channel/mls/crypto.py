"""Cipher suites and the labelled functions of RFC 9420, sections 5.1, 5.2 and 8.

A cipher suite is a value registered under its number, so that another one is a `register` call and no new
code path. Its methods are the RFC's functions under the RFC's names. Peers' keys and ciphertexts raise
`VerificationError` and `DecryptionError`; a key of ours of a wrong length is `ValueError`, a bug.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

import cryptography.exceptions
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hpke as pyca_hpke
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from channel.mls import hpke, signatures
from channel.mls.codec import opaque, u16
from channel.mls.errors import DecryptionError, UnsupportedError, VerificationError
from channel.mls.hpke import KEM, HPKECiphertext
from channel.mls.signatures import SignatureKeyPair, SignatureScheme, SigningKey
from channel.mls.types import Random

__all__ = [
    "CipherSuite",
    "HPKECiphertext",
    "SignatureKeyPair",
    "cipher_suite",
    "generate_signature_key_pair",
    "register",
    "supported_cipher_suites",
]


class AEADKey(Protocol):
    """A loaded AEAD key."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Encrypt and append the tag."""

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Check the tag and decrypt."""


@lru_cache(maxsize=256)
def _kdf_label_prefix(length: int, label: bytes) -> bytes:
    """The front of a KDFLabel (section 8): public, few in number, and needed five times a message."""
    return u16(length) + opaque(b"MLS 1.0 " + label)


@lru_cache(maxsize=64)
def _label_prefix(label: bytes) -> bytes:
    """The front of a SignContent or EncryptContext (section 5.1)."""
    return opaque(b"MLS 1.0 " + label)


@dataclass(frozen=True, slots=True, kw_only=True)
class CipherSuite:
    """One MLS cipher suite (section 5.1).

    Attributes:
        number: Its registered number.
        name: Its registered name.
        hash_name: The hash, as `hashlib` calls it.
        hash_size: Bytes of a hash, a MAC and every secret, Nh.
        aead_key_size: Bytes of an AEAD key, Nk.
        aead_nonce_size: Bytes of an AEAD nonce, Nn.
        aead: Loads an AEAD key.
        kem: The HPKE key encapsulation.
        hpke_suite: pyca's HPKE for this KEM, KDF and AEAD.
        signature: The signature scheme.
        zero: `hash_size` zero bytes, which stand for an absent secret.
    """

    number: int
    name: str
    hash_name: str = field(repr=False)
    hash_size: int = field(repr=False)
    hash_algorithm: hashes.HashAlgorithm = field(repr=False, compare=False)
    aead_key_size: int = field(repr=False)
    aead_nonce_size: int = field(repr=False, default=12)
    aead: Callable[[bytes], AEADKey] = field(repr=False)
    kem: KEM = field(repr=False)
    hpke_suite: pyca_hpke.Suite = field(repr=False, compare=False)
    signature: SignatureScheme = field(repr=False)
    zero: bytes = field(repr=False, init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "zero", bytes(self.hash_size))

    # hashing and key derivation

    def hash(self, data: bytes) -> bytes:
        """Hash `data`."""
        return hashlib.new(self.hash_name, data).digest()

    def mac(self, key: bytes, data: bytes) -> bytes:
        """HMAC of `data`; compare results with `verify_mac`, never with `==`."""
        return hmac.digest(key, data, self.hash_name)

    def verify_mac(self, key: bytes, data: bytes, tag: bytes) -> None:
        """Check an HMAC in constant time.

        Raises:
            VerificationError: The tag is another.
        """
        if not hmac.compare_digest(hmac.digest(key, data, self.hash_name), tag):
            raise VerificationError("MAC does not hold")

    def extract(self, salt: bytes, ikm: bytes) -> bytes:
        """HKDF-Extract (RFC 5869)."""
        return hmac.digest(salt, ikm, self.hash_name)

    def expand(self, prk: bytes, info: bytes, length: int) -> bytes:
        """HKDF-Expand (RFC 5869) to `length` bytes."""
        return HKDFExpand(self.hash_algorithm, length, info).derive(prk)

    def expand_with_label(self, secret: bytes, label: bytes, context: bytes, length: int) -> bytes:
        """ExpandWithLabel (section 8): `length` bytes; the label without "MLS 1.0 "."""
        info = _kdf_label_prefix(length, label) + opaque(context)
        return HKDFExpand(self.hash_algorithm, length, info).derive(secret)

    def derive_secret(self, secret: bytes, label: bytes) -> bytes:
        """DeriveSecret (section 8): `hash_size` bytes."""
        return self.expand_with_label(secret, label, b"", self.hash_size)

    def derive_tree_secret(self, secret: bytes, label: bytes, generation: int, length: int) -> bytes:
        """DeriveTreeSecret (section 9.1): `length` bytes."""
        info = _kdf_label_prefix(length, label) + b"\x04" + generation.to_bytes(4, "big")
        return HKDFExpand(self.hash_algorithm, length, info).derive(secret)

    def ref_hash(self, label: bytes, value: bytes) -> bytes:
        """RefHash (section 5.2); the label is whole."""
        return self.hash(opaque(label) + opaque(value))

    def make_key_package_ref(self, key_package: bytes) -> bytes:
        """The reference of an encoded KeyPackage."""
        return self.ref_hash(b"MLS 1.0 KeyPackage Reference", key_package)

    def make_proposal_ref(self, authenticated_content: bytes) -> bytes:
        """The reference of a proposal, from the encoded AuthenticatedContent it came in."""
        return self.ref_hash(b"MLS 1.0 Proposal Reference", authenticated_content)

    # symmetric encryption

    def aead_encrypt(self, *, key: bytes, nonce: bytes, aad: bytes, plaintext: bytes) -> bytes:
        """Encrypt and append the tag."""
        return self.aead(key).encrypt(nonce, plaintext, aad)

    def aead_decrypt(self, *, key: bytes, nonce: bytes, aad: bytes, ciphertext: bytes) -> bytes:
        """Check the tag and decrypt.

        Raises:
            DecryptionError: It does not open.
        """
        try:
            return self.aead(key).decrypt(nonce, ciphertext, aad)
        except cryptography.exceptions.InvalidTag:
            raise DecryptionError("ciphertext does not open") from None

    # signatures

    def generate_signature_key_pair(self, random: Random) -> SignatureKeyPair:
        """Make a signature key pair from random bytes."""
        return self.signature.generate(random)

    def signing_key(self, private_key: bytes) -> SigningKey:
        """Load a private key once, to sign with often: loading costs as much as signing."""
        return self.signature.load(private_key)

    def check_signature_key(self, public_key: bytes) -> None:
        """Refuse a peer's signature key that must not be trusted.

        Raises:
            VerificationError: Malformed, non-canonical, of low order, or not on the curve.
        """
        self.signature.check_public_key(public_key)

    def sign_with_label(self, private_key: bytes | SigningKey, label: bytes, content: bytes) -> bytes:
        """SignWithLabel (section 5.1.2), with a raw or a loaded private key; the label without "MLS 1.0 "."""
        key = self.signature.load(private_key) if isinstance(private_key, bytes) else private_key
        return key.sign(_label_prefix(label) + opaque(content))

    def verify_with_label(self, public_key: bytes, label: bytes, content: bytes, signature: bytes) -> None:
        """VerifyWithLabel (section 5.1.2); the label without "MLS 1.0 ".

        Raises:
            VerificationError: The key must not be trusted, or the signature does not hold.
        """
        self.signature.verify(public_key, _label_prefix(label) + opaque(content), signature)

    # public-key encryption

    def derive_key_pair(self, ikm: bytes) -> tuple[bytes, bytes]:
        """DeriveKeyPair (RFC 9180, section 7.1.3): private and public key that belong to a secret."""
        return self.kem.derive_key_pair(ikm)

    def generate_hpke_key_pair(self, random: Random) -> tuple[bytes, bytes]:
        """Make an HPKE key pair, private and public, from random bytes."""
        return hpke.generate_key_pair(self.kem, random)

    def check_hpke_public_key(self, public_key: bytes) -> None:
        """Refuse a peer's HPKE key that must not be encrypted to.

        Raises:
            VerificationError: Malformed, of low order, or not on the curve.
        """
        self.kem.check_public_key(public_key)

    def encrypt_with_label(
        self, public_key: bytes, label: bytes, context: bytes, plaintext: bytes
    ) -> HPKECiphertext:
        """EncryptWithLabel (section 5.1.3); the ephemeral key comes from the operating system, see `hpke`.

        Raises:
            VerificationError: The public key must not be encrypted to.
        """
        info = _label_prefix(label) + opaque(context)
        return self.kem.encrypt(self.hpke_suite, public_key, info, plaintext)

    def decrypt_with_label(
        self, private_key: bytes, label: bytes, context: bytes, ciphertext: HPKECiphertext
    ) -> bytes:
        """DecryptWithLabel (section 5.1.3).

        Raises:
            DecryptionError: It does not open.
        """
        info = _label_prefix(label) + opaque(context)
        return self.kem.decrypt(self.hpke_suite, private_key, info, ciphertext)


def generate_signature_key_pair(suite: CipherSuite, random: Random) -> SignatureKeyPair:
    """Make a signature key pair of a suite from random bytes."""
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
    """The cipher suite registered under a number.

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


register(
    CipherSuite(
        number=1,
        name="MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519",
        hash_name="sha256",
        hash_size=32,
        hash_algorithm=hashes.SHA256(),
        aead_key_size=16,
        aead=AESGCM,
        kem=hpke.X25519_KEM,
        hpke_suite=pyca_hpke.Suite(
            pyca_hpke.KEM.X25519, pyca_hpke.KDF.HKDF_SHA256, pyca_hpke.AEAD.AES_128_GCM
        ),
        signature=signatures.ED25519,
    )
)
register(
    CipherSuite(
        number=2,
        name="MLS_128_DHKEMP256_AES128GCM_SHA256_P256",
        hash_name="sha256",
        hash_size=32,
        hash_algorithm=hashes.SHA256(),
        aead_key_size=16,
        aead=AESGCM,
        kem=hpke.P256_KEM,
        hpke_suite=pyca_hpke.Suite(pyca_hpke.KEM.P256, pyca_hpke.KDF.HKDF_SHA256, pyca_hpke.AEAD.AES_128_GCM),
        signature=signatures.ECDSA_P256,
    )
)
register(
    CipherSuite(
        number=3,
        name="MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519",
        hash_name="sha256",
        hash_size=32,
        hash_algorithm=hashes.SHA256(),
        aead_key_size=32,
        aead=ChaCha20Poly1305,
        kem=hpke.X25519_KEM,
        hpke_suite=pyca_hpke.Suite(
            pyca_hpke.KEM.X25519, pyca_hpke.KDF.HKDF_SHA256, pyca_hpke.AEAD.CHACHA20_POLY1305
        ),
        signature=signatures.ED25519,
    )
)
register(
    CipherSuite(
        number=5,
        name="MLS_256_DHKEMP521_AES256GCM_SHA512_P521",
        hash_name="sha512",
        hash_size=64,
        hash_algorithm=hashes.SHA512(),
        aead_key_size=32,
        aead=AESGCM,
        kem=hpke.P521_KEM,
        hpke_suite=pyca_hpke.Suite(pyca_hpke.KEM.P521, pyca_hpke.KDF.HKDF_SHA512, pyca_hpke.AEAD.AES_256_GCM),
        signature=signatures.ECDSA_P521,
    )
)
register(
    CipherSuite(
        number=7,
        name="MLS_256_DHKEMP384_AES256GCM_SHA384_P384",
        hash_name="sha384",
        hash_size=48,
        hash_algorithm=hashes.SHA384(),
        aead_key_size=32,
        aead=AESGCM,
        kem=hpke.P384_KEM,
        hpke_suite=pyca_hpke.Suite(pyca_hpke.KEM.P384, pyca_hpke.KDF.HKDF_SHA384, pyca_hpke.AEAD.AES_256_GCM),
        signature=signatures.ECDSA_P384,
    )
)
