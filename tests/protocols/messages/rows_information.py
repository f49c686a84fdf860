"""What stating, asking, notifying, answering and alerting must not do: rule, type, and how it is broken."""

from typing import Any

from .examples import AMAL, MIRA, MISSING, SENT

PERSONS = {"n": 3, "unit": "persons", "basis": "COUNTED"}
VEHICLES = {"n": 3, "unit": "vehicles", "basis": "COUNTED"}
PLACE = {"lat": "36.20000", "lon": "37.10000", "radius_m": 500, "name": "bridge", "name_source": "map"}
EARLY = {"start": "2026-11-22T14:29:59Z", "end": "2026-11-26T00:00:00Z"}
SOON = {"start": "2026-11-23T14:29:59Z", "end": "2026-11-26T00:00:00Z"}
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
    ("ENVELOPE-8", "QUESTION", {"sent_anyway": ["CLARITY-6", "CLARITY-6"]}),
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
