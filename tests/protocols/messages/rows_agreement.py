"""What offering, adopting and committing must not do: rule, type, and how it is broken."""

from typing import Any

from .examples import AMAL, BORIS, LIAISON, MIRA, MISSING, SENT
from .rows_information import PLACE

C = "content."
ANSWER = {"hash": "2" * 64, "answer": "ACCEPT"}

WEEK = {"start": "2026-11-23T06:00:00Z", "end": "2026-11-30T06:00:00Z"}
YEAR = {"start": "2026-11-23T06:00:00Z", "end": "2027-11-23T06:00:00Z"}
LONGER = {"start": "2026-11-23T06:00:00Z", "end": "2027-11-23T06:00:01Z"}
DAY = {"start": "2026-11-23T06:00:00Z", "end": "2026-11-24T06:00:00Z"}
ARABIC = {"lang": "ar", "status": "AUTHENTIC", "machine": False, "action": "فتح", "object": "الجسر"}
FRENCH = {**ARABIC, "lang": "fr", "status": "TRANSLATION"}
ENGLISH = {**ARABIC, "lang": "en"}
BY_MACHINE = {**ARABIC, "machine": True}
PARALLEL = {"lang": "ar", "status": "AUTHENTIC", "machine": False, "term": "جسر", "definition": "طريق"}

ROWS: list[tuple[str, str, dict[str, Any]]] = [
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
    ("PROPOSAL-7", "PROPOSAL", {"content.prevailing": "ru"}),
    ("PROPOSAL-8", "PROPOSAL", {"content.clauses.0.area": [PLACE] * 3}),
    ("PROPOSAL-8", "PROPOSAL", {"content.clauses.1.throughout": True}),
    ("PROPOSAL-12", "PROPOSAL", {"to": [MIRA]}),
    ("PROPOSAL-13", "PROPOSAL", {"content.clauses.0.texts": []}),
    ("PROPOSAL-13", "PROPOSAL", {"content.clauses.0.texts": [ARABIC]}),
    ("PROPOSAL-13", "PROPOSAL", {"content.clauses.0.texts": [ARABIC, FRENCH, FRENCH]}),
    ("PROPOSAL-13", "PROPOSAL", {"content.clauses.0.texts": [ARABIC, FRENCH, ENGLISH]}),
    ("PROPOSAL-13", "PROPOSAL", {"content.clauses.0.texts": [ARABIC, FRENCH, {**FRENCH, "lang": "ru"}]}),
    ("PROPOSAL-14", "PROPOSAL", {"content.clauses.0.texts": [BY_MACHINE, FRENCH]}),
    ("CLAUSE-REPLY-2", "CLAUSE-REPLY", {"remarks": "only if it does not rain"}),
    ("CLAUSE-REPLY-2", "CLAUSE-REPLY", {"content.replies.0.reason": "but only once"}),
    ("CLAUSE-REPLY-3", "CLAUSE-REPLY", {"content.replies.1.reason": MISSING}),
    ("CLAUSE-REPLY-4", "CLAUSE-REPLY", {"content.replies.1.clause": MISSING}),
    ("CLAUSE-REPLY-4", "CLAUSE-REPLY", {"content.replies.1.answer": "RESERVE"}),
    ("CLAUSE-REPLY-6", "CLAUSE-REPLY", {"content.replies": [ANSWER, ANSWER]}),
    ("CLAUSE-REPLY-7", "CLAUSE-REPLY", {"content.replies": []}),
    ("TERM-1", "TERM", {C + "definition": "Heavy weapons of 82 mm or more."}),
    ("TERM-1", "TERM", {C + "texts": [{**PARALLEL, "term": "طريق"}]}),
    ("TERM-4", "TERM", {C + "texts": [PARALLEL, PARALLEL]}),
    ("TERM-4", "TERM", {C + "texts": [{**PARALLEL, "lang": "en"}]}),
    ("TERM-5", "TERM", {C + "texts": [{**PARALLEL, "machine": True}]}),
    ("ADOPT-8", "ADOPT", {C + "effective": "2026-11-22T14:29:59Z"}),
    ("REQUEST-1", "REQUEST", {C + "deadline": MISSING}),
    ("REQUEST-1", "REQUEST", {C + "deadline": SENT}),
    *[
        ("REQUEST-2", "REQUEST", {C + "action": f"open the gate{mark}let the convoy pass"})
        for mark in ("; ", "/", " and/or ", "\n", "\uff1b", "\u061b")
    ],
    ("REQUEST-3", "REQUEST", {"to": [AMAL, BORIS]}),
    ("REQUEST-3", "REQUEST", {"to": [BORIS]}),
    ("REQUEST-3", "REQUEST", {"to": [BORIS], "info": [AMAL]}),
    ("COMMIT-2", "COMMIT", {C + "consequent.actor": BORIS}),
    ("COMMIT-2", "COMMIT", {C + "debtor": MIRA}),
    ("COMMIT-2", "COMMIT", {C + "consequent.modal": "MAY"}),
    ("COMMIT-3", "COMMIT", {C + "review": MISSING}),
    ("COMMIT-3", "COMMIT", {C + "review": MISSING, C + "consequent.window": LONGER}),
    ("COMMIT-3", "COMMIT", {C + "review": "2026-11-23T06:00:00Z"}),
    ("COMMIT-3", "COMMIT", {C + "review": "2027-11-23T06:00:01Z"}),
    ("COMMIT-3", "COMMIT", {C + "review": "2026-12-01T06:00:00Z", C + "consequent.window": WEEK}),
    ("COMMIT-4", "COMMIT", {C + "creditors": [BORIS, BORIS]}),
    ("COMMIT-4", "COMMIT", {C + "creditors": [BORIS, AMAL]}),
    ("COMMIT-4", "COMMIT", {C + "creditors": [BORIS, LIAISON]}),
    ("COMMIT-5", "COMMIT", {C + "detach_at": "2026-12-24T06:00:00Z"}),
    ("COMMIT-5", "COMMIT", {C + "antecedent.window.end": "2028-11-22T06:00:00Z"}),
    ("COMMIT-5", "COMMIT", {C + "antecedent": MISSING, C + "detach_at": "2028-11-22T06:00:00Z"}),
    ("COMMIT-6", "COMMIT", {C + "consequent.depends_on": [2]}),
    ("COMMIT-6", "COMMIT", {C + "consequent.notice_hours": 0}),
    ("COMMIT-6", "COMMIT", {C + "consequent.no": 2}),
    ("COMMIT-6", "COMMIT", {C + "antecedent.version": 2}),
    ("COMMIT-6", "COMMIT", {C + "consequent.place": PLACE}),
    ("COMMIT-6", "COMMIT", {C + "consequent.throughout": True}),
    ("COMMIT-7", "COMMIT", {C + "consequent.texts": [ENGLISH]}),
    ("COMMIT-7", "COMMIT", {C + "consequent.texts": [ARABIC, ARABIC]}),
    ("COMMIT-7", "COMMIT", {C + "antecedent.texts": [BY_MACHINE]}),
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
    ("FINDING-1", "FINDING", {C + "result": "CONFIRMED"}),
    ("FINDING-1", "FINDING", {C + "result": "NOT_CONFIRMED"}),
    *[
        ("FINDING-1", "FINDING", {C + "kind": "INCIDENT", C + "result": r})
        for r in ("MET", "PARTLY", "NOT_MET")
    ],
    ("FINDING-2", "FINDING", {C + "method": []}),
    ("FINDING-3", "FINDING", {C + "as_of": "2026-11-22T14:30:01Z"}),
]

