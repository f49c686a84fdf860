"""What a COMMIT-EVENT does beyond the table: agreement, notice, versions, times, new parties."""

from typing import Any

import pytest

from protocols.errors import RuleViolation
from protocols.messages.commitments import EventName
from protocols.negotiation.commitment import Commitment, CommitmentState, settle
from protocols.negotiation.commitment_events import SKEW_MS, answer_change, apply_event, must_affirm

from .owed import (
    ANTECEDENT_H,
    CREDITOR,
    DEBTOR,
    DELEGATE,
    END_H,
    MESSAGE,
    NEW,
    NOTICE_H,
    OTHER,
    STRANGER,
    VERIFIER,
    at,
    commitment,
    event,
    when,
)

S = CommitmentState


def say(before: Commitment, actor: str, name: EventName, hour: float = 1, **more: Any) -> Commitment:
    return apply_event(before, actor, MESSAGE, event(name, hour, **more), at(hour))


def refused(rule: str, before: Commitment, actor: str, name: EventName, hour: float = 1, **more: Any) -> None:
    with pytest.raises(RuleViolation) as caught:
        say(before, actor, name, hour, **more)
    assert caught.value.rule == rule


def agreed(before: Commitment, actor: str, name: EventName, hour: float = 1, **more: Any) -> Commitment:
    """What others must AFFIRM, affirmed by all of them."""
    after = say(before, actor, name, hour, **more)
    (asked,) = after.pending
    for party in sorted(asked.needed):
        after = answer_change(after, MESSAGE, party, True, at(hour))
    assert after.pending == ()
    return after


# --- everybody's word -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "name", "end"), [(S.CLAIMED, "CONFIRM", S.DISCHARGED), (S.DISPUTED, "RELEASE", S.RELEASED)]
)
def test_it_takes_every_creditor(state: S, name: EventName, end: S) -> None:
    one = say(commitment(state), CREDITOR, name)
    again = say(one, CREDITOR, name)
    assert (one.state, again) == (state, one)
    assert say(one, OTHER, name).state is end


def test_a_new_claim_needs_every_confirmation_anew() -> None:
    confirmed = say(say(commitment(), DEBTOR, "CLAIM"), CREDITOR, "CONFIRM")
    assert confirmed.claim == MESSAGE
    assert confirmed.confirmed == {CREDITOR}
    assert say(commitment(confirmed=frozenset({CREDITOR})), DEBTOR, "CLAIM").confirmed == frozenset()


@pytest.mark.parametrize(
    ("state", "name", "actor", "needed"),
    [
        (S.ACTIVE, "DELAY", DEBTOR, {CREDITOR, OTHER}),
        (S.ACTIVE, "SUSPEND", CREDITOR, {DEBTOR, OTHER}),
        (S.SUSPENDED, "RESUME", DEBTOR, {CREDITOR, OTHER}),
        (S.CLAIMED, "ASSIGN", OTHER, {NEW}),
        (S.DISPUTED, "DELEGATE", DEBTOR, {NEW}),
    ],
)
def test_a_change_waits_for_everybody_it_needs(
    state: S, name: EventName, actor: str, needed: set[str]
) -> None:
    before = commitment(state)
    asked = say(before, actor, name)
    assert [change.needed for change in asked.pending] == [needed]
    assert must_affirm(before, actor, event(name)) == needed
    assert (asked.history, asked.version) == (before.history, before.version)
    first = sorted(needed)[0]
    assert answer_change(asked, MESSAGE, first, False, at(1)) == before
    assert answer_change(asked, MESSAGE, STRANGER, True, at(1)) == asked
    assert answer_change(asked, MESSAGE, actor, True, at(1)) == asked
    assert answer_change(asked, "6" * 32, first, True, at(1)) == asked
    some = answer_change(asked, MESSAGE, first, True, at(1))
    assert len(some.pending) == len(needed) - 1
    assert answer_change(some, MESSAGE, first, False, at(1)) == some


def test_delay_moves_the_end() -> None:
    after = agreed(commitment(), DEBTOR, "DELAY")
    assert (after.end_ms, after.state, after.version) == (at(2 * END_H), S.ACTIVE, 2)
    assert settle(after, at(2 * END_H)).history[-1] == (at(2 * END_H), S.OVERDUE)


