"""What closes what: one illegal answer per type, and everything that is offered can be sent."""

from typing import Any

import pytest

from protocols.messages.catalogue import CATALOGUE, legal_answers
from protocols.messages.envelope import MessageType
from protocols.messages.values import format_time
from protocols.negotiation import AnswerState, ResponseState

from .sayings import (
    ADEL,
    COMMIT,
    CONVEY,
    EXPLANATION,
    FINDING,
    INCIDENT,
    LINE_CHECK,
    MEETING,
    PERSONS,
    REQUEST,
    TERM,
    mandate,
    mandate_fields,
    roster,
    seat_fields,
)
from .talks import (
    ALERT,
    AMAL,
    BORIS,
    INFORM,
    MIRA,
    NOTIFY,
    OTTO,
    QUESTION,
    ROSTER,
    VERA,
    Talks,
    clause,
    proposal,
)

CODES = ("ROGER", "WILCO", "UNABLE", "AFFIRM", "NEGATIVE", "STANDBY", "NOT-UNDERSTOOD", "CORRECT", "WRONG")
UNTIL = "2026-11-25T12:00:00Z"
READINGS = [
    {"field": "window.start", "value": "2026-11-23T06:00:00Z"},
    {"field": "window.end", "value": "2026-11-24T06:00:00Z"},
]


