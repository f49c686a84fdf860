"""Key packages: how a client lets itself be added to a group (RFC 9420, section 10)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

from channel.mls.codec import Reader, decode, opaque, u8, u16
from channel.mls.credential import Credential
from channel.mls.crypto import CipherSuite, cipher_suite, supported_cipher_suites
from channel.mls.errors import DecodeError
from channel.mls.leaf_node import Capabilities, LeafNode, LeafNodeSource, Lifetime, sign_leaf_node
from channel.mls.signatures import SignatureKeyPair
from channel.mls.types import (
    Extension,
    ExtensionType,
    ProtocolVersion,
    Random,
    encode_extensions,
    read_extensions,
)

KEY_PACKAGE_LABEL = b"KeyPackageTBS"
BUNDLE_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPackage:
    """One client's public half of a join (RFC 9420, section 10); `encode` it to hand it out.

    Attributes:
        version: Always mls10.
        cipher_suite: The number of the suite all keys here are of.
        init_key: HPKE public key that the Welcome is encrypted to; used once.
        leaf_node: The leaf the client will have, source key_package.
        extensions: The key package's own extensions.
        signature: By the leaf's signature key, over all of the above.
    """

    version: ProtocolVersion = ProtocolVersion.MLS10
    cipher_suite: int
    init_key: bytes
    leaf_node: LeafNode
    extensions: tuple[Extension, ...] = ()
    signature: bytes

    def to_be_signed(self) -> bytes:
        """KeyPackageTBS, encoded."""
        return (
            u16(self.version)
            + u16(self.cipher_suite)
            + opaque(self.init_key)
            + self.leaf_node.encode()
            + encode_extensions(self.extensions)
        )

    def encode(self) -> bytes:
        """The wire form."""
        return self.to_be_signed() + opaque(self.signature)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(
            version=ProtocolVersion.read(reader),
            cipher_suite=reader.u16(),
            init_key=reader.opaque(),
            leaf_node=LeafNode.read(reader),
            extensions=read_extensions(reader),
            signature=reader.opaque(),
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)

    def verify_signature(self, suite: CipherSuite) -> None:
        """Check the key package's signature, but not the leaf node's own.

        Raises:
            VerificationError: The signature does not hold, or the key is not one to trust.
        """
        suite.verify_with_label(
            self.leaf_node.signature_key, KEY_PACKAGE_LABEL, self.to_be_signed(), self.signature
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPackageBundle:
    """A key package with its private keys (RFC 9420, section 10), to keep until the Welcome has come.

    Attributes:
        key_package: What to hand out.
        init_private_key: Opens the Welcome. Forget the bundle once it has been used.
        encryption_private_key: Belongs to the leaf's `encryption_key`.
        signature_private_key: Belongs to the leaf's `signature_key`.
    """

    key_package: KeyPackage
    init_private_key: bytes = field(repr=False)
    encryption_private_key: bytes = field(repr=False)
    signature_private_key: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Versioned bytes for our own storage; they hold secrets."""
        return (
            u8(BUNDLE_VERSION)
            + self.key_package.encode()
            + opaque(self.init_private_key)
            + opaque(self.encryption_private_key)
            + opaque(self.signature_private_key)
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """What `encode` wrote.

        Raises:
            DecodeError: Not that, or of a version this release does not know.
        """
        return decode(data, cls._read)

    @classmethod
    def _read(cls, reader: Reader) -> Self:
        version = reader.u8()
        if version != BUNDLE_VERSION:
            raise DecodeError(f"key package bundle version {version} is unknown")
        return cls(
            key_package=KeyPackage.read(reader),
            init_private_key=reader.opaque(),
            encryption_private_key=reader.opaque(),
            signature_private_key=reader.opaque(),
        )


def default_capabilities(suite: CipherSuite, *, extensions: tuple[Extension, ...] = ()) -> Capabilities:
    """What our own leaves say when the caller does not: mls10, basic credentials, the extension types given.

    And every suite that is registered: a client must list all that it supports (section 7.2), so that a
    group's founder can tell a downgrade (section 11).
    """
    suites = {suite.number, *supported_cipher_suites()}
    types = {extension.extension_type for extension in extensions} - frozenset(ExtensionType)
    return Capabilities(cipher_suites=tuple(sorted(suites)), extensions=tuple(sorted(types)))


def create_key_package(
    suite: CipherSuite,
    *,
    credential: Credential,
    signature_key_pair: SignatureKeyPair,
    lifetime: Lifetime,
    random: Random,
    capabilities: Capabilities | None = None,
    extensions: tuple[Extension, ...] = (),
) -> KeyPackageBundle:
    """Make a key package and the private keys to it (RFC 9420, section 10).

    Args:
        suite: The suite of the groups it is for.
        credential: Vouches for the signature key, to those who authenticate it.
        signature_key_pair: Signs the package, and later every message of this member.
        lifetime: When it may be used, in seconds since the Unix epoch.
        random: Draws the two HPKE key pairs.
        capabilities: What to list as supported; by default mls10, our suites and the types in `extensions`.
        extensions: Extensions of the leaf node.

    Returns:
        The bundle; only its `key_package` may be handed out.
    """
    init_private_key, init_key = suite.generate_hpke_key_pair(random)
    encryption_private_key, encryption_key = suite.generate_hpke_key_pair(random)
    leaf_node = sign_leaf_node(
        suite,
        LeafNode(
            encryption_key=encryption_key,
            signature_key=signature_key_pair.public_key,
            credential=credential,
            capabilities=capabilities or default_capabilities(suite, extensions=extensions),
            source=LeafNodeSource.KEY_PACKAGE,
            lifetime=lifetime,
            extensions=extensions,
            signature=b"",
        ),
        signature_private_key=signature_key_pair.private_key,
    )
    return KeyPackageBundle(
        key_package=sign_key_package(
            suite,
            KeyPackage(cipher_suite=suite.number, init_key=init_key, leaf_node=leaf_node, signature=b""),
            signature_private_key=signature_key_pair.private_key,
        ),
        init_private_key=init_private_key,
        encryption_private_key=encryption_private_key,
        signature_private_key=signature_key_pair.private_key,
    )


def sign_key_package(
    suite: CipherSuite, key_package: KeyPackage, *, signature_private_key: bytes
) -> KeyPackage:
    """The same key package with its signature made anew; its signature field is ignored."""
    signature = suite.sign_with_label(signature_private_key, KEY_PACKAGE_LABEL, key_package.to_be_signed())
    return replace(key_package, signature=signature)


def bundle_suite(bundle: KeyPackageBundle) -> CipherSuite:
    """The cipher suite a bundle is of.

    Raises:
        UnsupportedError: None of that number is registered.
    """
    return cipher_suite(bundle.key_package.cipher_suite)
