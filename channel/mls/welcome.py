"""The Welcome: an epoch's secrets, sealed for the members it adds (RFC 9420, section 12.4.3.1).

Here are its shape, how it is sealed and how it is opened. What a joiner checks before it believes any of it
is in `joining`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from channel.mls.codec import Reader, decode, opaque, optional, u16, vector
from channel.mls.crypto import CipherSuite
from channel.mls.group_info import GroupInfo
from channel.mls.hpke import HPKECiphertext
from channel.mls.key_package import KeyPackage
from channel.mls.key_schedule import welcome_key_and_nonce
from channel.mls.psk import PreSharedKeyID
from channel.mls.types import Random

WELCOME_LABEL = b"Welcome"


@dataclass(frozen=True, slots=True)
class GroupSecrets:
    """What one joiner is told.

    Attributes:
        joiner_secret: Leads to all secrets of the epoch.
        path_secret: Of the lowest node above both committer and joiner; absent if the commit had no path.
        psks: Names of the pre-shared keys to mix in.
    """

    joiner_secret: bytes = field(repr=False)
    path_secret: bytes | None = field(repr=False)
    psks: tuple[PreSharedKeyID, ...] = ()

    def encode(self) -> bytes:
        """The wire form."""
        return (
            opaque(self.joiner_secret)
            + optional(None if self.path_secret is None else opaque(self.path_secret))
            + vector([psk.encode() for psk in self.psks])
        )

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(reader.opaque(), reader.optional(Reader.opaque), reader.vector(PreSharedKeyID.read))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)


@dataclass(frozen=True, slots=True)
class EncryptedGroupSecrets:
    """GroupSecrets sealed for the client of one key package.

    Attributes:
        new_member: The KeyPackageRef (section 5.2).
        encrypted_group_secrets: Sealed to the key package's `init_key`.
    """

    new_member: bytes
    encrypted_group_secrets: HPKECiphertext

    def encode(self) -> bytes:
        """The wire form."""
        return opaque(self.new_member) + self.encrypted_group_secrets.encode()

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(reader.opaque(), HPKECiphertext.read(reader))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a committer sends to those it added.

    Attributes:
        cipher_suite: The group's cipher suite.
        secrets: One for each joiner.
        encrypted_group_info: The GroupInfo, sealed under a key from the joiner_secret.
    """

    cipher_suite: int
    secrets: tuple[EncryptedGroupSecrets, ...]
    encrypted_group_info: bytes

    def encode(self) -> bytes:
        """The wire form."""
        return (
            u16(self.cipher_suite)
            + vector([secrets.encode() for secrets in self.secrets])
            + opaque(self.encrypted_group_info)
        )

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(reader.u16(), reader.vector(EncryptedGroupSecrets.read), reader.opaque())

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)


def seal_welcome(
    suite: CipherSuite,
    *,
    group_info: GroupInfo,
    welcome_secret: bytes,
    joiners: Sequence[tuple[KeyPackage, GroupSecrets]],
    random: Random,
) -> Welcome:
    """Seal a Welcome.

    Args:
        suite: The group's cipher suite.
        group_info: The new epoch, signed.
        welcome_secret: The new epoch's.
        joiners: Each added key package and what its client is to be told.
        random: Draws the ephemeral keys.

    Raises:
        VerificationError: An init_key must not be encrypted to.
    """
    key, nonce = welcome_key_and_nonce(suite, welcome_secret)
    encrypted_group_info = suite.aead_encrypt(key=key, nonce=nonce, aad=b"", plaintext=group_info.encode())
    sealed = suite.encrypt_all_with_label(
        ((key_package.init_key, secrets.encode()) for key_package, secrets in joiners),
        WELCOME_LABEL,
        encrypted_group_info,
        random=random,
    )
    refs = (suite.make_key_package_ref(key_package.encode()) for key_package, _ in joiners)
    return Welcome(
        suite.number,
        tuple(EncryptedGroupSecrets(ref, one) for ref, one in zip(refs, sealed, strict=True)),
        encrypted_group_info,
    )


def open_group_secrets(
    suite: CipherSuite,
    encrypted_group_info: bytes,
    ciphertext: HPKECiphertext,
    *,
    init_private_key: bytes,
) -> GroupSecrets:
    """Open what a Welcome holds for us.

    Raises:
        DecryptionError: It does not open with our key.
        DecodeError: What it holds is malformed.
    """
    return GroupSecrets.decode(
        suite.decrypt_with_label(init_private_key, WELCOME_LABEL, encrypted_group_info, ciphertext)
    )


def open_group_info(suite: CipherSuite, encrypted_group_info: bytes, *, welcome_secret: bytes) -> GroupInfo:
    """Open a Welcome's GroupInfo; nothing in it has been checked yet.

    Raises:
        DecryptionError: It does not open.
        DecodeError: What it holds is malformed.
    """
    key, nonce = welcome_key_and_nonce(suite, welcome_secret)
    return GroupInfo.decode(
        suite.aead_decrypt(key=key, nonce=nonce, aad=b"", ciphertext=encrypted_group_info)
    )
