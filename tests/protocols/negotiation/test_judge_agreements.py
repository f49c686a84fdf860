"""The rules of PROPOSAL, CLAUSE-REPLY and COMMIT-EVENT that look at the state, broken once, through the whole fold."""

from collections.abc import Callable
from typing import Any

import pytest

from protocols.messages.roles import Role
from protocols.messages.values import format_time
from protocols.negotiation import Participant, RosterChange

from .talks import AMAL, BORIS, LEILA, MIRA, STRANGER, VERA, Talks, clause, proposal

UNTIL = "2026-11-25T12:00:00Z"
EVIDENCE = ["5" * 64]
THIRD = "9" * 32


def tabled(talks: Talks, *clauses: dict[str, Any], **more: Any) -> str:
    return talks.say("PROPOSAL", AMAL, BORIS, proposal(*clauses, **more), valid_until=UNTIL)


def proposal_9(t: Talks) -> None:
    for text in (
        proposal(required=[AMAL, LEILA], package="ALL_OR_NOTHING"),
        proposal(clause(STRANGER, "MAY")),
        proposal(clause(verifier=STRANGER)),
    ):
        text["clauses"] = [c for c in text["clauses"] if c["actor"] != BORIS]
        t.refuse("rule:PROPOSAL-9", "PROPOSAL", AMAL, [BORIS, LEILA], text, valid_until=UNTIL)


def proposal_10(t: Talks) -> None:
    t.negotiation.handshake(_third_party(t))
    third = proposal(clause(BORIS), required=[BORIS, THIRD])
    t.refuse("rule:PROPOSAL-10", "PROPOSAL", AMAL, [BORIS, THIRD], third, valid_until=UNTIL)


def _third_party(t: Talks) -> RosterChange:
    t.position += 1
    roster = (*t.negotiation.roster.participants, Participant(THIRD, "Third", Role.PARTY))
    return RosterChange(position=t.position, relay_time_ms=t.now_ms, epoch=2, roster=roster)


def proposal_11(t: Talks) -> None:
    t.negotiation.handshake(_third_party(t))
    target = tabled(t)
    refs = [{"rel": "counter_to", "id": target}]
    other = proposal(clause(THIRD), required=[THIRD, BORIS])
    t.refuse("rule:PROPOSAL-11", "PROPOSAL", THIRD, BORIS, other, valid_until=UNTIL, refs=refs)
    t.refuse("rule:PROPOSAL-11", "PROPOSAL", MIRA, [AMAL, BORIS], proposal(), valid_until=UNTIL, refs=refs)
    counter = t.say("PROPOSAL", BORIS, AMAL, proposal(), valid_until=UNTIL, refs=refs)
    assert t.tabled(target).ended == "REPLACED"
    assert t.tabled(counter).ended is None
    t.refuse("rule:PROPOSAL-11", "PROPOSAL", BORIS, AMAL, proposal(), valid_until=UNTIL, refs=refs)


def clause_reply(
    t: Talks, reason: str, sender: str, target: str, *answers: dict[str, Any], **more: Any
) -> None:
    to = [AMAL] if sender != AMAL else [BORIS]
    t.refuse(reason, "CLAUSE-REPLY", sender, to, {"proposal": target, "replies": [*answers], **more})


def clause_reply_1(t: Talks) -> None:
    target = tabled(t)
    stale = t.hashes(target)[0]
    amended = {"no": 1, "version": 2, **clause(action="keep open")}
    t.reply(BORIS, AMAL, target, {"hash": stale, "answer": "AMEND", "reason": "longer", "clause": amended})
    clause_reply(t, "rule:CLAUSE-REPLY-1", AMAL, target, {"hash": stale, "answer": "ACCEPT"})


def clause_reply_8(t: Talks) -> None:
    t.negotiation.handshake(_third_party(t))
    target = tabled(t)
    clause_reply(t, "rule:CLAUSE-REPLY-8", THIRD, target, {"hash": t.hashes(target)[0], "answer": "ACCEPT"})


def clause_reply_9(t: Talks) -> None:
    target = tabled(t)
    accept = {"hash": t.hashes(target)[0], "answer": "ACCEPT"}
    t.at("2026-11-25T12:00:00Z")
    t.tick()
    clause_reply(t, "rule:CLAUSE-REPLY-9", BORIS, target, accept)


def clause_reply_10(t: Talks) -> None:
    target = tabled(t)
    first = t.hashes(target)[0]
    t.reply(BORIS, AMAL, target, {"hash": first, "answer": "ACCEPT"})
    no = {"hash": first, "answer": "REJECT", "reason": "changed our mind"}
    clause_reply(t, "rule:CLAUSE-REPLY-10", BORIS, target, no)


def clause_reply_11(t: Talks) -> None:
    target = tabled(t)
    amend = {"hash": t.hashes(target)[0], "answer": "AMEND", "reason": "longer"}
    same = dict(t.tabled(target).clauses[0].clause.model_dump(mode="json", exclude_none=True))
    for new in (
        {**same, "version": 2},
        {**same, "version": 3, "action": "close"},
        {**same, "version": 1, "action": "close"},
        {**same, "version": 2, "no": 2, "action": "close"},
    ):
        clause_reply(t, "rule:CLAUSE-REPLY-11", BORIS, target, {**amend, "clause": new})


def clause_reply_14(t: Talks) -> None:
    target = tabled(t)
    amend = {"hash": t.hashes(target)[0], "answer": "AMEND", "reason": "longer"}
    for new in (clause(MIRA), clause(verifier=STRANGER), clause(depends_on=[7]), clause(depends_on=[1])):
        amended = {"no": 1, "version": 2, **new}
        clause_reply(t, "rule:CLAUSE-REPLY-14", BORIS, target, {**amend, "clause": amended})


