"""Joining: the honest way, and every rule about Welcomes and ratchet trees broken by the inviter."""

from dataclasses import replace
from typing import Any

import pytest

from channel.mls import Group, KeyPackageBundle, cipher_suite
from channel.mls.crypto import supported_cipher_suites
from channel.mls.errors import DecodeError, DecryptionError, StateError, ValidationError, VerificationError
from channel.mls.framing import MLSMessage
from channel.mls.hpke import HPKECiphertext
from channel.mls.leaf_node import LeafNode
from channel.mls.proposals import Add, Remove
from channel.mls.psk import ExternalPSK, PreSharedKeyID
from channel.mls.ratchet_tree import ParentNode, RatchetTree
from channel.mls.types import Extension
from channel.mls.welcome import Welcome
from tests.support.builders import (
    JUDGE,
    LIFETIME,
    LOW_ORDER_KEYS,
    SUITE,
    accept,
    forge_leaf_node,
    forge_welcome,
    make_bundle,
    make_group,
    seeded,
    with_node,
)

EVE = make_bundle("eve")


def invite(*names: str, **options: Any) -> tuple[Group, bytes]:
    """A group of these members that has just added Eve: the inviter's pending group, and the Welcome."""
    alice, *_ = make_group(*names)
    result = alice.commit([Add(EVE.key_package)], random=seeded("invite"), **JUDGE, **options)
    assert result.welcome is not None
    return result.pending, result.welcome


def join(welcome: bytes, bundle: KeyPackageBundle = EVE, **options: Any) -> Group:
    return Group.join(welcome, bundle=bundle, authenticate=accept, **options)


