"""A mediator, a captured seat or an author who tries to get round what everybody has to agree to."""

from dataclasses import replace
from typing import Any

import pytest

from protocols import canonical
from protocols.messages.codec import decode_body
from protocols.messages.mandates import Mandate, mandate_id
from protocols.messages.roles import Role
from protocols.messages.values import format_time
from protocols.negotiation import ChannelTerms, Participant
from protocols.negotiation.record import body_reader

from .sayings import (
    ADEL,
    COMMIT,
    EXPLANATION,
    INCIDENT,
    NEWCOMER,
    NORTH_SEED,
    PERSONS,
    REQUEST,
    SOUTH_SEED,
    TERM,
    mandate,
    mandate_fields,
    roster,
    seat_fields,
)
from .talks import ALERT, AMAL, BORIS, INFORM, MIRA, OTTO, QUESTION, ROSTER, START, VERA, Talks, proposal

UNTIL = "2026-11-25T12:00:00Z"
EFFECTIVE = "2026-11-22T20:00:00Z"
WITHOUT_OBSERVER = tuple(one for one in ROSTER if one.role is not Role.OBSERVER)
THIRD = Participant("8" * 32, "Third", Role.PARTY)


def suspend(talks: Talks, who: str, by: str = MIRA) -> None:
    parties = talks.negotiation.roster.with_role(Role.PARTY) - {by}
    name = talks.negotiation.roster.name(who)
    talks.say("SEAT", by, sorted(parties), seat_fields("SUSPEND", name, who))


def correct(target: str, field: str, old: str | None, new: str) -> dict[str, Any]:
    changes = [{"field": field, "old": old, "new": new}]
    return {"target": target, "action": "CORRECT", "changes": changes, "reason": "typing error"}


# --- suspension --------------------------------------------------------------------------------------------------


def test_a_mediator_silences_no_last_party_alone() -> None:
    """Otherwise it could suspend everybody, and then nobody would be missing from what it proposes."""
    talks = Talks()
    suspend(talks, AMAL)
    suspend(talks, BORIS)
    assert talks.negotiation.suspended == {AMAL}
    for kind, fields in (("SEAT", seat_fields("ADMIT", "Nadia", NEWCOMER)), ("TERM", TERM)):
        talks.say(kind, MIRA, [AMAL, BORIS], fields)
    talks.say("SEAT", BORIS, [AMAL], seat_fields("REMOVE", "Mira", MIRA))
    agreed = talks.negotiation.agreed
    assert [item.content.operation for item in agreed.seats] == ["REMOVE"]
    assert not agreed.terms


def test_nobody_agrees_in_the_place_of_a_suspended_side() -> None:
    talks = Talks()
    suspend(talks, BORIS)
    for kind, fields in (("SEAT", seat_fields("ADMIT", "Nadia", NEWCOMER)), ("TERM", TERM)):
        target = talks.say(kind, MIRA, [AMAL, BORIS], fields)
        talks.answer("AFFIRM", AMAL, MIRA, target)
    assert not talks.negotiation.agreed.seats
    assert not talks.negotiation.agreed.terms
    restore = talks.say("SEAT", MIRA, [AMAL, BORIS], seat_fields("RESTORE", "Boris", BORIS))
    talks.answer("AFFIRM", AMAL, MIRA, restore)
    assert talks.negotiation.suspended == frozenset(), "who is left may still bring it back"


@pytest.mark.parametrize("kind", ["SEAT", "TERM"])
def test_what_a_captured_seat_asked_for_is_agreed_with_nobody(kind: str) -> None:
    talks = Talks(both())
    fields = seat_fields("ADMIT", "Nadia", NEWCOMER) if kind == "SEAT" else TERM
    target = talks.say(kind, AMAL, [ADEL, BORIS], fields)
    suspend(talks, AMAL, by=ADEL)
    assert "AFFIRM" not in {answer.choice for answer in talks.negotiation.legal_answers(target, BORIS)}
    talks.refuse("suspended", "RESPONSE", BORIS, AMAL, {"target": target, "code": "AFFIRM"})
    talks.answer("NEGATIVE", BORIS, AMAL, target, reason="her key was taken")


