"""Checking a whole ratchet tree that somebody handed us (RFC 9420, section 12.4.3.1).

A joiner does this once, an auditor for every epoch; both from public data only.
"""

from __future__ import annotations

from itertools import pairwise

from channel.mls import tree_math
from channel.mls.errors import ValidationError
from channel.mls.external_senders import external_senders
from channel.mls.parent_hash import check_parent_hashes
from channel.mls.ratchet_tree import ParentNode, RatchetTree
from channel.mls.tree_math import NodeIndex
from channel.mls.types import GroupContext, check_extensions
from channel.mls.validation import STRICT, Leniency, check_leaf_node, check_members


def check_tree(tree: RatchetTree, context: GroupContext, *, leniency: Leniency = STRICT) -> None:
    """Check a ratchet tree against the GroupContext it is said to belong to; all but the authentication.

    Args:
        tree: The tree, as decoded.
        context: The GroupContext, trusted no more than the tree until a signature over it has been checked.
        leniency: What to forgive.

    Raises:
        ValidationError: A rule is broken.
        VerificationError: A leaf's signature does not hold, or a key is not one to trust.
    """
    check_extensions(context.extensions)
    external_senders(tree.suite, context.extensions)
    check_unmerged_leaves(tree)
    if tree.tree_hash() != context.tree_hash:
        raise ValidationError("12.4.3.1-4", "the ratchet tree's hash is not the GroupContext's tree_hash")
    check_parent_hashes(tree)
    _check_keys(tree)
    check_members(tree)
    for leaf_index, leaf_node in tree.leaves():
        check_leaf_node(leaf_node, suite=tree.suite, extensions=context.extensions, leniency=leniency)
        leaf_node.verify_signature(tree.suite, group_id=context.group_id, leaf_index=leaf_index)


def check_unmerged_leaves(tree: RatchetTree) -> None:
    """Check every parent's list of unmerged leaves; nothing may be computed from a tree before this.

    Raises:
        ValidationError: A list is not ascending, names a leaf that is blank or not below the parent, or one
            that a parent in between does not name.
    """
    # Sets, because a list is as long as whoever made the tree likes, and every other may be looked up in it.
    listed = {
        NodeIndex(index): frozenset(node.unmerged_leaves)
        for index, node in enumerate(tree.nodes)
        if isinstance(node, ParentNode)
    }
    for index in listed:
        parent = tree.parent(index)
        unmerged = () if parent is None else parent.unmerged_leaves
        if any(first >= second for first, second in pairwise(unmerged)):
            raise ValidationError("7.1-1", "unmerged leaves are not in ascending order")
        for leaf in unmerged:
            node = NodeIndex(2 * leaf)
            if tree.leaf(leaf) is None or not tree_math.is_in_subtree(node, index):
                raise ValidationError("12.4.3.1-5", "an unmerged leaf is blank or not below its parent node")
            for between in tree_math.direct_path(node, tree.leaf_count):
                if between == index:
                    break
                if between in listed and leaf not in listed[between]:
                    raise ValidationError(
                        "12.4.3.1-6", "an unmerged leaf is missing in a parent node in between"
                    )


def _check_keys(tree: RatchetTree) -> None:
    keys = [node.encryption_key for node in tree.nodes if node is not None]
    if len(set(keys)) != len(keys):
        raise ValidationError("12.4.3.1-7", "an encryption key appears in two nodes of the tree")
    for index in range(1, len(tree.nodes), 2):
        parent = tree.parent(index)
        if parent is not None:
            tree.suite.check_hpke_public_key(parent.encryption_key)
