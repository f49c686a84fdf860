from hypothesis import given
from hypothesis import strategies as st

from client.tui.viewport import Viewport

heights = st.lists(st.integers(1, 9), min_size=1, max_size=30)


def view(lines: list[int], height: int) -> Viewport:
    viewport = Viewport(lambda index: lines[index])
    viewport.resize(len(lines), height)
    return viewport


def all_rows(lines: list[int]) -> list[tuple[int, int]]:
    return [(item, line) for item, count in enumerate(lines) for line in range(count)]


def check(viewport: Viewport, lines: list[int]) -> None:
    """What is shown is one unbroken piece of everything, and as much of it as fits."""
    everything, shown = all_rows(lines), list(viewport.rows())
    start = everything.index(shown[0])
    assert shown == everything[start : start + len(shown)]
    assert len(shown) == min(viewport.height, len(everything))


@given(heights, st.integers(1, 12), st.lists(st.integers(-40, 40), max_size=8))
def test_scrolling_moves_by_lines_and_stops_at_the_ends(
    lines: list[int], height: int, steps: list[int]
) -> None:
    viewport, everything = view(lines, height), all_rows(lines)
    last = max(0, len(everything) - height)
    for step in steps:
        before = everything.index(next(viewport.rows()))
        viewport.scroll(step)
        check(viewport, lines)
        assert everything.index(next(viewport.rows())) == min(last, max(0, before + step))


@given(heights, st.integers(1, 12), st.lists(st.integers(0, 29), min_size=1, max_size=8))
def test_what_is_shown_is_whole_or_begins_at_the_top(lines: list[int], height: int, items: list[int]) -> None:
    viewport = view(lines, height)
    for item in items:
        item %= len(lines)
        viewport.show(item)
        check(viewport, lines)
        seen = [line for shown, line in viewport.rows() if shown == item]
        assert seen[0] == 0
        assert len(seen) == min(lines[item], height)


@given(heights, st.integers(1, 12), st.integers(1, 12), st.integers(0, 40))
def test_the_end_is_the_end_and_stays_filled_after_a_resize(
    lines: list[int], height: int, other: int, back: int
) -> None:
    viewport = view(lines, height)
    viewport.to_end()
    assert viewport.at_end
    assert list(viewport.rows())[-1] == all_rows(lines)[-1]
    viewport.scroll(-back)
    viewport.resize(len(lines), other)
    check(viewport, lines)


def test_nothing_to_show() -> None:
    viewport = Viewport(lambda index: 1)
    viewport.resize(0, 5)
    viewport.to_end()
    viewport.scroll(3)
    viewport.show(0)
    assert list(viewport.rows()) == []
    assert viewport.at_end


def test_only_items_near_the_window_are_measured() -> None:
    measured: set[int] = set()

    def measure(index: int) -> int:
        measured.add(index)
        return 3

    viewport = Viewport(measure)
    viewport.resize(100_000, 20)
    viewport.to_end()
    viewport.scroll(-6)
    viewport.show(50_000)
    viewport.show(50_001)
    assert len(measured) < 60