def both() -> tuple[Participant, ...]:
    held = mandate(ADEL)
    return tuple(replace(one, mandates=(held,)) if one.id == ADEL else one for one in roster(mandate()))


def test_what_a_captured_seat_affirmed_does_not_count_for_its_side() -> None:
    talks = Talks((*both(), THIRD))
    target = talks.say("TERM", MIRA, [AMAL, ADEL, BORIS, THIRD.id], TERM)
    talks.answer("AFFIRM", AMAL, MIRA, target)
    suspend(talks, AMAL, by=ADEL)
    for party in (BORIS, THIRD.id):
        talks.answer("AFFIRM", party, MIRA, target)
    assert not talks.negotiation.agreed.terms
    talks.answer("AFFIRM", ADEL, MIRA, target)
    assert len(talks.negotiation.agreed.terms) == 1


def test_a_claim_is_not_assigned_by_a_seat_that_was_captured() -> None:
    talks = Talks((*ROSTER, THIRD))
    talks.say("COMMIT", AMAL, BORIS, COMMIT)
    (duty,) = talks.negotiation.board().commitments
    asked = talks.event(BORIS, [AMAL, THIRD.id], duty.id, "ASSIGN", new_party=THIRD.id)
    suspend(talks, BORIS)
    talks.refuse("suspended", "RESPONSE", THIRD.id, BORIS, {"target": asked, "code": "AFFIRM"})
    assert talks.commitment(duty.id).creditors == (BORIS,)


def test_nothing_comes_into_force_while_a_required_party_is_suspended() -> None:
    talks = Talks()
    target = talks.say("PROPOSAL", AMAL, BORIS, proposal(), valid_until=UNTIL)
    talks.accept_all(BORIS, AMAL, target)
    talks.adopt(AMAL, BORIS, target, EFFECTIVE)
    suspend(talks, AMAL)
    fields = {
        "proposal": target,
        "package_hash": talks.tabled(target).package_hash(),
        "mode": "FINAL",
        "effective": EFFECTIVE,
    }
    talks.refuse("suspended", "ADOPT", BORIS, AMAL, fields)
    restore = talks.say("SEAT", MIRA, [AMAL, BORIS], seat_fields("RESTORE", "Amal", AMAL))
    talks.answer("AFFIRM", BORIS, MIRA, restore)
    talks.say("ADOPT", BORIS, AMAL, fields)
    assert len(talks.negotiation.board().commitments) == 2


# --- messages that cross -----------------------------------------------------------------------------------------


def test_two_seats_that_look_alike_are_not_both_agreed() -> None:
    talks = Talks()
    first, second = (
        talks.say("SEAT", MIRA, [AMAL, BORIS], seat_fields("ADMIT", name, key))
        for name, key in (("Nadia", NEWCOMER), ("nadia", "7" * 32))
    )
    for target in (first, second):
        for party in (AMAL, BORIS):
            talks.answer("AFFIRM", party, MIRA, target)
    assert [item.message for item in talks.negotiation.agreed.seats] == [first]
    assert {answer.answer for answer in talks.message(second).answers.values()} == {"AFFIRM"}
    assert not talks.message(second).is_open


def test_two_terms_that_cross_make_no_circle() -> None:
    talks = Talks()
    first = talks.say("TERM", AMAL, BORIS, {"term": "guns", "definition": "Artillery."})
    second = talks.say("TERM", BORIS, AMAL, {"term": "artillery", "definition": "Large guns."})
    talks.answer("AFFIRM", BORIS, AMAL, first)
    talks.answer("AFFIRM", AMAL, BORIS, second)
    assert [item.message for item in talks.negotiation.agreed.terms] == [first]


