"""Names and other short texts of a charter: what is refused because it could mislead.

Two names look alike when they have the same skeleton (UTS #39) as they are written, or in one letter case:
the same letters in another case, width or composition, letters of another script that look the same, and what
shows nothing. `protocols.confusables` has the data.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from channel.errors import BadCharter
from protocols.confusables import caseless, look_alike, mixed_scripts, skeleton

__all__ = ["MAX_NAME", "check_name", "check_text", "first_look_alike", "fold_name"]

MAX_NAME: Final = 64
_JOINERS: Final = {0x200C: None, 0x200D: None}  # Persian and Indic scripts need them
_SHOWS_NOTHING: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c\u200d\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Default_Ignorable_Code_Point where the general category does not say so, and the blank of Braille."""
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def check_name(name: str, *, maximum: int = MAX_NAME, what: str = "name") -> None:
    """Refuse a display name that could mislead or cannot be shown.

    Args:
        name: what somebody or something is called.
        maximum: most characters.
        what: whose name, in the error text.

    Raises:
        BadCharter: empty, longer than `maximum`, not NFC, with a control, bidirectional or invisible
            character, with space at an end, or with a word that mixes scripts (UTS #39).
    """
    check_text(name, maximum, what)
    if not _SHOWS_NOTHING.sub("", name).strip():
        raise BadCharter(f"a {what} has at least one visible character")
    if mixed_scripts(name):
        raise BadCharter(f"a {what} has no word with letters of several scripts")


def fold_name(name: str) -> str:
    """Return what a name is looked up by: its skeleton in one letter case, without what shows nothing."""
    return skeleton(caseless(name))


def first_look_alike(names: Sequence[str]) -> tuple[str, str] | None:
    """Return the first two names that people would take for the same one, or None; quadratic, for rosters."""
    for index, name in enumerate(names):
        for other in names[:index]:
            if look_alike(name, other):
                return other, name
    return None


def check_text(text: str, maximum: int, what: str, *, lines: bool = False) -> None:
    """Refuse a text that is too long or has characters that mislead.

    Args:
        text: what was written.
        maximum: most characters.
        what: its name in the error text.
        lines: whether it may be empty and have several lines.

    Raises:
        BadCharter: too long, not NFC, space at an end, or a control, bidirectional or invisible character.
    """
    if lines and not text:
        return
    if not 0 < len(text) <= maximum:
        raise BadCharter(f"a {what} has 1 to {maximum} characters")
    if text != text.strip() or unicodedata.normalize("NFC", text) != text:
        raise BadCharter(f"a {what} is in Unicode NFC, without space at its ends")
    shown = text.translate(_JOINERS).replace("\n", "") if lines else text.translate(_JOINERS)
    if any(unicodedata.category(character) in _INVISIBLE for character in shown):
        raise BadCharter(f"a {what} has no control, bidirectional or invisible characters")
