"""MANDATE, SEAT and TERM: who must agree, what works at once, and what waits for a commit (MESSAGES.md section 2)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from protocols.messages.glossary import GlossaryTerm
from protocols.messages.mandates import mandate_id
from protocols.messages.roles import Role
from protocols.negotiation import ChannelTerms, Participant

from .sayings import (
    ADEL,
    NEWCOMER,
    NORTH,
    NORTH_SEED,
    SOUTH_SEED,
    TERM,
    mandate,
    mandate_fields,
    roster,
    seat_fields,
)
from .talks import AMAL, BORIS, INFORM, MIRA, OTTO, QUESTION, ROSTER, STRANGER, VERA, Talks

THIRD = Participant("8" * 32, "Third", Role.PARTY)
ADMIT = seat_fields("ADMIT", "Nadia", NEWCOMER, principal=NORTH, principal_name="Northern Council")


def full() -> Talks:
    return Talks(roster(mandate()))


# --- mandates ----------------------------------------------------------------------------------------------------


def test_a_signed_mandate_waits_for_a_commit_and_gives_nothing_before() -> None:
    talks = Talks(roster())
    fields = mandate_fields(ADEL)
    message = talks.say("MANDATE", AMAL, [ADEL, BORIS, MIRA], fields)
    (waiting,) = talks.negotiation.agreed.mandates
    assert (waiting.message, waiting.mandate.holder) == (message, ADEL)
    assert talks.negotiation.mandates(ADEL) == ()
    granted = tuple(replace(one, mandates=(waiting.mandate,)) if one.id == ADEL else one for one in roster())
    talks.seat(granted)
    assert talks.negotiation.agreed.mandates == ()
    assert [held.id for held in talks.negotiation.mandates(ADEL)] == [mandate_id(waiting.mandate)]


def test_a_challenge_is_seen_and_vetoes_nothing() -> None:
    talks = full()
    message = talks.say("MANDATE", AMAL, [ADEL, BORIS, MIRA], mandate_fields(ADEL))
    talks.answer("NEGATIVE", BORIS, AMAL, message, reason="the council was dissolved")
    assert talks.message(message).answers[BORIS].answer == "NEGATIVE"
    assert [item.message for item in talks.negotiation.agreed.mandates] == [message]


def test_a_revocation_of_what_only_waits_takes_it_out() -> None:
    talks = full()
    to = [ADEL, BORIS, MIRA]
    talks.say("MANDATE", AMAL, to, mandate_fields(ADEL))
    (waiting,) = talks.negotiation.agreed.mandates
    ending = mandate_fields(ADEL, powers=[], revokes=mandate_id(waiting.mandate))
    message = talks.say("MANDATE", AMAL, to, ending)
    assert [item.message for item in talks.negotiation.agreed.mandates] == [message]
    talks.seat(roster(mandate()))
    assert talks.negotiation.agreed.mandates == ()
    talks.refuse("rule:MANDATE-7", "MANDATE", AMAL, to, ending)


def mandate_5(t: Talks) -> None:
    t.refuse("rule:MANDATE-5", "MANDATE", AMAL, [ADEL, BORIS], mandate_fields(ADEL))
    t.refuse("rule:MANDATE-5", "MANDATE", AMAL, [ADEL, MIRA], mandate_fields(ADEL), info=[BORIS])


def mandate_6(t: Talks) -> None:
    to = [AMAL, ADEL, MIRA]
    for fields in (
        mandate_fields(AMAL),  # the holder fits, but Boris does not speak for the north
        mandate_fields(BORIS, SOUTH_SEED),  # Boris's seat speaks for nobody
        mandate_fields(STRANGER),
    ):
        t.refuse("rule:MANDATE-6", "MANDATE", BORIS, to, fields)
    t.refuse("rule:MANDATE-6", "MANDATE", AMAL, [ADEL, BORIS, MIRA], mandate_fields(ADEL, SOUTH_SEED))


def mandate_7(t: Talks) -> None:
    to = [ADEL, BORIS, MIRA]
    unknown = "7" * 64
    t.refuse("rule:MANDATE-7", "MANDATE", AMAL, to, mandate_fields(replaces=unknown))
    t.refuse("rule:MANDATE-7", "MANDATE", AMAL, to, mandate_fields(powers=[], revokes=unknown))
    t.say("MANDATE", AMAL, to, mandate_fields(replaces=mandate_id(mandate())))


# --- seats -------------------------------------------------------------------------------------------------------


def test_a_seat_is_agreed_by_the_last_partys_affirm_and_drops_out_when_it_is_filled() -> None:
    talks = Talks((*ROSTER, THIRD))
    message = talks.say("SEAT", MIRA, [AMAL, BORIS, THIRD.id], seat_fields("ADMIT", "Nadia", NEWCOMER))
    for party in (AMAL, BORIS):
        talks.answer("AFFIRM", party, MIRA, message)
        assert talks.negotiation.agreed.seats == ()
    talks.answer("AFFIRM", THIRD.id, MIRA, message)
    assert [item.message for item in talks.negotiation.agreed.seats] == [message]
    talks.seat((*ROSTER, THIRD, Participant(NEWCOMER, "Nadia", Role.PARTY)))
    assert talks.negotiation.agreed.seats == ()


def test_one_negative_refuses_a_seat_for_good() -> None:
    talks = Talks((*ROSTER, THIRD))
    message = talks.say("SEAT", AMAL, [BORIS, THIRD.id], ADMIT)
    talks.answer("NEGATIVE", BORIS, AMAL, message, reason="we do not know her")
    assert not talks.message(message).is_open
    talks.refuse("rule:RESPONSE-9", "RESPONSE", THIRD.id, AMAL, {"target": message, "code": "AFFIRM"})
    assert talks.negotiation.agreed.seats == ()


def test_a_party_that_came_later_has_not_agreed() -> None:
    talks = Talks()
    message = talks.say("SEAT", AMAL, [BORIS], ADMIT)
    talks.seat((*ROSTER, THIRD))
    talks.answer("AFFIRM", BORIS, AMAL, message)
    assert talks.negotiation.agreed.seats == ()


@pytest.mark.parametrize(
    ("fields", "change"),
    [
        (
            seat_fields("REMOVE", "Otto", OTTO),
            lambda people: tuple(one for one in people if one.id != OTTO),
        ),
        (
            seat_fields("ROLE", "Vera", VERA, role="observer"),
            lambda people: tuple(
                replace(one, role=Role.OBSERVER) if one.id == VERA else one for one in people
            ),
        ),
        (
            seat_fields("KEY", "Boris", NEWCOMER, replaces=BORIS),
            lambda people: tuple(replace(one, id=NEWCOMER) if one.id == BORIS else one for one in people),
        ),
    ],
    ids=["REMOVE", "ROLE", "KEY"],
)
def test_each_operation_waits_until_the_roster_shows_it(
    fields: dict[str, Any], change: Callable[[tuple[Participant, ...]], tuple[Participant, ...]]
) -> None:
    talks = Talks()
    message = talks.say("SEAT", AMAL, [BORIS], fields)
    talks.answer("AFFIRM", BORIS, AMAL, message)
    talks.seat(ROSTER)  # a commit about something else
    assert [item.message for item in talks.negotiation.agreed.seats] == [message]
    talks.seat(change(ROSTER))
    assert talks.negotiation.agreed.seats == ()


def test_what_was_agreed_later_takes_the_place_of_what_was_agreed_before() -> None:
    talks = Talks()
    for role in ("observer", "liaison"):
        message = talks.say("SEAT", AMAL, [BORIS], seat_fields("ROLE", "Vera", VERA, role=role))
        talks.answer("AFFIRM", BORIS, AMAL, message)
    assert [item.message for item in talks.negotiation.agreed.seats] == [message]
    other = talks.say("SEAT", AMAL, [BORIS], seat_fields("REMOVE", "Otto", OTTO))
    talks.answer("AFFIRM", BORIS, AMAL, other)
    assert [item.message for item in talks.negotiation.agreed.seats] == [message, other]


def test_any_party_alone_withdraws_its_consent_to_a_mediator() -> None:
    talks = Talks()
    message = talks.say("SEAT", BORIS, [AMAL, MIRA], seat_fields("REMOVE", "Mira", MIRA))
    assert [item.message for item in talks.negotiation.agreed.seats] == [message]
    other = Talks()
    other.say("SEAT", BORIS, [AMAL], seat_fields("REMOVE", "Otto", OTTO))
    assert other.negotiation.agreed.seats == ()


def test_mediators_and_observers_do_not_agree_to_seats() -> None:
    talks = Talks()
    message = talks.say("SEAT", AMAL, [BORIS, MIRA], ADMIT)
    assert set(talks.message(message).answers) == {BORIS}
    assert "AFFIRM" not in {a.choice for a in talks.negotiation.legal_answers(message, MIRA)}
    talks.refuse("rule:RESPONSE-10", "RESPONSE", MIRA, AMAL, {"target": message, "code": "AFFIRM"})


@pytest.mark.parametrize("sender", [MIRA, ADEL, AMAL], ids=["mediator", "own side", "the seat itself"])
def test_a_captured_seat_is_suspended_at_once(sender: str) -> None:
    talks = full()
    to = [one for one in (AMAL, ADEL, BORIS) if one != sender]
    message = talks.say("SEAT", sender, to, seat_fields("SUSPEND", "Amal", AMAL))
    assert talks.negotiation.suspended == {AMAL}
    talks.refuse("suspended", "INFORM", AMAL, BORIS, INFORM)
    assert talks.receipt("DELIVERED", AMAL, message).reason == "suspended"
    assert talks.negotiation.undelivered_to_me(AMAL) == ()
    assert talks.negotiation.legal_answers(message, AMAL) == ()


def test_another_party_suspends_nobody_alone() -> None:
    talks = Talks((*ROSTER, THIRD))
    message = talks.say("SEAT", AMAL, [BORIS, THIRD.id], seat_fields("SUSPEND", "Boris", BORIS))
    assert talks.negotiation.suspended == frozenset()
    talks.say("INFORM", BORIS, AMAL, INFORM)
    for party in (BORIS, THIRD.id):
        talks.answer("AFFIRM", party, AMAL, message)
    assert talks.negotiation.suspended == {BORIS}


def both(**adels: Any) -> tuple[Participant, ...]:
    """The northern seats with a mandate each, Adel's with these changes."""
    held = mandate(ADEL, **adels)
    return tuple(replace(one, mandates=(held,)) if one.id == ADEL else one for one in roster(mandate()))