def test_the_later_of_two_definitions_is_the_one_that_waits() -> None:
    talks = Talks()
    for definition in ("Guns of more than 100 mm.", "Guns of more than 120 mm."):
        message = talks.say("TERM", AMAL, BORIS, {**TERM, "definition": definition})
        talks.answer("AFFIRM", BORIS, AMAL, message)
    assert [item.message for item in talks.negotiation.agreed.terms] == [message]


def test_a_mediator_that_was_removed_and_came_back_is_not_removed_by_an_old_word() -> None:
    talks = Talks((*ROSTER, THIRD))
    message = talks.say("SEAT", BORIS, [AMAL, THIRD.id], seat_fields("REMOVE", "Mira", MIRA))
    assert not talks.message(message).is_open
    talks.refuse("rule:RESPONSE-9", "RESPONSE", AMAL, BORIS, {"target": message, "code": "AFFIRM"})


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [("REQUEST", REQUEST, "WILCO"), ("ALERT", ALERT, "WILCO"), ("QUESTION", QUESTION, "AFFIRM")],
)
def test_an_answer_that_a_correction_overtook_does_not_count(
    kind: str, fields: dict[str, Any], code: str
) -> None:
    """CORRECTION-12: nobody promises or affirms words that they may not have seen."""
    talks = Talks()
    target = talks.say(kind, AMAL, BORIS, fields)
    changed = {
        "REQUEST": ("action", "open the gate", "leave the hill"),
        "ALERT": ("asked", "HOLD_FIRE", "HALT_MOVEMENT"),
        "QUESTION": ("question", "Is the bridge open?", "Is the bridge closed?"),
    }[kind]
    correction = talks.say("CORRECTION", AMAL, BORIS, correct(target, *changed))
    assert code not in {answer.choice for answer in talks.negotiation.legal_answers(target, BORIS)}
    talks.refuse("rule:CORRECTION-12", "RESPONSE", BORIS, AMAL, {"target": target, "code": code})
    talks.answer("ROGER", BORIS, AMAL, correction)
    talks.answer(code, BORIS, AMAL, target)


def test_explanations_and_statuses_are_not_overtaken_either() -> None:
    talks = Talks(WITHOUT_OBSERVER)
    incident = talks.say("INCIDENT", AMAL, BORIS, {**INCIDENT, "asked": "EXPLAIN"})
    talks.say("CORRECTION", AMAL, BORIS, correct(incident, "category", "EXPLOSION", "LOOTING"))
    talks.refuse("rule:CORRECTION-12", "EXPLANATION", BORIS, AMAL, {**EXPLANATION, "incident": incident})
    listed = talks.say("PERSONS", AMAL, BORIS, PERSONS, tlp="RED")
    talks.say("CORRECTION", AMAL, BORIS, correct(listed, "entries.0.name", None, "Nadia"), tlp="RED")
    talks.refuse("rule:CORRECTION-12", "PERSONS", BORIS, AMAL, status(talks, listed), tlp="RED")


def status(talks: Talks, listed: str) -> dict[str, Any]:
    statuses = [{"ref": "P-1", "status": "HELD", "as_of": format_time(talks.now_ms)}]
    return {"operation": "STATUS", "list": listed, "statuses": statuses}


# --- corrections -------------------------------------------------------------------------------------------------


def test_what_was_answered_keeps_its_words() -> None:
    talks = Talks(WITHOUT_OBSERVER)
    question = talks.say("QUESTION", AMAL, BORIS, QUESTION)
    talks.answer("AFFIRM", BORIS, AMAL, question)
    incident = talks.say("INCIDENT", AMAL, BORIS, {**INCIDENT, "asked": "EXPLAIN"})
    talks.say("EXPLANATION", BORIS, AMAL, {**EXPLANATION, "position": "ACKNOWLEDGE", "incident": incident})
    listed = talks.say("PERSONS", AMAL, BORIS, PERSONS, tlp="RED")
    talks.say("PERSONS", BORIS, AMAL, status(talks, listed), tlp="RED")
    for target, *changed in (
        (question, "question", "Is the bridge open?", "Is the bridge closed?"),
        (incident, "category", "EXPLOSION", "HARM_TO_CIVILIANS"),
        (listed, "entries.0.name", None, "Nadia"),
    ):
        fields = correct(target, changed[0] or "", changed[1], changed[2] or "")
        talks.refuse("rule:CORRECTION-10", "CORRECTION", AMAL, BORIS, fields, tlp="RED")


