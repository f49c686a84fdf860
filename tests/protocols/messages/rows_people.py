"""What speaking for others, sitting at the table and reporting must not do: rule, type, and how it is broken."""

from typing import Any

from protocols.participants import participant_id

from .examples import (
    AMAL,
    BORIS,
    LIAISON,
    MIRA,
    MISSING,
    PRINCIPAL_SEED,
    SENT,
    SPEAKER_SEED,
    golden,
    public_key,
    signed_mandate,
    verbatim,
)
from .rows_information import PLACE, VEHICLES

C = "content."
YEAR = {"start": "2026-11-22T00:00:00Z", "end": "2027-11-22T00:00:00Z"}
LONGER = {"start": "2026-11-22T00:00:00Z", "end": "2027-11-22T00:00:01Z"}
LATER = "2026-11-22T14:30:01Z"
PRINCIPAL = participant_id(bytes.fromhex(public_key(PRINCIPAL_SEED)))
CONSENT = {"consent": "given on 2026-11-22"}
SPOKEN = verbatim("We can meet on Monday.")
ENTRY: dict[str, Any] = golden("PERSONS")["content"]["entries"][1]
STATUS = {"ref": "N-17", "status": "HELD", "as_of": SENT}
STATUSES: dict[str, Any] = {
    C + "operation": "STATUS",
    C + "list": "1" * 32,
    C + "entries": [],
    C + "statuses": [STATUS],
}
PROPOSE: dict[str, Any] = {C + "operation": "PROPOSE", C + "meeting": MISSING, C + "points": []}
CHANGE: dict[str, Any] = {C + "operation": "CHANGE", C + "points": []}
CANCEL: dict[str, Any] = {
    C + "operation": "CANCEL",
    C + "window": MISSING,
    C + "place": MISSING,
    C + "seats": [],
    C + "agenda": [],
    C + "points": [],
    C + "safe_passage": [],
}
# The golden SEAT is a KEY; this takes away what only KEY and ADMIT have.
PLAIN: dict[str, Any] = {
    C + name: MISSING for name in ("replaces", "history", "history_from", "principal", "principal_name")
}
SEAT: dict[str, dict[str, Any]] = {
    "ADMIT": {C + "operation": "ADMIT", C + "replaces": MISSING},
    "REMOVE": {**PLAIN, C + "operation": "REMOVE", C + "role": MISSING},
    "ROLE": {**PLAIN, C + "operation": "ROLE"},
    "KEY": {},
    "SUSPEND": {**PLAIN, C + "operation": "SUSPEND", C + "role": MISSING},
    "RESTORE": {**PLAIN, C + "operation": "RESTORE", C + "role": MISSING},
}

