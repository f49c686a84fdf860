"""The working group's vectors for everything below the messages: one test per entry."""

from typing import Any

import pytest

from channel.mls import codec, key_schedule, transcript, tree_math
from channel.mls.authenticated_content import AuthenticatedContent
from channel.mls.codec import Reader
from channel.mls.crypto import HPKECiphertext, cipher_suite
from channel.mls.errors import VerificationError
from channel.mls.message_protection import derive_sender_data_key
from channel.mls.psk import ExternalPSK, PreSharedKeyID, derive_psk_secret
from channel.mls.secret_tree import MAX_SKIPPED_GENERATIONS, RatchetType, SecretTree
from channel.mls.tree_math import LeafCount, LeafIndex, NodeIndex
from channel.mls.types import GroupContext
from tests.channel.mls.vectors import entries, unhex
from tests.support.builders import seeded


@pytest.mark.parametrize("entry", entries("tree-math"))
def test_tree_math(entry: Any) -> None:
    leaves = LeafCount(entry["n_leaves"])
    assert tree_math.node_width(leaves) == entry["n_nodes"]
    assert tree_math.root(leaves) == entry["root"]
    for index in range(entry["n_nodes"]):
        node = NodeIndex(index)
        is_parent, is_root = not tree_math.is_leaf(node), node == tree_math.root(leaves)
        assert (tree_math.left(node) if is_parent else None) == entry["left"][index]
        assert (tree_math.right(node) if is_parent else None) == entry["right"][index]
        assert (None if is_root else tree_math.parent(node, leaves)) == entry["parent"][index]
        assert (None if is_root else tree_math.sibling(node, leaves)) == entry["sibling"][index]


@pytest.mark.parametrize("entry", entries("deserialization"))
def test_deserialization(entry: Any) -> None:
    header = unhex(entry, "vlbytes_header")
    reader = Reader(header)
    assert reader.variable_length() == entry["length"]
    reader.finish()
    assert codec.vector_length(entry["length"]) == header


@pytest.mark.parametrize("entry", entries("crypto-basics"))
def test_crypto_basics(entry: Any) -> None:
    suite = cipher_suite(entry["cipher_suite"])

    case = entry["ref_hash"]
    assert suite.ref_hash(case["label"].encode(), unhex(case, "value")) == unhex(case, "out")

    case = entry["expand_with_label"]
    expanded = suite.expand_with_label(
        unhex(case, "secret"), case["label"].encode(), unhex(case, "context"), case["length"]
    )
    assert expanded == unhex(case, "out")

    case = entry["derive_secret"]
    assert suite.derive_secret(unhex(case, "secret"), case["label"].encode()) == unhex(case, "out")

    case = entry["derive_tree_secret"]
    derived = suite.derive_tree_secret(
        unhex(case, "secret"), case["label"].encode(), case["generation"], case["length"]
    )
    assert derived == unhex(case, "out")

    case = entry["sign_with_label"]
    private_key, public_key, label = unhex(case, "priv"), unhex(case, "pub"), case["label"].encode()
    suite.verify_with_label(public_key, label, unhex(case, "content"), unhex(case, "signature"))
    ours = suite.sign_with_label(private_key, label, unhex(case, "content"))
    suite.verify_with_label(public_key, label, unhex(case, "content"), ours)
    assert suite.signature.public_key(private_key) == public_key

    case = entry["encrypt_with_label"]
    private_key, public_key, label = unhex(case, "priv"), unhex(case, "pub"), case["label"].encode()
    theirs = HPKECiphertext(unhex(case, "kem_output"), unhex(case, "ciphertext"))
    sealed = suite.encrypt_with_label(
        public_key, label, unhex(case, "context"), unhex(case, "plaintext"), random=seeded(label.hex())
    )
    for ciphertext in (theirs, sealed):
        opened = suite.decrypt_with_label(private_key, label, unhex(case, "context"), ciphertext)
        assert opened == unhex(case, "plaintext")


