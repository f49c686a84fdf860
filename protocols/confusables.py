"""Text that looks like other text: skeletons and mixed scripts of UTS #39, by the Unicode Consortium's data.

The data is that of the package confusable-homoglyphs (UTS #39 and Scripts of Unicode 15, pinned exactly);
of the package nothing but its two data files is read, once, at first use. Whether two names look alike
decides which entries count, so it must come out the same on every member: normal forms are those of the
Unicode 3.2 database that every Python carries, and case is folded only for characters that it knows.
"""

import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pkgutil import get_data
from typing import Any, Final

__all__ = ["MixedScript", "caseless", "look_alike", "mixed_scripts", "script", "skeleton", "table", "words"]

_PACKAGE: Final = "confusable_homoglyphs"
_UNICODE: Final = unicodedata.ucd_3_2_0
_MARK: Final = "\u200e"
"""The data sets right-to-left characters between two of these, as the standard's own file does."""

_IGNORABLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Default_Ignorable_Code_Point (Unicode 15.1), which UTS #39 takes out, and the blank of Braille."""

_FREE: Final = frozenset({"COMMON", "INHERITED", "UNKNOWN"})
_TOGETHER: Final = (
    frozenset({"HAN", "HIRAGANA", "KATAKANA", "LATIN"}),
    frozenset({"HAN", "HANGUL", "LATIN"}),
    frozenset({"HAN", "BOPOMOFO", "LATIN"}),
)
"""Scripts that writing mixes as a matter of course (UTS #39, section 5.2, Highly Restrictive)."""
_LOOKS_LATIN: Final = frozenset({"CYRILLIC", "GREEK", "CHEROKEE", "COPTIC", "LISU", "ARMENIAN"})
_RIGHT_TO_LEFT: Final = frozenset({"ARABIC", "HEBREW", "SYRIAC", "THAANA", "NKO"})


@cache
def table() -> Mapping[str, str]:
    """Return the prototype of every character that has one: what it is confused with (UTS #39, section 4).

    Raises:
        ModuleNotFoundError: the data package is not installed.
    """
    near: dict[str, list[dict[str, str]]] = _data("confusables.json")
    # The package forgets which of two is the prototype. A prototype with several look-alikes is the one with
    # several neighbours; of two that have only each other, the source stands first.
    prototypes: dict[str, str] = {}
    for name, others in near.items():
        source, target = name.replace(_MARK, ""), others[0]["c"].replace(_MARK, "")
        if len(source) == 1 and len(others) == 1 and prototypes.get(target) != source:
            prototypes[source] = target
    return {source: _resolved(target, prototypes) for source, target in prototypes.items()}


def _resolved(target: str, prototypes: Mapping[str, str]) -> str:
    """Map what a prototype still holds that is itself confused with something else."""
    resolved = _UNICODE.normalize("NFD", target)
    for _ in range(4):
        mapped = "".join([prototypes.get(character, character) for character in resolved])
        if mapped == resolved:
            break
        resolved = _UNICODE.normalize("NFD", mapped)
    return resolved


def _data(name: str) -> dict[str, Any]:
    read = get_data(_PACKAGE, name)
    if read is None:
        raise ModuleNotFoundError(_PACKAGE)
    data: dict[str, Any] = json.loads(read)
    return data


def skeleton(text: str) -> str:
    """Return what texts that look the same have in common (UTS #39, section 4, without reordering).

    Not for showing, and not stable between versions of the data. Letter case is kept: `I` and `l` look alike,
    `i` and `l` do not.
    """
    if text.isascii() and not _ASCII_CONFUSED.search(text):
        return text
    decomposed = _IGNORABLE.sub("", _UNICODE.normalize("NFD", text))
    mapped = decomposed.translate(_translation())
    return _UNICODE.normalize("NFD", mapped)


_ASCII_CONFUSED: Final = re.compile(r"[\x00-\x1f\x7f\"%01Im|`]")


@cache
def _translation() -> dict[int, str]:
    return {ord(source): target for source, target in table().items()}


