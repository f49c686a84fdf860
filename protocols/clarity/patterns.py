"""Building blocks of the checks: patterns without backtracking traps, sentences, words.

Every repetition is bounded, so that the time for a text grows with its length and nothing else.
"""

import re
from collections.abc import Iterator
from typing import Final

ABSOLUTE: Final = re.compile(
    r"(?<!\d)(?:\d{6}Z(?!\w)|20\d\d-\d\d-\d\d|\d{4}Z(?!\w)"
    r"|\d{1,2} (?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)\w{0,7} 20\d\d)",
    re.IGNORECASE,
)
"""A moment that needs nothing else to be understood: `230600Z`, `2026-11-23`, `23 NOV 2026`."""

_ONES: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_TEENS: Final = (
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBER_WORDS: Final = {word: number for number, word in enumerate((*_ONES, *_TEENS))} | {
    word: 10 * number for number, word in enumerate(_TENS, 2)
}
NUMBER: Final = rf"(?:\d{{1,9}}|a|an|{'|'.join(sorted(NUMBER_WORDS, key=len, reverse=True))})"
TIME_UNIT: Final = r"(?:seconds?|minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|months?|years?)"
WEEKDAY: Final = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"

_END: Final = re.compile(r"[.!?\u2026\u061f\u06d4\u3002]{1,3}(?=\s|$)|\n")
_ABBREVIATION: Final = re.compile(
    r"(?:\b(?:No|Nos|Art|Arts|approx|e\.g|i\.e|cf|vs|Mr|Mrs|Ms|Dr|St|Col|Gen|Maj|Capt|Lt|Sgt|km|hrs?|para|fig))$"
)
_GAP: Final = re.compile(r" (?![)?\-\]])")
_SEPARATOR: Final = re.compile(r",?\s{0,9}\n\s{0,99}|, ")
_REACH: Final = 600
_WORD: Final = re.compile(r"[^\W_](?:[\w'\u2019.-]{0,62}[^\W_])?")


def listed(block: str) -> str:
    """Return one group of the alternatives in a block of text, set apart by a comma and a space or a line."""
    return f"(?:{'|'.join(item for item in _SEPARATOR.split(block.strip()) if item)})"


def phrases(*alternatives: str) -> re.Pattern[str]:
    """Compile words and phrases, matched whole and in any letter case; a space stands for any short gap."""
    joined = "|".join(_GAP.sub(r"\\s{1,3}", alternative) for alternative in alternatives)
    return re.compile(rf"(?<![\w-])(?:{joined})(?![\w-])", re.IGNORECASE)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each sentence stands, without the space around it."""
    start = 0
    for mark in _END.finditer(text):
        if mark[0] == "." and _ABBREVIATION.search(text, max(0, mark.start() - 8), mark.start()):
            continue
        yield from _trimmed(text, start, mark.end())
        start = mark.end()
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    inside = text[start:end]
    left = start + len(inside) - len(inside.lstrip())
    right = start + len(inside.rstrip())
    if left < right:
        yield left, right


def sentence_at(text: str, position: int) -> tuple[int, int]:
    """Return where the sentence around a position stands, looking no more than 600 characters away."""
    first, last = max(0, position - _REACH), min(len(text), position + _REACH)
    for start, end in sentences(text[first:last]):
        if start <= position - first < end:
            return first + start, first + end
    return first, last


def count_words(text: str) -> int:
    """Return how many words a sentence has; numbers and hyphenated words count as one each."""
    return sum(1 for _ in _WORD.finditer(text))


def has_absolute(text: str, start: int, end: int, reach: int = 48) -> bool:
    """Say whether a full date or time stands in the same sentence, near these words."""
    first, last = sentence_at(text, start)
    return ABSOLUTE.search(text, max(first, start - reach), min(last, end + reach)) is not None


def clip(text: str, size: int = 60) -> str:
    """Return a quotation short enough for a line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= size else f"{flat[: size - 1]}\u2026"
