"""The numbered rules of what a commit may change, each with its breach, and what agreement allows."""

from dataclasses import replace

import pytest

from channel.charter import Charter, Mode, RosterEntry, Seats
from channel.charter_change import Consent, check_change, enact
from channel.errors import CharterRuleBroken
from protocols.messages.codec import validated
from protocols.messages.glossary import Term
from protocols.messages.mandates import mandate_id
from protocols.messages.roles import Role
from protocols.messages.seats import Seat
from protocols.negotiation.agreed import AgreedChanges, AgreedMandate, AgreedSeat, AgreedTerm
from protocols.negotiation.terms import AdoptedText
from tests.channel.test_charter import AMAL, BORIS, CHARTER, KEYS, MIRA, NORTH, OTHER_VKEY

SEAT_ID, TERM_ID, MANDATE_ID = "5e" * 16, "7e" * 16, "3e" * 16
ADDED = CHARTER.with_entry(BORIS)
SETTLED = replace(ADDED, seats=Seats.AGREED)
CARLA = RosterEntry(key=KEYS[3], name="Carla", role=Role.MONITOR)
WITH_CARLA = SETTLED.with_entry(CARLA)
FEWER = NORTH.mandate(AMAL.id, powers=["NEGOTIATE"])
TEXT = AdoptedText("ab" * 16, "cd" * 32, "2026-11-22T12:00:00Z")


def seat(operation: str, entry: RosterEntry, **fields: str) -> AgreedChanges:
    content = {
        "operation": operation,
        "seat": entry.name,
        "fingerprint": entry.id,
        "effective": "2026-11-22T12:00:00Z",
        **fields,
    }
    return AgreedChanges(seats=(AgreedSeat(SEAT_ID, validated(Seat, content)),))


def admitted(entry: RosterEntry) -> AgreedChanges:
    return seat("ADMIT", entry, role=entry.role.value, history="ALL")


TERM = validated(Term, {"term": "bridge", "definition": "the northern one"})
AGREED_TERM = AgreedChanges(terms=(AgreedTerm(TERM_ID, TERM, "en"),))
AGREED_TEXT = AgreedChanges(adopted=(TEXT,))
AGREED_MANDATE = AgreedChanges(mandates=(AgreedMandate(MANDATE_ID, FEWER),))
NOTHING = AgreedChanges()


def test_honest_changes_pass() -> None:
    check_change(CHARTER, CHARTER, added_ids=(), removed_ids=())
    check_change(CHARTER, ADDED, added_ids={BORIS.id}, removed_ids=())
    check_change(ADDED, CHARTER, added_ids=(), removed_ids={BORIS.id})
    check_change(
        CHARTER, CHARTER.without(AMAL.id).with_entry(BORIS), added_ids={BORIS.id}, removed_ids={AMAL.id}
    )
    check_change(CHARTER, replace(CHARTER, title="South bridge"), added_ids=(), removed_ids=())
    check_change(ADDED, SETTLED, added_ids=(), removed_ids=())


