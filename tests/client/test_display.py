"""No text of a peer can steer the terminal it is shown on."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.display import sanitise, sanitise_line

_BIDI = "\u061c\u200e\u200f" + "".join(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))
# st.text() leaves surrogates out unless asked.
_ANY_TEXT = st.text(st.characters(exclude_categories=()))
_HOSTILE = st.text(
    st.one_of(
        st.sampled_from(
            [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), *_BIDI, "\u2028", "\u2029", "\ud800"]
        ),
        st.characters(exclude_categories=()),
    )
)


@given(st.one_of(_ANY_TEXT, _HOSTILE))
def test_nothing_that_steers_a_terminal_survives(text: str) -> None:
    shown = sanitise(text)
    for character in shown:
        if character not in "\n\t":
            assert unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"}
        assert character not in _BIDI
    shown.encode("utf-8")


@given(st.one_of(_ANY_TEXT, _HOSTILE))
def test_sanitising_twice_is_sanitising_once(text: str) -> None:
    assert sanitise(sanitise(text)) == sanitise(text)
    assert "\n" not in sanitise_line(text)
    assert "\t" not in sanitise_line(text)


@given(st.text(st.characters(categories=("L", "M", "N", "P", "S", "Zs"))))
def test_plain_text_is_left_alone(text: str) -> None:
    assert sanitise(text) == text


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b]52;c;AAAA\x07", "⟨U+001B⟩]52;c;AAAA⟨U+0007⟩"),  # writes the clipboard
        ("\x9b2J", "⟨U+009B⟩2J"),  # C1 control sequence introducer: clears the screen
        ("pay \u202e001", "pay ⟨U+202E⟩001"),
        ("a\rb", "a⟨U+000D⟩b"),  # would overwrite the line
        ("x\U000e0041y", "x⟨U+E0041⟩y"),  # a tag: text that nobody sees
        ("a\u200bb\u00adc\ufeffd", "a⟨U+200B⟩b⟨U+00AD⟩c⟨U+FEFF⟩d"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
    ],
)
def test_marks_are_visible(hostile: str, shown: str) -> None:
    assert sanitise(hostile) == shown


def test_scripts_that_need_joiners_keep_them() -> None:
    persian, family = "می\u200cخواهم", "👨\u200d👩\u200d👧"  # noqa: RUF001
    assert sanitise(persian) == persian
    assert sanitise(family) == family


def test_a_name_cannot_fake_a_line() -> None:
    assert sanitise_line("Amal\n[verified] Mira\t") == "Amal⟨U+000A⟩[verified] Mira⟨U+0009⟩"


def test_every_format_character_is_marked_unless_it_is_shown_or_needed() -> None:
    visible_or_needed = {"\u200c", "\u200d"}
    kept = {
        chr(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) == "Cf" and sanitise(chr(code)) == chr(code)
    }
    names = {unicodedata.name(character, "") for character in kept - visible_or_needed}
    assert all(
        "SIGN" in name or "MARK" in name or "END OF AYAH" in name or "FOOTNOTE" in name for name in names
    ), names
