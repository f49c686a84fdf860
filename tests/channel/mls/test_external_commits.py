"""External commits: joining by GroupInfo, resync, and every rule about them broken (sections 8.3, 12.2, 12.4.3.2)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from channel.mls import CommitReceived, Credential, Group, cipher_suite
from channel.mls.authenticated_content import Sender, SenderType
from channel.mls.codec import opaque
from channel.mls.errors import DecodeError, PeerError, StateError, ValidationError, VerificationError
from channel.mls.framing import MLSMessage
from channel.mls.proposals import Add, Commit, ExternalInit, PreSharedKey, ProposalRef, Remove
from channel.mls.psk import ExternalPSK, PreSharedKeyID
from channel.mls.types import Extension, ExtensionType
from channel.mls.update_path import UpdatePath
from tests.support.builders import (
    JUDGE,
    forge_leaf_node,
    hostile_commit,
    make_bundle,
    make_group,
    seeded,
)
from tests.support.outsiders import (
    forge_group_info,
    forge_join,
    join,
    key_pair,
    read_public,
)
from tests.support.refusal import refuse_rule


def take(group: Group, message: bytes, **options: Any) -> CommitReceived:
    received = group.receive(message, outsiders=True, **JUDGE, **options)
    assert isinstance(received, CommitReceived)
    return received


def refuse_outsider(victim: Group, message: bytes, expected: str | type[PeerError]) -> None:
    before = victim.encode()
    with pytest.raises(PeerError) as caught:
        victim.receive(message, outsiders=True, **JUDGE)
    assert victim.encode() == before
    if isinstance(expected, str):
        assert isinstance(caught.value, ValidationError)
        assert caught.value.rule == expected
    else:
        assert isinstance(caught.value, expected)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 7])
def test_somebody_lets_itself_in(number: int) -> None:
    suite = cipher_suite(number)
    alice, bob = make_group("alice", "bob", suite=suite)
    pair = suite.generate_signature_key_pair(seeded("dave"))
    joined = join(alice, "dave", signature_key_pair=pair)
    for member in (alice, bob):
        received = take(member, joined.message)
        assert received.group.epoch_authenticator == joined.group.epoch_authenticator
        assert (received.sender, received.added, received.removed) == (2, (2,), ())
        assert received.facts.is_external
        assert Group.decode(received.group.encode()) == received.group
    assert Group.decode(joined.group.encode()) == joined.group
    after = take(bob, joined.message).group
    dave, message = joined.group.protect(b"hello", random=seeded(1))
    assert after.receive(message, **JUDGE).sender == dave.own_leaf_index == 2
    committed = dave.commit(random=seeded(2), **JUDGE)
    assert not committed.pending.message_state.own_commit.facts.is_external  # type: ignore[union-attr]
    assert after.receive(committed.message, **JUDGE).group.epoch == after.epoch + 1


def test_whoever_comes_uninvited_is_refused_unless_the_caller_allows_it() -> None:
    alice, bob = make_group("alice", "bob")
    refuse_rule(bob, join(alice, "dave").message, "6-3")


def test_a_newcomer_takes_the_leftmost_blank_leaf() -> None:
    alice, bob, carol, dave = make_group("alice", "bob", "carol", "dave")
    removal = alice.commit([Remove(1)], random=seeded(1), **JUDGE)
    alice = alice.adopt(removal.pending).group
    carol, dave = (member.receive(removal.message, **JUDGE).group for member in (carol, dave))
    joined = join(alice, "erin")
    assert joined.group.own_leaf_index == 1
    for member in (alice, carol, dave):
        assert take(member, joined.message).group.epoch_authenticator == joined.group.epoch_authenticator
    assert bob.epoch < joined.group.epoch


def test_a_resync_replaces_the_joiners_old_self() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    joined = join(alice, "carol", replaces=2)
    assert joined.group.own_leaf_index == 2
    for member in (alice, bob):
        received = take(member, joined.message)
        assert received.group.epoch_authenticator == joined.group.epoch_authenticator
        assert (received.added, received.removed) == ((2,), (2,))
    assert take(carol, joined.message).self_removed
    # Even with its old signature key, which the same commit takes out of the tree.
    old = carol.epoch_state.signature_key_pair
    again = join(alice, "carol", replaces=2, signature_key_pair=old)
    assert take(bob, again.message).group.epoch_authenticator == again.group.epoch_authenticator


def test_pre_shared_keys_may_be_asked_for() -> None:
    alice, bob = make_group("alice", "bob")
    psk = PreSharedKeyID(ExternalPSK(b"id"), bytes(32))
    psks = {psk.psk: b"known to both"}
    joined = join(alice, "dave", psk_ids=[psk], psks=psks)
    assert take(bob, joined.message, psks=psks).group.epoch_authenticator == joined.group.epoch_authenticator
    refuse_outsider(bob, joined.message, "8.4-1")


def test_the_tree_may_come_beside_the_group_info() -> None:
    alice, bob = make_group("alice", "bob")
    bare = alice.group_info(ratchet_tree=False)
    with pytest.raises(StateError):
        join(alice, "dave", group_info=bare)
    joined = join(alice, "dave", group_info=bare, ratchet_tree=alice.ratchet_tree())
    assert take(bob, joined.message).group.epoch_authenticator == joined.group.epoch_authenticator


def test_the_newcomer_is_put_to_the_application() -> None:
    alice, bob = make_group("alice", "bob")

    def refuse_dave(credential: Credential, signature_key: bytes) -> None:
        if credential.identity == b"dave":
            raise PermissionError

    message = join(alice, "dave").message
    with pytest.raises(PermissionError):
        bob.receive(message, outsiders=True, authenticate=refuse_dave, now_s=JUDGE["now_s"])
    with pytest.raises(PermissionError):
        join(alice, "dave", authenticate=refuse_dave)


# rules

FORGED: dict[str, tuple[str, Callable[[Commit], Any]]] = {
    "no path": ("12.4.3.2-1", lambda commit: replace(commit, path=None)),
    "refers to a proposal": (
        "12.4.3.2-2",
        lambda commit: replace(commit, proposals=(*commit.proposals, ProposalRef(bytes(32)))),
    ),
    "no external_init": ("12.2-8", lambda commit: replace(commit, proposals=())),
    "two external_inits": ("12.2-8", lambda commit: replace(commit, proposals=commit.proposals * 2)),
    "two removals": (
        "12.2-9",
        lambda commit: replace(commit, proposals=(*commit.proposals, Remove(0), Remove(1))),
    ),
    "adds somebody": (
        "12.2-10",
        lambda commit: replace(commit, proposals=(*commit.proposals, Add(make_bundle("eve").key_package))),
    ),
    "removes another": ("12.2-11", lambda commit: replace(commit, proposals=(*commit.proposals, Remove(0)))),
    "removes nobody": ("12.1.3-1", lambda commit: replace(commit, proposals=(*commit.proposals, Remove(7)))),
    "names an unknown key": (
        "8.4-1",
        lambda commit: replace(
            commit,
            proposals=(
                *commit.proposals,
                PreSharedKey(PreSharedKeyID(ExternalPSK(b"unknown"), bytes(32))),
            ),
        ),
    ),
    "is a proposal": ("12.4.3.2-4", lambda commit: Remove(0)),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_bad_external_commit_is_refused(case: str) -> None:
    rule, change = FORGED[case]
    alice, bob = make_group("alice", "bob")
    joined = join(alice, "dave")
    options: Any = {"tag": None} if case == "is a proposal" else {}
    refuse_outsider(bob, forge_join(alice, joined, "dave", change, **options), rule)
    assert take(bob, joined.message).group.epoch == bob.epoch + 1


def test_an_external_commit_that_does_not_hold_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    joined = join(alice, "dave")
    untouched = forge_join(alice, joined, "dave", lambda commit: commit)
    assert take(bob, untouched).group.epoch_authenticator == joined.group.epoch_authenticator
    wrong_tag = forge_join(alice, joined, "dave", lambda commit: commit, tag=bytes(32))
    another_key = forge_join(alice, joined, "mallory", lambda commit: commit)
    for message in (wrong_tag, another_key):
        refuse_outsider(bob, message, VerificationError)
    other_secret = lambda commit: replace(  # noqa: E731
        commit, proposals=(ExternalInit(key_pair("x").public_key),)
    )
    refuse_outsider(bob, forge_join(alice, joined, "dave", other_secret), PeerError)
    garbage = lambda commit: replace(commit, proposals=(ExternalInit(b"kem output"),))  # noqa: E731
    refuse_outsider(bob, forge_join(alice, joined, "dave", garbage), PeerError)


def test_the_leaf_of_a_newcomer_is_held_to_the_rules() -> None:
    alice, bob = make_group("alice", "bob")
    joined = join(alice, "dave")

    def with_leaf(**changes: Any) -> Callable[[Commit], Commit]:
        def change(commit: Commit) -> Commit:
            assert commit.path is not None
            leaf_node = forge_leaf_node(
                commit.path.leaf_node,
                key_pair("dave").private_key,
                group_id=alice.group_id,
                leaf_index=changes.pop("leaf_index", 2),
                **changes,
            )
            return replace(commit, path=UpdatePath(leaf_node, commit.path.nodes))

        return change

    listed = joined.group.epoch_state.own_leaf.capabilities
    for changes, expected in (
        ({"capabilities": replace(listed, cipher_suites=(7,))}, "7.2-4"),
        ({"extensions": (Extension(0xF0A2, b""),)}, "7.3-4"),
        (
            {
                "source": make_bundle("x").key_package.leaf_node.source,
                "lifetime": make_bundle("x").key_package.leaf_node.lifetime,
            },
            "7.3-5",
        ),
        ({"leaf_index": 3}, VerificationError),
        ({"parent_hash": bytes(32)}, "7.9.2-2"),
        ({"encryption_key": bob.epoch_state.own_leaf.encryption_key}, "12.4.2-2"),
    ):
        refuse_outsider(bob, forge_join(alice, joined, "dave", with_leaf(**changes)), expected)


def test_a_resync_brings_a_new_encryption_key() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    joined = join(alice, "carol", replaces=2)

    def reuse_key(commit: Commit) -> Commit:
        assert commit.path is not None
        leaf_node = forge_leaf_node(
            commit.path.leaf_node,
            key_pair("carol").private_key,
            group_id=alice.group_id,
            leaf_index=2,
            encryption_key=carol.epoch_state.own_leaf.encryption_key,
        )
        return replace(commit, path=UpdatePath(leaf_node, commit.path.nodes))

    refuse_outsider(bob, forge_join(alice, joined, "carol", reuse_key), "7.3-6")


def test_a_newcomer_with_a_members_signature_key_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    with pytest.raises(ValidationError, match=r"7\.3-7"):
        join(alice, "bob", signature_key_pair=bob.epoch_state.signature_key_pair)


def test_a_member_cannot_pass_for_a_newcomer_nor_a_newcomer_for_a_member() -> None:
    alice, bob = make_group("alice", "bob")
    joined = join(alice, "dave")
    commit = read_public(joined.message).content.content
    assert isinstance(commit, Commit)
    refuse_rule(
        bob, hostile_commit(alice, *(p for p in commit.proposals if isinstance(p, ExternalInit))), "12.2-5"
    )
    public = read_public(joined.message)
    as_member = replace(public.content, sender=Sender.member(0))
    message = MLSMessage(replace(public, content=as_member, membership_tag=bytes(32))).encode()
    refuse_outsider(bob, message, VerificationError)
    assert Sender(SenderType.NEW_MEMBER_COMMIT).member_index is None


# the GroupInfo


def test_a_group_info_without_a_key_lets_nobody_in() -> None:
    alice, _ = make_group("alice", "bob")
    with pytest.raises(ValidationError, match=r"12\.4\.3\.2-3"):
        join(alice, "dave", group_info=alice.group_info(external_pub=False))
    for content in (b"", b"\x02\x01", opaque(bytes(32)) + b"\x00"):
        bad = Extension(ExtensionType.EXTERNAL_PUB, content)
        forged = forge_group_info(alice, lambda info: replace(info, extensions=(info.extensions[0], bad)))  # noqa: B023
        with pytest.raises(ValidationError, match=r"12\.4\.3\.2-3"):
            join(alice, "dave", group_info=forged)
    low = Extension(ExtensionType.EXTERNAL_PUB, opaque(bytes(32)))
    forged = forge_group_info(alice, lambda info: replace(info, extensions=(info.extensions[0], low)))
    with pytest.raises(VerificationError):
        join(alice, "dave", group_info=forged)


def test_a_group_info_is_held_to_the_rules_of_a_welcome() -> None:
    alice, _ = make_group("alice", "bob")
    for change, rule in (
        (lambda info: replace(info, signer=5), "12.4.3-1"),
        (lambda info: replace(info, extensions=info.extensions * 2), "13.4-1"),
        (
            lambda info: replace(info, group_context=info.group_context.replace(tree_hash=bytes(32))),
            "12.4.3.1-4",
        ),
    ):
        with pytest.raises(ValidationError) as caught:
            join(alice, "dave", group_info=forge_group_info(alice, change))
        assert caught.value.rule == rule
    with pytest.raises(VerificationError):
        join(alice, "dave", group_info=forge_group_info(alice, lambda info: replace(info, signer=1)))
    with pytest.raises(DecodeError):
        join(alice, "dave", group_info=MLSMessage(make_bundle("eve").key_package).encode())


def test_only_a_member_signs_a_group_info() -> None:
    alice, bob = make_group("alice", "bob")
    removal = alice.commit([Remove(1)], random=seeded(1), **JUDGE)
    for group in (bob.receive(removal.message, **JUDGE).group, removal.pending):
        with pytest.raises(StateError):
            group.group_info()
    assert alice.group_info()[:4] == b"\x00\x01\x00\x04"