ROWS: list[tuple[str, str, dict[str, Any]]] = [
    ("LINE-CHECK-1", "LINE-CHECK", {"topic": "we see you"}),
    ("LINE-CHECK-1", "LINE-CHECK", {"remarks": "all is well"}),
    ("FIELD-CHOICE", "LINE-CHECK", {C + "word": "REVENGE"}),
    ("MANDATE-1", "MANDATE", {C + "window": MISSING}),
    ("FIELD-REQUIRED", "MANDATE", {C + "window.end": MISSING}),
    ("MANDATE-1", "MANDATE", {"content": signed_mandate(window=LONGER)}),
    ("MANDATE-2", "MANDATE", {"content": signed_mandate(holder=PRINCIPAL)}),
    ("MANDATE-3", "MANDATE", {C + "signature": MISSING}),
    ("MANDATE-3", "MANDATE", {C + "signature": "0" * 128}),
    ("MANDATE-3", "MANDATE", {"content": signed_mandate() | {"holder": BORIS}}),
    ("MANDATE-3", "MANDATE", {"content": signed_mandate() | {"powers": ["COMMIT"]}}),
    ("MANDATE-3", "MANDATE", {"content": signed_mandate() | {"principal": public_key(SPEAKER_SEED)}}),
    ("MANDATE-3", "MANDATE", {"content": signed_mandate() | {"principal": "01" + "0" * 62}}),
    ("MANDATE-4", "MANDATE", {"content": signed_mandate(powers=[])}),
    ("MANDATE-4", "MANDATE", {"content": signed_mandate(revokes="9" * 64, replaces=MISSING)}),
    ("MANDATE-4", "MANDATE", {"content": signed_mandate(revokes="9" * 64, powers=[])}),
    ("MANDATE-9", "MANDATE", {"content": signed_mandate(topics=["a", "a"])}),
    ("MANDATE-9", "MANDATE", {"content": signed_mandate(powers=["COMMIT", "COMMIT"])}),
    ("FIELD-RANGE", "MANDATE", {C + "topics": []}),
    *[("SEAT-1", "SEAT", {**SEAT[op], C + "role": MISSING}) for op in ("ADMIT", "ROLE", "KEY")],
    *[("SEAT-1", "SEAT", {**SEAT[op], C + "role": "party"}) for op in ("REMOVE", "SUSPEND", "RESTORE")],
    ("SEAT-1", "SEAT", {**SEAT["KEY"], C + "replaces": MISSING}),
    *[("SEAT-1", "SEAT", {**SEAT[op], C + "replaces": AMAL}) for op in SEAT if op != "KEY"],
    *[
        ("SEAT-1", "SEAT", {**SEAT[op], C + "history": MISSING, C + "history_from": MISSING})
        for op in ("ADMIT", "KEY")
    ],
    *[("SEAT-1", "SEAT", {**SEAT[op], C + "history": "ALL"}) for op in SEAT if op not in ("ADMIT", "KEY")],
    ("SEAT-2", "SEAT", {C + "history_from": MISSING}),
    ("SEAT-2", "SEAT", {C + "history": "ALL"}),
    ("SEAT-2", "SEAT", {C + "history": "NONE"}),
    ("SEAT-3", "SEAT", {**SEAT["REMOVE"], C + "reason": MISSING}),
    ("SEAT-3", "SEAT", {**SEAT["SUSPEND"], C + "reason": MISSING}),
    ("SEAT-8", "SEAT", {C + "principal": MISSING}),
    ("SEAT-8", "SEAT", {C + "principal_name": MISSING}),
    *[
        ("SEAT-8", "SEAT", {**SEAT[op], C + "principal": "1" * 64, C + "principal_name": "North"})
        for op in SEAT
        if op not in ("ADMIT", "KEY")
    ],
    ("SEAT-9", "SEAT", {C + "fingerprint": AMAL}),
    ("CONVEY-1", "CONVEY", {C + "original_key": MISSING}),
    ("CONVEY-1", "CONVEY", {C + "original_signature": MISSING}),
    ("CONVEY-1", "CONVEY", {C + "fidelity": "PARAPHRASE"}),
    ("CONVEY-1", "CONVEY", {C + "content": "We cannot meet on Monday."}),
    ("CONVEY-1", "CONVEY", {"lang": "fr"}),
    ("CONVEY-1", "CONVEY", {C + "source": BORIS}),
    ("CONVEY-1", "CONVEY", {C + "source": MISSING}),
    ("CONVEY-1", "CONVEY", {C + "original_key": public_key(PRINCIPAL_SEED)}),
    ("CONVEY-1", "CONVEY", {C + "original_signature": "0" * 128}),
    (
        "CONVEY-2",
        "CONVEY",
        {"content": {**CONSENT, "source": BORIS, "fidelity": "MEDIATOR_VIEW", "content": "x"}},
    ),
    ("INCIDENT-1", "INCIDENT", {C + "attribution_basis": MISSING}),
    ("INCIDENT-1", "INCIDENT", {C + "attribution": "NOT_ATTRIBUTED"}),
    ("INCIDENT-2", "INCIDENT", {C + "window": {"start": LATER, "end": "2026-11-22T15:00:00Z"}}),
    *[("INCIDENT-3", "INCIDENT", {C + name: VEHICLES}) for name in ("civilian", "combatant", "unknown")],
    ("EXPLANATION-1", "EXPLANATION", {C + "next_update": MISSING}),
    ("EXPLANATION-1", "EXPLANATION", {C + "next_update": SENT}),
    *[("EXPLANATION-1", "EXPLANATION", {C + "position": p}) for p in ("ACKNOWLEDGE", "PARTLY", "DENY")],
    *[("PERSONS-1", "PERSONS", {"tlp": tlp}) for tlp in ("AMBER", "AMBER+STRICT", "GREEN", "CLEAR")],
    ("PERSONS-2", "PERSONS", {C + "entries": []}),
    ("PERSONS-2", "PERSONS", {C + "list": "1" * 32}),
    ("PERSONS-2", "PERSONS", {C + "statuses": [STATUS]}),
    ("PERSONS-2", "PERSONS", {**STATUSES, C + "list": MISSING}),
    ("PERSONS-2", "PERSONS", {**STATUSES, C + "statuses": []}),
    ("PERSONS-2", "PERSONS", {**STATUSES, C + "entries": [ENTRY]}),
    ("PERSONS-3", "PERSONS", {C + "entries": [ENTRY, ENTRY]}),
    ("PERSONS-3", "PERSONS", {**STATUSES, C + "statuses": [STATUS, {**STATUS, "status": "RELEASED"}]}),
    ("FIELD-RANGE", "PERSONS", {C + "entries.0.birth_year": 1899}),
    ("FIELD-UNKNOWN", "PERSONS", {C + "entries.0.health": "diabetic"}),
    ("FIELD-UNKNOWN", "PERSONS", {C + "entries.0.address": "Mill Street 4"}),
    *[
        ("MEETING-1", "MEETING", {**operation, C + name: [] if name in ("seats", "agenda") else MISSING})
        for operation in (PROPOSE, CHANGE, {})
        for name in ("window", "seats", "agenda", "place")
    ],
    *[("MEETING-1", "MEETING", {**op, C + "medium": "radio, 145 MHz"}) for op in (PROPOSE, CHANGE, {})],
    ("MEETING-2", "MEETING", {C + "points": []}),
    *[
        ("MEETING-2", "MEETING", {**operation, C + "points": [{"text": "The bridge", "outcome": "OPEN"}]})
        for operation in (PROPOSE, CHANGE, CANCEL)
    ],
    *[
        ("MEETING-3", "MEETING", {**CANCEL, C + name: golden("MEETING")["content"][name]})
        for name in ("window", "place", "seats", "agenda", "safe_passage")
    ],
    ("MEETING-3", "MEETING", {**CANCEL, C + "medium": "radio"}),
    ("MEETING-7", "MEETING", {**PROPOSE, C + "meeting": "1" * 32}),
    *[("MEETING-7", "MEETING", {**op, C + "meeting": MISSING}) for op in (CHANGE, CANCEL, {})],
    ("MEETING-8", "MEETING", {C + "seats": [AMAL, AMAL]}),
    ("MEETING-8", "MEETING", {C + "safe_passage": ["4" * 32, "4" * 32]}),
    ("ESCALATION-6", "ESCALATION", {"addressee": AMAL}),
    ("FIELD-CHOICE", "ESCALATION", {"level": 3}),
    ("FIELD-CHOICE", "ESCALATION", {"step": "3x"}),
]

