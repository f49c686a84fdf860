"""What time does to a commitment: the clock's rows of MESSAGES.md section 4, and what it never does."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.negotiation.commitment import DISPUTE_MS, CommitmentState, commitment_id, settle
from protocols.negotiation.commitment_events import apply_event

from .owed import ANTECEDENT_H, CREDITOR, DEBTOR, END_H, MESSAGE, NOTICE_H, at, commitment, event

S = CommitmentState
TIMED: dict[str, Any] = {"detach_at_ms": at(20), "conditional_until_ms": None}
CLOCK_ROWS = {
    "CONDITIONAL-detach-time": (commitment(S.CONDITIONAL, **TIMED), 20, S.ACTIVE),
    "CONDITIONAL-antecedent-passes": (commitment(S.CONDITIONAL), ANTECEDENT_H, S.EXPIRED),
    "ACTIVE-achievement": (commitment(S.ACTIVE), END_H, S.OVERDUE),
    "ACTIVE-maintenance": (commitment(S.ACTIVE, maintenance=True), END_H, S.ENDED),
    "CONDITIONAL-notice-over": (commitment(S.CONDITIONAL, withdraw_at_ms=at(9)), 9, S.WITHDRAWN),
    "ACTIVE-notice-over": (commitment(S.ACTIVE, withdraw_at_ms=at(9)), 9, S.WITHDRAWN),
    "OVERDUE-notice-over": (commitment(S.OVERDUE, withdraw_at_ms=at(9)), 9, S.WITHDRAWN),
}


@pytest.mark.parametrize("row", CLOCK_ROWS)
def test_every_row_of_the_clock(row: str) -> None:
    before, hour, state = CLOCK_ROWS[row]
    assert before.clock_event_ms == at(hour)
    assert settle(before, at(hour) - 1) == before
    after = settle(before, at(hour) + 5)
    assert (after.state, after.since_ms) == (state, at(hour))
    assert after.history == (*before.history, (at(hour), state))


@pytest.mark.parametrize("state", sorted(set(S) - {S.CONDITIONAL, S.ACTIVE, S.VIOLATED}))
def test_in_any_other_state_time_changes_nothing(state: S) -> None:
    before = commitment(state)
    assert before.clock_event_ms is None
    assert settle(before, 2**60) == before


def test_a_violation_that_nobody_disputes_for_seven_days_stays() -> None:
    before = commitment(S.VIOLATED)
    assert before.clock_event_ms == at(0) + DISPUTE_MS == at(7 * 24)
    assert not settle(before, at(7 * 24) - 1).terminal
    after = settle(before, at(7 * 24))
    assert (after.state, after.terminal, after.clock_event_ms) == (S.VIOLATED, True, None)
    assert after.history == before.history


def test_what_falls_on_the_same_moment_as_the_end_of_a_notice_comes_first() -> None:
    for maintenance, states in ((False, [S.ACTIVE, S.OVERDUE, S.WITHDRAWN]), (True, [S.ACTIVE, S.ENDED])):
        both = commitment(maintenance=maintenance, withdraw_at_ms=at(END_H))
        assert [state for _, state in settle(both, at(END_H)).history] == states
    expired = settle(commitment(S.CONDITIONAL, withdraw_at_ms=at(ANTECEDENT_H)), at(ANTECEDENT_H))
    assert expired.state is S.EXPIRED


def test_a_timed_condition_may_pass_together_with_the_deadline() -> None:
    late = settle(commitment(S.CONDITIONAL, **TIMED), at(END_H + 1))
    assert late.history == ((at(0), S.CONDITIONAL), (at(20), S.ACTIVE), (at(END_H), S.OVERDUE))


def test_withdrawn_after_overdue_still_shows_overdue() -> None:
    asked = apply_event(commitment(), DEBTOR, MESSAGE, event("WITHDRAW", END_H - 1), at(END_H - 1))
    after = settle(asked, at(END_H - 1 + NOTICE_H))
    assert [state for _, state in after.history] == [S.ACTIVE, S.OVERDUE, S.WITHDRAWN]
    assert after.since_ms == at(END_H - 1 + NOTICE_H)


def test_a_release_already_logged_beats_a_later_claim() -> None:
    released = apply_event(commitment(creditors=(CREDITOR,)), CREDITOR, MESSAGE, event("RELEASE"), at(1))
    assert released.state is S.RELEASED
    assert settle(released, 2**60) == released


def test_ids_say_what_created_it() -> None:
    assert commitment_id("1" * 32, 1, 2) == commitment_id("1" * 32, 1, 2)
    ids = {commitment_id("1" * 32, 1, 2), commitment_id("1" * 32, 12), commitment_id("1" * 32, "1", "2")}
    assert len(ids) == 3
    assert all(len(made) == 32 for made in ids)


HOURS = st.integers(0, 400)


@given(
    st.sampled_from(S),
    st.booleans(),
    st.none() | HOURS,
    st.sampled_from([{}, TIMED]),
    st.lists(HOURS, min_size=1, max_size=6),
)
def test_the_clock_accuses_nobody_and_looks_at_the_time_only(
    state: S, maintenance: bool, notice: int | None, condition: dict[str, Any], hours: list[int]
) -> None:
    """However often it is settled on the way, it stands the same; and no time makes it VIOLATED."""
    withdraw = None if notice is None else at(notice)
    before = commitment(state, maintenance=maintenance, withdraw_at_ms=withdraw, **condition)
    after = before
    for hour in sorted(hours):
        after = settle(after, at(hour))
    assert after == settle(before, at(max(hours))) == settle(after, at(max(hours)))
    assert after.state in {state, S.ACTIVE, S.OVERDUE, S.ENDED, S.EXPIRED, S.WITHDRAWN}
    assert [moment for moment, _ in after.history] == sorted(moment for moment, _ in after.history)
    assert after.history[: len(before.history)] == before.history
    due = after.clock_event_ms
    assert due is None or due > at(max(hours))
