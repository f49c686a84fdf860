"""The working group's vectors for the tree, the paths and the Welcome: one test per entry."""

from dataclasses import replace
from typing import Any

import pytest

from channel.mls.crypto import cipher_suite
from channel.mls.errors import ValidationError
from channel.mls.framing import MLSMessage
from channel.mls.key_package import KeyPackage
from channel.mls.key_schedule import derive_joined_epoch_secrets, derive_welcome_secret
from channel.mls.leaf_node import LeafNodeSource
from channel.mls.parent_hash import check_parent_hashes
from channel.mls.proposal_list import Judge, SentProposal, apply_proposals
from channel.mls.proposals import Update, decode_proposal
from channel.mls.ratchet_tree import RatchetTree
from channel.mls.signatures import SignatureKeyPair
from channel.mls.transcript import verify_confirmation_tag
from channel.mls.tree_math import LeafIndex, NodeIndex
from channel.mls.tree_validation import check_tree, check_unmerged_leaves
from channel.mls.treekem import decrypt_path, encrypt_path, merge_path, new_path, node_key_pair
from channel.mls.types import GroupContext
from channel.mls.update_path import UpdatePath
from channel.mls.validation import Leniency
from channel.mls.welcome import Welcome, open_group_info, open_group_secrets
from tests.channel.mls.vectors import entries, unhex
from tests.support.builders import accept, seeded

AS_PUBLISHED = Leniency(any_lifetime=True)
"""Key packages in the vectors are valid forever."""


@pytest.mark.parametrize("entry", entries("tree-operations"))
def test_tree_operations(entry: Any) -> None:
    suite = cipher_suite(entry["cipher_suite"])
    before = RatchetTree.decode(suite, unhex(entry, "tree_before"))
    assert before.encode() == unhex(entry, "tree_before")
    assert before.tree_hash() == unhex(entry, "tree_hash_before")
    sent = SentProposal(decode_proposal(unhex(entry, "proposal")), LeafIndex(entry["proposal_sender"]))
    after = _apply(before, sent)
    assert after.encode() == unhex(entry, "tree_after")
    assert after.tree_hash() == unhex(entry, "tree_hash_after")


def _apply(before: RatchetTree, sent: SentProposal) -> RatchetTree:
    if isinstance(sent.proposal, Update):
        # The file names no group, so an update's signature cannot be checked.
        assert sent.sender is not None
        update = {sent.sender: sent.proposal.leaf_node}
        return before.change(updates=update, removes=(), adds=())[0]
    context = GroupContext(
        cipher_suite=before.suite.number, group_id=b"", epoch=0, tree_hash=b"", confirmed_transcript_hash=b""
    )
    return apply_proposals(
        before,
        context,
        (sent,),
        committer=LeafIndex(before.leaf_count),
        judge=Judge(authenticate=accept, now_s=0, leniency=AS_PUBLISHED),
    ).tree


@pytest.mark.parametrize("entry", entries("tree-validation"))
def test_tree_validation(entry: Any) -> None:
    suite = cipher_suite(entry["cipher_suite"])
    tree = RatchetTree.decode(suite, unhex(entry, "tree"))
    assert tree.encode() == unhex(entry, "tree")
    nodes = [NodeIndex(index) for index in range(len(tree.nodes))]
    assert [tree.tree_hash(index).hex() for index in nodes] == entry["tree_hashes"]
    assert [list(tree.resolution(index)) for index in nodes] == entry["resolutions"]
    context = GroupContext(
        cipher_suite=suite.number,
        group_id=unhex(entry, "group_id"),
        epoch=1,
        tree_hash=tree.tree_hash(),
        confirmed_transcript_hash=b"",
    )
    check_tree(tree, context, leniency=AS_PUBLISHED)


@pytest.mark.parametrize("entry", entries("treekem"))
def test_treekem_processing(entry: Any) -> None:
    suite = cipher_suite(entry["cipher_suite"])
    tree = RatchetTree.decode(suite, unhex(entry, "ratchet_tree"))
    check_unmerged_leaves(tree)
    check_parent_hashes(tree)
    private_keys = _private_keys(tree, entry)
    for case in entry["update_paths"]:
        path = UpdatePath.decode(unhex(case, "update_path"))
        sender = LeafIndex(case["sender"])
        assert path.leaf_node.source is LeafNodeSource.COMMIT
        path.leaf_node.verify_signature(suite, group_id=unhex(entry, "group_id"), leaf_index=sender)
        merged, steps = merge_path(tree, path, sender=sender, added=())
        assert merged.tree_hash() == unhex(case, "tree_hash_after")
        for leaf, path_secret in enumerate(case["path_secrets"]):
            if path_secret is None:
                continue
            decrypted = decrypt_path(
                suite,
                path,
                steps=steps,
                own_leaf=LeafIndex(leaf),
                private_keys=private_keys[leaf],
                added=(),
                group_context=_group_context(entry, merged),
            )
            assert decrypted.path_secret.hex() == path_secret
            assert decrypted.commit_secret == unhex(case, "commit_secret")


