"""Leaf nodes: a member's keys, credential and capabilities, signed by itself (RFC 9420, section 7.2).

The rules a leaf node must keep are in `validation`; here are its shape and its signature. A leaf node keeps
the bytes it was decoded from, since the hashes and signatures of a large group need them again and again.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self

from channel.mls.codec import Reader, decode, opaque, u8, u32, u64
from channel.mls.credential import Credential, CredentialType
from channel.mls.crypto import CipherSuite
from channel.mls.errors import DecodeError
from channel.mls.types import Extension, ProtocolVersion, encode_extensions, read_extensions

LEAF_NODE_LABEL = b"LeafNodeTBS"


class LeafNodeSource(IntEnum):
    """How a leaf node came into the tree (section 7.2)."""

    KEY_PACKAGE = 1
    UPDATE = 2
    COMMIT = 3


def _read_numbers(reader: Reader) -> tuple[int, ...]:
    data = reader.opaque()
    if not data:
        return ()
    if len(data) % 2:
        raise DecodeError("a vector of uint16 has an odd length")
    return struct.unpack(f">{len(data) // 2}H", data)


def _encode_numbers(numbers: tuple[int, ...]) -> bytes:
    return opaque(struct.pack(f">{len(numbers)}H", *numbers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a client supports, as registered numbers; unknown ones are kept and ignored (section 7.2).

    The extension and proposal types that RFC 9420 itself defines are default and not listed.
    """

    versions: tuple[int, ...] = (ProtocolVersion.MLS10,)
    cipher_suites: tuple[int, ...]
    extensions: tuple[int, ...] = ()
    proposals: tuple[int, ...] = ()
    credentials: tuple[int, ...] = (CredentialType.BASIC,)

    def encode(self) -> bytes:
        """The wire form."""
        return (
            _encode_numbers(self.versions)
            + _encode_numbers(self.cipher_suites)
            + _encode_numbers(self.extensions)
            + _encode_numbers(self.proposals)
            + _encode_numbers(self.credentials)
        )

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(
            versions=_read_numbers(reader),
            cipher_suites=_read_numbers(reader),
            extensions=_read_numbers(reader),
            proposals=_read_numbers(reader),
            credentials=_read_numbers(reader),
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)


