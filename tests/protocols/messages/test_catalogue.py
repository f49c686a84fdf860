"""The tables of types against MESSAGES.md section 2, written out here once more."""

from dataclasses import dataclass
from typing import Any, get_args

import pytest

from protocols.messages.catalogue import (
    ACKNOWLEDGEMENT_DUE_MS,
    ANSWERS,
    CATALOGUE,
    CLAIM_DUE_MS,
    DUE,
    Answer,
    ResponseAttribute,
    answer_row,
    attribute_of,
    closing_codes,
    legal_answers,
)
from protocols.messages.codec import validated
from protocols.messages.envelope import MessageType
from protocols.messages.escalation import EscalatedLevel
from protocols.messages.findings import RESULTS, FindingResult
from protocols.messages.message import CONTENT_MODELS, Content
from protocols.messages.roles import Role
from protocols.messages.rules import RULES
from protocols.messages.seats import RoleName
from protocols.messages.watch import NeutralWord

from .examples import golden, spoiled

# P party, M mediator, H humanitarian liaison, V monitor, O observer.
LETTERS = {
    "P": Role.PARTY,
    "M": Role.MEDIATOR,
    "H": Role.LIAISON,
    "V": Role.MONITOR,
    "O": Role.OBSERVER,
}
ROWS = {
    1: ("LINE-CHECK", "PMHVO"),
    2: ("MANDATE", "P"),
    3: ("SEAT", "PM"),
    4: ("RESPONSE", "PMHVO"),
    5: ("READBACK", "PMHV"),
    6: ("CORRECTION", "PMHV"),
    7: ("INFORM", "PMHV"),
    8: ("QUESTION", "PMHVO"),
    9: ("CONVEY", "M"),
    10: ("NOTIFY", "PMH"),
    11: ("REQUEST", "PMHV"),
    12: ("PROPOSAL", "PM"),
    13: ("CLAUSE-REPLY", "P"),
    14: ("TERM", "PM"),
    15: ("ADOPT", "PM"),
    16: ("COMMIT", "PMH"),
    17: ("COMMIT-EVENT", "PMHV"),
    18: ("FINDING", "PMHV"),
    19: ("ALERT", "PMHV"),
    20: ("INCIDENT", "PMHV"),
    21: ("EXPLANATION", "P"),
    22: ("PERSONS", "PMH"),
    23: ("MEETING", "PM"),
}


def content(kind: str, /, **changes: Any) -> Content:
    """The golden content with fields changed; only the shape is checked, not the type's rules."""
    fields = spoiled(kind, {f"content.{name}": value for name, value in changes.items()})["content"]
    return validated(CONTENT_MODELS[MessageType(kind)], fields)


@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("row", ROWS)
def test_which_role_may_send_which_type(row: int, letter: str) -> None:
    kind, letters = ROWS[row]
    entry = CATALOGUE[MessageType(kind)]
    assert entry.row == row
    assert (LETTERS[letter] in entry.senders) is (letter in letters)


def test_every_type_stands_in_the_table_once_and_in_order() -> None:
    assert [kind.value for kind in MessageType] == [kind for kind, _ in ROWS.values()]
    assert list(CATALOGUE) == list(DUE) == list(CONTENT_MODELS) == list(MessageType)
    assert [entry.row for entry in CATALOGUE.values()] == list(ROWS)
    assert [model.__name__.upper() for model in CONTENT_MODELS.values()] == [
        kind.replace("-", "") for kind, _ in ROWS.values()
    ]


@dataclass(frozen=True)
class Expected:
    attribute: str
    codes: str = ""
    replies: tuple[tuple[str, str | None], ...] = ()