def open_message(talks: Talks, kind: str) -> tuple[str, str, str]:
    """Say one message of a type; returns it, who answers it, and to whom."""
    fields: dict[str, Any]
    match kind:
        case "INFORM":
            return talks.say("INFORM", AMAL, BORIS, INFORM), BORIS, AMAL
        case "QUESTION":
            return talks.say("QUESTION", AMAL, BORIS, {**QUESTION, "form": "WHEN"}), BORIS, AMAL
        case "QUESTION YES_NO":
            return talks.say("QUESTION", AMAL, BORIS, QUESTION), BORIS, AMAL
        case "NOTIFY":
            return talks.say("NOTIFY", AMAL, BORIS, NOTIFY), BORIS, AMAL
        case "ALERT":
            return talks.say("ALERT", AMAL, BORIS, ALERT), BORIS, AMAL
        case "ALERT NONE":
            return talks.say("ALERT", AMAL, BORIS, {**ALERT, "asked": "NONE"}), BORIS, AMAL
        case "PROPOSAL":
            return talks.say("PROPOSAL", AMAL, BORIS, proposal(), valid_until=UNTIL), BORIS, AMAL
        case "READBACK":
            target = talks.say("INFORM", AMAL, BORIS, INFORM)
            return talks.say("READBACK", BORIS, AMAL, {"target": target, "readings": READINGS}), AMAL, BORIS
        case "CORRECTION":
            target = talks.say("INFORM", AMAL, BORIS, INFORM)
            fields = {"target": target, "action": "CANCEL", "reason": "wrong channel"}
            return talks.say("CORRECTION", AMAL, BORIS, fields), BORIS, AMAL
        case "RESPONSE":
            target = talks.say("INFORM", AMAL, BORIS, INFORM)
            return talks.answer("ROGER", BORIS, AMAL, target), AMAL, BORIS
        case "CLAUSE-REPLY":
            target = talks.say("PROPOSAL", AMAL, BORIS, proposal(), valid_until=UNTIL)
            return talks.accept_all(BORIS, AMAL, target), AMAL, BORIS
        case "COMMIT-EVENT RELEASE":
            return talks.event(BORIS, AMAL, talks.adopted()[0].id, "RELEASE"), AMAL, BORIS
        case "COMMIT-EVENT CLAIM":
            return talks.event(AMAL, BORIS, talks.adopted()[0].id, "CLAIM", evidence=["5" * 64]), BORIS, AMAL
        case "COMMIT-EVENT SUSPEND":
            return talks.event(AMAL, BORIS, talks.adopted()[0].id, "SUSPEND"), BORIS, AMAL
        case "ADOPT":
            target = talks.say("PROPOSAL", AMAL, BORIS, proposal(), valid_until=UNTIL)
            talks.accept_all(BORIS, AMAL, target)
            return talks.adopt(AMAL, BORIS, target, "2026-11-23T00:00:00Z"), BORIS, AMAL
        case "LINE-CHECK":
            return talks.say("LINE-CHECK", AMAL, BORIS, LINE_CHECK, topic="LINE-CHECK"), BORIS, AMAL
        case "MANDATE":
            talks.seat(roster(mandate()))
            return talks.say("MANDATE", AMAL, [ADEL, BORIS, MIRA], mandate_fields()), BORIS, AMAL
        case "SEAT":
            return talks.say("SEAT", AMAL, BORIS, seat_fields("REMOVE", "Otto", OTTO)), BORIS, AMAL
        case "CONVEY":
            return talks.say("CONVEY", MIRA, BORIS, CONVEY), BORIS, MIRA
        case "FINDING":
            incident = talks.say("INCIDENT", AMAL, BORIS, INCIDENT)
            fields = {**FINDING, "subject": incident, "as_of": format_time(talks.now_ms)}
            return talks.say("FINDING", VERA, [AMAL, BORIS], fields), BORIS, VERA
        case "INCIDENT EXPLAIN":
            return talks.say("INCIDENT", AMAL, BORIS, {**INCIDENT, "asked": "EXPLAIN"}), BORIS, AMAL
        case "EXPLANATION":
            incident = talks.say("INCIDENT", AMAL, BORIS, {**INCIDENT, "asked": "EXPLAIN"})
            return talks.say("EXPLANATION", BORIS, AMAL, {**EXPLANATION, "incident": incident}), AMAL, BORIS
        case "PERSONS LIST":
            talks.seat([one for one in ROSTER if one.id != OTTO])
            return talks.say("PERSONS", AMAL, BORIS, PERSONS, tlp="RED"), BORIS, AMAL
        case "PERSONS STATUS":
            talks.seat([one for one in ROSTER if one.id != OTTO])
            target = talks.say("PERSONS", AMAL, BORIS, PERSONS, tlp="RED")
            statuses = [{"ref": "P-1", "status": "HELD", "as_of": format_time(talks.now_ms)}]
            fields = {"operation": "STATUS", "list": target, "statuses": statuses}
            return talks.say("PERSONS", BORIS, AMAL, fields, tlp="RED"), AMAL, BORIS
        case _:
            plain = {"TERM": TERM, "REQUEST": REQUEST, "COMMIT": COMMIT, "INCIDENT": INCIDENT}
            return talks.say(kind, AMAL, BORIS, {**plain, "MEETING": MEETING}[kind]), BORIS, AMAL


