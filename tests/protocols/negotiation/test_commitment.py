"""The whole table of MESSAGES.md section 4: every state with every event by every actor, and what time does."""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import RuleViolation
from protocols.messages.commitments import CommitEvent, EventName
from protocols.messages.values import format_time, time_ms
from protocols.negotiation.commitment import (
    OPEN,
    TERMINAL,
    Commitment,
    CommitmentState,
    answer_change,
    apply_event,
    settle,
)

from .talks import AMAL, BORIS, LEILA, MIRA, START, VERA, Talks, clause

S = CommitmentState
NOW = time_ms(START)
DEBTOR, CREDITOR, OTHER, DELEGATE, VERIFIER, STRANGER = AMAL, BORIS, MIRA, LEILA, VERA, "0" * 32
NEW = "9" * 32
MESSAGE = "7" * 32


def commitment(state: S = S.ACTIVE, **more: Any) -> Commitment:
    values: dict[str, Any] = {
        "id": "4" * 32,
        "source": "1" * 32,
        "debtor": DEBTOR,
        "creditors": (CREDITOR, OTHER),
        "text": "MUST open the bridge",
        "start_ms": NOW,
        "end_ms": NOW + 1_000_000,
        "maintenance": False,
        "created_ms": NOW - 10_000,
        "verifier": VERIFIER,
        "delegate": DELEGATE,
        "state": state,
    }
    if state is S.CONDITIONAL:
        values["conditional_until_ms"] = NOW + 500_000
    return Commitment(**{**values, **more})


def event(name: EventName, at: int = NOW) -> CommitEvent:
    return CommitEvent(
        commitment="4" * 32,
        event=name,
        at=format_time(at),
        evidence=("5" * 64,) if name == "CLAIM" else (),
        reason="because" if name in ("WITHDRAW", "DISPUTE", "DELAY") else None,
        new_party=NEW if name in ("ASSIGN", "DELEGATE") else None,
        new_time=format_time(NOW + 2_000_000) if name == "DELAY" else None,
    )


# (state, event, actor) -> state after it; everything else is illegal. None: waits for AFFIRM.
LEGAL: dict[tuple[S, EventName, str], S | None] = {
    (S.CONDITIONAL, "DETACH", CREDITOR): S.ACTIVE,
    (S.CONDITIONAL, "DETACH", OTHER): S.ACTIVE,
    (S.CONDITIONAL, "DETACH", VERIFIER): S.ACTIVE,
    (S.ACTIVE, "CLAIM", DEBTOR): S.CLAIMED,
    (S.ACTIVE, "CLAIM", DELEGATE): S.CLAIMED,
    (S.OVERDUE, "CLAIM", DEBTOR): S.CLAIMED,
    (S.OVERDUE, "CLAIM", DELEGATE): S.CLAIMED,
    (S.CLAIMED, "CONFIRM", CREDITOR): S.CLAIMED,
    (S.CLAIMED, "CONFIRM", OTHER): S.CLAIMED,
    (S.CLAIMED, "DISPUTE", CREDITOR): S.DISPUTED,
    (S.CLAIMED, "DISPUTE", OTHER): S.DISPUTED,
    (S.OVERDUE, "DISPUTE", CREDITOR): S.DISPUTED,
    (S.OVERDUE, "DISPUTE", OTHER): S.DISPUTED,
    (S.CONDITIONAL, "WITHDRAW", DEBTOR): S.WITHDRAWN,
    (S.ACTIVE, "WITHDRAW", DEBTOR): S.WITHDRAWN,
    (S.OVERDUE, "WITHDRAW", DEBTOR): S.WITHDRAWN,
    (S.ACTIVE, "DELAY", DEBTOR): None,
    **{(S.ACTIVE, "SUSPEND", actor): None for actor in (DEBTOR, CREDITOR, OTHER)},
    **{(S.SUSPENDED, "RESUME", actor): None for actor in (DEBTOR, CREDITOR, OTHER)},
    **{(state, "RELEASE", actor): state for state in OPEN for actor in (CREDITOR, OTHER)},
    **{(state, "ASSIGN", actor): None for state in OPEN for actor in (CREDITOR, OTHER)},
    **{(state, "DELEGATE", DEBTOR): None for state in OPEN},
}
ACTORS = (DEBTOR, CREDITOR, OTHER, DELEGATE, VERIFIER, STRANGER)


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("name", get_args(EventName))
def test_every_transition_is_the_tables_or_refused(state: S, name: EventName) -> None:
    for actor in ACTORS:
        before = commitment(state)
        if (state, name, actor) not in LEGAL:
            with pytest.raises(RuleViolation) as caught:
                apply_event(before, actor, MESSAGE, event(name), NOW)
            expected = {"COMMIT-EVENT-7"} if state in TERMINAL else {"COMMIT-EVENT-1", "COMMIT-EVENT-2"}
            assert caught.value.rule in expected
            continue
        after = apply_event(before, actor, MESSAGE, event(name), NOW)
        expected_state = LEGAL[state, name, actor]
        assert after.state is (expected_state or state)
        assert (after.pending is not None) is (expected_state is None)


