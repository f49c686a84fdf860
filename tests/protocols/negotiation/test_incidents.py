"""Incidents, explanations and findings on them: each rule broken once, and whose word stands where."""

from collections.abc import Callable
from typing import Any

import pytest

from protocols.messages.values import time_ms
from protocols.negotiation import IncidentRecord, ResponseState, RosterChange

from .talks import (
    AMAL,
    BORIS,
    LEILA,
    MIRA,
    NOTIFY,
    OTTO,
    PLACE,
    QUESTION,
    START,
    VERA,
    Talks,
)

INCIDENT: dict[str, Any] = {
    "window": {"start": "2026-11-22T09:00:00Z", "end": "2026-11-22T09:20:00Z"},
    "place": PLACE,
    "category": "EXPLOSION",
    "known": "SEEN",
    "grade": "B2",
    "status": "CEASED",
    "asked": "EXPLAIN",
}
NEXT = "2026-11-23T12:00:00Z"
FINDING: dict[str, Any] = {
    "kind": "INCIDENT",
    "result": "CONFIRMED",
    "method": ["visit on 2026-11-22"],
    "access_limits": "none",
    "as_of": START,
    "grade": "A1",
}


def explanation(incident: str, position: str = "DENY", **more: Any) -> dict[str, Any]:
    later = {"next_update": NEXT} if position == "INVESTIGATING" else {}
    return {"incident": incident, "position": position, "account": "No fire was reported.", **later, **more}


def finding(incident: str, **more: Any) -> dict[str, Any]:
    return {"subject": incident, **FINDING, **more}


def reported(talks: Talks, to: str | list[str] = AMAL, **more: Any) -> str:
    return talks.say("INCIDENT", LEILA, to, {**INCIDENT, **more}, info=[VERA])


def record(talks: Talks) -> IncidentRecord:
    (found,) = talks.negotiation.board().incidents
    return found


def incident_4(t: Talks) -> None:
    question = t.say("QUESTION", AMAL, BORIS, QUESTION)
    for cited in (question, "0" * 32):
        t.refuse("rule:INCIDENT-4", "INCIDENT", LEILA, AMAL, {**INCIDENT, "notification": cited})


def incident_5(t: Talks) -> None:
    for to in ([AMAL, MIRA], [OTTO]):
        t.refuse("rule:INCIDENT-5", "INCIDENT", LEILA, to, INCIDENT)


def explanation_2(t: Talks) -> None:
    asked = reported(t)
    unasked = reported(t, asked="INVESTIGATE")
    t.refuse("rule:EXPLANATION-2", "EXPLANATION", BORIS, LEILA, explanation(asked))
    t.refuse("rule:EXPLANATION-2", "EXPLANATION", AMAL, LEILA, explanation(unasked))
    t.say("CORRECTION", LEILA, [AMAL, VERA], {"target": asked, "action": "CANCEL", "reason": "in error"})
    t.refuse("rule:EXPLANATION-2", "EXPLANATION", AMAL, LEILA, explanation(asked))


def explanation_3(t: Talks) -> None:
    t.refuse("rule:EXPLANATION-3", "EXPLANATION", AMAL, VERA, explanation(reported(t)), info=[LEILA])


def finding_4(t: Talks) -> None:
    incident = reported(t)
    for sender in (AMAL, BORIS, MIRA):
        to = [one for one in (LEILA, AMAL) if one != sender]
        t.refuse("rule:FINDING-4", "FINDING", sender, to, finding(incident))


def finding_5(t: Talks) -> None:
    incident = reported(t)
    t.say("CORRECTION", LEILA, [AMAL, VERA], {"target": incident, "action": "CANCEL", "reason": "in error"})
    t.refuse("rule:FINDING-5", "FINDING", VERA, [LEILA, AMAL], finding(incident))


def finding_6(t: Talks) -> None:
    incident = reported(t, [AMAL, BORIS])
    t.refuse("rule:FINDING-6", "FINDING", VERA, [LEILA, AMAL], finding(incident))
    t.say("FINDING", VERA, [LEILA, AMAL], finding(incident), info=[BORIS])


def role_not_allowed(t: Talks) -> None:
    t.refuse("role-not-allowed", "INCIDENT", OTTO, AMAL, INCIDENT)
    t.refuse("role-not-allowed", "EXPLANATION", MIRA, LEILA, explanation(reported(t)))
    t.refuse("role-not-allowed", "FINDING", OTTO, [LEILA, AMAL], finding(t.negotiation.messages[-1].id))


def unknown_target(t: Talks) -> None:
    question = t.say("QUESTION", AMAL, BORIS, QUESTION)
    for name in (question, "0" * 32):
        t.refuse("unknown-target", "EXPLANATION", AMAL, LEILA, explanation(name))
        t.refuse("unknown-target", "FINDING", VERA, [LEILA, AMAL], finding(name))


BREAKS: list[Callable[[Talks], None]] = [
    incident_4,
    incident_5,
    explanation_2,
    explanation_3,
    finding_4,
    finding_5,
    finding_6,
    role_not_allowed,
    unknown_target,
]


