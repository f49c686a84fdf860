"""Lists of persons: each rule broken once; each holder answers for each person, and for nobody else's word."""

from collections.abc import Callable
from typing import Any

import pytest

from protocols.messages.roles import Role
from protocols.negotiation import Participant, PersonsList, ResponseState, RosterChange

from .sayings import NEWCOMER, seat_fields
from .talks import AMAL, BORIS, LEILA, MIRA, OTTO, QUESTION, ROSTER, START, VERA, Talks

VALUES = ("HELD", "NOT_HELD", "DECEASED", "TRANSFERRED", "RELEASED", "UNKNOWN")


def seat(talks: Talks, *roster: Participant) -> None:
    talks.position += 1
    talks.negotiation.handshake(
        RosterChange(position=talks.position, relay_time_ms=talks.now_ms, epoch=2, roster=roster)
    )


@pytest.fixture
def talks() -> Talks:
    """A channel without observers."""
    made = Talks()
    seat(made, *(one for one in ROSTER if one.role is not Role.OBSERVER))
    return made


def entries(*refs: str) -> dict[str, Any]:
    return {"operation": "LIST", "entries": [{"ref": ref, "category": "DETAINEE"} for ref in refs]}


def statuses(listed: str, **said: str) -> dict[str, Any]:
    given = [{"ref": ref, "status": status, "as_of": START} for ref, status in said.items()]
    return {"operation": "STATUS", "list": listed, "statuses": given}


def listed(talks: Talks, to: str | list[str] = AMAL, *refs: str) -> str:
    return talks.say("PERSONS", BORIS, to, entries(*(refs or ("N1", "N2"))), tlp="RED")


def status(talks: Talks, sender: str, target: str, **said: str) -> str:
    return talks.say("PERSONS", sender, BORIS, statuses(target, **said), tlp="RED")


def persons_list(talks: Talks) -> PersonsList:
    (found,) = talks.negotiation.persons
    return found


def persons_4(t: Talks) -> None:
    kept = listed(t)
    seat(t, *ROSTER)
    t.refuse("rule:PERSONS-4", "PERSONS", BORIS, AMAL, entries("N1"), tlp="RED")
    t.refuse("rule:PERSONS-4", "PERSONS", BORIS, [AMAL, OTTO], entries("N1"), tlp="RED")
    t.refuse("rule:PERSONS-4", "PERSONS", AMAL, BORIS, statuses(kept, N1="HELD"), tlp="RED")


def persons_5(t: Talks) -> None:
    kept = listed(t)
    t.refuse("rule:PERSONS-5", "PERSONS", AMAL, BORIS, statuses(kept, N1="HELD", N3="HELD"), tlp="RED")
    assert persons_list(t).missing(AMAL) == ("N1", "N2")


def persons_6(t: Talks) -> None:
    kept = t.say("PERSONS", BORIS, AMAL, entries("N1"), tlp="RED", info=[LEILA])
    for sender in (LEILA, MIRA):
        t.refuse("rule:PERSONS-6", "PERSONS", sender, BORIS, statuses(kept, N1="HELD"), tlp="RED")
    own = statuses(kept, N1="HELD")
    t.refuse("rule:PERSONS-6", "PERSONS", BORIS, AMAL, own, tlp="RED")
    t.refuse("rule:PERSONS-6", "PERSONS", AMAL, MIRA, own, tlp="RED", info=[BORIS])
    t.say("CORRECTION", BORIS, [AMAL, LEILA], {"target": kept, "action": "CANCEL", "reason": "in error"})
    t.refuse("rule:PERSONS-6", "PERSONS", AMAL, BORIS, own, tlp="RED")


def unknown_target(t: Talks) -> None:
    question = t.say("QUESTION", AMAL, BORIS, QUESTION)
    later = status(t, AMAL, listed(t), N1="HELD")
    for name in (question, later, "0" * 32):
        t.refuse("unknown-target", "PERSONS", AMAL, BORIS, statuses(name, N1="HELD"), tlp="RED")


def role_not_allowed(t: Talks) -> None:
    t.refuse("role-not-allowed", "PERSONS", VERA, AMAL, entries("N1"), tlp="RED")


BREAKS: list[Callable[[Talks], None]] = [persons_4, persons_5, persons_6, unknown_target, role_not_allowed]


@pytest.mark.parametrize("breaking", BREAKS, ids=lambda one: one.__name__)
def test_each_rule_broken(talks: Talks, breaking: Callable[[Talks], None]) -> None:
    breaking(talks)