def clause_reply_15(t: Talks) -> None:
    target = t.say("PROPOSAL", MIRA, [AMAL, BORIS], proposal(), valid_until=UNTIL)
    accept = {"hash": t.hashes(target)[0], "answer": "ACCEPT"}
    t.refuse("rule:CLAUSE-REPLY-15", "CLAUSE-REPLY", BORIS, [MIRA], {"proposal": target, "replies": [accept]})


def event(
    t: Talks, refusal: str, sender: str, commitment: str, name: str, to: Any = None, **more: Any
) -> None:
    fields = {"commitment": commitment, "event": name, "at": format_time(t.now_ms + 1000), **more}
    t.refuse(refusal, "COMMIT-EVENT", sender, to or ([BORIS] if sender == AMAL else [AMAL]), fields)


def commit_event_1(t: Talks) -> None:
    duty, _ = t.adopted()
    event(t, "rule:COMMIT-EVENT-1", BORIS, duty.id, "CONFIRM")
    event(t, "rule:COMMIT-EVENT-1", BORIS, duty.id, "DISPUTE", reason="nothing happened")
    event(t, "rule:COMMIT-EVENT-1", BORIS, duty.id, "RESUME")


def commit_event_2(t: Talks) -> None:
    duty, _ = t.adopted()
    event(t, "rule:COMMIT-EVENT-2", BORIS, duty.id, "WITHDRAW", reason="x")
    event(t, "rule:COMMIT-EVENT-2", AMAL, duty.id, "RELEASE")
    event(t, "rule:COMMIT-EVENT-2", BORIS, duty.id, "CLAIM", evidence=EVIDENCE)
    event(t, "rule:COMMIT-EVENT-2", VERA, duty.id, "CONFIRM", to=[AMAL, BORIS])
    event(t, "rule:COMMIT-EVENT-2", AMAL, duty.id, "ASSIGN", new_party=MIRA)
    t.event(AMAL, BORIS, duty.id, "CLAIM", evidence=EVIDENCE)
    event(t, "rule:COMMIT-EVENT-2", AMAL, duty.id, "CONFIRM")


def commit_event_3(t: Talks) -> None:
    duty, _ = t.adopted()
    event(t, "rule:COMMIT-EVENT-3", AMAL, duty.id, "CLAIM", evidence=EVIDENCE, at="2026-11-22T14:00:00Z")
    late = {"commitment": duty.id, "event": "CLAIM", "evidence": EVIDENCE, "at": "2026-11-22T20:00:00Z"}
    t.refuse("rule:COMMIT-EVENT-3", "COMMIT-EVENT", AMAL, BORIS, late, sent="2026-11-22T20:00:00Z")


def commit_event_7(t: Talks) -> None:
    duty, _ = t.adopted()
    t.event(BORIS, AMAL, duty.id, "RELEASE")
    event(t, "rule:COMMIT-EVENT-7", AMAL, duty.id, "CLAIM", evidence=EVIDENCE)


def commit_event_8(t: Talks) -> None:
    duty, _ = t.adopted()
    event(t, "rule:COMMIT-EVENT-8", AMAL, duty.id, "CLAIM", to=[MIRA], evidence=EVIDENCE)


def commit_event_9(t: Talks) -> None:
    duty, _ = t.adopted()
    event(t, "rule:COMMIT-EVENT-9", AMAL, duty.id, "DELEGATE", new_party=BORIS)
    event(t, "rule:COMMIT-EVENT-9", AMAL, duty.id, "DELEGATE", to=[BORIS, MIRA], new_party=MIRA)


def commit_event_10(t: Talks) -> None:
    duty, _ = t.adopted()
    event(t, "rule:COMMIT-EVENT-10", AMAL, duty.id, "DELAY", reason="flood", new_time="2026-11-24T06:00:00Z")


ROWS: list[tuple[str, Callable[[Talks], None]]] = [
    ("PROPOSAL-9", proposal_9),
    ("PROPOSAL-10", proposal_10),
    ("PROPOSAL-11", proposal_11),
    ("CLAUSE-REPLY-1", clause_reply_1),
    ("CLAUSE-REPLY-8", clause_reply_8),
    ("CLAUSE-REPLY-9", clause_reply_9),
    ("CLAUSE-REPLY-10", clause_reply_10),
    ("CLAUSE-REPLY-11", clause_reply_11),
    ("CLAUSE-REPLY-14", clause_reply_14),
    ("CLAUSE-REPLY-15", clause_reply_15),
    ("COMMIT-EVENT-1", commit_event_1),
    ("COMMIT-EVENT-2", commit_event_2),
    ("COMMIT-EVENT-3", commit_event_3),
    ("COMMIT-EVENT-7", commit_event_7),
    ("COMMIT-EVENT-8", commit_event_8),
    ("COMMIT-EVENT-9", commit_event_9),
    ("COMMIT-EVENT-10", commit_event_10),
]
AGREEMENT_RULES = {rule for rule, _ in ROWS}


@pytest.mark.parametrize(("rule", "breaks"), ROWS, ids=[f"{rule}-{breaks.__name__}" for rule, breaks in ROWS])
def test_the_rule_is_kept_by_the_fold(rule: str, breaks: Callable[[Talks], None]) -> None:
    talks = Talks()
    breaks(talks)
    assert f"rule:{rule}" in {entry.reason for entry in talks.negotiation.rejected}
