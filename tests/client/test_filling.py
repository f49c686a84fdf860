"""What can only be one thing need not be said; what is said is never changed."""

from typing import Any

import pytest

from client.filling import fill_in
from protocols.messages import Role
from protocols.negotiation import ChannelTerms, Negotiation, Participant

MIRA, AMAL, BORIS = "1" * 32, "2" * 32, "3" * 32
PEOPLE = (
    Participant(MIRA, "Mira", Role.MEDIATOR),
    Participant(AMAL, "Amal", Role.PARTY),
    Participant(BORIS, "Boris", Role.PARTY),
)


def fill(
    kind: str, fields: dict[str, Any], to: tuple[str, ...] = ()
) -> tuple[dict[str, Any], tuple[str, ...]]:
    negotiation = Negotiation(PEOPLE, terms=ChannelTerms(glossary_version=3))
    return fill_in(kind, fields, to, negotiation=negotiation, me=AMAL)


@pytest.mark.parametrize(
    ("kind", "given", "filled"),
    [
        ("LINE-CHECK", {}, {"topic": "LINE-CHECK"}),
        ("line_check", {"topic": "other"}, {"topic": "other"}),
        ("PERSONS", {}, {"tlp": "RED"}),
        ("PERSONS", {"tlp": "AMBER"}, {"tlp": "AMBER"}),
        ("PROPOSAL", {}, {"glossary_version": 3}),
        ("PROPOSAL", {"glossary_version": 2}, {"glossary_version": 2}),
        ("COMMIT", {}, {"debtor": AMAL}),
        (
            "COMMIT",
            {"consequent": {"modal": "MUST"}},
            {"consequent": {"modal": "MUST", "actor": AMAL}, "debtor": AMAL},
        ),
        ("COMMIT", {"consequent.modal": "MUST", "debtor": BORIS}, {"consequent.actor": BORIS}),
        ("COMMIT", {"consequent": {"actor": BORIS}}, {"debtor": AMAL}),
        ("ADOPT", {"proposal": "4" * 32}, {"proposal": "4" * 32}),
        ("INFORM", {}, {}),
    ],
)
def test_fields(kind: str, given: dict[str, Any], filled: dict[str, Any]) -> None:
    before = dict(given)
    fields, _ = fill(kind, given)
    assert given == before
    assert fields == {**given, **filled}


def test_the_hash_of_a_text_is_never_filled_in() -> None:
    fields, _ = fill("ADOPT", {"proposal": "4" * 32, "mode": "FINAL"})
    assert "package_hash" not in fields


def test_addressees() -> None:
    assert fill("INFORM", {})[1] == (MIRA, BORIS)
    assert fill("INFORM", {}, (BORIS,))[1] == (BORIS,)
    assert fill("INFORM", {"to": [BORIS]})[1] == ()
    assert fill("REQUEST", {"actor": BORIS})[1] == (BORIS,)
    assert fill("REQUEST", {"actor": BORIS}, (MIRA,))[1] == (MIRA,)
