import pytest
from hypothesis import given
from hypothesis import strategies as st

from channel.mls import tree_math
from channel.mls.tree_math import LeafCount, LeafIndex, NodeIndex

LEAF_COUNTS = st.integers(0, 10).map(lambda height: LeafCount(1 << height))


@st.composite
def nodes(draw: st.DrawFn) -> tuple[NodeIndex, LeafCount]:
    leaves = draw(LEAF_COUNTS)
    return NodeIndex(draw(st.integers(0, tree_math.node_width(leaves) - 1))), leaves


@given(nodes())
def test_children_know_their_parent_and_each_other(place: tuple[NodeIndex, LeafCount]) -> None:
    node, leaves = place
    if tree_math.is_leaf(node):
        return
    left, right = tree_math.left(node), tree_math.right(node)
    assert left < node < right
    for child, other in ((left, right), (right, left)):
        assert tree_math.parent(child, leaves) == node
        assert tree_math.sibling(child, leaves) == other
        assert tree_math.level(child) == tree_math.level(node) - 1
        assert tree_math.is_in_subtree(child, node)
        assert not tree_math.is_in_subtree(node, child)
        assert not tree_math.is_in_subtree(other, child)


@given(nodes())
def test_paths_lead_to_the_root(place: tuple[NodeIndex, LeafCount]) -> None:
    node, leaves = place
    path = tree_math.direct_path(node, leaves)
    copath = tree_math.copath(node, leaves)
    assert len(path) == len(copath) == tree_math.level(tree_math.root(leaves)) - tree_math.level(node)
    assert (node, *path)[-1] == tree_math.root(leaves)
    for above, beside in zip(path, copath, strict=True):
        assert tree_math.parent(beside, leaves) == above
        assert not tree_math.is_in_subtree(node, beside)


@given(LEAF_COUNTS, st.data())
def test_the_common_ancestor_is_the_lowest_shared_node(leaves: LeafCount, data: st.DataObject) -> None:
    indices = st.integers(0, leaves - 1)
    first, second = (tree_math.leaf_node_index(LeafIndex(data.draw(indices))) for _ in range(2))
    shared = set(tree_math.direct_path(first, leaves)) & set(tree_math.direct_path(second, leaves))
    expected = first if first == second else min(shared, key=tree_math.level)
    assert tree_math.common_ancestor(first, second) == expected


@given(st.integers(1, 5000))
def test_the_room_is_the_next_power_of_two(members: int) -> None:
    leaves = tree_math.full_leaf_count(members)
    assert members <= leaves < 2 * members
    assert tree_math.leaf_count(tree_math.node_width(leaves)) == leaves
    assert bin(leaves).count("1") == 1


@given(st.integers(0, 5000))
def test_leaves_are_the_even_nodes(index: int) -> None:
    node = tree_math.leaf_node_index(LeafIndex(index))
    assert tree_math.is_leaf(node)
    assert tree_math.node_leaf_index(node) == index
    assert tree_math.level(node) == 0


def test_impossible_questions_are_bugs() -> None:
    leaf, parent = NodeIndex(2), NodeIndex(3)
    with pytest.raises(ValueError, match="is not a leaf"):
        tree_math.node_leaf_index(parent)
    with pytest.raises(ValueError, match="is a leaf"):
        tree_math.left(leaf)
    with pytest.raises(ValueError, match="is a leaf"):
        tree_math.right(leaf)
    with pytest.raises(ValueError, match="no parent"):
        tree_math.parent(parent, LeafCount(4))
    for width in (0, 2, 5, 9):
        with pytest.raises(ValueError, match="no full tree"):
            tree_math.leaf_count(width)
    assert tree_math.copath(parent, LeafCount(4)) == ()