def test_a_suspended_seat_is_not_waited_for_and_is_restored_by_the_others() -> None:
    talks = Talks(both())
    talks.say("SEAT", ADEL, [AMAL, BORIS], seat_fields("SUSPEND", "Amal", AMAL))
    restore = talks.say("SEAT", ADEL, [AMAL, BORIS], seat_fields("RESTORE", "Amal", AMAL))
    assert talks.negotiation.suspended == {AMAL}
    talks.answer("AFFIRM", BORIS, ADEL, restore)
    assert talks.negotiation.suspended == frozenset()
    talks.say("INFORM", AMAL, BORIS, INFORM)
    assert talks.negotiation.agreed.seats == ()  # nothing of this waits for a commit


def test_one_seat_of_a_side_speaks_for_it() -> None:
    talks = Talks(both())
    message = talks.say("SEAT", BORIS, [AMAL, ADEL], ADMIT)
    talks.answer("AFFIRM", ADEL, BORIS, message)
    assert [item.message for item in talks.negotiation.agreed.seats] == [message]
    assert not talks.message(message).is_open, "nobody else has to answer any more"


def test_who_may_not_accept_does_not_agree_for_its_side_by_asking() -> None:
    talks = Talks(both(powers=["NEGOTIATE"]))
    message = talks.say("SEAT", ADEL, [AMAL, BORIS], ADMIT)
    talks.answer("AFFIRM", BORIS, ADEL, message)
    assert not talks.negotiation.agreed.seats
    talks.answer("AFFIRM", AMAL, ADEL, message)
    assert [item.message for item in talks.negotiation.agreed.seats] == [message]


