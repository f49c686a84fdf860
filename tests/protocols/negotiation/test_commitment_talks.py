"""Commitments through the whole fold: what people send, what the relay's clock does, which dialogues close."""

from typing import Any

import pytest

from protocols.messages.values import format_time
from protocols.negotiation.commitment import CommitmentState

from .talks import ALERT, AMAL, BORIS, LEILA, MIRA, VERA, WINDOW, Talks, clause

S = CommitmentState
EVIDENCE = ["5" * 64]
FINDING: dict[str, Any] = {
    "kind": "COMMITMENT",
    "result": "NOT_MET",
    "method": ["visit"],
    "access_limits": "east bank not reached",
    "grade": "B2",
}


def states(talks: Talks, commitment: str) -> list[S]:
    return [state for _, state in talks.commitment(commitment).history]


def find(talks: Talks, who: str, commitment: str, result: str) -> str:
    fields = {**FINDING, "subject": commitment, "result": result, "as_of": format_time(talks.now_ms)}
    return talks.say("FINDING", who, [AMAL, BORIS], fields)


def test_from_adoption_to_discharge() -> None:
    talks = Talks()
    duty, ban = talks.adopted(clause(), clause(BORIS, "MUST NOT", "shell"), clause(BORIS, "MAY", "inspect"))
    assert (duty.debtor, duty.creditors, duty.maintenance) == (AMAL, (BORIS,), False)
    assert (ban.debtor, ban.creditors, ban.maintenance) == (BORIS, (AMAL,), True)
    claim = talks.event(AMAL, BORIS, duty.id, "CLAIM", evidence=EVIDENCE)
    assert talks.message(claim).answers[BORIS].state == "OPEN"
    talks.event(BORIS, AMAL, duty.id, "CONFIRM")
    assert talks.commitment(duty.id).state is S.DISCHARGED
    assert talks.message(claim).answers[BORIS].answer == "CONFIRM"
    talks.at("2026-11-24T06:00:00Z")
    talks.tick()
    assert talks.commitment(ban.id).state is S.ENDED
    assert talks.commitment(duty.id).state is S.DISCHARGED


def test_a_witness_after_the_last_final_creates_nothing_again() -> None:
    talks = Talks()
    target = talks.say(
        "PROPOSAL",
        AMAL,
        BORIS,
        {"title": "Bridge", "package": "SEVERABLE", "required": [AMAL, BORIS], "clauses": [clause()]},
        valid_until="2026-11-25T12:00:00Z",
    )
    talks.accept_all(BORIS, AMAL, target)
    effective = "2026-11-22T16:00:00Z"
    talks.adopt(BORIS, AMAL, target, effective, witness=MIRA)
    talks.adopt(AMAL, BORIS, target, effective)
    (duty,) = talks.negotiation.board().commitments
    talks.event(BORIS, AMAL, duty.id, "RELEASE")
    talks.adopt(MIRA, [AMAL, BORIS], target, effective)
    assert talks.tabled(target).witnesses == {talks.tabled(target).package_hash(): {MIRA: "FINAL"}}
    assert states(talks, duty.id) == [S.CONDITIONAL, S.RELEASED]


def test_text_binds_from_its_effective_time_by_relay_time() -> None:
    talks = Talks()
    duty, _ = talks.adopted()
    assert states(talks, duty.id) == [S.ACTIVE]
    later = Talks()
    target = later.say(
        "PROPOSAL",
        AMAL,
        BORIS,
        {"title": "Bridge", "package": "SEVERABLE", "required": [AMAL, BORIS], "clauses": [clause()]},
        valid_until="2026-11-25T12:00:00Z",
    )
    later.accept_all(BORIS, AMAL, target)
    for who, other in ((BORIS, AMAL), (AMAL, BORIS)):
        later.adopt(who, other, target, "2026-11-22T18:00:00Z")
    (duty,) = later.negotiation.board().commitments
    assert duty.state is S.CONDITIONAL
    later.at("2026-11-22T18:00:00Z")
    later.tick()
    assert later.commitment(duty.id).state is S.ACTIVE


