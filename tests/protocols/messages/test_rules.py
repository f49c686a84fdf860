"""Every numbered rule that needs no other message, broken once when composing and once when receiving."""

from typing import Any

import pytest

from protocols.errors import RuleViolation
from protocols.messages.build import check
from protocols.messages.codec import decode_body
from protocols.messages.rules import RULES
from tests.protocols.negotiation.test_judge import DIALOGUE_RULES
from tests.protocols.negotiation.test_judge_agreements import AGREEMENT_RULES

from .examples import AMAL, BORIS, LIAISON, MIRA, MISSING, SENT, compose_arguments, encoded, spoiled

PERSONS = {"n": 3, "unit": "persons", "basis": "COUNTED"}
VEHICLES = {"n": 3, "unit": "vehicles", "basis": "COUNTED"}
PLACE = {"lat": "36.20000", "lon": "37.10000", "radius_m": 500, "name": "bridge", "name_source": "map"}
EARLY = {"start": "2026-11-22T14:29:59Z", "end": "2026-11-26T00:00:00Z"}
SOON = {"start": "2026-11-23T14:29:59Z", "end": "2026-11-26T00:00:00Z"}
ANSWER = {"hash": "2" * 64, "answer": "ACCEPT"}
SITE: dict[str, Any] = {
    "content.kind": "SITE",
    "content.vehicles": MISSING,
    "content.markings": MISSING,
    "content.site_function": "clinic",
    "content.expiry": "2026-12-22T00:00:00Z",
}
ACTIVITY: dict[str, Any] = {
    "content.kind": "ACTIVITY",
    "content.vehicles": MISSING,
    "content.markings": MISSING,
    "content.activity": "TRAINING",
    "content.route": MISSING,
    "content.place": {**PLACE, "radius_m": 1000},
}
C = "content."

