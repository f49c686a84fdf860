"""Which types can be corrected or cancelled, and how far: every type, by name (MESSAGES.md section 2, row 6)."""

from collections.abc import Callable
from typing import Any

import pytest

from protocols.messages.envelope import MessageType
from protocols.messages.values import format_time

from .sayings import (
    COMMIT,
    CONVEY,
    EXPLANATION,
    INCIDENT,
    LINE_CHECK,
    MEETING,
    NEWCOMER,
    PERSONS,
    REQUEST,
    TERM,
    mandate,
    mandate_fields,
    roster,
    seat_fields,
)
from .talks import ALERT, AMAL, BORIS, INFORM, LEILA, MIRA, NOTIFY, QUESTION, ROSTER, VERA, Talks, proposal

UNTIL = "2026-11-25T12:00:00Z"
WITHOUT_OBSERVER = [one for one in ROSTER if one.role.value != "observer"]
Says = Callable[[Talks], tuple[str, str]]
"""Says a message; returns its id and its author."""


def plain(kind: str, fields: dict[str, Any], sender: str = AMAL, to: Any = BORIS, **envelope: Any) -> Says:
    return lambda talks: (talks.say(kind, sender, to, fields, **envelope), sender)


def adopted(talks: Talks) -> tuple[str, str]:
    target = talks.say("PROPOSAL", AMAL, BORIS, proposal(), valid_until=UNTIL)
    talks.accept_all(BORIS, AMAL, target)
    return talks.adopt(BORIS, AMAL, target, "2026-11-23T00:00:00Z"), BORIS


def reply(talks: Talks) -> tuple[str, str]:
    target = talks.say("PROPOSAL", AMAL, BORIS, proposal(), valid_until=UNTIL)
    return talks.accept_all(BORIS, AMAL, target), BORIS


def event(talks: Talks) -> tuple[str, str]:
    talks.say("COMMIT", AMAL, BORIS, COMMIT)
    (duty,) = talks.negotiation.board().commitments
    return talks.event(BORIS, AMAL, duty.id, "RELEASE"), BORIS


def finding(talks: Talks) -> tuple[str, str]:
    incident = talks.say("INCIDENT", AMAL, BORIS, INCIDENT)
    fields = {
        "subject": incident,
        "kind": "INCIDENT",
        "result": "CONFIRMED",
        "access_limits": "none",
        "as_of": format_time(talks.now_ms),
        "grade": "B2",
    }
    return talks.say("FINDING", VERA, [AMAL, BORIS], fields), VERA


def explanation(talks: Talks) -> tuple[str, str]:
    incident = talks.say("INCIDENT", AMAL, BORIS, {**INCIDENT, "asked": "EXPLAIN"})
    return talks.say("EXPLANATION", BORIS, AMAL, {**EXPLANATION, "incident": incident}), BORIS


def response(talks: Talks) -> tuple[str, str]:
    return talks.answer("ROGER", BORIS, AMAL, talks.say("INFORM", AMAL, BORIS, INFORM)), BORIS


def readback(talks: Talks) -> tuple[str, str]:
    target = talks.say("INFORM", AMAL, BORIS, INFORM)
    readings = [{"field": f"window.{end}", "value": str(INFORM["window"][end])} for end in ("start", "end")]
    return talks.say("READBACK", BORIS, AMAL, {"target": target, "readings": readings}), BORIS


def correction(talks: Talks) -> tuple[str, str]:
    target = talks.say("INFORM", AMAL, BORIS, INFORM)
    return talks.say("CORRECTION", AMAL, BORIS, cancel(target)), AMAL


def cancel(target: str) -> dict[str, Any]:
    return {"target": target, "action": "CANCEL", "reason": "typing error"}


def change(target: str, field: str, old: str | None, new: str | None) -> dict[str, Any]:
    changes = [{"field": field, "old": old, "new": new}]
    return {"target": target, "action": "CORRECT", "changes": changes, "reason": "typing error"}