@pytest.mark.parametrize("value", VALUES)
def test_a_status_for_each_person_closes_it(talks: Talks, value: str) -> None:
    target = listed(talks)
    status(talks, AMAL, target, N1=value)
    assert persons_list(talks).missing(AMAL) == ("N2",)
    assert talks.message(target).is_open
    said = status(talks, AMAL, target, N2="NOT_HELD")
    assert persons_list(talks).missing(AMAL) == ()
    answer = talks.message(target).answers[AMAL]
    assert (answer.state, answer.answer, answer.message) == (ResponseState.CLOSED, "PERSONS", said)


def test_pending_answers_nothing_yet(talks: Talks) -> None:
    target = listed(talks)
    status(talks, AMAL, target, N1="HELD", N2="PENDING")
    assert persons_list(talks).missing(AMAL) == ("N2",)
    assert talks.message(target).is_open


def test_what_is_uncertain_again_opens_it_again(talks: Talks) -> None:
    target = listed(talks)
    status(talks, AMAL, target, N1="HELD", N2="NOT_HELD")
    assert not talks.message(target).is_open
    status(talks, AMAL, target, N2="PENDING")
    assert talks.message(target).is_open
    assert target in {one.message.id for one in talks.negotiation.open_dialogues()}
    status(talks, AMAL, target, N2="RELEASED")
    assert not talks.message(target).is_open


def test_each_addressee_answers_for_themselves(talks: Talks) -> None:
    target = listed(talks, [AMAL, MIRA])
    status(talks, AMAL, target, N1="HELD", N2="HELD")
    assert persons_list(talks).missing(AMAL) == ()
    assert persons_list(talks).missing(MIRA) == ("N1", "N2")
    states = {who: answer.state for who, answer in talks.message(target).answers.items()}
    assert states == {AMAL: ResponseState.CLOSED, MIRA: ResponseState.OPEN}
    status(talks, MIRA, target, N1="NOT_HELD", N2="UNKNOWN")
    kept = persons_list(talks).statuses
    assert kept[AMAL]["N1"].status == "HELD"
    assert kept[MIRA]["N1"].status == "NOT_HELD"


def test_the_last_word_on_a_person_stands(talks: Talks) -> None:
    target = listed(talks)
    status(talks, AMAL, target, N1="HELD")
    said = status(talks, AMAL, target, N1="RELEASED")
    kept = persons_list(talks).statuses[AMAL]["N1"]
    assert (kept.status, kept.message) == ("RELEASED", said)


def test_a_list_without_its_author_is_still_answered(talks: Talks) -> None:
    target = listed(talks, AMAL, "N1")
    seat(talks, *(one for one in talks.negotiation.roster.participants if one.id != BORIS))
    talks.say("PERSONS", AMAL, MIRA, statuses(target, N1="RELEASED"), tlp="RED")
    assert persons_list(talks).missing(AMAL) == ()


def test_it_is_in_the_digest(talks: Talks) -> None:
    target = listed(talks)
    before = talks.negotiation.digest()
    status(talks, AMAL, target, N1="HELD")
    assert talks.negotiation.digest() != before
    assert talks.negotiation.summary()["persons"] == [persons_list(talks).summary()]


def test_nobody_comes_later_to_observe_what_was_listed(talks: Talks) -> None:
    """SEAT-10: a newcomer is shown the past, so an observer would read names that it could not be sent."""
    admit = seat_fields("ADMIT", "Nadia", NEWCOMER, role="observer")
    waiting = talks.say("SEAT", MIRA, [AMAL, BORIS], admit)
    listed(talks)
    for party in (AMAL, BORIS):
        talks.answer("AFFIRM", party, MIRA, waiting)
    assert not talks.negotiation.agreed.seats
    talks.refuse("rule:SEAT-10", "SEAT", MIRA, [AMAL, BORIS], admit)
    talks.say("SEAT", MIRA, [AMAL, BORIS], seat_fields("ADMIT", "Nadia", NEWCOMER, role="monitor"))


def test_nobody_is_listed_where_an_observer_was_agreed_on(talks: Talks) -> None:
    admit = talks.say("SEAT", MIRA, [AMAL, BORIS], seat_fields("ADMIT", "Nadia", NEWCOMER, role="observer"))
    for party in (AMAL, BORIS):
        talks.answer("AFFIRM", party, MIRA, admit)
    talks.refuse("rule:PERSONS-4", "PERSONS", BORIS, AMAL, entries("N1"), tlp="RED")
