"""HPKE as MLS uses it (RFC 9180, base mode, one message or one export per encapsulation, no associated data).

`HPKE` is written out here, because pyca `cryptography` has neither X448 nor exports; `NativeHPKE` leaves
encrypting and decrypting to pyca for the KEMs it has, which is faster. Encapsulation takes its randomness as
an argument. pyca's does not let it be passed: `NativeHPKE` and X-Wing's ML-KEM half draw theirs from the
operating system, the one place in `channel` that does, so every
commit and Welcome is another on each run, with equal seeds too. Everything else is deterministic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol, Self

import cryptography.exceptions
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hpke as pyca_hpke

from channel.mls.codec import Reader, decode, opaque, u16
from channel.mls.errors import DecryptionError
from channel.mls.kem import KEM, NOT_OPEN, NativeKEM, labeled_expand, labeled_extract
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


class AEADKey(Protocol):
    """A loaded AEAD key."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Encrypt and append the tag."""

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes:
        """Check the tag and decrypt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AEAD:
    """One AEAD algorithm of HPKE and MLS.

    Attributes:
        aead_id: Its registered number (RFC 9180, section 7.3).
        key_size: Bytes of a key, Nk.
        nonce_size: Bytes of a nonce, Nn.
        load: Loads a key.
        native: pyca's name for it.
    """

    aead_id: int
    key_size: int
    nonce_size: int = 12
    load: Callable[[bytes], AEADKey]
    native: pyca_hpke.AEAD = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KDF:
    """One KDF of HPKE.

    Attributes:
        kdf_id: Its registered number (RFC 9180, section 7.2).
        hash: The hash that HKDF runs on.
        native: pyca's name for it.
    """

    kdf_id: int
    hash: hashes.HashAlgorithm = field(compare=False)
    native: pyca_hpke.KDF = field(compare=False)


@dataclass(frozen=True, slots=True)
class Context:
    """What both sides of an encapsulation share (RFC 9180, section 5.1).

    Attributes:
        key: For the AEAD.
        base_nonce: The nonce of the first message; there is no second.
        exporter_secret: What exports come from.
    """

    key: bytes = field(repr=False)
    base_nonce: bytes = field(repr=False)
    exporter_secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class HPKE:
    """HPKE with one KEM, KDF and AEAD.

    Attributes:
        kem: Encapsulates keys.
        kdf: Derives from what was encapsulated.
        aead: Encrypts under that.
    """

    kem: KEM
    kdf: KDF
    aead: AEAD

    @property
    def suite_id(self) -> bytes:
        """What all labels of the key schedule are bound to (RFC 9180, section 5.1)."""
        return b"HPKE" + u16(self.kem.kem_id) + u16(self.kdf.kdf_id) + u16(self.aead.aead_id)

    def key_schedule_context(self, info: bytes) -> bytes:
        """The key_schedule_context (RFC 9180, section 5.1) in base mode; hashes all of `info`."""
        hash_, suite_id = self.kdf.hash, self.suite_id
        return (
            b"\x00"
            + labeled_extract(hash_, suite_id, b"", b"psk_id_hash", b"")
            + labeled_extract(hash_, suite_id, b"", b"info_hash", info)
        )

    def key_schedule(self, shared_secret: bytes, context: bytes) -> Context:
        """KeySchedule (RFC 9180, section 5.1) in base mode: no pre-shared key, no sender's key."""
        hash_, suite_id = self.kdf.hash, self.suite_id
        secret = labeled_extract(hash_, suite_id, shared_secret, b"secret", b"")
        return Context(
            labeled_expand(hash_, suite_id, secret, b"key", context, self.aead.key_size),
            labeled_expand(hash_, suite_id, secret, b"base_nonce", context, self.aead.nonce_size),
            labeled_expand(hash_, suite_id, secret, b"exp", context, hash_.digest_size),
        )

    def setup_base_sender(self, public_key: bytes, info: bytes, random: Random) -> tuple[bytes, Context]:
        """SetupBaseS (RFC 9180, section 5.1.1): the kem_output and the sender's context.

        Raises:
            VerificationError: The peer's key must not be encrypted to.
        """
        shared_secret, kem_output = self.kem.encapsulate(public_key, random)
        return kem_output, self.key_schedule(shared_secret, self.key_schedule_context(info))

    def setup_base_receiver(self, private_key: bytes, kem_output: bytes, info: bytes) -> Context:
        """SetupBaseR (RFC 9180, section 5.1.1): the receiver's context.

        Raises:
            DecryptionError: The kem_output is none of this KEM's.
        """
        shared_secret = self.kem.decapsulate(private_key, kem_output)
        return self.key_schedule(shared_secret, self.key_schedule_context(info))

    def export(self, context: Context, exporter_context: bytes, length: int) -> bytes:
        """Context.Export (RFC 9180, section 5.3): `length` bytes."""
        return labeled_expand(
            self.kdf.hash, self.suite_id, context.exporter_secret, b"sec", exporter_context, length
        )

    def seal(self, public_key: bytes, info: bytes, plaintext: bytes, random: Random) -> HPKECiphertext:
        """SealBase (RFC 9180, section 6.1).

        Raises:
            VerificationError: The peer's key must not be encrypted to.
        """
        (sealed,) = self.seal_all([(public_key, plaintext)], info, random)
        return sealed

    def seal_all(
        self, messages: Iterable[tuple[bytes, bytes]], info: bytes, random: Random
    ) -> tuple[HPKECiphertext, ...]:
        """SealBase (RFC 9180, section 6.1) for many, with `info` hashed once: it may be megabytes.

        Args:
            messages: Each receiver's public key, and the plaintext for them.
            info: The same for all.
            random: Draws the ephemeral keys.

        Raises:
            VerificationError: A key must not be encrypted to.
        """
        schedule_context = self.key_schedule_context(info)
        sealed = []
        for public_key, plaintext in messages:
            shared_secret, kem_output = self.kem.encapsulate(public_key, random)
            context = self.key_schedule(shared_secret, schedule_context)
            ciphertext = self.aead.load(context.key).encrypt(context.base_nonce, plaintext, b"")
            sealed.append(HPKECiphertext(kem_output, ciphertext))
        return tuple(sealed)

    def open(self, private_key: bytes, info: bytes, ciphertext: HPKECiphertext) -> bytes:
        """OpenBase (RFC 9180, section 6.1).

        Raises:
            DecryptionError: It does not open with our key.
        """
        context = self.setup_base_receiver(private_key, ciphertext.kem_output, info)
        try:
            return self.aead.load(context.key).decrypt(context.base_nonce, ciphertext.ciphertext, b"")
        except cryptography.exceptions.InvalidTag:
            raise DecryptionError(NOT_OPEN) from None


