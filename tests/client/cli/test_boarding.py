"""What is on the table, in lines and in values; of lists of persons only counts."""

import json
from typing import Any

import pytest

from client.cli.boarding import board_lines, board_value
from client.cli.late import late_lines, late_value
from client.cli.output import to_json
from client.store import OutboxRow, OutboxState
from protocols.messages import compose, encode_body
from protocols.messages.roles import Role
from protocols.messages.values import format_time
from protocols.negotiation import RosterChange
from protocols.negotiation.notifications import NOTIFICATION_WORDING
from tests.protocols.negotiation.talks import (
    AMAL,
    BORIS,
    LEILA,
    MIRA,
    NOTIFY,
    PLACE,
    QUESTION,
    ROSTER,
    START,
    VERA,
    WINDOW,
    Talks,
    clause,
)

HOUR = 3_600_000
NAMES = {one.id: one.name for one in ROSTER}
INCIDENT: dict[str, Any] = {
    "window": {"start": "2026-11-22T09:00:00Z", "end": "2026-11-22T09:20:00Z"},
    "place": PLACE,
    "category": "EXPLOSION",
    "known": "SEEN",
    "grade": "B2",
    "status": "CEASED",
    "asked": "EXPLAIN",
}
MEETING: dict[str, Any] = {
    "operation": "PROPOSE",
    "window": WINDOW,
    "place": PLACE,
    "seats": [AMAL, BORIS],
    "agenda": ["opening the bridge"],
}


@pytest.fixture
def talks() -> Talks:
    """A channel without observers, so that lists of persons may be sent."""
    made = Talks()
    made.position += 1
    roster = tuple(one for one in ROSTER if one.role is not Role.OBSERVER)
    made.negotiation.handshake(
        RosterChange(position=made.position, relay_time_ms=made.now_ms, epoch=2, roster=roster)
    )
    return made


def lines(talks: Talks, now_ms: int | None = None) -> list[str]:
    numbers = {message.id: f"No. {message.position}" for message in talks.negotiation.messages}
    return list(board_lines(talks.negotiation, NAMES | numbers, now_ms))