def test_a_correction_of_a_list_of_persons_is_as_confidential_as_the_list() -> None:
    talks = Talks(WITHOUT_OBSERVER)
    listed = talks.say("PERSONS", AMAL, BORIS, PERSONS, tlp="RED")
    fields = correct(listed, "entries.0.name", None, "Nadia")
    talks.refuse("rule:CORRECTION-6", "CORRECTION", AMAL, BORIS, fields)
    talks.seat(ROSTER)
    talks.refuse("rule:CORRECTION-6", "CORRECTION", AMAL, BORIS, fields, tlp="RED")
    cancel = {"target": listed, "action": "CANCEL", "reason": "an observer came"}
    talks.say("CORRECTION", AMAL, BORIS, cancel)


# --- mandates and roles ------------------------------------------------------------------------------------------


def south(*powers: str) -> Talks:
    held = mandate(BORIS, SOUTH_SEED, principal_name="Southern Front", powers=list(powers))
    return Talks(roster(mandate(), boris=(held,)))


def test_who_may_not_negotiate_takes_no_text_off_the_table() -> None:
    talks = south("INFORM")
    target = talks.say("PROPOSAL", AMAL, BORIS, proposal(), valid_until=UNTIL)
    refs = [{"rel": "counter_to", "id": target}]
    talks.refuse("rule:MANDATE-8", "PROPOSAL", BORIS, AMAL, proposal(), valid_until=UNTIL, refs=refs)
    assert talks.tabled(target).ended is None


def test_who_may_not_accept_does_not_remove_a_mediator_alone() -> None:
    talks = south("NEGOTIATE")
    talks.say("SEAT", BORIS, [AMAL, ADEL], seat_fields("REMOVE", "Mira", MIRA))
    assert not talks.negotiation.agreed.seats


def test_a_mandate_that_was_replaced_or_revoked_is_not_brought_back_by_sending_it_again() -> None:
    wide = mandate()
    talks = Talks(roster(wide))
    to = [ADEL, BORIS, MIRA]
    talks.say("MANDATE", AMAL, to, mandate_fields())
    assert not talks.negotiation.agreed.mandates, "it is in the charter: nothing waits"
    narrow = mandate_fields(powers=["INFORM"], replaces=mandate_id(wide))
    for _ in range(3):
        talks.say("MANDATE", AMAL, to, narrow)
    (waiting,) = talks.negotiation.agreed.mandates
    talks.seat(roster(waiting.mandate))
    talks.refuse("rule:MANDATE-7", "MANDATE", AMAL, to, mandate_fields())
    talks.seat(roster(waiting.mandate, wide))
    held: tuple[Mandate, ...] = tuple(one.mandate for one in talks.negotiation.mandates(AMAL))
    assert held == (waiting.mandate,)


def test_a_warning_counts_whatever_became_of_the_mandate_it_cites() -> None:
    talks = Talks(roster(mandate()))
    talks.say("ALERT", AMAL, BORIS, ALERT, mandate=mandate_id(mandate(ADEL, NORTH_SEED)))


def test_who_is_no_longer_a_party_adopts_nothing() -> None:
    talks = Talks()
    target = talks.say("PROPOSAL", AMAL, BORIS, proposal(), valid_until=UNTIL)
    talks.accept_all(BORIS, AMAL, target)
    talks.adopt(AMAL, BORIS, target, EFFECTIVE)
    talks.seat([replace(one, role=Role.MEDIATOR) if one.id == BORIS else one for one in ROSTER])
    digest = talks.tabled(target).package_hash()
    fields = {"proposal": target, "package_hash": digest, "mode": "FINAL", "effective": EFFECTIVE}
    talks.refuse("rule:ADOPT-2", "ADOPT", BORIS, AMAL, fields)
    assert talks.negotiation.board().commitments == ()


