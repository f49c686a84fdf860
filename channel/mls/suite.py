"""The cipher suite as a value: the labelled functions of RFC 9420, sections 5.1, 5.2, 8 and 9.1.

Its methods are the RFC's functions under the RFC's names. Peers' keys and ciphertexts raise
`VerificationError` and `DecryptionError`; a key of ours of a wrong length is `ValueError`, a bug.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import cryptography.exceptions
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from channel.mls.codec import opaque, u16
from channel.mls.errors import DecryptionError, VerificationError
from channel.mls.hpke import HPKE, AEADKey, HPKECiphertext
from channel.mls.kem import KEM
from channel.mls.signatures import SignatureKeyPair, SignatureScheme, SigningKey
from channel.mls.types import Random

EXTERNAL_INIT_CONTEXT = b"MLS 1.0 external init secret"


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
        number: Its registered number, or one of the private range.
        name: Its registered name.
        hash_name: The hash, as `hashlib` calls it.
        hpke: Its KEM, with the same hash and AEAD that the rest of the suite uses.
        signature: The signature scheme.
        hash_size: Bytes of a hash, a MAC and every secret, Nh.
        hash_algorithm: The hash, as pyca has it.
        aead: Loads an AEAD key.
        aead_key_size: Bytes of an AEAD key, Nk.
        aead_nonce_size: Bytes of an AEAD nonce, Nn.
        kem: The HPKE key encapsulation.
        zero: `hash_size` zero bytes, which stand for an absent secret.
    """

    number: int
    name: str
    hash_name: str = field(repr=False)
    hpke: HPKE = field(repr=False)
    signature: SignatureScheme = field(repr=False)
    hash_size: int = field(repr=False, init=False, compare=False)
    hash_algorithm: hashes.HashAlgorithm = field(repr=False, init=False, compare=False)
    aead: Callable[[bytes], AEADKey] = field(repr=False, init=False, compare=False)
    aead_key_size: int = field(repr=False, init=False, compare=False)
    aead_nonce_size: int = field(repr=False, init=False, compare=False)
    kem: KEM = field(repr=False, init=False, compare=False)
    zero: bytes = field(repr=False, init=False, compare=False)
    _key_label: bytes = field(repr=False, init=False, compare=False)
    _nonce_label: bytes = field(repr=False, init=False, compare=False)

    def __post_init__(self) -> None:
        # Fields and not properties: a message asks for them a dozen times.
        for name, value in {
            "hash_size": self.hpke.kdf.hash.digest_size,
            "hash_algorithm": self.hpke.kdf.hash,
            "aead": self.hpke.aead.load,
            "aead_key_size": self.hpke.aead.key_size,
            "aead_nonce_size": self.hpke.aead.nonce_size,
            "kem": self.hpke.kem,
            "zero": bytes(self.hpke.kdf.hash.digest_size),
            "_key_label": _kdf_label_prefix(self.hpke.aead.key_size, b"key"),
            "_nonce_label": _kdf_label_prefix(self.hpke.aead.nonce_size, b"nonce"),
        }.items():
            object.__setattr__(self, name, value)

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

    def derive_key_and_nonce(self, secret: bytes, encoded_context: bytes) -> tuple[bytes, bytes]:
        """ExpandWithLabel (section 8) of an AEAD key and its nonce, as every message needs them twice.

        Args:
            secret: Of the ratchet (section 9.1) or of the sender data (section 6.3.2).
            encoded_context: The context with its length before it.
        """
        hash_, key_size, nonce_size = self.hash_algorithm, self.aead_key_size, self.aead_nonce_size
        return (
            HKDFExpand(hash_, key_size, self._key_label + encoded_context).derive(secret),
            HKDFExpand(hash_, nonce_size, self._nonce_label + encoded_context).derive(secret),
        )

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
        """Make an HPKE key pair, private and public, from as many random bytes as a private key has."""
        return self.kem.derive_key_pair(random(self.kem.private_key_size))

    def check_hpke_public_key(self, public_key: bytes) -> None:
        """Refuse a peer's HPKE key that must not be encrypted to.

        Raises:
            VerificationError: Malformed, not canonical, of low order, or not on the curve.
        """
        self.kem.check_public_key(public_key)

    def encrypt_with_label(
        self, public_key: bytes, label: bytes, context: bytes, plaintext: bytes, *, random: Random
    ) -> HPKECiphertext:
        """EncryptWithLabel (section 5.1.3); `random` draws the ephemeral key where pyca does not, see `hpke`.

        Raises:
            VerificationError: The public key must not be encrypted to.
        """
        return self.hpke.seal(public_key, _label_prefix(label) + opaque(context), plaintext, random)

    def encrypt_all_with_label(
        self, messages: Iterable[tuple[bytes, bytes]], label: bytes, context: bytes, *, random: Random
    ) -> tuple[HPKECiphertext, ...]:
        """EncryptWithLabel (section 5.1.3) to each public key its plaintext; the long context is hashed once.

        Raises:
            VerificationError: A public key must not be encrypted to.
        """
        return self.hpke.seal_all(messages, _label_prefix(label) + opaque(context), random)

    def decrypt_with_label(
        self, private_key: bytes, label: bytes, context: bytes, ciphertext: HPKECiphertext
    ) -> bytes:
        """DecryptWithLabel (section 5.1.3).

        Raises:
            DecryptionError: It does not open.
        """
        return self.hpke.open(private_key, _label_prefix(label) + opaque(context), ciphertext)

    def export_external_init(self, external_public_key: bytes, *, random: Random) -> tuple[bytes, bytes]:
        """The joiner's half of an external commit (section 8.3).

        Args:
            external_public_key: The group's, from the GroupInfo's external_pub extension.
            random: Draws the ephemeral key; of X-Wing only the X25519 half, see `hpke`.

        Returns:
            The kem_output for the ExternalInit proposal, and the init_secret, `hash_size` bytes.

        Raises:
            VerificationError: The public key must not be encrypted to.
        """
        kem_output, context = self.hpke.setup_base_sender(external_public_key, b"", random)
        return kem_output, self.hpke.export(context, EXTERNAL_INIT_CONTEXT, self.hash_size)

    def import_external_init(self, external_private_key: bytes, kem_output: bytes) -> bytes:
        """The members' half of an external commit (section 8.3): the init_secret, `hash_size` bytes.

        Args:
            external_private_key: The epoch's, as `key_schedule` derives it.
            kem_output: From the ExternalInit proposal.

        Raises:
            DecryptionError: The kem_output is none of this suite's.
        """
        context = self.hpke.setup_base_receiver(external_private_key, kem_output, b"")
        return self.hpke.export(context, EXTERNAL_INIT_CONTEXT, self.hash_size)
