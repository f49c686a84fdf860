"""The one place where text from a peer becomes text for a terminal.

A terminal obeys the control characters it is sent: escape sequences write its clipboard, its title and its
screen, and bidirectional controls make a sentence read as another. Textual passes them on unchanged. So
every text that a peer wrote goes through `sanitise` between decryption and any display, once; the original
stays as it was in the store and in the audit.

What is replaced by a visible mark such as `⟨U+001B⟩`: control characters (Cc) other than newline and tab,
surrogates (Cs), line and paragraph separators (Zl, Zp), every bidirectional control, and the other
characters that show nothing and so can hide something (category Cf and the plane of tags). What stays: the
joiners that Persian, Indic scripts and emoji need, the variation selectors, and the Arabic and other number
signs that are Cf and yet visible.
"""

import re

_NEVER_SHOWN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # Cc without tab and newline
    "\u00ad"  # soft hyphen
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # Bidi_Control
    "\u180e\u200b\u2028\u2029\u2060-\u2065\u206a-\u206f"
    "\ud800-\udfff"  # lone surrogates: no encoding can print them
    "\ufeff\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U00013430-\U0001343f"  # Egyptian format controls
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"  # tags; the variation selectors between them stay
)
_UNSAFE = re.compile(f"[{_NEVER_SHOWN}]")
_UNSAFE_IN_LINE = re.compile(f"[{_NEVER_SHOWN}\t\n]")


def _mark(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match.group()):04X}⟩"


def sanitise(text: str) -> str:
    """Make every character visible that a terminal would obey or hide.

    Args:
        text: What a peer wrote, of any length; lone surrogates are allowed.

    Returns:
        Text that is safe to print, encodable as UTF-8, equal to `text` when there was nothing to replace.
        Newline and tab are kept. Doing it twice changes nothing more.
    """
    return _UNSAFE.sub(_mark, text)


def sanitise_line(text: str) -> str:
    """The same for text that must stay on one line: names, titles, table cells.

    Args:
        text: What a peer wrote.

    Returns:
        Safe text without newline or tab, so a name cannot fake a line of the conversation.
    """
    return _UNSAFE_IN_LINE.sub(_mark, text)