ROGER = Expected("R", "ROGER")
AGREES = Expected("A/N", "AFFIRM NEGATIVE")
ATTRIBUTES: list[tuple[str, dict[str, Any], Expected]] = [
    ("LINE-CHECK", {}, ROGER),
    ("MANDATE", {}, Expected("R", "ROGER NEGATIVE")),
    *[("SEAT", {"operation": operation}, AGREES) for operation in ("ADMIT", "REMOVE", "KEY", "SUSPEND")],
    *[("RESPONSE", {"code": code}, Expected("N")) for code in ("ROGER", "WILCO", "STANDBY", "WRONG")],
    ("READBACK", {}, Expected("Y", "CORRECT WRONG")),
    ("CORRECTION", {}, ROGER),
    ("CORRECTION", {"action": "CANCEL"}, ROGER),
    ("INFORM", {}, ROGER),
    ("QUESTION", {"form": "YES_NO"}, Expected("A/N", "AFFIRM NEGATIVE UNABLE")),
    *[
        ("QUESTION", {"form": form}, Expected("Y", "UNABLE", (("INFORM", "reply_to"),)))
        for form in ("WHO", "WHEN", "WHERE", "QUANTITY", "TEXT")
    ],
    ("CONVEY", {}, ROGER),
    *[("NOTIFY", {"kind": kind}, ROGER) for kind in ("SITE", "MOVEMENT", "ACTIVITY")],
    ("REQUEST", {}, Expected("W/U", "WILCO UNABLE")),
    ("PROPOSAL", {}, Expected("Y", "", (("CLAUSE-REPLY", None), ("PROPOSAL", "counter_to")))),
    ("CLAUSE-REPLY", {}, Expected("N")),
    ("TERM", {}, AGREES),
    *[("ADOPT", {"mode": mode}, Expected("Y", "", (("ADOPT", None),))) for mode in ("INITIAL", "FINAL")],
    ("COMMIT", {}, ROGER),
    *[
        ("COMMIT-EVENT", {"event": event}, AGREES)
        for event in ("DELAY", "SUSPEND", "RESUME", "ASSIGN", "DELEGATE")
    ],
    (
        "COMMIT-EVENT",
        {"event": "CLAIM"},
        Expected("Y", "", (("COMMIT-EVENT", "CONFIRM"), ("COMMIT-EVENT", "DISPUTE"), ("FINDING", None))),
    ),
    *[
        ("COMMIT-EVENT", {"event": event}, ROGER)
        for event in ("DETACH", "CONFIRM", "DISPUTE", "RELEASE", "WITHDRAW")
    ],
    ("FINDING", {}, ROGER),
    *[
        ("ALERT", {"asked": asked}, Expected("W/U", "WILCO UNABLE"))
        for asked in ("HOLD_FIRE", "HALT_MOVEMENT", "ALLOW_PASSAGE", "CONTACT_UNIT")
    ],
    ("ALERT", {"asked": "NONE"}, ROGER),
    ("INCIDENT", {"asked": "EXPLAIN"}, Expected("Y", "", (("EXPLANATION", None),))),
    ("INCIDENT", {"asked": "INVESTIGATE"}, ROGER),
    ("INCIDENT", {"asked": "NONE"}, ROGER),
    *[("EXPLANATION", {"position": position}, ROGER) for position in ("DENY", "INVESTIGATING")],
    ("PERSONS", {"operation": "LIST"}, Expected("Y", "", (("PERSONS", "STATUS"),))),
    ("PERSONS", {"operation": "STATUS"}, ROGER),
    *[
        ("MEETING", {"operation": operation}, AGREES)
        for operation in ("PROPOSE", "CHANGE", "CANCEL", "RECORD")
    ],
]


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    ATTRIBUTES,
    ids=[f"{kind}-{'-'.join(map(str, changes.values()))}" for kind, changes, _ in ATTRIBUTES],
)
def test_what_answers_it(kind: str, changes: dict[str, Any], expected: Expected) -> None:
    asked = content(kind, **changes)
    assert attribute_of(asked).value == expected.attribute
    assert closing_codes(asked) == tuple(expected.codes.split())
    closing = [answer for answer in legal_answers(asked) if answer.closes]
    replies = [Answer(MessageType(kind), choice, True) for kind, choice in expected.replies]
    assert closing == [Answer(MessageType.RESPONSE, c, True) for c in expected.codes.split()] + replies
    open_still = {answer.choice for answer in legal_answers(asked) if not answer.closes}
    assert open_still - {None} == (set() if expected.attribute == "N" else {"STANDBY", "NOT-UNDERSTOOD"})


def test_every_row_of_the_table_of_answers_is_used_above() -> None:
    used = {id(answer_row(content(kind, **changes))) for kind, changes, _ in ATTRIBUTES}
    assert used == {id(row) for row in ANSWERS}
    for kind in MessageType:
        *special, last = (row for row in ANSWERS if row.type is kind)
        assert last.when is None
        assert all(row.when is not None for row in special)