def test_suspended_it_stands_still_and_goes_on_when_resumed() -> None:
    suspended = agreed(commitment(), CREDITOR, "SUSPEND")
    assert (suspended.state, suspended.version) == (S.SUSPENDED, 1)
    assert settle(suspended, at(END_H + 5)) == suspended
    resumed = agreed(suspended, DEBTOR, "RESUME", 3)
    assert (resumed.state, resumed.clock_event_ms) == (S.ACTIVE, at(END_H))
    late = agreed(suspended, DEBTOR, "RESUME", END_H + 5)
    assert late.history[-2:] == ((at(END_H + 5), S.ACTIVE), (at(END_H + 5), S.OVERDUE))


def test_assign_puts_the_new_creditor_in_the_old_ones_place() -> None:
    before = commitment(
        S.CLAIMED, confirmed=frozenset({CREDITOR, OTHER}), released=frozenset({CREDITOR, OTHER})
    )
    after = agreed(before, CREDITOR, "ASSIGN")
    assert (after.creditors, after.debtor, after.state) == ((OTHER, NEW), DEBTOR, S.CLAIMED)
    assert after.confirmed == after.released == {OTHER}
    assert after.version == 1
    refused("COMMIT-EVENT-2", after, CREDITOR, "CONFIRM")
    assert say(after, NEW, "CONFIRM").state is S.DISCHARGED


def test_delegate_may_claim_and_the_debtor_stays_liable() -> None:
    after = agreed(commitment(delegate=None), DEBTOR, "DELEGATE")
    assert (after.delegate, after.debtor, after.version) == (NEW, DEBTOR, 1)
    assert after.concerned == {DEBTOR, CREDITOR, OTHER, NEW}
    for claimant in (NEW, DEBTOR):
        assert say(after, claimant, "CLAIM").state is S.CLAIMED
    refused("COMMIT-EVENT-2", after, NEW, "WITHDRAW")


def ask(before: Commitment, actor: str, message: str, name: EventName, **more: Any) -> Commitment:
    return apply_event(before, actor, message * 32, event(name, **more), at(1))


def waiting(commitment: Commitment) -> list[str]:
    return [change.message[0] for change in commitment.pending]


def test_nobodys_silence_keeps_others_from_asking() -> None:
    asked = ask(commitment(), DEBTOR, "1", "DELEGATE")
    asked = ask(asked, CREDITOR, "2", "ASSIGN", new_party="8" * 32)
    assert waiting(asked) == ["1", "2"]
    # Who asks again takes back what they asked before.
    asked = ask(asked, DEBTOR, "3", "SUSPEND")
    assert waiting(asked) == ["2", "3"]
    assert answer_change(asked, "1" * 32, NEW, True, at(1)) == asked
    assert say(asked, CREDITOR, "RELEASE").pending == asked.pending


def test_a_delay_overtakes_what_was_asked_about_the_old_terms() -> None:
    asked = ask(ask(commitment(), CREDITOR, "1", "ASSIGN"), DEBTOR, "2", "DELAY")
    for creditor in (CREDITOR, OTHER):
        asked = answer_change(asked, "2" * 32, creditor, True, at(1))
    assert (asked.version, asked.pending) == (2, ())


def test_whoever_changed_places_is_asked_no_more() -> None:
    eight = "8" * 32
    asked = ask(commitment(), CREDITOR, "1", "ASSIGN")
    for one in (
        ask(asked, OTHER, "2", "ASSIGN"),  # to the same party
        ask(asked, DEBTOR, "2", "DELEGATE"),  # to the same party
        ask(asked, DEBTOR, "2", "DELAY"),  # waits for who is no longer a creditor
    ):
        assert waiting(answer_change(one, "1" * 32, NEW, True, at(1))) == []
    for one in (
        ask(asked, OTHER, "2", "ASSIGN", new_party=eight),
        ask(asked, DEBTOR, "2", "DELEGATE", new_party=eight),
        answer_change(ask(asked, DEBTOR, "2", "DELAY"), "2" * 32, CREDITOR, True, at(1)),
    ):
        assert waiting(answer_change(one, "1" * 32, NEW, True, at(1))) == ["2"]


