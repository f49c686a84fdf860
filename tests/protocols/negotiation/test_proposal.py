from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import RuleViolation
from protocols.messages.proposals import Clause, ClauseReply, Proposal, has_cycle
from protocols.negotiation.proposal import ClauseStatus, PackageStatus, TabledProposal, reply

from .talks import AMAL, BORIS, MIRA, Talks, clause, proposal

UNTIL = "2026-11-25T12:00:00Z"


def tabled(talks: Talks, *clauses: dict[str, Any], sender: str = AMAL, **more: Any) -> str:
    to = [party for party in (AMAL, BORIS) if party != sender]
    return talks.say("PROPOSAL", sender, to, proposal(*clauses, **more), valid_until=UNTIL)


def statuses(talks: Talks, target: str) -> list[ClauseStatus]:
    now = talks.tabled(target)
    return [now.clause_status(clause) for clause in now.clauses]


def status(talks: Talks, target: str) -> PackageStatus:
    return talks.tabled(target).status(talks.now_ms)


def answer(talks: Talks, target: str, index: int, what: str, **more: Any) -> dict[str, Any]:
    reason = {} if what == "ACCEPT" else {"reason": "because"}
    return {"hash": talks.hashes(target)[index], "answer": what, **reason, **more}


def amended(talks: Talks, target: str, index: int, **changes: Any) -> dict[str, Any]:
    now = talks.tabled(target).clauses[index].clause
    new = {**now.model_dump(mode="json", exclude_none=True), "version": now.version + 1, **changes}
    return answer(talks, target, index, "AMEND", clause=new)


def test_a_proposing_party_accepts_its_own_text_and_a_mediator_none() -> None:
    talks = Talks()
    own, single = tabled(talks), tabled(talks, sender=MIRA)
    assert statuses(talks, own) == [ClauseStatus.ACCEPTED_BY] * 2
    assert statuses(talks, single) == [ClauseStatus.TABLED] * 2
    assert (status(talks, own), status(talks, single)) == (PackageStatus.TABLED, PackageStatus.TABLED)


def test_each_answer_moves_its_clause() -> None:
    talks = Talks()
    target = tabled(talks, clause(), clause(action="light"), clause(action="guard"), package="SEVERABLE")
    talks.reply(BORIS, AMAL, target, answer(talks, target, 0, "ACCEPT"))
    assert status(talks, target) is PackageStatus.PART_AGREED
    talks.reply(BORIS, AMAL, target, answer(talks, target, 1, "RESERVE"), answer(talks, target, 2, "REJECT"))
    assert statuses(talks, target) == [ClauseStatus.AGREED, ClauseStatus.RESERVED, ClauseStatus.REJECTED]
    talks.reply(BORIS, AMAL, target, answer(talks, target, 1, "ACCEPT"))
    assert statuses(talks, target)[1] is ClauseStatus.AGREED
    assert not talks.message(target).is_open


def test_acceptance_can_be_withdrawn_until_it_is_agreed() -> None:
    talks = Talks()
    target = tabled(talks, sender=MIRA)
    to = {"to": [MIRA, BORIS]}
    fields = {"proposal": target, "replies": [answer(talks, target, 0, "ACCEPT")]}
    talks.say("CLAUSE-REPLY", AMAL, to["to"], fields)
    fields = {"proposal": target, "replies": [answer(talks, target, 0, "RESERVE")]}
    talks.say("CLAUSE-REPLY", AMAL, to["to"], fields)
    assert talks.tabled(target).clauses[0].accepted == {}


def test_an_amendment_clears_what_depends_on_it_and_nothing_else() -> None:
    talks = Talks()
    target = tabled(
        talks,
        clause(),
        clause(action="light", depends_on=[1]),
        clause(action="guard", depends_on=[2]),
        clause(action="paint"),
    )
    talks.reply(BORIS, AMAL, target, *(answer(talks, target, index, "ACCEPT") for index in (1, 2, 3)))
    assert statuses(talks, target) == [ClauseStatus.ACCEPTED_BY, *[ClauseStatus.AGREED] * 3]
    old = talks.hashes(target)
    talks.reply(BORIS, AMAL, target, amended(talks, target, 0, action="keep open"))
    now = talks.tabled(target)
    assert [dict(c.accepted) for c in now.clauses] == [{BORIS: False}, {}, {}, {AMAL: False, BORIS: False}]
    assert now.clauses[0].superseded == (old[0],)
    assert [c.hash for c in now.clauses[1:]] == old[1:]
    assert talks.message(target).answers[BORIS].state == "OPEN"


def test_accepting_a_dependent_clause_beside_an_amendment_counts_whatever_the_order() -> None:
    for flipped in (False, True):
        talks = Talks()
        target = tabled(talks, clause(), clause(action="light", depends_on=[1]))
        answers = [amended(talks, target, 0, action="keep open"), answer(talks, target, 1, "ACCEPT")]
        talks.reply(BORIS, AMAL, target, *(reversed(answers) if flipped else answers))
        assert talks.tabled(target).clauses[1].accepted == {BORIS: False}


def test_adoption_takes_a_final_of_every_required_party_over_the_same_package() -> None:
    talks = Talks()
    target = tabled(talks)
    talks.accept_all(BORIS, AMAL, target)
    assert status(talks, target) is PackageStatus.AGREED
    assert talks.negotiation.board().commitments == ()
    talks.finalise(AMAL, BORIS, target)
    assert status(talks, target) is PackageStatus.AGREED
    talks.finalise(BORIS, AMAL, target)
    assert status(talks, target) is PackageStatus.ADOPTED
    assert len(talks.negotiation.board().commitments) == 2