def test_the_catalogue_says_the_attributes_of_the_table() -> None:
    assert CATALOGUE[MessageType.QUESTION].attribute == "A/N with form YES_NO; Y"
    assert CATALOGUE[MessageType.RESPONSE].attribute == "N"
    for kind in MessageType:
        assert attribute_of(content(kind)).value in CATALOGUE[kind].attribute


CRITICAL = {
    "INFORM": "window place qty",
    "NOTIFY": "place route window persons vehicles",
    "REQUEST": "actor action place deadline",
    "ADOPT": "package_hash effective",
    "COMMIT": "consequent",
    "ALERT": "place observed asked until",
    "INCIDENT": "window place",
    "MEETING": "window place medium",
}


@pytest.mark.parametrize("kind", MessageType)
def test_what_is_read_back(kind: MessageType) -> None:
    assert CATALOGUE[kind].critical == tuple(CRITICAL.get(kind.value, "").split())
    readback = [answer for answer in legal_answers(content(kind)) if answer.type is MessageType.READBACK]
    assert bool(readback) is (kind.value in CRITICAL)


MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
DUE_MS = {
    "LINE-CHECK": 15 * MINUTE,
    "MANDATE": 24 * HOUR,
    "SEAT": 24 * HOUR,
    "RESPONSE": None,
    "READBACK": None,
    "CORRECTION": None,
    "INFORM": 24 * HOUR,
    "QUESTION": 24 * HOUR,
    "CONVEY": 12 * HOUR,
    "NOTIFY": 24 * HOUR,
    "REQUEST": 24 * HOUR,
    "PROPOSAL": 72 * HOUR,
    "CLAUSE-REPLY": None,
    "TERM": 72 * HOUR,
    "ADOPT": None,
    "COMMIT": 24 * HOUR,
    "COMMIT-EVENT": 24 * HOUR,
    "FINDING": 48 * HOUR,
    "ALERT": 5 * MINUTE,
    "INCIDENT": 48 * HOUR,
    "EXPLANATION": 24 * HOUR,
    "PERSONS": 7 * DAY,
    "MEETING": 24 * HOUR,
}


@pytest.mark.parametrize("kind", MessageType)
def test_when_it_is_due(kind: MessageType) -> None:
    entry = CATALOGUE[kind]
    assert entry.due_ms == DUE_MS[kind.value]
    assert entry.due
    assert entry.purpose
    assert entry.closed_by
    assert CLAIM_DUE_MS == 72 * HOUR


LADDER = {
    ("FLASH", 1): 30,
    ("FLASH", 2): 180,
    ("FLASH", 4): 300,
    ("FLASH", 6): 600,
    ("IMMEDIATE", 1): 30,
    ("IMMEDIATE", 2): 600,
    ("IMMEDIATE", 4): 1800,
    ("IMMEDIATE", 6): 3600,
    ("PRIORITY", 1): 60,
    ("PRIORITY", 2): 7200,
    ("PRIORITY", 4): 21_600,
    ("PRIORITY", 6): 43_200,
    ("ROUTINE", 1): 300,
    ("ROUTINE", 2): 43_200,
    ("ROUTINE", 4): 86_400,
}


def test_the_ladders_timers_are_those_of_section_3() -> None:
    shown = {
        (precedence, level): ms // 1000
        for precedence, levels in ACKNOWLEDGEMENT_DUE_MS.items()
        for level, ms in levels.items()
    }
    assert shown == LADDER


def test_golden_examples_ask_for_what_their_type_asks_for() -> None:
    assert {attribute_of(content(kind)) for kind in MessageType} == set(ResponseAttribute)
    assert golden("QUESTION")["content"]["form"] == "YES_NO"


def test_fixed_lists() -> None:
    assert get_args(RoleName) == tuple(Role)
    assert len(set(get_args(NeutralWord))) == 32
    assert set(get_args(FindingResult)) == {result for results in RESULTS.values() for result in results}
    assert get_args(EscalatedLevel) == tuple(ACKNOWLEDGEMENT_DUE_MS["FLASH"])


def test_numbers_of_rules_that_were_given_up_are_not_used_again() -> None:
    assert not {"CLAUSE-REPLY-5", "CLAUSE-REPLY-12", "CLAUSE-REPLY-13"} & RULES.keys()