@pytest.mark.parametrize("name", ["DELAY", "SUSPEND"])
def test_what_time_overtook_waits_no_longer(name: EventName) -> None:
    asked = say(commitment(), DEBTOR, name)
    late = settle(asked, at(END_H))
    assert (late.state, late.pending) == (S.OVERDUE, ())
    assert answer_change(asked, MESSAGE, CREDITOR, True, at(END_H)) == late


def test_what_is_possible_in_every_open_state_goes_on_waiting() -> None:
    asked = say(commitment(), DEBTOR, "DELEGATE")
    assert settle(asked, at(END_H)).pending == asked.pending
    released = say(say(asked, CREDITOR, "RELEASE"), OTHER, "RELEASE")
    assert (released.state, released.pending) == (S.RELEASED, ())


def test_the_days_to_dispute_end_what_waits() -> None:
    asked = say(commitment(S.VIOLATED), DEBTOR, "DELEGATE")
    assert settle(asked, at(7 * 24)).pending == ()


# --- as the clause allows -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suspension", "alone"),
    [
        ("DEBTOR", {DEBTOR}),
        ("CREDITOR", {CREDITOR, OTHER}),
        ("EITHER", {DEBTOR, CREDITOR, OTHER}),
        (None, set()),
    ],
)
def test_the_clause_says_who_suspends_and_resumes_alone(suspension: Any, alone: set[str]) -> None:
    for actor in (DEBTOR, CREDITOR, OTHER):
        suspended = say(commitment(suspension=suspension), actor, "SUSPEND")
        resumed = say(commitment(S.SUSPENDED, suspension=suspension), actor, "RESUME")
        assert (suspended.state is S.SUSPENDED) is (resumed.state is S.ACTIVE) is (actor in alone)
        assert (suspended.pending == ()) is (resumed.pending == ()) is (actor in alone)
    refused("COMMIT-EVENT-2", commitment(suspension=suspension), DELEGATE, "SUSPEND")


def test_suspending_alone_waits_for_no_other_change() -> None:
    asked = say(commitment(suspension="EITHER"), DEBTOR, "DELAY")
    suspended = say(asked, CREDITOR, "SUSPEND")
    assert (suspended.state, suspended.pending) == (S.SUSPENDED, ())


# --- notice ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [S.CONDITIONAL, S.ACTIVE, S.OVERDUE])
def test_until_the_notice_is_over_the_duty_stands(state: S) -> None:
    asked = say(commitment(state), DEBTOR, "WITHDRAW")
    assert (asked.state, asked.withdraw_at_ms) == (state, at(1 + NOTICE_H))
    assert settle(asked, at(1 + NOTICE_H) - 1).state is state
    assert settle(asked, at(1 + NOTICE_H)).state is S.WITHDRAWN
    refused("COMMIT-EVENT-13", asked, DEBTOR, "WITHDRAW", 2)


def test_without_notice_it_is_withdrawn_at_once() -> None:
    assert say(commitment(notice_ms=0), DEBTOR, "WITHDRAW").history[-1] == (at(1), S.WITHDRAWN)


def test_nobody_leaves_a_claim_or_a_dispute_by_notice() -> None:
    claimed = say(say(commitment(), DEBTOR, "WITHDRAW"), DEBTOR, "CLAIM", 2)
    disputed = say(say(commitment(S.OVERDUE), DEBTOR, "WITHDRAW"), CREDITOR, "DISPUTE", 2)
    for after in (claimed, disputed):
        assert after.withdraw_at_ms is None
        assert settle(after, 2**60) == after


def test_notice_runs_on_while_it_is_suspended_and_ends_it_when_resumed() -> None:
    asked = say(commitment(suspension="EITHER"), DEBTOR, "WITHDRAW")
    suspended = say(asked, CREDITOR, "SUSPEND", 2)
    assert settle(suspended, at(2 * NOTICE_H)) == suspended
    resumed = say(suspended, CREDITOR, "RESUME", 2 * NOTICE_H)
    assert [state for _, state in resumed.history[-2:]] == [S.ACTIVE, S.WITHDRAWN]


