"""Checks 6, 7 and 23: how many, of what, and whether the figures agree."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from protocols.clarity.languages import MEASURES, METRIC, OTHER_SYSTEM, SMALL_WORDS
from protocols.clarity.passage import Passage, Use
from protocols.clarity.patterns import NUMBER_WORDS, listed, phrases
from protocols.clarity.report import Hit

_SIZE: Final = "(?:large|small|considerable|substantial|limited|significant)"
_GOODS: Final = listed("""
    trucks, vehicles, persons, people, food, water, fuel, supplies, troops, fighters, medicine, guards
    weapons
""")
_VAGUE: Final = phrases(
    "several",
    "some(?= (?:\\d|(?:of )?(?:the )?(?!way|how|day|time|one|body|thing|kind|sort)\\w{3,20}s\\b))",
    "a (?:few|couple|handful|dozen|majority)(?: of)?",
    f"(?:a|any|some|sufficient|unknown|{_SIZE}) (?:number|quantity|amount)s? of",
    f"(?:a )?{_SIZE} (?:numbers?|quantit(?:y|ies)|amounts?|group|part|force)",
    "many",
    "few",
    "most(?= (?:of|\\w{3,20}s\\b))",
    "numerous",
    "various",
    "multiple",
    "countless",
    "a (?:lot|great deal) of",
    "lots of",
    "(?:dozens|scores|hundreds|thousands|tens|plenty) of",
    f"(?:sufficient|adequate|enough|excessive|additional|more|fewer|less)(?= (?:\\w{{2,20}} )?{_GOODS})",
)
_EXACT: Final = re.compile(r"\b(?:how|as|at)\s{1,3}$", re.IGNORECASE)
"""What makes many and most exact: how many, as many, at most."""


def vague_quantity(passage: Passage) -> Iterator[Hit]:
    """CLARITY-6: a quantity without a number."""
    for found in _VAGUE.finditer(passage.text):
        if _EXACT.search(passage.text, max(0, found.start() - 5), found.start()):
            continue
        yield Hit(
            *found.span(),
            f'"{found[0]}" is a different number for every reader',
            "give a number and whether it was counted or estimated, such as 6 vehicles, counted",
        )


_BARE: Final = re.compile(
    r"(?<![\w.,:/-])(?P<number>\d{1,7}(?:[.,]\d{1,3})?)\s{1,2}"
    r"(?:back(?:wards?)?|away|apart|deep|wide|high|long|tall|inland|further|forward|behind|outside|inside|off"
    r"|(?:to the )?(?:north|south|east|west)(?:-?(?:east|west))?(?:wards?)?)\b",
    re.IGNORECASE,
)
_MEASURE: Final = re.compile(
    rf"(?<!\w)(?:{'|'.join(MEASURES)})\s{{1,2}}(?P<number>\d{{1,7}}(?:[.,]\d{{1,3}})?)(?![\d:/Z]|[.,]\d)"
    r"(?P<rest>\s{0,2}[^\W\d_]{0,12}|\s{0,2}%|\s?\u00b0)",
    re.IGNORECASE,
)
_NUMBER_OF: Final = r"\d{1,7}(?:[.,]\d{1,3})? ?"
_METRIC: Final = phrases(f"{_NUMBER_OF}(?:{'|'.join(METRIC)})")
_OTHER_SYSTEM: Final = phrases(f"{_NUMBER_OF}(?:{'|'.join(OTHER_SYSTEM)})")


def units(passage: Passage) -> Iterator[Hit]:
    """CLARITY-7: a measure without a unit, or in two systems of units (any language)."""
    text = passage.text
    for found in _BARE.finditer(text):
        yield _no_unit(found)
    for found in _MEASURE.finditer(text):
        rest = found["rest"].strip().casefold()
        if not rest or rest in SMALL_WORDS:
            yield _no_unit(found)
    metric, other = _METRIC.search(text), _OTHER_SYSTEM.search(text)
    if metric is not None and other is not None:
        yield Hit(
            *other.span(),
            f'"{metric[0]}" and "{other[0]}" are of two systems of units',
            "give every measure in metres or kilometres, kilograms or litres",
        )


def _no_unit(found: re.Match[str]) -> Hit:
    number = found["number"]
    return Hit(
        *found.span("number"), f'"{number}" has no unit', f"say of what, such as {number} km or {number} m"
    )


_WORD_DIGITS: Final = re.compile(
    rf"(?<![\w-])(?P<tens>(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-)?"
    rf"(?P<word>{'|'.join(sorted(NUMBER_WORDS, key=len, reverse=True))})"
    r"(?P<large> (?:hundred|thousand|million))?"
    r"\s{0,2}\(\s?(?P<digits>\d{1,9}(?:[,. ]\d{3})?)\s?\)",
    re.IGNORECASE,
)
_DIGITS_DIGITS: Final = re.compile(r"(?<![\d.,/])(?P<one>\d{1,9})\s{0,2}\(\s?(?P<other>\d{1,9})\s?\)")
_SEPARATED: Final = re.compile(r"(?<![\d.,:/\u066b\u066c-])\d{1,3}[.,]\d{3}(?![\d:/]|[.,]\d)")
_WORD_NUMBERS: Final = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_DEGREES: Final = re.compile(r"\s?(?:\u00b0|[NSEW]\b)")


def figures(passage: Passage) -> Iterator[Hit]:
    """CLARITY-23: figures that contradict themselves, or read two ways (any language)."""
    text = passage.text
    for found in _DIGITS_DIGITS.finditer(text):
        if int(found["one"]) != int(found["other"]):
            yield _disagree(found)
    if passage.english:
        for found in _WORD_DIGITS.finditer(text):
            value = NUMBER_WORDS[found["word"].lower()]
            if found["tens"]:
                value += NUMBER_WORDS[found["tens"][:-1].lower()]
            if found["large"]:
                value *= _WORD_NUMBERS[found["large"].strip().lower()]
            if value != int(re.sub(r"\D", "", found["digits"])):
                yield _disagree(found)
    for found in _SEPARATED.finditer(text):
        if found[0][0] == "0" or _DEGREES.match(text, found.end()) or passage.use is Use.NAME:
            continue
        yield Hit(
            *found.span(),
            f'"{found[0]}" is a thousand times more for some readers than for others',
            "write thousands without a separator, such as 1000",
        )
    yield from _mixed_digits(text)


def _disagree(found: re.Match[str]) -> Hit:
    return Hit(*found.span(), f'"{found[0]}" says two different numbers', "give the number once, in digits")


def _mixed_digits(text: str) -> Iterator[Hit]:
    """A number written with the digits of two scripts."""
    for found in re.finditer(r"\d{2,20}", text):
        zeros = {ord(digit) - unicodedata.digit(digit) for digit in found[0]}
        if len(zeros) > 1:
            yield Hit(
                *found.span(),
                f'"{found[0]}" has digits of two scripts',
                "write it with the digits of one script",
            )
