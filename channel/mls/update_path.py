"""The UpdatePath of a commit, as it travels (RFC 9420, section 7.6). What it does is in `treekem`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from channel.mls.codec import Reader, decode, opaque, vector
from channel.mls.hpke import HPKECiphertext
from channel.mls.leaf_node import LeafNode


@dataclass(frozen=True, slots=True)
class UpdatePathNode:
    """One node of the sender's filtered direct path.

    Attributes:
        encryption_key: The node's new HPKE public key.
        encrypted_path_secret: The node's path secret, once for each node in the copath child's resolution.
    """

    encryption_key: bytes
    encrypted_path_secret: tuple[HPKECiphertext, ...]

    def encode(self) -> bytes:
        """The wire form."""
        return opaque(self.encryption_key) + vector(
            [ciphertext.encode() for ciphertext in self.encrypted_path_secret]
        )

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(reader.opaque(), reader.vector(HPKECiphertext.read))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)


@dataclass(frozen=True, slots=True)
class UpdatePath:
    """A committer's new leaf and the new nodes above it.

    Attributes:
        leaf_node: The new leaf, source commit.
        nodes: The filtered direct path, lowest first.
    """

    leaf_node: LeafNode
    nodes: tuple[UpdatePathNode, ...]

    def encode(self) -> bytes:
        """The wire form."""
        return self.leaf_node.encode() + vector([node.encode() for node in self.nodes])

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(LeafNode.read(reader), reader.vector(UpdatePathNode.read))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)
