"""The secret tree: message keys for every sender of an epoch (RFC 9420, section 9).

A `SecretTree` is a value: an operation returns the next tree, and the caller keeps it only if the message
was good. Forward secrecy is in its shape. A node is *either* a secret that nothing was derived from yet,
*or* a pair of children, *or* a leaf's two ratchets; deriving replaces one form by the next, so a used
secret is in no later value and in no encoding of one. What Python itself still holds in freed memory is
beyond this module (SECURITY.md).

A ratchet holds the secret of its next generation. Messages that arrive out of order leave the keys of the
generations they passed over, as key and nonce only, until used or too old. An operation touches one path of
the tree, so its cost grows with the logarithm of the group.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self

from channel.mls.codec import Reader, decode, opaque, u8, u32, vector
from channel.mls.crypto import CipherSuite
from channel.mls.errors import DecodeError, GenerationError, StateError
from channel.mls.tree_math import LeafCount, LeafIndex

MAX_SKIPPED_GENERATIONS = 16
"""How many generations a message may pass over: a bound on the work and memory that one message can cause."""

MAX_KEY_AGE = 32
"""A skipped key is dropped once the ratchet is this many generations past it."""

_LAST_GENERATION = 0xFFFF_FFFF


class RatchetType(IntEnum):
    """The two ratchets of a leaf."""

    HANDSHAKE = 0
    APPLICATION = 1


@dataclass(frozen=True, slots=True)
class SkippedKey:
    """The key of a generation that was passed over."""

    generation: int
    key: bytes = field(repr=False)
    nonce: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Our own storage form."""
        return u32(self.generation) + opaque(self.key) + opaque(self.nonce)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(reader.u32(), reader.opaque(), reader.opaque())


@dataclass(frozen=True, slots=True)
class Ratchet:
    """One symmetric ratchet.

    Attributes:
        generation: The next generation whose key has not been derived.
        secret: That generation's ratchet secret.
        skipped: Keys of passed-over generations, ascending.
    """

    generation: int
    secret: bytes = field(repr=False)
    skipped: tuple[SkippedKey, ...] = field(repr=False, default=())

    def encode(self) -> bytes:
        """Our own storage form."""
        return u32(self.generation) + opaque(self.secret) + vector([key.encode() for key in self.skipped])

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(reader.u32(), reader.opaque(), reader.vector(SkippedKey.read))

    def key(self, suite: CipherSuite) -> tuple[bytes, bytes]:
        """Key and nonce of the next generation."""
        return suite.derive_key_and_nonce(self.secret, b"\x04" + self.generation.to_bytes(4, "big"))

    def after(self, suite: CipherSuite, skipped: tuple[SkippedKey, ...]) -> Ratchet:
        """The ratchet one generation on, holding these skipped keys.

        Raises:
            StateError: The generations of this epoch are used up; a commit opens the next epoch.
        """
        generation = self.generation
        if generation >= _LAST_GENERATION:
            raise StateError("this ratchet's generations are used up")
        secret = suite.derive_tree_secret(self.secret, b"secret", generation, suite.hash_size)
        return Ratchet(generation + 1, secret, skipped)

    def take(self, suite: CipherSuite, generation: int) -> tuple[Ratchet, bytes, bytes]:
        """The next ratchet, and the key and nonce of a generation a peer's message names.

        Raises:
            GenerationError: The generation was used or dropped before, or is too far ahead.
        """
        if generation < self.generation:
            return self._take_skipped(generation)
        if generation - self.generation > MAX_SKIPPED_GENERATIONS:
            raise GenerationError(
                "message skips too many generations", generation=generation, expected=self.generation
            )
        if generation == _LAST_GENERATION:
            raise GenerationError(
                "the last generation is never used", generation=generation, expected=self.generation
            )
        oldest = generation + 1 - MAX_KEY_AGE
        skipped = self.skipped
        if skipped and skipped[0].generation < oldest:
            skipped = tuple(key for key in skipped if key.generation >= oldest)
        ratchet = self
        while ratchet.generation < generation:
            skipped = (*skipped, SkippedKey(ratchet.generation, *ratchet.key(suite)))
            ratchet = ratchet.after(suite, ())
        key, nonce = ratchet.key(suite)
        return ratchet.after(suite, skipped), key, nonce

    def _take_skipped(self, generation: int) -> tuple[Ratchet, bytes, bytes]:
        for position, found in enumerate(self.skipped):
            if found.generation == generation:
                skipped = self.skipped[:position] + self.skipped[position + 1 :]
                return Ratchet(self.generation, self.secret, skipped), found.key, found.nonce
        raise GenerationError(
            "message's generation was used before or is too old",
            generation=generation,
            expected=self.generation,
        )


