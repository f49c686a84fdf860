"""PROPOSAL and ADOPT through the whole fold: dialogues, what is put in force, and the rules about the roster."""

from collections.abc import Callable
from typing import Any

import pytest

from protocols.negotiation import AdoptedText, ChannelTerms, CommitmentState, ResponseState

from .talks import AMAL, BORIS, LEILA, MIRA, ROSTER, STRANGER, VERA, Talks, clause, proposal

UNTIL = "2026-11-25T12:00:00Z"
EFFECTIVE = "2026-11-22T18:00:00Z"


def accepted(talks: Talks, *clauses: dict[str, Any], to: tuple[str, ...] = (BORIS,), **more: Any) -> str:
    target = talks.say("PROPOSAL", AMAL, to, proposal(*clauses, **more), valid_until=UNTIL)
    talks.accept_all(BORIS, AMAL, target)
    return target


def adoption(talks: Talks, target: str, mode: str = "FINAL", **more: Any) -> dict[str, Any]:
    digest = talks.tabled(target).package_hash() or "0" * 64
    return {"proposal": target, "package_hash": digest, "mode": mode, "effective": EFFECTIVE, **more}


def open_to(talks: Talks, message: str) -> set[str]:
    answers = talks.message(message).answers
    return {who for who, answer in answers.items() if answer.state is not ResponseState.CLOSED}


def test_an_adopt_is_closed_by_the_same_adopt_of_each_required_party() -> None:
    talks = Talks()
    target = accepted(talks)
    first = talks.say("ADOPT", BORIS, [AMAL, MIRA], adoption(talks, target, "INITIAL"))
    assert open_to(talks, first) == {AMAL}
    (dialogue,) = talks.negotiation.open_dialogues()
    assert (dialogue.message.id, dialogue.due_ms) == (first, talks.tabled(target).valid_until_ms)
    second = talks.say("ADOPT", AMAL, BORIS, adoption(talks, target, "INITIAL"))
    assert open_to(talks, first) == set()
    assert talks.message(first).answers[AMAL].message == second
    assert open_to(talks, second) == set(), "the other side's word was there before"


def test_less_than_what_was_said_does_not_match_it() -> None:
    talks = Talks()
    target = accepted(talks)
    final = talks.say("ADOPT", BORIS, AMAL, adoption(talks, target, "FINAL"))
    initial = talks.say("ADOPT", AMAL, BORIS, adoption(talks, target, "INITIAL"))
    assert open_to(talks, final) == {AMAL}
    assert open_to(talks, initial) == set()
    talks.say("ADOPT", AMAL, BORIS, adoption(talks, target, "FINAL"))
    assert open_to(talks, final) == set()


def test_the_last_final_creates_one_commitment_per_duty_and_waits_for_the_charter() -> None:
    talks = Talks()
    target = accepted(talks, clause(), clause(BORIS, "MUST NOT", "shell"), clause(BORIS, "MAY", "inspect"))
    digest = talks.tabled(target).package_hash()
    talks.say("ADOPT", BORIS, AMAL, adoption(talks, target))
    assert talks.negotiation.board().commitments == ()
    assert not talks.negotiation.agreed.adopted
    talks.say("ADOPT", AMAL, BORIS, adoption(talks, target))
    duties = talks.negotiation.board().commitments
    assert [(duty.debtor, duty.state) for duty in duties] == [
        (AMAL, CommitmentState.CONDITIONAL),
        (BORIS, CommitmentState.CONDITIONAL),
    ]
    text = AdoptedText(target, digest or "", EFFECTIVE)
    assert talks.negotiation.agreed.adopted == (text,)
    assert talks.negotiation.open_dialogues() == ()
    talks.at(EFFECTIVE)
    talks.tick()
    assert {duty.state for duty in talks.negotiation.board().commitments} == {CommitmentState.ACTIVE}
    talks.seat(ROSTER, ChannelTerms(adopted=(text,)))
    assert not talks.negotiation.agreed.adopted


