"""ADOPT: what puts text in force, and all that does not (MESSAGES.md section 4)."""

from typing import Any

import pytest

from protocols.errors import RuleViolation
from protocols.messages.adoption import AdoptMode
from protocols.messages.values import Window
from protocols.negotiation.proposal import PackageStatus, TabledProposal, end_proposal

from .owed import at, when
from .tabled import (
    AMAL,
    BORIS,
    CARLA,
    EFFECTIVE_H,
    END_H,
    MIRA,
    OTTO,
    UNTIL_H,
    accepted,
    adopted,
    adopts,
    clause,
    say,
    tabled,
)

P = PackageStatus
TWO: dict[str, Any] = {"required": (AMAL, BORIS)}


def agreed(**more: Any) -> TabledProposal:
    return accepted(tabled(**{**TWO, **more}))


def refused(rule: str, now: TabledProposal, who: str, mode: AdoptMode = "FINAL", **more: Any) -> None:
    with pytest.raises(RuleViolation) as caught:
        adopts(now, who, mode, **more)
    assert caught.value.rule == rule


def test_only_a_final_of_everybody_puts_it_in_force() -> None:
    now = accepted(tabled())
    for party in (AMAL, BORIS):
        now = adopts(now, party)
        assert (now.status(at(2)), now.adopted) == (P.AGREED, ())
    now = adopts(now, CARLA)
    assert now.status(at(2)) is P.ADOPTED
    assert [one.no for one in now.adopted] == [1, 2]
    assert now.status(at(10 * UNTIL_H)) is P.ADOPTED


def test_a_mediators_single_text_takes_every_party() -> None:
    assert adopted(accepted(tabled(by=MIRA))).ended is P.ADOPTED


@pytest.mark.parametrize("mode", ["INITIAL", "AD_REFERENDUM"])
def test_anything_less_than_final_puts_nothing_in_force(mode: AdoptMode) -> None:
    now = adopts(adopts(agreed(), AMAL), BORIS, mode)
    assert (now.status(at(2)), now.adopted) == (P.AGREED, ())
    assert now.is_fixed()
    assert adopts(now, BORIS).ended is P.ADOPTED


def test_severable_adopts_what_is_agreed_with_all_it_needs() -> None:
    texts = (clause(1), clause(2), clause(3, depends_on=(2,)), clause(4, modal="MAY"))
    now = tabled(*texts, package="SEVERABLE", **TWO)
    now = say(now, BORIS, (1, "ACCEPT"), (3, "ACCEPT"), (4, "ACCEPT"))
    assert [one.no for one in adopted(now).adopted] == [1, 4]


def test_a_final_is_for_one_package_and_does_not_come_back_with_it() -> None:
    texts = (clause(1), clause(2), clause(3))
    now = say(tabled(*texts, package="SEVERABLE", **TWO), BORIS, (1, "ACCEPT"))
    said = adopts(now, AMAL)
    grown = say(said, BORIS, (2, "ACCEPT"))
    assert grown.adoptions == {}
    assert adopts(grown, BORIS).ended is None


# --- by rule --------------------------------------------------------------------------------------


@pytest.mark.parametrize("digest", ["0" * 64, None])
def test_adopt_1_the_hash_is_that_of_the_package_as_it_stands(digest: str | None) -> None:
    if digest is not None:
        refused("ADOPT-1", agreed(), AMAL, package_hash=digest)
    for now in (tabled(**TWO), say(tabled(**TWO), BORIS, (1, "ACCEPT"), (2, "RESERVE"))):
        refused("ADOPT-1", now, AMAL)
    old = agreed().package_hash()
    refused("ADOPT-1", accepted(say(tabled(**TWO), BORIS, (1, "AMEND"))), AMAL, package_hash=old)


@pytest.mark.parametrize(("who", "mediator"), [(OTTO, False), (CARLA, False), (MIRA, True)])
def test_adopt_2_required_parties_and_named_witnesses(who: str, mediator: bool) -> None:
    for now in (agreed(), adopts(agreed(), AMAL), adopts(agreed(), AMAL, witness=OTTO)):
        refused("ADOPT-2", now, who, mediator=mediator)


def test_adopt_2_a_witness_that_is_no_mediator_does_not_witness() -> None:
    refused("ADOPT-2", adopts(agreed(), AMAL, witness=OTTO), OTTO)


def test_adopt_3_ad_referendum_blocks_final_until_it_is_confirmed() -> None:
    now = say(accepted(tabled(**TWO), BORIS, ad_ref=True), BORIS, (1, "ACCEPT"))
    refused("ADOPT-3", now, BORIS)
    assert adopts(now, AMAL).ended is None
    for mode in ("INITIAL", "AD_REFERENDUM"):
        assert adopts(now, BORIS, mode).ended is None
    confirmed = say(now, BORIS, (2, "ACCEPT"))
    assert adopted(confirmed).ended is P.ADOPTED


def test_adopt_4_everybody_names_the_same_effective_time() -> None:
    first = adopts(agreed(), AMAL, "INITIAL")
    assert first.effective == {first.package_hash(): when(EFFECTIVE_H)}
    refused("ADOPT-4", first, BORIS, effective=when(EFFECTIVE_H + 1))
    # Whoever is alone with a time may still change it.
    moved = adopts(first, AMAL, effective=when(EFFECTIVE_H + 1))
    refused("ADOPT-4", moved, BORIS, effective=when(EFFECTIVE_H))
    assert adopts(moved, BORIS, effective=when(EFFECTIVE_H + 1)).ended is P.ADOPTED