@dataclass(frozen=True, slots=True)
class _Leaf:
    ratchets: tuple[Ratchet, Ratchet] = field(repr=False)


_Node = bytes | tuple["_Node", "_Node"] | _Leaf
"""An unused secret, or the children of a used one, or a leaf's ratchets in the order of `RatchetType`."""


@dataclass(frozen=True, slots=True)
class SecretTree:
    """The message keys of one epoch, as far as they have not been used.

    Attributes:
        suite: The group's cipher suite.
        leaves: The room of the ratchet tree, a power of two.
    """

    suite: CipherSuite
    leaves: LeafCount
    _root: _Node = field(repr=False)

    @classmethod
    def create(cls, suite: CipherSuite, *, leaves: LeafCount, encryption_secret: bytes) -> Self:
        """The tree of a new epoch.

        Args:
            suite: The group's cipher suite.
            leaves: The room of the ratchet tree, a power of two.
            encryption_secret: From the key schedule; drop it after this call.
        """
        if leaves < 1 or leaves & (leaves - 1):
            raise ValueError(f"{leaves} is not a power of two")
        return cls(suite, leaves, encryption_secret)

    def next_key(self, leaf: LeafIndex, ratchet_type: RatchetType) -> tuple[SecretTree, int, bytes, bytes]:
        """What our own next message is encrypted with.

        Returns:
            The next tree (keep it before the message leaves), the generation, the key and the nonce.

        Raises:
            StateError: The generations of this epoch are used up.
            ValueError: The leaf is outside of the tree.
        """
        ratchets, path = self._ratchets(leaf)
        ratchet = ratchets[ratchet_type]
        key, nonce = ratchet.key(self.suite)
        after = ratchet.after(self.suite, ratchet.skipped)
        return self._replace(leaf, path, ratchets, ratchet_type, after), ratchet.generation, key, nonce

    def take_key(
        self, leaf: LeafIndex, ratchet_type: RatchetType, generation: int
    ) -> tuple[SecretTree, bytes, bytes]:
        """What a peer's message is decrypted with.

        Returns:
            The next tree (keep it only if the message is good), the key and the nonce.

        Raises:
            GenerationError: The generation was used or dropped before, or is more than
                `MAX_SKIPPED_GENERATIONS` ahead.
            ValueError: The leaf is outside of the tree.
        """
        ratchets, path = self._ratchets(leaf)
        after, key, nonce = ratchets[ratchet_type].take(self.suite, generation)
        return self._replace(leaf, path, ratchets, ratchet_type, after), key, nonce

    def generation(self, leaf: LeafIndex, ratchet_type: RatchetType) -> int:
        """The next generation of one ratchet."""
        return self._ratchets(leaf)[0][ratchet_type].generation

    def only(self, leaf: LeafIndex) -> SecretTree:
        """The tree with the keys of one leaf and of nobody else."""
        ratchets, siblings = self._ratchets(leaf)
        nobody: list[_Node] = [bytes(self.suite.hash_size)] * len(siblings)
        return self._replace(leaf, nobody, ratchets, RatchetType.HANDSHAKE, ratchets[RatchetType.HANDSHAKE])

    def _ratchets(self, leaf: LeafIndex) -> tuple[tuple[Ratchet, Ratchet], list[_Node]]:
        """A leaf's ratchets, and the siblings on the way down to it, all derived where they were not yet."""
        if not 0 <= leaf < self.leaves:
            raise ValueError(f"leaf {leaf} is outside of the tree")
        node = self._root
        siblings: list[_Node] = []
        bit = self.leaves >> 1
        while bit:
            if isinstance(node, bytes):
                node = self._children(node)
            elif isinstance(node, _Leaf):
                raise StateError("secret tree is deeper than its leaves")
            on_the_right = leaf & bit
            siblings.append(node[0] if on_the_right else node[1])
            node = node[1] if on_the_right else node[0]
            bit >>= 1
        if isinstance(node, bytes):
            return self._first_ratchets(node), siblings
        if isinstance(node, _Leaf):
            return node.ratchets, siblings
        raise StateError("secret tree is deeper than its leaves")

    def _children(self, secret: bytes) -> tuple[bytes, bytes]:
        suite = self.suite
        return (
            suite.expand_with_label(secret, b"tree", b"left", suite.hash_size),
            suite.expand_with_label(secret, b"tree", b"right", suite.hash_size),
        )

    def _first_ratchets(self, secret: bytes) -> tuple[Ratchet, Ratchet]:
        suite = self.suite
        return (
            Ratchet(0, suite.expand_with_label(secret, b"handshake", b"", suite.hash_size)),
            Ratchet(0, suite.expand_with_label(secret, b"application", b"", suite.hash_size)),
        )

    def _replace(
        self,
        leaf: LeafIndex,
        siblings: list[_Node],
        ratchets: tuple[Ratchet, Ratchet],
        ratchet_type: RatchetType,
        after: Ratchet,
    ) -> SecretTree:
        is_application = ratchet_type is RatchetType.APPLICATION
        node: _Node = _Leaf((ratchets[0], after) if is_application else (after, ratchets[1]))
        bit = 1
        for sibling in reversed(siblings):
            node = (sibling, node) if leaf & bit else (node, sibling)
            bit <<= 1
        return SecretTree(self.suite, self.leaves, node)

    def encode(self) -> bytes:
        """Our own storage form; what has been used is not in it."""
        parts = [u32(self.leaves)]
        _encode_node(self._root, parts)
        return b"".join(parts)

    @classmethod
    def read(cls, reader: Reader, suite: CipherSuite) -> Self:
        """Read one off a reader.

        Raises:
            DecodeError: Not a tree, or of a shape that no tree of so many leaves has.
        """
        leaves = reader.u32()
        if leaves < 1 or leaves & (leaves - 1):
            raise DecodeError(f"{leaves} is not a power of two")
        return cls(suite, LeafCount(leaves), _read_node(reader, suite, leaves))

    @classmethod
    def decode(cls, data: bytes, suite: CipherSuite) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, lambda reader: cls.read(reader, suite))


