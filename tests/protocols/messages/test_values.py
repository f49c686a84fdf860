import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from protocols.messages import values
from protocols.messages.values import (
    Grade,
    Language,
    ParticipantId,
    Place,
    Qty,
    Time,
    Window,
    date_time_group,
    fold_case,
    format_time,
    has_word,
    normalise,
    parse_time,
    time_ms,
)

PLACE = {"lat": "36.20000", "lon": "-37.10000", "radius_m": 5, "name": "bridge", "name_source": "map"}


def refused(kind: Any, value: object) -> str:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value, strict=True)
    return str(caught.value.errors()[0]["type"])


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-22T14:30:00",
        "2026-11-22T14:30:00+00:00",
        "2026-11-22T14:30:00z",
        "2026-11-22 14:30:00Z",
        "2026-11-22T14:30Z",
        "2026-11-22T14:30:00.5Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T23:59:60Z",
        "2026-02-29T00:00:00Z",
        "1999-12-31T23:59:59Z",
        "2100-01-01T00:00:00Z",
        "2026-11-22T14:30:00Z\n",
        "٢٠٢٦-11-22T14:30:00Z",
        "tomorrow morning",
        "",
    ],
)
def test_time_takes_utc_with_whole_seconds_only(value: str) -> None:
    assert refused(Time, value) == "VALUE-TIME"


def test_time_error_names_the_way_out() -> None:
    with pytest.raises(ValidationError, match="needs a time in UTC, such as 2026-11-22T14:30:00Z"):
        TypeAdapter(Time).validate_python("at 18:00")


@settings(deadline=None)
@given(st.integers(946_684_800, 4_102_444_799))
def test_time_round_trips(seconds: int) -> None:
    shown = format_time(seconds * 1000 + 999)
    assert TypeAdapter(Time).validate_python(shown) == shown
    assert time_ms(shown) == seconds * 1000
    assert parse_time(date_time_group(shown)) == shown[:17] + "00Z"


def test_date_time_group() -> None:
    assert date_time_group("2026-11-22T14:30:00Z") == "221430Z NOV 26"
    assert parse_time(" 221430z nov 26 ") == "2026-11-22T14:30:00Z"
    for wrong in ("311430Z FEB 26", "221430Z NOX 26", "222430Z NOV 26", "221430 NOV 26", "221430A NOV 26"):
        assert parse_time(wrong) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lat", "90.00001"),
        ("lat", "-90.00001"),
        ("lat", "36.2"),
        ("lat", "36.200000"),
        ("lat", "036.20000"),
        ("lat", "+36.20000"),
        ("lat", "-0.00000"),
        ("lat", "36,20000"),
        ("lat", "1e1"),
        ("lat", "٣٦.20000"),
        ("lon", "180.00001"),
        ("lon", "-181.00000"),
        ("lon", " 37.10000"),
    ],
)
def test_coordinates_have_five_decimals_and_stay_on_the_globe(field: str, value: str) -> None:
    assert refused(Place, {**PLACE, field: value}) == "VALUE-PLACE"


@pytest.mark.parametrize(
    ("lat", "lon"), [("90.00000", "180.00000"), ("-90.00000", "-180.00000"), ("0.00000", "0.00000")]
)
def test_the_ends_of_the_globe_are_places(lat: str, lon: str) -> None:
    assert Place.model_validate({**PLACE, "lat": lat, "lon": lon}).lat == lat


@pytest.mark.parametrize("value", [36.2, 36, True, None, b"36.20000"])
def test_coordinates_are_text(value: object) -> None:
    assert refused(Place, {**PLACE, "lat": value}) == "string_type"


@pytest.mark.parametrize("radius", [0, -1, 1_000_001])
def test_radius_has_limits(radius: int) -> None:
    assert refused(Place, {**PLACE, "radius_m": radius}) in ("greater_than_equal", "less_than_equal")


@pytest.mark.parametrize("radius", [True, "5", 5.0])
def test_radius_is_a_whole_number(radius: object) -> None:
    assert refused(Place, {**PLACE, "radius_m": radius}) == "int_type"


