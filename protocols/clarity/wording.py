"""Checks 12, 13, 16, 18 and 19: sentences that can be read in two ways, or only twice."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from protocols.clarity.passage import Passage, Use
from protocols.clarity.patterns import clip, count_words, listed, phrases, sentences
from protocols.clarity.report import Hit

MAX_DUTY_WORDS: Final = 20
MAX_WORDS: Final = 25

_PERMISSION: Final = re.compile(
    r"(?<![\w-])(?P<word>may|might|could|can)(?![\w'\u2019-])(?:\s{1,3}(?P<next>\w{1,20}))?", re.IGNORECASE
)
_MONTH_BEFORE: Final = re.compile(
    r"(?:\d|\b(?:in|of|by|until|since|from|to|early|mid|late|last|next|this|during|and|on|"
    r"end-?of)[ -])\s{0,2}$",
    re.IGNORECASE,
)


def ambiguous_permission(passage: Passage) -> Iterator[Hit]:
    """CLARITY-12: may, might, could or can: leave, ability, or chance."""
    for found in _PERMISSION.finditer(passage.text):
        word, after = found["word"], found["next"] or ""
        if word == "May" and (
            not after
            or after.isdecimal()
            or _MONTH_BEFORE.search(passage.text, max(0, found.start() - 10), found.start())
        ):
            continue
        if word == "MAY" and passage.use is not Use.DUTY:
            continue
        if word.lower() in ("can", "could") and after.lower() == "not":
            continue
        start, end = found.span("word")
        yield Hit(
            start,
            end,
            f'"{found["word"]}" can mean leave, ability or chance',
            "say which: passage is permitted from ... to ..., or the road is open",
        )


_NEGATING: Final = listed("""
    not, no, never, none, nobody, nothing, nowhere, without, cannot, neither, \\w{2,10}n['\u2019]t
    fail(?:s|ed)? to, refuses? to, refuse, denies, deny, refrains? from, prohibit(?:s|ed)?, forbid(?:s|den)?
    prevent(?:s|ed)?, avoids?, lacks?, absent, non-\\w{2,20}, unless, except, excluding, other than, save
    im(?:possible|permissible), in(?:admissible|complete), ir(?:regular|relevant)
    un(?:notified|marked|armed|announced)
    un(?:authori[sz]ed|escorted|inspected|registered|verified|declared|permitted|lawful|able|likely|necessary)
    un(?:acceptable|reasonable|true|clear|safe|known|aware|agreed)
""")
_NEGATIVE: Final = re.compile(rf"(?<![\w-]){_NEGATING}(?![\w-])", re.IGNORECASE)
_EXCEPTIONS: Final = frozenset({"unless", "except", "excluding", "other than", "save"})
_ONE_NEGATION: Final = re.compile(
    r"\bno (?:later|earlier|more|less|fewer|longer|other)\b|\bnot (?:only|later|earlier|more|less|fewer)\b|"
    r"\bno\.\s?\d|\bwhether or not\b|\bif not\b",
    re.IGNORECASE,
)
_ADJECTIVE: Final = re.compile(r"(?:un|im|in|ir|non-)", re.IGNORECASE)


def double_negative(passage: Passage) -> Iterator[Hit]:
    """CLARITY-13: two negations in a sentence, or an exception to an exception."""
    for start, end in sentences(passage.text):
        text = _ONE_NEGATION.sub(lambda found: "x" * len(found[0]), passage.text[start:end])
        found = list(_NEGATIVE.finditer(text))
        exceptions = [mark for mark in found if mark[0].lower() in _EXCEPTIONS]
        negations = [mark for mark in found if mark[0].lower() not in _EXCEPTIONS]
        second = None
        if len(exceptions) > 1:
            second = exceptions[1]
        elif exceptions:
            # One negation before an exception is a plain rule; one inside it turns it around.
            second = next((mark for mark in negations if mark.start() > exceptions[0].start()), None)
        else:
            second = _turned(text, negations)
        if second is not None:
            first, last = start + found[0].start(), start + second.end()
            yield Hit(
                first,
                last,
                f'"{clip(passage.text[first:last])}" turns a negation around',
                "say what is so, or what is permitted: if notified, passage is permitted",
            )


def _turned(text: str, negations: list[re.Match[str]]) -> re.Match[str] | None:
    """Return the second of two negations that bear on each other: with no comma or `and` between them."""
    for first, second in pairwise(negations):
        between = text[first.end() : second.start()]
        apart = re.search(r"[,;:]|\b(?:and|or|nor|because|which|who|since)\b", between)
        if (
            apart is None
            and len(between) < 50
            and not (_ADJECTIVE.match(first[0]) and _ADJECTIVE.match(second[0]))
        ):
            return second
    return None


_PRONOUN: Final = re.compile(
    r"(?<![\w'\u2019-])(?P<word>they|them|he|she|him|it|the latter|the former|theirs|these|those|their|its"
    r"|his)(?![\w'\u2019-])",
    re.IGNORECASE,
)
_POINTING: Final = frozenset({"these", "those"})
_OWNING: Final = frozenset({"their", "its", "his"})
_DETERMINER: Final = re.compile(
    r"\s{1,3}(?:\d|(?:\w{2,20}\s{1,3}){0,1}(?:\w{2,20}s|men|women|people|children|who|of)(?!\w))"
)
"""What follows `these` and `those` where they belong to a noun."""
_EMPTY_IT: Final = re.compile(
    r"\s{1,3}(?:(?:rains?|snows?|rained|snowed|seems|takes|took)(?!\w)"
    r"|(?:is|was|has been|will be|remains)\s{1,3}(?:\w{2,20}ly\s{1,3}|not\s{1,3}){0,2}"
    r"(?:agreed|clear|possible|impossible|necessary|understood|important|known|raining|snowing|dark"
    r"|reported|safe to|true|expected|likely|unlikely|time|\d))",
    re.IGNORECASE,
)
_NOUN: Final = re.compile(
    r"\b(?:[Tt]he|[Aa]n?|[Ee]ach|[Ee]very|[Aa]ll|[Bb]oth|[Aa]ny|[Nn]o|\d{1,6})\s{1,3}"
    r"(?:\w{1,20}\s{1,3}){0,2}\w{3,20}"
    r"|(?<!^)\b[A-Z]\w{0,20}|^(?:Party|Unit|Team|Side|Mediator|Monitor|Liaison)\b"
    r"|^[A-Z]\w{2,20}(?= (?:has|have|is|are|was|were|must|and|will|reports|says|told|sent|with)\b)"
)
"""What a pronoun can stand for: a noun with its article or number, a name."""


def pronoun(passage: Passage) -> Iterator[Hit]:
    """CLARITY-16: a pronoun whose noun stands in another sentence, or nowhere."""
    for start, end in sentences(passage.text):
        found = _unbound(passage.text[start:end], owed=passage.use is Use.DUTY)
        if found is not None:
            yield Hit(
                start + found.start(),
                start + found.end(),
                f'"{found[0]}" can stand for more than one party or thing',
                "repeat the name: Party B, unit X",
            )


def _unbound(sentence: str, *, owed: bool) -> re.Match[str] | None:
    """Return the first pronoun of a sentence that has no noun before it; a duty's actor has its own field."""
    noun = _NOUN.search(sentence)
    for found in _PRONOUN.finditer(sentence):
        word = found["word"].lower()
        if word in _POINTING and _DETERMINER.match(sentence, found.end()):
            continue
        if word == "it" and _EMPTY_IT.match(sentence, found.end()):
            continue
        if (word in _OWNING and owed) or (noun is not None and noun.end() <= found.start()):
            continue
        return found
    return None


def long_sentence(passage: Passage) -> Iterator[Hit]:
    """CLARITY-18: a sentence too long to be read back."""
    limit = MAX_DUTY_WORDS if passage.use is Use.DUTY else MAX_WORDS
    for start, end in sentences(passage.text):
        size = count_words(passage.text[start:end])
        if size > limit:
            yield Hit(
                start,
                end,
                f"this sentence has {size} words; {limit} is the most that is read back well",
                "make two sentences",
            )


_PROBABILITY: Final = phrases(
    "(?:very |most |highly |un|quite )?likely",
    "(?:very |highly )?(?:im)?probabl[ey]",
    "possibly",
    "perhaps",
    "maybe",
    "presumably",
    "apparently",
    "seemingly",
    "conceivabl[ey]",
    "almost certain(?:ly)?",
    "(?:a |some |good |real |high |low )?(?:chance|likelihood|probability|risk) (?:of|that)",
    "(?:low|high|moderate) (?:chance|likelihood|probability)",
    "doubtful",
    "in all (?:likelihood|probability)",
    "expected to",
    "we (?:expect|assume|guess|suppose|think)",
)
_RANGE: Final = re.compile(r"[^.!?\n]{0,30}\d{1,3}\s?(?:[-\u2013]\s?\d{1,3}\s?)?(?:%|per ?cent)")


def probability(passage: Passage) -> Iterator[Hit]:
    """CLARITY-19: a word for a chance without the range that it stands for."""
    for found in _PROBABILITY.finditer(passage.text):
        before = passage.text[max(0, found.start() - 30) : found.start()]
        if _RANGE.match(passage.text, found.end()) or re.search(r"\d\s?(?:%|per ?cent)", before):
            continue
        yield Hit(
            *found.span(),
            f'"{found[0]}" is anything from one in five to nine in ten',
            "add the range, such as likely (55-80 %)",
        )
