"""Proposals from outside of a group: external senders and newcomers (sections 12.1.8 and 12.1.8.1)."""

from dataclasses import replace
from typing import Any

import pytest

from channel.mls import Credential, Group, ProposalReceived
from channel.mls.authenticated_content import Sender, SenderType
from channel.mls.errors import ValidationError, VerificationError
from channel.mls.external_proposals import propose_externally, propose_to_join
from channel.mls.external_senders import ExternalSender, encode_external_senders
from channel.mls.framing import MLSMessage
from channel.mls.proposal_list import Judge, SentProposal, apply_proposals
from channel.mls.proposals import Add, Commit, ExternalInit, GroupContextExtensions, Proposal, Remove, Update
from channel.mls.tree_math import LeafIndex
from channel.mls.types import Extension, ExtensionType
from channel.mls.waiting import own_update
from tests.support.builders import JUDGE, SUITE, accept, make_bundle, make_group, seeded
from tests.support.outsiders import key_pair, read_public, speak
from tests.support.refusal import refuse_rule

EVE = make_bundle("eve")
CLERK = key_pair("clerk")
SENDERS = Extension(
    ExtensionType.EXTERNAL_SENDERS,
    encode_external_senders((ExternalSender(CLERK.public_key, Credential(b"clerk")),)),
)


def people(*names: str) -> list[Group]:
    return make_group(*names, extensions=(SENDERS,))


def suggest(group: Group, proposal: Proposal, index: int = 0, key: bytes = CLERK.private_key) -> bytes:
    return propose_externally(
        SUITE,
        proposal,
        group_id=group.group_id,
        epoch=group.epoch,
        sender_index=index,
        signature_private_key=key,
    )


def refuse_outsider(victim: Group, message: bytes, rule: str) -> None:
    before = victim.encode()
    with pytest.raises(ValidationError) as caught:
        victim.receive(message, outsiders=True, **JUDGE)
    assert caught.value.rule == rule
    assert victim.encode() == before


@pytest.mark.parametrize("proposal", [Remove(2), Add(EVE.key_package), GroupContextExtensions(())])
def test_members_may_commit_what_an_external_sender_proposes(proposal: Proposal) -> None:
    alice, bob, carol = people("alice", "bob", "carol")
    message = suggest(alice, proposal)
    alice, bob = (one.receive(message, outsiders=True, **JUDGE).group for one in (alice, bob))
    assert Group.decode(bob.encode()) == bob
    result = alice.commit(random=seeded(1), **JUDGE)
    received = bob.receive(result.message, **JUDGE)
    assert received.group.epoch_authenticator == result.pending.epoch_authenticator
    # Who has not seen it cannot follow.
    refuse_rule(carol, result.message, "12.4-1")


def test_a_newcomer_may_propose_its_own_addition() -> None:
    alice, bob = make_group("alice", "bob")
    message = propose_to_join(EVE, group_id=alice.group_id, epoch=alice.epoch)
    received = bob.receive(message, outsiders=True, **JUDGE)
    assert isinstance(received, ProposalReceived)
    assert received.sender is None
    alice = alice.receive(message, outsiders=True, **JUDGE).group
    result = alice.commit(random=seeded(1), **JUDGE)
    assert result.welcome is not None
    eve = Group.join(result.welcome, bundle=EVE, authenticate=accept)
    after = received.group.receive(result.message, **JUDGE).group
    assert eve.epoch_authenticator == after.epoch_authenticator


def test_nothing_from_outside_is_taken_in_unless_the_caller_allows_it() -> None:
    alice, bob = people("alice", "bob")
    refuse_rule(bob, suggest(alice, Remove(0)), "6-3")
    refuse_rule(bob, propose_to_join(EVE, group_id=alice.group_id, epoch=alice.epoch), "6-3")


def test_an_external_sender_must_be_on_the_list_and_sign() -> None:
    alice, bob = people("alice", "bob")
    for index in (1, 2**32 - 1):
        refuse_outsider(bob, suggest(alice, Remove(0), index), "12.1.8.1-2")
    without, _ = make_group("alice", "bob")
    refuse_outsider(without, suggest(without, Remove(0)), "12.1.8.1-2")
    with pytest.raises(VerificationError):
        bob.receive(suggest(alice, Remove(0), key=key_pair("x").private_key), outsiders=True, **JUDGE)


def test_what_an_external_sender_may_not_say_is_refused() -> None:
    alice, bob = people("alice", "bob")
    update = own_update(alice.epoch_state, random=seeded(1))[0]
    clerk = Sender(SenderType.EXTERNAL, 0)
    for said in (update, ExternalInit(b"x"), Commit((), None)):
        tag = bytes(32) if isinstance(said, Commit) else None
        refuse_outsider(bob, speak(alice, clerk, said, CLERK.private_key, tag=tag), "12.1.8-1")
    with pytest.raises(ValueError, match="only members"):
        suggest(alice, update)
    refuse_outsider(bob, suggest(alice, Remove(7)), "12.1.3-1")


def test_an_update_from_nobody_is_refused() -> None:
    alice, _ = people("alice", "bob")
    state = alice.epoch_state
    update: Any = Update(own_update(state, random=seeded(1))[0].leaf_node)
    with pytest.raises(ValidationError, match=r"12\.1\.8-1"):
        apply_proposals(
            state.tree,
            state.context,
            [SentProposal(update, None)],
            committer=LeafIndex(0),
            judge=Judge(**JUDGE),
        )


def test_a_newcomer_proposes_nothing_but_an_addition_signed_by_itself() -> None:
    alice, bob = make_group("alice", "bob")
    newcomer = Sender(SenderType.NEW_MEMBER_PROPOSAL)
    refuse_outsider(bob, speak(alice, newcomer, Remove(0), EVE.signature_private_key), "12.1.8-2")
    commit = Commit((), None)
    refuse_outsider(bob, speak(alice, newcomer, commit, EVE.signature_private_key, tag=bytes(32)), "12.1.8-2")
    honest = propose_to_join(EVE, group_id=alice.group_id, epoch=alice.epoch)
    public = read_public(honest)
    forged = MLSMessage(replace(public, auth=replace(public.auth, signature=bytes(64)))).encode()
    with pytest.raises(VerificationError):
        bob.receive(forged, outsiders=True, **JUDGE)
    other = speak(alice, newcomer, Add(EVE.key_package), key_pair("x").private_key)
    with pytest.raises(VerificationError):
        bob.receive(other, outsiders=True, **JUDGE)
    refuse_outsider(bob, propose_to_join(EVE, group_id=alice.group_id, epoch=9), "12.4.2-1")
    refuse_outsider(bob, propose_to_join(EVE, group_id=b"other", epoch=alice.epoch), "6-2")