_SECRET, _PARENT, _LEAF = 0, 1, 2


def _encode_node(node: _Node, parts: list[bytes]) -> None:
    if isinstance(node, bytes):
        parts.append(u8(_SECRET) + opaque(node))
    elif isinstance(node, _Leaf):
        parts.append(u8(_LEAF) + node.ratchets[0].encode() + node.ratchets[1].encode())
    else:
        parts.append(u8(_PARENT))
        _encode_node(node[0], parts)
        _encode_node(node[1], parts)


def _read_node(reader: Reader, suite: CipherSuite, leaves: int) -> _Node:
    match reader.u8():
        case 0:
            secret = reader.opaque()
            if len(secret) != suite.hash_size:
                raise DecodeError("secret of a tree node has the wrong length")
            return secret
        case 1 if leaves > 1:
            left = _read_node(reader, suite, leaves >> 1)
            return left, _read_node(reader, suite, leaves >> 1)
        case 2 if leaves == 1:
            ratchets = Ratchet.read(reader), Ratchet.read(reader)
            if any(len(ratchet.secret) != suite.hash_size for ratchet in ratchets):
                raise DecodeError("secret of a ratchet has the wrong length")
            return _Leaf(ratchets)
        case _:
            raise DecodeError("secret tree has an impossible shape")