@pytest.mark.parametrize(
    ("rule", "old", "new", "added", "removed"),
    [
        ("CHARTER-1", CHARTER, replace(CHARTER, relay_vkey=OTHER_VKEY), (), ()),
        ("CHARTER-2", CHARTER, replace(CHARTER, mode=Mode.EXERCISE), (), ()),
        ("CHARTER-3", CHARTER, replace(ADDED, title="South bridge"), (BORIS.id,), ()),
        ("CHARTER-3", ADDED, replace(CHARTER, timers={"ROUTINE L2": 1}), (), (BORIS.id,)),
        ("CHARTER-3", ADDED, replace(CHARTER, seats=Seats.AGREED), (), (BORIS.id,)),
        ("CHARTER-4", CHARTER, CHARTER, (BORIS.id,), ()),
        ("CHARTER-4", ADDED, ADDED, (BORIS.id,), ()),
        ("CHARTER-5", CHARTER, CHARTER, (), (AMAL.id,)),
        ("CHARTER-6", CHARTER, ADDED, (), ()),
        ("CHARTER-6", ADDED, CHARTER, (), ()),
        ("CHARTER-6", CHARTER, replace(CHARTER, roster=(MIRA, replace(AMAL, role=Role.OBSERVER))), (), ()),
        ("CHARTER-6", CHARTER, replace(CHARTER, roster=(replace(MIRA, name="Mirna"), AMAL)), (), ()),
        ("CHARTER-6", CHARTER, replace(CHARTER, roster=(MIRA, replace(AMAL, mandates=(FEWER,)))), (), ()),
        (
            "CHARTER-6",
            CHARTER,
            replace(ADDED, roster=(MIRA, replace(AMAL, mandates=()), BORIS)),
            (BORIS.id,),
            (),
        ),
        ("CHARTER-9", SETTLED, replace(SETTLED, seats=Seats.OPEN), (), ()),
        ("CHARTER-9", SETTLED, replace(SETTLED, title="South bridge"), (), ()),
        ("CHARTER-9", SETTLED, replace(SETTLED, timers={"ROUTINE L2": 1}), (), ()),
        ("CHARTER-9", SETTLED, replace(SETTLED, displayed=True), (), ()),
        ("CHARTER-9", SETTLED, replace(SETTLED, retention_days=1), (), ()),
        ("CHARTER-9", SETTLED, replace(SETTLED, languages=("fr",)), (), ()),
        ("CHARTER-10", SETTLED, WITH_CARLA, (CARLA.id,), ()),
        ("CHARTER-10", SETTLED, SETTLED.without(BORIS.id), (), (BORIS.id,)),
        ("CHARTER-11", CHARTER, enact(CHARTER, AGREED_TERM), (), ()),
        ("CHARTER-11", CHARTER, replace(CHARTER, glossary_version=1), (), ()),
        ("CHARTER-12", CHARTER, replace(CHARTER, adopted=(TEXT,)), (), ()),
        ("CHARTER-12", replace(CHARTER, adopted=(TEXT,)), CHARTER, (), ()),
    ],
)
def test_each_rule_refuses_its_breach(
    rule: str, old: Charter, new: Charter, added: tuple[str, ...], removed: tuple[str, ...]
) -> None:
    with pytest.raises(CharterRuleBroken) as caught:
        check_change(old, new, added_ids=added, removed_ids=removed)
    assert caught.value.rule == rule


@pytest.mark.parametrize(
    ("agreed", "old", "new", "added", "removed"),
    [
        (admitted(CARLA), SETTLED, WITH_CARLA, (CARLA.id,), ()),
        (seat("REMOVE", BORIS, reason="resigned"), SETTLED, SETTLED.without(BORIS.id), (), (BORIS.id,)),
        (
            seat(
                "KEY",
                replace(CARLA, name="Boris", role=Role.PARTY),
                role="party",
                history="ALL",
                replaces=BORIS.id,
            ),
            SETTLED,
            replace(SETTLED, roster=(MIRA, AMAL, replace(CARLA, name="Boris", role=Role.PARTY))),
            (CARLA.id,),
            (BORIS.id,),
        ),
        (
            seat("ROLE", BORIS, role="observer"),
            SETTLED,
            replace(SETTLED, roster=(MIRA, AMAL, replace(BORIS, role=Role.OBSERVER))),
            (),
            (),
        ),
        (AGREED_TERM, SETTLED, enact(SETTLED, AGREED_TERM), (), ()),
        (AGREED_TEXT, SETTLED, enact(SETTLED, AGREED_TEXT), (), ()),
        (AGREED_MANDATE, SETTLED, enact(SETTLED, AGREED_MANDATE), (), ()),
    ],
    ids=["admit", "remove", "key", "role", "term", "text", "mandate"],
)
def test_what_was_agreed_may_be_enacted_and_nothing_like_it(
    agreed: AgreedChanges, old: Charter, new: Charter, added: tuple[str, ...], removed: tuple[str, ...]
) -> None:
    assert new != old
    check_change(old, new, added_ids=added, removed_ids=removed, consent=Consent(agreed=agreed))
    with pytest.raises(CharterRuleBroken):
        check_change(old, new, added_ids=added, removed_ids=removed, consent=Consent())


