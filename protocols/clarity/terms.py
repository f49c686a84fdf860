"""Glossary terms in a text, with their version; and check 15, words that should be terms."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from protocols.clarity.passage import Passage
from protocols.clarity.patterns import phrases
from protocols.clarity.report import Hit, Span
from protocols.clarity.watched import KINDS
from protocols.confusables import script
from protocols.messages.glossary import GlossaryTerm

_UNSPACED: Final = frozenset({"HAN", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR"})


@dataclass(frozen=True, slots=True)
class TermUse:
    """A glossary term in a text.

    Attributes:
        span: where it stands, in code points.
        term: the term as the glossary has it.
        version: the version of its definition.
    """

    span: Span
    term: str
    version: int


def find_terms(text: str, glossary: Sequence[GlossaryTerm]) -> tuple[TermUse, ...]:
    """Return the glossary terms of a text, from left to right, never one inside another.

    A term is found as a whole word, in any letter case and spacing; where two begin at one place, the longer
    one counts. Scripts that write no spaces are searched for the characters alone.
    """
    folded, origin = _fold(text)
    found: list[tuple[int, int, GlossaryTerm]] = []
    for item in glossary:
        sought, _ = _fold(item.term)
        at = folded.find(sought) if sought else -1
        while at >= 0:
            end = at + len(sought)
            if _is_whole(folded, at, end):
                found.append((at, end, item))
            at = folded.find(sought, at + 1)
    found.sort(key=lambda use: (use[0], -use[1]))
    uses: list[TermUse] = []
    last = 0
    for start, end, item in found:
        if start >= last:
            uses.append(TermUse((origin[start], origin[end - 1] + 1), item.term, item.version))
            last = end
    return tuple(uses)


def _fold(text: str) -> tuple[str, list[int]]:
    """Return the text in one case with single spaces, and for each of its characters where it came from."""
    folded: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(text):
        plain = " " if character.isspace() else character.casefold()
        if plain == " " and (not folded or folded[-1] == " "):
            continue
        for part in plain:
            folded.append(part)
            origin.append(index)
    while folded and folded[-1] == " ":
        folded.pop()
        origin.pop()
    return "".join(folded), origin


def _is_whole(text: str, start: int, end: int) -> bool:
    return not (_joined(text[start - 1 : start], text[start]) or _joined(text[end - 1], text[end : end + 1]))


def _joined(one: str, other: str) -> bool:
    """Say whether two neighbours belong to one word."""
    if not one or not other or not (one.isalnum() and other.isalnum()):
        return False
    return script(one) not in _UNSPACED and script(other) not in _UNSPACED


_WATCHED: Final = tuple(
    (name, phrases(name.replace(" ", "[ -]") + "s?", *(variant.replace(" ", "[ -]") for variant in variants)))
    for name, variants in KINDS
)
_QUOTED: Final = re.compile(
    r"[\"\u201c\u00ab](?P<term>[^\"\u201c\u201d\u00ab\u00bb\n]{3,60})[\"\u201d\u00bb]"
)
_TITLED: Final = re.compile(r"(?<=[a-z,] )(?:the )?(?P<term>[A-Z][a-z]{2,20}(?: [A-Z][a-z]{2,20}){1,3})(?= )")
_TITLE_ENDS: Final = frozenset(
    [
        *(
            "Zone",
            "Line",
            "Area",
            "Weapons",
            "Forces",
            "Period",
            "Committee",
            "Mechanism",
            "Corridor",
            "Regime",
        ),
        *("Commission", "Personnel", "Equipment", "Annex", "Phase", "Route", "Site"),
    ]
)
"""What a title ends with that reads like a defined term."""


def terms(passage: Passage) -> Iterator[Hit]:
    """CLARITY-15: a word that the glossary does not define, or defines under another name."""
    known = {item.term.casefold() for item in passage.glossary}
    known |= {f"{term}s" for term in known} | {term.removesuffix("s") for term in known}
    spans = [use.span for use in find_terms(passage.text, passage.glossary)]
    for name, pattern in _WATCHED:
        for found in pattern.finditer(passage.text):
            if found[0].casefold() in known or _inside(found.span(), spans):
                continue
            near = next((term for term in passage.glossary if _is_kind(term.term, name, pattern)), None)
            yield _hit(found, 0, near)
    for pattern in (_QUOTED, _TITLED):
        for found in pattern.finditer(passage.text):
            term = found["term"]
            plain = pattern is _TITLED and term.split()[-1] not in _TITLE_ENDS
            if plain or term.casefold() in known or _inside(found.span("term"), spans):
                continue
            yield _hit(found, "term", None)


def _is_kind(term: str, name: str, pattern: re.Pattern[str]) -> bool:
    return term.casefold().rstrip("s") == name.rstrip("s") or pattern.fullmatch(term) is not None


def _inside(span: Span, spans: Sequence[Span]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in spans)


def _hit(found: re.Match[str], group: str | int, near: GlossaryTerm | None) -> Hit:
    words = found[group]
    if near is not None:
        return Hit(
            *found.span(group),
            f'"{words}" is not in the glossary, which has "{near.term}" (version {near.version})',
            f'use "{near.term}", or agree a TERM for the difference',
        )
    return Hit(
        *found.span(group),
        f'"{words}" is not defined in the glossary',
        "agree a TERM first, or say what is meant",
    )
