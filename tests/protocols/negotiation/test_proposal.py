"""Proposals clause by clause: every rule of MESSAGES.md section 4 but adoption, on values alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import RuleViolation
from protocols.messages.parallel import ParallelText
from protocols.messages.proposals import Clause, clause_hash, has_cycle
from protocols.negotiation.proposal import (
    ClauseStatus,
    PackageStatus,
    TabledProposal,
    counter,
    end_proposal,
)

from .owed import at
from .tabled import (
    AMAL,
    BORIS,
    CARLA,
    MIRA,
    OTTO,
    UNTIL_H,
    accepted,
    adopted,
    adopts,
    answer,
    clause,
    say,
    tabled,
    word,
)

C, P = ClauseStatus, PackageStatus
TWO: dict[str, Any] = {"required": (AMAL, BORIS)}
CHAIN = (clause(1), clause(2, depends_on=(1,)), clause(3, depends_on=(2,)), clause(4))


def statuses(now: TabledProposal) -> list[ClauseStatus]:
    return [now.clause_status(one) for one in now.clauses]


def refused(rule: str, now: TabledProposal, who: str, *answers: Any, **more: Any) -> None:
    with pytest.raises(RuleViolation) as caught:
        say(now, who, *answers, **more)
    assert caught.value.rule == rule


# --- who has accepted what ------------------------------------------------------------------------


def test_a_proposing_party_accepts_its_own_text_and_a_mediator_none() -> None:
    own, single = tabled(), tabled(by=MIRA)
    assert [word(one) for one in own.clauses] == [{AMAL: False}] * 2
    assert statuses(own) == [C.ACCEPTED_BY] * 2
    assert [word(one) for one in single.clauses] == [{}] * 2
    assert statuses(single) == [C.TABLED] * 2
    assert own.status(at(0)) is single.status(at(0)) is P.TABLED


CLAUSE_ROWS: dict[str, tuple[list[tuple[str, str]], ClauseStatus]] = {
    "TABLED": ([], C.TABLED),
    "TABLED-to-ACCEPTED_BY": ([(AMAL, "ACCEPT")], C.ACCEPTED_BY),
    "ACCEPTED_BY-to-AGREED": ([(AMAL, "ACCEPT"), (BORIS, "ACCEPT"), (CARLA, "ACCEPT")], C.AGREED),
    "TABLED-to-REJECTED": ([(AMAL, "REJECT")], C.REJECTED),
    "ACCEPTED_BY-to-REJECTED": ([(AMAL, "ACCEPT"), (BORIS, "REJECT")], C.REJECTED),
    "TABLED-to-RESERVED": ([(AMAL, "RESERVE")], C.RESERVED),
    "ACCEPTED_BY-to-RESERVED": ([(AMAL, "ACCEPT"), (BORIS, "RESERVE")], C.RESERVED),
    "RESERVED-stays-for-the-others": ([(AMAL, "RESERVE"), (BORIS, "ACCEPT")], C.RESERVED),
    "RESERVED-to-ACCEPTED_BY": ([(AMAL, "RESERVE"), (AMAL, "ACCEPT")], C.ACCEPTED_BY),
    "RESERVED-to-REJECTED": ([(AMAL, "RESERVE"), (AMAL, "REJECT")], C.REJECTED),
    "RESERVED-to-amended": ([(AMAL, "RESERVE"), (BORIS, "AMEND")], C.ACCEPTED_BY),
    "acceptance-withdrawn-by-RESERVE": ([(AMAL, "ACCEPT"), (AMAL, "RESERVE")], C.RESERVED),
    "acceptance-withdrawn-by-REJECT": ([(AMAL, "ACCEPT"), (AMAL, "REJECT")], C.REJECTED),
}


@pytest.mark.parametrize("row", CLAUSE_ROWS)
def test_every_row_of_a_clause(row: str) -> None:
    answers, after = CLAUSE_ROWS[row]
    now = tabled(clause(1), clause(2), by=MIRA, package="SEVERABLE")
    for who, what in answers:
        now = say(now, who, (1, what))
    assert statuses(now) == [after, C.TABLED]


def test_superseded_is_the_version_before_the_amendment() -> None:
    first = tabled()
    second = say(first, BORIS, (1, "AMEND"))
    third = say(second, CARLA, answer(second, 1, "AMEND", action="a third act"))
    now = third.clauses[0]
    assert now.superseded == (first.clauses[0].hash, second.clauses[0].hash)
    assert (now.clause.version, now.hash, word(now)) == (3, clause_hash(now.clause), {CARLA: False})
    for old in (first, second):
        refused("CLAUSE-REPLY-1", third, AMAL, answer(old, 1, "ACCEPT"))


@pytest.mark.parametrize("what", ["RESERVE", "REJECT"])
def test_acceptance_may_be_withdrawn_until_it_is_agreed(what: str) -> None:
    now = say(tabled(by=MIRA), AMAL, (1, "ACCEPT"))
    assert word(say(now, AMAL, (1, what)).clauses[0]) == {}
    agreed = accepted(now)
    refused("CLAUSE-REPLY-10", agreed, AMAL, (1, what))


@pytest.mark.parametrize("what", ["ACCEPT", "REJECT", "AMEND", "RESERVE"])
def test_what_is_agreed_or_rejected_is_not_answered_again(what: str) -> None:
    now = tabled(clause(1), clause(2), clause(3), package="SEVERABLE", **TWO)
    now = say(now, BORIS, (1, "ACCEPT"), (2, "REJECT"))
    assert statuses(now) == [C.AGREED, C.REJECTED, C.ACCEPTED_BY]
    for who in (AMAL, BORIS):
        for no in (1, 2):
            refused("CLAUSE-REPLY-10", now, who, (no, what))


def test_what_was_accepted_ad_referendum_is_confirmed_even_when_agreed() -> None:
    now = accepted(tabled(**TWO), BORIS, ad_ref=True)
    assert word(now.clauses[0]) == {AMAL: False, BORIS: True}
    assert now.status(at(1)) is P.AGREED
    confirmed = say(now, BORIS, (1, "ACCEPT"))
    assert word(confirmed.clauses[0]) == {AMAL: False, BORIS: False}
    refused("CLAUSE-REPLY-10", now, BORIS, (1, "ACCEPT"), ad_ref=True)
    refused("CLAUSE-REPLY-10", confirmed, BORIS, (1, "ACCEPT"))


# --- amending -------------------------------------------------------------------------------------


def test_an_amendment_clears_what_depends_on_it_through_others_and_nothing_else() -> None:
    now = say(tabled(*CHAIN, **TWO), BORIS, (2, "ACCEPT"), (3, "ACCEPT"), (4, "ACCEPT"))
    assert statuses(now) == [C.ACCEPTED_BY, C.AGREED, C.AGREED, C.AGREED]
    after = say(now, BORIS, (1, "AMEND"))
    assert [word(one) for one in after.clauses] == [{BORIS: False}, {}, {}, {AMAL: False, BORIS: False}]
    assert [one.hash for one in after.clauses[1:]] == [one.hash for one in now.clauses[1:]]
    middle = say(tabled(*CHAIN, **TWO), BORIS, (2, "AMEND"))
    assert [word(one) for one in middle.clauses] == [{AMAL: False}, {BORIS: False}, {}, {AMAL: False}]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_the_order_of_the_answers_in_a_reply_means_nothing(order: tuple[int, ...]) -> None:
    now = say(tabled(*CHAIN, **TWO), BORIS, (2, "ACCEPT"), (3, "ACCEPT"))
    what = {1: "AMEND", 2: "AMEND", 3: "ACCEPT"}
    after = say(now, BORIS, *((no, what[no]) for no in order), ad_ref=True)
    assert [word(one) for one in after.clauses] == [{BORIS: True}] * 3 + [{AMAL: False}]
    assert [one.clause.version for one in after.clauses] == [2, 2, 1, 1]


def test_reservations_and_rejections_of_dependent_clauses_stay() -> None:
    now = tabled(*CHAIN, package="SEVERABLE", **TWO)
    after = say(say(now, BORIS, (2, "RESERVE"), (3, "REJECT")), BORIS, (1, "AMEND"))
    assert statuses(after)[1:3] == [C.RESERVED, C.REJECTED]


@pytest.mark.parametrize(
    "new",
    [
        {"action": "act 1"},
        {"version": 3},
        {"version": 1},
        {"no": 2},
    ],
    ids=["unchanged", "version-skipped", "version-kept", "another-number"],
)
def test_an_amendment_keeps_the_number_takes_the_next_version_and_differs(new: dict[str, Any]) -> None:
    now = tabled()
    refused("CLAUSE-REPLY-11", now, BORIS, answer(now, 1, "AMEND", **new))


@pytest.mark.parametrize(
    "new",
    [
        {"actor": OTTO},
        {"depends_on": (7,)},
        {"depends_on": (1,)},
        {"depends_on": (2,)},
        {"throughout": True, "modal": "MUST NOT"},
        {"texts": (ParallelText(lang="ar", status="AUTHENTIC", action="a", object="b"),)},
    ],
    ids=["actor", "no-such-clause", "itself", "circle", "throughout", "language"],
)
def test_an_amended_clause_keeps_the_rules_of_proposal(new: dict[str, Any]) -> None:
    now = tabled(*CHAIN)
    refused("CLAUSE-REPLY-14", now, BORIS, answer(now, 1, "AMEND", **new))


def test_acceptance_binds_the_authentic_words_only() -> None:
    def text(words: str, status: str) -> tuple[ParallelText, ...]:
        values: dict[str, Any] = {"lang": "ar", "status": status, "action": words, "object": "b"}
        return (ParallelText(**values),)

    plain, better = clause(texts=text("a", "TRANSLATION")), clause(texts=text("c", "TRANSLATION"))
    assert clause_hash(plain) == clause_hash(better)
    assert clause_hash(clause(texts=text("a", "AUTHENTIC"))) != clause_hash(
        clause(texts=text("c", "AUTHENTIC"))
    )
    now = tabled(plain, languages=("en", "ar"), **TWO)
    assert accepted(now).status(at(1)) is P.AGREED


# --- who and when ---------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [MIRA, OTTO, CARLA])
def test_only_required_parties_reply(who: str) -> None:
    for by in (AMAL, MIRA):
        refused("CLAUSE-REPLY-8", tabled(by=by, **TWO), who, (1, "ACCEPT"))


@pytest.mark.parametrize("ended", [P.WITHDRAWN, P.REPLACED, P.LAPSED])
def test_what_has_ended_is_not_answered_and_stays_so(ended: PackageStatus) -> None:
    over = end_proposal(tabled(), ended)
    assert over.status(at(1)) is ended
    refused("CLAUSE-REPLY-9", over, BORIS, (1, "ACCEPT"))
    assert end_proposal(over, P.WITHDRAWN) is over


def test_silence_lapses_and_never_agrees() -> None:
    for now in (tabled(), accepted(tabled()), say(tabled(), BORIS, (1, "RESERVE"))):
        assert now.is_open(at(UNTIL_H) - 1)
        assert now.status(at(UNTIL_H)) is P.LAPSED
        refused("CLAUSE-REPLY-9", now, CARLA, (1, "ACCEPT"), hour=UNTIL_H)


@pytest.mark.parametrize(
    ("who", "allowed"), [(AMAL, True), (BORIS, True), (CARLA, False), (MIRA, False), (OTTO, False)]
)
def test_only_the_proposer_or_a_required_party_replaces_a_partys_proposal(who: str, allowed: bool) -> None:
    now = tabled(**TWO)
    if allowed:
        assert counter(now, who, at(1)).status(at(1)) is P.REPLACED
        return
    with pytest.raises(RuleViolation, match="PROPOSAL-11"):
        counter(now, who, at(1))


def test_a_mediator_replaces_its_own_single_text() -> None:
    assert counter(tabled(by=MIRA), MIRA, at(1)).ended is P.REPLACED


def test_only_what_is_open_is_replaced() -> None:
    for over in (end_proposal(tabled(), P.WITHDRAWN), adopted(accepted(tabled()))):
        with pytest.raises(RuleViolation, match="PROPOSAL-11"):
            counter(over, AMAL, at(1))
    with pytest.raises(RuleViolation, match="PROPOSAL-11"):
        counter(tabled(), AMAL, at(UNTIL_H))


# --- the package ----------------------------------------------------------------------------------

PACKAGE_ROWS: dict[str, tuple[str, dict[int, str], PackageStatus, list[int]]] = {
    "TABLED": ("ALL_OR_NOTHING", {}, P.TABLED, []),
    "all-PART_AGREED": ("ALL_OR_NOTHING", {1: "ACCEPT", 2: "ACCEPT"}, P.PART_AGREED, []),
    "all-AGREED": ("ALL_OR_NOTHING", dict.fromkeys((1, 2, 3, 4), "ACCEPT"), P.AGREED, [1, 2, 3, 4]),
    "all-one-REJECTED": ("ALL_OR_NOTHING", {1: "ACCEPT", 4: "REJECT"}, P.REJECTED, []),
    "severable-PART_AGREED": ("SEVERABLE", {1: "ACCEPT", 2: "ACCEPT"}, P.PART_AGREED, [1, 2]),
    "severable-needs-its-needs": ("SEVERABLE", {2: "ACCEPT", 3: "ACCEPT", 4: "ACCEPT"}, P.PART_AGREED, [4]),
    "severable-reserved": ("SEVERABLE", {1: "ACCEPT", 2: "RESERVE", 3: "ACCEPT"}, P.PART_AGREED, [1]),
    "severable-one-REJECTED": ("SEVERABLE", {1: "REJECT", 4: "ACCEPT"}, P.PART_AGREED, [4]),
    "severable-all-REJECTED": ("SEVERABLE", dict.fromkeys((1, 2, 3, 4), "REJECT"), P.REJECTED, []),
    "severable-AGREED": ("SEVERABLE", dict.fromkeys((1, 2, 3, 4), "ACCEPT"), P.AGREED, [1, 2, 3, 4]),
}


@pytest.mark.parametrize("row", PACKAGE_ROWS)
def test_every_row_of_a_package(row: str) -> None:
    package, answers, status, adoptable = PACKAGE_ROWS[row]
    now = tabled(*CHAIN, package=package, **TWO)
    now = say(now, BORIS, *answers.items()) if answers else now
    assert now.status(at(1)) is status
    # What is rejected together leaves nothing to adopt, whatever else was agreed.
    assert [one.clause.no for one in now.package()] == adoptable
    assert (now.package_hash() is None) is (not adoptable)
    assert now.is_open(at(1)) is (status is not P.REJECTED)


def test_the_package_hash_is_of_this_text_and_this_glossary() -> None:
    now = accepted(tabled())
    hashes = {
        now.package_hash(),
        accepted(say(tabled(), BORIS, (1, "AMEND"))).package_hash(),
        accepted(tabled(glossary_version=3)).package_hash(),
        accepted(tabled(clause(1))).package_hash(),
    }
    assert len(hashes) == 4
    assert None not in hashes


def test_it_waits_for_whoever_has_not_answered_the_clauses_as_they_stand() -> None:
    now = tabled(**TWO)
    assert (now.waits_for(AMAL, at(1)), now.waits_for(BORIS, at(1))) == (False, True)
    partly = say(now, BORIS, (1, "RESERVE"))
    assert partly.waits_for(BORIS, at(1))
    amended = say(partly, BORIS, (2, "AMEND"))
    assert (amended.waits_for(AMAL, at(1)), amended.waits_for(BORIS, at(1))) == (True, False)
    assert not amended.waits_for(CARLA, at(1))
    assert not amended.waits_for(AMAL, at(UNTIL_H))


# --- initialled text ------------------------------------------------------------------------------


def initialled(*numbers: int) -> TabledProposal:
    """Four clauses, of which Boris agreed to these; both parties initialled what stands."""
    now = say(
        tabled(*CHAIN, package="SEVERABLE", **TWO), BORIS, *((no, "ACCEPT") for no in numbers), ad_ref=True
    )
    return adopted(now, mode="INITIAL")


@pytest.mark.parametrize("no", [1, 2, 3, 4])
def test_initialled_text_is_not_amended(no: int) -> None:
    fixed = initialled(1, 4)
    assert fixed.is_fixed()
    refused("CLAUSE-REPLY-16", fixed, AMAL, (no, "AMEND"))


def test_initialled_text_takes_nothing_in() -> None:
    fixed = initialled(1, 4)
    refused("CLAUSE-REPLY-16", fixed, BORIS, (2, "ACCEPT"))
    # What leaves the text as it is may still be said.
    assert statuses(say(fixed, BORIS, (2, "REJECT"), (3, "RESERVE")))[1:3] == [C.REJECTED, C.RESERVED]
    confirmed = say(fixed, BORIS, (1, "ACCEPT"), (4, "ACCEPT"))
    assert confirmed.adoptions == fixed.adoptions
    assert confirmed.is_fixed()


def test_text_that_only_some_initialled_is_not_fixed() -> None:
    now = say(tabled(*CHAIN, package="SEVERABLE", **TWO), BORIS, (1, "ACCEPT"))
    some = adopts(now, AMAL, "INITIAL")
    assert not some.is_fixed()
    grown = say(some, BORIS, (2, "ACCEPT"))
    assert (grown.adoptions, grown.effective, grown.named, grown.witnesses) == ({}, {}, {}, {})


# --- circles --------------------------------------------------------------------------------------


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


def test_tabled_text_is_a_value() -> None:
    now = tabled()
    before = [dict(one.accepted) for one in now.clauses]
    say(now, BORIS, (1, "AMEND"), (2, "ACCEPT"))
    assert [dict(one.accepted) for one in now.clauses] == before
    assert isinstance(now.clauses[0].clause, Clause)