Change = tuple[str, str | None, str | None]
TYPES: dict[str, tuple[Says, Change, bool, bool]] = {
    # type: how to say it; a change of it; whether it can be corrected, and cancelled
    "INFORM": (plain("INFORM", INFORM), ("statement", "The bridge is open.", "It is closed."), True, True),
    "QUESTION": (plain("QUESTION", QUESTION), ("purpose", None, "the convoy"), True, True),
    "CONVEY": (plain("CONVEY", CONVEY, MIRA), ("content", CONVEY["content"], "They wait."), True, True),
    "NOTIFY": (plain("NOTIFY", NOTIFY), ("purpose", "repairs", "paint"), True, True),
    "ALERT": (plain("ALERT", ALERT), ("danger", "FIRE", "MINE_UXO"), True, True),
    "INCIDENT": (plain("INCIDENT", INCIDENT), ("category", "EXPLOSION", "LOOTING"), True, True),
    "REQUEST": (plain("REQUEST", REQUEST), ("action", "open the gate", "close the gate"), True, True),
    "PERSONS": (
        plain("PERSONS", PERSONS, tlp="RED"),
        ("entries.0.name", None, "Nadia"),
        True,
        True,
    ),
    "PROPOSAL": (
        plain("PROPOSAL", proposal(), valid_until=UNTIL),
        ("title", "Bridge", "Road"),
        False,
        True,
    ),
    "SEAT": (
        plain("SEAT", seat_fields("ADMIT", "Nadia", NEWCOMER)),
        ("seat", "Nadia", "Nadja"),
        False,
        True,
    ),
    "TERM": (plain("TERM", TERM), ("term", "heavy weapons", "guns"), False, True),
    "MEETING": (plain("MEETING", MEETING), ("medium", "telephone", "radio"), False, False),
    "COMMIT": (plain("COMMIT", COMMIT), ("notice_hours", "24", "0"), False, False),
    "LINE-CHECK": (
        plain("LINE-CHECK", LINE_CHECK, topic="LINE-CHECK"),
        ("word", "AMBER", "BIRCH"),
        False,
        False,
    ),
    "ADOPT": (adopted, ("mode", "FINAL", "INITIAL"), False, False),
    "CLAUSE-REPLY": (reply, ("ad_ref", "false", "true"), False, False),
    "COMMIT-EVENT": (event, ("event", "RELEASE", "CONFIRM"), False, False),
    "FINDING": (finding, ("result", "CONFIRMED", "UNDETERMINED"), False, False),
    "EXPLANATION": (explanation, ("position", "DENY", "PARTLY"), False, False),
    "RESPONSE": (response, ("code", "ROGER", "UNABLE"), False, False),
    "READBACK": (readback, ("readings.0.value", "x", "y"), False, False),
    "CORRECTION": (correction, ("action", "CANCEL", "CORRECT"), False, False),
}


def table(kind: str) -> Talks:
    return Talks(WITHOUT_OBSERVER if kind == "PERSONS" else ROSTER)


def everybody(talks: Talks, target: str) -> list[str]:
    return [*talks.message(target).addressees]


@pytest.mark.parametrize("kind", TYPES)
def test_whether_a_type_can_be_corrected(kind: str) -> None:
    says, (field, old, new), corrects, _ = TYPES[kind]
    talks = table(kind)
    target, author = says(talks)
    fields = change(target, field, old, new)
    if not corrects:
        talks.refuse("rule:CORRECTION-7", "CORRECTION", author, everybody(talks, target), fields)
        return
    marked = {"tlp": talks.message(target).envelope.tlp}
    said = talks.say("CORRECTION", author, everybody(talks, target), fields, **marked)
    after = talks.message(target)
    assert after.corrected_by == (said,)
    assert after.content != after.message.content


@pytest.mark.parametrize("kind", TYPES)
def test_whether_a_type_can_be_cancelled(kind: str) -> None:
    says, _, _, cancels = TYPES[kind]
    talks = table(kind)
    target, author = says(talks)
    if not cancels:
        talks.refuse("rule:CORRECTION-7", "CORRECTION", author, everybody(talks, target), cancel(target))
        return
    talks.say("CORRECTION", author, everybody(talks, target), cancel(target))
    assert talks.message(target).cancelled
    assert not talks.message(target).is_open
    assert talks.negotiation.legal_answers(target, BORIS) == ()


def test_mandates_have_ways_of_their_own() -> None:
    talks = Talks(roster(mandate()))
    to = ["1" * 32, BORIS, MIRA]
    target = talks.say("MANDATE", AMAL, to, mandate_fields())
    talks.refuse("rule:CORRECTION-7", "CORRECTION", AMAL, to, cancel(target))


def test_every_type_has_its_row() -> None:
    assert {*TYPES, "MANDATE"} == {kind.value for kind in MessageType}