LEGAL: dict[str, set[str]] = {
    "INFORM": {"ROGER", "STANDBY", "NOT-UNDERSTOOD"},
    "QUESTION": {"UNABLE", "STANDBY", "NOT-UNDERSTOOD"},
    "QUESTION YES_NO": {"AFFIRM", "NEGATIVE", "UNABLE", "STANDBY", "NOT-UNDERSTOOD"},
    "NOTIFY": {"ROGER", "STANDBY", "NOT-UNDERSTOOD"},
    "ALERT": {"WILCO", "UNABLE", "STANDBY", "NOT-UNDERSTOOD"},
    "ALERT NONE": {"ROGER", "STANDBY", "NOT-UNDERSTOOD"},
    "PROPOSAL": {"STANDBY", "NOT-UNDERSTOOD"},
    "READBACK": {"CORRECT", "WRONG", "STANDBY", "NOT-UNDERSTOOD"},
    "CORRECTION": {"ROGER", "STANDBY", "NOT-UNDERSTOOD"},
    "RESPONSE": set(),
    "CLAUSE-REPLY": set(),
    "COMMIT-EVENT RELEASE": {"ROGER", "STANDBY", "NOT-UNDERSTOOD"},
    "COMMIT-EVENT CLAIM": {"STANDBY", "NOT-UNDERSTOOD"},
    "COMMIT-EVENT SUSPEND": {"AFFIRM", "NEGATIVE", "STANDBY", "NOT-UNDERSTOOD"},
    "LINE-CHECK": {"ROGER", "STANDBY", "NOT-UNDERSTOOD"},
    "MANDATE": {"ROGER", "NEGATIVE", "STANDBY", "NOT-UNDERSTOOD"},
    "SEAT": {"AFFIRM", "NEGATIVE", "STANDBY", "NOT-UNDERSTOOD"},
    "CONVEY": {"ROGER", "STANDBY", "NOT-UNDERSTOOD"},
    "REQUEST": {"WILCO", "UNABLE", "STANDBY", "NOT-UNDERSTOOD"},
    "TERM": {"AFFIRM", "NEGATIVE", "STANDBY", "NOT-UNDERSTOOD"},
    "ADOPT": {"STANDBY", "NOT-UNDERSTOOD"},
    "COMMIT": {"ROGER", "STANDBY", "NOT-UNDERSTOOD"},
    "FINDING": {"ROGER", "STANDBY", "NOT-UNDERSTOOD"},
    "INCIDENT": {"ROGER", "STANDBY", "NOT-UNDERSTOOD"},
    "INCIDENT EXPLAIN": {"STANDBY", "NOT-UNDERSTOOD"},
    "EXPLANATION": {"ROGER", "STANDBY", "NOT-UNDERSTOOD"},
    "PERSONS LIST": {"STANDBY", "NOT-UNDERSTOOD"},
    "PERSONS STATUS": {"ROGER", "STANDBY", "NOT-UNDERSTOOD"},
    "MEETING": {"AFFIRM", "NEGATIVE", "STANDBY", "NOT-UNDERSTOOD"},
}
REPLIES: dict[str, set[tuple[str, str | None]]] = {
    "QUESTION": {("INFORM", "reply_to")},
    "PROPOSAL": {("CLAUSE-REPLY", None), ("PROPOSAL", "counter_to")},
    "ADOPT": {("ADOPT", None), ("READBACK", None)},
    "COMMIT-EVENT CLAIM": {("COMMIT-EVENT", "CONFIRM"), ("COMMIT-EVENT", "DISPUTE")},
    "INCIDENT EXPLAIN": {("EXPLANATION", None), ("READBACK", None)},
    "PERSONS LIST": {("PERSONS", "STATUS")},
}
"""The answers of other types that are offered."""


def filled(code: str, target: str) -> dict[str, Any]:
    """A RESPONSE with the fields its code needs."""
    more: dict[str, Any] = {}
    if code in ("UNABLE", "NEGATIVE", "NOT-UNDERSTOOD"):
        more["reason"] = "because"
    if code == "STANDBY":
        more["by"] = "2026-11-22T20:00:00Z"
    if code == "WRONG":
        more["fields"] = ["window.start"]
    if code == "ROGER":
        more["passed_to"] = "command post"
    return {"target": target, "code": code, **more}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("kind", LEGAL)
def test_a_code_is_legal_or_refused_and_offered_only_if_legal(kind: str, code: str) -> None:
    talks = Talks()
    target, who, author = open_message(talks, kind)
    offered = {
        a.choice for a in talks.negotiation.legal_answers(target, who) if a.type is MessageType.RESPONSE
    }
    assert offered == LEGAL[kind]
    if code not in LEGAL[kind]:
        talks.refuse("rule:RESPONSE-5", "RESPONSE", who, author, filled(code, target))
        return
    before = talks.message(target).answers[who].state
    talks.say("RESPONSE", who, author, filled(code, target))
    closes = code not in ("STANDBY", "NOT-UNDERSTOOD")
    assert before is ResponseState.OPEN
    assert (talks.message(target).answers[who].state is ResponseState.CLOSED) is closes
    if closes:
        assert not [a for a in talks.negotiation.legal_answers(target, who) if a.type is MessageType.RESPONSE]


