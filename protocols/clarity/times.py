"""Checks 1 to 5: moments and spans of time that two readers could place differently."""

import re
from collections.abc import Iterator
from typing import Final

from protocols.clarity.languages import MIDNIGHT, ZONES
from protocols.clarity.passage import Passage
from protocols.clarity.patterns import (
    ABSOLUTE,
    NUMBER,
    TIME_UNIT,
    WEEKDAY,
    has_absolute,
    phrases,
    sentence_at,
)
from protocols.clarity.report import Hit

_EXAMPLE: Final = "give the day and time in UTC, such as 230600Z NOV 26"

_RELATIVE: Final = phrases(
    "today",
    "tonight",
    "tomorrow",
    "yesterday",
    "soon",
    "shortly",
    "recently",
    "lately",
    "immediately",
    "at once",
    "later(?! than)",
    "right now",
    "(?:until|by|from|just) now(?: on)?",
    "(?:next|this|last|coming|the following) (?:minutes?|hours?|mornings?|afternoon|evening|night|days?|"
    "weeks?|"
    f"weekend|months?|year|{WEEKDAY})",
    "(?:in|during|over) the (?:next|coming|following|last|past) (?:few )?(?:hours|days|weeks|months)",
    "in the (?:morning|afternoon|evening|early hours)",
    "(?:at|before|after|by|until) (?:dawn|dusk|first light|last light|sunrise|sunset|nightfall|daybreak|"
    "dark)",
    f"in (?:the )?{NUMBER} {TIME_UNIT}",
    f"{NUMBER} {TIME_UNIT} (?:ago|from now|earlier|hence)",
    "the (?:day|night|week) (?:after|before)",
    "in due course",
    "as soon as possible",
    "without delay",
    f"(?:on|since) {WEEKDAY}(?: (?:morning|afternoon|evening|night))?",
)
_NEXT_DATE: Final = re.compile(r",?\s{0,2}\(?(?:the )?\d{1,2}(?:st|nd|rd|th)?\s{1,2}[A-Z]")


def relative_time(passage: Passage) -> Iterator[Hit]:
    """CLARITY-1: a moment that counts from another one."""
    for found in _RELATIVE.finditer(passage.text):
        if has_absolute(passage.text, *found.span()) or _NEXT_DATE.match(passage.text, found.end()):
            continue
        yield Hit(
            *found.span(), f'"{found[0]}" counts from a moment that the reader may place elsewhere', _EXAMPLE
        )


_CLOCK: Final = re.compile(
    r"(?<![\w:.,/\u066b-])(?:at |@)?(?P<hour>\d{1,2})(?P<mark>[:hH\u066b])(?P<minute>\d{2})(?::\d{2})?"
    r"(?![\d:\u066b]| \d{3}(?!\d))"
)
_CLOCK_WORDS: Final = re.compile(
    r"(?<![\w:.,/-])(?:(?:1[0-2]|0?[1-9])(?:[:.]\d\d)?\s?[ap]\.?m(?:\.|\b)"
    r"|(?:[01]\d|2[0-3])[0-5]\d\s?(?:hrs?|hours|h)\b"
    r"|(?:at|before|after|by|until|from) (?:[01]\d|2[0-3])[0-5]\d(?![\w-]|[.,]\d|\s(?:m|km|persons)\b)"
    r"|(?:1[0-2]|[1-9]|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) o'?clock"
    r"|(?:at|by|before|until|after|around|about|from) (?:noon|midday))",
    re.IGNORECASE,
)
_ZONE: Final = re.compile(rf"\s{{0,2}}[,(]{{0,2}}\s?(?:{'|'.join(ZONES)})")


def missing_zone(passage: Passage) -> Iterator[Hit]:
    """CLARITY-2: a clock time without a zone (any language)."""
    for found in _CLOCK.finditer(passage.text):
        if int(found["hour"]) <= 24 and int(found["minute"]) < 60:
            yield from _without_zone(passage.text, found)
    if passage.english:
        for found in _CLOCK_WORDS.finditer(passage.text):
            yield from _without_zone(passage.text, found)


def _without_zone(text: str, found: re.Match[str]) -> Iterator[Hit]:
    start, end = found.span()
    between = text[end : end + 12]
    follows = _ZONE.match(text, end) or _ZONE.match(
        text, end + len(between) - len(between.lstrip(" -\u2013"))
    )
    # A local time beside the same moment in UTC is a help, not a doubt.
    beside = re.search(r"(?<!\d)\d{4}Z(?!\w)|\d{6}Z(?!\w)", text[max(0, start - 24) : end + 24])
    span_of_two = re.match(r"\s?[-\u2013]\s?\d{1,2}[:hH]\d{2}", between)
    if (
        follows is None
        and beside is None
        and not (span_of_two and _ZONE.match(text, end + span_of_two.end()))
    ):
        yield Hit(
            start,
            end,
            f'"{found[0].strip()}" is another moment in every time zone',
            "add Z and give it in UTC",
        )


