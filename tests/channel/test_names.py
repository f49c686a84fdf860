"""Names that could mislead are refused; look-alikes fold together."""

import pytest

from channel.errors import BadCharter
from channel.names import check_name, first_look_alike, fold_name


@pytest.mark.parametrize(
    "name",
    ["Amal", "Mira Ö", "محمد", "نمی\u200cدانم", "O'Brien-Łuk", "王 伟", "x" * 64],  # noqa: RUF001
)
def test_names_of_people(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        " Amal",
        "Amal ",
        "x" * 65,
        "Amal\nverified",
        "Am\tal",
        "\x1b[2J",
        "A\u202emal",
        "A\u200bmal",
        "A\u00admal",
        "A\u2028b",
        "\u200d",
        "A\u0308",  # decomposed: not NFC
        "\ue000",
        "\ud800",
        "\u0410mal",  # CYRILLIC CAPITAL LETTER A
        "Mir\u03b1",  # GREEK SMALL LETTER ALPHA
    ],
)
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(BadCharter):
        check_name(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Amal", "AMAL"),
        ("Amal", "\uff21mal"),  # full-width A
        ("Amal", "Am\u200cal"),
        ("Straße", "STRASSE"),
        ("ﬁona", "fiona"),
        ("Amal B", "Amal\u00a0B"),
        ("\u0421\u043e\u0440\u0430", "Copa"),  # all Cyrillic, and all Latin
        ("Mira", "rnira"),
    ],
)
def test_look_alikes_fold_together(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


def test_different_names_stay_different() -> None:
    assert fold_name("Amal") != fold_name("Amar")


def test_a_roster_is_searched_for_look_alikes() -> None:
    assert first_look_alike(["Amal", "Mira", "Boris"]) is None
    assert first_look_alike([]) is None
    assert first_look_alike(["Boris", "Amal", "Mira", "AmaI"]) == ("Amal", "AmaI")
    assert first_look_alike(["Boris", "Mira", "MIRA"]) == ("Mira", "MIRA")
