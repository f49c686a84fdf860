"""Duties through the whole fold: REQUEST and its WILCO, COMMIT, FINDING, and dialogues that are overtaken."""

from collections.abc import Callable
from typing import Any

import pytest

from protocols.messages.values import format_time
from protocols.negotiation import CommitmentState, ResponseState

from .sayings import ADEL, COMMIT, FINDING, REQUEST, mandate, roster
from .talks import ALERT, AMAL, BORIS, LEILA, MIRA, OTTO, START, STRANGER, VERA, Talks, clause

EVIDENCE = ["5" * 64]


def verified() -> tuple[Talks, str]:
    """A duty of Amal's towards Boris that Vera verifies."""
    talks = Talks()
    consequent = {"no": 1, "version": 1, **clause(AMAL, verifier=VERA)}
    talks.say("COMMIT", AMAL, [BORIS, VERA], {**COMMIT, "consequent": consequent})
    (duty,) = talks.negotiation.board().commitments
    return talks, duty.id


def finding(subject: str, result: str = "MET", **more: Any) -> dict[str, Any]:
    return {**FINDING, "kind": "COMMITMENT", "subject": subject, "result": result, **more}


def test_wilco_to_a_request_creates_exactly_the_one_act() -> None:
    talks = Talks()
    target = talks.say("REQUEST", AMAL, BORIS, REQUEST)
    assert talks.negotiation.board().commitments == ()
    assert [d.message.id for d in talks.negotiation.board().open_requests] == [target]
    talks.answer("WILCO", BORIS, AMAL, target)
    (duty,) = talks.negotiation.board().commitments
    assert (duty.debtor, duty.creditors, duty.source) == (BORIS, (AMAL,), target)
    assert duty.text == "MUST open the gate"
    assert duty.state is CommitmentState.ACTIVE
    assert talks.negotiation.board().open_requests == ()


def test_wilco_promises_what_the_request_says_after_its_correction() -> None:
    talks = Talks()
    target = talks.say("REQUEST", AMAL, BORIS, REQUEST)
    change = {"field": "action", "old": "open the gate", "new": "open the north gate"}
    correction = {"target": target, "action": "CORRECT", "changes": [change], "reason": "which gate"}
    corrected = talks.say("CORRECTION", AMAL, BORIS, correction)
    talks.answer("ROGER", BORIS, AMAL, corrected)
    talks.answer("WILCO", BORIS, AMAL, target)
    (duty,) = talks.negotiation.board().commitments
    assert duty.text == "MUST open the north gate"


@pytest.mark.parametrize("kind", ["REQUEST", "ALERT"])
def test_unable_creates_nothing(kind: str) -> None:
    talks = Talks()
    target = talks.say(kind, AMAL, BORIS, REQUEST if kind == "REQUEST" else ALERT)
    talks.answer("UNABLE", BORIS, AMAL, target, reason="the gate is mined")
    assert talks.negotiation.board().commitments == ()


def test_nothing_is_promised_after_the_deadline() -> None:
    talks = Talks()
    target = talks.say("REQUEST", AMAL, BORIS, REQUEST)
    talks.at("2026-11-23T11:59:59Z")
    assert "WILCO" not in {
        a.choice for a in talks.negotiation.legal_answers(target, BORIS, talks.now_ms + 1000)
    }
    talks.refuse("rule:RESPONSE-6", "RESPONSE", BORIS, AMAL, {"target": target, "code": "WILCO"})


def test_a_unilateral_undertaking_needs_nobodys_word() -> None:
    talks = Talks()
    message = talks.say("COMMIT", AMAL, [BORIS], COMMIT, info=[MIRA])
    (duty,) = talks.negotiation.board().commitments
    assert (duty.source, duty.debtor, duty.creditors) == (message, AMAL, (BORIS,))
    talks.answer("ROGER", BORIS, AMAL, message)
    assert not talks.message(message).is_open


def test_another_seat_of_the_same_principal_may_undertake_for_it() -> None:
    talks = Talks(roster(mandate()))
    consequent = {"no": 1, "version": 1, **clause(ADEL, "MUST NOT", "enter")}
    talks.say("COMMIT", AMAL, [BORIS, ADEL], {**COMMIT, "debtor": ADEL, "consequent": consequent})
    (duty,) = talks.negotiation.board().commitments
    assert duty.debtor == ADEL


def test_a_finding_closes_the_claim_for_every_creditor() -> None:
    talks, duty = verified()
    claim = talks.event(AMAL, [BORIS], duty, "CLAIM", evidence=EVIDENCE)
    assert talks.message(claim).is_open
    offered = {answer.type.value for answer in talks.negotiation.legal_answers(claim, VERA)}
    assert offered == {"FINDING"}, "the verifier is not addressed, and finds all the same"
    talks.say("FINDING", VERA, [AMAL, BORIS], finding(duty, as_of=format_time(talks.now_ms)))
    assert talks.message(claim).answers[BORIS].answer == "FINDING"
    assert talks.commitment(duty).state is CommitmentState.DISCHARGED


def test_confirmation_by_one_of_two_creditors_closes_the_claim_for_that_one() -> None:
    talks = Talks()
    two = {**COMMIT, "creditors": [BORIS, MIRA]}
    talks.say("COMMIT", AMAL, [BORIS, MIRA], two)
    (duty,) = talks.negotiation.board().commitments
    claim = talks.event(AMAL, [BORIS, MIRA], duty.id, "CLAIM", evidence=EVIDENCE)
    talks.event(BORIS, [AMAL, MIRA], duty.id, "CONFIRM")
    states = {who: answer.state for who, answer in talks.message(claim).answers.items()}
    assert states == {BORIS: ResponseState.CLOSED, MIRA: ResponseState.OPEN}
    talks.event(MIRA, [AMAL, BORIS], duty.id, "DISPUTE", reason="they were seen")
    assert not talks.message(claim).is_open