@pytest.mark.parametrize("entry", entries("key-schedule"))
def test_key_schedule(entry: Any) -> None:
    suite = cipher_suite(entry["cipher_suite"])
    init_secret = unhex(entry, "initial_init_secret")
    for number, epoch in enumerate(entry["epochs"]):
        group_context = GroupContext(
            cipher_suite=suite.number,
            group_id=unhex(entry, "group_id"),
            epoch=number,
            tree_hash=unhex(epoch, "tree_hash"),
            confirmed_transcript_hash=unhex(epoch, "confirmed_transcript_hash"),
        ).encode()
        assert group_context == unhex(epoch, "group_context")
        secrets = key_schedule.derive_epoch_secrets(
            suite,
            init_secret=init_secret,
            commit_secret=unhex(epoch, "commit_secret"),
            psk_secret=unhex(epoch, "psk_secret"),
            group_context=group_context,
        )
        for name in (
            "joiner_secret",
            "welcome_secret",
            "init_secret",
            "sender_data_secret",
            "encryption_secret",
            "exporter_secret",
            "epoch_authenticator",
            "external_secret",
            "confirmation_key",
            "membership_key",
            "resumption_psk",
        ):
            assert getattr(secrets, name) == unhex(epoch, name), name
        external_private_key, external_public_key = key_schedule.external_key_pair(
            suite, secrets.external_secret
        )
        assert external_public_key == unhex(epoch, "external_pub")
        assert suite.kem.public_key(external_private_key) == external_public_key
        exporter = epoch["exporter"]
        exported = key_schedule.export_secret(
            suite,
            secrets.exporter_secret,
            label=exporter["label"].encode(),
            context=unhex(exporter, "context"),
            length=exporter["length"],
        )
        assert exported == unhex(exporter, "secret")
        init_secret = secrets.init_secret


@pytest.mark.parametrize("entry", entries("transcript-hashes"))
def test_transcript_hashes(entry: Any) -> None:
    suite = cipher_suite(entry["cipher_suite"])
    authenticated = AuthenticatedContent.decode(unhex(entry, "authenticated_content"))
    assert authenticated.encode() == unhex(entry, "authenticated_content")
    confirmed = transcript.confirmed_transcript_hash(
        suite, unhex(entry, "interim_transcript_hash_before"), authenticated.confirmed_transcript_hash_input()
    )
    assert confirmed == unhex(entry, "confirmed_transcript_hash_after")
    tag = authenticated.auth.confirmation_tag
    assert tag is not None
    assert tag == transcript.confirmation_tag(suite, unhex(entry, "confirmation_key"), confirmed)
    transcript.verify_confirmation_tag(suite, unhex(entry, "confirmation_key"), confirmed, tag)
    with pytest.raises(VerificationError, match="confirmation tag"):
        transcript.verify_confirmation_tag(suite, unhex(entry, "confirmation_key"), confirmed, tag[:-1])
    interim = transcript.interim_transcript_hash(suite, confirmed, tag)
    assert interim == unhex(entry, "interim_transcript_hash_after")


@pytest.mark.parametrize("entry", entries("secret-tree"))
def test_secret_tree(entry: Any) -> None:
    suite = cipher_suite(entry["cipher_suite"])
    sender_data = entry["sender_data"]
    assert derive_sender_data_key(
        suite, unhex(sender_data, "sender_data_secret"), unhex(sender_data, "ciphertext")
    ) == (unhex(sender_data, "key"), unhex(sender_data, "nonce"))
    tree = SecretTree.create(
        suite, leaves=LeafCount(len(entry["leaves"])), encryption_secret=unhex(entry, "encryption_secret")
    )
    for index, generations in enumerate(entry["leaves"]):
        leaf = LeafIndex(index)
        for case in generations:
            for ratchet_type, name in (
                (RatchetType.HANDSHAKE, "handshake"),
                (RatchetType.APPLICATION, "application"),
            ):
                while (next_generation := tree.generation(leaf, ratchet_type)) < case["generation"]:
                    step = min(next_generation + MAX_SKIPPED_GENERATIONS, case["generation"] - 1)
                    tree, _, _ = tree.take_key(leaf, ratchet_type, step)
                tree, key, nonce = tree.take_key(leaf, ratchet_type, case["generation"])
                assert key == unhex(case, f"{name}_key")
                assert nonce == unhex(case, f"{name}_nonce")


@pytest.mark.parametrize("entry", entries("psk_secret"))
def test_psk_secret(entry: Any) -> None:
    suite = cipher_suite(entry["cipher_suite"])
    psks = [
        (PreSharedKeyID(ExternalPSK(unhex(psk, "psk_id")), unhex(psk, "psk_nonce")), unhex(psk, "psk"))
        for psk in entry["psks"]
    ]
    assert derive_psk_secret(suite, psks) == unhex(entry, "psk_secret")