def test_what_was_suspended_and_has_left_comes_back_only_by_the_roster() -> None:
    talks = Talks()
    talks.say("SEAT", MIRA, [AMAL, BORIS], seat_fields("SUSPEND", "Otto", OTTO))
    talks.seat([one for one in ROSTER if one.id != OTTO])
    assert talks.negotiation.suspended == frozenset()
    talks.seat(ROSTER)
    talks.say("QUESTION", OTTO, MIRA, QUESTION)


def seat_4(t: Talks) -> None:
    for operation, seat, fingerprint in (("REMOVE", "Otto", OTTO), ("SUSPEND", "Boris", BORIS)):
        t.refuse("rule:SEAT-4", "SEAT", MIRA, [AMAL, ADEL], seat_fields(operation, seat, fingerprint))


def seat_5(t: Talks) -> None:
    for name in ("Boris", "boris", "B\u043eris"):
        t.refuse("rule:SEAT-5", "SEAT", MIRA, [AMAL, ADEL, BORIS], seat_fields("ADMIT", name, NEWCOMER))
    message = t.say("SEAT", MIRA, [AMAL, ADEL, BORIS], seat_fields("ADMIT", "Nadia", NEWCOMER))
    for party in (AMAL, ADEL, BORIS):
        t.answer("AFFIRM", party, MIRA, message)
    t.refuse("rule:SEAT-5", "SEAT", MIRA, [AMAL, ADEL, BORIS], seat_fields("ADMIT", "Nadia", "7" * 32))