@pytest.mark.parametrize("entry", entries("treekem"))
def test_treekem_creating(entry: Any) -> None:
    suite = cipher_suite(entry["cipher_suite"])
    tree = RatchetTree.decode(suite, unhex(entry, "ratchet_tree"))
    private_keys = _private_keys(tree, entry)
    for private in entry["leaves_private"]:
        sender = LeafIndex(private["index"])
        leaf_node = tree.leaf(sender)
        assert leaf_node is not None
        ours = new_path(
            tree,
            leaf_index=sender,
            group_id=unhex(entry, "group_id"),
            leaf_node=leaf_node,
            signature_key_pair=SignatureKeyPair(unhex(private, "signature_priv"), leaf_node.signature_key),
            random=seeded(sender),
        )
        context = _group_context(entry, ours.tree)
        path = UpdatePath.decode(
            encrypt_path(ours, group_context=context, added=(), random=seeded(sender)).encode()
        )
        merged, steps = merge_path(tree, path, sender=sender, added=())
        assert merged == ours.tree
        check_parent_hashes(merged)
        path.leaf_node.verify_signature(suite, group_id=unhex(entry, "group_id"), leaf_index=sender)
        for receiver, keys in private_keys.items():
            if receiver != sender:
                decrypted = decrypt_path(
                    suite,
                    path,
                    steps=steps,
                    own_leaf=LeafIndex(receiver),
                    private_keys=keys,
                    added=(),
                    group_context=context,
                )
                assert decrypted.commit_secret == ours.commit_secret


def _private_keys(tree: RatchetTree, entry: Any) -> dict[int, dict[NodeIndex, bytes]]:
    private_keys = {}
    for private in entry["leaves_private"]:
        keys = {NodeIndex(2 * private["index"]): unhex(private, "encryption_priv")}
        for known in private["path_secrets"]:
            private_key, public_key = node_key_pair(tree.suite, unhex(known, "path_secret"))
            assert public_key == tree.encryption_key(known["node"])
            keys[NodeIndex(known["node"])] = private_key
        private_keys[private["index"]] = keys
    return private_keys


def _group_context(entry: Any, tree: RatchetTree) -> bytes:
    return GroupContext(
        cipher_suite=entry["cipher_suite"],
        group_id=unhex(entry, "group_id"),
        epoch=entry["epoch"],
        tree_hash=tree.tree_hash(),
        confirmed_transcript_hash=unhex(entry, "confirmed_transcript_hash"),
    ).encode()


@pytest.mark.parametrize("entry", entries("welcome"))
def test_welcome(entry: Any) -> None:
    suite = cipher_suite(entry["cipher_suite"])
    key_package = MLSMessage.decode(unhex(entry, "key_package")).body
    welcome = MLSMessage.decode(unhex(entry, "welcome")).body
    assert isinstance(key_package, KeyPackage)
    assert isinstance(welcome, Welcome)
    reference = suite.make_key_package_ref(key_package.encode())
    (ours,) = (secrets for secrets in welcome.secrets if secrets.new_member == reference)
    told = open_group_secrets(
        suite,
        welcome.encrypted_group_info,
        ours.encrypted_group_secrets,
        init_private_key=unhex(entry, "init_priv"),
    )
    assert told.psks == ()
    welcome_secret = derive_welcome_secret(suite, joiner_secret=told.joiner_secret, psk_secret=suite.zero)
    group_info = open_group_info(suite, welcome.encrypted_group_info, welcome_secret=welcome_secret)
    group_info.verify_signature(suite, unhex(entry, "signer_pub"))
    secrets = derive_joined_epoch_secrets(
        suite,
        joiner_secret=told.joiner_secret,
        psk_secret=suite.zero,
        group_context=group_info.group_context.encode(),
    )
    verify_confirmation_tag(
        suite,
        secrets.confirmation_key,
        group_info.group_context.confirmed_transcript_hash,
        group_info.confirmation_tag,
    )


@pytest.mark.parametrize("entry", entries("tree-validation")[:1])
def test_a_published_tree_is_refused_under_another_hash(entry: Any) -> None:
    suite = cipher_suite(entry["cipher_suite"])
    tree = RatchetTree.decode(suite, unhex(entry, "tree"))
    context = GroupContext(
        cipher_suite=suite.number,
        group_id=unhex(entry, "group_id"),
        epoch=1,
        tree_hash=tree.tree_hash(),
        confirmed_transcript_hash=b"",
    )
    with pytest.raises(ValidationError, match=r"12\.4\.3\.1-4"):
        check_tree(tree, replace(context, tree_hash=bytes(32)), leniency=AS_PUBLISHED)