@pytest.mark.parametrize("kind", ["REQUEST", "ALERT"])
def test_what_somebody_said_wilco_to_stays_as_it_is(kind: str) -> None:
    says, (field, old, new), _, _ = TYPES[kind]
    talks = Talks()
    target, author = says(talks)
    talks.answer("WILCO", BORIS, author, target)
    for fields in (change(target, field, old, new), cancel(target)):
        talks.refuse("rule:CORRECTION-10", "CORRECTION", author, BORIS, fields)


@pytest.mark.parametrize("code", ["AFFIRM", "NEGATIVE"])
def test_what_was_agreed_or_refused_is_not_cancelled(code: str) -> None:
    talks = Talks()
    target = talks.say("TERM", AMAL, BORIS, TERM)
    more = {"reason": "too wide"} if code == "NEGATIVE" else {}
    talks.answer(code, BORIS, AMAL, target, **more)
    talks.refuse("rule:CORRECTION-10", "CORRECTION", AMAL, BORIS, cancel(target))


def test_a_cancelled_seat_can_no_longer_be_agreed() -> None:
    talks = Talks()
    target = talks.say("SEAT", AMAL, BORIS, seat_fields("ADMIT", "Nadia", NEWCOMER))
    talks.say("CORRECTION", AMAL, BORIS, cancel(target))
    talks.refuse("rule:RESPONSE-9", "RESPONSE", BORIS, AMAL, {"target": target, "code": "AFFIRM"})


def test_the_references_of_a_list_stay() -> None:
    talks = Talks(WITHOUT_OBSERVER)
    target = talks.say("PERSONS", AMAL, BORIS, PERSONS, tlp="RED")
    other = change(target, "entries.0.ref", "P-1", "P-9")
    talks.refuse("rule:CORRECTION-11", "CORRECTION", AMAL, BORIS, other, tlp="RED")


def test_a_status_is_corrected_by_a_later_one() -> None:
    talks = Talks(WITHOUT_OBSERVER)
    target = talks.say("PERSONS", AMAL, BORIS, PERSONS, tlp="RED")
    statuses = [{"ref": "P-1", "status": "HELD", "as_of": format_time(talks.now_ms)}]
    fields = {"operation": "STATUS", "list": target, "statuses": statuses}
    said = talks.say("PERSONS", BORIS, AMAL, fields, tlp="RED")
    talks.refuse("rule:CORRECTION-7", "CORRECTION", BORIS, AMAL, cancel(said))


@pytest.mark.parametrize(
    ("kind", "field", "old", "new"),
    [
        ("NOTIFY", "contact", AMAL, "0" * 32),
        ("INCIDENT", "notification", None, "7" * 32),
        ("REQUEST", "actor", BORIS, LEILA),
    ],
)
def test_corrected_words_keep_the_rules_that_look_at_roster_and_log(
    kind: str, field: str, old: str | None, new: str
) -> None:
    talks = Talks()
    target, author = TYPES[kind][0](talks)
    talks.refuse("rule:CORRECTION-6", "CORRECTION", author, BORIS, change(target, field, old, new))


def test_a_corrected_incident_is_shown_as_it_stands() -> None:
    talks = Talks()
    target = talks.say("INCIDENT", AMAL, BORIS, INCIDENT)
    talks.say("CORRECTION", AMAL, BORIS, change(target, "asked", "NONE", "INVESTIGATE"))
    (incident,) = talks.negotiation.board().incidents
    assert incident.asked == "INVESTIGATE"


def test_conveyed_verbatim_words_cannot_be_reworded() -> None:
    from tests.protocols.messages.examples import verbatim

    talks = Talks()
    words = verbatim("We are ready.")
    target = talks.say("CONVEY", MIRA, BORIS, {"consent": "by telephone", **words})
    talks.refuse(
        "rule:CORRECTION-6",
        "CORRECTION",
        MIRA,
        BORIS,
        change(target, "content", "We are ready.", "We agree."),
    )


def test_what_is_to_be_read_back_follows_the_correction() -> None:
    talks = Talks()
    target = talks.say("INFORM", AMAL, BORIS, {**INFORM, "window": None}, precedence="IMMEDIATE")
    assert not talks.message(target).has_critical
    fields = {
        "target": target,
        "action": "CORRECT",
        "reason": "forgotten",
        "changes": [
            {"field": "window.start", "new": "2026-11-23T06:00:00Z"},
            {"field": "window.end", "new": "2026-11-24T06:00:00Z"},
        ],
    }
    talks.say("CORRECTION", AMAL, BORIS, fields)
    assert talks.message(target).has_critical
