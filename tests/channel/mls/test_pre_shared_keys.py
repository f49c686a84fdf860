"""Pre-shared keys in commits and Welcomes (sections 8.4, 8.6, 12.1.4 and 12.2)."""

from collections.abc import Callable
from typing import Any

import pytest

from channel.mls import Group
from channel.mls.errors import ValidationError
from channel.mls.group_view import MAX_RESUMPTION_PSKS
from channel.mls.proposals import Add, PreSharedKey, Remove
from channel.mls.psk import ExternalPSK, PreSharedKeyID, ResumptionPSK, ResumptionPSKUsage
from tests.support.builders import JUDGE, accept, hostile_commit, make_bundle, make_group, seeded
from tests.support.refusal import refuse_rule

SECRET = ExternalPSK(b"the secret")
OTHER = ExternalPSK(b"the other secret")
PSKS: dict[Any, bytes] = {SECRET: b"known to those who met", OTHER: b"also known"}


def use(psk: ExternalPSK | ResumptionPSK, nonce: bytes = bytes(32)) -> PreSharedKey:
    return PreSharedKey(PreSharedKeyID(psk, nonce))


def resumption(group: Group, epoch: int, usage: int = ResumptionPSKUsage.APPLICATION) -> PreSharedKey:
    return use(ResumptionPSK(ResumptionPSKUsage(usage), group.group_id, epoch))


def commit(group: Group, *proposals: Any, psks: Any = PSKS, seed: int = 1) -> Any:
    return group.commit(proposals, random=seeded(seed), psks=psks, **JUDGE)


def test_a_pre_shared_key_goes_into_the_next_epoch() -> None:
    alice, bob = make_group("alice", "bob")
    result = commit(alice, use(SECRET), use(OTHER))
    bob_after = bob.receive(result.message, psks=PSKS, **JUDGE).group
    assert bob_after.epoch_authenticator == result.pending.epoch_authenticator
    # Another value under the same name leads elsewhere: the confirmation tag does not hold.
    with pytest.raises(Exception, match="confirmation tag"):
        bob.receive(result.message, psks={**PSKS, SECRET: b"guessed"}, **JUDGE)


def test_a_caller_may_look_keys_up_itself() -> None:
    alice, bob = make_group("alice", "bob")
    asked = []

    def find(psk_id: PreSharedKeyID) -> bytes | None:
        asked.append(psk_id)
        return PSKS.get(psk_id.psk)

    result = commit(alice, use(SECRET), psks=find)
    after = bob.receive(result.message, psks=find, **JUDGE).group
    assert after.epoch_authenticator == result.pending.epoch_authenticator
    assert {psk_id.psk for psk_id in asked} == {SECRET}
    with pytest.raises(ValidationError, match=r"8\.4-1"):
        bob.receive(result.message, psks=lambda psk_id: None, **JUDGE)


def test_by_reference_and_by_value_come_to_the_same() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    bob, message = bob.propose(use(SECRET), random=seeded(2), psks=PSKS, **JUDGE)
    alice = alice.receive(message, psks=PSKS, **JUDGE).group
    carol = carol.receive(message, psks=PSKS, **JUDGE).group
    result = commit(alice, use(OTHER))
    for member in (bob, carol):
        after = member.receive(result.message, psks=PSKS, **JUDGE).group
        assert after.epoch_authenticator == result.pending.epoch_authenticator
        assert after.proposals == ()


def test_joiners_need_the_keys_that_the_welcome_names() -> None:
    (alice,) = make_group("alice")
    eve = make_bundle("eve")
    result = commit(alice, Add(eve.key_package), use(SECRET), use(OTHER))
    joined = Group.join(result.welcome, bundle=eve, authenticate=accept, psks=PSKS)
    assert joined.epoch_authenticator == result.pending.epoch_authenticator
    with pytest.raises(ValidationError, match=r"8\.4-1"):
        Group.join(result.welcome, bundle=eve, authenticate=accept)


def test_an_unknown_key_is_refused_and_not_proposed() -> None:
    alice, bob = make_group("alice", "bob")
    refuse_rule(bob, commit(alice, use(SECRET)).message, "8.4-1")
    alice, message = alice.propose(use(SECRET), random=seeded(2), psks=PSKS, **JUDGE)
    refuse_rule(bob, message, "8.4-1")
    for attempt in (bob.commit, lambda proposals, **rest: bob.propose(proposals[0], **rest)):
        with pytest.raises(ValidationError, match=r"8\.4-1"):
            attempt([use(SECRET)], random=seeded(3), **JUDGE)


def test_a_waiting_key_that_we_do_not_know_any_more_stays_out_of_our_commits() -> None:
    alice, bob = make_group("alice", "bob")
    alice, message = alice.propose(use(SECRET), random=seeded(2), psks=PSKS, **JUDGE)
    bob = bob.receive(message, psks=PSKS, **JUDGE).group
    result = commit(bob, psks={})
    after = alice.receive(result.message, **JUDGE).group
    assert after.epoch_authenticator == result.pending.epoch_authenticator