def test_a_witness_that_comes_after_puts_nothing_in_force_again() -> None:
    talks = Talks()
    target = accepted(talks)
    talks.say("ADOPT", BORIS, [AMAL, MIRA], adoption(talks, target, witness=MIRA))
    talks.say("ADOPT", AMAL, [BORIS, MIRA], adoption(talks, target))
    duty, _ = talks.negotiation.board().commitments
    talks.at(EFFECTIVE)
    talks.event(BORIS, AMAL, duty.id, "RELEASE")
    talks.say("ADOPT", MIRA, [AMAL, BORIS], adoption(talks, target, effective=EFFECTIVE), sent=EFFECTIVE)
    assert talks.commitment(duty.id).state is CommitmentState.RELEASED
    assert len(talks.negotiation.agreed.adopted) == 1


def test_what_ends_a_proposal_closes_the_adopts_of_it() -> None:
    talks = Talks()
    target = accepted(talks)
    adopted = talks.say("ADOPT", BORIS, AMAL, adoption(talks, target))
    cancel = {"target": target, "action": "CANCEL", "reason": "we think again"}
    talks.say("CORRECTION", AMAL, BORIS, cancel)
    assert talks.message(adopted).answers[AMAL].answer == "WITHDRAWN"
    lapsing = accepted(talks)
    adopted = talks.say("ADOPT", BORIS, AMAL, adoption(talks, lapsing))
    talks.at(UNTIL)
    talks.tick()
    assert talks.message(adopted).answers[AMAL].answer == "LAPSED"
    assert open_to(talks, lapsing) == set()


def test_an_adopt_is_offered_to_required_parties_only() -> None:
    talks = Talks()
    target = accepted(talks)
    adopted = talks.say("ADOPT", BORIS, [AMAL, MIRA], adoption(talks, target))
    offered = {answer.type.value for answer in talks.negotiation.legal_answers(adopted, AMAL)}
    assert "ADOPT" in offered
    offered = {answer.type.value for answer in talks.negotiation.legal_answers(adopted, MIRA)}
    assert "ADOPT" not in offered


def proposal_15(t: Talks) -> None:
    t.seat(ROSTER, ChannelTerms(glossary_version=3))
    t.refuse("rule:PROPOSAL-15", "PROPOSAL", AMAL, BORIS, proposal(), valid_until=UNTIL)
    t.say("PROPOSAL", AMAL, BORIS, proposal(glossary_version=3), valid_until=UNTIL)


def adopt_1(t: Talks) -> None:
    target = t.say("PROPOSAL", AMAL, BORIS, proposal(), valid_until=UNTIL)
    t.refuse("rule:ADOPT-1", "ADOPT", AMAL, BORIS, adoption(t, target))
    t.accept_all(BORIS, AMAL, target)
    t.refuse("rule:ADOPT-1", "ADOPT", AMAL, BORIS, adoption(t, target, package_hash="0" * 64))


def adopt_2(t: Talks) -> None:
    target = accepted(t)
    t.refuse("rule:ADOPT-2", "ADOPT", MIRA, [AMAL, BORIS], adoption(t, target))


def adopt_3(t: Talks) -> None:
    target = t.say("PROPOSAL", AMAL, BORIS, proposal(), valid_until=UNTIL)
    t.accept_all(BORIS, AMAL, target, ad_ref=True)
    t.refuse("rule:ADOPT-3", "ADOPT", BORIS, AMAL, adoption(t, target))
    t.say("ADOPT", BORIS, AMAL, adoption(t, target, "AD_REFERENDUM"))
    t.accept_all(BORIS, AMAL, target)
    t.say("ADOPT", BORIS, AMAL, adoption(t, target))


def adopt_4(t: Talks) -> None:
    target = accepted(t)
    t.say("ADOPT", BORIS, AMAL, adoption(t, target))
    other = adoption(t, target, effective="2026-11-22T19:00:00Z")
    t.refuse("rule:ADOPT-4", "ADOPT", AMAL, BORIS, other)


