"""Each check finds most of what is unclear and leaves most of what is clear; docs/clarity.md says how much."""

import pytest

from protocols.clarity import CHECKS, Check, Passage, Use, check_passage
from protocols.messages.glossary import GlossaryTerm
from tests.protocols.clarity.corpus_files import FOLDER, measured, sentences
from tests.protocols.clarity.regenerate import TARGET, current

LEAST = 0.7
NEUTRAL = {2, 3, 4, 7, 8, 23, 24}


@pytest.mark.parametrize("check", CHECKS)
def test_precision_and_recall_hold(check: str) -> None:
    figures = measured(check)
    assert figures.recall >= LEAST
    assert figures.precision >= LEAST


@pytest.mark.parametrize("check", CHECKS)
def test_the_corpus_is_large_enough_and_fit_to_measure(check: str) -> None:
    figures = measured(check)
    assert min(figures.bad, figures.good) >= 10
    texts = [
        (sentence.passage.text, sentence.passage.lang, sentence.passage.placed, sentence.passage.graded)
        for sentence in sentences(check)
    ]
    assert len(set(texts)) == len(texts)
    assert all(sentence.passage.use in CHECKS[check].uses for sentence in sentences(check))


@pytest.mark.parametrize("check", [check for check in CHECKS.values() if not check.english])
def test_neutral_checks_are_measured_in_several_languages(check: Check) -> None:
    languages = set(measured(check.id).languages)
    assert {"en", "ar", "ru", "uk", "fr", "es"} <= languages


def test_there_are_24_checks_each_with_a_corpus() -> None:
    assert list(CHECKS) == [f"CLARITY-{number}" for number in range(1, 25)]
    assert sorted(path.name for path in FOLDER.iterdir()) == [f"{number:02}.toml" for number in range(1, 25)]
    assert {check.number for check in CHECKS.values() if not check.english} == NEUTRAL
    assert {check.number for check in CHECKS.values() if check.severity == "BLOCK"} == {24}


def test_the_documentation_is_current() -> None:
    assert TARGET.read_text("utf-8") == current(), "run python -m tests.protocols.clarity.regenerate"


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)
def test_names_and_hidden_characters(check: Check) -> None:
    """Only check 24 reads names and words that are not the sender's to change."""
    reads = {Use.NAME, Use.QUOTED} & check.uses
    assert bool(reads) == (check.id == "CLARITY-24")


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)
def test_the_examples_in_the_documentation_are_true(check: Check) -> None:
    term = GlossaryTerm(term="heavy weapons", definition="as agreed", lang="en", version=1, source="0" * 32)
    use = Use.DUTY if Use.DUTY in check.uses else Use.REMARK

    def found(text: str) -> bool:
        passage = Passage(path="x", text=text, use=use, glossary=(term,))
        return any(finding.id == check.id for finding in check_passage(passage))

    assert found(check.bad)
    assert not found(check.good)
