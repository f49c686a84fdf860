"""A relay that cheats, in every way it can, against one follower."""

from dataclasses import replace
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocols.log import checkpoint as checkpoints
from protocols.log.checkpoint import Checkpoint
from protocols.log.follower import (
    MAX_AHEAD,
    BadCheckpoint,
    Fork,
    GapInLog,
    LogFollower,
    LogViolation,
    Rollback,
)
from protocols.log.merkle import HashTree, leaf_hash

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
ORIGIN = "relay.example/r/" + "5a" * 32
NEW = LogFollower(ORIGIN, KEY.public_key().public_bytes_raw())


class Relay:
    """One history of a log, signed with the relay's real key."""

    def __init__(self, *entries: bytes) -> None:
        self.entries = entries
        self.tree = HashTree(map(leaf_hash, entries))

    def note(self, size: int) -> bytes:
        return checkpoints.sign(Checkpoint(ORIGIN, size, self.tree.root(size)), KEY)

    def feed(self, follower: LogFollower, upto: int, head: int | None = None) -> LogFollower:
        head = upto if head is None else head
        proof = self.tree.consistency_proof(upto, head)
        return follower.receive(follower.size, self.entries[follower.size : upto], self.note(head), proof)


HONEST = Relay(*(b"entry %d" % number for number in range(100)))
FORKED = Relay(*HONEST.entries[:20], b"another entry 20", *HONEST.entries[21:])
AT_10 = HONEST.feed(NEW, 10)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=12))
def test_an_honest_relay_never_raises_an_alarm(steps: list[tuple[int, int]]) -> None:
    follower, head = NEW, 0
    for more, ahead in steps:
        upto = min(follower.size + more, 100)
        head = min(max(head, upto + ahead), 100)
        follower = HONEST.feed(follower, upto, head)
        assert follower.frontier.root() == HONEST.tree.root(upto)
        assert follower.checkpoint == HONEST.note(head)
    finished = HONEST.feed(follower, 100)
    assert finished.ahead == ()
    assert finished.frontier.root() == HONEST.tree.root()


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=20))
def test_receipts_between_entries_raise_no_alarm(steps: list[tuple[bool, int]]) -> None:
    follower, head = NEW, 0
    for receipt, more in steps:
        if receipt:
            head = min(max(head, follower.size) + more, 100)
            follower = follower.receive_checkpoint(HONEST.note(head))
        else:
            upto = min(follower.size + more, 100)
            head = max(head, upto)
            follower = HONEST.feed(follower, upto, head)
    assert HONEST.feed(follower, 100).size == 100


def test_a_smaller_checkpoint_is_a_rollback_with_both_notes() -> None:
    with pytest.raises(Rollback) as caught:
        AT_10.receive(10, (), HONEST.note(9), ())
    assert caught.value.ours == HONEST.note(10)
    assert caught.value.theirs == HONEST.note(9)


def test_a_truncated_log_is_a_rollback_even_with_a_valid_signature() -> None:
    ahead = HONEST.feed(AT_10, 12, 50)
    with pytest.raises(Rollback) as caught:
        HONEST.feed(ahead, 20, 49)
    assert caught.value.ours == HONEST.note(50)


def test_another_root_of_the_same_size_is_a_fork_with_both_notes() -> None:
    at_30 = HONEST.feed(AT_10, 30)
    with pytest.raises(Fork) as caught:
        at_30.receive(30, (), FORKED.note(30), ())
    assert caught.value.ours == HONEST.note(30)
    assert caught.value.theirs == FORKED.note(30)


def test_a_forked_log_with_valid_signature_and_proof_is_a_fork() -> None:
    at_30 = HONEST.feed(AT_10, 30)
    with pytest.raises(Fork) as caught:
        FORKED.feed(at_30, 40, 60)
    assert (caught.value.ours, caught.value.theirs) == (HONEST.note(30), FORKED.note(60))


def test_a_checkpoint_ahead_is_compared_when_its_entries_come() -> None:
    """The relay shows the head of one history, and later serves another that it signs just as well."""
    ahead = HONEST.feed(AT_10, 15, 25)
    assert ahead.ahead == (HONEST.note(25),)
    with pytest.raises(Fork) as caught:
        FORKED.feed(ahead, 30)
    assert caught.value.ours == HONEST.note(25)
    assert caught.value.theirs == FORKED.note(30)