def seat_6(t: Talks) -> None:
    for fields in (
        seat_fields("ADMIT", "Someone", OTTO),
        seat_fields("KEY", "Boris", OTTO, replaces=BORIS),
        seat_fields("KEY", "Boris", NEWCOMER, replaces=STRANGER),
        seat_fields("REMOVE", "Nobody", STRANGER),
        seat_fields("REMOVE", "Boris", OTTO),
        seat_fields("ROLE", "Otto", OTTO, role="observer"),
        seat_fields("RESTORE", "Otto", OTTO),
    ):
        t.refuse("rule:SEAT-6", "SEAT", MIRA, [AMAL, ADEL, BORIS], fields)
    t.say("SEAT", MIRA, [AMAL, ADEL, BORIS], seat_fields("SUSPEND", "Otto", OTTO))
    t.refuse("rule:SEAT-6", "SEAT", MIRA, [AMAL, ADEL, BORIS], seat_fields("SUSPEND", "Otto", OTTO))


def seat_7(t: Talks) -> None:
    for history in ({"history": "NONE"}, {"history": "FROM", "history_from": "2026-11-22T14:00:00Z"}):
        fields = {**seat_fields("ADMIT", "Nadia", NEWCOMER), **history}
        t.refuse("rule:SEAT-7", "SEAT", MIRA, [AMAL, ADEL, BORIS], fields)


# --- terms -------------------------------------------------------------------------------------------------------


def glossary(*terms: tuple[str, str, str]) -> ChannelTerms:
    entries = tuple(
        GlossaryTerm(term=term, definition=definition, lang="en", version=1, source=source)
        for term, definition, source in terms
    )
    return ChannelTerms(glossary=entries, glossary_version=len(entries))


def test_a_term_is_agreed_by_all_parties_and_drops_out_when_the_glossary_has_it() -> None:
    talks = Talks()
    message = talks.say("TERM", MIRA, [AMAL, BORIS], TERM, lang="fr")
    talks.answer("AFFIRM", AMAL, MIRA, message)
    assert not talks.negotiation.agreed.terms
    talks.answer("AFFIRM", BORIS, MIRA, message)
    (agreed,) = talks.negotiation.agreed.terms
    assert (agreed.message, agreed.content.term, agreed.lang) == (message, "heavy weapons", "fr")
    talks.seat(ROSTER, glossary(("heavy weapons", "Guns.", "1" * 32)))  # another TERM's
    assert talks.negotiation.agreed.terms == (agreed,)
    talks.seat(ROSTER, glossary(("heavy weapons", "Guns.", message)))
    assert not talks.negotiation.agreed.terms


def term_2(t: Talks) -> None:
    t.seat(t.negotiation.roster.participants, glossary(("guns", "Heavy Weapons on wheels.", "1" * 32)))
    circular = {**TERM, "definition": "Guns of more than 100 mm."}
    t.refuse("rule:TERM-2", "TERM", AMAL, [ADEL, BORIS], circular)
    t.say("TERM", AMAL, [ADEL, BORIS], {**TERM, "definition": "Artillery of more than 100 mm."})
    t.say("TERM", AMAL, [ADEL, BORIS], {**TERM, "term": "guns", "definition": "Artillery."})
    first = t.say("TERM", AMAL, [ADEL, BORIS], {"term": "artillery", "definition": "Tubes with a crew."})
    for party in (ADEL, BORIS):
        t.answer("AFFIRM", party, AMAL, first)
    through = {"term": "crew", "definition": "Who serves artillery."}
    t.refuse("rule:TERM-2", "TERM", AMAL, [ADEL, BORIS], through)


def term_3(t: Talks) -> None:
    t.refuse("rule:TERM-3", "TERM", AMAL, [BORIS, MIRA], TERM)


ROWS: list[tuple[str, Callable[[Talks], None]]] = [
    ("MANDATE-5", mandate_5),
    ("MANDATE-6", mandate_6),
    ("MANDATE-7", mandate_7),
    ("SEAT-4", seat_4),
    ("SEAT-5", seat_5),
    ("SEAT-6", seat_6),
    ("SEAT-7", seat_7),
    ("TERM-2", term_2),
    ("TERM-3", term_3),
]
SEATING_RULES = {rule for rule, _ in ROWS}


@pytest.mark.parametrize(("rule", "breaks"), ROWS, ids=[rule for rule, _ in ROWS])
def test_the_rule_is_kept_by_the_fold(rule: str, breaks: Callable[[Talks], None]) -> None:
    talks = Talks(both())
    breaks(talks)
    assert f"rule:{rule}" in {entry.reason for entry in talks.negotiation.rejected}


def test_a_principals_own_key_may_give_a_mandate() -> None:
    """The principal sits at the table itself: its own seat names who else speaks for it."""
    from protocols.participants import participant_id

    principal = participant_id(bytes.fromhex(NORTH))
    talks = Talks((*roster(), Participant(principal, "Council", Role.PARTY)))
    fields = mandate_fields(ADEL, NORTH_SEED)
    talks.say("MANDATE", principal, [AMAL, ADEL, BORIS, MIRA], fields)
    assert len(talks.negotiation.agreed.mandates) == 1
