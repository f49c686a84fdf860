"""Every rule about proposal lists and commits, broken by a member whose signature and encryption hold."""

from dataclasses import replace
from typing import Any

import pytest

from channel.mls import Group
from channel.mls.errors import PeerError, StateError, ValidationError, VerificationError
from channel.mls.framing import MLSMessage
from channel.mls.leaf_node import LeafNodeSource
from channel.mls.proposal_list import Judge, SentProposal, apply_proposals, check_replacement
from channel.mls.proposals import (
    Add,
    Commit,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ProposalRef,
    ReInit,
    Remove,
    UnknownProposal,
    Update,
)
from channel.mls.psk import ExternalPSK, PreSharedKeyID
from channel.mls.public_message import PublicMessage, unprotect_public
from channel.mls.secret_tree import SecretTree
from channel.mls.state import MessageState
from channel.mls.tree_math import LeafCount, LeafIndex
from channel.mls.types import Extension
from channel.mls.waiting import own_update
from tests.support.builders import (
    JUDGE,
    NOW_S,
    SUITE,
    accept,
    commit_of,
    hostile_commit,
    make_bundle,
    make_group,
    path_of,
    seal_hostile,
    seeded,
)
from tests.support.refusal import refuse, refuse_rule


def own_update_of(group: Group) -> Update:
    return own_update(group.epoch_state, random=seeded("update"))[0]


# the list of proposals

LISTS: dict[str, tuple[str, tuple[Proposal, ...]]] = {
    "removes its committer": ("12.2-2", (Remove(0),)),
    "removes nobody": ("12.1.3-1", (Remove(3),)),
    "removes somebody far outside": ("12.1.3-1", (Remove(2**32 - 1),)),
    "removes one twice": ("12.2-3", (Remove(1), Remove(1))),
    "sets the extensions twice": ("12.2-4", (GroupContextExtensions(()), GroupContextExtensions(()))),
    "has an external_init": ("12.2-5", (ExternalInit(b"kem output"),)),
    "has an unknown proposal": ("12.2-6", (UnknownProposal(0x0A0A, b""),)),
    "has an unknown psk": ("8.4-1", (PreSharedKey(PreSharedKeyID(ExternalPSK(b"id"), bytes(32))),)),
    "has a reinit beside others": ("12.2-13", (ReInit(group_id=b"other", cipher_suite=1), Remove(1))),
    "repeats an extension": (
        "13.4-1",
        (GroupContextExtensions((Extension(0xF0A1, b""), Extension(0xF0A1, b""))),),
    ),
}


@pytest.mark.parametrize("case", LISTS)
def test_a_bad_list_is_refused(case: str) -> None:
    rule, proposals = LISTS[case]
    alice, bob, carol = make_group("alice", "bob", "carol")
    message = hostile_commit(alice, *proposals)
    refuse_rule(carol, message, rule)
    refuse_rule(bob, message, rule)
    with pytest.raises(ValidationError) as ours:
        alice.commit(proposals, random=seeded(1), **JUDGE)
    assert ours.value.rule == rule


def test_an_update_of_the_committer_itself_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    refuse_rule(bob, hostile_commit(alice, own_update_of(alice)), "12.2-1")


def test_an_update_and_a_removal_of_the_same_leaf_are_refused() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    bob, message = bob.propose_update(random=seeded(1))
    received = carol.receive(message, **JUDGE)
    reference = received.group.proposals[0].reference
    both = Commit((ProposalRef(reference), Remove(1)), path_of(alice))
    refuse_rule(received.group, seal_hostile(alice, both), "12.2-3")
    twice = Commit((ProposalRef(reference), ProposalRef(reference)), path_of(alice))
    refuse_rule(received.group, seal_hostile(alice, twice), "12.2-3")


def test_a_reference_to_an_unseen_proposal_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    refuse_rule(bob, seal_hostile(alice, Commit((ProposalRef(bytes(32)),), path_of(alice))), "12.4-1")


@pytest.mark.parametrize("proposals", [(), (Remove(2),), (GroupContextExtensions(()),)])
def test_a_commit_without_the_path_it_needs_is_refused(proposals: tuple[Proposal, ...]) -> None:
    alice, bob, _ = make_group("alice", "bob", "carol")
    refuse_rule(bob, seal_hostile(alice, Commit(proposals, None)), "12.4-2")


def test_a_replacement_of_nobody_is_refused() -> None:
    alice, _ = make_group("alice", "bob")
    state = alice.epoch_state
    with pytest.raises(ValidationError, match=r"12\.1\.2-1"):
        check_replacement(
            state.tree,
            own_update_of(alice).leaf_node,
            source=LeafNodeSource.UPDATE,
            leaf_index=LeafIndex(5),
            context=state.context,
            extensions=(),
            judge=Judge(authenticate=accept, now_s=NOW_S),
        )


