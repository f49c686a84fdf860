"""A stored group: versioned, exact, cheap to save again, and free of what has been deleted."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel.mls import Group, KeyPackageBundle, Lifetime
from channel.mls.codec import opaque, vector
from channel.mls.epoch_state import EpochState
from channel.mls.errors import DecodeError
from channel.mls.key_package import BUNDLE_VERSION
from channel.mls.leaf_node import LeafNode
from channel.mls.proposals import Remove
from channel.mls.ratchet_tree import Node
from channel.mls.secret_tree import SecretTree
from channel.mls.state import STATE_VERSION, MessageState
from channel.mls.tree_math import LeafCount
from tests.support.builders import JUDGE, SUITE, make_bundle, make_group, seeded

RANDOM = seeded("test_state")


def test_every_kind_of_group_survives_storing() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    alice, message = alice.propose_update(random=RANDOM)
    bob = bob.receive(message, **JUDGE).group
    result = bob.commit([Remove(2)], random=RANDOM, **JUDGE)
    carol = carol.receive(message, **JUDGE).group
    gone = carol.receive(result.message, **JUDGE).group
    for group in (alice, bob, result.group, result.pending, gone):
        assert Group.decode(group.encode()) == group
        assert Group.decode_parts(group.encode_epoch(), group.encode_messages()) == group


def test_saving_after_a_message_reuses_the_epoch_part() -> None:
    alice, bob = make_group("alice", "bob")
    _, message = alice.protect(b"hello", random=RANDOM)
    after = bob.receive(message, **JUDGE).group
    assert after.encode_epoch() == bob.encode_epoch()
    assert after.epoch_state is bob.epoch_state
    assert after.encode_messages() != bob.encode_messages()


def test_a_stored_group_holds_no_deleted_secret() -> None:
    alice, bob = make_group("alice", "bob")
    secrets = alice.epoch_state.secrets
    old_keys = set(alice.epoch_state.private_keys.values())
    root = alice.message_state.secret_tree.encode()[-32:]
    alice, _ = alice.protect(b"hello", random=RANDOM)
    assert root not in alice.encode()
    result = bob.commit(random=RANDOM, **JUDGE)
    after = alice.receive(result.message, **JUDGE).group.encode()
    for secret in (secrets.init_secret, secrets.exporter_secret, secrets.sender_data_secret):
        assert secret not in after
    root_key = alice.epoch_state.private_keys[alice.epoch_state.tree.root]
    assert root_key in old_keys
    assert root_key not in after


def test_a_removed_member_stores_no_private_keys() -> None:
    alice, bob = make_group("alice", "bob")
    result = alice.commit([Remove(1)], random=RANDOM, **JUDGE)
    gone = bob.receive(result.message, **JUDGE).group.encode()
    for private_key in bob.epoch_state.private_keys.values():
        assert private_key not in gone
    assert bob.epoch_state.secrets.init_secret not in gone


def test_no_secret_is_in_a_repr() -> None:
    alice, bob = make_group("alice", "bob")
    result = alice.commit(random=RANDOM, **JUDGE)
    bundle = make_bundle("eve")
    shown = repr((alice, bob.epoch_state, bob.message_state, result, bundle))
    for secret in (
        *bob.epoch_state.private_keys.values(),
        bob.epoch_state.signature_private_key,
        bob.epoch_state.secrets.exporter_secret,
        bob.message_state.secret_tree.encode()[-32:],
        bundle.init_private_key,
        bundle.encryption_private_key,
        bundle.signature_private_key,
    ):
        assert repr(secret)[2:-1] not in shown


def test_another_version_is_refused() -> None:
    (alice,) = make_group("alice")
    for encoded, decode, version in (
        (alice.encode(), Group.decode, STATE_VERSION),
        (make_bundle("eve").encode(), KeyPackageBundle.decode, BUNDLE_VERSION),
    ):
        assert encoded[0] == version
        with pytest.raises(DecodeError, match="version"):
            decode(bytes([version + 1]) + encoded[1:])
    with pytest.raises(DecodeError, match="version"):
        Group.decode_parts(b"\x09" + alice.encode_epoch()[1:], alice.encode_messages())
    with pytest.raises(DecodeError, match="version"):
        Group.decode_parts(alice.encode_epoch(), b"\x09" + alice.encode_messages()[1:])


def test_parts_of_different_groups_do_not_fit() -> None:
    (alice,) = make_group("alice")
    later = alice.adopt(alice.commit(random=RANDOM, **JUDGE).pending).group
    with pytest.raises(DecodeError, match="different epochs"):
        Group.decode_parts(alice.encode_epoch(), later.encode_messages())


STORED = make_group("alice", "bob")[1].encode()


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=len(STORED) - 1))
def test_a_cut_group_is_refused(length: int) -> None:
    with pytest.raises(DecodeError):
        Group.decode(STORED[:length])


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=len(STORED) - 1), st.integers(min_value=1, max_value=255))
def test_a_damaged_group_is_refused_or_another_one(position: int, flip: int) -> None:
    damaged = bytearray(STORED)
    damaged[position] ^= flip
    try:
        group = Group.decode(bytes(damaged))
    except DecodeError:
        return
    assert group.encode() == bytes(damaged)


def test_a_stored_epoch_of_an_unknown_suite_is_refused() -> None:
    (alice,) = make_group("alice")
    encoded = bytearray(alice.epoch_state.encode())
    position = encoded.index(alice.context.encode()) + 2
    encoded[position : position + 2] = b"\xff\xff"
    with pytest.raises(DecodeError, match="cipher suite"):
        EpochState.decode(bytes(encoded))


def test_a_stored_tree_that_cannot_be_one_is_refused() -> None:
    alice, _ = make_group("alice", "bob")
    tree = alice.epoch_state.tree
    for nodes in (tree.nodes[:2] + (None,) * 2, tree.nodes[1:2]):
        damaged = vector([b"\x00" if node is None else b"\x01" + encode_node(node) for node in nodes])
        encoded = alice.epoch_state.encode().replace(opaque(tree.encode()), opaque(damaged))
        with pytest.raises(DecodeError, match="stored tree"):
            EpochState.decode(encoded)


def encode_node(node: Node) -> bytes:
    return (b"\x01" if isinstance(node, LeafNode) else b"\x02") + node.encode()


def test_parts_that_are_not_of_one_size_do_not_fit() -> None:
    alice, _ = make_group("alice", "bob")
    small = SecretTree.create(SUITE, leaves=LeafCount(1), encryption_secret=bytes(32))
    encoded = replace(alice.message_state, secret_tree=small).encode(alice.epoch_state)
    with pytest.raises(DecodeError, match="do not fit"):
        MessageState.decode(encoded, alice.epoch_state)


def test_a_stored_flag_is_0_or_1() -> None:
    (alice,) = make_group("alice")
    encoded = alice.encode_messages()
    flag = 1 + 1 + 32 + 8
    assert encoded[flag] == 1
    with pytest.raises(DecodeError, match="flag"):
        MessageState.decode(encoded[:flag] + b"\x02" + encoded[flag + 1 :], alice.epoch_state)


def test_a_bundle_survives_storing() -> None:
    bundle = make_bundle("eve", lifetime=Lifetime(1, 2))
    assert KeyPackageBundle.decode(bundle.encode()) == bundle