def test_adopt_4_a_witness_names_it_too() -> None:
    named = adopts(agreed(), AMAL, witness=MIRA)
    refused("ADOPT-4", named, MIRA, mediator=True, effective=when(EFFECTIVE_H + 1))


@pytest.mark.parametrize(
    ("before", "mode"),
    [
        ("INITIAL", "INITIAL"),
        ("AD_REFERENDUM", "INITIAL"),
        ("AD_REFERENDUM", "AD_REFERENDUM"),
        ("FINAL", "INITIAL"),
        ("FINAL", "AD_REFERENDUM"),
        ("FINAL", "FINAL"),
    ],
)
def test_adopt_5_never_back_and_never_twice(before: AdoptMode, mode: AdoptMode) -> None:
    refused("ADOPT-5", adopts(agreed(), AMAL, before), AMAL, mode)
    witnessed = adopts(adopts(agreed(), AMAL, witness=MIRA), MIRA, before, mediator=True)
    refused("ADOPT-5", witnessed, MIRA, mode, mediator=True)


@pytest.mark.parametrize(
    ("before", "mode"), [("INITIAL", "AD_REFERENDUM"), ("INITIAL", "FINAL"), ("AD_REFERENDUM", "FINAL")]
)
def test_adopt_5_forward_is_fine(before: AdoptMode, mode: AdoptMode) -> None:
    digest = agreed().package_hash()
    now = adopts(adopts(agreed(), AMAL, before), AMAL, mode)
    assert now.adoptions == {digest: {AMAL: mode}}


@pytest.mark.parametrize("ended", [P.WITHDRAWN, P.REPLACED, P.LAPSED])
def test_adopt_6_the_proposal_is_open(ended: PackageStatus) -> None:
    refused("ADOPT-6", end_proposal(agreed(), ended), AMAL)
    named = adopts(agreed(), AMAL, witness=MIRA)
    refused("ADOPT-6", end_proposal(named, ended), MIRA, mediator=True)


def test_adopt_6_after_its_time_and_after_adoption() -> None:
    refused("ADOPT-6", agreed(), AMAL, hour=UNTIL_H)
    refused("ADOPT-6", adopts(agreed(), AMAL), BORIS, hour=UNTIL_H)
    refused("ADOPT-6", adopted(agreed()), BORIS)


@pytest.mark.parametrize("modal", ["MUST", "MUST NOT", "MAY"])
def test_adopt_10_no_duty_is_over_before_the_text_takes_effect(modal: str) -> None:
    short = clause(1, modal=modal, window=Window(start=when(1), end=when(EFFECTIVE_H)))
    now = accepted(tabled(short, clause(2), **TWO))
    if modal == "MAY":
        assert adopted(now).ended is P.ADOPTED
    else:
        refused("ADOPT-10", now, AMAL)
    assert adopted(now, effective=when(EFFECTIVE_H - 1)).ended is P.ADOPTED


def test_adopt_10_looks_at_what_is_adopted_only() -> None:
    short = clause(2, window=Window(start=when(1), end=when(2)))
    now = say(tabled(clause(1), short, package="SEVERABLE", **TWO), BORIS, (1, "ACCEPT"))
    assert adopted(now, effective=when(END_H - 1)).ended is P.ADOPTED


# --- witnesses ------------------------------------------------------------------------------------


def test_a_named_mediator_witnesses_and_creates_nothing() -> None:
    named = adopts(agreed(), AMAL, witness=MIRA)
    seen = adopts(named, MIRA, mediator=True)
    digest = named.package_hash()
    assert seen.witnesses == {digest: {MIRA: "FINAL"}}
    assert (seen.adoptions, seen.ended, seen.adopted) == (named.adoptions, None, ())
    assert adopts(seen, BORIS).witnesses == seen.witnesses


def test_a_witness_may_come_after_the_last_final() -> None:
    done = adopts(adopts(agreed(), AMAL, witness=MIRA), BORIS)
    seen = adopts(done, MIRA, mediator=True, hour=UNTIL_H + 1)
    assert (seen.ended, seen.adopted, seen.adoptions) == (P.ADOPTED, done.adopted, done.adoptions)
    assert seen.witnesses == {done.package_hash(): {MIRA: "FINAL"}}
    refused("ADOPT-2", adopted(agreed()), MIRA, mediator=True)
    refused("ADOPT-1", done, MIRA, mediator=True, package_hash="0" * 64)


def test_every_party_may_name_its_witness() -> None:
    now = adopts(adopts(agreed(), AMAL, "INITIAL", witness=MIRA), BORIS, witness=OTTO)
    assert now.named == {now.package_hash(): {MIRA, OTTO}}
    assert adopts(now, OTTO, "INITIAL", mediator=True).ended is None


def test_how_far_a_party_went() -> None:
    now = adopts(agreed(), AMAL, "AD_REFERENDUM")
    digest = now.package_hash() or ""
    said = {mode: now.has_adopted(AMAL, digest, mode) for mode in ("INITIAL", "AD_REFERENDUM", "FINAL")}
    assert said == {"INITIAL": True, "AD_REFERENDUM": True, "FINAL": False}
    assert not now.has_adopted(BORIS, digest, "INITIAL")
    assert not now.has_adopted(AMAL, "0" * 64, "INITIAL")