@pytest.mark.parametrize("breaking", BREAKS, ids=lambda one: one.__name__)
def test_each_rule_broken(breaking: Callable[[Talks], None]) -> None:
    breaking(Talks())


def test_what_is_reported_stands_as_an_allegation() -> None:
    talks = Talks()
    notification = talks.say("NOTIFY", AMAL, BORIS, NOTIFY)
    incident = reported(talks, notification=notification)
    found = record(talks)
    assert (found.id, found.author, found.asked, found.notification) == (
        incident,
        LEILA,
        "EXPLAIN",
        notification,
    )
    assert (dict(found.explanations), found.findings) == ({}, ())
    assert talks.negotiation.summary()["incidents"] == [found.summary()]


@pytest.mark.parametrize("position", ["ACKNOWLEDGE", "PARTLY", "DENY"])
def test_an_explanation_closes_it_for_who_gave_it(position: str) -> None:
    talks = Talks()
    incident = reported(talks, [AMAL, BORIS])
    said = talks.say("EXPLANATION", AMAL, LEILA, explanation(incident, position))
    answers = talks.message(incident).answers
    assert {who: answer.state for who, answer in answers.items()} == {
        AMAL: ResponseState.CLOSED,
        BORIS: ResponseState.OPEN,
    }
    assert (answers[AMAL].answer, answers[AMAL].message) == ("EXPLANATION", said)
    assert record(talks).explanations[AMAL].position == position
    assert [one.addressee for one in talks.negotiation.open_dialogues() if one.message.id == incident] == [
        BORIS
    ]


def test_investigating_leaves_it_open_until_more_is_said() -> None:
    talks = Talks()
    incident = reported(talks)
    talks.say("EXPLANATION", AMAL, LEILA, explanation(incident, "INVESTIGATING"))
    (open_one,) = (one for one in talks.negotiation.open_dialogues() if one.message.id == incident)
    assert (open_one.state, open_one.due_ms) == (ResponseState.STANDBY, time_ms(NEXT))
    assert record(talks).explanations[AMAL].next_update_ms == time_ms(NEXT)
    talks.say("EXPLANATION", AMAL, LEILA, explanation(incident, "PARTLY"))
    assert not talks.message(incident).is_open
    assert record(talks).explanations[AMAL].next_update_ms is None


def test_a_later_word_takes_the_place_of_the_first_and_what_is_closed_stays_closed() -> None:
    talks = Talks()
    incident = reported(talks)
    talks.say("EXPLANATION", AMAL, LEILA, explanation(incident))
    talks.say("EXPLANATION", AMAL, LEILA, explanation(incident, "ACKNOWLEDGE"))
    assert record(talks).explanations[AMAL].position == "ACKNOWLEDGE"
    assert not talks.message(incident).is_open


def test_what_asks_for_no_explanation_is_closed_by_roger() -> None:
    talks = Talks()
    incident = reported(talks, [MIRA], asked="INVESTIGATE")
    talks.answer("ROGER", MIRA, LEILA, incident)
    assert not talks.message(incident).is_open


def test_a_word_closes_no_incident_that_asks_to_explain() -> None:
    talks = Talks()
    incident = reported(talks)
    talks.refuse("rule:RESPONSE-5", "RESPONSE", AMAL, LEILA, {"target": incident, "code": "ROGER"})


def test_findings_stand_beside_each_other_and_beside_what_the_parties_say() -> None:
    talks = Talks()
    incident = reported(talks)
    talks.say("EXPLANATION", AMAL, LEILA, explanation(incident))
    first = talks.say("FINDING", VERA, [LEILA, AMAL], finding(incident, result="UNDETERMINED"))
    second = talks.say("FINDING", VERA, [LEILA, AMAL], finding(incident, attribution="Party North"))
    found = record(talks)
    assert [(one.message, one.result, one.attribution) for one in found.findings] == [
        (first, "UNDETERMINED", "NOT_ATTRIBUTED"),
        (second, "CONFIRMED", "Party North"),
    ]
    assert found.explanations[AMAL].position == "DENY"


def test_a_correction_changes_what_the_record_says() -> None:
    talks = Talks()
    incident = reported(talks)
    notification = talks.say("NOTIFY", AMAL, BORIS, NOTIFY)
    change = {"field": "notification", "old": None, "new": notification}
    fields = {"target": incident, "action": "CORRECT", "reason": "it was notified", "changes": [change]}
    talks.say("CORRECTION", LEILA, [AMAL, VERA], fields)
    assert record(talks).notification == notification


def test_who_has_left_need_not_be_addressed() -> None:
    talks = Talks()
    incident = reported(talks)
    talks.position += 1
    rest = tuple(one for one in talks.negotiation.roster.participants if one.id != LEILA)
    talks.negotiation.handshake(
        RosterChange(position=talks.position, relay_time_ms=talks.now_ms, epoch=2, roster=rest)
    )
    talks.say("EXPLANATION", AMAL, MIRA, explanation(incident))
    talks.say("FINDING", VERA, AMAL, finding(incident))
    assert not talks.message(incident).is_open
    assert len(record(talks).findings) == 1
