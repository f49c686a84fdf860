"""What an auditor checks, and every way in which a log could lie to it about an epoch."""

from dataclasses import replace
from typing import Any

import pytest

from channel.mls import Group, cipher_suite
from channel.mls.audit import first_interim_transcript_hash, verify_next_context, verify_tree
from channel.mls.authenticated_content import FramedContent, Sender
from channel.mls.errors import DecodeError, ValidationError, VerificationError
from channel.mls.proposals import Add, GroupContextExtensions
from channel.mls.received import CommitFacts
from channel.mls.types import Extension, GroupContext, WireFormat
from tests.support.builders import (
    GROUP_ID,
    JUDGE,
    LOW_ORDER_KEYS,
    SUITE,
    make_bundle,
    make_group,
    seeded,
    with_node,
)

RANDOM = seeded("test_audit")
CHARTER = Extension(0xF0A1, b"charter")


def step(*proposals: Any) -> tuple[Group, Group, CommitFacts]:
    """A group before and after a commit, and the commit's facts."""
    alice, *_ = make_group("alice", "bob", extensions=(CHARTER,))
    result = alice.commit(proposals, random=RANDOM, **JUDGE)
    received = alice.adopt(result.pending)
    return alice, received.group, received.facts


def verify(before: Group, after: GroupContext, facts: CommitFacts, **changes: Any) -> bytes:
    arguments: dict[str, Any] = {
        "previous_interim_transcript_hash": before.interim_transcript_hash,
        "framed_content": facts.content,
        "signature": facts.signature,
        "confirmation_tag": facts.confirmation_tag,
    }
    return verify_next_context(SUITE, before.context, after, **{**arguments, **changes})


def refuse(rule: str, before: Group, after: GroupContext, facts: CommitFacts, **changes: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        verify(before, after, facts, **changes)
    assert caught.value.rule == rule


def test_a_chain_of_epochs_verifies() -> None:
    group = make_group("alice", "bob", extensions=(CHARTER,))[0]
    interim = group.interim_transcript_hash
    for _ in range(3):
        result = group.commit(random=RANDOM, **JUDGE)
        received = group.adopt(result.pending)
        interim = verify_next_context(
            SUITE,
            group.context,
            received.group.context,
            previous_interim_transcript_hash=interim,
            framed_content=received.content,
            signature=received.signature,
            confirmation_tag=received.confirmation_tag,
        )
        group = received.group
        assert interim == group.interim_transcript_hash
        members = verify_tree(SUITE, group.ratchet_tree(), group.context.encode())
        assert members == group.members()
    tag = received.confirmation_tag
    assert first_interim_transcript_hash(SUITE, group.context, tag) == interim


def test_an_altered_commit_breaks_the_chain() -> None:
    before, after, facts = step()
    verify(before, after.context, facts)
    refuse("8.2-2", before, after.context, facts, signature=bytes(64))
    refuse("8.2-2", before, after.context, facts, wire_format=WireFormat.PUBLIC_MESSAGE)
    refuse("8.2-2", before, after.context, facts, previous_interim_transcript_hash=bytes(32))
    altered = replace(facts.framed_content, authenticated_data=b"altered")
    refuse("8.2-2", before, after.context, facts, framed_content=altered.encode())


def test_an_altered_context_breaks_the_chain() -> None:
    before, after, facts = step()
    context = after.context
    refuse("8.1-1", before, replace(context, group_id=b"another"), facts)
    refuse("8.1-2", before, context.replace(epoch=context.epoch + 1), facts)
    refuse("8.1-3", before, replace(context, cipher_suite=3), facts)
    refuse("8.1-4", before, context.replace(extensions=()), facts)
    refuse("8.2-2", before, context.replace(confirmed_transcript_hash=bytes(32)), facts)


def test_extensions_change_only_by_proposal() -> None:
    amended = (Extension(0xF0A1, b"amended"),)
    before, after, facts = step(GroupContextExtensions(amended))
    verify(before, after.context, facts)
    refuse("8.1-4", before, after.context.replace(extensions=(CHARTER,)), facts)


def test_only_a_commit_opens_an_epoch() -> None:
    before, after, facts = step()
    said = FramedContent(
        group_id=GROUP_ID, epoch=before.epoch, sender=Sender.member(0), authenticated_data=b"", content=b"hi"
    )
    refuse("8.2-1", before, after.context, facts, framed_content=said.encode())
    with pytest.raises(DecodeError):
        verify(before, after.context, facts, framed_content=facts.content[:-1])


def test_a_tree_must_belong_to_its_context() -> None:
    before, after, _ = step(Add(make_bundle("dave", extensions=(CHARTER,)).key_package))
    verify_tree(SUITE, after.ratchet_tree(), after.context.encode())
    with pytest.raises(ValidationError, match=r"12\.4\.3\.1-4"):
        verify_tree(SUITE, before.ratchet_tree(), after.context.encode())
    with pytest.raises(ValidationError, match=r"8\.1-3"):
        verify_tree(cipher_suite(3), after.ratchet_tree(), after.context.encode())
    with pytest.raises(DecodeError):
        verify_tree(SUITE, after.ratchet_tree()[:-1], after.context.encode())


def test_a_leaf_that_is_not_what_it_was_signed_as_is_refused() -> None:
    alice, *_ = make_group("alice", "bob")
    state = alice.epoch_state
    leaf_node = state.tree.leaf(1)
    assert leaf_node is not None
    unsigned = replace(leaf_node, signature=bytes(64))
    weak = replace(leaf_node, signature_key=LOW_ORDER_KEYS[0])
    for bad in (unsigned, weak):
        tree = with_node(with_node(state.tree, 2, bad), 1, None)
        context = state.context.replace(tree_hash=tree.tree_hash())
        with pytest.raises(VerificationError):
            verify_tree(SUITE, tree.encode(), context.encode())
