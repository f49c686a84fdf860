"""The public ratchet tree, a value (RFC 9420, sections 4.1, 7.7 and 7.8).

Nodes sit in one tuple in array order (`tree_math`), padded with blanks to a full tree. A change makes a new
tuple; hashes of subtrees that did not change are carried over, so that a warm commit hashes O(log N) nodes.
Parent hashes are in `parent_hash`, the private half and the paths in `treekem`.
"""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self, TypeAlias

from channel.mls import tree_math
from channel.mls.codec import Reader, decode, opaque, optional, u32, vector
from channel.mls.crypto import CipherSuite
from channel.mls.errors import DecodeError, ValidationError
from channel.mls.leaf_node import LeafNode
from channel.mls.tree_math import LeafCount, LeafIndex, NodeIndex


@dataclass(frozen=True, slots=True)
class ParentNode:
    """A parent node that is not blank (section 7.1).

    Attributes:
        encryption_key: HPKE public key of the subtree.
        parent_hash: Of the next parent that was set together with this one (section 7.9).
        unmerged_leaves: Leaves below that do not hold the private key, ascending.
    """

    encryption_key: bytes
    parent_hash: bytes
    unmerged_leaves: tuple[int, ...] = ()

    def encode(self) -> bytes:
        """The wire form."""
        leaves = struct.pack(f">{len(self.unmerged_leaves)}I", *self.unmerged_leaves)
        return opaque(self.encryption_key) + opaque(self.parent_hash) + opaque(leaves)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        encryption_key, parent_hash, leaves = reader.opaque(), reader.opaque(), reader.opaque()
        if len(leaves) % 4:
            raise DecodeError("unmerged leaves do not divide into uint32")
        return cls(encryption_key, parent_hash, struct.unpack(f">{len(leaves) // 4}I", leaves))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)


Node: TypeAlias = LeafNode | ParentNode


class PathStep(NamedTuple):
    """One node of a filtered direct path, with what its path secret is encrypted to.

    Attributes:
        node: The parent node.
        copath_child: Its child that is not on the path.
        resolution: The nodes that stand for the copath child's subtree; never empty here.
    """

    node: NodeIndex
    copath_child: NodeIndex
    resolution: tuple[NodeIndex, ...]


def _encode_node(node: Node) -> bytes:
    return (b"\x01" if isinstance(node, LeafNode) else b"\x02") + node.encode()


def _read_node(reader: Reader) -> Node:
    match reader.u8():
        case 1:
            return LeafNode.read(reader)
        case 2:
            return ParentNode.read(reader)
        case other:
            raise DecodeError(f"node type {other} is unknown")