def test_a_change_that_was_overtaken_asks_nobody_any_more() -> None:
    talks, duty = verified()
    later = "2026-11-26T06:00:00Z"
    delay = talks.event(AMAL, [BORIS], duty, "DELAY", reason="flood", new_time=later)
    talks.event(BORIS, AMAL, duty, "RELEASE")
    assert talks.message(delay).answers[BORIS].answer == "OVERTAKEN"
    talks.refuse("rule:RESPONSE-9", "RESPONSE", BORIS, AMAL, {"target": delay, "code": "AFFIRM"})


def test_a_change_that_time_overtakes_is_closed_by_time() -> None:
    talks, duty = verified()
    delay = talks.event(AMAL, [BORIS], duty, "DELAY", reason="flood", new_time="2026-11-26T06:00:00Z")
    talks.at("2026-11-24T06:00:00Z")
    talks.tick()
    assert talks.commitment(duty).state is CommitmentState.OVERDUE
    assert talks.message(delay).answers[BORIS].answer == "OVERTAKEN"
    assert talks.negotiation.open_dialogues() == () or all(
        dialogue.message.id != delay for dialogue in talks.negotiation.open_dialogues()
    )


def test_one_negative_ends_a_change_for_all_creditors() -> None:
    talks = Talks()
    talks.say("COMMIT", AMAL, [BORIS, MIRA], {**COMMIT, "creditors": [BORIS, MIRA]})
    (duty,) = talks.negotiation.board().commitments
    delay = talks.event(AMAL, [BORIS, MIRA], duty.id, "DELAY", reason="x", new_time="2026-11-26T06:00:00Z")
    talks.answer("NEGATIVE", BORIS, AMAL, delay, reason="no")
    assert not talks.message(delay).is_open
    assert talks.commitment(duty.id).pending == ()


def request_4(t: Talks) -> None:
    t.refuse("rule:REQUEST-4", "REQUEST", AMAL, OTTO, {**REQUEST, "actor": OTTO})
    t.say("REQUEST", AMAL, VERA, {**REQUEST, "actor": VERA})


def commit_1(t: Talks) -> None:
    other = {
        **COMMIT,
        "debtor": MIRA,
        "consequent": {"no": 1, "version": 1, **clause(MIRA, "MUST NOT", "go")},
    }
    t.refuse("rule:COMMIT-1", "COMMIT", AMAL, [BORIS], other)
    t.refuse("rule:COMMIT-1", "COMMIT", BORIS, [AMAL], {**COMMIT, "creditors": [AMAL], **own(MIRA)})


def own(debtor: str) -> dict[str, Any]:
    return {"debtor": debtor, "consequent": {"no": 1, "version": 1, **clause(debtor, "MUST NOT", "go")}}


def commit_8(t: Talks) -> None:
    unknown = {"no": 1, "version": 1, **clause(AMAL, "MUST NOT", "enter", verifier=STRANGER)}
    t.refuse("rule:COMMIT-8", "COMMIT", AMAL, BORIS, {**COMMIT, "consequent": unknown})
    for name in ("witness", "custodian"):
        t.refuse("rule:COMMIT-8", "COMMIT", AMAL, BORIS, {**COMMIT, name: STRANGER})
    t.say("COMMIT", AMAL, BORIS, {**COMMIT, "witness": MIRA, "custodian": LEILA})


def finding_4(t: Talks) -> None:
    duty, _ = t.adopted()
    at = format_time(t.now_ms)
    t.refuse("rule:FINDING-4", "FINDING", VERA, [AMAL, BORIS], finding(duty.id, as_of=at))


def finding_6(t: Talks) -> None:
    consequent = {"no": 1, "version": 1, **clause(AMAL, verifier=VERA)}
    t.say("COMMIT", AMAL, [BORIS, VERA], {**COMMIT, "consequent": consequent})
    duty = t.negotiation.board().commitments[-1].id
    at = format_time(t.now_ms)
    t.refuse("rule:FINDING-6", "FINDING", VERA, [AMAL], finding(duty, as_of=at))
    t.say("FINDING", VERA, [MIRA], finding(duty, as_of=at), info=[AMAL, BORIS])


def commit_event_12(t: Talks) -> None:
    duty, _ = t.adopted()
    fields = {"commitment": duty.id, "event": "RELEASE", "at": format_time(t.now_ms), "version": 2}
    t.refuse("rule:COMMIT-EVENT-12", "COMMIT-EVENT", BORIS, AMAL, fields)


ROWS: list[tuple[str, Callable[[Talks], None]]] = [
    ("REQUEST-4", request_4),
    ("COMMIT-1", commit_1),
    ("COMMIT-8", commit_8),
    ("FINDING-4", finding_4),
    ("FINDING-6", finding_6),
    ("COMMIT-EVENT-12", commit_event_12),
]
COMMITTING_RULES = {rule for rule, _ in ROWS}


@pytest.mark.parametrize(("rule", "breaks"), ROWS, ids=[rule for rule, _ in ROWS])
def test_the_rule_is_kept_by_the_fold(rule: str, breaks: Callable[[Talks], None]) -> None:
    talks = Talks()
    breaks(talks)
    assert f"rule:{rule}" in {entry.reason for entry in talks.negotiation.rejected}


def test_a_finding_on_nothing_has_no_target() -> None:
    talks = Talks()
    unknown = finding("1" * 32, as_of=START)
    talks.refuse("unknown-target", "FINDING", VERA, [AMAL, BORIS], unknown)
