"""The tree's algebra: what holds after any additions, removals and updates."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel.mls import SignatureKeyPair
from channel.mls.leaf_node import LeafNode
from channel.mls.parent_hash import check_parent_hashes
from channel.mls.ratchet_tree import ParentNode, RatchetTree
from channel.mls.tree_math import LeafIndex, NodeIndex
from channel.mls.tree_validation import check_unmerged_leaves
from channel.mls.treekem import new_path
from tests.support.builders import GROUP_ID, SUITE, make_bundle, seeded

PEOPLE = tuple(make_bundle(f"person {number}") for number in range(12))
LEAVES = tuple(bundle.key_package.leaf_node for bundle in PEOPLE)


def fresh(leaves: int) -> RatchetTree:
    return RatchetTree.of_leaf(SUITE, LEAVES[0]).change(updates={}, removes=(), adds=LEAVES[1:leaves])[0]


def with_path(tree: RatchetTree, leaf_index: int) -> RatchetTree:
    leaf_node = tree.leaf(leaf_index)
    assert leaf_node is not None
    owner = next(
        bundle for bundle in PEOPLE if bundle.key_package.leaf_node.credential == leaf_node.credential
    )
    return new_path(
        tree,
        leaf_index=LeafIndex(leaf_index),
        group_id=GROUP_ID,
        leaf_node=leaf_node,
        signature_key_pair=SignatureKeyPair(owner.signature_private_key, leaf_node.signature_key),
        random=seeded(f"{leaf_index} {tree.tree_hash().hex()}"),
    ).tree


def recomputed(tree: RatchetTree) -> RatchetTree:
    return RatchetTree(tree.suite, tree.nodes, [None] * len(tree.nodes))


@settings(deadline=None)
@given(st.data())
def test_any_history_leaves_a_valid_tree(data: st.DataObject) -> None:
    tree = fresh(data.draw(st.integers(min_value=1, max_value=6)))
    for _ in range(data.draw(st.integers(min_value=0, max_value=5))):
        present = [leaf_index for leaf_index, _ in tree.leaves()]
        absent = [
            leaf for leaf in LEAVES if leaf.credential not in {one.credential for _, one in tree.leaves()}
        ]
        committer = data.draw(st.sampled_from(present))
        others = [leaf_index for leaf_index in present if leaf_index != committer]
        removes = data.draw(st.lists(st.sampled_from(others), unique=True)) if others else []
        adds: list[LeafNode] = (
            data.draw(st.lists(st.sampled_from(absent), max_size=3, unique=True)) if absent else []
        )
        tree, added = tree.change(updates={}, removes=removes, adds=adds)
        assert [tree.leaf(leaf_index) for leaf_index in added] == adds
        assert all(tree.leaf(leaf_index) is None for leaf_index in set(removes) - set(added))
        check_unmerged_leaves(tree)
        check_parent_hashes(tree)
        if data.draw(st.booleans()):
            tree = with_path(tree, committer)
            check_parent_hashes(tree)
        check_tree_shape(tree)


def check_tree_shape(tree: RatchetTree) -> None:
    # The cached hashes are those that a newcomer computes from nothing.
    newcomer = RatchetTree.decode(SUITE, tree.encode())
    assert newcomer == tree
    assert newcomer.tree_hash() == tree.tree_hash() == recomputed(tree).tree_hash()
    # The right half is in use, or the tree would have been halved.
    assert tree.leaf_count == 1 or any(tree.nodes[tree.root + 1 :])
    # The root's resolution stands for every member exactly once.
    covered: list[int] = []
    for node in tree.resolution(tree.root):
        parent = tree.parent(node)
        below = [leaf for leaf, _ in tree.leaves() if _is_below(2 * leaf, node)]
        covered += [leaf for leaf in below if parent is None or leaf not in parent.unmerged_leaves]
    assert sorted(covered) == [leaf for leaf, _ in tree.leaves()]


def _is_below(node: int, top: int) -> bool:
    reach = 0
    while top & (reach + 1):
        reach = 2 * reach + 1
    return top - reach <= node <= top + reach


def test_an_addition_takes_the_leftmost_blank_leaf() -> None:
    tree = fresh(4).change(updates={}, removes=(LeafIndex(1), LeafIndex(2)), adds=())[0]
    assert tree.leaf_count == 4
    tree, added = tree.change(updates={}, removes=(), adds=LEAVES[5:8])
    assert added == (1, 2, 4)
    assert tree.leaf_count == 8


def test_a_blank_right_half_is_cut_off() -> None:
    tree = fresh(5)
    assert (tree.leaf_count, tree.leaf(4)) == (8, LEAVES[4])
    tree = tree.change(updates={}, removes=(LeafIndex(4), LeafIndex(3), LeafIndex(2)), adds=())[0]
    assert (tree.leaf_count, tree.leaf(4)) == (2, None)


def test_a_new_member_is_unmerged_until_a_path_passes() -> None:
    tree = with_path(fresh(3), 0)
    tree, (dave,) = tree.change(updates={}, removes=(), adds=LEAVES[3:4])
    root = tree.parent(tree.root)
    assert root is not None
    assert root.unmerged_leaves == (dave,)
    assert tree.resolution(tree.root) == (3, 6)
    assert with_path(tree, 1).resolution(NodeIndex(3)) == (3,)


def test_original_tree_hash_undoes_additions() -> None:
    before = with_path(with_path(fresh(5), 4), 0)
    after, added = before.change(updates={}, removes=(), adds=LEAVES[5:8])
    assert added == (5, 6, 7)
    assert after.tree_hash() != before.tree_hash()
    assert after.original_tree_hash(after.root, added) == before.tree_hash()
    check_parent_hashes(after)


def test_an_update_blanks_the_direct_path() -> None:
    tree = with_path(fresh(4), 0)
    after = tree.change(updates={LeafIndex(1): LEAVES[7]}, removes=(), adds=())[0]
    assert [index for index, node in enumerate(after.nodes) if node is None] == [1, 3, 5]


def test_a_blank_node_has_no_key() -> None:
    with pytest.raises(ValueError, match="blank"):
        fresh(2).encryption_key(1)


def test_values_do_not_change() -> None:
    tree = with_path(fresh(4), 0)
    copy, tree_hash = tree.nodes, tree.tree_hash()
    tree.change(updates={}, removes=(LeafIndex(3),), adds=LEAVES[4:8])
    with_path(tree, 2)
    assert (tree.nodes, tree.tree_hash()) == (copy, tree_hash)
    parent = tree.parent(1)
    assert isinstance(parent, ParentNode)
    assert replace(parent) == parent