@pytest.mark.parametrize("name", ["CONFIRM", "RELEASE"])
def test_it_takes_every_creditor(name: EventName) -> None:
    state = S.CLAIMED
    one = apply_event(commitment(state), CREDITOR, MESSAGE, event(name), NOW)
    same = apply_event(one, CREDITOR, MESSAGE, event(name), NOW)
    assert same.state is state
    assert apply_event(same, OTHER, MESSAGE, event(name), NOW).state is (
        S.DISCHARGED if name == "CONFIRM" else S.RELEASED
    )


@pytest.mark.parametrize(
    ("start", "name", "actor", "needed"),
    [
        (S.ACTIVE, "DELAY", DEBTOR, {CREDITOR, OTHER}),
        (S.ACTIVE, "SUSPEND", CREDITOR, {DEBTOR, OTHER}),
        (S.SUSPENDED, "RESUME", DEBTOR, {CREDITOR, OTHER}),
        (S.CLAIMED, "ASSIGN", OTHER, {NEW}),
        (S.DISPUTED, "DELEGATE", DEBTOR, {NEW}),
    ],
)
def test_a_change_waits_for_everybody_it_needs(
    start: S, name: EventName, actor: str, needed: set[str]
) -> None:
    asked = apply_event(commitment(start), actor, MESSAGE, event(name), NOW)
    assert asked.pending is not None
    assert asked.pending.needed == needed
    refused = answer_change(asked, MESSAGE, sorted(needed)[0], False, NOW)
    assert refused == commitment(start)
    assert answer_change(asked, MESSAGE, STRANGER, True, NOW) == asked
    assert answer_change(asked, "6" * 32, sorted(needed)[0], True, NOW) == asked
    after = asked
    for party in sorted(needed):
        assert after.pending is not None
        after = answer_change(after, MESSAGE, party, True, NOW)
    assert after.pending is None
    match name:
        case "DELAY":
            assert after.end_ms == NOW + 2_000_000
        case "SUSPEND":
            assert after.state is S.SUSPENDED
        case "RESUME":
            assert after.state is S.ACTIVE
        case "ASSIGN":
            assert after.creditors == (CREDITOR, NEW)
        case _:
            assert (after.delegate, after.debtor) == (NEW, DEBTOR)


def test_a_change_overtaken_by_time_changes_nothing() -> None:
    asked = apply_event(commitment(creditors=(CREDITOR,)), DEBTOR, MESSAGE, event("DELAY"), NOW)
    late = answer_change(asked, MESSAGE, CREDITOR, True, NOW + 1_000_000)
    assert (late.state, late.end_ms) == (S.OVERDUE, NOW + 1_000_000)


@pytest.mark.parametrize("at", [NOW - 11_000, NOW + 121_000])
def test_at_lies_between_creation_and_now(at: int) -> None:
    with pytest.raises(RuleViolation, match="COMMIT-EVENT-3"):
        apply_event(commitment(), DEBTOR, MESSAGE, event("CLAIM", at), NOW)


@pytest.mark.parametrize(
    ("state", "maintenance", "after"),
    [(S.ACTIVE, False, S.OVERDUE), (S.ACTIVE, True, S.ENDED), (S.CONDITIONAL, False, S.EXPIRED)],
)
def test_what_time_does(state: S, maintenance: bool, after: S) -> None:
    before = commitment(state, maintenance=maintenance)
    due = before.clock_event_ms
    assert due is not None
    assert settle(before, due - 1) == before
    late = settle(before, due + 5)
    assert (late.state, late.history[-1]) == (after, (due, after))
    assert settle(late, 2**60) == late


