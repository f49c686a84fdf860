"""A whole message is checked: which texts, in which language, and never an ALERT."""

from collections.abc import Mapping
from typing import Any
from unittest import mock

import pytest

from protocols.clarity import CHECKS, MARKS, Severity, check, passages
from protocols.clarity.checking import NEVER_DELAYED
from protocols.messages import Message, MessageType, decode_body
from protocols.messages.glossary import GlossaryTerm
from tests.protocols.messages.examples import MISSING, encoded, spoiled

UNCLEAR = "We hear that several trucks leave tomorrow at 18:00, they say."
MIXED = "Party \u0410mal"


def message(kind: str, **changes: Any) -> Message:
    """The golden message of a type with fields changed, `__` for a dot."""
    paths = {name.replace("__", "."): value for name, value in changes.items()}
    body = decode_body(encoded(spoiled(kind, paths)))
    assert isinstance(body, Message)
    return body


def found(kind: str, **changes: Any) -> set[tuple[str, str | None]]:
    return {(finding.id, finding.field) for finding in check(message(kind, **changes)).findings}


def unsent(kind: str, changes: Mapping[str, Any]) -> Message:
    return message(kind, **{name.replace(".", "__"): value for name, value in changes.items()})


@pytest.mark.parametrize("kind", MessageType)
def test_every_type_can_be_checked(kind: MessageType) -> None:
    report = check(message(kind.value))
    fields = {passage.path: passage.text for passage in passages(message(kind.value))}
    for finding in report.findings:
        if finding.span is not None:
            assert finding.field is not None
            assert fields[finding.field][slice(*finding.span)] == finding.words
        assert finding.id in CHECKS or finding.id in MARKS


@pytest.mark.parametrize(
    "kind", [kind for kind in MessageType if kind not in (MessageType.ALERT, MessageType.LINE_CHECK)]
)
def test_every_type_is_checked_for_letters_that_are_not_what_they_seem(kind: MessageType) -> None:
    report = check(message(kind.value, topic=MIXED))
    assert [(finding.id, finding.field) for finding in report.blocking] == [("CLARITY-24", "topic")]
    assert report.blocking[0].words == "\u0410mal"


def test_findings_name_field_span_and_way_out() -> None:
    changes = {"content__statement": UNCLEAR, "content__basis": "OWN_OBSERVATION", "content__grade": MISSING}
    report = check(message("INFORM", **changes))
    by_id = {finding.id: finding for finding in report.findings if finding.field == "statement"}
    assert {"CLARITY-1", "CLARITY-2", "CLARITY-6", "CLARITY-20"} <= by_id.keys()
    first = by_id["CLARITY-1"]
    assert first.words == "tomorrow"
    assert first.severity is Severity.ASK
    assert "tomorrow" in first.sentence
    assert "230600Z NOV 26" in first.suggestion
    assert report.asking == report.findings
    assert report.blocking == ()


def test_a_grade_answers_whose_word_it_is() -> None:
    assert ("CLARITY-20", "statement") not in found(
        "INFORM", content__statement=UNCLEAR, content__grade="C3", content__basis="THIRD_PARTY"
    )


def test_a_place_answers_where_it_is() -> None:
    where = {"content__clauses__0__object": "the bridge"}
    assert ("CLARITY-9", "clauses.0.object") not in found("PROPOSAL", **where)
    assert ("CLARITY-9", "clauses.1.object") in found("PROPOSAL", content__clauses__1__object="the bridge")


def test_clauses_are_duties() -> None:
    assert ("CLARITY-11", "clauses.1.action") in found(
        "PROPOSAL", content__clauses__1__action="shall not move"
    )
    assert ("CLARITY-17", "clauses.1.action") in found(
        "PROPOSAL", content__clauses__1__action="move and/or fire"
    )


def test_what_is_in_another_language_is_read_by_the_neutral_checks_only() -> None:
    report = check(message("INFORM", lang="ar", content__statement=f"{UNCLEAR} 03/04/2026"))
    assert {finding.id for finding in report.findings} == {"CLARITY-2", "CLARITY-3"}
    silent = {item.id for item in report.not_run}
    assert silent == {check.id for check in CHECKS.values() if check.english} | {"W-1", "W-2", "W-7"}
    assert {item.why for item in report.not_run} == {"there is no language pack for ar"}


def test_a_parallel_text_is_read_in_its_own_language() -> None:
    report = check(message("PROPOSAL"))
    assert {item.why for item in report.not_run} == {"there is no language pack for ar, fr"}
    texts = {passage.path: passage.lang for passage in passages(message("PROPOSAL"))}
    assert texts["clauses.0.action"] == "en"
    assert texts["clauses.0.texts.0.action"] == "ar"
    assert texts["clauses.0.texts.1.object"] == "fr"


def test_english_of_any_country_is_english() -> None:
    assert check(message("QUESTION", lang="en-GB")).not_run == ()


def test_words_that_are_not_the_senders_are_left_alone() -> None:
    """CONVEY VERBATIM carries another's signed words; READBACK and CORRECTION restate what was said."""
    assert [passage.use for passage in passages(message("CONVEY")) if passage.path == "content"] == ["quoted"]
    assert not any(finding.field == "content" for finding in check(message("CONVEY")).findings)
    for passage in passages(message("READBACK")):
        assert passage.use in ("quoted", "name")


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("ALERT", {"remarks": UNCLEAR, "topic": MIXED}),
        ("ALERT", {"precedence": "FLASH", "remarks": UNCLEAR}),
        ("RESPONSE", {"precedence": "FLASH", "topic": MIXED}),
        ("CORRECTION", {"precedence": "FLASH", "content.reason": UNCLEAR}),
    ],
)
def test_nothing_delays_an_alert(kind: str, changes: Mapping[str, Any]) -> None:
    """Not only are there no findings: no check is even run."""
    alert = unsent(kind, changes)
    with (
        mock.patch("protocols.clarity.checking.check_passage", side_effect=AssertionError),
        mock.patch("protocols.clarity.checking.marks", side_effect=AssertionError),
        mock.patch("protocols.clarity.checking.passages", side_effect=AssertionError),
    ):
        report = check(alert)
    assert report.findings == ()
    assert {item.id for item in report.not_run} == CHECKS.keys() | MARKS.keys()
    assert {item.why for item in report.not_run} == {NEVER_DELAYED}


def test_the_same_words_in_another_type_are_asked_about() -> None:
    assert {finding.id for finding in check(message("RESPONSE", topic=MIXED)).findings} == {"CLARITY-24"}
    assert check(message("CORRECTION", content__reason=UNCLEAR)).findings


def test_the_glossary_decides_what_is_defined() -> None:
    term = GlossaryTerm(term="armed vehicles", definition="with a gun", lang="en", version=2, source="0" * 32)
    object_ = "heavy weapons within 1 km of the bridge"
    unknown = check(message("PROPOSAL", content__clauses__1__object=object_), glossary=(term,))
    assert [f.words for f in unknown.findings if f.id == "CLARITY-15"] == ["heavy weapons"]
    known = term.model_copy(update={"term": "heavy weapons"})
    agreed = check(message("PROPOSAL", content__clauses__1__object=object_), glossary=(known,))
    assert [f.words for f in agreed.findings if f.id == "CLARITY-15"] == []
