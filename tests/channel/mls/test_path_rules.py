"""Every rule about the UpdatePath of a commit, broken by a committer whose signature and encryption hold."""

from dataclasses import replace
from typing import Any

import pytest

from channel.mls import Group
from channel.mls.errors import DecryptionError, ValidationError, VerificationError
from channel.mls.hpke import HPKECiphertext
from channel.mls.leaf_node import LeafNodeSource
from channel.mls.parent_hash import parent_hash_chain
from channel.mls.tree_math import LeafIndex, NodeIndex
from channel.mls.treekem import PATH_LABEL, derive_path, node_key_pair
from channel.mls.update_path import UpdatePath
from tests.support.builders import (
    LOW_ORDER_KEYS,
    SUITE,
    forge_path_leaf,
    hostile_commit,
    make_group,
    path_of,
    seeded,
)
from tests.support.refusal import refuse, refuse_rule


def refuse_path(
    path_change: Any, rule: str | None, *, names: tuple[str, ...] = ("alice", "bob", "carol")
) -> None:
    alice, *others = make_group(*names)
    path = path_change(alice, path_of(alice))
    message = hostile_commit(alice, path=path)
    for victim in others:
        if rule is None:
            refuse(victim, message, VerificationError)
        else:
            refuse_rule(victim, message, rule)


def test_a_path_leaf_of_another_source_is_refused() -> None:
    refuse_path(
        lambda alice, path: forge_path_leaf(alice, path, source=LeafNodeSource.UPDATE, parent_hash=None),
        "7.3-5",
    )


def test_a_path_that_keeps_the_old_leaf_key_is_refused() -> None:
    refuse_path(
        lambda alice, path: forge_path_leaf(
            alice, path, encryption_key=alice.epoch_state.own_leaf.encryption_key
        ),
        "7.3-6",
    )


def test_a_path_leaf_with_a_bad_signature_is_refused() -> None:
    refuse_path(
        lambda alice, path: replace(path, leaf_node=replace(path.leaf_node, signature=bytes(64))), None
    )


def test_a_path_leaf_signed_for_another_place_is_refused() -> None:
    def moved(alice: Group, path: UpdatePath) -> UpdatePath:
        elsewhere = replace(alice, epoch_state=replace(alice.epoch_state, own_leaf_index=LeafIndex(1)))
        return forge_path_leaf(elsewhere, path)

    refuse_path(moved, None)


def test_a_path_of_another_length_is_refused() -> None:
    refuse_path(lambda _, path: replace(path, nodes=path.nodes[:-1]), "7.5-1")
    refuse_path(lambda _, path: replace(path, nodes=path.nodes + path.nodes[-1:]), "7.5-1")


def test_another_number_of_ciphertexts_is_refused() -> None:
    def one_less(_: Group, path: UpdatePath) -> UpdatePath:
        node = path.nodes[0]
        return replace(
            path,
            nodes=(replace(node, encrypted_path_secret=node.encrypted_path_secret[:-1]), *path.nodes[1:]),
        )

    refuse_path(one_less, "7.5-2")


def test_a_public_key_that_is_already_in_the_tree_is_refused() -> None:
    def reuse(alice: Group, path: UpdatePath) -> UpdatePath:
        # Of Bob's leaf: then Bob could read what is meant for the subtree only.
        key = alice.epoch_state.tree.encryption_key(2)
        return replace(path, nodes=(replace(path.nodes[0], encryption_key=key), *path.nodes[1:]))

    refuse_path(reuse, "12.4.2-2")
    refuse_path(
        lambda _, path: replace(
            path,
            nodes=(replace(path.nodes[0], encryption_key=path.leaf_node.encryption_key), *path.nodes[1:]),
        ),
        "12.4.2-2",
    )


def test_a_low_order_key_on_the_path_is_refused() -> None:
    refuse_path(
        lambda _, path: replace(
            path, nodes=(replace(path.nodes[0], encryption_key=LOW_ORDER_KEYS[0]), *path.nodes[1:])
        ),
        None,
    )


@pytest.mark.parametrize("key", LOW_ORDER_KEYS)
def test_a_path_leaf_with_a_low_order_signature_key_is_refused(key: bytes) -> None:
    refuse_path(lambda alice, path: forge_path_leaf(alice, path, signature_key=key), None)