def test_a_deadline_passes_by_relay_time_and_a_delay_moves_it() -> None:
    talks = Talks()
    duty, _ = talks.adopted()
    asked = talks.event(AMAL, BORIS, duty.id, "DELAY", reason="flood", new_time="2026-11-26T06:00:00Z")
    talks.answer("AFFIRM", BORIS, AMAL, asked)
    for moment, state in (
        ("2026-11-24T06:00:00Z", S.ACTIVE),
        ("2026-11-26T05:59:59Z", S.ACTIVE),
        ("2026-11-26T06:00:00Z", S.OVERDUE),
    ):
        talks.at(moment)
        talks.tick()
        assert talks.commitment(duty.id).state is state
    assert talks.commitment(duty.id).version == 2


def test_a_change_that_time_overtook_asks_nobody_any_more() -> None:
    talks = Talks()
    duty, _ = talks.adopted()
    asked = talks.event(AMAL, BORIS, duty.id, "DELAY", reason="flood", new_time="2026-11-26T06:00:00Z")
    assert talks.message(asked).is_open
    talks.at("2026-11-24T06:00:00Z")
    talks.tick()
    assert (talks.commitment(duty.id).state, talks.commitment(duty.id).pending) == (S.OVERDUE, ())
    assert not talks.message(asked).is_open


def test_a_disputed_claim_closes_for_every_creditor() -> None:
    talks = Talks()
    duty, _ = talks.adopted()
    claim = talks.event(AMAL, BORIS, duty.id, "CLAIM", evidence=EVIDENCE)
    talks.event(BORIS, AMAL, duty.id, "DISPUTE", reason="the bridge is closed")
    assert talks.commitment(duty.id).state is S.DISPUTED
    assert not talks.message(claim).is_open


def test_notice_ends_by_relay_time() -> None:
    talks = Talks()
    duty, _ = talks.adopted(clause(notice_hours=2), clause(BORIS, "MUST NOT", "shell"))
    talks.event(AMAL, BORIS, duty.id, "WITHDRAW", reason="flood")
    began = talks.now_ms
    for passed, state in ((2 * 3_600_000 - 1, S.ACTIVE), (2 * 3_600_000, S.WITHDRAWN)):
        talks.now_ms = began + passed
        talks.tick()
        assert talks.commitment(duty.id).state is state


def test_what_the_verifier_finds_may_be_disputed_for_seven_days() -> None:
    talks = Talks()
    duty, ban = talks.adopted(clause(verifier=VERA), clause(BORIS, "MUST NOT", "shell", verifier=VERA))
    find(talks, VERA, duty.id, "NOT_MET")
    find(talks, VERA, ban.id, "NOT_MET")
    talks.event(AMAL, BORIS, duty.id, "DISPUTE", reason="the bridge was open")
    assert states(talks, duty.id) == [S.ACTIVE, S.VIOLATED, S.DISPUTED]
    talks.at("2026-11-29T15:30:00Z")
    talks.tick()
    assert talks.commitment(ban.id).terminal
    assert not talks.commitment(duty.id).terminal
    late = {"commitment": ban.id, "event": "DISPUTE", "at": "2026-11-22T15:00:00Z", "reason": "no"}
    talks.refuse("rule:COMMIT-EVENT-7", "COMMIT-EVENT", BORIS, AMAL, late)


def test_only_the_named_verifier_finds() -> None:
    talks = Talks()
    duty, ban = talks.adopted(clause(verifier=VERA), clause(BORIS, "MUST NOT", "shell"))
    for who, subject in ((LEILA, duty.id), (MIRA, duty.id), (VERA, ban.id)):
        fields = {**FINDING, "subject": subject, "as_of": format_time(talks.now_ms)}
        talks.refuse("rule:FINDING-4", "FINDING", who, [AMAL, BORIS], fields)
    assert states(talks, duty.id) == [S.ACTIVE]


@pytest.mark.parametrize(("asked", "after"), [("HOLD_FIRE", S.ENDED), ("CONTACT_UNIT", S.OVERDUE)])
def test_wilco_to_an_alert_commits_until_its_time(asked: str, after: S) -> None:
    talks = Talks()
    target = talks.say("ALERT", AMAL, [BORIS, MIRA], {**ALERT, "asked": asked}, precedence="FLASH")
    talks.answer("WILCO", BORIS, AMAL, target)
    talks.answer("UNABLE", MIRA, AMAL, target, reason="no unit there")
    (made,) = talks.negotiation.board().commitments
    assert (made.debtor, made.creditors, made.state) == (BORIS, (AMAL,), S.ACTIVE)
    talks.at("2026-11-22T18:00:00Z")
    talks.tick()
    assert talks.commitment(made.id).state is after