@pytest.mark.parametrize(
    ("rule", "agreed", "old", "new", "added", "removed"),
    [
        ("CHARTER-10", admitted(replace(CARLA, name="Karla")), SETTLED, WITH_CARLA, (CARLA.id,), ()),
        ("CHARTER-10", admitted(replace(CARLA, role=Role.PARTY)), SETTLED, WITH_CARLA, (CARLA.id,), ()),
        ("CHARTER-10", admitted(CARLA), SETTLED, SETTLED.without(BORIS.id), (), (BORIS.id,)),
        (
            "CHARTER-10",
            admitted(CARLA),
            SETTLED,
            SETTLED.with_entry(replace(CARLA, principal=NORTH.key, principal_name=NORTH.name)),
            (CARLA.id,),
            (),
        ),
        (
            "CHARTER-6",
            seat("ROLE", BORIS, role="observer"),
            SETTLED,
            replace(SETTLED, roster=(MIRA, AMAL, replace(BORIS, role=Role.MEDIATOR))),
            (),
            (),
        ),
        (
            "CHARTER-6",
            AGREED_MANDATE,
            SETTLED,
            replace(SETTLED, roster=(MIRA, replace(AMAL, mandates=(FEWER,)), BORIS)),
            (),
            (),
        ),
        ("CHARTER-11", AGREED_TERM, SETTLED, replace(SETTLED, glossary_version=1), (), ()),
        (
            "CHARTER-11",
            AGREED_TERM,
            SETTLED,
            replace(enact(SETTLED, AGREED_TERM), glossary_version=2),
            (),
            (),
        ),
        (
            "CHARTER-12",
            AGREED_TEXT,
            SETTLED,
            replace(SETTLED, adopted=(replace(TEXT, effective="2026-11-23T12:00:00Z"),)),
            (),
            (),
        ),
        ("CHARTER-12", AGREED_TEXT, SETTLED, replace(SETTLED, adopted=(TEXT, TEXT)), (), ()),
    ],
    ids=[
        "another name", "another role", "another act", "another principal", "another new role",
        "the old mandate dropped", "version alone", "version twice", "another time", "twice",
    ],
)  # fmt: skip
def test_agreement_on_one_thing_is_not_agreement_on_another(
    rule: str,
    agreed: AgreedChanges,
    old: Charter,
    new: Charter,
    added: tuple[str, ...],
    removed: tuple[str, ...],
) -> None:
    with pytest.raises(CharterRuleBroken) as caught:
        check_change(old, new, added_ids=added, removed_ids=removed, consent=Consent(agreed=agreed))
    assert caught.value.rule == rule


def test_a_suspended_seat_may_be_removed_at_once() -> None:
    after = SETTLED.without(BORIS.id)
    consent = Consent(suspended=frozenset({BORIS.id}))
    check_change(SETTLED, after, added_ids=(), removed_ids={BORIS.id}, consent=consent)
    with pytest.raises(CharterRuleBroken, match="CHARTER-10"):
        check_change(SETTLED, SETTLED.without(AMAL.id), added_ids=(), removed_ids={AMAL.id}, consent=consent)


def test_a_mandate_goes_when_it_is_replaced_or_revoked() -> None:
    (whole,) = AMAL.mandates
    instead = NORTH.mandate(AMAL.id, powers=["NEGOTIATE"], replaces=mandate_id(whole))
    agreed = AgreedChanges(mandates=(AgreedMandate(MANDATE_ID, instead),))
    after = enact(SETTLED, agreed)
    assert after.entry(AMAL.id) == replace(AMAL, mandates=(instead,))
    check_change(SETTLED, after, added_ids=(), removed_ids=(), consent=Consent(agreed=agreed))

    revocation = NORTH.mandate(AMAL.id, powers=(), revokes=mandate_id(whole))
    agreed = AgreedChanges(mandates=(AgreedMandate(MANDATE_ID, revocation),))
    after = enact(SETTLED, agreed)
    assert after.entry(AMAL.id) == replace(AMAL, mandates=())
    check_change(SETTLED, after, added_ids=(), removed_ids=(), consent=Consent(agreed=agreed))


def test_a_term_agreed_again_takes_the_place_of_the_first() -> None:
    once = enact(SETTLED, AGREED_TERM)
    again = AgreedChanges(
        terms=(AgreedTerm("8e" * 16, TERM.model_copy(update={"definition": "both"}), "en"),)
    )
    twice = enact(once, again)
    (term,) = twice.glossary
    assert (term.definition, term.version, term.source, twice.glossary_version) == ("both", 2, "8e" * 16, 2)
    check_change(once, twice, added_ids=(), removed_ids=(), consent=Consent(agreed=again))


def test_what_was_enacted_is_not_enacted_twice() -> None:
    once = enact(SETTLED, AGREED_TEXT)
    assert enact(once, AGREED_TEXT) == once
