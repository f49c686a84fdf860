"""A caller's own rules about commits, and the counter by which it can tell an old state."""

from typing import Any

import pytest

from channel.mls import Group
from channel.mls.commit_change import CommitChange
from channel.mls.proposals import Add, GroupContextExtensions, PreSharedKey, Remove
from channel.mls.psk import ExternalPSK, PreSharedKeyID
from channel.mls.types import Extension
from tests.support.builders import JUDGE, make_bundle, make_group, seeded
from tests.support.outsiders import join

CHARTER = Extension(0xF0A1, b"the charter")
EVE = make_bundle("eve")


class AgainstTheRules(Exception):
    """What our own rule raises."""


def never(change: CommitChange) -> None:
    raise AgainstTheRules


def names(members: Any) -> list[bytes]:
    return [member.leaf_node.credential.identity for member in members]


def test_the_rule_sees_all_that_changes() -> None:
    alice, bob, carol, dave = make_group("alice", "bob", "carol", "dave", extensions=(CHARTER,))
    bob, message = bob.propose_update(random=seeded(1))
    alice, carol, dave = (one.receive(message, **JUDGE).group for one in (alice, carol, dave))
    psk = PreSharedKeyID(ExternalPSK(b"id"), bytes(32))
    options: Any = {"psks": {psk.psk: b"secret"}, **JUDGE}
    seen: list[CommitChange] = []
    result = alice.commit(
        [Remove(3), Add(EVE.key_package), GroupContextExtensions(()), PreSharedKey(psk)],
        random=seeded(2),
        **options,
    )
    for member in (bob, carol, dave):
        member.receive(result.message, judge_commit=seen.append, **options)
    for change in seen:
        assert names([change.committer]) == [b"alice"]
        assert not change.is_external
        assert (names(change.added), names(change.removed)) == ([b"eve"], [b"dave"])
        assert names(before for before, _ in change.changed) == [b"bob", b"alice"]
        assert all(before.leaf_node != after for before, after in change.changed)
        assert (change.extensions_before, change.extensions_after) == ((CHARTER,), ())
        assert change.psk_ids == (psk,)
    assert len(seen) == 3
    assert len(set(seen)) == 1


def test_a_refused_commit_leaves_the_group_as_it_was() -> None:
    alice, bob = make_group("alice", "bob")
    for message in (
        alice.commit(random=seeded(1), **JUDGE).message,
        alice.commit([Remove(1)], random=seeded(2), **JUDGE).message,
        join(alice, "dave").message,
        join(alice, "bob", replaces=1).message,
    ):
        before = bob.encode()
        with pytest.raises(AgainstTheRules):
            bob.receive(message, judge_commit=never, outsiders=True, **JUDGE)
        assert bob.encode() == before
        bob.receive(message, outsiders=True, **JUDGE)


def test_an_external_commit_is_shown_as_one() -> None:
    alice, bob = make_group("alice", "bob")
    seen: list[CommitChange] = []
    alice.receive(join(alice, "bob", replaces=1).message, judge_commit=seen.append, outsiders=True, **JUDGE)
    (change,) = seen
    assert change.is_external
    assert names([change.committer]) == names(change.added) == names(change.removed) == [b"bob"]
    assert change.removed[0].leaf_node == bob.epoch_state.own_leaf != change.added[0].leaf_node
    assert change.changed == ()


def test_our_own_commits_keep_our_own_rules() -> None:
    alice, _ = make_group("alice", "bob")
    with pytest.raises(AgainstTheRules):
        alice.commit(random=seeded(1), judge_commit=never, **JUDGE)


def test_a_waiting_proposal_against_our_rules_stays_out() -> None:
    """Rule 12.2-12: otherwise any member could keep us from committing."""
    alice, bob = make_group("alice", "bob")
    bob, message = bob.propose(Add(EVE.key_package), random=seeded(1), **JUDGE)
    alice = alice.receive(message, **JUDGE).group

    def nobody_new(change: CommitChange) -> None:
        if change.added:
            raise AgainstTheRules

    result = alice.commit(random=seeded(2), judge_commit=nobody_new, **JUDGE)
    assert result.welcome is None
    after = bob.receive(result.message, judge_commit=nobody_new, **JUDGE).group
    assert after.epoch_authenticator == result.pending.epoch_authenticator


# the counter


def test_the_counter_rises_with_every_state() -> None:
    alice, bob = make_group("alice", "bob")
    states = [alice.state_counter]

    def step(group: Group) -> Group:
        states.append(group.state_counter)
        assert Group.decode(group.encode()).state_counter == group.state_counter
        return group

    alice = step(alice.protect(b"one", random=seeded(1))[0])
    bob, message = bob.protect(b"two", random=seeded(2))
    alice = step(alice.receive(message, **JUDGE).group)
    result = alice.commit(random=seeded(3), **JUDGE)
    assert result.pending.state_counter > result.group.state_counter
    alice = step(result.group)
    for seed in range(4):
        alice = step(alice.protect(b"meanwhile", random=seeded(seed))[0])
    alice = step(alice.adopt(result.pending).group)
    bob = bob.receive(result.message, **JUDGE).group
    bob, message = bob.propose_update(random=seeded(5))
    alice = step(alice.receive(message, **JUDGE).group)
    alice = step(alice.propose(Remove(1), random=seeded(6), **JUDGE)[0])
    alice = step(alice.keep_resumption_psks(3))
    removal = bob.commit([Remove(0)], random=seeded(7), **JUDGE)
    step(alice.receive(removal.message, **JUDGE).group)
    assert states == sorted(set(states))


def test_an_old_state_is_told_by_its_counter() -> None:
    alice, _ = make_group("alice", "bob")
    backup = alice.encode()
    highest = alice.protect(b"one", random=seeded(1))[0].state_counter
    assert Group.decode(backup).state_counter < highest