@dataclass(frozen=True, slots=True)
class RatchetTree:
    """The public half of TreeKEM's tree.

    Attributes:
        suite: The group's cipher suite, for its hash.
        nodes: Every node in array order, None where blank; 2^(d+1) - 1 of them.
    """

    suite: CipherSuite
    nodes: tuple[Node | None, ...]
    _hashes: list[bytes | None] = field(repr=False, compare=False)

    @classmethod
    def of_leaf(cls, suite: CipherSuite, leaf_node: LeafNode) -> Self:
        """The tree of a group with one member."""
        return cls(suite, (leaf_node,), [None])

    # the ratchet_tree extension (section 12.4.3.3)

    def encode(self) -> bytes:
        """The ratchet_tree extension's content: no blanks after the last node."""
        width = len(self.nodes)
        while width and self.nodes[width - 1] is None:
            width -= 1
        return vector([optional(None if node is None else _encode_node(node)) for node in self.nodes[:width]])

    @classmethod
    def decode(cls, suite: CipherSuite, data: bytes) -> Self:
        """Decode a ratchet_tree extension's content; only its shape is checked, see `tree_validation`.

        Raises:
            DecodeError: Malformed.
            ValidationError: The last node is blank, or a node is of the wrong kind for its place.
        """
        nodes = decode(data, lambda reader: reader.vector(lambda inner: inner.optional(_read_node)))
        if not nodes or nodes[-1] is None:
            raise ValidationError("12.4.3.3-1", "the last node of a ratchet tree is blank")
        for index, node in enumerate(nodes):
            if node is not None and isinstance(node, ParentNode) is not bool(index & 1):
                raise ValidationError("12.4.3.3-2", f"node {index} of a ratchet tree is of the wrong kind")
        leaves = tree_math.full_leaf_count((len(nodes) + 2) // 2)
        blanks = tree_math.node_width(leaves) - len(nodes)
        return cls(suite, nodes + (None,) * blanks, [None] * (len(nodes) + blanks))

    # looking

    @property
    def leaf_count(self) -> LeafCount:
        """How many leaves the tree has room for, a power of two."""
        return LeafCount((len(self.nodes) + 1) // 2)

    @property
    def root(self) -> NodeIndex:
        """The root's index."""
        return NodeIndex(len(self.nodes) // 2)

    def leaf(self, leaf_index: int) -> LeafNode | None:
        """The leaf at an index, None if blank or beyond the tree."""
        if not 0 <= leaf_index < self.leaf_count:
            return None
        node = self.nodes[2 * leaf_index]
        return node if isinstance(node, LeafNode) else None

    def leaves(self) -> Iterator[tuple[LeafIndex, LeafNode]]:
        """The leaves that are not blank, with their indices, ascending."""
        for index, node in enumerate(self.nodes[::2]):
            if isinstance(node, LeafNode):
                yield LeafIndex(index), node

    def parent(self, node_index: int) -> ParentNode | None:
        """The parent node at a node index, None if blank."""
        node = self.nodes[node_index]
        return node if isinstance(node, ParentNode) else None

    def encryption_key(self, node_index: int) -> bytes:
        """The HPKE public key of a node.

        Raises:
            ValueError: The node is blank.
        """
        node = self.nodes[node_index]
        if node is None:
            raise ValueError(f"node {node_index} is blank")
        return node.encryption_key

    def resolution(self, node_index: NodeIndex) -> tuple[NodeIndex, ...]:
        """The nodes that together hold keys for exactly the subtree's members (section 4.1.1)."""
        found: list[NodeIndex] = []
        pending = [node_index]
        while pending:
            index = pending.pop()
            match self.nodes[index]:
                case ParentNode(unmerged_leaves=unmerged):
                    found.append(index)
                    found.extend(NodeIndex(2 * leaf) for leaf in unmerged)
                case LeafNode():
                    found.append(index)
                case None if index & 1:
                    pending.append(tree_math.right(index))
                    pending.append(tree_math.left(index))
        return tuple(found)

    def filtered_direct_path(self, leaf_index: LeafIndex) -> tuple[PathStep, ...]:
        """The direct path without the nodes whose copath child has an empty resolution (section 4.1.2)."""
        steps = []
        below = tree_math.leaf_node_index(leaf_index)
        for node in tree_math.direct_path(below, self.leaf_count):
            copath_child = tree_math.right(node) if below < node else tree_math.left(node)
            if resolution := self.resolution(copath_child):
                steps.append(PathStep(node, copath_child, resolution))
            below = node
        return tuple(steps)

    # hashing (section 7.8)

    def tree_hash(self, node_index: NodeIndex | None = None) -> bytes:
        """The tree hash of a subtree, by default of the whole tree."""
        index = self.root if node_index is None else node_index
        known = self._hashes[index]
        if known is None:
            known = self._hash_node(index, ())
            # A memo of a pure function of `nodes`: the value does not change by it.
            self._hashes[index] = known
        return known

    def original_tree_hash(self, node_index: NodeIndex, without: tuple[int, ...]) -> bytes:
        """A subtree's hash as it was before some leaves were added (section 7.9).

        Args:
            node_index: The subtree's root.
            without: Indices of leaves, ascending, to blank and to leave out of all lists of unmerged leaves.
        """
        reach = (1 << tree_math.level(node_index)) - 1
        first = bisect_left(without, (node_index - reach) // 2)
        end = bisect_right(without, (node_index + reach) // 2)
        if first == end:
            return self.tree_hash(node_index)
        return self._hash_node(node_index, without[first:end])

    def _hash_node(self, index: NodeIndex, without: tuple[int, ...]) -> bytes:
        node = self.nodes[index]
        if not index & 1:
            if index >> 1 in without:
                node = None
            return self.suite.hash(
                b"\x01" + u32(index >> 1) + (b"\x00" if node is None else b"\x01" + node.encode())
            )
        if without and isinstance(node, ParentNode):
            unmerged = tuple(sorted(set(node.unmerged_leaves) - set(without)))
            node = ParentNode(node.encryption_key, node.parent_hash, unmerged)
        left, right = tree_math.left(index), tree_math.right(index)
        return self.suite.hash(
            b"\x02"
            + (b"\x00" if node is None else b"\x01" + node.encode())
            + opaque(self.original_tree_hash(left, without) if without else self.tree_hash(left))
            + opaque(self.original_tree_hash(right, without) if without else self.tree_hash(right))
        )

    # changing (sections 7.7 and 12.1)

    def change(
        self,
        *,
        updates: Mapping[LeafIndex, LeafNode],
        removes: Collection[LeafIndex],
        adds: Sequence[LeafNode],
    ) -> tuple[RatchetTree, tuple[LeafIndex, ...]]:
        """Apply updates, then removes, then adds (section 12.3).

        Args:
            updates: New leaves by leaf index; each index holds a member.
            removes: Leaf indices of members.
            adds: New leaves, each put at the leftmost blank leaf.

        Returns:
            The tree, and the leaf index each addition got, in order.
        """
        draft = _Draft(self)
        for leaf_index, leaf_node in updates.items():
            draft.set_leaf(leaf_index, leaf_node)
        for removed in removes:
            draft.set_leaf(removed, None)
        if removes:
            draft.truncate()
        added = draft.add(adds)
        return draft.finish(), added

    def with_room(self) -> tuple[RatchetTree, LeafIndex]:
        """The tree with room for one more member, and the leftmost blank leaf (section 12.4.3.2)."""
        draft = _Draft(self)
        leaf_index = LeafIndex(draft.find_room(0) // 2)
        return draft.finish(), leaf_index

    def with_path(
        self, leaf_index: LeafIndex, leaf_node: LeafNode, nodes: Iterable[tuple[NodeIndex, ParentNode]]
    ) -> RatchetTree:
        """The tree with a leaf replaced, its direct path blanked, and then some nodes set (section 7.5)."""
        draft = _Draft(self)
        draft.set_leaf(leaf_index, leaf_node)
        for node_index, node in nodes:
            draft.nodes[node_index] = node
        return draft.finish()


class _Draft:
    """A tree while it is being changed."""

    def __init__(self, tree: RatchetTree) -> None:
        self.suite = tree.suite
        self.nodes = list(tree.nodes)
        self.hashes = list(tree._hashes)

    def _path(self, leaf_index: LeafIndex) -> tuple[NodeIndex, ...]:
        return tree_math.direct_path(
            tree_math.leaf_node_index(leaf_index), LeafCount((len(self.nodes) + 1) // 2)
        )

    def set_leaf(self, leaf_index: LeafIndex, leaf_node: LeafNode | None) -> None:
        """Replace or blank a leaf, and blank its direct path."""
        self.nodes[2 * leaf_index] = leaf_node
        self.hashes[2 * leaf_index] = None
        for index in self._path(leaf_index):
            self.nodes[index] = None
            self.hashes[index] = None

    def truncate(self) -> None:
        """Halve the tree as long as its right half is blank."""
        while len(self.nodes) > 1:
            middle = len(self.nodes) // 2
            if any(node is not None for node in self.nodes[middle + 1 :]):
                return
            del self.nodes[middle:], self.hashes[middle:]

    def find_room(self, place: int) -> int:
        """The node index of the leftmost blank leaf from a place on; the tree doubles if there is none."""
        while place < len(self.nodes) and self.nodes[place] is not None:
            place += 2
        if place >= len(self.nodes):
            blanks = len(self.nodes) + 1
            self.nodes.extend([None] * blanks)
            self.hashes.extend([None] * blanks)
        return place

    def add(self, leaf_nodes: Sequence[LeafNode]) -> tuple[LeafIndex, ...]:
        """Put each leaf at the leftmost blank place and note it as unmerged above."""
        added: list[LeafIndex] = []
        unmerged: dict[NodeIndex, tuple[ParentNode, list[int]]] = {}
        place = 0
        for leaf_node in leaf_nodes:
            place = self.find_room(place)
            self.nodes[place] = leaf_node
            self.hashes[place] = None
            leaf_index = LeafIndex(place // 2)
            added.append(leaf_index)
            for index in self._path(leaf_index):
                self.hashes[index] = None
                node = self.nodes[index]
                if isinstance(node, ParentNode):
                    unmerged.setdefault(index, (node, []))[1].append(leaf_index)
        for index, (node, new) in unmerged.items():
            leaves = tuple(sorted({*node.unmerged_leaves, *new}))
            self.nodes[index] = ParentNode(node.encryption_key, node.parent_hash, leaves)
        return tuple(added)

    def finish(self) -> RatchetTree:
        """The tree as it now is."""
        return RatchetTree(self.suite, tuple(self.nodes), self.hashes)
