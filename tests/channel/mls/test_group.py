"""The group as a value: what its operations promise to those who use it well."""

from dataclasses import replace
from typing import Any

import pytest

from channel.mls import ApplicationReceived, CommitReceived, Group, ProposalReceived
from channel.mls.authenticated_content import verify_framed_content
from channel.mls.errors import (
    DecryptionError,
    GenerationError,
    StateError,
    ValidationError,
    VerificationError,
)
from channel.mls.private_message import parse_private_message_header
from channel.mls.proposals import Add, Commit, GroupContextExtensions, Remove, Update
from channel.mls.sending import PADDED_SIZES
from channel.mls.tree_math import LeafIndex
from channel.mls.types import ContentType, Extension
from channel.mls.waiting import MAX_CHOSEN, own_update
from tests.support.builders import (
    JUDGE,
    SUITE,
    accept,
    commit_of,
    make_bundle,
    make_group,
    partial_commit,
    seal_hostile,
    seeded,
)
from tests.support.refusal import refuse

RANDOM = seeded("test_group")


def commit(committer: Group, *others: Group, proposals: Any = ()) -> list[Group]:
    """The groups after a commit of the first."""
    result = committer.commit(proposals, random=RANDOM, **JUDGE)
    received = [other.receive(result.message, **JUDGE).group for other in others]
    return [committer.adopt(result.pending).group, *received]


def agree(*groups: Group) -> bool:
    return len({(group.epoch, group.epoch_authenticator, group.context) for group in groups}) == 1


# messages


def test_a_message_reaches_every_other_member() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    sealed = bob.seal(b"hello", authenticated_data=b"in the clear", random=RANDOM)
    for receiver in (alice, carol):
        received = receiver.receive(sealed.message, **JUDGE)
        assert isinstance(received, ApplicationReceived)
        assert (received.sender, received.application_data) == (1, b"hello")
        assert (received.authenticated_data, received.generation) == (b"in the clear", 0)
        assert received.signature == sealed.signature
    assert parse_private_message_header(sealed.message).authenticated_data == b"in the clear"


def test_an_auditor_can_check_the_signature() -> None:
    alice, bob = make_group("alice", "bob")
    received = alice.receive(bob.seal(b"hello", authenticated_data=b"x", random=RANDOM).message, **JUDGE)
    assert isinstance(received, ApplicationReceived)
    parts: dict[str, Any] = {
        "signature_key": bob.members()[1].leaf_node.signature_key,
        "group_context": bob.context.encode(),
        "group_id": bob.group_id,
        "epoch": bob.epoch,
        "sender": received.sender,
        "authenticated_data": received.authenticated_data,
        "content_type": ContentType.APPLICATION,
        "content": received.application_data,
        "signature": received.signature,
    }
    verify_framed_content(SUITE, **parts)
    for changed in ({"content": b"hullo"}, {"epoch": 2}, {"sender": 0}, {"authenticated_data": b""}):
        with pytest.raises(VerificationError):
            verify_framed_content(SUITE, **{**parts, **changed})


def test_a_message_opens_once_for_each_receiver() -> None:
    alice, bob = make_group("alice", "bob")
    _, message = bob.protect(b"once", random=RANDOM)
    after = alice.receive(message, **JUDGE).group
    refuse(after, message, GenerationError)
    refuse(Group.decode(after.encode()), message, GenerationError)


def test_messages_may_arrive_out_of_order() -> None:
    alice, bob = make_group("alice", "bob")
    messages = []
    for number in range(5):
        bob, message = bob.protect(bytes([number]), random=RANDOM)
        messages.append(message)
    for number in (3, 0, 4, 1, 2):
        received = alice.receive(messages[number], **JUDGE)
        assert isinstance(received, ApplicationReceived)
        assert (received.application_data, received.generation) == (bytes([number]), number)
        alice = received.group


