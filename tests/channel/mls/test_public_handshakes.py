"""Proposals and commits of members in PublicMessages (section 6.2)."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel.mls import Group
from channel.mls.errors import DecodeError, PeerError, VerificationError
from channel.mls.external_proposals import propose_to_join
from channel.mls.framing import MLSMessage
from channel.mls.proposals import Add, Remove
from channel.mls.public_message import PublicMessage
from tests.support.builders import (
    JUDGE,
    SUITE,
    accept,
    commit_of,
    hostile_commit,
    make_bundle,
    make_group,
    seeded,
)
from tests.support.outsiders import join, mac, public_hostile, read_public
from tests.support.refusal import refuse, refuse_rule

EVE = make_bundle("eve")


def test_public_and_private_handshakes_mix() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    bob, proposed = bob.propose_update(random=seeded(1), public=True)
    alice = alice.receive(proposed, **JUDGE).group
    carol = carol.receive(proposed, **JUDGE).group
    carol, second = carol.propose(Add(EVE.key_package), random=seeded(2), **JUDGE)
    alice = alice.receive(second, **JUDGE).group
    bob = bob.receive(second, **JUDGE).group
    result = alice.commit(random=seeded(3), public=True, **JUDGE)
    assert isinstance(MLSMessage.decode(result.message).body, PublicMessage)
    assert result.welcome is not None
    eve = Group.join(result.welcome, bundle=EVE, authenticate=accept)
    alice = alice.receive(result.message, own_pending=result.pending, **JUDGE).group
    for member in (bob.receive(result.message, **JUDGE).group, carol.receive(result.message, **JUDGE).group):
        assert member.epoch_authenticator == alice.epoch_authenticator == eve.epoch_authenticator
        assert Group.decode(member.encode()) == member


def test_a_public_handshake_uses_no_message_key() -> None:
    alice, bob = make_group("alice", "bob")
    result = alice.commit(random=seeded(1), public=True, **JUDGE)
    assert result.group.message_state.secret_tree == alice.message_state.secret_tree
    removed = alice.commit([Remove(1)], random=seeded(2), public=True, **JUDGE)
    assert not bob.receive(removed.message, **JUDGE).group.is_active


def test_a_forged_membership_tag_is_refused_and_the_true_message_accepted() -> None:
    alice, bob = make_group("alice", "bob")
    result = alice.commit(random=seeded(1), public=True, **JUDGE)
    public = read_public(result.message)
    for tag in (bytes(32), b"", (public.membership_tag or b"")[:-1]):
        refuse(bob, MLSMessage(replace(public, membership_tag=tag)).encode(), VerificationError)
    bad_signature = replace(public, auth=replace(public.auth, signature=bytes(64)))
    refuse(bob, MLSMessage(bad_signature).encode(), VerificationError)
    assert bob.receive(result.message, **JUDGE).group.epoch == bob.epoch + 1


def test_a_commit_signed_for_another_wire_format_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    state = alice.epoch_state
    signed = state.sign(commit_of(alice), authenticated_data=b"")
    relabelled = MLSMessage(
        replace(
            read_public(public_hostile(alice, commit_of(alice))),
            auth=replace(signed.auth, confirmation_tag=b""),
        )
    )
    refuse(bob, relabelled.encode(), VerificationError)


def test_a_public_message_keeps_the_rules_of_every_other() -> None:
    alice, bob, _ = make_group("alice", "bob", "carol")
    refuse_rule(bob, public_hostile(alice, Remove(7)), "12.1.3-1")
    refuse_rule(bob, public_hostile(bob, Remove(2)), "6.1-2")
    refuse(bob, public_hostile(alice, commit_of(alice)), VerificationError)
    stranger = make_group("alice", "bob")[0]
    later = alice.adopt(alice.commit(random=seeded(4), **JUDGE).pending).group
    refuse_rule(bob, public_hostile(later, Remove(2)), "12.4.2-1")
    other = replace(
        stranger, epoch_state=replace(stranger.epoch_state, context=replace(stranger.context, group_id=b"x"))
    )
    refuse_rule(bob, public_hostile(other, Remove(1)), "6-2")


def test_a_public_message_from_a_blank_leaf_is_refused() -> None:
    alice, bob, _ = make_group("alice", "bob", "carol")
    public = read_public(public_hostile(alice, Remove(2)))
    for index in (3, 2**32 - 1):
        content = replace(public.content, sender=replace(public.content.sender, index=index))
        refuse_rule(bob, MLSMessage(replace(public, content=content)).encode(), "6.1-1")


def test_application_data_is_never_public() -> None:
    alice, bob = make_group("alice", "bob")
    state = alice.epoch_state
    signed = state.sign(b"in the clear", authenticated_data=b"")
    refuse_rule(bob, MLSMessage(PublicMessage(signed.content, signed.auth, bytes(32))).encode(), "6-1")
    with pytest.raises(ValueError, match="wire format"):
        mac(alice, signed)


def test_what_is_no_message_of_a_group_is_refused() -> None:
    _, bob = make_group("alice", "bob")
    refuse(bob, MLSMessage(EVE.key_package).encode(), DecodeError)
    refuse(bob, b"\x00\x01\x00\x01", DecodeError)
    assert bob.suite == SUITE


ALICE, BOB = make_group("alice", "bob")
HONEST = (
    ALICE.commit(random=seeded(1), public=True, **JUDGE).message,
    ALICE.propose(Remove(1), random=seeded(1), public=True, **JUDGE)[1],
    join(ALICE, "dave").message,
    propose_to_join(EVE, group_id=ALICE.group_id, epoch=ALICE.epoch),
)


@settings(deadline=None)
@given(st.sampled_from(HONEST), st.data())
def test_a_damaged_handshake_raises_nothing_but_a_peer_error(message: bytes, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(message) - 1))
    damaged = bytearray(message)
    damaged[position] ^= data.draw(st.integers(1, 255))
    cut = message[:position]
    for hostile in (bytes(damaged), cut, message + b"\x00"):
        with pytest.raises(PeerError):
            BOB.receive(hostile, outsiders=True, **JUDGE)
    BOB.receive(message, outsiders=True, **JUDGE)


def test_a_private_commit_is_still_the_default() -> None:
    alice, _ = make_group("alice", "bob")
    assert (
        hostile_commit(alice)[:4]
        == alice.commit(random=seeded(1), **JUDGE).message[:4]
        == b"\x00\x01\x00\x02"
    )