def caseless(text: str) -> str:
    """Return the text without what does not distinguish names: case, width, composition, spaces, joiners."""
    shown = _UNICODE.normalize("NFKC", _IGNORABLE.sub("", text))
    folded = "".join(c.casefold() if _UNICODE.category(c) != "Cn" else c for c in shown)
    return " ".join(_UNICODE.normalize("NFKC", folded).split())


def look_alike(one: str, other: str) -> bool:
    """Say whether people could take one name for the other: the same skeleton, as written or in one case."""
    return not _keys(one).isdisjoint(_keys(other))


def _keys(text: str) -> frozenset[str]:
    shown = " ".join(_UNICODE.normalize("NFKC", _IGNORABLE.sub("", text)).split())
    return frozenset({skeleton(shown), skeleton(caseless(text))})


# --- scripts --------------------------------------------------------------------------------------


@cache
def _ranges() -> tuple[tuple[int, ...], tuple[tuple[int, str, str], ...]]:
    data = _data("categories.json")
    names: list[str] = data["iso_15924_aliases"]
    categories: list[str] = data["categories"]
    rows: list[tuple[int, int, int, int]] = [tuple(row) for row in data["code_points_ranges"]]
    return tuple(row[0] for row in rows), tuple((row[1], names[row[2]], categories[row[3]]) for row in rows)


@lru_cache(maxsize=8192)
def _properties(character: str) -> tuple[str, str]:
    """Return script and general category, by the same data on every member."""
    starts, rows = _ranges()
    code = ord(character)
    index = bisect_right(starts, code) - 1
    if index >= 0:
        end, name, category = rows[index]
        if code <= end:
            return name, category
    return "UNKNOWN", "Cn"


def script(character: str) -> str:
    """Return the Unicode script of a character, such as CYRILLIC; COMMON, INHERITED, UNKNOWN are none."""
    return _properties(character)[0]


@dataclass(frozen=True, slots=True)
class MixedScript:
    """A word whose letters come from scripts that do not belong together.

    Attributes:
        start: where it begins, in code points.
        end: where it is over.
        word: the word.
        scripts: the scripts in it, in the order of the alphabet.
    """

    start: int
    end: int
    word: str
    scripts: tuple[str, ...]


def words(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each word of letters, digits and marks stands, in code points."""
    start = None
    for index, character in enumerate(text):
        inside = _properties(character)[1][0] in "LMN" or character in "\u200c\u200d"
        if inside and start is None:
            start = index
        elif not inside and start is not None:
            yield start, index
            start = None
    if start is not None:
        yield start, len(text)


def mixed_scripts(text: str) -> tuple[MixedScript, ...]:
    """Return the words of a text that mix scripts; words of different scripts beside each other are fine.

    What UTS #39 calls Moderately Restrictive may be mixed: Japanese, Korean and Chinese with each other's
    scripts, and Latin with one other script that does not look like Latin. A right-to-left word may only run
    on into a Latin one (an Arabic article before an acronym).
    """
    if text.isascii():
        return ()
    found: list[MixedScript] = []
    for start, end in words(text):
        runs = _runs(text[start:end])
        used = frozenset(runs)
        if len(used) > 1 and not _may_mix(runs, used):
            found.append(MixedScript(start, end, text[start:end], tuple(sorted(used))))
    return tuple(found)


def _runs(word: Iterable[str]) -> list[str]:
    """Return the scripts of a word in their order, each run of letters once."""
    runs: list[str] = []
    for character in word:
        name = script(character)
        if name not in _FREE and (not runs or runs[-1] != name):
            runs.append(name)
    return runs


def _may_mix(runs: list[str], used: frozenset[str]) -> bool:
    if any(used <= group for group in _TOGETHER):
        return True
    if "LATIN" not in used or len(used) > 2 or used & _LOOKS_LATIN:
        return False
    return not used & _RIGHT_TO_LEFT or (len(runs) == 2 and runs[1] == "LATIN")
