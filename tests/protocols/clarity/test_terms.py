"""Terms are found as people read them: whole, in any case, the longest one, at the right place."""

import pytest

from protocols.clarity import TermUse, find_terms
from protocols.messages.glossary import GlossaryTerm


def glossary(*names: str) -> tuple[GlossaryTerm, ...]:
    return tuple(
        GlossaryTerm(term=name, definition="as agreed", lang="en", version=number, source="0" * 32)
        for number, name in enumerate(names, 1)
    )


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("remove heavy weapons now", ["heavy weapons"], [(7, 20)]),
        ("Heavy Weapons, HEAVY WEAPONS", ["heavy weapons"], [(0, 13), (15, 28)]),
        ("heavy\n  weapons", ["heavy weapons"], [(0, 15)]),
        ("heavyweapons, heavy weaponsmith", ["heavy weapons"], []),
        ("the buffer zone line", ["buffer zone", "zone", "buffer zone line"], [(4, 20)]),
        ("zone and buffer zone", ["buffer zone", "zone"], [(0, 4), (9, 20)]),
        ("STRASSE", ["Stra\u00dfe"], [(0, 7)]),
        ("Stra\u00dfe", ["strasse"], [(0, 6)]),
        ("\u0437\u043e\u043d\u0430 \u0440\u0430\u0437\u0433\u0440\u0430\u043d\u0438\u0447\u0435\u043d\u0438\u044f", ["\u0417\u043e\u043d\u0430"], [(0, 4)]),
        ("\u0648\u0642\u0641 \u0625\u0637\u0644\u0627\u0642 \u0627\u0644\u0646\u0627\u0631", ["\u0625\u0637\u0644\u0627\u0642 \u0627\u0644\u0646\u0627\u0631"], [(4, 15)]),
        ("\u53cc\u65b9\u505c\u706b\u5341\u65e5", ["\u505c\u706b"], [(2, 4)]),
        ("a-b zone-line", ["zone"], [(4, 8)]),
        ("", ["zone"], []),
    ],
)  # fmt: skip
def test_terms_in_a_text(text: str, names: list[str], expected: list[tuple[int, int]]) -> None:
    assert [use.span for use in find_terms(text, glossary(*names))] == expected


def test_a_term_comes_with_its_version() -> None:
    (use,) = find_terms("in the ZONE", glossary("line", "zone"))
    assert use == TermUse((7, 11), "zone", 2)


def test_no_glossary_no_terms() -> None:
    assert find_terms("in the zone", ()) == ()