GOOD: list[tuple[str, dict[str, Any]]] = [
    *[
        ("FINDING", {C + "kind": kind, C + "result": result})
        for kind, results in {
            "COMMITMENT": "MET PARTLY NOT_MET UNDETERMINED",
            "INCIDENT": "CONFIRMED NOT_CONFIRMED UNDETERMINED",
        }.items()
        for result in results.split()
    ],
    ("FINDING", {C + "method": [], C + "attribution": "NOT_ATTRIBUTED"}),
    ("FINDING", {C + "as_of": SENT}),
    ("ADOPT", {C + "effective": SENT}),
    *[("ADOPT", {C + "mode": mode, C + "witness": MISSING}) for mode in ("INITIAL", "AD_REFERENDUM")],
    ("REQUEST", {C + "place": MISSING, "info": [BORIS]}),
    ("COMMIT", {C + "antecedent": MISSING}),
    ("COMMIT", {C + "antecedent": MISSING, C + "detach_at": "2026-12-24T06:00:00Z"}),
    ("COMMIT", {C + "review": MISSING, C + "consequent.window": YEAR, C + "notice_hours": 0}),
    (
        "COMMIT",
        {C + "review": "2026-11-30T06:00:00Z", C + "consequent.window": WEEK, C + "antecedent.window": DAY},
    ),
    ("COMMIT", {C + "consequent.modal": "MUST", C + "consequent.throughout": True}),
    ("COMMIT", {"to": [MIRA], "info": [BORIS]}),
    ("TERM", {C + "texts": [], C + "includes": [], C + "excludes": []}),
    ("TERM", {C + "term": "heavy weapon"}),
    ("TERM", {C + "definition": "Guns; see superheavy weaponsmiths."}),
    ("PROPOSAL", {C + "clauses.0.texts": [FRENCH, ARABIC]}),
    ("PROPOSAL", {C + "clauses.0.notice_hours": 0}),
    ("CLAUSE-REPLY", {C + "ad_ref": True}),
    ("COMMIT-EVENT", {C + "version": 7}),
]
"""What may be said, though it is near to what may not."""
