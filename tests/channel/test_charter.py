"""The charter: one encoding, plain limits, and the numbered rules of its change."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channel.charter import DEFAULT_TIMERS, MAX_CHARTER_SIZE, Charter, Mode, RosterEntry, Seats
from channel.charter_terms import channel_terms, participants
from channel.errors import BadCharter
from channel.identity import Identity, participant_id
from protocols import canonical
from protocols.log.note import Verifier
from protocols.messages.glossary import GlossaryTerm
from protocols.messages.mandates import Mandate
from protocols.messages.roles import Role
from protocols.negotiation.terms import AdoptedText
from tests.support.mandates import Principal

KEYS = [Identity.from_seed(bytes([number]) * 32).public_key for number in range(1, 6)]
VKEY = Verifier("relay.example", KEYS[4]).vkey
OTHER_VKEY = Verifier("relay.example", KEYS[3]).vkey
MIRA = RosterEntry(key=KEYS[0], name="Mira", role=Role.MEDIATOR)
NORTH = Principal("Council of the North", 80)
SOUTH = Principal("Council of the South", 81)
AMAL_ID = participant_id(KEYS[1])
AMAL = RosterEntry(
    key=KEYS[1],
    name="Amal",
    role=Role.PARTY,
    principal=NORTH.key,
    principal_name=NORTH.name,
    mandates=(NORTH.mandate(AMAL_ID),),
)
BORIS = RosterEntry(key=KEYS[2], name="Boris", role=Role.PARTY)
CHARTER = Charter(title="North bridge", relay_vkey=VKEY, roster=(MIRA, AMAL))
BRIDGE = GlossaryTerm(term="bridge", definition="the northern one", lang="en", version=1, source="ee" * 16)
FULL = replace(
    CHARTER,
    mode=Mode.EXERCISE,
    timers={"ROUTINE L2": 60},
    languages=("en", "pt-BR"),
    seats=Seats.AGREED,
    displayed=True,
    glossary=(BRIDGE,),
    glossary_version=1,
    adopted=(AdoptedText("ab" * 16, "cd" * 32, "2026-11-22T12:00:00Z"),),
    retention_days=30,
)


@pytest.mark.parametrize("charter", [CHARTER, FULL])
def test_there_is_one_encoding(charter: Charter) -> None:
    assert Charter.decode(charter.encode()) == charter
    assert Charter.decode(charter.encode()).encode() == charter.encode()


def test_the_encoding_is_the_documented_map() -> None:
    fields = canonical.decode(CHARTER.encode(), max_size=MAX_CHARTER_SIZE)
    assert isinstance(fields, dict)
    assert set(fields) == {
        "v", "title", "mode", "relay_vkey", "roster", "seats", "timers", "displayed", "languages", "glossary",
        "glossary_version", "adopted", "retention", "history",
    }  # fmt: skip
    assert isinstance(fields["roster"], list)
    assert fields["roster"][0] == {
        "id": bytes.fromhex(MIRA.id),
        "key": KEYS[0],
        "name": "Mira",
        "role": "mediator",
        "principal": None,
        "principal_name": "",
        "mandates": [],
    }


@given(st.binary(max_size=200))
def test_garbage_is_one_error(data: bytes) -> None:
    with pytest.raises(BadCharter):
        Charter.decode(data)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("v", 2),
        ("title", ""),
        ("title", "a\x1b[2J"),
        ("title", 5),
        ("mode", "REAL"),
        ("relay_vkey", "no key"),
        ("roster", []),
        ("roster", ["x"]),
        ("timers", {"ROUTINE L9": 5}),
        ("timers", {"ROUTINE L2": 0}),
        ("timers", {"ROUTINE L2": True}),
        ("languages", []),
        ("languages", ["english language"]),
        ("seats", "MINE"),
        ("displayed", 1),
        ("glossary", {}),
        ("glossary", ["bridge"]),
        ("glossary", [{"term": "bridge"}]),
        ("glossary", [{**BRIDGE.model_dump(mode="json"), "version": 0}]),
        ("glossary", [BRIDGE.model_dump(mode="json")] * 2),
        ("glossary_version", -1),
        ("adopted", [{"proposal": "x", "package_hash": "cd" * 32, "effective": "2026-11-22T12:00:00Z"}]),
        ("adopted", [5]),
        ("retention", -1),
        ("retention", 10**6),
        ("history", "NONE"),
        ("extra", 1),
    ],
)
def test_a_field_outside_its_limits_is_refused(field: str, value: Any) -> None:
    fields = canonical.decode(CHARTER.encode(), max_size=MAX_CHARTER_SIZE)
    assert isinstance(fields, dict)
    with pytest.raises(BadCharter):
        Charter.decode(canonical.encode({**fields, field: value}))


def test_a_missing_field_is_refused() -> None:
    fields = canonical.decode(CHARTER.encode(), max_size=MAX_CHARTER_SIZE)
    assert isinstance(fields, dict)
    del fields["glossary"]
    with pytest.raises(BadCharter, match="glossary"):
        Charter.decode(canonical.encode(fields))


def test_an_id_that_is_not_its_keys_is_refused() -> None:
    fields: Any = canonical.decode(CHARTER.encode(), max_size=MAX_CHARTER_SIZE)
    fields["roster"][1]["id"] = bytes.fromhex(BORIS.id)
    with pytest.raises(BadCharter, match="does not belong to its key"):
        Charter.decode(canonical.encode(fields))


def test_a_key_not_to_be_trusted_is_refused() -> None:
    with pytest.raises(BadCharter, match="low order"):
        RosterEntry(key=bytes(32), name="Nobody", role=Role.PARTY)


@pytest.mark.parametrize("name", ["Amal", "AMAL", "\uff21mal", "Am\u200dal"])
def test_look_alike_names_are_refused(name: str) -> None:
    with pytest.raises(BadCharter, match="look alike"):
        CHARTER.with_entry(RosterEntry(key=KEYS[2], name=name, role=Role.PARTY))


def test_nobody_sits_twice() -> None:
    with pytest.raises(BadCharter, match="twice"):
        CHARTER.with_entry(replace(AMAL, name="Amal again"))


def test_a_charter_has_to_fit_an_entry() -> None:
    glossary = tuple(
        BRIDGE.model_copy(update={"term": f"term {number}", "definition": "x" * 500}) for number in range(100)
    )
    with pytest.raises(BadCharter, match="at most 32768 bytes"):
        replace(CHARTER, glossary=glossary).encode()


def test_a_charter_does_not_change_behind_ones_back() -> None:
    timers = {"ROUTINE L2": 60}
    charter = replace(CHARTER, timers=timers)
    timers["ROUTINE L2"] = 1
    assert channel_terms(charter).due_ms("ROUTINE", 2) == 60_000


def test_timers_have_defaults() -> None:
    terms = channel_terms(FULL)
    assert terms.due_ms("ROUTINE", 2) == 60_000
    assert terms.due_ms("FLASH", 1) == 1000 * DEFAULT_TIMERS["FLASH L1"] == 30_000
    assert terms.due_ms("ROUTINE", 6) is None


def test_the_fold_is_given_seats_mandates_and_terms() -> None:
    mira, amal = participants(FULL)
    assert (mira.name, mira.role, mira.principal, mira.mandates) == ("Mira", Role.MEDIATOR, None, ())
    assert (amal.principal, amal.principal_name) == (NORTH.key.hex(), NORTH.name)
    assert amal.mandates == AMAL.mandates
    terms = channel_terms(FULL)
    assert (terms.seats_agreed, terms.displayed, terms.glossary_version) == (True, True, 1)
    assert (terms.glossary, terms.adopted, terms.languages) == ((BRIDGE,), FULL.adopted, ("en", "pt-BR"))


def test_seats_are_found_by_participant() -> None:
    assert CHARTER.entry(AMAL.id) == AMAL
    assert CHARTER.entry(BORIS.id) is None


HALF = NORTH.mandate(AMAL_ID, powers=["NEGOTIATE"])


@pytest.mark.parametrize(
    ("why", "mandates"),
    [
        ("of its holder", (NORTH.mandate(BORIS.id),)),
        ("from the seat's principal", (SOUTH.mandate(AMAL_ID),)),
        ("MANDATE-3", (HALF.model_copy(update={"powers": ("NEGOTIATE", "COMMIT")}),)),
        ("MANDATE-1", (NORTH.mandate(AMAL_ID, end="2027-01-02T00:00:00Z"),)),
        ("revocation", (NORTH.mandate(AMAL_ID, powers=(), revokes="ab" * 32),)),
        ("at most 8", (HALF,) * 9),
    ],
    ids=["of another holder", "of another principal", "altered", "too long", "a revocation", "too many"],
)
def test_a_mandate_that_is_not_the_principals_word_is_refused(
    why: str, mandates: tuple[Mandate, ...]
) -> None:
    with pytest.raises(BadCharter, match=why):
        replace(AMAL, mandates=mandates)


def test_who_speaks_for_themselves_needs_no_mandate() -> None:
    with pytest.raises(BadCharter, match="speaks for themselves"):
        replace(BORIS, mandates=(NORTH.mandate(BORIS.id),))
    with pytest.raises(BadCharter, match="own principal"):
        replace(BORIS, principal=BORIS.key, principal_name="Boris")


def test_an_altered_mandate_on_the_wire_is_refused() -> None:
    fields: Any = canonical.decode(CHARTER.encode(), max_size=MAX_CHARTER_SIZE)
    fields["roster"][1]["mandates"][0]["topics"] = ["everything"]
    with pytest.raises(BadCharter, match="MANDATE-3"):
        Charter.decode(canonical.encode(fields))


def test_a_mandate_has_one_form_on_the_wire() -> None:
    fields: Any = canonical.decode(CHARTER.encode(), max_size=MAX_CHARTER_SIZE)
    fields["roster"][1]["mandates"][0]["limits"] = None
    with pytest.raises(BadCharter, match="one form"):
        Charter.decode(canonical.encode(fields))