ROWS: list[tuple[str, str, dict[str, Any]]] = [
    ("FIELD-REQUIRED", "QUESTION", {"content.form": MISSING}),
    ("FIELD-UNKNOWN", "QUESTION", {"content.target_list": "x"}),
    ("FIELD-TYPE", "QUESTION", {"content.question": 7}),
    ("FIELD-CHOICE", "QUESTION", {"content.form": "MAYBE"}),
    ("FIELD-RANGE", "INFORM", {"content.place.radius_m": 0}),
    ("VALUE-TEXT", "QUESTION", {"content.question": "a\u202eb"}),
    ("VALUE-TIME", "INFORM", {"content.as_of": "yesterday"}),
    ("VALUE-WINDOW", "INFORM", {"content.window.end": "2026-11-22T06:00:00Z"}),
    ("VALUE-PLACE", "INFORM", {"content.place.lat": "91.00000"}),
    ("VALUE-QTY", "INFORM", {"content.qty.n": MISSING}),
    ("VALUE-GRADE", "INFORM", {"content.grade": "Z9"}),
    ("VALUE-ID", "RESPONSE", {"content.target": "xyz"}),
    ("VALUE-LANGUAGE", "QUESTION", {"lang": "English"}),
    ("ENVELOPE-1", "QUESTION", {"to": []}),
    ("ENVELOPE-2", "QUESTION", {"to": [MIRA]}),
    ("ENVELOPE-2", "QUESTION", {"to": [AMAL, AMAL]}),
    ("ENVELOPE-2", "QUESTION", {"info": [AMAL]}),
    ("ENVELOPE-3", "QUESTION", {"respond_by": SENT}),
    ("ENVELOPE-3", "QUESTION", {"valid_until": "2026-11-22T14:00:00Z"}),
    ("ENVELOPE-4", "QUESTION", {"precedence": "FLASH"}),
    ("ENVELOPE-5", "QUESTION", {"refs": [{"rel": "about", "id": "1" * 32}] * 2}),
    ("ENVELOPE-5", "QUESTION", {"refs": [{"rel": "reply_to", "id": d * 32} for d in "12"]}),
    ("RESPONSE-1", "RESPONSE", {"content.reason": MISSING}),
    ("RESPONSE-1", "RESPONSE", {"content.code": "AFFIRM"}),
    ("RESPONSE-2", "RESPONSE", {"content.code": "WRONG", "content.reason": MISSING}),
    ("RESPONSE-2", "RESPONSE", {"content.fields": ["until"]}),
    ("RESPONSE-3", "RESPONSE", {"content.code": "STANDBY", "content.reason": MISSING}),
    ("RESPONSE-3", "RESPONSE", {"content.code": "STANDBY", "content.reason": MISSING, "content.by": SENT}),
    ("RESPONSE-4", "RESPONSE", {"content.passed_to": "unit 4"}),
    ("READBACK-1", "READBACK", {"content.readings": [{"field": "until", "value": "x"}] * 2}),
    ("CORRECTION-1", "CORRECTION", {"content.changes": []}),
    ("CORRECTION-1", "CORRECTION", {"content.action": "CANCEL"}),
    ("CORRECTION-2", "CORRECTION", {"content.changes.0.new": "2026-11-23T06:00:00Z"}),
    (
        "CORRECTION-2",
        "CORRECTION",
        {"content.changes": [{"field": "a", "old": "1"}, {"field": "a", "new": "2"}]},
    ),
    ("INFORM-1", "INFORM", {"content.grade": MISSING}),
    ("INFORM-1", "INFORM", {"content.grade": MISSING, "content.basis": "OWN_REPORTS"}),
    ("INFORM-2", "INFORM", {"content.as_of": MISSING}),
    ("INFORM-2", "INFORM", {"content.as_of": "2026-11-22T14:30:01Z"}),
    ("QUESTION-1", "QUESTION", {"content.question": "Is it open? Since when?"}),
    ("QUESTION-1", "QUESTION", {"content.question": "هل هو مفتوح؟ منذ متى؟"}),
    ("NOTIFY-1", "NOTIFY", {"content.window": EARLY}),
    ("NOTIFY-2", "NOTIFY", {"content.window": SOON}),
    ("NOTIFY-3", "NOTIFY", {"content.place": PLACE}),
    ("NOTIFY-3", "NOTIFY", {"content.route": MISSING}),
    ("NOTIFY-4", "NOTIFY", {"content.vehicles": MISSING}),
    ("NOTIFY-4", "NOTIFY", {"content.markings": MISSING}),
    ("NOTIFY-4", "NOTIFY", {**SITE, "content.markings": "white"}),
    ("NOTIFY-5", "NOTIFY", {**SITE, "content.expiry": MISSING}),
    ("NOTIFY-5", "NOTIFY", {**SITE, "content.site_function": MISSING}),
    ("NOTIFY-5", "NOTIFY", {**SITE, "content.expiry": "2026-11-24T06:00:00Z"}),
    ("NOTIFY-6", "NOTIFY", {**ACTIVITY, "content.activity": MISSING}),
    ("NOTIFY-6", "NOTIFY", {"content.activity": "TRAINING"}),
    ("NOTIFY-8", "NOTIFY", {"content.route.0.at": "2026-11-24T10:00:00Z"}),
    ("NOTIFY-8", "NOTIFY", {"content.route.1.at": "2026-11-24T12:00:01Z"}),
    ("NOTIFY-9", "NOTIFY", {**ACTIVITY, "content.place": {**PLACE, "radius_m": 999}}),
    ("NOTIFY-10", "NOTIFY", {"content.persons": VEHICLES}),
    ("NOTIFY-10", "NOTIFY", {"content.vehicles": PERSONS}),
    ("PROPOSAL-1", "PROPOSAL", {"content.clauses.0.actor": MISSING}),
    ("PROPOSAL-1", "PROPOSAL", {"content.clauses.1.modal": MISSING}),
    ("PROPOSAL-1", "PROPOSAL", {"content.clauses.2.window": MISSING}),
    ("PROPOSAL-2", "PROPOSAL", {"content.clauses.1.no": 1}),
    ("PROPOSAL-2", "PROPOSAL", {"content.clauses.1.version": 2}),
    ("PROPOSAL-3", "PROPOSAL", {"content.clauses.0.depends_on": [9]}),
    ("PROPOSAL-3", "PROPOSAL", {"content.clauses.0.depends_on": [1]}),
    ("PROPOSAL-3", "PROPOSAL", {"content.clauses.0.depends_on": [3]}),
    ("PROPOSAL-4", "PROPOSAL", {"content.required": [AMAL, BORIS, BORIS]}),
    ("PROPOSAL-5", "PROPOSAL", {"valid_until": MISSING}),
    ("PROPOSAL-6", "PROPOSAL", {"content.clauses.0.actor": MIRA}),
    ("PROPOSAL-7", "PROPOSAL", {"content.prevailing": "ar"}),
    ("PROPOSAL-8", "PROPOSAL", {"content.clauses.0.area": [PLACE] * 3}),
    ("PROPOSAL-8", "PROPOSAL", {"content.clauses.1.throughout": True}),
    ("PROPOSAL-12", "PROPOSAL", {"to": [MIRA]}),
    ("CLAUSE-REPLY-2", "CLAUSE-REPLY", {"remarks": "only if it does not rain"}),
    ("CLAUSE-REPLY-2", "CLAUSE-REPLY", {"content.replies.0.reason": "but only once"}),
    ("CLAUSE-REPLY-3", "CLAUSE-REPLY", {"content.replies.1.reason": MISSING}),
    ("CLAUSE-REPLY-4", "CLAUSE-REPLY", {"content.replies.1.clause": MISSING}),
    ("CLAUSE-REPLY-4", "CLAUSE-REPLY", {"content.replies.1.answer": "RESERVE"}),
    ("CLAUSE-REPLY-5", "CLAUSE-REPLY", {"content.final": True}),
    ("CLAUSE-REPLY-5", "CLAUSE-REPLY", {"content.package_hash": "2" * 64}),
    ("CLAUSE-REPLY-5", "CLAUSE-REPLY", {"content.final": True, "content.package_hash": "2" * 64}),
    (
        "CLAUSE-REPLY-5",
        "CLAUSE-REPLY",
        {C + "final": True, C + "package_hash": "2" * 64, C + "replies": [], C + "ad_ref": True},
    ),
    ("CLAUSE-REPLY-6", "CLAUSE-REPLY", {"content.replies": [ANSWER, ANSWER]}),
    ("CLAUSE-REPLY-7", "CLAUSE-REPLY", {"content.replies": []}),
    ("COMMIT-EVENT-3", "COMMIT-EVENT", {"content.at": "2026-11-22T14:30:01Z"}),
    ("COMMIT-EVENT-4", "COMMIT-EVENT", {"content.evidence": []}),
    ("COMMIT-EVENT-4", "COMMIT-EVENT", {"content.event": "CONFIRM"}),
    ("COMMIT-EVENT-5", "COMMIT-EVENT", {"content.event": "DISPUTE", "content.evidence": []}),
    ("COMMIT-EVENT-5", "COMMIT-EVENT", {"content.event": "WITHDRAW", "content.evidence": []}),
    ("COMMIT-EVENT-6", "COMMIT-EVENT", {"content.event": "ASSIGN", "content.evidence": []}),
    ("COMMIT-EVENT-6", "COMMIT-EVENT", {"content.new_party": BORIS}),
    ("COMMIT-EVENT-6", "COMMIT-EVENT", {C + "event": "DELAY", C + "evidence": [], C + "reason": "flood"}),
    (
        "COMMIT-EVENT-10",
        "COMMIT-EVENT",
        {C + "event": "DELAY", C + "evidence": [], C + "reason": "flood", C + "new_time": SENT},
    ),
    ("ALERT-1", "ALERT", {"content.place": MISSING}),
    ("ALERT-1", "ALERT", {"content.until": MISSING}),
    ("ALERT-2", "ALERT", {"content.until": SENT}),
    ("ALERT-3", "ALERT", {"content.observed": "2026-11-22T14:30:01Z"}),
    ("ALERT-4", "ALERT", {"remarks": "x" * 201}),
    ("ALERT-5", "ALERT", {"content.persons_at_risk": VEHICLES}),
    ("ALERT-6", "ALERT", {"content.phase": "END"}),
    ("ALERT-6", "ALERT", {"refs": [{"rel": "about", "id": "1" * 32}]}),
    ("RECEIPT-1", "RECEIPT", {"messages": []}),
    ("RECEIPT-1", "RECEIPT", {"messages": ["1" * 32] * 2}),
    ("RECEIPT-2", "RECEIPT", {"messages": [], "positions": [4]}),
]
IDS = [f"{rule}-{kind}-{'+'.join(changes)}" for rule, kind, changes in ROWS]


