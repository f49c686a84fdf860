"""Members may say anything: damaged content, properly signed and encrypted, costs nobody but its sender."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel.mls import Group
from channel.mls.errors import DecodeError, PeerError, ValidationError
from channel.mls.group_info import GroupInfo
from channel.mls.proposals import Add, Remove
from channel.mls.ratchet_tree import RatchetTree
from channel.mls.types import ContentType, Extension, ExtensionType
from channel.mls.welcome import GroupSecrets
from tests.channel.mls.damage import DAMAGE, damaged
from tests.support.builders import (
    JUDGE,
    SUITE,
    accept,
    commit_of,
    forge_welcome,
    make_bundle,
    make_group,
    seal_bytes,
    seeded,
)

EVE = make_bundle("eve")
ALICE, BOB, CAROL = make_group("alice", "bob", "carol")
COMMIT = commit_of(ALICE, Remove(2), Add(EVE.key_package)).encode()
PROPOSAL = Add(EVE.key_package).encode()
INVITED = ALICE.commit([Add(EVE.key_package)], random=seeded("invite"), **JUDGE)
TREE = INVITED.pending.ratchet_tree()
BEFORE = BOB.encode()


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