def test_a_path_leaf_with_the_signature_key_of_another_is_refused() -> None:
    def stolen(alice: Group, path: UpdatePath) -> UpdatePath:
        # Signed by Bob's key: only Bob could help Alice to this, and then two leaves would be one client's.
        leaf_node = alice.members()[1].leaf_node
        bob = make_group("alice", "bob", "carol")[1]
        forger = replace(
            alice,
            epoch_state=replace(
                alice.epoch_state, signature_private_key=bob.epoch_state.signature_private_key
            ),
        )
        return forge_path_leaf(forger, path, signature_key=leaf_node.signature_key)

    refuse_path(stolen, "7.3-7")


def test_a_wrong_parent_hash_is_refused() -> None:
    refuse_path(lambda alice, path: forge_path_leaf(alice, path, parent_hash=bytes(32)), "7.9.2-2")


def test_a_public_key_that_the_path_secret_does_not_give_is_refused() -> None:
    def swapped(alice: Group, path: UpdatePath) -> UpdatePath:
        _, foreign = node_key_pair(SUITE, b"a secret only Alice knows.......")
        keys = [foreign, *(node.encryption_key for node in path.nodes[1:])]
        tree = alice.epoch_state.tree
        _, parent_hash = parent_hash_chain(tree, tree.filtered_direct_path(LeafIndex(0)), keys)
        nodes = (replace(path.nodes[0], encryption_key=foreign), *path.nodes[1:])
        return forge_path_leaf(alice, replace(path, nodes=nodes), parent_hash=parent_hash)

    alice, bob = make_group("alice", "bob")
    message = hostile_commit(alice, path=swapped(alice, path_of(alice)))
    # The provisional tree is another now, so what Alice encrypted for the honest one does not even open.
    refuse(bob, message, DecryptionError)
    refuse_sealed(alice, bob, swapped(alice, path_of(alice)), bytes(32), "7.5-3")


def test_a_path_secret_of_a_wrong_length_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    refuse_sealed(alice, bob, path_of(alice), b"short", "7.4-1")


def refuse_sealed(alice: Group, bob: Group, path: UpdatePath, path_secret: bytes, rule: str) -> None:
    """Seal a path secret of the attacker's choice to Bob, under the context that the path leads to."""
    state = alice.epoch_state
    steps = state.tree.filtered_direct_path(LeafIndex(0))
    nodes, _ = parent_hash_chain(state.tree, steps, [node.encryption_key for node in path.nodes])
    merged = state.tree.with_path(
        LeafIndex(0), path.leaf_node, zip((step.node for step in steps), nodes, strict=True)
    )
    provisional = state.context.replace(epoch=state.context.epoch + 1, tree_hash=merged.tree_hash())
    sealed = SUITE.encrypt_with_label(
        state.tree.encryption_key(2), PATH_LABEL, provisional.encode(), path_secret, random=seeded("sealed")
    )
    node = replace(path.nodes[0], encrypted_path_secret=(sealed,))
    refuse_rule(bob, hostile_commit(alice, path=replace(path, nodes=(node,))), rule)


def test_a_path_secret_that_does_not_open_is_refused() -> None:
    def scrambled(_: Group, path: UpdatePath) -> UpdatePath:
        garbage = HPKECiphertext(bytes(31) + b"\x09", bytes(48))
        nodes = tuple(
            replace(node, encrypted_path_secret=(garbage,) * len(node.encrypted_path_secret))
            for node in path.nodes
        )
        return replace(path, nodes=nodes)

    alice, bob = make_group("alice", "bob")
    refuse(bob, hostile_commit(alice, path=scrambled(alice, path_of(alice))), DecryptionError)


def test_derived_keys_are_compared_with_the_path() -> None:
    _, public_key = node_key_pair(SUITE, bytes(32))
    assert derive_path(SUITE, bytes(32), ((NodeIndex(1), public_key),)).private_keys.keys() == {1}
    with pytest.raises(ValidationError, match=r"7\.5-3"):
        derive_path(SUITE, bytes(32), ((NodeIndex(1), bytes(32)),))
