"""Groups that follow on another: reinitialisation and branches (sections 11.2, 11.3, 12.1.5 and 12.4.3.1)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from channel.mls import Credential, Group, KeyPackageBundle, cipher_suite
from channel.mls.codec import opaque
from channel.mls.commit_change import CommitChange
from channel.mls.errors import DecodeError, StateError, ValidationError
from channel.mls.proposals import Add, PreSharedKey, ReInit, Remove
from channel.mls.psk import ExternalPSK, PreSharedKeyID, ResumptionPSK, ResumptionPSKUsage
from channel.mls.sent import CommitResult
from channel.mls.state import MessageState
from channel.mls.succession import Predecessor, check_succession, find_succession
from channel.mls.successors import branch, reinitialise
from channel.mls.types import Extension
from tests.support.builders import (
    JUDGE,
    LIFETIME,
    SUITE,
    accept,
    hostile_commit,
    make_bundle,
    make_group,
    seeded,
)
from tests.support.outsiders import key_pair
from tests.support.refusal import refuse_rule

EXTERNAL_SENDERS = Extension(5, b"\x00")
ANEW = ReInit(group_id=b"the same, anew", cipher_suite=2, extensions=(EXTERNAL_SENDERS,))


def ended(*names: str, reinit: ReInit = ANEW) -> list[Group]:
    """A group of these members that the first of them has just ended."""
    first, *others = make_group(*names)
    result = first.commit([reinit], random=seeded("end"), **JUDGE)
    return [
        first.adopt(result.pending).group,
        *(other.receive(result.message, **JUDGE).group for other in others),
    ]


def packages(*names: str, suite: int = 2) -> list[KeyPackageBundle]:
    return [make_bundle(name, suite=cipher_suite(suite)) for name in names]


def start_anew(old: Group, bundles: list[KeyPackageBundle], **options: Any) -> CommitResult:
    arguments: Any = {
        "credential": Credential(b"alice"),
        "signature_key_pair": cipher_suite(2).generate_signature_key_pair(seeded("anew")),
        "lifetime": LIFETIME,
        "random": seeded("reinitialise"),
        **JUDGE,
        **options,
    }
    return reinitialise(old, [bundle.key_package for bundle in bundles], **arguments)


def split_off(parent: Group, bundles: list[KeyPackageBundle], **options: Any) -> CommitResult:
    arguments: Any = {
        "group_id": b"a branch",
        "credential": Credential(b"alice"),
        "signature_key_pair": key_pair("alice in the branch"),
        "lifetime": LIFETIME,
        "random": seeded("branch"),
        **JUDGE,
        **options,
    }
    return branch(parent, [bundle.key_package for bundle in bundles], **arguments)


def enter(result: CommitResult, bundle: KeyPackageBundle, old: Group | None, **options: Any) -> Group:
    assert result.welcome is not None
    predecessor = None if old is None else Predecessor(old, **options)
    return Group.join(result.welcome, bundle=bundle, authenticate=accept, predecessor=predecessor)


def refuse_to_enter(
    result: CommitResult, bundle: KeyPackageBundle, old: Group | None, rule: str, **options: Any
) -> None:
    with pytest.raises(ValidationError) as caught:
        enter(result, bundle, old, **options)
    assert caught.value.rule == rule


# reinitialisation


def test_a_group_starts_anew_under_other_parameters() -> None:
    alice, bob, carol = ended("alice", "bob", "carol")
    for member in (alice, bob, carol):
        assert member.reinit == ANEW
        assert member.epoch_authenticator == alice.epoch_authenticator
        assert Group.decode(member.encode()) == member
    bundles = packages("bob", "carol")
    result = start_anew(alice, bundles)
    new = result.group.adopt(result.pending).group
    assert (new.suite, new.group_id, new.epoch) == (cipher_suite(2), ANEW.group_id, 1)
    assert new.context.extensions == ANEW.extensions
    for old, bundle in zip((bob, carol), bundles, strict=True):
        joined = enter(result, bundle, old)
        assert joined.epoch_authenticator == new.epoch_authenticator
        assert joined.reinit is None


def test_a_group_that_has_ended_is_used_no_more() -> None:
    first, other = make_group("alice", "bob")
    result = first.commit([ANEW], random=seeded(1), **JUDGE)
    assert result.pending.reinit == ANEW
    _, late = other.protect(b"too late", random=seeded(2))
    alice = first.adopt(result.pending).group
    bob = other.receive(result.message, **JUDGE).group
    attempts: list[Callable[[], object]] = [
        lambda: alice.protect(b"", random=seeded(3)),
        lambda: alice.commit(random=seeded(3), **JUDGE),
        lambda: bob.propose(Remove(0), random=seeded(3), **JUDGE),
        lambda: bob.propose_update(random=seeded(3)),
        lambda: bob.receive(late, **JUDGE),
        lambda: bob.group_info(),
        lambda: split_off(bob, []),
    ]
    for attempt in attempts:
        with pytest.raises(StateError, match="ended"):
            attempt()


def test_a_reinit_goes_alone() -> None:
    alice, bob = make_group("alice", "bob")
    for others in ([Remove(1)], [Add(make_bundle("eve").key_package)], [ANEW]):
        with pytest.raises(ValidationError, match=r"12\.2-13"):
            alice.commit([ANEW, *others], random=seeded(1), **JUDGE)
        refuse_rule(bob, hostile_commit(alice, *others, ANEW), "12.2-13")
    twice = replace(ANEW, extensions=(EXTERNAL_SENDERS, EXTERNAL_SENDERS))
    refuse_rule(bob, hostile_commit(alice, twice), "13.4-1")


def test_other_proposals_go_before_a_reinit() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    for proposal in (Add(make_bundle("eve").key_package), ANEW):
        bob, message = bob.propose(proposal, random=seeded(proposal.proposal_type), **JUDGE)
        alice, carol = (one.receive(message, **JUDGE).group for one in (alice, carol))
    result = alice.commit(random=seeded(1), **JUDGE)
    assert result.welcome is not None
    assert carol.receive(result.message, **JUDGE).group.reinit is None
    # By reference as well as by value.
    bob = make_group("alice", "bob", "carol")[1]
    bob, message = bob.propose(ANEW, random=seeded(2), **JUDGE)
    alice = make_group("alice", "bob", "carol")[0].receive(message, **JUDGE).group
    assert bob.receive(alice.commit(random=seeded(3), **JUDGE).message, **JUDGE).group.reinit == ANEW


def test_a_callers_rule_sees_what_a_group_ends_for() -> None:
    alice, bob = make_group("alice", "bob")
    seen: list[CommitChange] = []
    result = alice.commit([ANEW], random=seeded(1), **JUDGE)
    bob.receive(result.message, judge_commit=seen.append, **JUDGE)
    bob.receive(alice.commit(random=seeded(2), **JUDGE).message, judge_commit=seen.append, **JUDGE)
    assert [change.reinit for change in seen] == [ANEW, None]


def test_only_an_ended_group_is_started_anew() -> None:
    alice, _ = make_group("alice", "bob")
    pending = alice.commit([ANEW], random=seeded(1), **JUDGE).pending
    for group in (alice, pending):
        with pytest.raises(StateError, match="not been ended"):
            start_anew(group, [])


def test_everybody_comes_along() -> None:
    alice, bob, _ = ended("alice", "bob", "carol")
    bundles = packages("bob")
    with pytest.raises(ValidationError, match=r"11\.2-3"):
        start_anew(alice, bundles)
    result = start_anew(alice, bundles, same_client=lambda one, other: True)
    refuse_to_enter(result, bundles[0], bob, "11.2-3")
    assert enter(result, bundles[0], bob, same_client=lambda one, other: True).epoch == 1


def test_what_is_started_anew_is_what_was_agreed() -> None:
    alice, bob = ended("alice", "bob")
    bundles = packages("bob")
    result = start_anew(alice, bundles)
    for change in (
        {"group_id": b"another"},
        {"cipher_suite": 1},
        {"extensions": ()},
    ):
        agreed: Any = replace(ANEW, **change)
        expecting = replace(bob, message_state=replace(bob.message_state, reinit=agreed))
        refuse_to_enter(result, bundles[0], expecting, "11.2-2")
    going_on = replace(bob, message_state=replace(bob.message_state, reinit=None))
    refuse_to_enter(result, bundles[0], going_on, "11.2-2")


def test_a_successor_proves_that_it_is_one() -> None:
    alice, bob = ended("alice", "bob")
    bundles = packages("bob")
    result = start_anew(alice, bundles)
    refuse_to_enter(result, bundles[0], None, "11.2-1")
    refuse_to_enter(result, bundles[0], make_group("alice", "bob")[1], "11.2-1")
    plain = Group.create(
        SUITE,
        group_id=ANEW.group_id,
        credential=Credential(b"alice"),
        signature_key_pair=key_pair("alice"),
        lifetime=LIFETIME,
        random=seeded(1),
    ).commit([Add(make_bundle("bob").key_package)], random=seeded(2), **JUDGE)
    refuse_to_enter(plain, make_bundle("bob"), bob, "11.2-1")
    # Who was not in the old group has not got its resumption key.
    stranger = replace(
        bob,
        epoch_state=replace(
            bob.epoch_state, secrets=replace(bob.epoch_state.secrets, resumption_psk=bytes(32))
        ),
    )
    with pytest.raises(Exception, match="open"):
        enter(result, bundles[0], stranger)


# branches


def test_some_members_split_off() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    bob_bundle = make_bundle("bob in the branch", pair=None)
    result = split_off(alice, [bob_bundle], same_client=lambda one, other: True)
    joined = enter(result, bob_bundle, bob, same_client=lambda one, other: True)
    assert joined.epoch_authenticator == result.pending.epoch_authenticator
    assert (joined.group_id, joined.epoch, joined.suite) == (b"a branch", 1, alice.suite)
    # The parent goes on.
    message = alice.protect(b"still here", random=seeded(3))[1]
    assert carol.receive(message, **JUDGE).group.epoch == alice.epoch


def test_a_branch_is_of_members_only() -> None:
    alice, bob, _ = make_group("alice", "bob", "carol")
    bundles = [make_bundle("bob"), make_bundle("stranger")]
    with pytest.raises(ValidationError, match=r"11\.3-3"):
        split_off(alice, bundles)
    result = split_off(alice, bundles, same_client=lambda one, other: True)
    refuse_to_enter(result, bundles[0], bob, "11.3-3")


def test_a_branch_has_a_group_id_of_its_own() -> None:
    alice, _ = make_group("alice", "bob")
    with pytest.raises(ValidationError, match=r"11\.3-2"):
        split_off(alice, [make_bundle("bob")], group_id=alice.group_id)


def test_a_branch_keeps_the_suite_and_both_begin_with_epoch_1() -> None:
    alice, bob = make_group("alice", "bob")
    following = split_off(alice, [make_bundle("bob")]).pending.epoch_state
    for change, rule in (
        ({"cipher_suite": 3}, "11.3-1"),
        ({"epoch": 2}, "12.4.3.1-11"),
        ({"epoch": 0}, "12.4.3.1-11"),
    ):
        context: Any = replace(following.context, **change)  # type: ignore[arg-type]
        with pytest.raises(ValidationError) as caught:
            check_succession(ResumptionPSKUsage.BRANCH, context, following.tree, Predecessor(bob))
        assert caught.value.rule == rule
    check_succession(ResumptionPSKUsage.BRANCH, following.context, following.tree, Predecessor(bob))


def test_a_group_follows_on_one_group() -> None:
    alice, _ = make_group("alice", "bob")
    names = [
        PreSharedKeyID(ResumptionPSK(usage, alice.group_id, alice.epoch), bytes(32))
        for usage in (ResumptionPSKUsage.BRANCH, ResumptionPSKUsage.REINIT)
    ]
    external = PreSharedKeyID(ExternalPSK(b"id"), bytes(32))
    with pytest.raises(ValidationError, match=r"12\.4\.3\.1-2"):
        find_succession([names[0], external, names[1]], Predecessor(alice))
    assert find_succession([names[0], external], Predecessor(alice)) is ResumptionPSKUsage.BRANCH
    assert find_succession([external], None) is None


def test_nobody_names_a_successors_key_in_a_commit() -> None:
    alice, bob = make_group("alice", "bob")
    for usage in (ResumptionPSKUsage.BRANCH, ResumptionPSKUsage.REINIT):
        name = ResumptionPSK(usage, alice.group_id, alice.epoch)
        refuse_rule(bob, hostile_commit(alice, PreSharedKey(PreSharedKeyID(name, bytes(32)))), "12.1.4-1")


def test_a_stored_end_is_a_reinit() -> None:
    alice, _ = ended("alice", "bob")
    forged = alice.encode_messages().replace(opaque(ANEW.encode()), opaque(Remove(1).encode()))
    with pytest.raises(DecodeError, match="another proposal"):
        MessageState.decode(forged, alice.epoch_state)