@pytest.mark.parametrize(("rule", "kind", "changes"), ROWS, ids=IDS)
def test_a_receiver_rejects_it(rule: str, kind: str, changes: dict[str, Any]) -> None:
    with pytest.raises(RuleViolation) as caught:
        decode_body(encoded(spoiled(kind, changes)))
    assert caught.value.rule == rule
    assert caught.value.hint


@pytest.mark.parametrize(
    ("rule", "kind", "changes"),
    [row for row in ROWS if row[1] != "RECEIPT"],
    ids=[i for i in IDS if "RECEIPT" not in i],
)
def test_a_composer_is_told(rule: str, kind: str, changes: dict[str, Any]) -> None:
    message_type, fields, rest = compose_arguments(spoiled(kind, changes))
    found = check(message_type, fields, **rest)
    assert rule in {problem.rule for problem in found}


@pytest.mark.parametrize("changes", [SITE, ACTIVITY, {"content.emergency": True, "content.window": {**SOON}}])
def test_every_kind_of_notification_can_be_sent(changes: dict[str, Any]) -> None:
    decode_body(encoded(spoiled("NOTIFY", changes)))


def test_the_contact_of_a_notification_is_the_liaison() -> None:
    assert spoiled("NOTIFY", {})["content"]["contact"] == LIAISON


def test_every_rule_has_a_test_of_its_own() -> None:
    """The rules that need other messages are broken in tests/protocols/negotiation/test_judge*.py."""
    covered = {rule for rule, _, _ in ROWS} | DIALOGUE_RULES | AGREEMENT_RULES | {"ENVELOPE-6"}
    assert set(RULES) == covered
