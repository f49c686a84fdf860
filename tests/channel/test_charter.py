"""The charter: one encoding, plain limits, and the numbered rules of its change."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channel.charter import (
    DEFAULT_TIMERS,
    MAX_CHARTER_SIZE,
    Charter,
    Mode,
    RosterEntry,
    check_change,
)
from channel.errors import BadCharter, CharterRuleBroken
from channel.identity import Identity
from protocols import canonical
from protocols.log.note import Verifier
from protocols.messages.roles import Role

KEYS = [Identity.from_seed(bytes([number]) * 32).public_key for number in range(1, 6)]
VKEY = Verifier("relay.example", KEYS[4]).vkey
OTHER_VKEY = Verifier("relay.example", KEYS[3]).vkey
MIRA = RosterEntry(key=KEYS[0], name="Mira", role=Role.MEDIATOR)
AMAL = RosterEntry(key=KEYS[1], name="Amal", role=Role.PARTY, mandate="speaks for the north\nuntil June")
BORIS = RosterEntry(key=KEYS[2], name="Boris", role=Role.PARTY)
CHARTER = Charter(title="North bridge", relay_vkey=VKEY, roster=(MIRA, AMAL))
FULL = replace(
    CHARTER,
    mode=Mode.EXERCISE,
    timers={"ROUTINE L2": 60},
    languages=("en", "pt-BR"),
    glossary={"bridge": "the north bridge"},
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
        "v", "title", "mode", "relay_vkey", "roster", "timers", "languages", "glossary", "retention", "history",
    }  # fmt: skip
    assert isinstance(fields["roster"], list)
    assert fields["roster"][0] == {
        "id": bytes.fromhex(MIRA.id),
        "key": KEYS[0],
        "name": "Mira",
        "role": "mediator",
        "mandate": "",
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
        ("glossary", {"": "x"}),
        ("glossary", {"a": 5}),
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
    glossary = {f"term {number}": "x" * 500 for number in range(100)}
    with pytest.raises(BadCharter, match="at most 32768 bytes"):
        replace(CHARTER, glossary=glossary).encode()


def test_a_charter_does_not_change_behind_ones_back() -> None:
    timers = {"ROUTINE L2": 60}
    charter = replace(CHARTER, timers=timers)
    timers["ROUTINE L2"] = 1
    assert charter.timer_s("ROUTINE", "L2") == 60


def test_timers_have_defaults() -> None:
    assert FULL.timer_s("ROUTINE", "L2") == 60
    assert FULL.timer_s("FLASH", "L1") == DEFAULT_TIMERS["FLASH L1"] == 30
    assert FULL.timer_s("ROUTINE", "L6") is None


def test_seats_are_found_by_participant() -> None:
    assert CHARTER.entry(AMAL.id) == AMAL
    assert CHARTER.entry(BORIS.id) is None


ADDED = CHARTER.with_entry(BORIS)


def test_honest_changes_pass() -> None:
    check_change(CHARTER, CHARTER, added_ids=(), removed_ids=())
    check_change(CHARTER, ADDED, added_ids={BORIS.id}, removed_ids=())
    check_change(ADDED, CHARTER, added_ids=(), removed_ids={BORIS.id})
    check_change(
        CHARTER, CHARTER.without(AMAL.id).with_entry(BORIS), added_ids={BORIS.id}, removed_ids={AMAL.id}
    )
    check_change(CHARTER, replace(CHARTER, title="South bridge"), added_ids=(), removed_ids=())


@pytest.mark.parametrize(
    ("rule", "old", "new", "added", "removed"),
    [
        ("CHARTER-1", CHARTER, replace(CHARTER, relay_vkey=OTHER_VKEY), (), ()),
        ("CHARTER-2", CHARTER, replace(CHARTER, mode=Mode.EXERCISE), (), ()),
        ("CHARTER-3", CHARTER, replace(ADDED, title="South bridge"), (BORIS.id,), ()),
        ("CHARTER-3", ADDED, replace(CHARTER, timers={"ROUTINE L2": 1}), (), (BORIS.id,)),
        ("CHARTER-4", CHARTER, CHARTER, (BORIS.id,), ()),
        ("CHARTER-4", ADDED, ADDED, (BORIS.id,), ()),
        ("CHARTER-5", CHARTER, CHARTER, (), (AMAL.id,)),
        ("CHARTER-6", CHARTER, ADDED, (), ()),
        ("CHARTER-6", ADDED, CHARTER, (), ()),
        ("CHARTER-6", CHARTER, replace(CHARTER, roster=(MIRA, replace(AMAL, role=Role.OBSERVER))), (), ()),
        (
            "CHARTER-6",
            CHARTER,
            replace(ADDED, roster=(MIRA, replace(AMAL, mandate=""), BORIS)),
            (BORIS.id,),
            (),
        ),
    ],
)
def test_each_rule_refuses_its_breach(
    rule: str, old: Charter, new: Charter, added: tuple[str, ...], removed: tuple[str, ...]
) -> None:
    with pytest.raises(CharterRuleBroken) as caught:
        check_change(old, new, added_ids=added, removed_ids=removed)
    assert caught.value.rule == rule
