"""Every rule that looks at other messages, the roster or relay time, broken once, through the whole fold."""

from collections.abc import Callable
from typing import Any

import pytest

from .talks import (
    ALERT,
    AMAL,
    BORIS,
    INFORM,
    LEILA,
    MIRA,
    NOTIFY,
    OTTO,
    PLACE,
    QUESTION,
    STRANGER,
    VERA,
    Talks,
    proposal,
)

UNTIL = "2026-11-25T12:00:00Z"
EVIDENCE = ["5" * 64]


def tabled(talks: Talks, *clauses: dict[str, Any], **more: Any) -> str:
    return talks.say("PROPOSAL", AMAL, BORIS, proposal(*clauses, **more), valid_until=UNTIL)


def response_5(t: Talks) -> None:
    target = t.say("QUESTION", AMAL, BORIS, QUESTION)
    t.refuse("rule:RESPONSE-5", "RESPONSE", BORIS, AMAL, {"target": target, "code": "WILCO"})


def response_6_affirm(t: Talks) -> None:
    target = t.say("QUESTION", AMAL, BORIS, QUESTION, valid_until="2026-11-22T15:00:00Z")
    t.at("2026-11-22T14:59:59Z")  # one second later it is past
    t.refuse("rule:RESPONSE-6", "RESPONSE", BORIS, AMAL, {"target": target, "code": "AFFIRM"})
    t.answer("NEGATIVE", BORIS, AMAL, target, reason="it is too late")


def response_6_wilco(t: Talks) -> None:
    target = t.say("ALERT", AMAL, BORIS, ALERT)
    t.at("2026-11-22T18:00:00Z")
    t.refuse("rule:RESPONSE-6", "RESPONSE", BORIS, AMAL, {"target": target, "code": "WILCO"})


def response_7(t: Talks) -> None:
    target = t.say("QUESTION", AMAL, BORIS, QUESTION)
    standby = {"target": target, "code": "STANDBY", "by": "2026-11-22T20:00:00Z"}
    t.say("RESPONSE", BORIS, AMAL, standby)
    t.say("RESPONSE", BORIS, AMAL, standby)
    t.refuse("rule:RESPONSE-7", "RESPONSE", BORIS, AMAL, standby)


def response_8(t: Talks) -> None:
    target = t.say("NOTIFY", AMAL, BORIS, NOTIFY)
    t.refuse("rule:RESPONSE-8", "RESPONSE", BORIS, AMAL, {"target": target, "code": "ROGER"})
    alert = t.say("ALERT", AMAL, BORIS, {**ALERT, "asked": "NONE"})
    t.refuse("rule:RESPONSE-8", "RESPONSE", BORIS, AMAL, {"target": alert, "code": "ROGER"})
    t.answer("ROGER", BORIS, AMAL, alert, passed_to="command post")


def response_9(t: Talks) -> None:
    target = t.say("QUESTION", AMAL, BORIS, QUESTION)
    t.answer("AFFIRM", BORIS, AMAL, target)
    fields = {"target": target, "code": "NEGATIVE", "reason": "no"}
    t.refuse("rule:RESPONSE-9", "RESPONSE", BORIS, AMAL, fields)


def response_10(t: Talks) -> None:
    target = t.say("QUESTION", AMAL, BORIS, QUESTION, info=[MIRA])
    t.refuse("rule:RESPONSE-10", "RESPONSE", VERA, AMAL, {"target": target, "code": "AFFIRM"})
    t.refuse("rule:RESPONSE-10", "RESPONSE", MIRA, AMAL, {"target": target, "code": "AFFIRM"})
    observed = t.say("QUESTION", MIRA, OTTO, QUESTION)
    t.refuse("rule:RESPONSE-10", "RESPONSE", OTTO, MIRA, {"target": observed, "code": "AFFIRM"})


def response_11(t: Talks) -> None:
    target = t.say("INFORM", AMAL, BORIS, {**INFORM, "window": None, "place": PLACE})
    readings = [{"field": f"place.{name}", "value": str(PLACE[name])} for name in ("lon", "radius_m", "name")]
    wrong = t.say(
        "READBACK",
        BORIS,
        AMAL,
        {"target": target, "readings": [*readings, {"field": "place.lat", "value": "36.21000"}]},
    )
    t.refuse("rule:RESPONSE-11", "RESPONSE", AMAL, BORIS, {"target": wrong, "code": "CORRECT"})
    t.answer("WRONG", AMAL, BORIS, wrong, fields=["place.lat"])


def readback(t: Talks) -> tuple[str, str]:
    target = t.say("INFORM", AMAL, BORIS, INFORM)
    readings = [
        {"field": "window.start", "value": "230600Z NOV 26"},
        {"field": "window.end", "value": "240600Z NOV 26"},
    ]
    return target, t.say("READBACK", BORIS, AMAL, {"target": target, "readings": readings})


def response_12(t: Talks) -> None:
    _, said = readback(t)
    t.refuse(
        "rule:RESPONSE-12",
        "RESPONSE",
        AMAL,
        BORIS,
        {"target": said, "code": "WRONG", "fields": ["place.lat"]},
    )


