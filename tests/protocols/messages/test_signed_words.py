"""What is signed or hashed inside messages: mandates, conveyed words, clauses, packages."""

from typing import Any

import pytest

from protocols.messages.codec import validated
from protocols.messages.conveying import conveyed_bytes
from protocols.messages.mandates import Mandate, mandate_bytes, mandate_id, signed_by_principal
from protocols.messages.proposals import Clause, Proposal, clause_hash, package_hash
from protocols.participants import participant_id

from .examples import BORIS, MISSING, SPEAKER_SEED, example, golden, signed_mandate


def mandate(**changes: Any) -> Mandate:
    return validated(Mandate, signed_mandate(**changes))


def test_the_golden_mandates_bytes_and_id_are_frozen() -> None:
    content = validated(Mandate, golden("MANDATE")["content"])
    assert signed_by_principal(content)
    assert mandate_bytes(content).startswith(b"\x92\xb1parley mandate v1")
    assert mandate_id(content) == "596a946d3e428454638578f1f93629b9a45507894d8b9a7c8ef1a37d2fdef289"


@pytest.mark.parametrize(
    "changes",
    [
        {"principal_name": "Council of the South"},
        {"holder": BORIS},
        {"topics": ["*"]},
        {"powers": ["COMMIT"]},
        {"window": {"start": "2026-11-22T00:00:00Z", "end": "2027-02-20T00:00:01Z"}},
        {"limits": MISSING},
        {"replaces": MISSING},
        {"seed": SPEAKER_SEED},
    ],
    ids=str,
)
def test_each_field_of_a_mandate_is_signed_and_changes_its_id(changes: dict[str, Any]) -> None:
    other, golden_one = mandate(**changes), mandate()
    assert mandate_id(other) != mandate_id(golden_one)
    assert signed_by_principal(other)
    assert not signed_by_principal(other.model_copy(update={"signature": golden_one.signature}))


def test_the_signature_is_no_part_of_the_id() -> None:
    assert mandate_id(mandate().model_copy(update={"signature": "0" * 128})) == mandate_id(mandate())


def test_conveyed_words_are_bound_to_their_language_and_to_nothing_shorter() -> None:
    assert conveyed_bytes("a", "en") == b"\x93\xb8parley conveyed words v1\xa2en\xa1a"
    assert len({conveyed_bytes("ab", "en"), conveyed_bytes("a", "en"), conveyed_bytes("ab", "fr")}) == 3


def test_a_participant_id_is_half_a_hash_of_the_key() -> None:
    assert participant_id(bytes(32)) == "d07ff6fda7b7a8b4d5a499b36f045f90"


def clause(**changes: Any) -> Clause:
    content = example("PROPOSAL").content
    assert isinstance(content, Proposal)
    return content.clauses[0].model_copy(update=changes)


def test_acceptance_binds_the_authentic_texts_and_no_translation() -> None:
    arabic, french = clause().texts
    assert (arabic.status, french.status) == ("AUTHENTIC", "TRANSLATION")
    accepted = clause_hash(clause())
    better = french.model_copy(update={"action": "laisser ouvert", "machine": False})
    assert clause_hash(clause(texts=(arabic, better))) == accepted
    assert clause_hash(clause(texts=(arabic,))) == accepted
    assert clause_hash(clause(texts=(french, arabic))) == accepted
    for changed in (
        (arabic.model_copy(update={"action": "إغلاق"}), french),
        (french,),
        (arabic, french.model_copy(update={"status": "AUTHENTIC"})),
        (arabic.model_copy(update={"lang": "fa"}), french),
    ):
        assert clause_hash(clause(texts=changed)) != accepted


def test_every_other_field_of_a_clause_is_accepted_with_it() -> None:
    other: dict[str, Any] = {
        "no": 9,
        "version": 2,
        "actor": BORIS,
        "modal": "MUST NOT",
        "action": "close",
        "object": "the gate",
        "place": None,
        "throughout": True,
        "verifier": BORIS,
        "depends_on": (2,),
        "notice_hours": 24,
        "suspension": "EITHER",
        "window": clause().window.model_copy(update={"end": "2027-01-01T00:00:00Z"}),
    }
    assert set(other) == set(Clause.model_fields) - {"texts", "area"}
    hashes = {clause_hash(clause(**{name: value})) for name, value in other.items()}
    assert len(hashes | {clause_hash(clause())}) == len(other) + 1


def test_a_package_is_its_proposal_its_glossary_and_its_clauses_in_order() -> None:
    first, second = clause(), clause(no=2)
    packages = {
        package_hash("1" * 32, 0, (first, second)),
        package_hash("2" * 32, 0, (first, second)),
        package_hash("1" * 32, 1, (first, second)),
        package_hash("1" * 32, 0, (second, first)),
        package_hash("1" * 32, 0, (first,)),
    }
    assert len(packages) == 5
