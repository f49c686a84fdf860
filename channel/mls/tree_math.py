"""Index arithmetic of the ratchet tree as an array (RFC 9420, appendix C), and nothing else.

The tree is left-balanced and full: 2^d leaves. Leaf i is node 2 i; parents are the odd nodes, and the number
of trailing one bits of a node's index is its height.
"""

from __future__ import annotations

from typing import NewType

LeafIndex = NewType("LeafIndex", int)
"""The position of a leaf, from the left, from 0."""

NodeIndex = NewType("NodeIndex", int)
"""The position of a node in the array, from 0."""

LeafCount = NewType("LeafCount", int)
"""How many leaves a tree has room for: a power of two."""


def leaf_node_index(leaf: LeafIndex) -> NodeIndex:
    """The node a leaf is."""
    return NodeIndex(2 * leaf)


def node_leaf_index(node: NodeIndex) -> LeafIndex:
    """The leaf a node is.

    Raises:
        ValueError: The node is a parent.
    """
    if node & 1:
        raise ValueError(f"node {node} is not a leaf")
    return LeafIndex(node >> 1)


def is_leaf(node: NodeIndex) -> bool:
    """Whether a node is a leaf."""
    return not node & 1


def level(node: NodeIndex) -> int:
    """A node's height above the leaves."""
    return (~node & (node + 1)).bit_length() - 1


def node_width(leaves: LeafCount) -> int:
    """How many nodes a tree of so many leaves has."""
    return 2 * leaves - 1 if leaves else 0


def leaf_count(width: int) -> LeafCount:
    """How many leaves a tree of so many nodes has.

    Raises:
        ValueError: No full tree has that many nodes.
    """
    leaves = (width + 1) // 2
    if width < 1 or not width & 1 or leaves & (leaves - 1):
        raise ValueError(f"no full tree has {width} nodes")
    return LeafCount(leaves)


def full_leaf_count(leaves: int) -> LeafCount:
    """The smallest power of two that is not below `leaves`, at least 1: the room a tree needs for them."""
    return LeafCount(1 << max(leaves - 1, 0).bit_length())


def root(leaves: LeafCount) -> NodeIndex:
    """The root of a tree of so many leaves (a power of two)."""
    return NodeIndex(leaves - 1)


def left(node: NodeIndex) -> NodeIndex:
    """A parent's left child.

    Raises:
        ValueError: The node is a leaf.
    """
    if not node & 1:
        raise ValueError(f"node {node} is a leaf")
    return NodeIndex(node ^ (1 << (level(node) - 1)))


def right(node: NodeIndex) -> NodeIndex:
    """A parent's right child.

    Raises:
        ValueError: The node is a leaf.
    """
    if not node & 1:
        raise ValueError(f"node {node} is a leaf")
    return NodeIndex(node ^ (3 << (level(node) - 1)))


def _parent(node: NodeIndex) -> NodeIndex:
    height = level(node)
    return NodeIndex((node | (1 << height)) & ~(1 << (height + 1)))


def parent(node: NodeIndex, leaves: LeafCount) -> NodeIndex:
    """A node's parent.

    Raises:
        ValueError: The node is the root.
    """
    if node == root(leaves):
        raise ValueError("the root has no parent")
    return _parent(node)


def sibling(node: NodeIndex, leaves: LeafCount) -> NodeIndex:
    """The other child of a node's parent.

    Raises:
        ValueError: The node is the root.
    """
    above = parent(node, leaves)
    return right(above) if node < above else left(above)


def direct_path(node: NodeIndex, leaves: LeafCount) -> tuple[NodeIndex, ...]:
    """The parents of a node from the nearest up to and including the root; empty for the root."""
    top = root(leaves)
    path = []
    while node != top:
        node = _parent(node)
        path.append(node)
    return tuple(path)


def copath(node: NodeIndex, leaves: LeafCount) -> tuple[NodeIndex, ...]:
    """The siblings of a node and of its direct path without the root, from the lowest up."""
    if node == root(leaves):
        return ()
    return tuple(sibling(below, leaves) for below in (node, *direct_path(node, leaves)[:-1]))


def is_in_subtree(node: NodeIndex, top: NodeIndex) -> bool:
    """Whether a node is `top` or below it."""
    reach = (1 << level(top)) - 1
    return top - reach <= node <= top + reach


def common_ancestor(first: NodeIndex, second: NodeIndex) -> NodeIndex:
    """The lowest node that both are in the subtree of."""
    top = first
    while not is_in_subtree(second, top):
        top = _parent(top)
    return top