def test_window_ends_after_it_starts() -> None:
    same = {"start": "2026-11-22T14:30:00Z", "end": "2026-11-22T14:30:00Z"}
    assert refused(Window, same) == "VALUE-WINDOW"


@pytest.mark.parametrize(
    "numbers",
    [
        {},
        {"n": 1, "minimum": 1},
        {"n": 1, "maximum": 1},
        {"minimum": 1},
        {"maximum": 1},
        {"minimum": 2, "maximum": 1},
    ],
)
def test_quantity_is_one_number_or_a_range(numbers: dict[str, int]) -> None:
    assert refused(Qty, {**numbers, "unit": "persons", "basis": "COUNTED"}) == "VALUE-QTY"


@pytest.mark.parametrize("value", ["A0", "A7", "G1", "a1", "A", "A11", "1A", "A1 "])
def test_grade(value: str) -> None:
    assert refused(Grade, value) == "VALUE-GRADE"


@pytest.mark.parametrize("value", ["", "a" * 31, "a" * 33, "A" * 32, "g" * 32, "\u0660" * 32])
def test_identifiers_are_32_hexadecimal_digits(value: str) -> None:
    assert refused(ParticipantId, value) == "VALUE-ID"


@pytest.mark.parametrize("value", ["", "english", "EN", "en_GB", "en-", "e"])
def test_language(value: str) -> None:
    assert refused(Language, value) == "VALUE-LANGUAGE"


BAD_CHARACTERS = [
    *map(chr, (0, 7, 8, 11, 12, 13, 27, 31, 127, 128, 133, 155, 159)),
    *map(chr, (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))),
]


@pytest.mark.parametrize("character", BAD_CHARACTERS, ids=lambda c: f"U+{ord(c):04X}")
def test_text_has_no_control_or_direction_characters(character: str) -> None:
    with pytest.raises(ValueError, match="needs text without"):
        values.text(10).check(f"a{character}b")


def test_text_keeps_its_length_and_form() -> None:
    check = values.text(5).check
    assert check("a\n\tbc") == "a\n\tbc"
    for wrong in ("", "  \n", "abcdef", unicodedata.normalize("NFD", "é"), "\ud800"):
        with pytest.raises(ValueError, match="needs"):
            check(wrong)
    with pytest.raises(ValueError, match="control characters"):
        values.text(5, lines=False).check("a\nb")


@settings(deadline=None)
@given(st.text())
def test_normalised_text_is_in_normal_form(value: str) -> None:
    once = normalise(value)
    assert normalise(once) == once


@settings(deadline=None)
@given(st.text(max_size=20))
def test_text_that_passes_is_harmless(value: str) -> None:
    try:
        values.text(20).check(value)
    except ValueError:
        return
    assert not set(value) & set(BAD_CHARACTERS)
    assert normalise(value) == value


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [
        ("Heavy Weapons of any kind", "heavy weapons", True),
        ("superheavy weapons", "heavy weapons", False),
        ("heavy weaponsmith", "heavy weapons", False),
        ("superheavy weapons, heavy weapons", "heavy weapons", True),
        ("a/b", "a", True),
        ("line 4b", "4", False),
        (
            "\u0645\u062f\u0627\u0641\u0639 \u062b\u0642\u064a\u0644\u0629",
            "\u062b\u0642\u064a\u0644\u0629",
            True,
        ),
        ("Stra\u00dfe", "strasse", True),
        ("cafe\u0301", "caf\u00e9", True),
        ("cafe\u0301", "cafe", False),
        ("", "a", False),
        ("a", "a", True),
    ],
)
def test_a_word_is_found_whole_and_in_any_letter_case(text: str, word: str, found: bool) -> None:
    assert has_word(text, word) is found


@settings(deadline=None)
@given(st.text(max_size=20))
def test_folding_twice_is_folding_once_and_leaves_later_characters_alone(value: str) -> None:
    assert fold_case(fold_case(value)) == fold_case(value)
    later = "\U0001e900"  # Adlam, Unicode 9.0: has letter case, which not every Python knows
    assert fold_case(later) == later
