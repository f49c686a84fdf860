"""Every key of a tree is there once, under one name (section 16.7): else a joiner could never be let in."""

from dataclasses import replace
from typing import Any

import pytest

from channel.mls import Group
from channel.mls.errors import ValidationError, VerificationError
from channel.mls.key_package import KeyPackageBundle
from channel.mls.leaf_node import LeafNodeSource
from channel.mls.proposals import Add, GroupContextExtensions, Update
from channel.mls.tree_math import NodeIndex
from channel.mls.validation import check_members
from tests.support.builders import (
    JUDGE,
    forge_key_package,
    forge_leaf_node,
    forge_path_leaf,
    hostile_commit,
    make_bundle,
    make_group,
    path_of,
    seal_hostile,
    seeded,
    with_node,
)
from tests.support.refusal import refuse, refuse_rule

EVE = make_bundle("eve")


def root_key(group: Group) -> bytes:
    tree = group.epoch_state.tree
    return tree.encryption_key(tree.root)


def refuse_addition(bundle: KeyPackageBundle, **changes: Any) -> None:
    """That Alice can neither add this client nor make Bob take it in."""
    alice, bob = make_group("alice", "bob")
    bad = Add(forge_key_package(bundle, **changes))
    refuse_rule(bob, hostile_commit(alice, bad), "16.7-1")
    refuse_rule(bob, seal_hostile(alice, bad), "16.7-1")
    with pytest.raises(ValidationError) as ours:
        alice.commit([bad], random=seeded(1), **JUDGE)
    assert ours.value.rule == "16.7-1"


def test_a_new_leaf_with_the_key_of_a_parent_is_refused() -> None:
    alice, _ = make_group("alice", "bob")
    refuse_addition(EVE, encryption_key=root_key(alice))


def test_a_new_leaf_whose_signature_key_is_an_encryption_key_is_refused() -> None:
    # On a NIST curve one key could serve for both: then an HPKE key would sign messages.
    alice, bob = make_group("alice", "bob")
    tree = bob.epoch_state.tree
    eve = EVE.key_package.leaf_node
    for key in (eve.encryption_key, alice.epoch_state.own_leaf.encryption_key, root_key(bob)):
        grown, _ = tree.change(updates={}, removes=(), adds=[replace(eve, signature_key=key)])
        with pytest.raises(ValidationError) as caught:
            check_members(grown)
        assert caught.value.rule == "16.7-1"


def test_an_update_to_the_key_of_a_parent_is_refused() -> None:
    alice, bob, carol, dave = make_group("alice", "bob", "carol", "dave")
    # Over Carol and Dave, so that Bob's update does not blank it; made by a commit of Dave's.
    made = dave.commit(random=seeded(1), **JUDGE)
    alice, bob, carol = (one.receive(made.message, **JUDGE).group for one in (alice, bob, carol))
    key = alice.epoch_state.tree.encryption_key(5)
    forged = forge_leaf_node(
        bob.epoch_state.own_leaf,
        bob.epoch_state.signature_private_key,
        encryption_key=key,
        source=LeafNodeSource.UPDATE,
        lifetime=None,
        group_id=bob.group_id,
        leaf_index=1,
    )
    refuse_rule(alice, seal_hostile(bob, Update(forged)), "16.7-1")
    refuse_rule(carol, seal_hostile(bob, Update(forged)), "16.7-1")


def test_a_path_with_a_signature_key_on_it_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    path = path_of(alice)
    for key in (bob.epoch_state.own_leaf.signature_key, alice.epoch_state.own_leaf.signature_key):
        forged = replace(path, nodes=(replace(path.nodes[0], encryption_key=key),))
        refuse_rule(bob, hostile_commit(alice, path=forged), "12.4.2-2")


def test_a_joiner_refuses_a_tree_with_one_key_for_two_purposes() -> None:
    alice, _ = make_group("alice", "bob")
    tree = alice.epoch_state.tree
    bob = tree.leaf(1)
    assert bob is not None
    double = replace(bob, signature_key=tree.encryption_key(NodeIndex(1)))
    with pytest.raises(ValidationError) as caught:
        check_members(with_node(tree, 2, double))
    assert caught.value.rule == "16.7-1"


# one key, one encoding


def renamed(key: bytes) -> bytes:
    """The same X25519 key with its unused top bit set, which X25519 ignores."""
    return key[:31] + bytes([key[31] | 0x80])


def test_a_key_of_another_member_under_another_name_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    bad = Add(forge_key_package(EVE, encryption_key=renamed(bob.epoch_state.own_leaf.encryption_key)))
    refuse(bob, hostile_commit(alice, bad), VerificationError)
    with pytest.raises(VerificationError, match="canonical"):
        alice.commit([bad], random=seeded(1), **JUDGE)


def test_an_init_key_that_is_the_leaf_key_under_another_name_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    bad = Add(forge_key_package(EVE, init_key=renamed(EVE.key_package.leaf_node.encryption_key)))
    refuse(bob, hostile_commit(alice, bad), VerificationError)


def test_a_path_that_keeps_the_old_leaf_key_under_another_name_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    same = renamed(alice.epoch_state.own_leaf.encryption_key)
    refuse(
        bob,
        hostile_commit(alice, path=forge_path_leaf(alice, path_of(alice), encryption_key=same)),
        VerificationError,
    )


def test_a_path_key_that_is_in_the_tree_under_another_name_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    path = path_of(alice)
    same = renamed(bob.epoch_state.own_leaf.encryption_key)
    forged = replace(path, nodes=(replace(path.nodes[0], encryption_key=same),))
    refuse(bob, hostile_commit(alice, path=forged), VerificationError)


def test_an_update_to_the_same_key_under_another_name_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    forged = forge_leaf_node(
        alice.epoch_state.own_leaf,
        alice.epoch_state.signature_private_key,
        encryption_key=renamed(alice.epoch_state.own_leaf.encryption_key),
        source=LeafNodeSource.UPDATE,
        parent_hash=None,
        group_id=alice.group_id,
        leaf_index=0,
    )
    refuse(bob, seal_hostile(alice, Update(forged)), VerificationError)


def test_our_own_keys_are_canonical() -> None:
    alice, *_ = make_group("alice", "bob", "carol")
    for node in alice.epoch_state.tree.nodes:
        if node is not None:
            assert int.from_bytes(node.encryption_key, "little") < 2**255 - 19


def test_a_change_of_extensions_leaves_the_keys_alone() -> None:
    alice, bob = make_group("alice", "bob")
    result = alice.commit([GroupContextExtensions(())], random=seeded(1), **JUDGE)
    assert bob.receive(result.message, **JUDGE).group.epoch == result.pending.epoch
