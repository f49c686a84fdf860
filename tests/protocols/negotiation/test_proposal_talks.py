"""Proposals through the whole fold: replies, crossing, countering, withdrawal and silence."""

from typing import Any

from protocols.negotiation.proposal import PackageStatus

from .talks import AMAL, BORIS, MIRA, OTTO, Talks, clause, proposal

P = PackageStatus
UNTIL = "2026-11-25T12:00:00Z"


def tabled(talks: Talks, *clauses: dict[str, Any], sender: str = AMAL, **more: Any) -> str:
    refs = more.pop("refs", [])
    to = [party for party in (AMAL, BORIS) if party != sender]
    return talks.say("PROPOSAL", sender, to, proposal(*clauses, **more), valid_until=UNTIL, refs=refs)


def status(talks: Talks, target: str) -> PackageStatus:
    return talks.tabled(target).status(talks.now_ms)


def test_crossing_proposals_both_stay_open() -> None:
    talks = Talks()
    first, second = tabled(talks), tabled(talks, sender=BORIS)
    talks.accept_all(AMAL, BORIS, second)
    assert (status(talks, first), status(talks, second)) == (P.TABLED, P.AGREED)
    assert talks.message(first).is_open
    talks.in_force(second)
    assert (status(talks, first), status(talks, second)) == (P.TABLED, P.ADOPTED)


def test_a_counter_takes_the_place_of_what_it_counters_and_of_nothing_else() -> None:
    talks = Talks()
    first, second = tabled(talks), tabled(talks)
    third = tabled(talks, sender=BORIS, refs=[{"rel": "counter_to", "id": first}])
    assert [status(talks, one) for one in (first, second, third)] == [P.REPLACED, P.TABLED, P.TABLED]
    assert not talks.message(first).is_open


def test_whoever_is_not_required_neither_replies_nor_replaces() -> None:
    talks = Talks()
    target = tabled(talks)
    accept = {"hash": talks.hashes(target)[0], "answer": "ACCEPT"}
    fields = {"proposal": target, "replies": [accept]}
    for who in (MIRA, OTTO):
        verdict = talks.receive(who, talks.body("CLAUSE-REPLY", who, [AMAL, BORIS], fields))
        assert not verdict.accepted
    refs = [{"rel": "counter_to", "id": target}]
    talks.refuse(
        "rule:PROPOSAL-11", "PROPOSAL", MIRA, [AMAL, BORIS], proposal(), valid_until=UNTIL, refs=refs
    )
    assert status(talks, target) is P.TABLED


def test_an_amendment_opens_the_matter_again() -> None:
    talks = Talks()
    target = tabled(talks)
    talks.accept_all(BORIS, AMAL, target)
    assert not talks.message(target).is_open
    fresh = tabled(talks)
    now = talks.tabled(fresh).clauses[0].clause
    new = {**now.model_dump(mode="json", exclude_none=True), "version": 2, "action": "keep open"}
    hashes = talks.hashes(fresh)
    amend = {"hash": hashes[0], "answer": "AMEND", "reason": "longer", "clause": new}
    talks.reply(BORIS, AMAL, fresh, amend, {"hash": hashes[1], "answer": "ACCEPT"})
    assert talks.tabled(fresh).waits_for(AMAL, talks.now_ms)
    talks.refuse(
        "rule:CLAUSE-REPLY-1",
        "CLAUSE-REPLY",
        AMAL,
        BORIS,
        {"proposal": fresh, "replies": [{"hash": hashes[0], "answer": "ACCEPT"}]},
    )
    talks.reply(AMAL, BORIS, fresh, {"hash": talks.hashes(fresh)[0], "answer": "ACCEPT"})
    assert status(talks, fresh) is P.AGREED


def test_agreed_is_not_in_force() -> None:
    talks = Talks()
    target = tabled(talks)
    talks.accept_all(BORIS, AMAL, target)
    assert status(talks, target) is P.AGREED
    assert talks.negotiation.board().commitments == ()
    effective = "2026-11-22T16:00:00Z"
    for mode in ("INITIAL", "AD_REFERENDUM", "FINAL"):
        talks.adopt(AMAL, BORIS, target, effective, mode=mode)
        assert talks.negotiation.board().commitments == ()
    talks.adopt(BORIS, AMAL, target, effective)
    assert status(talks, target) is P.ADOPTED
    assert len(talks.negotiation.board().commitments) == 2


def test_severable_puts_in_force_what_is_agreed_with_all_it_needs() -> None:
    talks = Talks()
    texts = (clause(), clause(action="light"), clause(action="guard", depends_on=[2]))
    target = tabled(talks, *texts, package="SEVERABLE")
    hashes = talks.hashes(target)
    talks.reply(BORIS, AMAL, target, *({"hash": hashes[index], "answer": "ACCEPT"} for index in (0, 2)))
    talks.in_force(target)
    assert [made.text for made in talks.negotiation.board().commitments] == ["MUST open the bridge"]


def test_silence_lapses_and_never_agrees() -> None:
    talks = Talks()
    target = tabled(talks)
    talks.accept_all(BORIS, AMAL, target)
    talks.at(UNTIL)
    talks.tick()
    assert talks.tabled(target).ended is P.LAPSED
    assert talks.message(target).answers[BORIS].state == "CLOSED"
    assert talks.negotiation.open_dialogues() == ()


def test_late_words_are_judged_by_their_own_relay_time() -> None:
    talks = Talks()
    target = tabled(talks)
    talks.accept_all(BORIS, AMAL, target)
    reply = {"proposal": target, "replies": [{"hash": talks.hashes(target)[0], "answer": "ACCEPT"}]}
    digest = talks.tabled(target).package_hash()
    adopt = {"proposal": target, "package_hash": digest, "mode": "FINAL", "effective": "2026-11-26T00:00:00Z"}
    talks.at(UNTIL)
    for kind, fields, rule in (("CLAUSE-REPLY", reply, "CLAUSE-REPLY-9"), ("ADOPT", adopt, "ADOPT-6")):
        verdict = talks.receive(BORIS, talks.body(kind, BORIS, [AMAL], fields))
        assert verdict.reason == f"rule:{rule}"


def test_a_withdrawal_ends_it() -> None:
    talks = Talks()
    target = tabled(talks)
    talks.say("CORRECTION", AMAL, BORIS, {"target": target, "action": "CANCEL", "reason": "new text follows"})
    assert talks.tabled(target).ended is P.WITHDRAWN
    assert talks.negotiation.legal_answers(target, BORIS) == ()