def test_nobody_verifies_what_their_own_side_owes() -> None:
    talks = Talks(both())
    clause = {**COMMIT["consequent"], "verifier": ADEL}
    talks.say("COMMIT", AMAL, BORIS, {**COMMIT, "consequent": clause})
    (duty,) = talks.negotiation.board().commitments
    talks.seat([replace(one, role=Role.MONITOR) if one.id == ADEL else one for one in both()])
    fields = {
        "subject": duty.id,
        "kind": "COMMITMENT",
        "result": "MET",
        "access_limits": "none",
        "as_of": format_time(talks.now_ms),
        "grade": "A1",
    }
    talks.refuse("rule:FINDING-8", "FINDING", ADEL, [AMAL, BORIS], fields)


def test_who_has_left_is_not_escalated() -> None:
    talks = Talks()
    target = talks.say("QUESTION", AMAL, [VERA, BORIS], QUESTION)
    talks.seat([one for one in ROSTER if one.id != VERA])
    talks.at("2026-11-30T00:00:00Z")
    fields: dict[str, Any] = {
        "message": target,
        "addressee": VERA,
        "level": 2,
        "step": "1x",
        "from": AMAL,
        "sent": START,
    }
    body = canonical.encode({"v": 1, "type": "ESCALATION", **fields})
    verdict = talks.receive(AMAL, body)
    assert verdict.reason == "rule:ESCALATION-5"


# --- size --------------------------------------------------------------------------------------------------------


def test_what_was_read_last_is_kept_up_to_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    talks = Talks()
    bodies = [talks.body("QUESTION", OTTO, [MIRA], QUESTION, topic=f"road {number}") for number in range(9)]
    monkeypatch.setattr("protocols.negotiation.record._RECENT_BYTES", 3 * len(bodies[0]))
    read: list[bytes] = []

    def counted(data: bytes) -> Any:
        read.append(data)
        return decode_body(data)

    monkeypatch.setattr("protocols.negotiation.record.decode_body", counted)
    reader = body_reader()
    for data in bodies:
        assert reader(data) == reader(data)
    assert read == bodies
    reader(bodies[-3])
    assert read == bodies
    reader(bodies[0])
    assert read == [*bodies, bodies[0]]


def test_open_dialogues_are_not_read_again_for_every_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protocols.negotiation.record._RECENT", 2)
    talks = Talks()
    asked = [talks.say("QUESTION", AMAL, BORIS, QUESTION, topic=f"road {number}") for number in range(9)]
    before = talks.negotiation.open_dialogues()
    assert [dialogue.message.id for dialogue in before] == asked

    def unread(data: bytes) -> Any:
        raise AssertionError("it was read already")

    monkeypatch.setattr("protocols.negotiation.record.decode_body", unread)
    assert talks.negotiation.open_dialogues() == before
    monkeypatch.undo()
    sooner = correct(asked[0], "purpose", None, "the convoy")
    talks.say("CORRECTION", AMAL, BORIS, sooner)
    talks.seat(ROSTER)
    assert [dialogue.due_ms for dialogue in talks.negotiation.open_dialogues()][:9] == [
        dialogue.due_ms for dialogue in before
    ]


def test_new_timers_of_the_charter_hold_for_what_is_open() -> None:
    talks = Talks()
    target = talks.say("INFORM", AMAL, BORIS, INFORM)
    readings = [{"field": f"window.{end}", "value": str(INFORM["window"][end])} for end in ("start", "end")]
    said = talks.say("READBACK", BORIS, AMAL, {"target": target, "readings": readings}, precedence="PRIORITY")

    def due() -> list[int | None]:
        return [one.due_ms for one in talks.negotiation.open_dialogues() if one.message.id == said]

    before = due()
    talks.seat(ROSTER, ChannelTerms(timers={("PRIORITY", 6): 60}))
    assert before != due() == [talks.message(said).relay_time_ms + 60_000]
