"""The held-out corpus is fit to measure: enough sentences, none of the main corpus, each with its public text.

No figure is demanded of it. A floor would invite to change labels or checks until it is met.
"""

import pytest

from protocols.clarity import CHECKS, Check
from protocols.clarity.document import Measured, overall
from tests.protocols.clarity.corpus_files import FOLDER, HELD_OUT, measured, sentences, sources
from tests.protocols.clarity.regenerate import TARGET

LEAST_EACH = 3


@pytest.mark.parametrize("check", CHECKS)
def test_there_are_enough_held_out_sentences(check: str) -> None:
    figures = measured(check, HELD_OUT)
    assert min(figures.bad, figures.good) >= LEAST_EACH
    assert all(sentence.passage.use in CHECKS[check].uses for sentence in sentences(check, HELD_OUT))


@pytest.mark.parametrize("check", CHECKS)
def test_each_held_out_sentence_names_the_public_text_it_is_from(check: str) -> None:
    unknown = [s.passage.text for s in sentences(check, HELD_OUT) if s.source not in sources()]
    assert unknown == []


def test_each_public_text_is_used_and_listed() -> None:
    used = {sentence.source for check in CHECKS for sentence in sentences(check, HELD_OUT)}
    assert used == set(sources())
    page = TARGET.read_text("utf-8")
    for source in sources().values():
        assert source.title
        assert source.read
        assert source.link.startswith(("https://", "http://"))
        assert f"- [{source.title}]({source.link}): {source.read}\n" in page


def test_no_sentence_is_held_out_that_the_checks_were_written_with() -> None:
    written = {sentence.passage.text for check in CHECKS for sentence in sentences(check, FOLDER)}
    examples = {text for check in CHECKS.values() for text in (check.bad, check.good)}
    held_out = [sentence.passage.text for check in CHECKS for sentence in sentences(check, HELD_OUT)]
    assert (written | examples).isdisjoint(held_out)


@pytest.mark.parametrize("check", CHECKS)
def test_no_sentence_counts_twice(check: str) -> None:
    seen = [
        (sentence.passage.text, sentence.passage.lang, sentence.passage.placed, sentence.passage.graded)
        for sentence in sentences(check, HELD_OUT)
    ]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("check", [check for check in CHECKS.values() if not check.english])
def test_neutral_checks_are_held_out_in_more_than_english(check: Check) -> None:
    assert len(measured(check.id, HELD_OUT).languages) >= 3


def test_there_is_one_file_a_check_and_the_list_of_texts() -> None:
    names = {f"{number:02}.toml" for number in range(1, 25)} | {"sources.toml"}
    assert {path.name for path in HELD_OUT.iterdir()} == names


def test_the_total_counts_every_sentence_once() -> None:
    one = Measured(bad=4, good=6, found=3, false=1, languages=("en",))
    other = Measured(bad=6, good=4, found=3, false=1, languages=("ar", "en"))
    total = overall([one, other])
    assert total == Measured(bad=10, good=10, found=6, false=2, languages=("ar", "en"))
    assert (total.recall, total.precision) == (0.6, 0.75)
