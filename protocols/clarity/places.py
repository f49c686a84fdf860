"""Checks 8 and 9: places that two readers could look for on different spots."""

import re
from collections.abc import Iterator
from typing import Final

from protocols.clarity.passage import Passage
from protocols.clarity.patterns import phrases
from protocols.clarity.report import Hit

_PAIR: Final = re.compile(
    r"(?<![\w.,-])(?P<pair>(?P<lat>(?:[NSEW]\s?)?-?\d{1,3}\.\d{1,8}(?:\s?\u00b0)?(?:\s?[NSEW](?!\w))?)"
    r"(?:\s{0,2}[,;/]\s{0,2}|\s{1,2})"
    r"(?P<lon>(?:[NSEW]\s?)?-?\d{1,3}\.\d{1,8}(?:\s?\u00b0)?(?:\s?[NSEW](?!\w))?))(?![\w.]?\d)"
)
_SEXAGESIMAL: Final = re.compile(
    r"(?<!\w)\d{1,3}\s?\u00b0\s?\d{1,2}\s?['\u2032\u2019]\s?(?:\d{1,2}(?:[.,]\d{1,3})?\s?[\"\u2033\u201d])?\s?[NSEWO\u0441\u0432]?"
)
_DATUM: Final = re.compile(r"WGS\s?-?84|EPSG:4326", re.IGNORECASE)
_GRID: Final = re.compile(r"(?<!\w)\d{1,2}[C-X]\s?[A-Z]{2}(?:\s?\d{2,5}){2}(?!\d)")
_ADVICE: Final = "give a Place, or write WGS84 36.20000 N 037.10000 E"


def coordinates(passage: Passage) -> Iterator[Hit]:
    """CLARITY-8: coordinates without a datum or hemispheres, or with their order swapped (any language)."""
    text = passage.text
    for found in _PAIR.finditer(text):
        lat, lon = found["lat"], found["lon"]
        marks = re.findall("[NSEW]", lat) + re.findall("[NSEW]", lon)
        if _is_swapped(lat, lon):
            yield Hit(*found.span("pair"), f'"{found["pair"]}" seems to give the longitude first', _ADVICE)
        elif not _has_datum(text, found) or (len(marks) < 2 and "-" not in found[0]):
            yield Hit(*found.span("pair"), f'"{found["pair"]}" does not say datum and hemispheres', _ADVICE)
    last = -1
    for found in _SEXAGESIMAL.finditer(text):
        if found.start() <= last + 4:
            last = found.end()
            continue
        last = found.end()
        if not _has_datum(text, found):
            yield Hit(*found.span(), f'"{found[0].strip()}" does not say its datum', _ADVICE)


def _has_datum(text: str, found: re.Match[str]) -> bool:
    return _DATUM.search(text, max(0, found.start() - 40), found.end() + 40) is not None


def _is_swapped(lat: str, lon: str) -> bool:
    if re.search("[EW]", lat) and re.search("[NS]", lon):
        return True
    return abs(float(re.sub(r"[^\d.]", "", lat))) > 90 >= abs(float(re.sub(r"[^\d.]", "", lon)))


_LANDMARK: Final = (
    r"(?:bridge|checkpoint|crossing|crossroads|junction|intersection|road|highway|hospital|clinic|school|"
    r"village|town|city|river"
    r"|front ?line|line|border|frontier|airport|airfield|station|hill|ridge|valley|camp|depot|warehouse|"
    r"gate|square|market|mosque"
    r"|church|factory|dam|pumping station|water tower|port|harbour|tunnel|forest|old town|suburbs|area|"
    r"zone|base|compound|shelter)"
)
_ALONE: Final = re.compile(
    rf"(?<![\w-])(?P<words>(?:the|that|this|our|your|their|a nearby|the nearby)\s{{1,3}}"
    rf"(?:old|new|main|small|big|northern|southern|eastern|western|central|local|nearby|same|other|first|"
    rf"second|damaged)?\s{{0,3}}{_LANDMARK})(?![\w-])",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    r"\s{1,2}(?:(?:of|at|in|near|over|on|across|from|between|to|no\.?|number|called|"
    r"named)\s{1,2})?(?:the\s{1,2})?[A-Z0-9\"(\u201c]"
    r"|\s?\(|,?\s?WGS|\s{1,2}of\s{1,2}(?:contact|separation)"
)
_DUPLICATED: Final = phrases(
    "(?:the )?(?:usual|same|agreed|known|other) (?:place|location|point|spot|site|position)", "over there"
)


def place_alone(passage: Passage) -> Iterator[Hit]:
    """CLARITY-9: a place by its kind or habit alone, with no coordinates beside it."""
    if passage.placed or _DATUM.search(passage.text) or _GRID.search(passage.text):
        return
    for found in _ALONE.finditer(passage.text):
        if not _NAMED.match(passage.text, found.end()):
            yield _alone(found)
    for found in _DUPLICATED.finditer(passage.text):
        yield _alone(found)


def _alone(found: re.Match[str]) -> Hit:
    return Hit(
        *found.span(),
        f'"{found[0]}" can be more than one place',
        "give a Place: coordinates, name, and the map the name is from",
    )