@settings(deadline=None)
@given(st.sampled_from(S), st.booleans(), st.integers(0, 2**60))
def test_the_clock_accuses_nobody(state: S, maintenance: bool, now: int) -> None:
    after = settle(commitment(state, maintenance=maintenance), now)
    assert after.state in {state, S.OVERDUE, S.ENDED, S.EXPIRED}
    assert "VIOLATED" not in CommitmentState.__members__


def test_history_keeps_what_was() -> None:
    overdue = settle(commitment(), NOW + 1_000_000)
    withdrawn = apply_event(overdue, DEBTOR, MESSAGE, event("WITHDRAW"), NOW + 1_000_001)
    assert [state for _, state in withdrawn.history] == [S.OVERDUE, S.WITHDRAWN]


def test_from_adoption_to_discharge() -> None:
    talks = Talks()
    duty, ban = talks.adopted(clause(), clause(BORIS, "MUST NOT", "shell"), clause(BORIS, "MAY", "inspect"))
    assert (duty.debtor, duty.creditors, duty.maintenance) == (AMAL, (BORIS,), False)
    assert (ban.debtor, ban.creditors, ban.maintenance) == (BORIS, (AMAL,), True)
    claim = talks.event(AMAL, BORIS, duty.id, "CLAIM", evidence=["5" * 64])
    assert talks.message(claim).answers[BORIS].state == "OPEN"
    talks.event(BORIS, AMAL, duty.id, "CONFIRM")
    assert talks.commitment(duty.id).state is S.DISCHARGED
    assert talks.message(claim).answers[BORIS].answer == "CONFIRM"
    talks.at("2026-11-24T06:00:00Z")
    talks.tick()
    assert talks.commitment(ban.id).state is S.ENDED
    assert talks.commitment(duty.id).state is S.DISCHARGED


def test_a_deadline_passes_by_relay_time_and_a_delay_moves_it() -> None:
    talks = Talks()
    duty, _ = talks.adopted()
    asked = talks.event(AMAL, BORIS, duty.id, "DELAY", reason="flood", new_time="2026-11-26T06:00:00Z")
    talks.answer("AFFIRM", BORIS, AMAL, asked)
    talks.at("2026-11-24T06:00:00Z")
    talks.tick()
    assert talks.commitment(duty.id).state is S.ACTIVE
    talks.at("2026-11-26T05:59:59Z")
    talks.tick()
    assert talks.commitment(duty.id).state is S.ACTIVE
    talks.at("2026-11-26T06:00:00Z")
    talks.tick()
    assert talks.commitment(duty.id).state is S.OVERDUE


def test_a_disputed_claim_closes_for_every_creditor() -> None:
    talks = Talks()
    duty, _ = talks.adopted()
    claim = talks.event(AMAL, BORIS, duty.id, "CLAIM", evidence=["5" * 64])
    talks.event(BORIS, AMAL, duty.id, "DISPUTE", reason="the bridge is closed")
    assert talks.commitment(duty.id).state is S.DISPUTED
    assert not talks.message(claim).is_open


@pytest.mark.parametrize(("asked", "after"), [("HOLD_FIRE", S.ENDED), ("CONTACT_UNIT", S.OVERDUE)])
def test_wilco_to_an_alert_commits_until_its_time(asked: str, after: S) -> None:
    from .talks import ALERT

    talks = Talks()
    target = talks.say("ALERT", AMAL, [BORIS, MIRA], {**ALERT, "asked": asked}, precedence="FLASH")
    talks.answer("WILCO", BORIS, AMAL, target)
    talks.answer("UNABLE", MIRA, AMAL, target, reason="no unit there")
    (made,) = talks.negotiation.board().commitments
    assert (made.debtor, made.creditors, made.state) == (BORIS, (AMAL,), S.ACTIVE)
    talks.at("2026-11-22T18:00:00Z")
    talks.tick()
    assert talks.commitment(made.id).state is after