GOOD: list[tuple[str, dict[str, Any]]] = [
    ("MANDATE", {"content": signed_mandate(window=YEAR)}),
    ("MANDATE", {"content": signed_mandate(revokes="9" * 64, replaces=MISSING, powers=[])}),
    ("MANDATE", {"content": signed_mandate(topics=["*"], limits=MISSING, replaces=MISSING)}),
    *[("SEAT", changes) for changes in SEAT.values()],
    ("SEAT", {C + "history": "ALL", C + "history_from": MISSING}),
    ("SEAT", {C + "principal": MISSING, C + "principal_name": MISSING}),
    *[
        ("SEAT", {**SEAT[operation], C + "reason": MISSING})
        for operation in ("ADMIT", "ROLE", "KEY", "RESTORE")
    ],
    ("CONVEY", {"content": {**CONSENT, **SPOKEN}}),
    ("CONVEY", {"content": {**CONSENT, "source": BORIS, "fidelity": "PARAPHRASE", "content": "x"}}),
    ("CONVEY", {"content": {**CONSENT, "fidelity": "PARAPHRASE", "content": "x"}}),
    ("CONVEY", {"content": {**CONSENT, "fidelity": "MEDIATOR_VIEW", "content": "x"}}),
    ("INCIDENT", {C + "attribution": "NOT_ATTRIBUTED", C + "attribution_basis": MISSING}),
    ("INCIDENT", {C + "civilian": MISSING, C + "combatant": MISSING, C + "unknown": MISSING}),
    *[("INCIDENT", {C + "asked": asked}) for asked in ("INVESTIGATE", "NONE")],
    ("INCIDENT", {C + "status": "ONGOING", C + "window": {"start": SENT, "end": "2026-11-22T15:00:00Z"}}),
    *[
        ("EXPLANATION", {C + "position": position, C + "next_update": MISSING})
        for position in ("ACKNOWLEDGE", "PARTLY", "DENY")
    ],
    ("PERSONS", STATUSES),
    ("PERSONS", {C + "entries": [{**ENTRY, "ref": f"N-{number}"} for number in range(120)]}),
    ("MEETING", PROPOSE),
    ("MEETING", CHANGE),
    ("MEETING", CANCEL),
    ("MEETING", {**PROPOSE, C + "place": MISSING, C + "medium": "radio, 145 MHz"}),
    ("MEETING", {**PROPOSE, C + "place": PLACE, C + "safe_passage": []}),
    ("ESCALATION", {"level": 1, "step": "2x", "addressee": LIAISON, "from": MIRA}),
]
"""What may be said, though it is near to what may not."""