BAD: dict[str, tuple[str, Callable[[Group], list[PreSharedKey]]]] = {
    "for a reinitialisation": ("12.1.4-1", lambda group: [resumption(group, 1, 2)]),
    "for a branch": ("12.1.4-1", lambda group: [resumption(group, 1, 3)]),
    "with a short nonce": ("12.1.4-2", lambda group: [use(SECRET, bytes(31))]),
    "without a nonce": ("12.1.4-2", lambda group: [use(SECRET, b"")]),
    "twice": ("12.2-7", lambda group: [use(SECRET), use(OTHER), use(SECRET)]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_psk_proposal_is_refused(case: str) -> None:
    rule, make = BAD[case]
    alice, bob = make_group("alice", "bob")
    proposals = make(alice)
    with pytest.raises(ValidationError) as ours:
        commit(alice, *proposals)
    assert ours.value.rule == rule
    message = hostile_commit(alice, *proposals)
    before = bob.encode()
    with pytest.raises(ValidationError) as theirs:
        bob.receive(message, psks=PSKS, **JUDGE)
    assert theirs.value.rule == rule
    assert bob.encode() == before


def test_one_key_may_be_used_twice_under_two_nonces() -> None:
    alice, bob = make_group("alice", "bob")
    result = commit(alice, use(SECRET), use(SECRET, bytes(31) + b"\x01"))
    after = bob.receive(result.message, psks=PSKS, **JUDGE).group
    assert after.epoch_authenticator == result.pending.epoch_authenticator


# resumption PSKs


def two_epochs_on(*, kept: int) -> tuple[Group, Group]:
    alice, bob = (member.keep_resumption_psks(kept) for member in make_group("alice", "bob"))
    for seed in range(2):
        result = commit(alice, seed=10 + seed)
        bob = bob.receive(result.message, **JUDGE).group
        alice = alice.adopt(result.pending).group
    return alice, bob


def test_past_resumption_keys_are_kept_as_far_as_asked() -> None:
    alice, bob = two_epochs_on(kept=2)
    for past in range(3):
        result = commit(alice, resumption(alice, alice.epoch - past))
        after = bob.receive(result.message, **JUDGE).group
        assert after.epoch_authenticator == result.pending.epoch_authenticator
    with pytest.raises(ValidationError, match=r"8\.4-1"):
        commit(alice, resumption(alice, alice.epoch - 3))
    assert Group.decode(bob.encode()) == bob


def test_by_default_none_is_kept() -> None:
    alice, bob = make_group("alice", "bob")
    old = alice.resumption_psk
    message = commit(alice).message
    after = bob.receive(message, **JUDGE).group
    assert old not in after.encode()
    with pytest.raises(ValidationError, match=r"8\.4-1"):
        commit(after, resumption(after, after.epoch - 1))


def test_forgotten_keys_are_gone() -> None:
    alice, _ = two_epochs_on(kept=2)
    secrets = [psk for _, psk in alice.epoch_state.past_resumption_psks]
    assert len(secrets) == 2
    assert all(psk in alice.encode() for psk in secrets)
    assert all(repr(psk)[2:-1] not in repr(alice.epoch_state) for psk in secrets)
    fewer = alice.keep_resumption_psks(1)
    assert secrets[0] in fewer.encode()
    assert secrets[1] not in fewer.encode()
    assert fewer.state_counter > alice.state_counter


def test_a_commit_made_before_follows_what_is_asked_for_now() -> None:
    alice, _ = two_epochs_on(kept=2)
    pending = commit(alice).pending
    fewer = alice.keep_resumption_psks(1)
    adopted = fewer.adopt(pending).group
    assert adopted.epoch_state.past_resumption_psks == ((alice.epoch, alice.resumption_psk),)
    more = alice.keep_resumption_psks(3).adopt(pending).group
    assert [epoch for epoch, _ in more.epoch_state.past_resumption_psks] == [3, 2, 1]
    assert alice.adopt(pending).group.epoch_state is pending.epoch_state


def test_who_is_removed_needs_no_key() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    result = commit(alice, use(SECRET), Remove(1))
    received = bob.receive(result.message, **JUDGE)
    assert not received.group.is_active
    refuse_rule(carol, result.message, "8.4-1")


@pytest.mark.parametrize("count", [-1, MAX_RESUMPTION_PSKS + 1])
def test_how_many_are_kept_is_bounded(count: int) -> None:
    (alice,) = make_group("alice")
    with pytest.raises(ValueError, match="can be kept"):
        alice.keep_resumption_psks(count)


def test_a_caller_can_lend_a_resumption_key_of_another_group() -> None:
    alice, bob = make_group("alice", "bob")
    (other,) = make_group("other")
    name = ResumptionPSK(ResumptionPSKUsage.APPLICATION, b"another group", other.epoch)
    known = {name: other.resumption_psk}
    result = commit(alice, use(name), psks=known)
    after = bob.receive(result.message, psks=known, **JUDGE).group
    assert after.epoch_authenticator == result.pending.epoch_authenticator
    refuse_rule(bob, result.message, "8.4-1")
