"""Parent hashes: each leaf's signature vouches for the keys above it (RFC 9420, section 7.9)."""

from __future__ import annotations

from collections.abc import Sequence

from channel.mls import tree_math
from channel.mls.codec import opaque
from channel.mls.errors import ValidationError
from channel.mls.ratchet_tree import ParentNode, PathStep, RatchetTree
from channel.mls.tree_math import NodeIndex


def parent_hash(tree: RatchetTree, parent: ParentNode, copath_child: NodeIndex) -> bytes:
    """The parent hash of a parent node with one of its children as the copath child.

    Args:
        tree: The tree it is, or is about to be, in.
        parent: The parent node.
        copath_child: The child away from the path, whose original tree hash goes in.
    """
    sibling_hash = tree.original_tree_hash(copath_child, parent.unmerged_leaves)
    return tree.suite.hash(opaque(parent.encryption_key) + opaque(parent.parent_hash) + opaque(sibling_hash))


def parent_hash_chain(
    tree: RatchetTree, path: Sequence[PathStep], encryption_keys: Sequence[bytes]
) -> tuple[tuple[ParentNode, ...], bytes]:
    """The parent nodes an UpdatePath sets, from its keys.

    Args:
        tree: The tree with all proposals applied; only its copath subtrees are looked at.
        path: The sender's filtered direct path, lowest first.
        encryption_keys: The new public keys, one for each step.

    Returns:
        The nodes, lowest first, and the parent hash that the sender's leaf must carry.
    """
    above = b""
    nodes = []
    for step, encryption_key in zip(reversed(path), reversed(encryption_keys), strict=True):
        node = ParentNode(encryption_key, above)
        nodes.append(node)
        above = parent_hash(tree, node, step.copath_child)
    return tuple(reversed(nodes)), above


def check_parent_hashes(tree: RatchetTree) -> None:
    """Check that every parent node was set by a member whose leaf vouches for it (section 7.9.2).

    Raises:
        ValidationError: One is not, or is vouched for twice.
    """
    for index in range(1, len(tree.nodes), 2):
        node = tree.parent(index)
        if node is None:
            continue
        left, right = tree_math.left(NodeIndex(index)), tree_math.right(NodeIndex(index))
        vouchers = _is_vouched_for(tree, node, left, right) + _is_vouched_for(tree, node, right, left)
        if vouchers != 1:
            raise ValidationError("7.9.2-1", f"parent node {index} is vouched for {vouchers} times, not once")


def _is_vouched_for(tree: RatchetTree, parent: ParentNode, child: NodeIndex, sibling: NodeIndex) -> bool:
    """Whether a descendant in the child's resolution carries the parent's hash, all others being unmerged."""
    resolution = set(tree.resolution(child))
    unmerged = {
        NodeIndex(2 * leaf)
        for leaf in parent.unmerged_leaves
        if tree_math.is_in_subtree(NodeIndex(2 * leaf), child)
    }
    # The condition leaves at most one candidate: no need to hash, or to look at, any other.
    merged = resolution - unmerged
    if len(merged) != 1 or not unmerged <= resolution:
        return False
    node = tree.nodes[merged.pop()]
    return node is not None and node.parent_hash == parent_hash(tree, parent, sibling)
