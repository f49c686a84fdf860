"""Each `!` of the table in MESSAGES.md section 2, and the same message without its cause."""

from typing import Any

import pytest

from protocols.clarity import MARKS, check
from protocols.messages.glossary import GlossaryTerm
from tests.protocols.clarity.test_checking import message
from tests.protocols.messages.examples import MISSING

NEAR, FAR = "2026-11-23T15:00:00Z", "2026-12-22T14:00:00Z"
OTHER_PLACE = {
    "lat": "36.90000",
    "lon": "37.10000",
    "radius_m": 500,
    "name": "North Bridge",
    "name_source": "x",
}
ACTIVITY = {
    "kind": "ACTIVITY",
    "purpose": "training",
    "place": {"lat": "36.20000", "lon": "37.10000", "radius_m": 2000, "name": "ridge", "name_source": "x"},
    "persons": {"n": 30, "unit": "persons", "basis": "COUNTED"},
    "contact": "d" * 32,
    "activity": "TRAINING",
    "emergency": False,
}
CASES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("W-1", "INFORM", {"content__statement": "Party B must open the gate."}, {"content__statement": "The gate is open."}),
    ("W-2", "QUESTION", {"content__question": "Isn't the gate open?"}, {"content__question": "Is the gate open?"}),
    ("W-2", "QUESTION", {"content__question": "Have they not left?"}, {"content__question": "Have the guards left?"}),
    (
        "W-3",
        "NOTIFY",
        {"content__window__start": "2026-11-24T06:00:00Z"},
        {"content__window": {"start": "2026-11-24T15:00:00Z", "end": FAR}, "content__route__0__at": "2026-11-24T15:30:00Z",
         "content__route__1__at": "2026-11-24T18:00:00Z"},
    ),
    (
        "W-4",
        "NOTIFY",
        {"content": {**ACTIVITY, "window": {"start": "2026-11-25T14:00:00Z", "end": FAR}}},
        {"content": {**ACTIVITY, "window": {"start": "2026-11-25T14:30:00Z", "end": FAR}}},
    ),
    ("W-6", "FINDING", {"content__grade": "D2"}, {"content__grade": "C3"}),
    ("W-6", "FINDING", {"content__grade": "A4"}, {"content__grade": "F6", "content__attribution": "NOT_ATTRIBUTED"}),
    ("W-7", "PERSONS", {"remarks": "N-17 is diabetic."}, {"remarks": "N-17 was seen on 2026-10-01."}),
    ("W-7", "PERSONS", {"remarks": "The wife of N-18 lives near the mill."}, {}),
    (
        "W-8",
        "MEETING",
        {"content__operation": "PROPOSE", "content__meeting": MISSING, "content__points": [], "content__safe_passage": []},
        {"content__operation": "PROPOSE", "content__meeting": MISSING, "content__points": []},
    ),
    ("W-9", "NOTIFY", {"content__route__1__place": OTHER_PLACE}, {}),
    ("W-10", "INFORM", {"content__statement": "Zone \u0412 is closed."}, {"content__statement": "Zone B is closed."}),
]  # fmt: skip


def marks(kind: str, changes: dict[str, Any]) -> set[str]:
    return {finding.id for finding in check(message(kind, **changes)).findings} & MARKS.keys()


@pytest.mark.parametrize(
    ("mark", "kind", "cause", "without"),
    [pytest.param(*case, id=f"{case[0]}-{case[1]}-{n}") for n, case in enumerate(CASES)],
)
def test_each_mark_and_its_absence(
    mark: str, kind: str, cause: dict[str, Any], without: dict[str, Any]
) -> None:
    assert mark in marks(kind, cause)
    assert mark not in marks(kind, without)


def test_every_mark_is_tested() -> None:
    assert {case[0] for case in CASES} | {"W-5"} == MARKS.keys()


def test_a_term_that_stands_in_adopted_text() -> None:
    term = message("TERM")
    texts = ("open the north bridge", "remove Heavy  weapons from the zone")
    assert [f.id for f in check(term, adopted=texts).findings if f.id == "W-5"] == ["W-5"]
    assert [f.id for f in check(term, adopted=("remove heavy weaponsmiths",)).findings if f.id == "W-5"] == []
    assert "W-5" not in {item.id for item in check(term, adopted=()).not_run}
    assert "W-5" in {item.id for item in check(term).not_run}, "silence is not taken for approval"


def test_every_text_of_a_persons_list_is_read() -> None:
    found = check(message("PERSONS", content__entries__0__last_place__name="home address of his mother"))
    assert ("W-7", "entries.0.last_place.name") in {(finding.id, finding.field) for finding in found.findings}


def test_one_name_for_one_place_is_fine() -> None:
    same = dict(OTHER_PLACE, lat="36.20000", name="NORTH BRIDGE")
    assert "W-9" not in marks("NOTIFY", {"content__route__1__place": same})


def test_marks_point_at_a_field() -> None:
    (finding,) = [f for f in check(message("FINDING", content__grade="E5")).findings if f.id == "W-6"]
    assert (finding.field, finding.span, finding.words) == ("attribution", None, "")
    assert "E5" in finding.sentence


def test_a_probe_for_a_term_is_no_glossary_term() -> None:
    """What W-5 looks for is the proposed term alone, whatever the glossary has."""
    term = GlossaryTerm(term="bridge", definition="a way over", lang="en", version=1, source="0" * 32)
    report = check(message("TERM"), glossary=(term,), adopted=("open the bridge",))
    assert "W-5" not in {finding.id for finding in report.findings}