@pytest.mark.parametrize("kind", REPLIES)
def test_messages_that_answer_are_offered(kind: str) -> None:
    talks = Talks()
    target, who, _ = open_message(talks, kind)
    offered = talks.negotiation.legal_answers(target, who)
    assert {(a.type.value, a.choice) for a in offered if a.type is not MessageType.RESPONSE} == REPLIES[kind]


def test_every_type_is_in_the_table() -> None:
    assert {kind.split()[0] for kind in LEGAL} == {kind.value for kind in CATALOGUE}


def test_a_typed_question_is_closed_by_information_and_not_by_free_text() -> None:
    talks = Talks()
    when, _, _ = open_message(talks, "QUESTION")
    yes_no, _, _ = open_message(talks, "QUESTION YES_NO")
    for target, closes in ((when, True), (yes_no, False)):
        refs = [{"rel": "reply_to", "id": target}]
        talks.say("INFORM", MIRA, AMAL, INFORM, refs=refs)
        assert talks.message(target).is_open
        talks.say("INFORM", BORIS, AMAL, INFORM, refs=refs)
        assert talks.message(target).is_open is not closes


def test_standby_says_when_and_leaves_the_matter_open() -> None:
    talks = Talks()
    target, _, _ = open_message(talks, "ALERT")
    talks.answer("STANDBY", BORIS, AMAL, target, by="2026-11-22T15:00:00Z")
    (dialogue,) = talks.negotiation.open_dialogues()
    assert (dialogue.state, dialogue.answer, dialogue.addressee) == ("STANDBY", "STANDBY", BORIS)
    assert dialogue.due_ms == talks.message(target).answers[BORIS].by_ms
    talks.answer("WILCO", BORIS, AMAL, target)
    assert talks.negotiation.open_dialogues() == ()


def test_what_is_not_understood_stays_visible() -> None:
    talks = Talks()
    target, _, _ = open_message(talks, "ALERT")
    talks.answer("NOT-UNDERSTOOD", BORIS, AMAL, target, reason="which bridge")
    (dialogue,) = talks.negotiation.open_dialogues()
    assert (dialogue.state, dialogue.answer) == ("OPEN", "NOT-UNDERSTOOD")


def test_each_addressee_stands_alone_and_info_addressees_are_not_waited_for() -> None:
    talks = Talks()
    target = talks.say("INFORM", AMAL, [BORIS, MIRA], INFORM, info=[VERA, OTTO])
    talks.answer("ROGER", VERA, AMAL, target)
    talks.answer("ROGER", BORIS, AMAL, target)
    answers = talks.message(target).answers
    assert set(answers) == {BORIS, MIRA}
    assert (answers[BORIS].state, answers[BORIS].answer) == ("CLOSED", "ROGER")
    assert answers[MIRA] == AnswerState()


def test_an_observer_is_offered_two_words() -> None:
    talks = Talks()
    target = talks.say("INFORM", AMAL, OTTO, INFORM)
    offered = talks.negotiation.legal_answers(target, OTTO)
    assert {a.choice for a in offered} == {"ROGER", "NOT-UNDERSTOOD"}


def test_strangers_and_authors_are_offered_nothing() -> None:
    talks = Talks()
    target, _, author = open_message(talks, "ALERT")
    assert talks.negotiation.legal_answers(target, author) == ()
    assert talks.negotiation.legal_answers(target, MIRA) == ()
    assert talks.negotiation.legal_answers("0" * 32, BORIS) == ()


def test_no_promise_is_offered_after_its_time() -> None:
    talks = Talks()
    target, _, _ = open_message(talks, "ALERT")
    late = talks.now_ms + 4 * 3_600_000
    assert "WILCO" not in {a.choice for a in talks.negotiation.legal_answers(target, BORIS, late)}