# --- refused, by rule -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "actor", "name", "rule"),
    [
        (commitment(), CREDITOR, "WITHDRAW", "COMMIT-EVENT-2"),
        (commitment(), DEBTOR, "RELEASE", "COMMIT-EVENT-2"),
        (commitment(S.CLAIMED), DEBTOR, "CONFIRM", "COMMIT-EVENT-2"),
        (commitment(S.CLAIMED), DELEGATE, "CONFIRM", "COMMIT-EVENT-2"),
        (commitment(S.CLAIMED), VERIFIER, "CONFIRM", "COMMIT-EVENT-2"),
        (commitment(S.RELEASED), DEBTOR, "CLAIM", "COMMIT-EVENT-7"),
        (commitment(S.ACTIVE), DEBTOR, "DISPUTE", "COMMIT-EVENT-2"),
        (commitment(S.VIOLATED), CREDITOR, "DISPUTE", "COMMIT-EVENT-2"),
    ],
)
def test_what_section_4_calls_illegal(before: Commitment, actor: str, name: EventName, rule: str) -> None:
    refused(rule, before, actor, name)


def test_a_violation_is_disputed_within_seven_days() -> None:
    found = commitment(S.VIOLATED)
    assert say(found, DEBTOR, "DISPUTE", 7 * 24 - 1).state is S.DISPUTED
    refused("COMMIT-EVENT-7", found, DEBTOR, "DISPUTE", 7 * 24)


@pytest.mark.parametrize("version", [1, 3])
def test_nobody_acts_on_another_version_than_the_current_one(version: int) -> None:
    refused("COMMIT-EVENT-12", commitment(version=2), DEBTOR, "CLAIM", version=version)
    assert say(commitment(version=2), DEBTOR, "CLAIM", version=2).state is S.CLAIMED


def test_at_lies_between_creation_and_now() -> None:
    before = commitment(created_ms=at(1) + 900, history=((at(1) + 900, S.ACTIVE),))
    assert say(before, DEBTOR, "CLAIM", 1).state is S.CLAIMED
    refused("COMMIT-EVENT-3", before, DEBTOR, "CLAIM", 2, at=when(1 - 1 / 3600))
    ahead = at(2) + SKEW_MS
    for moment, late in ((ahead, False), (ahead + 1000, True)):
        said = event("CLAIM", 2, at=when((moment - at(0)) / 3_600_000))
        if late:
            with pytest.raises(RuleViolation, match="COMMIT-EVENT-3"):
                apply_event(before, DEBTOR, MESSAGE, said, at(2))
        else:
            assert apply_event(before, DEBTOR, MESSAGE, said, at(2)).state is S.CLAIMED


@pytest.mark.parametrize("bound", [CREDITOR, DELEGATE, VERIFIER, DEBTOR])
@pytest.mark.parametrize(("actor", "name"), [(OTHER, "ASSIGN"), (DEBTOR, "DELEGATE")])
def test_whoever_is_bound_here_already_takes_no_other_place(actor: str, name: EventName, bound: str) -> None:
    refused("COMMIT-EVENT-9", commitment(), actor, name, new_party=bound)


@pytest.mark.parametrize("hour", [END_H - 1, END_H])
def test_a_delay_is_a_later_time(hour: int) -> None:
    refused("COMMIT-EVENT-10", commitment(), DEBTOR, "DELAY", new_time=when(hour))


def test_what_begins_at_a_time_is_detached_by_the_clock_alone() -> None:
    timed = commitment(S.CONDITIONAL, detach_at_ms=at(20))
    for actor in (CREDITOR, VERIFIER):
        refused("COMMIT-EVENT-14", timed, actor, "DETACH")


def test_an_event_meets_the_commitment_as_time_has_left_it() -> None:
    refused("COMMIT-EVENT-1", commitment(), DEBTOR, "DELAY", END_H, new_time=when(2 * END_H))
    refused("COMMIT-EVENT-7", commitment(maintenance=True), DEBTOR, "CLAIM", END_H)
    refused("COMMIT-EVENT-7", commitment(S.CONDITIONAL), CREDITOR, "DETACH", ANTECEDENT_H)
    detached = say(commitment(S.CONDITIONAL), CREDITOR, "DETACH")
    assert detached.history[-1] == (at(1), S.ACTIVE)
    assert detached.clock_event_ms == at(END_H)
