"""Trees that a hostile inviter forges from a true one: it can sign the tree's hash, not other people's leaves."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from channel.mls.errors import PeerError, ValidationError, VerificationError
from channel.mls.group import Group
from channel.mls.proposals import Add, Remove
from channel.mls.ratchet_tree import ParentNode, RatchetTree
from channel.mls.tree_validation import check_tree
from tests.support.builders import JUDGE, make_bundle, make_group, seeded, with_node

NAMES = ("alice", "bob", "carol", "dave", "erin", "frank")
OTHER_KEY = make_bundle("other").key_package.leaf_node.encryption_key


def lived_in() -> Group:
    """Alice's view of a group of six, in which several have committed, one has gone and one has come."""
    groups = make_group(*NAMES)
    for number, committer in enumerate((5, 2, 4, 0)):
        made = groups[committer].commit(random=seeded(f"lived in {number}"), **JUDGE)
        groups = [
            group.adopt(made.pending).group
            if index == committer
            else group.receive(made.message, **JUDGE).group
            for index, group in enumerate(groups)
        ]
    alice = groups[0]
    for proposals in ([Remove(3)], [Add(make_bundle("grace").key_package)]):
        alice = alice.adopt(alice.commit(proposals, random=seeded("come and go"), **JUDGE).pending).group
    return alice


ALICE = lived_in()
TREE = ALICE.epoch_state.tree
PARENTS = {index: node for index, node in enumerate(TREE.nodes) if isinstance(node, ParentNode)}
LEAVES = [2 * leaf_index for leaf_index, _ in TREE.leaves()]


def check(tree: RatchetTree) -> None:
    """As a joiner checks it, under a GroupContext that fits."""
    fresh = RatchetTree.decode(tree.suite, tree.encode())
    check_tree(fresh, ALICE.context.replace(tree_hash=fresh.tree_hash()))


def test_the_true_tree_is_valid() -> None:
    check(TREE)
    assert len(PARENTS) >= 4
    assert len(LEAVES) == 6


def forge_parents() -> Iterator[tuple[str, RatchetTree]]:
    for index, node in PARENTS.items():
        changes: dict[str, ParentNode] = {
            "another key": replace(node, encryption_key=OTHER_KEY),
            "another parent hash": replace(node, parent_hash=bytes(32)),
            "a leaf unmerged that is not": replace(
                node, unmerged_leaves=tuple(sorted({*node.unmerged_leaves, min(below(index))}))
            ),
        }
        for how, changed in changes.items():
            yield f"parent {index}: {how}", with_node(TREE, index, changed)
        for other, twin in PARENTS.items():
            if other != index:
                yield f"parent {index} is that of {other}", with_node(TREE, index, twin)


def below(index: int) -> list[int]:
    """The leaves with members below a parent."""
    reach = 0
    while index & (reach + 1):
        reach = 2 * reach + 1
    return [leaf // 2 for leaf in LEAVES if index - reach <= leaf <= index + reach]


def forge_ghosts() -> Iterator[tuple[str, RatchetTree]]:
    for index in range(1, len(TREE.nodes), 2):
        if TREE.nodes[index] is None:
            for unmerged in ((), tuple(below(index)), tuple(below(index)[:1])):
                ghost = ParentNode(OTHER_KEY, b"", unmerged)
                yield f"a ghost at {index}, unmerged {unmerged}", with_node(TREE, index, ghost)


def forge_leaves() -> Iterator[tuple[str, RatchetTree]]:
    for index in LEAVES:
        for other in LEAVES:
            if index < other:
                swapped = with_node(with_node(TREE, index, TREE.nodes[other]), other, TREE.nodes[index])
                yield f"leaves {index} and {other} swapped", swapped
        again = make_bundle("again").key_package.leaf_node
        leaf_node = TREE.leaf(index // 2)
        assert leaf_node is not None
        yield f"leaf {index} unsigned", with_node(TREE, index, replace(leaf_node, signature=b""))
        yield (
            f"leaf {index} with another key",
            with_node(TREE, index, replace(leaf_node, encryption_key=again.encryption_key)),
        )


FORGED = [
    pytest.param(tree, id=name)
    for forge in (forge_parents, forge_ghosts, forge_leaves)
    for name, tree in forge()
]


@pytest.mark.parametrize("tree", FORGED)
def test_a_forged_tree_is_refused(tree: RatchetTree) -> None:
    assert tree.nodes != TREE.nodes
    with pytest.raises((ValidationError, VerificationError)):
        check(tree)


@pytest.mark.parametrize("index", LEAVES)
def test_nobody_can_be_left_out(index: int) -> None:
    with pytest.raises(PeerError):
        check(with_node(TREE, index, None))