@dataclass(frozen=True, slots=True)
class RequiredCapabilities:
    """The required_capabilities extension: what every member must support (section 11.1)."""

    extensions: tuple[int, ...] = ()
    proposals: tuple[int, ...] = ()
    credentials: tuple[int, ...] = ()

    def encode(self) -> bytes:
        """The extension's content."""
        return (
            _encode_numbers(self.extensions)
            + _encode_numbers(self.proposals)
            + _encode_numbers(self.credentials)
        )

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(_read_numbers(reader), _read_numbers(reader), _read_numbers(reader))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode an extension's content."""
        return decode(data, cls.read)


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When a key package's leaf may be added to a group (RFC 9420, section 7.2).

    Attributes:
        not_before: First valid second since the Unix epoch.
        not_after: Last valid second since the Unix epoch.
    """

    not_before: int
    not_after: int

    def encode(self) -> bytes:
        """The wire form."""
        return u64(self.not_before) + u64(self.not_after)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(reader.u64(), reader.u64())

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafNode:
    """One member's leaf.

    Attributes:
        encryption_key: HPKE public key.
        signature_key: The key that signs this leaf and the member's messages.
        credential: Who the member claims to be.
        capabilities: What its client supports.
        source: How the leaf came into the tree; decides which of the next two is present.
        lifetime: For source key_package.
        parent_hash: For source commit, see section 7.9.
        extensions: The leaf's extensions.
        signature: Over all of the above, and the place in the group unless the source is key_package.
    """

    encryption_key: bytes
    signature_key: bytes
    credential: Credential
    capabilities: Capabilities
    source: LeafNodeSource
    lifetime: Lifetime | None = None
    parent_hash: bytes | None = None
    extensions: tuple[Extension, ...] = ()
    signature: bytes
    _encoded: bytes | None = field(init=False, default=None, repr=False, compare=False)

    def content(self) -> bytes:
        """Everything above the signature, encoded."""
        if self._encoded is not None:
            return self._encoded[: -len(opaque(self.signature))]
        match self.source:
            case LeafNodeSource.KEY_PACKAGE if self.lifetime is not None:
                by_source = self.lifetime.encode()
            case LeafNodeSource.UPDATE:
                by_source = b""
            case LeafNodeSource.COMMIT if self.parent_hash is not None:
                by_source = opaque(self.parent_hash)
            case _:
                raise ValueError(f"a leaf node from {self.source.name} lacks what its source demands")
        return (
            opaque(self.encryption_key)
            + opaque(self.signature_key)
            + self.credential.encode()
            + self.capabilities.encode()
            + u8(self.source)
            + by_source
            + encode_extensions(self.extensions)
        )

    def encode(self) -> bytes:
        """The wire form."""
        encoded = self._encoded
        if encoded is None:
            encoded = self.content() + opaque(self.signature)
            object.__setattr__(self, "_encoded", encoded)
        return encoded

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        start = reader.position
        encryption_key = reader.opaque()
        signature_key = reader.opaque()
        credential = Credential.read(reader)
        capabilities = Capabilities.read(reader)
        number = reader.u8()
        lifetime = parent_hash = None
        match number:
            case LeafNodeSource.KEY_PACKAGE:
                lifetime = Lifetime.read(reader)
            case LeafNodeSource.UPDATE:
                pass
            case LeafNodeSource.COMMIT:
                parent_hash = reader.opaque()
            case _:
                raise DecodeError(f"leaf node source {number} is unknown")
        extensions = read_extensions(reader)
        leaf_node = cls(
            encryption_key=encryption_key,
            signature_key=signature_key,
            credential=credential,
            capabilities=capabilities,
            source=LeafNodeSource(number),
            lifetime=lifetime,
            parent_hash=parent_hash,
            extensions=extensions,
            signature=reader.opaque(),
        )
        object.__setattr__(leaf_node, "_encoded", reader.since(start))
        return leaf_node

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)

    def to_be_signed(self, group_id: bytes, leaf_index: int) -> bytes:
        """LeafNodeTBS, encoded; the place in the group counts unless the source is key_package."""
        if self.source is LeafNodeSource.KEY_PACKAGE:
            return self.content()
        return self.content() + opaque(group_id) + u32(leaf_index)

    def verify_signature(self, suite: CipherSuite, *, group_id: bytes = b"", leaf_index: int = 0) -> None:
        """Check the leaf's own signature.

        Args:
            suite: The group's cipher suite.
            group_id: The group the leaf is in; not needed for source key_package.
            leaf_index: Where in the tree the leaf is; likewise.

        Raises:
            VerificationError: The signature does not hold, or the key is not one to trust.
        """
        suite.verify_with_label(
            self.signature_key, LEAF_NODE_LABEL, self.to_be_signed(group_id, leaf_index), self.signature
        )


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a group: where its leaf is, and the leaf."""

    leaf_index: int
    leaf_node: LeafNode


def sign_leaf_node(
    suite: CipherSuite,
    leaf_node: LeafNode,
    *,
    signature_private_key: bytes,
    group_id: bytes = b"",
    leaf_index: int = 0,
) -> LeafNode:
    """The same leaf node with its signature made anew.

    Args:
        suite: The group's cipher suite.
        leaf_node: What to sign; its signature field is ignored.
        signature_private_key: Belongs to `leaf_node.signature_key`.
        group_id: The group; not needed for source key_package.
        leaf_index: The leaf's place in it; likewise.
    """
    signature = suite.sign_with_label(
        signature_private_key, LEAF_NODE_LABEL, leaf_node.to_be_signed(group_id, leaf_index)
    )
    return LeafNode(
        encryption_key=leaf_node.encryption_key,
        signature_key=leaf_node.signature_key,
        credential=leaf_node.credential,
        capabilities=leaf_node.capabilities,
        source=leaf_node.source,
        lifetime=leaf_node.lifetime,
        parent_hash=leaf_node.parent_hash,
        extensions=leaf_node.extensions,
        signature=signature,
    )
