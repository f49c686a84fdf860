"""The rule of ordering: who may append what, and what the log is afterwards."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.store import (
    CONTEST_STANDS_MS,
    MAX_CANDIDATES,
    Access,
    Appended,
    AppendOutcome,
    CommitTooEarly,
    ContestRefused,
    Duplicate,
    NotAuthorised,
    PendingAppend,
    StoredLog,
    WrongEpoch,
    rules,
)
from tests.server.store.support import append, genesis, key, log_id

LOG = log_id(0)


def new_log() -> StoredLog:
    return rules.new_log(genesis(0), log_id=LOG, access_key=key(0), now_ms=0)


def judge(log: StoredLog, asked: PendingAppend, *, first: Duplicate | None = None) -> rules.Decision:
    access = rules.live_access(log, epoch=asked.epoch, access_key=asked.access_key)
    return rules.decide(log, asked, access=access, first=first)


def run(log: StoredLog, *asked: PendingAppend) -> tuple[StoredLog, list[AppendOutcome]]:
    outcomes = []
    for one in asked:
        decision = judge(log, one)
        log = decision.log
        outcomes.append(decision.outcome)
    return log, outcomes


def test_a_commit_opens_the_next_epoch() -> None:
    log, _ = run(new_log(), append(b"c", log=LOG, commit=key(1)))
    assert (log.epoch, log.candidates, log.previous) == (1, (key(1),), (key(0),))
    assert (log.size, log.boundary, log.settled) == (2, 2, False)


def test_the_loser_of_a_race_is_told_and_not_logged() -> None:
    log, _ = run(new_log(), append(b"c", log=LOG, commit=key(1)))
    assert run(log, append(b"d", log=LOG, commit=key(2))) == (log, [WrongEpoch(1, 2)])
    assert run(log, append(b"message", log=LOG)) == (log, [WrongEpoch(1, 2)])
    assert run(log, append(b"message", log=LOG, contest=True)) == (log, [WrongEpoch(1, 2)])


def contested(*, now_ms: int = 1000) -> StoredLog:
    """Epoch 0 was ended by a commit with key 11 and contested with keys 12 and 13."""
    log, outcomes = run(
        new_log(),
        append(b"c", log=LOG, commit=key(11), now_ms=now_ms),
        append(b"d", log=LOG, commit=key(12), contest=True, now_ms=now_ms),
        append(b"e", log=LOG, commit=key(13), contest=True, now_ms=now_ms),
    )
    assert all(isinstance(outcome, Appended) for outcome in outcomes)
    assert (log.epoch, log.candidates, log.boundary, log.settled) == (
        1,
        (key(11), key(12), key(13)),
        4,
        False,
    )
    return log


@pytest.mark.parametrize(
    ("used", "left", "settled"),
    [(11, (11,), True), (12, (11, 12), False), (13, (11, 12, 13), False), (99, (11, 12, 13), False)],
)
def test_using_a_candidate_drops_those_behind_it_and_the_first_one_ends_the_contests(
    used: int, left: tuple[int, ...], settled: bool
) -> None:
    after = rules.use(contested(), epoch=1, access_key=key(used))
    assert (after.candidates, after.settled) == (tuple(map(key, left)), settled)
    assert len(after.registered_ms) == len(left)
    assert rules.use(after, epoch=1, access_key=key(used)) is after


def test_only_a_key_of_the_current_epoch_is_used() -> None:
    log = contested()
    for epoch in (0, 1, 2):
        assert rules.use(log, epoch=epoch, access_key=key(0)) is log
    assert rules.use(log, epoch=0, access_key=key(11)) is log
    assert rules.use(log, epoch=2, access_key=key(11)) is log


def test_in_a_settled_epoch_a_use_changes_nothing() -> None:
    log = new_log()
    assert rules.use(log, epoch=0, access_key=key(0)) is log


def test_an_append_is_a_use() -> None:
    log, _ = run(contested(), append(b"m", log=LOG, epoch=1, access_key=key(12)))
    assert (log.candidates, log.boundary, log.settled) == ((key(11), key(12)), 4, False)
    assert run(log, append(b"n", log=LOG, epoch=1, access_key=key(13))) == (log, [NotAuthorised()])
    log, _ = run(log, append(b"o", log=LOG, epoch=1, access_key=key(11)))
    assert (log.candidates, log.boundary, log.settled) == ((key(11),), 4, True)
    assert run(log, append(b"f", log=LOG, commit=key(14), contest=True)) == (log, [WrongEpoch(1, 6)])
    assert run(log, append(b"p", log=LOG, epoch=1, access_key=key(12))) == (log, [NotAuthorised()])


def test_who_was_removed_does_not_prevail_over_the_commit_that_removed_it() -> None:
    """It contests, uses its key, speaks, and tries to flee into a further epoch; then a member who stayed comes."""
    log, _ = run(
        new_log(),
        append(b"removes mallory", log=LOG, commit=key(1)),
        append(b"garbage", log=LOG, commit=key(66), contest=True),
    )
    log = rules.use(log, epoch=1, access_key=key(66))
    log, outcomes = run(
        log,
        append(b"mine now", log=LOG, epoch=1, access_key=key(66)),
        append(b"away", log=LOG, epoch=1, access_key=key(66), commit=key(67)),
    )
    assert isinstance(outcomes[0], Appended)
    assert outcomes[1] == CommitTooEarly(CONTEST_STANDS_MS)
    log = rules.use(log, epoch=1, access_key=key(1))
    assert (log.epoch, log.candidates, log.settled) == (1, (key(1),), True)
    assert run(log, append(b"on", log=LOG, epoch=1, access_key=key(66)))[1] == [NotAuthorised()]


def test_a_contest_prevails_over_garbage_while_nobody_uses_the_key_of_the_garbage() -> None:
    log, outcomes = run(
        new_log(),
        append(b"garbage", log=LOG, commit=key(66)),
        append(b"valid", log=LOG, commit=key(1), contest=True),
        append(b"we go on", log=LOG, epoch=1, access_key=key(1)),
        append(b"later", log=LOG, epoch=1, access_key=key(1), commit=key(2), now_ms=1000 + CONTEST_STANDS_MS),
        append(b"and on", log=LOG, epoch=2, access_key=key(2)),
    )
    assert all(isinstance(outcome, Appended) for outcome in outcomes)
    assert (log.epoch, log.candidates, log.previous, log.settled) == (2, (key(2),), (key(66), key(1)), True)


def test_garbage_whose_key_is_used_at_once_stays_in_the_way() -> None:
    """The limit of what a relay can do that cannot tell garbage from a commit; SECURITY.md says so."""
    log, _ = run(new_log(), append(b"garbage", log=LOG, commit=key(66)))
    log = rules.use(log, epoch=1, access_key=key(66))
    valid = append(b"valid", log=LOG, commit=key(1), contest=True)
    assert run(log, valid) == (log, [WrongEpoch(1, 2)])


@pytest.mark.parametrize(("rank", "early_ms"), [(1, 1), (2, CONTEST_STANDS_MS)])
def test_a_contests_key_ends_the_epoch_only_after_it_has_stood(rank: int, early_ms: int) -> None:
    log = contested(now_ms=5)
    stood = 5 + CONTEST_STANDS_MS
    by = log.candidates[rank]
    early = append(b"f", log=LOG, epoch=1, access_key=by, commit=key(2), now_ms=stood - early_ms)
    assert run(log, early) == (log, [CommitTooEarly(early_ms)])
    log, outcomes = run(log, append(b"f", log=LOG, epoch=1, access_key=by, commit=key(2), now_ms=stood))
    assert isinstance(outcomes[0], Appended)
    assert (log.epoch, log.candidates, log.registered_ms, log.settled) == (2, (key(2),), (stood,), False)


def test_the_first_key_ends_the_epoch_at_once_and_the_others_have_no_say() -> None:
    log, _ = run(contested(), append(b"f", log=LOG, epoch=1, access_key=key(11), commit=key(2)))
    assert (log.epoch, log.candidates, log.previous, log.settled) == (2, (key(2),), (key(11),), False)
    late = append(b"g", log=LOG, epoch=1, access_key=key(12), commit=key(3), contest=True)
    assert run(log, late) == (log, [NotAuthorised()])


def test_a_key_that_is_registered_is_not_registered_again() -> None:
    log = contested()
    for known in (11, 12, 13):
        again = append(b"again", log=LOG, commit=key(known), contest=True)
        assert run(log, again) == (log, [ContestRefused()])


def test_an_epoch_two_back_cannot_be_contested() -> None:
    log, _ = run(
        new_log(), append(b"c", log=LOG, commit=key(1)), append(b"d", log=LOG, epoch=1, commit=key(2))
    )
    stale = append(b"e", log=LOG, commit=key(3), contest=True)
    assert judge(log, stale).outcome == NotAuthorised()
    past = Access(epoch=0, readable=2, current=False)
    assert rules.decide(log, stale, access=past, first=None).outcome == WrongEpoch(2, 3)


def test_contests_are_bounded() -> None:
    contests = [append(b"%d" % n, log=LOG, commit=key(100 + n), contest=True) for n in range(MAX_CANDIDATES)]
    log, outcomes = run(new_log(), append(b"c", log=LOG, commit=key(1)), *contests)
    assert len(log.candidates) == MAX_CANDIDATES
    assert outcomes[-1] == ContestRefused()
    assert log.size == MAX_CANDIDATES + 1


def test_a_retry_after_the_epoch_ended_finds_its_receipt() -> None:
    log, _ = run(new_log(), append(b"m", log=LOG), append(b"c", log=LOG, commit=key(1)))
    assert judge(log, append(b"m", log=LOG), first=Duplicate(1, 9)).outcome == Duplicate(1, 9)


def test_a_key_learns_nothing_of_what_it_may_not_read() -> None:
    log, _ = run(new_log(), append(b"c", log=LOG, commit=key(1)), append(b"m", log=LOG, epoch=1))
    assert judge(log, append(b"m", log=LOG), first=Duplicate(2, 9)).outcome == WrongEpoch(1, 3)
    stranger = append(b"m", log=LOG, access_key=key(99))
    assert judge(log, stranger, first=Duplicate(1, 9)).outcome == NotAuthorised()


@given(
    st.lists(
        st.tuples(
            st.integers(0, 4), st.integers(0, 4), st.one_of(st.none(), st.integers(0, 4)), st.booleans()
        )
    )
)
def test_what_holds_for_every_history(steps: list[tuple[int, int, int | None, bool]]) -> None:
    log = new_log()
    for number, (epoch, by, commit, contest) in enumerate(steps):
        asked = append(
            b"%d" % number,
            log=LOG,
            epoch=epoch,
            access_key=key(by),
            commit=None if commit is None else key(commit),
            contest=contest,
            now_ms=100 - number,
        )
        outcome, after = judge(log, asked).outcome, judge(log, asked).log
        if isinstance(outcome, Appended):
            assert outcome.position == log.size == after.size - 1
            assert asked.epoch in (log.epoch, log.epoch - 1)
            assert after.epoch - log.epoch == (asked.epoch == log.epoch and commit is not None)
            assert after.last_time_ms >= log.last_time_ms
            if asked.epoch < log.epoch:
                assert commit is not None
                assert not log.settled
                assert after.boundary == after.size
        else:
            assert after is log
        assert len(set(after.candidates)) == len(after.candidates) == len(after.registered_ms) >= 1
        assert len(after.candidates) == 1 or not after.settled
        if after.epoch == log.epoch:  # never one before another that was used
            assert after.candidates[0] == log.candidates[0]
        assert after.boundary <= after.size
        assert after.settled or after.boundary == after.size
        log = after


@pytest.mark.parametrize(("max_bytes", "expected"), [(0, 1), (1, 1), (2, 1), (5, 2), (6, 3), (100, 3)])
def test_within(max_bytes: int, expected: int) -> None:
    assert len(list(rules.within([b"aa", b"bbb", b"c"], max_bytes))) == expected


def test_an_entry_changes_size_and_time_and_nothing_else() -> None:
    # The state after it is written out field by field; a field that is forgotten there would be lost here.
    log = replace(run(new_log(), append(b"c", log=LOG, commit=key(1)))[0], token_hash=bytes(32))
    decision = judge(log, append(b"m", log=LOG, epoch=1, now_ms=2000))
    used = rules.use(log, epoch=1, access_key=key(1))
    assert decision.log == replace(used, size=log.size + 1, last_time_ms=2000)
