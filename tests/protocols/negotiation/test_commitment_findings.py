"""FINDING on a commitment: only the named verifier's, only in these states, never about oneself."""

import pytest

from protocols.errors import RuleViolation
from protocols.messages.findings import FindingResult
from protocols.negotiation.commitment import Commitment, CommitmentState, settle
from protocols.negotiation.commitment_events import SKEW_MS, apply_event
from protocols.negotiation.commitment_findings import apply_finding

from .owed import (
    CREDITOR,
    DEBTOR,
    DELEGATE,
    END_H,
    MESSAGE,
    OTHER,
    VERIFIER,
    at,
    commitment,
    event,
    finding,
    when,
)

S = CommitmentState


def find(before: Commitment, result: FindingResult, hour: float = 1) -> Commitment:
    return apply_finding(before, VERIFIER, MESSAGE, finding(result, hour), at(hour))


@pytest.mark.parametrize("owner", [DEBTOR, DELEGATE])
def test_nobody_finds_on_what_they_owe_themselves(owner: str) -> None:
    own = commitment(verifier=owner)
    with pytest.raises(RuleViolation, match="FINDING-8"):
        apply_finding(own, owner, MESSAGE, finding("MET"), at(1))


def test_a_creditor_that_was_named_as_verifier_finds() -> None:
    after = apply_finding(commitment(verifier=CREDITOR), CREDITOR, MESSAGE, finding("NOT_MET"), at(1))
    assert after.state is S.VIOLATED


def test_violated_then_disputed_by_the_debtor_then_found_again() -> None:
    violated = find(commitment(S.OVERDUE), "NOT_MET")
    disputed = apply_event(violated, DEBTOR, MESSAGE, event("DISPUTE", 2), at(2))
    assert [state for _, state in disputed.history] == [S.OVERDUE, S.VIOLATED, S.DISPUTED]
    met = apply_finding(disputed, VERIFIER, "8" * 32, finding("MET", 3), at(3))
    assert (met.state, met.terminal, met.findings) == (S.DISCHARGED, True, (MESSAGE, "8" * 32))


def test_each_violation_has_its_own_seven_days() -> None:
    once = find(commitment(), "NOT_MET", 1)
    again = find(apply_event(once, DEBTOR, MESSAGE, event("DISPUTE", 100), at(100)), "NOT_MET", 101)
    assert not settle(again, at(101 + 7 * 24) - 1).terminal
    assert settle(again, at(101 + 7 * 24)).terminal


def test_a_finding_that_leaves_it_disputed_is_kept_all_the_same() -> None:
    before = commitment(S.DISPUTED)
    after = find(before, "UNDETERMINED")
    assert (after.history, after.findings) == (before.history, (MESSAGE,))


def test_a_met_claim_needs_no_confirmation() -> None:
    claimed = apply_event(commitment(), DEBTOR, MESSAGE, event("CLAIM"), at(1))
    assert find(claimed, "MET", 2).state is S.DISCHARGED


def test_a_finding_ends_what_cannot_go_on() -> None:
    waiting = apply_event(commitment(), DEBTOR, MESSAGE, event("DELAY"), at(1))
    leaving = apply_event(waiting, DEBTOR, MESSAGE, event("WITHDRAW"), at(1))
    after = find(leaving, "NOT_MET", 2)
    assert (after.pending, after.withdraw_at_ms, after.state) == ((), None, S.VIOLATED)


@pytest.mark.parametrize(("kind", "result"), [("INCIDENT", "UNDETERMINED"), ("COMMITMENT", "CONFIRMED")])
def test_a_commitment_gets_findings_for_commitments(kind: str, result: FindingResult) -> None:
    said = finding(result, kind=kind)
    with pytest.raises(RuleViolation, match="FINDING-1"):
        apply_finding(commitment(), VERIFIER, MESSAGE, said, at(1))


def test_as_of_lies_between_creation_and_now() -> None:
    before = commitment(created_ms=at(1) + 900, history=((at(1) + 900, S.ACTIVE),))
    assert find(before, "MET", 1).state is S.DISCHARGED
    for wrong in (when(1 - 1 / 3600), when(2 + (SKEW_MS + 1000) / 3_600_000)):
        with pytest.raises(RuleViolation, match="FINDING-7"):
            apply_finding(before, VERIFIER, MESSAGE, finding("MET", as_of=wrong), at(2))


def test_a_finding_meets_the_commitment_as_time_has_left_it() -> None:
    with pytest.raises(RuleViolation, match="FINDING-5"):
        find(commitment(maintenance=True), "NOT_MET", END_H)
    assert [state for _, state in find(commitment(), "NOT_MET", END_H).history] == [
        S.ACTIVE,
        S.OVERDUE,
        S.VIOLATED,
    ]


def test_with_no_verifier_only_disputed_is_reachable() -> None:
    nobodys = commitment(S.OVERDUE, verifier=None)
    assert apply_event(nobodys, OTHER, MESSAGE, event("DISPUTE"), at(1)).state is S.DISPUTED
    for actor in (DEBTOR, CREDITOR, OTHER, DELEGATE, VERIFIER):
        with pytest.raises(RuleViolation, match="FINDING-4"):
            apply_finding(nobodys, actor, MESSAGE, finding("NOT_MET"), at(1))