def test_a_correction_changes_what_is_in_force_and_keeps_what_was_said() -> None:
    talks = Talks()
    target = talks.say("INFORM", AMAL, BORIS, INFORM)
    change = {"field": "window.start", "old": "2026-11-23T06:00:00Z", "new": "230700Z NOV 26"}
    fields = {"target": target, "action": "CORRECT", "changes": [change], "reason": "typing error"}
    correction = talks.say("CORRECTION", AMAL, BORIS, fields)
    after = talks.message(target)
    assert after.corrected_by == (correction,)
    assert after.content.model_dump()["window"]["start"] == "2026-11-23T07:00:00Z"
    assert after.message.content.model_dump()["window"]["start"] == "2026-11-23T06:00:00Z"
    said = talks.say("READBACK", BORIS, AMAL, {"target": target, "readings": READINGS})
    talks.refuse("rule:RESPONSE-11", "RESPONSE", AMAL, BORIS, {"target": said, "code": "CORRECT"})


def test_a_cancelled_message_takes_no_answer() -> None:
    talks = Talks()
    target = talks.say("ALERT", AMAL, BORIS, ALERT)
    talks.say("CORRECTION", AMAL, BORIS, {"target": target, "action": "CANCEL", "reason": "wrong bridge"})
    talks.refuse("rule:RESPONSE-9", "RESPONSE", BORIS, AMAL, {"target": target, "code": "WILCO"})
    assert talks.negotiation.board().commitments == ()


HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("kind", "hours"),
    [
        ("INFORM", 24),
        ("QUESTION", 24),
        ("COMMIT-EVENT CLAIM", 72),
        ("COMMIT-EVENT RELEASE", 24),
        ("CORRECTION", 12),
        ("MANDATE", 24),
        ("SEAT", 24),
        ("CONVEY", 12),
        ("REQUEST", 24),
        ("TERM", 72),
        ("COMMIT", 24),
        ("FINDING", 48),
        ("INCIDENT", 48),
        ("INCIDENT EXPLAIN", 48),
        ("EXPLANATION", 24),
        ("PERSONS LIST", 7 * 24),
        ("MEETING", 24),
    ],
)
def test_default_times(kind: str, hours: int) -> None:
    talks = Talks()
    target, _, _ = open_message(talks, kind)
    due = {d.message.id: d.due_ms for d in talks.negotiation.open_dialogues()}
    assert due[target] == talks.message(target).relay_time_ms + hours * HOUR_MS


def test_due_of_the_others() -> None:
    talks = Talks()
    alert, _, _ = open_message(talks, "ALERT")
    notify, _, _ = open_message(talks, "NOTIFY")
    offer, _, _ = open_message(talks, "PROPOSAL")
    asked = talks.say("QUESTION", AMAL, BORIS, QUESTION, respond_by="2026-11-22T16:00:00Z")
    due = {d.message.id: d.due_ms for d in talks.negotiation.open_dialogues()}
    start = talks.message(alert).relay_time_ms - 1000
    assert due[alert] == start + 1000 + 300_000
    assert due[notify] == start + int(3.5 * HOUR_MS)  # 12 h before 06:00 the next day
    assert due[offer] == start + int(69.5 * HOUR_MS)
    assert due[asked] == start + int(1.5 * HOUR_MS)


def test_the_catalogue_and_the_fold_offer_the_same() -> None:
    talks = Talks()
    for kind in ("INFORM", "QUESTION", "NOTIFY", "ALERT", "PROPOSAL"):
        target, who, _ = open_message(talks, kind)
        assert talks.negotiation.legal_answers(target, who) == legal_answers(talks.message(target).content)


def test_a_permission_creates_no_commitment() -> None:
    talks = Talks()
    assert talks.adopted(clause(modal="MAY"), clause(BORIS, "MAY", "inspect")) == ()
