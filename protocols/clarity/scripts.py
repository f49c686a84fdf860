"""Check 24: characters that are not what they look like, by the data of UTS #39."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Final

from protocols.clarity.passage import Passage
from protocols.clarity.report import Hit
from protocols.confusables import mixed_scripts, script, skeleton, words

_DIRECTION: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_HIDDEN: Final = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
_JOINERS: Final = "\u200c\u200d"
_USING_JOINERS: Final = frozenset(
    {
        "ARABIC",
        "SYRIAC",
        "MONGOLIAN",
        "DEVANAGARI",
        "BENGALI",
        "GURMUKHI",
        "GUJARATI",
        "ORIYA",
        "TAMIL",
        "TELUGU",
        "KANNADA",
        "MALAYALAM",
        "SINHALA",
        "KHMER",
        "MYANMAR",
    }
)


def misleading_characters(passage: Passage) -> Iterator[Hit]:
    """CLARITY-24: mixed scripts in a word, controls of writing direction, characters that show nothing."""
    text = passage.text
    for word in mixed_scripts(text):
        names = " and ".join(name.capitalize() for name in word.scripts)
        yield Hit(
            word.start,
            word.end,
            f"this word mixes {names} letters, so it is not the word it looks like",
            "write the whole word in one script",
        )
    for found in _DIRECTION.finditer(text):
        yield Hit(
            *found.span(),
            f"an invisible control of writing direction (U+{ord(found[0]):04X}) can reorder what is shown",
            "take it out",
        )
    for found in _HIDDEN.finditer(text):
        if not _belongs(text, found.start()):
            yield Hit(
                *found.span(), f"an invisible character (U+{ord(found[0]):04X}) is in the text", "take it out"
            )


def _belongs(text: str, index: int) -> bool:
    """Say whether a joiner stands in a script that needs it, or a variation selector after a symbol."""
    character, before = text[index], text[index - 1 : index]
    if character in _JOINERS:
        return before != "" and script(before) in _USING_JOINERS
    return character == "\ufe0f" and before != "" and script(before) == "COMMON" and not before.isalnum()


_ALIKE: Final = {
    "LATIN": (range(0x41, 0x250),),
    "CYRILLIC": (range(0x400, 0x460),),
    "GREEK": (range(0x370, 0x400),),
}
"""The scripts whose words can be taken for each other's, and where their letters are."""


def look_alike_words(text: str) -> Iterator[Hit]:
    """Yield words in another script than the text's, all of whose letters look like letters of the text's.

    That is what W-10 asks about: zone B, written with a Cyrillic letter, is still one word in one script.
    """
    placed = [(start, end, _script_of(text[start:end])) for start, end in words(text)]
    used = Counter(name for start, end, name in placed for _ in range(end - start) if name in _ALIKE)
    if len(used) < 2:
        return
    main = used.most_common(1)[0][0]
    for start, end, name in placed:
        if name in used and name != main and all(skeleton(c) in _shapes(main) for c in text[start:end]):
            yield Hit(
                start,
                end,
                f"this word has {name.capitalize()} letters that look like {main.capitalize()} ones",
                f"write it in {main.capitalize()} letters, or spell it so that it cannot be mistaken",
            )


def _script_of(word: str) -> str:
    """Return the script that all letters of a word have; empty where they mix, or it is none of these."""
    used = {script(character) for character in word} - {"COMMON", "INHERITED"}
    return next(iter(used)) if len(used) == 1 and used <= _ALIKE.keys() else ""


@cache
def _shapes(name: str) -> frozenset[str]:
    """Return what the letters of a script look like; digits and marks look like themselves everywhere."""
    letters = (chr(code) for block in _ALIKE[name] for code in block)
    return frozenset(skeleton(c) for c in letters if script(c) == name) | set("0123456789lO")