def test_the_same_is_seen_by_a_follower_restored_from_its_first_four_fields() -> None:
    ahead = replace(HONEST.feed(AT_10, 15, 25), ahead=())
    with pytest.raises(Fork):
        FORKED.feed(ahead, 30)
    assert HONEST.feed(ahead, 30).size == 30
    assert HONEST.feed(ahead, 20, 40).ahead == (HONEST.note(25), HONEST.note(40))


def test_a_receipt_of_another_history_is_a_fork_once_the_entries_come() -> None:
    held = AT_10.receive_checkpoint(FORKED.note(25))
    assert HONEST.feed(held, 20, 26).size == 20
    with pytest.raises(Fork) as caught:
        HONEST.feed(held, 25, 26)
    assert caught.value.ours == FORKED.note(25)


def test_a_receipt_that_contradicts_what_we_have_is_refused_at_once() -> None:
    at_30 = HONEST.feed(AT_10, 30)
    with pytest.raises(Fork):
        at_30.receive_checkpoint(FORKED.note(30))
    with pytest.raises(Rollback):
        at_30.receive_checkpoint(HONEST.note(29))
    assert at_30.receive_checkpoint(HONEST.note(30)) == at_30
    held = at_30.receive_checkpoint(HONEST.note(35))
    assert held.receive_checkpoint(HONEST.note(35)) == held
    with pytest.raises(Fork):
        held.receive_checkpoint(FORKED.note(35))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.booleans()), max_size=12), st.randoms())
def test_on_one_connection_receipts_and_entries_may_overtake_each_other(
    steps: list[tuple[int, int, bool]], dice: Random
) -> None:
    """One honest relay, its pages in order, its receipts in any: no false alarm."""
    head, pages, receipts = 1, [(1, 1)], []
    for more, back, receipt in steps:
        head += more
        pages.append((max(head - back, pages[-1][0]), head))
        receipts += [head] * receipt
    dice.shuffle(receipts)
    follower = NEW
    while pages or receipts:
        if receipts and (not pages or dice.random() < 0.5):
            size = receipts.pop()
            if size >= follower.size:  # the caller compares smaller ones with the history
                follower = follower.receive_checkpoint(HONEST.note(size))
        else:
            follower = HONEST.feed(follower, *pages.pop(0))
    assert HONEST.feed(follower, head).ahead == ()


def test_a_page_behind_a_receipt_is_no_rollback_but_its_other_history_is_a_fork() -> None:
    held = AT_10.receive_checkpoint(HONEST.note(40))
    assert HONEST.feed(held, 20).ahead == (HONEST.note(40),)
    behind = held.receive_checkpoint(HONEST.note(30))
    assert behind.ahead == (HONEST.note(30), HONEST.note(40))
    with pytest.raises(Fork) as caught:
        behind.receive_checkpoint(FORKED.note(30))
    assert (caught.value.ours, caught.value.theirs) == (HONEST.note(30), FORKED.note(30))
    with pytest.raises(Fork):
        FORKED.feed(behind, 35)


def test_a_connection_may_not_show_less_than_the_one_before_it() -> None:
    held = AT_10.receive_checkpoint(HONEST.note(40)).reconnected()
    assert held.floor == HONEST.note(40)
    with pytest.raises(Rollback) as caught:
        HONEST.feed(held, 20)
    assert caught.value.ours == HONEST.note(40)
    with pytest.raises(Rollback) as caught:
        held.receive_checkpoint(HONEST.note(39))
    assert caught.value.ours == HONEST.note(40)
    assert HONEST.feed(held, 20, 40).size == 20
    assert held.reconnected() == held
    with pytest.raises(Fork):
        FORKED.feed(replace(held, ahead=()), 50)


def test_pages_may_not_shrink_even_on_one_connection() -> None:
    caught_up = HONEST.feed(AT_10, 30)
    with pytest.raises(Rollback):
        caught_up.receive(30, (), HONEST.note(29), ())
    with pytest.raises(Rollback):
        replace(caught_up, checkpoint=None).receive(30, (), HONEST.note(29), ())


def test_a_receipt_is_judged_by_our_entries_even_without_a_checkpoint() -> None:
    bare = replace(HONEST.feed(AT_10, 30), checkpoint=None)
    with pytest.raises(Fork) as caught:
        bare.receive_checkpoint(FORKED.note(30))
    assert caught.value.ours is None
    with pytest.raises(Rollback):
        bare.receive_checkpoint(HONEST.note(29))


