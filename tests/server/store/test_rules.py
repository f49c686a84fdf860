"""The rule of ordering: who may append what, and what the log is afterwards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.store import (
    MAX_CONTESTS,
    Access,
    Appended,
    AppendOutcome,
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


def test_a_contest_adds_a_candidate_and_any_candidate_settles() -> None:
    log, outcomes = run(
        new_log(),
        append(b"c", log=LOG, commit=key(11)),
        append(b"d", log=LOG, commit=key(12), contest=True),
        append(b"e", log=LOG, commit=key(12), contest=True),
    )
    assert all(isinstance(outcome, Appended) for outcome in outcomes)
    assert (log.epoch, log.candidates, log.boundary, log.settled) == (1, (key(11), key(12)), 4, False)
    log, _ = run(log, append(b"m", log=LOG, epoch=1, access_key=key(12)))
    assert (log.candidates, log.boundary, log.settled) == ((key(12),), 4, True)
    assert run(log, append(b"f", log=LOG, commit=key(13), contest=True)) == (log, [WrongEpoch(1, 5)])
    assert run(log, append(b"n", log=LOG, epoch=1, access_key=key(11))) == (log, [NotAuthorised()])


def test_a_commit_by_a_candidate_settles_and_only_that_key_may_contest_it() -> None:
    log, _ = run(
        new_log(),
        append(b"c", log=LOG, commit=key(11)),
        append(b"d", log=LOG, commit=key(12), contest=True),
        append(b"e", log=LOG, epoch=1, access_key=key(11), commit=key(2)),
    )
    assert (log.epoch, log.candidates, log.previous, log.settled) == (2, (key(2),), (key(11),), False)
    late = append(b"f", log=LOG, epoch=1, access_key=key(12), commit=key(3), contest=True)
    assert run(log, late) == (log, [NotAuthorised()])


def test_an_epoch_two_back_cannot_be_contested() -> None:
    log, _ = run(
        new_log(), append(b"c", log=LOG, commit=key(1)), append(b"d", log=LOG, epoch=1, commit=key(2))
    )
    stale = append(b"e", log=LOG, commit=key(3), contest=True)
    assert judge(log, stale).outcome == NotAuthorised()
    past = Access(epoch=0, readable=2, current=False)
    assert rules.decide(log, stale, access=past, first=None).outcome == WrongEpoch(2, 3)


def test_contests_are_bounded() -> None:
    contests = [append(b"%d" % n, log=LOG, commit=key(100 + n), contest=True) for n in range(MAX_CONTESTS)]
    log, outcomes = run(new_log(), append(b"c", log=LOG, commit=key(1)), *contests)
    assert len(log.candidates) == MAX_CONTESTS
    assert outcomes[-1] == ContestRefused()
    assert log.size == MAX_CONTESTS + 1


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
        assert len(set(after.candidates)) == len(after.candidates) >= 1
        assert after.boundary <= after.size
        assert after.settled or after.boundary == after.size
        log = after


@pytest.mark.parametrize(("max_bytes", "expected"), [(0, 1), (1, 1), (2, 1), (5, 2), (6, 3), (100, 3)])
def test_within(max_bytes: int, expected: int) -> None:
    assert len(list(rules.within([b"aa", b"bbb", b"c"], max_bytes))) == expected
