"""Proposals that are fine one by one and not together, and leaves that a path must not bring (12.2, 12.3, 7.5)."""

from dataclasses import replace
from typing import Any

import pytest

from channel.mls import Group
from channel.mls.leaf_node import Capabilities, RequiredCapabilities
from channel.mls.proposals import Add, Commit, GroupContextExtensions, Proposal, ProposalRef, Remove
from channel.mls.types import Extension, ExtensionType
from tests.support.builders import (
    JUDGE,
    LIFETIME,
    SUITE,
    forge_path_leaf,
    hostile_commit,
    make_bundle,
    make_group,
    path_of,
    seal_hostile,
    seeded,
)
from tests.support.refusal import refuse_rule

EVE = make_bundle("eve")
CHARTER = Extension(0xF0A1, b"charter")
DEMAND = Extension(ExtensionType.REQUIRED_CAPABILITIES, RequiredCapabilities(proposals=(0xF0A2,)).encode())
ABLE = Capabilities(cipher_suites=(SUITE.number,), extensions=(CHARTER.extension_type,), proposals=(0xF0A2,))
"""What a client lists that supports `CHARTER` and `DEMAND`."""


def bob_first() -> tuple[Group, Group, Group]:
    alice, bob, carol = make_group("alice", "bob", "carol")
    return bob, alice, carol


def propose(proposer: Group, *others: Group, proposal: Proposal | None = None) -> list[Group]:
    """The groups after a proposal of the first; by default an update of its leaf."""
    random = seeded(f"{len(proposer.proposals)}")
    if proposal is None:
        proposer, message = proposer.propose_update(random=random)
    else:
        proposer, message = proposer.propose(proposal, random=random, **JUDGE)
    return [proposer, *(other.receive(message, **JUDGE).group for other in others)]


def commit_by_reference(committer: Group, *positions: int) -> bytes:
    """A commit of some of the proposals that wait, in any order and number."""
    waiting = committer.proposals
    references = tuple(ProposalRef(waiting[position].reference) for position in positions)
    return seal_hostile(committer, Commit(references, path_of_nothing(committer)))


def path_of_nothing(group: Group) -> Any:
    """The path of an empty commit, whatever waits."""
    return path_of(replace(group, message_state=replace(group.message_state, proposals=())))


def test_two_updates_of_one_leaf_are_refused() -> None:
    bob, alice, carol = propose(*bob_first())
    bob, alice, carol = propose(bob, alice, carol)
    for victim in (bob, carol):
        refuse_rule(victim, commit_by_reference(alice, 0, 1), "12.2-3")


def test_one_update_named_twice_is_refused() -> None:
    bob, alice, carol = propose(*bob_first())
    for victim in (bob, carol):
        refuse_rule(victim, commit_by_reference(alice, 0, 0), "12.2-3")


def test_one_addition_named_twice_is_refused() -> None:
    bob, alice, carol = propose(*bob_first(), proposal=Add(EVE.key_package))
    for victim in (bob, carol):
        refuse_rule(victim, commit_by_reference(alice, 0, 0), "7.3-7")


def test_one_removal_by_name_and_by_value_is_refused() -> None:
    bob, alice, carol = propose(*bob_first(), proposal=Remove(2))
    reference = ProposalRef(alice.proposals[0].reference)
    message = seal_hostile(alice, Commit((reference, Remove(2)), path_of_nothing(alice)))
    for victim in (bob, carol):
        refuse_rule(victim, message, "12.2-3")


def test_a_removal_of_the_committer_by_name_is_refused() -> None:
    bob, alice, carol = propose(*bob_first(), proposal=Remove(0))
    for victim in (bob, carol):
        refuse_rule(victim, commit_by_reference(alice, 0), "12.2-2")


@pytest.mark.parametrize(("extension", "rule"), [(CHARTER, "13.4-2"), (DEMAND, "7.3-1")])
def test_new_extensions_bind_those_who_stay_and_those_who_come(extension: Extension, rule: str) -> None:
    able, unable = make_bundle("able", capabilities=ABLE), make_bundle("unable")
    random = seeded("found")
    alice = Group.create(
        SUITE,
        group_id=b"group",
        credential=able.key_package.leaf_node.credential,
        signature_key_pair=SUITE.generate_signature_key_pair(random),
        lifetime=LIFETIME,
        capabilities=ABLE,
        random=random,
    )
    added = alice.commit([Add(able.key_package), Add(unable.key_package)], random=random, **JUDGE)
    assert added.welcome is not None
    bob = Group.join(added.welcome, bundle=able, authenticate=JUDGE["authenticate"])
    alice = alice.adopt(added.pending).group
    change = GroupContextExtensions((extension,))
    # Leaf 2 cannot: it must go in the same commit, wherever in the list its removal stands.
    refuse_rule(bob, hostile_commit(alice, change), rule)
    late = make_bundle("late")
    refuse_rule(bob, hostile_commit(alice, Remove(2), Add(late.key_package), change), rule)
    good = make_bundle("good", capabilities=ABLE)
    for proposals in ((change, Remove(2)), (Remove(2), Add(good.key_package), change)):
        result = alice.commit(proposals, random=random, **JUDGE)
        after = bob.receive(result.message, **JUDGE).group
        assert after.context.extensions == (extension,)
        assert after.epoch_authenticator == result.pending.epoch_authenticator


def test_extensions_that_go_in_the_same_commit_bind_nobody() -> None:
    alice, bob = make_group("alice", "bob", extensions=(CHARTER,))
    refuse_rule(bob, hostile_commit(alice, Add(EVE.key_package)), "13.4-2")
    result = alice.commit([Add(EVE.key_package), GroupContextExtensions(())], random=seeded(1), **JUDGE)
    assert bob.receive(result.message, **JUDGE).group.context.extensions == ()


PATH_LEAVES: dict[str, tuple[str, dict[str, Any]]] = {
    "no longer supports the charter": ("13.4-2", {"extensions": ()}),
    "hides its suite": ("7.2-4", {"cipher_suites": (7,)}),
    "hides its credential type": ("7.2-2", {"credentials": ()}),
    "lists a default proposal": ("7.2-1", {"proposals": (1,)}),
}


@pytest.mark.parametrize("case", PATH_LEAVES)
def test_a_path_leaf_is_held_to_the_rules_of_an_update(case: str) -> None:
    rule, changes = PATH_LEAVES[case]
    alice, bob = make_group("alice", "bob", extensions=(CHARTER,))
    listed = replace(alice.epoch_state.own_leaf.capabilities, **changes)
    forged = forge_path_leaf(alice, path_of(alice), capabilities=listed, extensions=())
    refuse_rule(bob, hostile_commit(alice, path=forged), rule)


def test_a_path_leaf_with_bad_extensions_is_refused() -> None:
    alice, bob = make_group("alice", "bob", extensions=(CHARTER,))
    for extensions, rule in (
        ((CHARTER, CHARTER), "13.4-1"),
        ((Extension(0xF0A2, b""),), "7.3-4"),
    ):
        forged = forge_path_leaf(alice, path_of(alice), extensions=extensions)
        refuse_rule(bob, hostile_commit(alice, path=forged), rule)