def test_wilco_to_a_request_commits_to_the_one_act() -> None:
    talks = Talks()
    fields = {
        "actor": BORIS,
        "action": "open the gate",
        "deadline": "2026-11-23T06:00:00Z",
        "reason": "flood",
    }
    target = talks.say("REQUEST", AMAL, BORIS, fields)
    assert talks.negotiation.board().commitments == ()
    talks.answer("WILCO", BORIS, AMAL, target)
    (made,) = talks.negotiation.board().commitments
    assert (made.debtor, made.creditors, made.text) == (BORIS, (AMAL,), "MUST open the gate")
    talks.at("2026-11-23T06:00:00Z")
    talks.tick()
    assert states(talks, made.id) == [S.ACTIVE, S.OVERDUE]


def test_a_commit_waits_for_its_antecedent() -> None:
    talks = Talks()
    consequent = {"no": 1, "version": 1, **clause()}
    antecedent = {
        "no": 1,
        "version": 1,
        **clause(BORIS, action="leave", window={**WINDOW, "end": "2026-11-23T12:00:00Z"}),
    }
    fields = {
        "debtor": AMAL,
        "creditors": [BORIS],
        "consequent": consequent,
        "antecedent": antecedent,
        "notice_hours": 0,
    }
    for _ in range(2):
        talks.say("COMMIT", AMAL, BORIS, fields)
    detached, left = talks.negotiation.board().commitments
    talks.event(BORIS, AMAL, detached.id, "DETACH")
    talks.at("2026-11-23T12:00:00Z")
    talks.tick()
    assert states(talks, detached.id) == [S.CONDITIONAL, S.ACTIVE]
    assert states(talks, left.id) == [S.CONDITIONAL, S.EXPIRED]


def test_what_the_clause_lets_one_side_do_alone_asks_nobody() -> None:
    talks = Talks()
    duty, ban = talks.adopted(clause(suspension="DEBTOR"), clause(BORIS, "MUST NOT", "shell"))
    alone = talks.event(AMAL, BORIS, duty.id, "SUSPEND")
    assert talks.commitment(duty.id).state is S.SUSPENDED
    assert not talks.message(alone).is_open
    asked = talks.event(BORIS, AMAL, ban.id, "SUSPEND")
    assert talks.commitment(ban.id).state is S.ACTIVE
    assert talks.message(asked).is_open
    talks.answer("AFFIRM", AMAL, BORIS, asked)
    assert talks.commitment(ban.id).state is S.SUSPENDED


def test_who_asks_again_takes_back_what_they_asked_and_silence_blocks_nobody() -> None:
    talks = Talks()
    duty, _ = talks.adopted()
    first = talks.event(AMAL, BORIS, duty.id, "DELAY", reason="flood", new_time="2026-11-25T06:00:00Z")
    other = talks.event(BORIS, AMAL, duty.id, "SUSPEND")
    second = talks.event(AMAL, BORIS, duty.id, "DELAY", reason="flood", new_time="2026-11-26T06:00:00Z")
    assert [change.message for change in talks.commitment(duty.id).pending] == [other, second]
    assert talks.message(first).answers[BORIS].answer == "OVERTAKEN"
    talks.refuse("rule:RESPONSE-9", "RESPONSE", BORIS, AMAL, {"target": first, "code": "AFFIRM"})
    talks.answer("AFFIRM", BORIS, AMAL, second)
    # The terms are others now: what was asked about the old ones is over.
    assert (talks.commitment(duty.id).version, talks.commitment(duty.id).pending) == (2, ())
    assert talks.message(second).answers[BORIS].answer == "AFFIRM"
    assert talks.message(other).answers[AMAL].answer == "OVERTAKEN"
    stale = {"commitment": duty.id, "event": "SUSPEND", "at": "2026-11-22T14:30:00Z"}
    talks.refuse("rule:COMMIT-EVENT-12", "COMMIT-EVENT", BORIS, AMAL, stale)
