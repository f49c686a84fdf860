"""Members may say anything: damaged content, properly signed and encrypted, costs nobody but its sender."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel.mls import Add, DecodeError, Group, PeerError, Remove, ValidationError
from channel.mls.group_info import GroupInfo
from channel.mls.message_protection import encrypt
from channel.mls.ratchet_tree import RatchetTree
from channel.mls.types import ContentType, Extension, ExtensionType
from channel.mls.welcome import GroupSecrets
from tests.support.builders import (
    JUDGE,
    SUITE,
    accept,
    commit_of,
    forge_welcome,
    make_bundle,
    make_group,
    seeded,
)

EVE = make_bundle("eve")
ALICE, BOB, CAROL = make_group("alice", "bob", "carol")
COMMIT = commit_of(ALICE, Remove(2), Add(EVE.key_package)).encode()
PROPOSAL = Add(EVE.key_package).encode()
INVITED = ALICE.commit([Add(EVE.key_package)], random=seeded("invite"), **JUDGE)
TREE = INVITED.pending.ratchet_tree()
BEFORE = BOB.encode()

DAMAGE = st.lists(
    st.tuples(
        st.integers(min_value=0),
        st.sampled_from(("flip", "set", "cut", "insert", "copy")),
        st.integers(min_value=0, max_value=255),
        st.integers(min_value=1, max_value=40),
    ),
    min_size=1,
    max_size=3,
)
"""Places, ways and sizes of damage."""


def damaged(data: bytes, damage: list[tuple[int, str, int, int]]) -> bytes:
    result = bytearray(data)
    for place, way, value, length in damage:
        position = place % (len(result) or 1)
        match way:
            case "flip" if result:
                result[position] ^= 1 << value % 8
            case "set" if result:
                result[position] = value
            case "cut":
                del result[position : position + length]
            case "insert":
                result[position:position] = bytes([value]) * length
            case _:
                result[position : position + length] = result[value : value + length]
    return bytes(result)


def seal_bytes(group: Group, content_type: ContentType, encoded: bytes) -> bytes:
    """A PrivateMessage of these very content bytes, as a hostile member can always make it."""
    state = group.epoch_state
    honest: Any = commit_of(group) if content_type is ContentType.COMMIT else Remove(2)
    signed = state.sign(honest, authenticated_data=b"")
    content = replace(signed.content, _encoded_content=encoded)
    context = state.epoch_context
    tbs = context.framed_content_tbs(state.own_leaf_index, content_type, b"", encoded)
    signature = SUITE.sign_with_label(state.signing_key, b"FramedContentTBS", tbs)
    tag = bytes(32) if content_type is ContentType.COMMIT else None
    forged = replace(
        signed, content=content, auth=replace(signed.auth, signature=signature, confirmation_tag=tag)
    )
    return encrypt(context, group.message_state.secret_tree, forged, random=seeded("guard")).message


@settings(deadline=None)
@given(DAMAGE)
def test_a_damaged_commit_is_refused_and_changes_nothing(damage: list[tuple[int, str, int, int]]) -> None:
    message = seal_bytes(ALICE, ContentType.COMMIT, damaged(COMMIT, damage))
    try:
        BOB.receive(message, **JUDGE)
    except PeerError:
        assert BOB.encode() == BEFORE
    else:
        pytest.fail("a commit with a confirmation tag of zeros was taken in")


@settings(deadline=None)
@given(DAMAGE)
def test_a_damaged_proposal_is_refused_or_another_one(damage: list[tuple[int, str, int, int]]) -> None:
    message = seal_bytes(ALICE, ContentType.PROPOSAL, damaged(PROPOSAL, damage))
    try:
        received = BOB.receive(message, **JUDGE)
    except PeerError:
        pass
    else:
        assert len(received.group.proposals) == 1
    assert BOB.encode() == BEFORE


def test_the_forger_can_make_good_content_too() -> None:
    message = seal_bytes(ALICE, ContentType.PROPOSAL, PROPOSAL)
    assert BOB.receive(message, **JUDGE).group.proposals[0].sent.proposal == Add(EVE.key_package)


@settings(deadline=None)
@given(DAMAGE, st.sampled_from(("tree", "info", "secrets", "extension")))
def test_a_damaged_welcome_is_refused(damage: list[tuple[int, str, int, int]], part: str) -> None:
    welcome = INVITED.welcome
    assert welcome is not None
    forge: dict[str, Any] = {}

    def info(honest: GroupInfo) -> GroupInfo:
        if part == "info":
            return GroupInfo.decode(damaged(honest.encode(), damage))
        if part == "extension":
            tree = damaged(TREE, damage)
            return replace(honest, extensions=(Extension(ExtensionType.RATCHET_TREE, tree),))
        return honest

    def secrets(honest: GroupSecrets) -> GroupSecrets:
        return GroupSecrets.decode(damaged(honest.encode(), damage)) if part == "secrets" else honest

    try:
        if part == "tree":
            forge["tree"] = RatchetTree.decode(SUITE, damaged(TREE, damage))
        forged = forge_welcome(INVITED.pending, welcome, EVE, info=info, secrets=secrets, **forge)
    except (DecodeError, ValidationError):
        return  # not even a hostile inviter could encode that
    try:
        joined = Group.join(forged, bundle=EVE, ratchet_tree=TREE, authenticate=accept)
    except PeerError:
        return
    # What was damaged did not count: another extension of the GroupInfo, say.
    assert joined.epoch_authenticator == INVITED.pending.epoch_authenticator
    assert joined.epoch_state.tree.tree_hash() == joined.context.tree_hash