def adopt_5(t: Talks) -> None:
    target = accepted(t)
    t.say("ADOPT", BORIS, AMAL, adoption(t, target))
    for mode in ("INITIAL", "AD_REFERENDUM", "FINAL"):
        t.refuse("rule:ADOPT-5", "ADOPT", BORIS, AMAL, adoption(t, target, mode))


def adopt_6(t: Talks) -> None:
    target = accepted(t)
    fields = adoption(t, target, effective="2026-11-26T00:00:00Z")
    t.at(UNTIL)
    t.refuse("rule:ADOPT-6", "ADOPT", BORIS, AMAL, fields)


def adopt_7(t: Talks) -> None:
    target = t.say("PROPOSAL", MIRA, [AMAL, BORIS], proposal(), valid_until=UNTIL)
    for party in (AMAL, BORIS):
        fields = {"proposal": target, "replies": accept(t, target)}
        t.say("CLAUSE-REPLY", party, [MIRA, BORIS if party == AMAL else AMAL], fields)
    t.refuse("rule:ADOPT-7", "ADOPT", AMAL, [BORIS], adoption(t, target))
    t.refuse("rule:ADOPT-7", "ADOPT", AMAL, [MIRA], adoption(t, target), info=[BORIS])
    t.say("ADOPT", AMAL, [BORIS, MIRA], adoption(t, target))


def accept(t: Talks, target: str) -> list[dict[str, Any]]:
    return [{"hash": digest, "answer": "ACCEPT"} for digest in t.hashes(target)]


def adopt_9(t: Talks) -> None:
    target = accepted(t)
    for name in ("witness", "custodian"):
        t.refuse("rule:ADOPT-9", "ADOPT", BORIS, AMAL, adoption(t, target, **{name: STRANGER}))
    t.say("ADOPT", BORIS, AMAL, adoption(t, target, witness=VERA, custodian=LEILA))


def clause_reply_16(t: Talks) -> None:
    target = accepted(t, clause(), clause(BORIS, "MUST NOT", "shell"))
    for party, other in ((BORIS, AMAL), (AMAL, BORIS)):
        t.say("ADOPT", party, other, adoption(t, target, "INITIAL"))
    amended = {"no": 1, "version": 2, **clause(action="keep open")}
    amend = {"hash": t.hashes(target)[0], "answer": "AMEND", "reason": "longer", "clause": amended}
    fields = {"proposal": target, "replies": [amend]}
    t.refuse("rule:CLAUSE-REPLY-16", "CLAUSE-REPLY", BORIS, AMAL, fields)


ROWS: list[tuple[str, Callable[[Talks], None]]] = [
    ("PROPOSAL-15", proposal_15),
    ("ADOPT-1", adopt_1),
    ("ADOPT-2", adopt_2),
    ("ADOPT-3", adopt_3),
    ("ADOPT-4", adopt_4),
    ("ADOPT-5", adopt_5),
    ("ADOPT-6", adopt_6),
    ("ADOPT-7", adopt_7),
    ("ADOPT-9", adopt_9),
    ("CLAUSE-REPLY-16", clause_reply_16),
]
ADOPTING_RULES = {rule for rule, _ in ROWS}


@pytest.mark.parametrize(("rule", "breaks"), ROWS, ids=[rule for rule, _ in ROWS])
def test_the_rule_is_kept_by_the_fold(rule: str, breaks: Callable[[Talks], None]) -> None:
    talks = Talks()
    breaks(talks)
    assert f"rule:{rule}" in {entry.reason for entry in talks.negotiation.rejected}


def test_an_adopt_of_what_is_not_a_proposal_has_no_target() -> None:
    talks = Talks()
    fields = {"proposal": "1" * 32, "package_hash": "0" * 64, "mode": "FINAL", "effective": EFFECTIVE}
    talks.refuse("unknown-target", "ADOPT", AMAL, BORIS, fields)