def response_10_confirms_own(t: Talks) -> None:
    target = t.say("INFORM", AMAL, [BORIS, MIRA], INFORM)
    readings = [{"field": f"window.{end}", "value": str(INFORM["window"][end])} for end in ("start", "end")]
    said = t.say("READBACK", BORIS, [AMAL, MIRA], {"target": target, "readings": readings})
    t.refuse("rule:RESPONSE-10", "RESPONSE", MIRA, BORIS, {"target": said, "code": "CORRECT"})


def response_13(t: Talks) -> None:
    target = t.say("QUESTION", AMAL, [BORIS, MIRA], QUESTION)
    t.refuse("rule:RESPONSE-13", "RESPONSE", BORIS, MIRA, {"target": target, "code": "AFFIRM"})


def readback_2(t: Talks) -> None:
    target = t.say("INFORM", AMAL, BORIS, INFORM)
    readings = [{"field": "window.start", "value": "230600Z NOV 26"}]
    t.refuse("rule:READBACK-2", "READBACK", BORIS, AMAL, {"target": target, "readings": readings})


def readback_3(t: Talks) -> None:
    target = t.say("INFORM", AMAL, BORIS, INFORM)
    names = ("window.start", "window.end", "statement")
    readings = [{"field": name, "value": "x"} for name in names]
    t.refuse("rule:READBACK-3", "READBACK", BORIS, AMAL, {"target": target, "readings": readings})


def readback_4(t: Talks) -> None:
    target = t.say("INFORM", AMAL, BORIS, INFORM, info=[MIRA])
    fields = {"target": target, "readings": [{"field": "window.start", "value": "x"}]}
    t.refuse("rule:READBACK-4", "READBACK", MIRA, AMAL, fields)
    t.refuse("rule:READBACK-4", "READBACK", BORIS, MIRA, fields)


def readback_5(t: Talks) -> None:
    target = t.say("QUESTION", AMAL, BORIS, QUESTION)
    fields = {"target": target, "readings": [{"field": "question", "value": "x"}]}
    t.refuse("rule:READBACK-5", "READBACK", BORIS, AMAL, fields)


CHANGE = {"field": "window.start", "old": "2026-11-23T06:00:00Z", "new": "2026-11-23T07:00:00Z"}


def correction(target: str, *changes: dict[str, str]) -> dict[str, Any]:
    action = "CORRECT" if changes else "CANCEL"
    return {"target": target, "action": action, "changes": [*changes], "reason": "typing error"}


def correction_3(t: Talks) -> None:
    target = t.say("INFORM", AMAL, BORIS, INFORM)
    t.refuse("rule:CORRECTION-3", "CORRECTION", BORIS, AMAL, correction(target, CHANGE))


def correction_4(t: Talks) -> None:
    t.adopted()
    target = t.negotiation.board().proposals[0].id
    t.refuse("rule:CORRECTION-4", "CORRECTION", AMAL, BORIS, correction(target))


def correction_5(t: Talks) -> None:
    target = t.say("INFORM", AMAL, BORIS, INFORM)
    stale = {**CHANGE, "old": "2026-11-23T05:00:00Z"}
    t.refuse("rule:CORRECTION-5", "CORRECTION", AMAL, BORIS, correction(target, stale))


def correction_6(t: Talks) -> None:
    target = t.say("INFORM", AMAL, BORIS, INFORM)
    for change in (
        {**CHANGE, "new": "2026-11-25T06:00:00Z"},
        {"field": "basis", "old": "OWN_OBSERVATION", "new": "THIRD_PARTY"},
        {"field": "target_list", "new": "x"},
        {"field": "window.start.hour", "new": "x"},
        {"field": "statement", "old": "The bridge is open."},
    ):
        t.refuse("rule:CORRECTION-6", "CORRECTION", AMAL, BORIS, correction(target, change))
    question = t.say("QUESTION", AMAL, BORIS, QUESTION)
    other_answer = {"field": "form", "old": "YES_NO", "new": "TEXT"}
    t.refuse("rule:CORRECTION-6", "CORRECTION", AMAL, BORIS, correction(question, other_answer))


def correction_7(t: Talks) -> None:
    target = tabled(t)
    change = {"field": "title", "old": "Bridge", "new": "Road"}
    t.refuse("rule:CORRECTION-7", "CORRECTION", AMAL, BORIS, correction(target, change))
    said = t.accept_all(BORIS, AMAL, target)
    t.refuse("rule:CORRECTION-7", "CORRECTION", BORIS, AMAL, correction(said))


def correction_8(t: Talks) -> None:
    target = t.say("INFORM", AMAL, BORIS, INFORM, info=[MIRA])
    t.refuse("rule:CORRECTION-8", "CORRECTION", AMAL, BORIS, correction(target, CHANGE))


def correction_9(t: Talks) -> None:
    target = t.say("INFORM", AMAL, BORIS, INFORM)
    t.say("CORRECTION", AMAL, BORIS, correction(target))
    t.refuse("rule:CORRECTION-9", "CORRECTION", AMAL, BORIS, correction(target, CHANGE))
    withdrawn = tabled(t)
    t.at("2026-11-25T12:00:00Z")
    t.tick()
    t.refuse("rule:CORRECTION-9", "CORRECTION", AMAL, BORIS, correction(withdrawn))


