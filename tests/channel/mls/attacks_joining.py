"""Attacks on the rules about Welcomes and ratchet trees, by the member that invites.

It knows the joiner's secrets, so that it can seal, sign and tag whatever it likes.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from channel.mls.codec import vector
from channel.mls.group import Group
from channel.mls.group_info import GroupInfo
from channel.mls.proposals import Add
from channel.mls.psk import PreSharedKeyID, ResumptionPSK, ResumptionPSKUsage
from channel.mls.ratchet_tree import ParentNode, RatchetTree
from channel.mls.tree_math import NodeIndex
from channel.mls.types import Extension, ExtensionType, GroupContext
from channel.mls.welcome import GroupSecrets
from tests.channel.mls.attack import Attack, Maker, breaks, craft, invited, patched
from tests.channel.mls.lenient import Library
from tests.support.builders import (
    JUDGE,
    forge_welcome,
    make_bundle,
    make_group,
    seeded,
    with_node,
)

EVE = make_bundle("eve")
CAROL = make_bundle("carol").key_package.leaf_node
ALICE, BOB, *_ = make_group("alice", "bob", "carol", "dave", "erin")
RESULT = ALICE.commit([Add(EVE.key_package)], random=seeded("invite"), **JUDGE)
PENDING = RESULT.pending
WELCOME = RESULT.welcome or b""
TREE = PENDING.epoch_state.tree
FRANK = make_bundle("frank").key_package.leaf_node
UNMERGED = ALICE.epoch_state.tree.change(updates={}, removes=(), adds=[FRANK, EVE.key_package.leaf_node])[0]
"""Frank and Eve, leaves 5 and 6, added by a commit without a path: both are unmerged at the root, node 7."""


def _untold(told: GroupSecrets) -> GroupSecrets:
    """Without a path secret: the tree is another than the one it was for."""
    return replace(told, path_secret=None)


def _welcome(**changes: Any) -> bytes:
    return forge_welcome(PENDING, WELCOME, EVE, is_tagged=True, **changes)


def _of_tree(tree: RatchetTree) -> bytes:
    return _welcome(tree=tree, secrets=_untold)


def _parent(tree: RatchetTree, index: int, *unmerged: int) -> RatchetTree:
    """A tree in which one parent has another list of unmerged leaves."""
    node = tree.parent(index)
    assert node is not None
    return with_node(tree, index, replace(node, unmerged_leaves=unmerged))


def _flat(tree: RatchetTree) -> RatchetTree:
    """The tree with all parents blank."""
    for index in range(1, len(tree.nodes), 2):
        tree = with_node(tree, index, None)
    return tree


def _encoded(*nodes: bytes) -> Callable[[GroupInfo], GroupInfo]:
    """Puts a ratchet tree of these nodes, encoded, into the GroupInfo."""
    extension = Extension(ExtensionType.RATCHET_TREE, vector(nodes))
    return lambda info: replace(info, extensions=(extension,))


def _nodes(tree: RatchetTree) -> list[bytes]:
    """The nodes of a tree, encoded one by one."""
    return [
        b"\x00" if node is None else (b"\x01\x02" if index & 1 else b"\x01\x01") + node.encode()
        for index, node in enumerate(tree.nodes)
    ]


def _renamed(usage: ResumptionPSKUsage) -> PreSharedKeyID:
    return PreSharedKeyID(ResumptionPSK(usage, b"old", 1), bytes(32))


TWO_KEYS = tuple(_renamed(usage) for usage in (ResumptionPSKUsage.REINIT, ResumptionPSKUsage.BRANCH))
GHOST = ParentNode(make_bundle("ghost").key_package.leaf_node.encryption_key, b"", (5,))
BOBS_KEY = BOB.epoch_state.own_leaf.encryption_key


def _context(**changes: Any) -> Callable[[GroupContext], GroupContext]:
    return lambda context: replace(context, **changes)


WELCOMES: list[tuple[str, str, bytes]] = [
    ("7.1-1", "7.9.2-1", _of_tree(_parent(UNMERGED, 7, 6, 5))),
    ("7.1-1", "", _of_tree(_parent(UNMERGED, 7, 5, 6, 6))),
    ("7.9.2-1", "", _of_tree(with_node(UNMERGED, 9, GHOST))),
    ("12.4.3-1", "AttributeError", _welcome(info=lambda info: replace(info, signer=7))),
    ("12.4.3-1", "AttributeError", _welcome(info=lambda info: replace(info, signer=2**32 - 1))),
    ("12.4.3.1-2", "11.2-1", _welcome(secrets=lambda told: replace(told, psks=TWO_KEYS))),
    ("12.4.3.1-3", "", _welcome(context=_context(cipher_suite=3))),
    ("12.4.3.1-4", "", _welcome(context=_context(tree_hash=bytes(32)))),
    ("12.4.3.1-5", "12.4.3.1-6", _of_tree(_parent(TREE, 1, 2))),
    ("12.4.3.1-5", "", _of_tree(_parent(UNMERGED, 7, 5, 6, 7))),
    ("12.4.3.1-6", "7.9.2-1", _of_tree(_parent(UNMERGED, 7, 1, 5, 6))),
    ("12.4.3.1-7", "7.3-8", _of_tree(with_node(_flat(TREE), 4, replace(CAROL, encryption_key=BOBS_KEY)))),
    ("12.4.3.1-8", "TypeError", _of_tree(ALICE.epoch_state.tree)),
    ("12.4.3.1-9", "AttributeError", _welcome(tree=_flat(TREE))),
    ("12.4.3.1-10", "ValueError", _welcome(secrets=lambda told: replace(told, joiner_secret=b"short"))),
    ("12.4.3.3-1", "", _welcome(info=_encoded(*_nodes(TREE)))),
    ("12.4.3.3-2", "12.4.3-1", _welcome(info=_encoded(*reversed(_nodes(TREE)[:2])))),
    ("13.4-1", "", _welcome(info=lambda info: replace(info, extensions=info.extensions * 2))),
    ("13.4-2", "", _welcome(context=_context(extensions=(Extension(0xF0A1, b""),)))),
]
"""Rule, what else would stop it, and a Welcome to Eve that breaks it."""


def _inviting(welcome: bytes, also: str) -> Maker:
    return lambda lenient: invited(welcome, EVE, truth=WELCOME, also=also)


for _rule, _also, _forged in WELCOMES:
    breaks(_rule)(_inviting(_forged, _also))


@breaks("12.4.3.1-1")
def a_welcome_for_somebody_else(lenient: Library) -> Attack:
    other = make_bundle("mallory")
    truth = ALICE.commit([Add(other.key_package)], random=seeded(1), **JUDGE).welcome
    assert truth is not None
    return invited(WELCOME, other, truth=truth, also="AttributeError")


@breaks("12.4.3.1-7")
def one_key_for_two_parents(lenient: Library) -> Attack:
    one = lenient.treekem.node_key_pair(lenient.crypto.cipher_suite(1), bytes(32))
    with patched(lenient.treekem, node_key_pair=lambda suite, path_secret: one):
        result = craft(lenient, ALICE, Add(EVE.key_package))
    pending = Group.decode(result.pending.encode())
    keys = [pending.epoch_state.tree.encryption_key(NodeIndex(node)) for node in (3, 7)]
    assert keys[0] == keys[1]
    forged = forge_welcome(pending, result.welcome, EVE, secrets=_untold)
    return invited(forged, EVE, truth=WELCOME)


@breaks("12.4.3.1-1")
def a_welcome_of_another_suite(lenient: Library) -> Attack:
    forged = WELCOME[:4] + b"\x00\x03" + WELCOME[6:]
    return invited(forged, EVE, truth=WELCOME, also="AttributeError")