def test_a_message_that_was_tampered_with_is_refused() -> None:
    alice, bob = make_group("alice", "bob")
    _, message = bob.protect(b"secret", authenticated_data=b"clear", random=RANDOM)
    for position in (len(message) - 1, len(message) // 2, message.index(b"clear")):
        tampered = bytearray(message)
        tampered[position] ^= 1
        refuse(alice, bytes(tampered), DecryptionError)


@pytest.mark.parametrize("size", [0, 100, 200, 900, 4000, 16_000, 61_000])
def test_messages_are_padded(size: int) -> None:
    alice, bob = make_group("alice", "bob")
    _, message = alice.protect(bytes(size), random=RANDOM)
    smallest = min(padded for padded in PADDED_SIZES if padded >= size + 70)
    assert smallest < len(message) < smallest + 200
    received = bob.receive(message, **JUDGE)
    assert isinstance(received, ApplicationReceived)
    assert received.application_data == bytes(size)


# commits


def test_our_commit_comes_back_as_others_see_it() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    result = alice.commit(
        [Remove(2), Add(make_bundle("dave").key_package)], authenticated_data=b"x", random=RANDOM, **JUDGE
    )
    stored = Group.decode(result.pending.encode())
    ours = Group.decode(result.group.encode()).receive(result.message, own_pending=stored, **JUDGE)
    theirs = bob.receive(result.message, **JUDGE)
    gone = carol.receive(result.message, **JUDGE)
    assert isinstance(ours, CommitReceived)
    assert isinstance(theirs, CommitReceived)
    assert isinstance(gone, CommitReceived)
    assert ours.facts == theirs.facts == gone.facts == result.group.adopt(result.pending).facts
    assert (ours.sender, ours.added, ours.removed) == (0, (2,), (2,))
    assert ours.authenticated_data == b"x"
    assert Commit.decode(ours.commit).path is not None
    assert (ours.self_removed, theirs.self_removed, gone.self_removed) == (False, False, True)
    assert agree(ours.group, theirs.group)


def test_a_commit_that_was_lost_leaves_no_trace() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    lost = alice.commit(random=RANDOM, **JUDGE)
    bob, *others = commit(bob, lost.group, carol)
    assert agree(bob, *others)
    with pytest.raises(StateError):
        others[0].adopt(lost.pending)
    refuse(bob, lost.message, ValidationError)


def test_of_two_commits_the_first_in_the_log_wins() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    first = alice.commit([Add(make_bundle("dave").key_package)], random=RANDOM, **JUDGE)
    second = bob.commit([Add(make_bundle("erin").key_package)], random=RANDOM, **JUDGE)
    alice = alice.adopt(first.pending).group
    bob = second.group.receive(first.message, own_pending=second.pending, **JUDGE).group
    carol = carol.receive(first.message, **JUDGE).group
    assert agree(alice, bob, carol)
    again = commit(bob, alice, carol, proposals=[Add(make_bundle("erin").key_package)])
    assert agree(*again)
    assert [len(group.members()) for group in again] == [5, 5, 5]


def test_handshake_generations_are_not_used_twice() -> None:
    alice, bob = make_group("alice", "bob")
    first = alice.commit(random=RANDOM, **JUDGE)
    second = first.group.commit(random=RANDOM, **JUDGE)
    # Bob refuses the first as a forgery would be refused, and can still open the second.
    received = bob.receive(second.message, **JUDGE)
    assert agree(received.group, second.group.adopt(second.pending).group)
    assert first.message != second.message


def test_a_commit_without_a_path_is_accepted_where_the_rfc_allows_it() -> None:
    alice, bob = make_group("alice", "bob")
    message, epoch_authenticator = partial_commit(alice, Add(make_bundle("dave").key_package))
    received = bob.receive(message, **JUDGE)
    assert received.group.epoch_authenticator == epoch_authenticator
    assert len(received.group.members()) == 3


def test_the_extensions_change_for_everybody() -> None:
    charter = Extension(0xF0A1, b"one")
    alice, bob = make_group("alice", "bob", extensions=(charter,))
    assert bob.extension(0xF0A1) == b"one"
    assert bob.extension(0xF0A2) is None
    alice, bob = commit(alice, bob, proposals=[GroupContextExtensions((Extension(0xF0A1, b"two"),))])
    assert alice.extension(0xF0A1) == bob.extension(0xF0A1) == b"two"


def test_a_removed_member_is_out() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    result = alice.commit([Remove(2)], random=RANDOM, **JUDGE)
    alice = alice.adopt(result.pending).group
    gone = carol.receive(result.message, **JUDGE).group
    assert not gone.is_active
    assert gone.export_secret(b"access", b"", 32) == carol.export_secret(b"access", b"", 32)
    assert gone.epoch_state.private_keys == {}
    _, message = alice.protect(b"without Carol", random=RANDOM)
    for operation in (
        lambda: gone.protect(b"", random=RANDOM),
        lambda: gone.commit(random=RANDOM, **JUDGE),
        lambda: gone.propose(Remove(0), random=RANDOM, **JUDGE),
        lambda: gone.receive(message, **JUDGE),
        lambda: gone.adopt(result.pending),
    ):
        with pytest.raises(StateError):
            operation()
    refuse(carol, message, ValidationError)
    assert not Group.decode(gone.encode()).is_active
    assert bob.receive(result.message, **JUDGE).group.epoch_authenticator == alice.epoch_authenticator


def test_a_removed_member_cannot_decrypt_the_commit_that_removes_it() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    path = commit_of(alice, Remove(2)).path
    assert path is not None
    known = set(carol.epoch_state.private_keys) & {0, 1, 2, 3, 4, 5, 6}
    assert known
    # Nothing is encrypted to a node that Carol has the key of: only Bob's leaf is left.
    assert [len(node.encrypted_path_secret) for node in path.nodes] == [1]
    assert bob.epoch == 1


def test_a_pending_group_is_not_in_use() -> None:
    alice, bob = make_group("alice", "bob")
    result = alice.commit(random=RANDOM, **JUDGE)
    with pytest.raises(StateError):
        result.pending.protect(b"too early", random=RANDOM)
    with pytest.raises(StateError):
        alice.adopt(bob)
    assert result.pending.is_own_commit(result.message)
    assert not result.pending.is_own_commit(result.message[:-1])
    assert not alice.is_own_commit(result.message)
    # What the relay's access key is derived from is there before the commit is sent.
    assert result.pending.export_secret(b"access", b"", 32) != alice.export_secret(b"access", b"", 32)


# proposals


def test_a_proposal_is_committed_by_reference() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    alice, message = alice.propose(Remove(2), random=RANDOM, **JUDGE)
    received = bob.receive(message, **JUDGE)
    assert isinstance(received, ProposalReceived)
    assert (received.sender, received.proposal) == (0, Remove(2))
    assert received.reference == alice.proposals[0].reference
    carol = carol.receive(message, **JUDGE).group
    result = received.group.commit(random=RANDOM, **JUDGE)
    bob = received.group.adopt(result.pending).group
    alice = alice.receive(result.message, **JUDGE).group
    assert agree(alice, bob)
    assert alice.proposals == bob.proposals == ()
    assert not carol.receive(result.message, **JUDGE).group.is_active


def test_an_update_replaces_the_key_of_a_leaf() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    old = alice.epoch_state.own_leaf.encryption_key
    alice, message = alice.propose_update(random=RANDOM)
    alice = Group.decode(alice.encode())
    bob, carol = (group.receive(message, **JUDGE).group for group in (bob, carol))
    groups = commit(bob, alice, carol)
    assert agree(*groups)
    assert groups[1].epoch_state.own_leaf.encryption_key != old
    assert agree(*commit(groups[2], groups[0], groups[1]))
    with pytest.raises(ValueError, match="propose_update"):
        alice.propose(Update(alice.epoch_state.own_leaf), random=RANDOM, **JUDGE)


def test_nothing_is_said_while_a_proposal_waits() -> None:
    alice, bob = make_group("alice", "bob")
    alice, message = alice.propose(GroupContextExtensions(()), random=RANDOM, **JUDGE)
    bob = bob.receive(message, **JUDGE).group
    for group in (alice, bob):
        with pytest.raises(StateError):
            group.protect(b"", random=RANDOM)
    alice, bob = commit(bob, alice)
    alice.protect(b"", random=RANDOM)


def test_a_proposal_that_cannot_be_committed_is_left_out() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    alice, update = alice.propose_update(random=RANDOM)
    alice, removal = alice.propose(Remove(1), random=RANDOM, **JUDGE)
    alice, _ = alice.propose(Add(make_bundle("dave").key_package), random=RANDOM, **JUDGE)
    for message in (update, removal):
        carol = carol.receive(message, **JUDGE).group
    # Alice cannot commit her own update, and the application no longer believes Dave (rule 5.3.1-1).
    ours = alice.commit(random=RANDOM, authenticate=_refuse, now_s=JUDGE["now_s"])
    received = carol.receive(ours.message, **JUDGE)
    assert isinstance(received, CommitReceived)
    assert (received.removed, received.added) == ((1,), ())
    assert bob.epoch == received.group.epoch - 1


def _refuse(credential: object, signature_key: bytes) -> None:
    raise PermissionError


def test_a_removal_comes_before_an_update_of_the_same_leaf() -> None:
    alice, bob, carol = make_group("alice", "bob", "carol")
    bob, update = bob.propose_update(random=RANDOM)
    carol = carol.receive(update, **JUDGE).group
    carol, removal = carol.propose(Remove(1), random=RANDOM, **JUDGE)
    alice = alice.receive(update, **JUDGE).group
    alice = alice.receive(removal, **JUDGE).group
    alice, carol = commit(alice, carol)
    assert agree(alice, carol)
    assert alice.member(1) is None
    assert bob.member(1) is not None


def test_a_flood_of_proposals_does_not_keep_us_from_committing() -> None:
    alice, bob = make_group("alice", "bob")
    for number in range(MAX_CHOSEN + 8):
        change = GroupContextExtensions(()) if number % 2 else Add(make_bundle(f"{number}").key_package)
        bob, message = bob.propose(change, random=RANDOM, **JUDGE)
        alice = alice.receive(message, **JUDGE).group
    result = alice.commit(random=RANDOM, **JUDGE)
    received = bob.receive(result.message, **JUDGE)
    assert isinstance(received, CommitReceived)
    assert 1 < len(received.added) < MAX_CHOSEN
    assert received.group.proposals == ()


def test_an_update_may_come_with_a_new_signature_key_if_the_application_agrees() -> None:
    alice, bob = make_group("alice", "bob")
    pair = SUITE.generate_signature_key_pair(RANDOM)
    leaf_node, _ = own_update(alice.epoch_state, random=RANDOM)
    state = alice.epoch_state
    mine = replace(
        state,
        signature_private_key=pair.private_key,
        tree=state.tree.change(
            updates={LeafIndex(0): replace(leaf_node.leaf_node, signature_key=pair.public_key)},
            removes=(),
            adds=(),
        )[0],
    )
    renewed, _ = own_update(mine, random=RANDOM)
    message = seal_hostile(alice, renewed)
    with pytest.raises(PermissionError):
        bob.receive(message, authenticate=_refuse, now_s=JUDGE["now_s"])
    received = bob.receive(message, authenticate=accept, now_s=JUDGE["now_s"])
    assert isinstance(received, ProposalReceived)