@pytest.mark.parametrize("break_it", ["source", "key", "signature"])
def test_a_bad_update_is_refused(break_it: str) -> None:
    alice, bob = make_group("alice", "bob")
    leaf_node = own_update_of(alice).leaf_node
    forged = {
        "source": alice.epoch_state.own_leaf,
        "key": replace(leaf_node, encryption_key=alice.epoch_state.own_leaf.encryption_key),
        "signature": replace(leaf_node, signature=bytes(64)),
    }[break_it]
    error = refuse(bob, seal_hostile(alice, Update(forged)), PeerError)
    if break_it == "signature":
        assert isinstance(error, VerificationError)
    else:
        assert error.rule == {"source": "7.3-5", "key": "7.3-6"}[break_it]


# the message around it


def test_a_wrong_confirmation_tag_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    refuse(bob, seal_hostile(alice, commit_of(alice), tag=bytes(32)), VerificationError)


def test_a_commit_of_another_epoch_or_group_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    stale = alice.commit(random=seeded(1), **JUDGE).message
    result = bob.commit(random=seeded(2), **JUDGE)
    alice = alice.receive(result.message, **JUDGE).group
    bob = bob.adopt(result.pending).group
    refuse_rule(bob, stale, "12.4.2-1")
    stranger = Group.create(
        SUITE,
        group_id=b"another group",
        credential=make_bundle("eve").key_package.leaf_node.credential,
        signature_key_pair=SUITE.generate_signature_key_pair(seeded(3)),
        lifetime=make_bundle("eve").key_package.leaf_node.lifetime or pytest.fail("no lifetime"),
        random=seeded(4),
    )
    refuse_rule(bob, stranger.protect(b"", random=seeded(5))[1], "6-2")


def test_a_message_in_our_name_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    masked = replace(alice, epoch_state=replace(alice.epoch_state, own_leaf_index=LeafIndex(1)))
    refuse_rule(bob, masked.protect(b"as Bob", random=seeded(1))[1], "6.1-2")


def test_a_message_in_the_name_of_another_is_refused() -> None:
    alice, _, carol = make_group("alice", "bob", "carol")
    masked = replace(alice, epoch_state=replace(alice.epoch_state, own_leaf_index=LeafIndex(1)))
    refuse(carol, masked.protect(b"as Bob", random=seeded(1))[1], VerificationError)


def test_a_message_from_a_blank_leaf_is_refused() -> None:
    alice, bob, _ = make_group("alice", "bob", "carol")
    masked = replace(alice, epoch_state=replace(alice.epoch_state, own_leaf_index=LeafIndex(3)))
    refuse_rule(bob, masked.protect(b"as nobody", random=seeded(1))[1], "6.1-1")


def test_a_message_from_outside_of_the_tree_is_refused() -> None:
    alice, bob, _ = make_group("alice", "bob", "carol")
    state = replace(alice.epoch_state, own_leaf_index=LeafIndex(9))
    secret_tree = SecretTree.create(SUITE, leaves=LeafCount(16), encryption_secret=bytes(32))
    masked = replace(alice, epoch_state=state, message_state=MessageState(secret_tree=secret_tree))
    refuse_rule(bob, masked.protect(b"from nowhere", random=seeded(1))[1], "6.3.2-2")


def test_application_data_in_the_clear_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    state = alice.epoch_state
    signed = state.sign(b"in the clear", authenticated_data=b"")
    message = PublicMessage(signed.content, signed.auth, bytes(32))
    with pytest.raises(ValidationError, match="rule 6-1"):
        unprotect_public(
            SUITE,
            message,
            signature_key=state.own_leaf.signature_key,
            membership_key=state.secrets.membership_key,
            group_context=state.context.encode(),
        )
    refuse_rule(bob, MLSMessage(message).encode(), "6-1")


def test_the_last_epoch_has_no_next() -> None:
    (alice,) = make_group("alice")
    last = alice.epoch_state.context.replace(epoch=2**64 - 1)
    with pytest.raises(StateError):
        replace(alice, epoch_state=replace(alice.epoch_state, context=last)).commit(random=seeded(1), **JUDGE)


def test_what_the_application_refuses_is_refused() -> None:
    class Refusal(Exception):
        """Not somebody we know."""

    def refuse_eve(credential: Any, signature_key: bytes) -> None:
        if credential.identity == b"eve":
            raise Refusal

    alice, bob = make_group("alice", "bob")
    result = alice.commit([Add(make_bundle("eve").key_package)], random=seeded(1), **JUDGE)
    before = bob.encode()
    with pytest.raises(Refusal):
        bob.receive(result.message, authenticate=refuse_eve, now_s=NOW_S)
    assert bob.encode() == before


def test_a_valid_list_is_applied_in_the_order_of_section_12_3() -> None:
    alice, *_ = make_group("alice", "bob", "carol")
    state = alice.epoch_state
    applied = apply_proposals(
        state.tree,
        state.context,
        [
            SentProposal(Add(make_bundle("dave").key_package), LeafIndex(0)),
            SentProposal(Remove(1), LeafIndex(0)),
        ],
        committer=LeafIndex(0),
        judge=Judge(authenticate=accept, now_s=NOW_S),
    )
    # Removed first: Dave sits where Bob sat, although he comes first in the list.
    assert (applied.removed, applied.added) == ((1,), (1,))