@pytest.mark.parametrize("start", [0, 9, 11])
def test_entries_that_do_not_follow_ours_are_a_gap(start: int) -> None:
    with pytest.raises(GapInLog) as caught:
        AT_10.receive(start, HONEST.entries[start:20], HONEST.note(20), ())
    assert caught.value.ours == HONEST.note(10)
    assert caught.value.theirs == HONEST.note(20)


def tampered(*entries: bytes) -> None:
    with pytest.raises((Fork, BadCheckpoint)) as caught:
        AT_10.receive(10, entries, HONEST.note(20), ())
    assert caught.value.theirs == HONEST.note(20)


def test_an_altered_entry_is_refused() -> None:
    for position in range(10, 20):
        entries = [*HONEST.entries[10:20]]
        entries[position - 10] += b"!"
        tampered(*entries)


def test_a_dropped_entry_is_refused() -> None:
    for position in range(10, 20):
        tampered(*HONEST.entries[10:position], *HONEST.entries[position + 1 : 20])


def test_swapped_entries_are_refused() -> None:
    for position in range(10, 19):
        entries = [*HONEST.entries[10:20]]
        first = position - 10
        entries[first], entries[first + 1] = entries[first + 1], entries[first]
        tampered(*entries)


def test_an_added_or_repeated_entry_is_refused() -> None:
    tampered(*HONEST.entries[10:20], HONEST.entries[19])
    tampered(*HONEST.entries[10:19], HONEST.entries[18], HONEST.entries[19])


def test_a_proof_that_is_missing_extended_or_of_another_step_is_refused() -> None:
    proof = HONEST.tree.consistency_proof(20, 30)
    AT_10.receive(10, HONEST.entries[10:20], HONEST.note(30), proof)
    other = HONEST.tree.consistency_proof(19, 30)
    for wrong in ((), proof[:-1], (*proof, proof[-1]), proof[::-1], other, (b"short", *proof[1:])):
        with pytest.raises(Fork):
            AT_10.receive(10, HONEST.entries[10:20], HONEST.note(30), wrong)
    with pytest.raises(Fork):
        AT_10.receive(10, HONEST.entries[10:20], HONEST.note(20), proof)
    with pytest.raises(Fork):
        NEW.receive(0, (), HONEST.note(20), proof)


def test_a_checkpoint_that_does_not_cover_the_entries_is_refused() -> None:
    with pytest.raises(BadCheckpoint):
        AT_10.receive(10, HONEST.entries[10:20], HONEST.note(19), ())


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\xff" * 40,
        HONEST.note(20)[:-1],
        HONEST.note(20).replace(b"\n20\n", b"\n21\n"),
        checkpoints.sign(Checkpoint(ORIGIN, 20, HONEST.tree.root(20)), OTHER_KEY),
        checkpoints.sign(Checkpoint(ORIGIN.replace("5a", "5b"), 20, HONEST.tree.root(20)), KEY),
        HONEST.note(20) * 2,
    ],
    ids=["empty", "garbage", "truncated", "edited", "another key", "another origin", "twice"],
)
def test_what_is_no_checkpoint_of_this_log_is_refused(note: bytes) -> None:
    with pytest.raises(BadCheckpoint) as caught:
        AT_10.receive(10, HONEST.entries[10:20], note, ())
    assert caught.value.theirs == note
    assert caught.value.ours == HONEST.note(10)
    with pytest.raises(BadCheckpoint):
        AT_10.receive_checkpoint(note)


def test_every_violation_says_what_it_is_without_repeating_peer_bytes() -> None:
    for kind in (Rollback, Fork, GapInLog, BadCheckpoint):
        violation = kind("why", ours=b"a", theirs=b"b")
        assert isinstance(violation, LogViolation)
        assert str(violation) == "why"


def test_refused_input_changes_nothing() -> None:
    before = (AT_10.frontier, AT_10.checkpoint, AT_10.ahead)
    with pytest.raises(Fork):
        AT_10.receive(10, HONEST.entries[11:20], HONEST.note(30), ())
    assert (AT_10.frontier, AT_10.checkpoint, AT_10.ahead) == before
    assert HONEST.feed(AT_10, 20).size == 20


def test_checkpoints_ahead_are_bounded_and_keep_the_oldest_and_the_newest() -> None:
    follower = NEW
    for size in range(1, 100):
        follower = follower.receive_checkpoint(HONEST.note(size))
    assert len(follower.ahead) == MAX_AHEAD
    assert follower.ahead[0] == HONEST.note(1)
    assert follower.ahead[-1] == HONEST.note(99)
    assert HONEST.feed(follower, 100).ahead == ()