@dataclass(frozen=True, slots=True)
class NativeHPKE(HPKE):
    """HPKE whose messages are pyca's work; exports stay ours.

    Attributes:
        kem: One whose keys pyca takes.
        native: pyca's suite of the same KEM, KDF and AEAD.
    """

    kem: NativeKEM
    native: pyca_hpke.Suite = field(compare=False)

    def seal(self, public_key: bytes, info: bytes, plaintext: bytes, random: Random) -> HPKECiphertext:
        """SealBase (RFC 9180, section 6.1); `random` is not used, since pyca draws its own."""
        sealed = self.native.encrypt(plaintext, self.kem.native_public_key(public_key), info)
        size = self.kem.kem_output_size
        return HPKECiphertext(sealed[:size], sealed[size:])

    def seal_all(
        self, messages: Iterable[tuple[bytes, bytes]], info: bytes, random: Random
    ) -> tuple[HPKECiphertext, ...]:
        """SealBase (RFC 9180, section 6.1) for many: pyca does it for one, `HPKE` for more."""
        messages = tuple(messages)
        if len(messages) > 1:
            return HPKE.seal_all(self, messages, info, random)
        return tuple(self.seal(public_key, info, plaintext, random) for public_key, plaintext in messages)

    def open(self, private_key: bytes, info: bytes, ciphertext: HPKECiphertext) -> bytes:
        """OpenBase (RFC 9180, section 6.1)."""
        self.kem.check_kem_output(ciphertext.kem_output)
        key = self.kem.native_private_key(private_key)
        try:
            return self.native.decrypt(ciphertext.kem_output + ciphertext.ciphertext, key, info)
        except (cryptography.exceptions.InvalidTag, ValueError):
            raise DecryptionError(NOT_OPEN) from None