def test_severable_adopts_agreed_clauses_whose_needs_are_agreed() -> None:
    talks = Talks()
    target = tabled(
        talks, clause(), clause(action="light"), clause(action="guard", depends_on=[2]), package="SEVERABLE"
    )
    talks.reply(BORIS, AMAL, target, *(answer(talks, target, index, "ACCEPT") for index in (0, 2)))
    assert [c.clause.no for c in talks.tabled(target).package()] == [1]
    talks.finalise(AMAL, BORIS, target)
    talks.finalise(BORIS, AMAL, target)
    assert [c.text for c in talks.negotiation.board().commitments] == ["MUST open the bridge"]


def test_a_final_is_for_one_package_and_does_not_come_back_with_it() -> None:
    talks = Talks()
    target = tabled(
        talks, clause(), clause(action="light"), clause(action="guard", depends_on=[2]), package="SEVERABLE"
    )
    talks.reply(BORIS, AMAL, target, answer(talks, target, 0, "ACCEPT"))
    talks.finalise(AMAL, BORIS, target)
    assert talks.tabled(target).finals
    talks.reply(BORIS, AMAL, target, answer(talks, target, 1, "ACCEPT"))
    assert not talks.tabled(target).finals


@pytest.mark.parametrize("package", ["ALL_OR_NOTHING", "SEVERABLE"])
def test_one_rejection_ends_all_or_nothing_only(package: str) -> None:
    talks = Talks()
    target = tabled(talks, package=package)
    talks.reply(BORIS, AMAL, target, answer(talks, target, 0, "REJECT"))
    ended = status(talks, target) is PackageStatus.REJECTED
    assert ended is (package == "ALL_OR_NOTHING")
    assert talks.message(target).is_open is not ended


def test_silence_lapses_and_never_agrees() -> None:
    talks = Talks()
    target = tabled(talks)
    talks.accept_all(BORIS, AMAL, target)
    talks.at(UNTIL)
    talks.tick()
    assert talks.tabled(target).ended is PackageStatus.LAPSED
    assert talks.message(target).answers[BORIS].state == "CLOSED"
    assert talks.negotiation.open_dialogues() == ()


def test_a_late_reply_is_judged_by_its_own_relay_time() -> None:
    talks = Talks()
    target = tabled(talks)
    fields = {"proposal": target, "replies": [answer(talks, target, 0, "ACCEPT")]}
    talks.at(UNTIL)
    verdict = talks.receive(BORIS, talks.body("CLAUSE-REPLY", BORIS, [AMAL], fields))
    assert verdict.reason == "rule:CLAUSE-REPLY-9"


def test_a_withdrawal_ends_it() -> None:
    talks = Talks()
    target = tabled(talks)
    talks.say("CORRECTION", AMAL, BORIS, {"target": target, "action": "CANCEL", "reason": "new text follows"})
    assert talks.tabled(target).ended is PackageStatus.WITHDRAWN
    assert talks.negotiation.legal_answers(target, BORIS) == ()


def test_crossing_proposals_both_stay_open() -> None:
    talks = Talks()
    first, second = tabled(talks), tabled(talks, sender=BORIS)
    assert talks.tabled(first).ended is talks.tabled(second).ended is None


@settings(deadline=None)
@given(st.dictionaries(st.integers(1, 5), st.sets(st.integers(1, 5), max_size=3), max_size=5))
def test_a_circle_is_found(graph: dict[int, set[int]]) -> None:
    def reaches_itself(start: int) -> bool:
        seen: set[int] = set()
        queue = [*graph.get(start, ())]
        while queue:
            node = queue.pop()
            if node in seen or node not in graph:
                continue
            seen.add(node)
            queue += graph[node]
        return start in seen

    assert has_cycle(graph) is any(reaches_itself(node) for node in graph)


ANSWERS = st.tuples(
    st.sampled_from([AMAL, BORIS]),
    st.integers(0, 2),
    st.sampled_from(["ACCEPT", "REJECT", "AMEND", "RESERVE"]),
    st.booleans(),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(ANSWERS, max_size=10), st.sampled_from(["ALL_OR_NOTHING", "SEVERABLE"]))
def test_agreement_is_exactly_everybodys_word_on_the_current_text(
    said: list[tuple[str, int, str, bool]], package: str
) -> None:
    """A model beside the code: what each party last said about each current version."""
    talks = Talks()
    target = tabled(
        talks, clause(), clause(action="light", depends_on=[1]), clause(action="guard"), package=package
    )
    now = talks.tabled(target)
    for sender, index, what, ad_ref in said:
        current = now.clauses[index].clause
        new = current.model_copy(update={"version": current.version + 1, "action": f"act {current.version}"})
        content = ClauseReply.model_validate(
            {
                "proposal": target,
                "ad_ref": ad_ref,
                "replies": (
                    {
                        "hash": now.clauses[index].hash,
                        "answer": what,
                        "reason": None if what == "ACCEPT" else "because",
                        "clause": new if what == "AMEND" else None,
                    },
                ),
            }
        )
        before = now
        try:
            now = reply(now, sender, content, talks.now_ms)
        except RuleViolation:
            assert now == before
            continue
        after = now.clauses[index]
        if what == "AMEND":
            assert dict(after.accepted) == {sender: ad_ref}
            assert isinstance(after.clause, Clause)
            if index == 0:
                assert dict(now.clauses[1].accepted) == {}
        else:
            assert (sender in after.accepted) is (what == "ACCEPT")
        check_package(now)


def check_package(now: TabledProposal) -> None:
    assert isinstance(now.content, Proposal)
    for agreed in now.package():
        assert set(agreed.accepted) == {AMAL, BORIS}
        assert not agreed.rejected
        assert not agreed.reserved