def items(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = value[name]
    return found


def under(found: list[str], heading: str) -> list[str]:
    """The heading's own lines, with what it counts."""
    index = next(i for i, line in enumerate(found) if line.startswith(f"{heading} ("))
    rest = found[index + 1 :]
    own = rest[: next((i for i, line in enumerate(rest) if not line.startswith("  ")), len(rest))]
    return [found[index], *(line.strip() for line in own)]


HEADINGS = (
    "OPEN QUESTIONS",
    "OPEN REQUESTS",
    "PROPOSALS",
    "COMMITMENTS",
    "INCIDENTS WITHOUT EXPLANATION",
    "MEETINGS",
    "NOTIFICATIONS IN FORCE",
    "LISTS OF PERSONS",
    "AGREED, WAITS FOR A COMMIT",
)


def test_an_empty_board_has_every_heading(talks: Talks) -> None:
    assert lines(talks) == [f"{heading} (0)" for heading in HEADINGS]
    assert all(value == [] for name, value in board_value(talks.negotiation).items() if name != "agreed")


def test_questions_and_requests_that_are_open(talks: Talks) -> None:
    talks.say("QUESTION", AMAL, [BORIS, MIRA], QUESTION)
    request = {
        "actor": BORIS,
        "action": "let the convoy pass",
        "deadline": "2026-11-23T06:00:00Z",
        "reason": "medicines",
    }
    asked = talks.say("REQUEST", AMAL, BORIS, request)
    talks.answer("STANDBY", BORIS, AMAL, asked, by="2026-11-22T18:00:00Z")
    found = lines(talks)
    assert under(found, "OPEN QUESTIONS")[1:] == [
        f"No. 2 bridge: from {who} OPEN, due 2026-11-23T14:30:01Z" for who in ("Boris", "Mira")
    ]
    assert under(found, "OPEN REQUESTS")[1:] == ["No. 3 bridge: from Boris STANDBY, due 2026-11-22T18:00:00Z"]
    (value,) = items(board_value(talks.negotiation), "open_requests")
    assert value["state"] == "STANDBY"


def test_proposals_and_commitments(talks: Talks) -> None:
    duty, _ = talks.adopted(clause(), clause(BORIS, "MUST NOT", "shell"))
    found = lines(talks)
    assert under(found, "PROPOSALS")[1].endswith("Bridge: ADOPTED, by Amal, valid until 2026-11-25T12:00:00Z")
    owed = under(found, "COMMITMENTS")
    assert owed[1] == f"{duty.id[:12]} {duty.text}: ACTIVE"
    assert owed[2] == "owed by Amal to Boris, until 2026-11-24T06:00:00Z"
    assert under(found, "AGREED, WAITS FOR A COMMIT")[0] == "AGREED, WAITS FOR A COMMIT (1)"
    event = {"reason": "the road is closed"}
    talks.event(AMAL, BORIS, duty.id, "WITHDRAW", **event)
    assert any(line.startswith("withdrawn from ") for line in under(lines(talks), "COMMITMENTS"))


def test_incidents_until_somebody_has_explained(talks: Talks) -> None:
    incident = talks.say("INCIDENT", LEILA, [AMAL, BORIS], INCIDENT)
    talks.say("INCIDENT", LEILA, MIRA, {**INCIDENT, "asked": "INVESTIGATE"})
    assert under(lines(talks), "INCIDENTS WITHOUT EXPLANATION")[1:] == [
        "No. 2 bridge: by Leila, from Amal OPEN, Boris OPEN"
    ]
    said = {"incident": incident, "account": "We look into it."}
    later = {**said, "position": "INVESTIGATING", "next_update": "2026-11-23T12:00:00Z"}
    talks.say("EXPLANATION", AMAL, LEILA, later)
    talks.say("EXPLANATION", BORIS, LEILA, {**said, "position": "DENY"})
    assert under(lines(talks), "INCIDENTS WITHOUT EXPLANATION")[1:] == [
        "No. 2 bridge: by Leila, from Amal STANDBY until 2026-11-23T12:00:00Z"
    ]
    talks.say("EXPLANATION", AMAL, LEILA, {**said, "position": "PARTLY"})
    assert under(lines(talks), "INCIDENTS WITHOUT EXPLANATION") == ["INCIDENTS WITHOUT EXPLANATION (0)"]
    assert board_value(talks.negotiation)["incidents_without_explanation"] == []


def test_meetings_that_were_not_called_off(talks: Talks) -> None:
    meeting = talks.say("MEETING", MIRA, [AMAL, BORIS], MEETING)
    off = talks.say("MEETING", MIRA, [AMAL, BORIS], MEETING)
    talks.say("MEETING", MIRA, [AMAL, BORIS], {"operation": "CANCEL", "meeting": off})
    talks.answer("AFFIRM", AMAL, MIRA, meeting)
    assert under(lines(talks), "MEETINGS")[1:] == [
        "No. 2 bridge: 2026-11-23T06:00:00Z to 2026-11-24T06:00:00Z, Amal AFFIRM, Boris OPEN"
    ]


def test_notifications_under_their_banner(talks: Talks) -> None:
    message = talks.say("NOTIFY", AMAL, [BORIS, VERA], NOTIFY)
    talks.answer("ROGER", BORIS, AMAL, message, passed_to="the duty officer")
    found = under(lines(talks), "NOTIFICATIONS IN FORCE")
    assert found[1:] == [
        NOTIFICATION_WORDING,
        "No. 2 ACTIVITY by Amal: 2026-11-23T06:00:00Z to 2026-11-24T06:00:00Z, not passed on by Vera",
    ]
    assert under(lines(talks, talks.now_ms + 48 * HOUR), "NOTIFICATIONS IN FORCE")[0].endswith("(0)")
    assert board_value(talks.negotiation, talks.now_ms + 48 * HOUR)["notifications"] == []


def test_of_lists_of_persons_only_counts(talks: Talks) -> None:
    secret = ["N-17", "سامر", "Samer"]
    entry = {"ref": "N-17", "name": "سامر", "transliteration": "Samer", "category": "DETAINEE"}
    other = {"ref": "N-18", "category": "MISSING"}
    listed = talks.say("PERSONS", BORIS, AMAL, {"operation": "LIST", "entries": [entry, other]}, tlp="RED")
    status = {"ref": "N-17", "status": "HELD", "as_of": START}
    fields = {"operation": "STATUS", "list": listed, "statuses": [status]}
    talks.say("PERSONS", AMAL, BORIS, fields, tlp="RED")
    assert under(lines(talks), "LISTS OF PERSONS")[1:] == ["No. 2 TLP:RED by Boris: 2 persons; Amal 1 of 2"]
    value = board_value(talks.negotiation)
    assert value["persons"] == [{"id": listed, "author": BORIS, "persons": 2, "answered": {AMAL: 1}}]
    printed = json.dumps(value, ensure_ascii=False) + "\n".join(lines(talks)) + to_json(value)
    assert not any(word in printed for word in [*secret, "HELD"])


def test_what_is_overdue_and_who_logged_it(talks: Talks) -> None:
    message = talks.say("QUESTION", AMAL, BORIS, QUESTION, precedence="IMMEDIATE")
    now_ms = talks.now_ms + 10 * 60_000
    found = list(late_lines(talks.negotiation, NAMES, now_ms=now_ms))
    assert found[0] == "OVERDUE ACKNOWLEDGEMENTS (1)"
    assert found[1].startswith("  No. 2 to Boris (IMMEDIATE), logged 2026-11-22T14:30:01Z: L2 DELIVERED was")
    assert found[1].endswith("no acknowledgement; cause unknown")
    assert found[2:] == ["LINE CHECKS NOT ANSWERED IN TIME (0)"]
    (late,) = items(late_value(talks.negotiation, now_ms=now_ms), "overdue")
    assert late["message"] == message
    assert late_value(talks.negotiation)["overdue"] == []


def test_a_line_check_that_was_missed_has_no_known_cause(talks: Talks) -> None:
    sent = format_time(talks.now_ms)
    check = compose(
        "LINE-CHECK",
        {"slot": sent, "word": "CEDAR", "topic": "LINE-CHECK"},
        sender=MIRA,
        to=[AMAL, BORIS],
        sent=sent,
    )
    assert talks.receive(MIRA, encode_body(check)).accepted
    message = talks.negotiation.messages[-1].id
    talks.answer("ROGER", AMAL, MIRA, message)
    end_ms = talks.now_ms + 15 * 60_000
    assert list(late_lines(talks.negotiation, NAMES, now_ms=end_ms))[-1] == (
        f"  {sent} to Boris, checked by Mira: missed, cause unknown"
    )
    talks.now_ms = end_ms
    talks.answer("ROGER", BORIS, MIRA, message)
    assert list(late_lines(talks.negotiation, NAMES))[-1].endswith("checked by Mira: answered late")
    (slot,) = items(late_value(talks.negotiation), "line_checks")
    assert slot["state"] == "LATE"


def test_what_the_relay_has_not_stored(talks: Talks) -> None:
    row = OutboxRow(
        sequence=1,
        log_id=bytes(32),
        message_id=b"\x05" * 16,
        body=talks.body("QUESTION", AMAL, [BORIS], QUESTION, precedence="IMMEDIATE"),
        queued_ms=talks.now_ms,
        state=OutboxState.SEALED,
        sealed=None,
        position=None,
    )
    assert late_value(talks.negotiation, [row])["overdue"] == []
    found = list(late_lines(talks.negotiation, NAMES, [row], talks.now_ms + 60_000))
    assert "not stored by the relay; cause unknown" in found[1]
    assert "(2x): use the agreed outside channel" in found[1]
