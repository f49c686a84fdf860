from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from client.display import sanitise
from client.tui.wrapping import TAB, cut, wrap

texts = st.text(alphabet=st.sampled_from("abc déß\n\t中文字👍🏽 -"), max_size=120).map(sanitise)


@given(texts, st.integers(8, 60), st.integers(0, 4))
def test_no_line_is_wider_than_the_screen_and_nothing_but_spaces_is_dropped(
    text: str, width: int, hang: int
) -> None:
    lines = wrap(text, width, hang=hang)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(texts.filter(lambda text: "\n" in text), st.integers(8, 60))
def test_a_line_break_of_a_peer_never_starts_at_the_margin(text: str, width: int) -> None:
    lines = wrap(text, width, hang=4)
    assert all(line.startswith("    ") for line in lines[1:] if line.strip())


def test_breaks_at_spaces() -> None:
    assert wrap("one two three", 8) == ("one two", "three")
    assert wrap("a\tb", 20) == (f"a{TAB}b",)
    assert wrap("", 20) == ("",)


@given(texts, st.integers(0, 30))
def test_cut_fits_and_says_that_there_is_more(text: str, width: int) -> None:
    line = text.replace("\n", " ").replace("\t", " ")
    result = cut(line, width)
    assert cell_len(result) <= max(width, 0)
    assert result == line or width == 0 or result.endswith("…")
