"""No text makes a check raise, point outside of the text, or take more than its length's share of time."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from re import _parser as parser  # type: ignore[attr-defined]  # the only description of a compiled pattern
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import protocols.clarity
from protocols.clarity import CHECKS, Passage, Use, check_passage, find_terms
from protocols.clarity.patterns import sentence_at, sentences
from protocols.clarity.scripts import look_alike_words
from protocols.messages.glossary import GlossaryTerm

MOST = 700
"""Longest single repetition: the words between an acceptance and its condition are 80, a sentence's reach 600."""
MOST_NESTED = 3000
"""The most that repetitions inside each other multiply to, so that the work at one place is bounded."""

GLOSSARY = tuple(
    GlossaryTerm(term=term, definition="as agreed", lang="en", version=3, source="0" * 32)
    for term in ("heavy weapons", "Stra\u00dfe", "\u505c\u706b", "\u0130zmir", "a")
)
WORDS = st.sampled_from(
    [
        *[
            "not",
            "no",
            "unless",
            "except",
            "they",
            "it",
            "the",
            "bridge",
            "Party",
            "A",
            "at",
            "18:00",
            "03/04/2026",
            "24:00",
            "1.000",
            "fifteen",
            "(50)",
        ],
        *[
            "36.2,",
            "37.1",
            "must",
            "be",
            "withdrawn",
            "and/or",
            "may",
            "yes,",
            "but",
            "likely",
            "we",
            "hear",
            "within",
            "3",
            "days",
            "(",
            ")",
            ".",
            "?",
            "!",
        ],
        *("\u0410mal", "\u200f", "\u202e", "\u0130", "\u00df", "\u0661", "\u00b0", "\u201c"),
    ]
)
TEXT = st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=60).map(" ".join))


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    for found in pkgutil.iter_modules(protocols.clarity.__path__, "protocols.clarity."):
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            for number, pattern in enumerate(inside(value)):
                yield f"{found.name}.{name}.{number}", pattern


def inside(value: object) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from inside(item)


def repetitions(node: Any, outer: int = 1) -> Iterator[tuple[int, int]]:
    """Each repetition of a parsed pattern: its own bound, and the product with those around it."""
    for operator, argument in node:
        if operator in (parser.MAX_REPEAT, parser.MIN_REPEAT, parser.POSSESSIVE_REPEAT):
            _, bound, body = argument
            yield int(bound), outer * int(bound)
            yield from repetitions(body, outer * max(1, int(bound)))
        elif isinstance(argument, tuple):
            for part in argument:
                yield from below(part, outer)
        else:
            yield from below(argument, outer)


def below(part: Any, outer: int) -> Iterator[tuple[int, int]]:
    if isinstance(part, parser.SubPattern):
        yield from repetitions(part, outer)
    elif isinstance(part, list):
        for item in part:
            yield from below(item, outer)


@pytest.mark.parametrize(("name", "pattern"), [pytest.param(*item, id=item[0]) for item in patterns()])
def test_every_repetition_is_bounded(name: str, pattern: re.Pattern[str]) -> None:
    for bound, product in repetitions(parser.parse(pattern.pattern, pattern.flags)):
        assert bound <= MOST, name
        assert product <= MOST_NESTED, name


def test_the_guard_sees_what_it_guards_against() -> None:
    assert len(list(patterns())) > 40
    worst = max(product for _, product in repetitions(parser.parse(r"(?:a{0,9}(?=b*)|(c)){1,9}")))
    assert worst > MOST_NESTED


@given(TEXT, st.sampled_from(tuple(Use)), st.sampled_from(("en", "ar", "ru", "en-GB")))
def test_any_text_can_be_checked(text: str, use: Use, lang: str) -> None:
    passage = Passage(path="x", text=text, use=use, lang=lang, glossary=GLOSSARY)
    for finding in check_passage(passage):
        assert finding.span is not None
        start, end = finding.span
        assert 0 <= start < end <= len(text)
        assert finding.words == text[start:end]
        assert finding.sentence
        assert finding.suggestion
        assert passage.english or not CHECKS[finding.id].english
        assert use in CHECKS[finding.id].uses


@given(TEXT)
def test_terms_do_not_overlap(text: str) -> None:
    last = 0
    for use in find_terms(text, GLOSSARY):
        start, end = use.span
        assert last <= start < end <= len(text)
        last = end


@given(TEXT)
def test_sentences_cover_what_is_written(text: str) -> None:
    covered = "".join(text[start:end] for start, end in sentences(text))
    assert "".join(covered.split()) == "".join(text.split())
    for position in range(0, len(text), 7):
        start, end = sentence_at(text, position)
        assert 0 <= start <= end <= len(text)
    for hit in look_alike_words(text):
        assert 0 <= hit.start < hit.end <= len(text)


@pytest.mark.parametrize(
    "piece",
    [
        "1",
        "a ",
        "not ",
        "18:00 ",
        "1.0 ",
        "the ",
        "yes ",
        "(",
        "A. ",
        "they ",
        "\u0410a ",
        "we hear ",
        "at 1",
    ],
)
def test_more_text_gives_findings_at_no_growing_rate(piece: str) -> None:
    def found(count: int) -> int:
        passage = Passage(path="x", text=piece * count, use=Use.REMARK, glossary=GLOSSARY)
        return sum(1 for _ in check_passage(passage))

    few, more, most = found(200), found(400), found(600)
    assert most - more <= more - few + len(CHECKS)