def question_2(t: Talks) -> None:
    t.refuse("rule:QUESTION-2", "QUESTION", OTTO, AMAL, QUESTION)
    t.refuse("rule:QUESTION-2", "QUESTION", OTTO, MIRA, QUESTION, info=[AMAL])
    t.say("QUESTION", OTTO, MIRA, QUESTION)


def notify_7(t: Talks) -> None:
    site = {
        **NOTIFY,
        "kind": "SITE",
        "activity": None,
        "site_function": "clinic",
        "expiry": "2026-12-01T00:00:00Z",
    }
    t.refuse("rule:NOTIFY-7", "NOTIFY", AMAL, BORIS, site)
    t.say("NOTIFY", LEILA, BORIS, site)


def notify_11(t: Talks) -> None:
    t.refuse("rule:NOTIFY-11", "NOTIFY", AMAL, BORIS, {**NOTIFY, "contact": STRANGER})


def alert_6(t: Talks) -> None:
    raised = t.say("ALERT", AMAL, BORIS, ALERT, precedence="FLASH")
    refs = [{"rel": "about", "id": raised}]
    t.refuse("rule:ALERT-6", "ALERT", BORIS, AMAL, {**ALERT, "phase": "END"}, refs=refs)
    t.say("ALERT", AMAL, BORIS, {**ALERT, "phase": "END"}, refs=refs)


def envelope_4(t: Talks) -> None:
    target = t.say("QUESTION", AMAL, BORIS, QUESTION)
    fields = {"target": target, "code": "AFFIRM"}
    t.refuse("rule:ENVELOPE-4", "RESPONSE", BORIS, AMAL, fields, precedence="FLASH")
    alert = t.say("ALERT", AMAL, BORIS, ALERT, precedence="FLASH")
    t.say("RESPONSE", BORIS, AMAL, {"target": alert, "code": "WILCO"}, precedence="FLASH")


def receipt_3(t: Talks) -> None:
    target = t.say("QUESTION", AMAL, BORIS, QUESTION)
    assert t.receipt("DELIVERED", AMAL, target).reason == "rule:RECEIPT-3"


def receipt_4(t: Talks) -> None:
    t.say("QUESTION", AMAL, BORIS, QUESTION)
    assert t.receipt("DELIVERY_ERROR", BORIS, positions=[t.position + 1]).reason == "rule:RECEIPT-4"
    assert t.receipt("DELIVERY_ERROR", BORIS, positions=[t.position - 1]).accepted


def response_9_lapsed(t: Talks) -> None:
    target = t.say("PROPOSAL", AMAL, BORIS, proposal(), valid_until="2026-11-25T12:00:00Z")
    fields = {"target": target, "code": "STANDBY", "by": "2026-11-26T20:00:00Z"}
    t.at("2026-11-25T12:00:00Z")
    assert t.negotiation.legal_answers(target, BORIS, t.now_ms) == ()
    assert t.receive(BORIS, t.body("RESPONSE", BORIS, [AMAL], fields)).reason == "rule:RESPONSE-9"


ROWS: list[tuple[str, Callable[[Talks], None]]] = [
    ("RESPONSE-5", response_5),
    ("RESPONSE-6", response_6_affirm),
    ("RESPONSE-6", response_6_wilco),
    ("RESPONSE-7", response_7),
    ("RESPONSE-8", response_8),
    ("RESPONSE-9", response_9),
    ("RESPONSE-10", response_10),
    ("RESPONSE-10", response_10_confirms_own),
    ("RESPONSE-11", response_11),
    ("RESPONSE-12", response_12),
    ("RESPONSE-13", response_13),
    ("READBACK-2", readback_2),
    ("READBACK-3", readback_3),
    ("READBACK-4", readback_4),
    ("READBACK-5", readback_5),
    ("CORRECTION-3", correction_3),
    ("CORRECTION-4", correction_4),
    ("CORRECTION-5", correction_5),
    ("CORRECTION-6", correction_6),
    ("CORRECTION-7", correction_7),
    ("CORRECTION-8", correction_8),
    ("CORRECTION-9", correction_9),
    ("QUESTION-2", question_2),
    ("NOTIFY-7", notify_7),
    ("NOTIFY-11", notify_11),
    ("ALERT-6", alert_6),
    ("ENVELOPE-4", envelope_4),
    ("RECEIPT-3", receipt_3),
    ("RECEIPT-4", receipt_4),
    ("RESPONSE-9", response_9_lapsed),
]
DIALOGUE_RULES = {rule for rule, _ in ROWS}


@pytest.mark.parametrize(("rule", "breaks"), ROWS, ids=[f"{rule}-{breaks.__name__}" for rule, breaks in ROWS])
def test_the_rule_is_kept_by_the_fold(rule: str, breaks: Callable[[Talks], None]) -> None:
    talks = Talks()
    breaks(talks)
    assert f"rule:{rule}" in {entry.reason for entry in talks.negotiation.rejected}