_DATE: Final = re.compile(
    r"(?<![\w./:-])(?P<first>\d{1,2})(?P<mark>[/.-])(?P<second>\d{1,2})(?P=mark)(?P<year>\d{4}|"
    r"\d{2})(?![\w/:-]|\.\d)"
)
_SHORT_DATE: Final = re.compile(r"(?<![\w./:-])(?P<first>\d\d)/(?P<second>\d\d)(?![\w/:%-]|\.\d)")


def ambiguous_date(passage: Passage) -> Iterator[Hit]:
    """CLARITY-3: a date whose day and month, or year, could change places (any language)."""
    for found in _DATE.finditer(passage.text):
        first, second = int(found["first"]), int(found["second"])
        possible = 0 < first <= 31 and 0 < second <= 31 and min(first, second) <= 12
        if possible and (len(found["year"]) == 2 or (max(first, second) <= 12 and first != second)):
            yield _date_hit(found)
    for found in _SHORT_DATE.finditer(passage.text):
        first, second = int(found["first"]), int(found["second"])
        if 0 < first <= 12 and 0 < second <= 12 and first != second:
            yield _date_hit(found)


def _date_hit(found: re.Match[str]) -> Hit:
    return Hit(
        *found.span(),
        f'"{found[0]}" is read day first by some and month first by others',
        "write year-month-day, such as 2026-04-03",
    )


_MIDNIGHT: Final = re.compile(
    r"(?<![\w:.,/-])(?:24[:.h]00(?![\d:])|0?0[:.h]00(?::00)?(?![\d:])(?:\s?[AaPp]\.?[Mm]\b)?"
    r"|2400(?:\s?(?:hrs?|hours)\b|h\b|Z\b)|12(?:[:.]00)?\s?[AaPp]\.?[Mm]\b)"
)
_MIDNIGHT_WORDS: Final = phrases(*MIDNIGHT)


def midnight(passage: Passage) -> Iterator[Hit]:
    """CLARITY-4: midnight, which belongs to two days (any language)."""
    for pattern in (_MIDNIGHT, _MIDNIGHT_WORDS):
        for found in pattern.finditer(passage.text):
            yield Hit(
                *found.span(),
                f'"{found[0].strip()}" can be the beginning of the day named, or its end',
                "give a minute before or after it in UTC, such as 142200Z FEB 15 for midnight in Kyiv",
            )


_SPAN: Final = phrases(
    f"(?:within|for|during|over|not exceeding|up to)(?: the)?(?: next| first| coming| following)? {NUMBER}"
    f"(?: ?(?:-|to|or|\u2013) ?{NUMBER})?(?: \\(\\d{{1,4}}\\))? (?:calendar |working |business |"
    f"consecutive )?{TIME_UNIT}",
    f"(?:until|till|by|before|after|no later than|not later than) (?:the )?(?:{WEEKDAY}|weekend|"
    f"end of (?:the )?"
    "(?:day|week|month|year|operation|talks)|morning|noon|evening|then|spring|summer|autumn|winter|harvest|"
    "holidays?)",
    "until (?:further notice|the situation \\w{1,20}|conditions \\w{1,20}|it is safe|safe|completed?|"
    "finished|the talks)",
    "(?:for the time being|for now|in the meantime|for as long as (?:necessary|needed|possible)|"
    "as long as (?:necessary|needed|possible)|(?:with)?in a (?:reasonable|short) (?:time|period))",
    f"an? {NUMBER}[ -](?:hour|day|week|month) (?:pause|truce|ceasefire|halt|period|deadline|window)",
)
_ANCHOR: Final = re.compile(
    r"\s{1,2}(?:of|after|from|starting|beginning|before)\s{1,2}(?:the\s{1,2})?(?:\w{1,20}\s{1,2}){0,2}"
)


def unbounded_span(passage: Passage) -> Iterator[Hit]:
    """CLARITY-5: a deadline or a span without the moment at which it ends."""
    for found in _SPAN.finditer(passage.text):
        start, end = found.span()
        anchor = _ANCHOR.match(passage.text, end)
        anchored = anchor is not None and ABSOLUTE.match(passage.text, anchor.end())
        first, last = sentence_at(passage.text, start)
        if anchored or len(ABSOLUTE.findall(passage.text, max(first, start - 60), min(last, end + 60))) > 0:
            continue
        yield Hit(
            start,
            end,
            f'"{found[0]}" does not say when it ends',
            "give the end in UTC, such as before 251200Z NOV 26",
        )
