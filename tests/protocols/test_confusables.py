"""Look-alikes are found by the standard's data; honest text in several scripts passes."""

import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.confusables import caseless, look_alike, mixed_scripts, script, skeleton, table, words

ANY_TEXT = st.text(max_size=60)


def test_every_member_has_the_same_table() -> None:
    """Whether two names look alike decides which entries count: other data would make members disagree."""
    rows = "".join(f"{source}{target}\n" for source, target in sorted(table().items()))
    assert len(table()) == 6307
    assert hashlib.sha256(rows.encode()).hexdigest() == DIGEST


DIGEST = "850b579e9ea92c6758f6010a88994791286e2dcfdf2004bb123be1681b3ff6a2"


@pytest.mark.parametrize(
    ("source", "prototype"),
    [
        ("m", "rn"),
        ("\u0430", "a"),  # CYRILLIC SMALL LETTER A
        ("I", "l"),
        ("1", "l"),
        ("0", "O"),
        ("\u0627", "l"),  # ARABIC LETTER ALEF
        ("\ufb01", "fi"),
        ("\u00f8", "o\u0338"),
        ("\u01c6", "dz\u0306"),
    ],
)
def test_prototypes_are_those_of_the_standard(source: str, prototype: str) -> None:
    assert table()[source] == prototype
    assert skeleton(source) == prototype


@pytest.mark.parametrize("character", ["a", "l", "O", "i", "\u0436", "\u4e2d"])
def test_a_prototype_stays_as_it_is(character: str) -> None:
    assert character not in table()
    assert skeleton(character) == character


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Amal", "AMAL"),
        ("Amal", "\u0410mal"),
        ("AmaI", "Amal"),
        ("AMIR", "Amir"),
        ("Mira", "\u041cir\u0430"),
        ("mira", "rnira"),
        ("O'Brien", "O\u2019Brien"),
        ("\u0645\u0631\u064a\u0645", "\u0645\u0631\u06cc\u0645"),  # Arabic and Farsi YEH
        ("Amal", "Am\u200cal"),
        ("Amal B", "Amal\u00a0 B"),
        ("Unit 10", "Unit l0"),
        ("Unit 10", "Unit 1O"),
    ],
)
def test_look_alikes(one: str, other: str) -> None:
    assert look_alike(one, other)
    assert look_alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Amal", "Amar"),
        ("Nina", "Viva"),
        ("Ali", "Ail"),
        ("Unit 1", "Unit 2"),
        ("\u0418\u0432\u0430\u043d", "\u0406\u0432\u0430\u043d"),  # the Russian and the Ukrainian form
        ("\u0645\u062d\u0645\u062f", "\u0645\u062d\u0645\u0648\u062f"),
    ],
)
def test_names_that_differ(one: str, other: str) -> None:
    assert not look_alike(one, other)


@pytest.mark.parametrize(
    "text",
    [
        "the bridge at \u0420\u0430\u0441\u0442\u0430\u043d",
        "\u041a\u041f\u041f Alpha, \u0432\u044a\u0435\u0437\u0434 \u0441 \u044e\u0433\u0430",
        "\u0642\u0627\u0641\u0644\u0629 UNICEF \u0641\u064a Daraa",
        "\u0627\u0644GPS",  # an Arabic article before an acronym
        "\u0411\u041c\u041f-2 and T-72",
        "T\u30b7\u30e3\u30c4\u3068\u65e5\u672c\u8a9e",
        "\u7b2cB\u7ec4",
        "\u041a\u0438\u0457\u0432 2026",
        "Zs\u00f3fia, Ng\u1ecdc, \u0141ukasz",
        "",
    ],
)
def test_honest_text_in_several_scripts(text: str) -> None:
    assert mixed_scripts(text) == ()


@pytest.mark.parametrize(
    ("text", "word", "scripts"),
    [
        ("Party \u0410mal", "\u0410mal", ("CYRILLIC", "LATIN")),
        ("\u043c\u043e\u0441t", "\u043c\u043e\u0441t", ("CYRILLIC", "LATIN")),
        ("p\u03c1oof", "p\u03c1oof", ("GREEK", "LATIN")),
        ("Ama\u0627", "Ama\u0627", ("ARABIC", "LATIN")),
        ("\u0430\u05d0", "\u0430\u05d0", ("CYRILLIC", "HEBREW")),
        ("A\u0301\u0430", "A\u0301\u0430", ("CYRILLIC", "LATIN")),
    ],
)
def test_scripts_mixed_in_a_word(text: str, word: str, scripts: tuple[str, ...]) -> None:
    (found,) = mixed_scripts(text)
    assert (found.word, found.scripts) == (word, scripts)
    assert text[found.start : found.end] == word


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("a", "LATIN"),
        ("\u0430", "CYRILLIC"),
        ("1", "COMMON"),
        ("\u0301", "INHERITED"),
        ("\u0627", "ARABIC"),
        ("\uffff", "UNKNOWN"),
        ("\U0010ffff", "UNKNOWN"),
    ],
)
def test_scripts(character: str, name: str) -> None:
    assert script(character) == name


@given(ANY_TEXT)
def test_skeletons_are_stable(text: str) -> None:
    once = skeleton(text)
    assert skeleton(once) == once
    assert skeleton(unicodedata.ucd_3_2_0.normalize("NFC", text)) == once


@given(ANY_TEXT)
def test_everything_looks_like_itself_in_any_case(text: str) -> None:
    assert look_alike(text, text)
    assert caseless(caseless(text)) == caseless(text)


@given(ANY_TEXT)
def test_spans_lie_in_the_text(text: str) -> None:
    ends = [0]
    for start, end in words(text):
        assert ends[-1] <= start < end <= len(text)
        ends.append(end)
    for found in mixed_scripts(text):
        assert text[found.start : found.end] == found.word
        assert len(found.scripts) > 1