def refuse_rule(welcome: bytes, rule: str, **options: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        join(welcome, **options)
    assert caught.value.rule == rule


@pytest.mark.parametrize("number", supported_cipher_suites())
def test_joiner_and_inviter_agree(number: int) -> None:
    alice, bob = make_group("alice", "bob", suite=cipher_suite(number))
    assert alice.epoch_authenticator == bob.epoch_authenticator
    assert alice.context == bob.context
    assert alice.ratchet_tree() == bob.ratchet_tree()
    assert alice.interim_transcript_hash == bob.interim_transcript_hash
    assert alice.export_secret(b"label", b"context", 77) == bob.export_secret(b"label", b"context", 77)
    assert [member.leaf_node.credential.identity for member in bob.members()] == [b"alice", b"bob"]


def test_the_tree_may_come_beside_the_welcome() -> None:
    pending, welcome = invite("alice", "bob", ratchet_tree_in_welcome=False)
    with pytest.raises(StateError):
        join(welcome)
    joined = join(welcome, ratchet_tree=pending.ratchet_tree())
    assert joined.epoch_authenticator == pending.epoch_authenticator
    other = make_group("alice", "bob")[0].ratchet_tree()
    refuse_rule(welcome, "12.4.3.1-4", ratchet_tree=other)


def test_the_application_sees_every_other_member() -> None:
    seen = []
    _, welcome = invite("alice", "bob")
    Group.join(
        welcome, bundle=EVE, authenticate=lambda credential, key: seen.append((credential.identity, key))
    )
    assert [identity for identity, _ in seen] == [b"alice", b"bob"]

    def refuse(credential: object, signature_key: bytes) -> None:
        raise PermissionError

    with pytest.raises(PermissionError):
        Group.join(welcome, bundle=EVE, authenticate=refuse)


def test_our_own_lifetime_is_checked_if_the_time_is_given() -> None:
    _, welcome = invite("alice")
    join(welcome, now_s=LIFETIME.not_after)
    refuse_rule(welcome, "7.3-3", now_s=LIFETIME.not_after + 1)


def test_only_a_welcome_is_a_welcome() -> None:
    _, welcome = invite("alice")
    with pytest.raises(DecodeError):
        join(MLSMessage(EVE.key_package).encode())
    with pytest.raises(DecodeError):
        join(welcome + b"\x00")


def test_a_welcome_for_another_is_refused() -> None:
    _, welcome = invite("alice")
    refuse_rule(welcome, "12.4.3.1-1", bundle=make_bundle("mallory"))
    body = MLSMessage.decode(welcome).body
    assert isinstance(body, Welcome)
    refuse_rule(MLSMessage(replace(body, cipher_suite=3)).encode(), "12.4.3.1-1")


def test_a_welcome_that_does_not_open_is_refused() -> None:
    _, welcome = invite("alice")
    body = MLSMessage.decode(welcome).body
    assert isinstance(body, Welcome)
    garbage = replace(body.secrets[0], encrypted_group_secrets=HPKECiphertext(bytes(31) + b"\x09", bytes(99)))
    for changed in (
        replace(body, secrets=(garbage,)),
        replace(body, encrypted_group_info=body.encrypted_group_info[:-1] + b"\x00"),
    ):
        with pytest.raises(DecryptionError):
            join(MLSMessage(changed).encode())
    with pytest.raises(DecryptionError):
        join(welcome, bundle=replace(EVE, init_private_key=bytes(31) + b"\x01"))


# what only the inviter can get wrong


def test_an_untouched_forgery_is_accepted() -> None:
    pending, welcome = invite("alice", "bob")
    assert join(forge_welcome(pending, welcome, EVE)).epoch_authenticator == pending.epoch_authenticator


def test_pre_shared_keys_that_we_do_not_know_are_refused() -> None:
    pending, welcome = invite("alice")
    psk = PreSharedKeyID(ExternalPSK(b"id"), bytes(32))
    forged = forge_welcome(pending, welcome, EVE, secrets=lambda secrets: replace(secrets, psks=(psk,)))
    refuse_rule(forged, "8.4-1")


def test_a_joiner_secret_of_a_wrong_length_is_refused() -> None:
    pending, welcome = invite("alice")
    forged = forge_welcome(pending, welcome, EVE, secrets=lambda told: replace(told, joiner_secret=b"short"))
    refuse_rule(forged, "12.4.3.1-10")


def test_a_group_info_of_another_suite_is_refused() -> None:
    pending, welcome = invite("alice")
    forged = forge_welcome(pending, welcome, EVE, context=lambda context: replace(context, cipher_suite=3))
    refuse_rule(forged, "12.4.3.1-3")


def test_a_signer_who_is_not_a_member_is_refused() -> None:
    pending, welcome = invite("alice")
    blank = forge_welcome(pending, welcome, EVE, info=lambda info: replace(info, signer=3))
    refuse_rule(blank, "12.4.3-1")
    outside = forge_welcome(pending, welcome, EVE, info=lambda info: replace(info, signer=2**32 - 1))
    refuse_rule(outside, "12.4.3-1")


def test_a_group_info_signed_by_another_member_is_refused() -> None:
    pending, welcome = invite("alice", "bob")
    forged = forge_welcome(pending, welcome, EVE, info=lambda info: replace(info, signer=1))
    with pytest.raises(VerificationError):
        join(forged)


def test_a_wrong_confirmation_tag_is_refused() -> None:
    pending, welcome = invite("alice")
    forged = forge_welcome(pending, welcome, EVE, info=lambda info: replace(info, confirmation_tag=bytes(32)))
    with pytest.raises(VerificationError):
        join(forged)


def test_another_epoch_or_transcript_is_refused() -> None:
    pending, welcome = invite("alice")
    another_epoch = forge_welcome(pending, welcome, EVE, context=lambda context: context.replace(epoch=7))
    another_transcript = forge_welcome(
        pending, welcome, EVE, context=lambda context: context.replace(confirmed_transcript_hash=bytes(32))
    )
    for forged in (another_epoch, another_transcript):
        with pytest.raises(VerificationError):
            join(forged)


def test_another_tree_hash_is_refused() -> None:
    pending, welcome = invite("alice")
    forged = forge_welcome(
        pending, welcome, EVE, context=lambda context: context.replace(tree_hash=bytes(32))
    )
    refuse_rule(forged, "12.4.3.1-4")


def test_repeated_extensions_are_refused() -> None:
    pending, welcome = invite("alice")
    twice = (Extension(0xF0A1, b""), Extension(0xF0A1, b""))
    forged = forge_welcome(
        pending, welcome, EVE, info=lambda info: replace(info, extensions=(*info.extensions, *twice))
    )
    refuse_rule(forged, "13.4-1")
    forged = forge_welcome(pending, welcome, EVE, context=lambda context: context.replace(extensions=twice))
    refuse_rule(forged, "13.4-1")


def test_an_unknown_group_info_extension_is_ignored() -> None:
    pending, welcome = invite("alice")
    grease = Extension(0x0A0A, b"anything")
    forged = forge_welcome(
        pending, welcome, EVE, info=lambda info: replace(info, extensions=(*info.extensions, grease))
    )
    assert join(forged).epoch == pending.epoch


def test_a_group_extension_that_we_do_not_support_is_refused() -> None:
    pending, welcome = invite("alice")
    forged = forge_welcome(
        pending,
        welcome,
        EVE,
        context=lambda context: context.replace(extensions=(Extension(0xF0A1, b""),)),
    )
    refuse_rule(forged, "13.4-2")


@pytest.mark.parametrize(("secret", "rule"), [(bytes(32), "7.5-3"), (b"short", "7.4-1")])
def test_a_wrong_path_secret_is_refused(secret: bytes, rule: str) -> None:
    pending, welcome = invite("alice")
    forged = forge_welcome(pending, welcome, EVE, secrets=lambda told: replace(told, path_secret=secret))
    refuse_rule(forged, rule)


# the tree inside


def refuse_tree(tree: RatchetTree, pending: Group, welcome: bytes, rule: str) -> None:
    refuse_rule(forge_welcome(pending, welcome, EVE, tree=tree), rule)


def test_a_tree_with_nodes_out_of_place_is_refused() -> None:
    pending, welcome = invite("alice", ratchet_tree_in_welcome=False)
    tree = pending.epoch_state.tree
    swapped = with_node(with_node(tree, 0, tree.nodes[1]), 1, tree.nodes[0])
    refuse_rule(welcome, "12.4.3.3-2", ratchet_tree=swapped.encode())
    refuse_rule(welcome, "12.4.3.3-1", ratchet_tree=b"\x00")
    refuse_rule(welcome, "12.4.3.3-1", ratchet_tree=b"\x02\x00\x00")
    for malformed in (b"", b"\x01\x02", b"\x02\x01\x03", tree.encode() + b"\x00"):
        with pytest.raises(DecodeError):
            join(welcome, ratchet_tree=malformed)


def test_a_tree_without_us_is_refused() -> None:
    pending, welcome = invite("alice", "bob")
    stranger = make_bundle("stranger").key_package.leaf_node
    tree = with_node(with_node(pending.epoch_state.tree, 4, stranger), 3, None)
    refuse_tree(tree, pending, welcome, "12.4.3.1-8")
    refuse_tree(make_group("alice", "bob")[0].epoch_state.tree, pending, welcome, "12.4.3.1-8")


def test_unmerged_leaves_are_checked() -> None:
    pending, welcome = invite("alice", "bob", "carol")
    tree = pending.epoch_state.tree
    root = tree.parent(3)
    lower = tree.parent(1)
    assert root is not None
    assert lower is not None

    def with_unmerged(node: ParentNode, *leaves: int) -> ParentNode:
        return replace(node, unmerged_leaves=leaves)

    for node, index, rule in (
        (with_unmerged(root, 3, 2), 3, "7.1-1"),
        (with_unmerged(root, 2, 2), 3, "7.1-1"),
        (with_unmerged(lower, 2), 1, "12.4.3.1-5"),
        (with_unmerged(lower, 77), 1, "12.4.3.1-5"),
        (with_unmerged(root, 1), 3, "12.4.3.1-6"),
        (with_unmerged(root, 3), 3, "7.9.2-1"),
    ):
        refuse_tree(with_node(tree, index, node), pending, welcome, rule)


def test_a_parent_that_nobody_vouches_for_is_refused() -> None:
    pending, welcome = invite("alice", "bob", "carol")
    tree = pending.epoch_state.tree
    ghost = ParentNode(b"\x09" + bytes(31), b"")
    refuse_tree(with_node(tree, 3, ghost), pending, welcome, "7.9.2-1")


def test_an_encryption_key_in_two_nodes_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    pending, welcome = invite("alice", "bob", "carol")
    tree = pending.epoch_state.tree
    carol = tree.leaf(2)
    assert carol is not None
    bob_leaf = make_bundle("bob")
    # Carol's leaf takes the key of a parent: signed properly, under a tree hash that Alice signs.
    forged = forge_leaf_node(
        bob_leaf.key_package.leaf_node,
        bob_leaf.signature_private_key,
        encryption_key=make_bundle("carol").key_package.leaf_node.encryption_key,
    )
    flat = with_node(with_node(with_node(tree, 1, None), 3, None), 5, None)
    refuse_tree(with_node(flat, 2, forged), pending, welcome, "12.4.3.1-7")
    assert alice.epoch == bob.epoch


def test_a_leaf_that_breaks_a_rule_is_refused() -> None:
    pending, welcome = invite("alice", "bob")
    flat = with_node(with_node(pending.epoch_state.tree, 1, None), 3, None)

    def forged(**changes: Any) -> LeafNode:
        bob = make_bundle("bob")
        return forge_leaf_node(bob.key_package.leaf_node, bob.signature_private_key, **changes)

    refuse_tree(with_node(flat, 2, forged(extensions=(Extension(0xF0A2, b""),))), pending, welcome, "7.3-4")
    refuse_tree(
        with_node(flat, 2, forged(signature_key=EVE.key_package.leaf_node.signature_key)),
        pending,
        welcome,
        "7.3-7",
    )
    for bad in (replace(forged(), signature=bytes(64)), forged(signature_key=LOW_ORDER_KEYS[0])):
        with pytest.raises(VerificationError):
            join(forge_welcome(pending, welcome, EVE, tree=with_node(flat, 2, bad)))


def test_a_path_secret_for_a_blank_path_is_refused() -> None:
    pending, welcome = invite("alice", "bob")
    tree = pending.epoch_state.tree
    flat = with_node(with_node(tree, 1, None), 3, None)
    alice = tree.leaf(0)
    assert alice is not None
    refuse_tree(flat, pending, welcome, "12.4.3.1-9")


def test_a_removed_member_can_come_back_with_a_new_key_package() -> None:
    alice, bob = make_group("alice", "bob")
    result = alice.commit([Remove(1)], random=seeded(1), **JUDGE)
    alice = alice.adopt(result.pending).group
    again = make_bundle("bob", pair=bob.epoch_state.signature_key_pair)
    result = alice.commit([Add(again.key_package)], random=seeded(2), **JUDGE)
    assert result.welcome is not None
    back = join(result.welcome, bundle=again)
    assert back.epoch_authenticator == result.pending.epoch_authenticator
    assert back.suite == SUITE
