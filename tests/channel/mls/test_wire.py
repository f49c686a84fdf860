"""The structures of groups on the wire: exact round trips, and nothing but `DecodeError` for anything else."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel.mls import Credential, KeyPackage, Lifetime
from channel.mls.credential import CredentialType
from channel.mls.errors import DecodeError, ValidationError
from channel.mls.group_info import GroupInfo
from channel.mls.hpke import HPKECiphertext
from channel.mls.leaf_node import Capabilities, LeafNode, LeafNodeSource, RequiredCapabilities
from channel.mls.proposals import (
    Add,
    Commit,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    ProposalRef,
    ReInit,
    Remove,
    UnknownProposal,
    Update,
    decode_proposal,
)
from channel.mls.psk import ExternalPSK, PreSharedKeyID
from channel.mls.ratchet_tree import ParentNode, RatchetTree
from channel.mls.received import CommitFacts
from channel.mls.types import Extension, GroupContext
from channel.mls.update_path import UpdatePath, UpdatePathNode
from channel.mls.welcome import EncryptedGroupSecrets, GroupSecrets, Welcome
from tests.support.builders import SUITE, make_bundle, make_group, path_of

PACKAGE = make_bundle("eve").key_package
ALICE, BOB = make_group("alice", "bob")
PSK = PreSharedKeyID(ExternalPSK(b"id"), b"nonce")
EXTENSIONS = (Extension(0xF0A1, b"one"), Extension(0x0A0A, b""))
CIPHERTEXT = HPKECiphertext(b"kem", b"ciphertext")

PROPOSALS = (
    Add(PACKAGE),
    Update(ALICE.epoch_state.own_leaf),
    Remove(7),
    PreSharedKey(PSK),
    ReInit(group_id=b"next", cipher_suite=7, extensions=EXTENSIONS),
    ExternalInit(b"kem output"),
    GroupContextExtensions(EXTENSIONS),
    UnknownProposal(0x0A0A, b"grease"),
)

VALUES: tuple[tuple[Any, Callable[[bytes], Any]], ...] = (
    (Credential(b"identity"), Credential.decode),
    (Credential(b"", (b"leaf", b"root"), CredentialType.X509), Credential.decode),
    (Capabilities(cipher_suites=(1, 0x0A0A), extensions=(2,)), Capabilities.decode),
    (RequiredCapabilities((1,), (2,), (3,)), RequiredCapabilities.decode),
    (Lifetime(0, 2**64 - 1), Lifetime.decode),
    (PACKAGE.leaf_node, LeafNode.decode),
    (ALICE.epoch_state.own_leaf, LeafNode.decode),
    (PACKAGE, KeyPackage.decode),
    (CIPHERTEXT, HPKECiphertext.decode),
    (UpdatePathNode(b"key", (CIPHERTEXT, CIPHERTEXT)), UpdatePathNode.decode),
    (path_of(ALICE), UpdatePath.decode),
    (ParentNode(b"key", b"hash", (1, 2, 3)), ParentNode.decode),
    (ALICE.epoch_state.tree, lambda data: RatchetTree.decode(SUITE, data)),
    (Commit((*PROPOSALS, ProposalRef(b"reference")), path_of(ALICE)), Commit.decode),
    (Commit((), None), Commit.decode),
    (GroupSecrets(b"joiner", b"path", (PSK,)), GroupSecrets.decode),
    (GroupSecrets(b"joiner", None), GroupSecrets.decode),
    (EncryptedGroupSecrets(b"reference", CIPHERTEXT), EncryptedGroupSecrets.decode),
    (Welcome(1, (EncryptedGroupSecrets(b"reference", CIPHERTEXT),), b"info"), Welcome.decode),
    (
        GroupInfo(
            group_context=ALICE.context,
            extensions=EXTENSIONS,
            confirmation_tag=b"tag",
            signer=1,
            signature=b"s",
        ),
        GroupInfo.decode,
    ),
    (ALICE.context, GroupContext.decode),
    (
        CommitFacts(
            sender=1, content=b"c", signature=b"s", confirmation_tag=b"t", added=(1, 2), removed=(3,)
        ),
        CommitFacts.decode,
    ),
    *((proposal, decode_proposal) for proposal in PROPOSALS),
)


@pytest.mark.parametrize(("value", "decode"), VALUES)
def test_round_trip(value: Any, decode: Callable[[bytes], Any]) -> None:
    encoded = value.encode()
    assert decode(encoded) == value
    assert decode(encoded).encode() == encoded


@pytest.mark.parametrize(("value", "decode"), VALUES)
def test_cut_or_longer_bytes_are_refused(value: Any, decode: Callable[[bytes], Any]) -> None:
    encoded = value.encode()
    for cut in {0, 1, len(encoded) // 2, len(encoded) - 1} - {len(encoded)}:
        with pytest.raises(DecodeError):
            decode(encoded[:cut])
    with pytest.raises(DecodeError):
        decode(encoded + b"\x00")


@settings(deadline=None)
@given(st.data())
def test_damage_is_refused_or_means_something_else(data: st.DataObject) -> None:
    value, decode = data.draw(st.sampled_from(VALUES))
    damaged = bytearray(value.encode())
    for _ in range(data.draw(st.integers(min_value=1, max_value=3))):
        position = data.draw(st.integers(min_value=0, max_value=len(damaged) - 1))
        damaged[position] = data.draw(st.integers(min_value=0, max_value=255))
    try:
        decoded = decode(bytes(damaged))
    except DecodeError:
        return
    except ValidationError:
        # The tree's decoder also checks what sits where (rules 12.4.3.3-1 and -2).
        assert isinstance(value, RatchetTree)
        return
    assert decoded.encode() == bytes(damaged)


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from([decode for _, decode in VALUES]))
def test_garbage_is_refused(data: bytes, decode: Callable[[bytes], Any]) -> None:
    try:
        decoded = decode(data)
    except (DecodeError, ValidationError):
        return
    assert decoded.encode() == data


@pytest.mark.parametrize(
    ("data", "decode"),
    [
        (b"\x0a\x0a\x00", Credential.decode),
        (b"\x03\x00\x01\x00\x00\x00\x00\x00", Capabilities.decode),
        (b"\x00\x00\x03\x00\x00\x01", ParentNode.decode),
        (b"\x02\x03\x00\x00", Commit.decode),
    ],
)
def test_unknown_forms_are_refused(data: bytes, decode: Callable[[bytes], Any]) -> None:
    with pytest.raises(DecodeError):
        decode(data)


def test_a_leaf_node_of_an_unknown_source_is_refused() -> None:
    encoded = bytearray(ALICE.epoch_state.own_leaf.encode())
    listed = ALICE.epoch_state.own_leaf.capabilities.encode()
    position = encoded.index(listed) + len(listed)
    assert encoded[position] == LeafNodeSource.COMMIT
    encoded[position] = 4
    with pytest.raises(DecodeError, match="source"):
        LeafNode.decode(bytes(encoded))


def test_a_leaf_node_must_have_what_its_source_demands() -> None:
    with pytest.raises(ValueError, match="KEY_PACKAGE"):
        LeafNode(
            encryption_key=b"",
            signature_key=b"",
            credential=Credential(),
            capabilities=Capabilities(cipher_suites=(1,)),
            source=LeafNodeSource.KEY_PACKAGE,
            signature=b"",
        ).encode()
