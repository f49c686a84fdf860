"""Names and other short texts of a charter: what is refused because it could mislead.

Two names look alike when they are equal after NFKC and case folding without what shows nothing (joiners,
variation selectors, fillers): the same letters in another case, width or composition. Look-alikes across
scripts are not caught here.
"""

import re
import unicodedata
from typing import Final

from channel.errors import BadCharter

__all__ = ["MAX_NAME", "check_name", "check_text", "fold_name"]

MAX_NAME: Final = 64
_JOINERS: Final = {0x200C: None, 0x200D: None}  # Persian and Indic scripts need them
_SHOWS_NOTHING: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c\u200d\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Default_Ignorable_Code_Point where the general category does not say so, and the blank of Braille."""
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def check_name(name: str) -> None:
    """Refuse a display name that could mislead or cannot be shown.

    Raises:
        BadCharter: empty, longer than 64 characters, not NFC, with a control, bidirectional or invisible
        character, or with
            space at an end.
    """
    check_text(name, MAX_NAME, "name")
    if not fold_name(name).strip():
        raise BadCharter("a name has at least one visible character")


def fold_name(name: str) -> str:
    """Return what two names have in common when people would take them for the same one."""
    folded = unicodedata.normalize("NFKC", _SHOWS_NOTHING.sub("", name)).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


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
