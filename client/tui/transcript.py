"""The conversation as lines: one widget however many messages there are; only visible rows are made.

Selection belongs to the person: it never moves by itself, so that a key pressed as a message arrives
still means the message it was meant for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message as WidgetMessage
from textual.strip import Strip
from textual.widget import Widget

from client.tui.cards import CardMaker, Item, key_of
from client.tui.viewport import Viewport
from client.tui.wrapping import wrap

MARGIN = 2
"""Cells at the left for the mark of the selection."""


@dataclass(frozen=True, slots=True)
class Laid:
    """A card cut into rows of the present width, and what it was made from."""

    stamp: tuple[object, ...]
    rows: tuple[tuple[str, str], ...]


class TranscriptView(Widget, can_focus=True):
    """Messages in log order; arrows or j and k select."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "transcript--head",
        "transcript--plain",
        "transcript--quiet",
        "transcript--warn",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Next", show=False),
        Binding("k,up", "move(-1)", "Previous", show=False),
        Binding("pagedown,ctrl+d", "page(1)", "Page down", show=False),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False),
        Binding("home", "first", "First", show=False),
        Binding("end,G", "last", "Last", show=False),
    ]

    class Selected(WidgetMessage):
        """Another message was selected, or the view moved."""

    def __init__(self, *, cards: CardMaker, clock: Callable[[], int], id: str) -> None:  # noqa: A002 - Textual's word
        """Take what turns items into cards, and the clock (UTC milliseconds)."""
        super().__init__(id=id)
        self._cards = cards
        self._clock = clock
        self._items: Sequence[Item] = ()
        self._index: dict[str, int] = {}
        self._laid: dict[str, Laid] = {}
        self._now_ms = clock()
        self._view = Viewport(self._height_of)
        self._selected: str | None = None
        self._shown: tuple[tuple[int, int], ...] = ()
        self._seen: dict[str, set[int]] = {}

    # what is shown.

    def set_items(self, items: Sequence[Item]) -> None:
        """Show these items instead; what is selected stays selected, and the end stays in view if it was."""
        follow = self._view.at_end
        self._items = items
        self._index = {key_of(item): index for index, item in enumerate(items)}
        if self._selected not in self._index:
            self._selected = key_of(items[-1]) if items else None
            follow = True
        self._relayout(follow=follow)

    def forget_layout(self) -> None:
        """Make every card anew: names have changed."""
        self._laid.clear()
        self._relayout(follow=self._view.at_end)

    def tick(self) -> None:
        """Redraw if the age of a visible message reads differently now; otherwise touch nothing."""
        now_ms = self._clock()
        for item in {index: self._items[index] for index, _ in self._shown}.values():
            if self._laid[key_of(item)].stamp != self._cards.stamp(item, now_ms):
                self._relayout(follow=False)
                return

    @property
    def selected(self) -> Item | None:
        """The selected item; None while there is none."""
        return None if self._selected is None else self._items[self._index[self._selected]]

    @property
    def place(self) -> str:
        """Where the selection is, and whether there is more below, for the status line."""
        if self._selected is None:
            return "no messages yet"
        text = f"{self._index[self._selected] + 1} of {len(self._items)}"
        last = self._shown[-1][0] if self._shown else 0
        below = len(self._items) - 1 - last
        return f"{text}, {below} below" if below > 0 else text

    def seen(self) -> tuple[Item, ...]:
        """Return the visible items of which every line has been on screen; asked while somebody can look."""
        for index, line in self._shown:
            self._seen.setdefault(key_of(self._items[index]), set()).add(line)
        visible = {index: self._items[index] for index, _ in self._shown}
        return tuple(item for index, item in visible.items() if self._is_seen(index, item))

    def _is_seen(self, index: int, item: Item) -> bool:
        # The last line is empty.
        return self._seen[key_of(item)].issuperset(range(self._height_of(index) - 1))

    def select(self, key: str) -> None:
        """Select an item by its key and bring it into view."""
        if key in self._index:
            self._selected = key
            self._view.show(self._index[key])
            self._redraw()

    # layout.

    def _lay(self, index: int) -> Laid:
        item = self._items[index]
        key = key_of(item)
        known = self._laid.get(key)
        stamp = self._cards.stamp(item, self._now_ms)
        if known is not None and known.stamp == stamp:
            return known
        width = max(10, self.size.width - MARGIN)
        rows = [
            (row, line.style)
            for line in self._cards.card(item, self._now_ms)
            for row in wrap(line.text, width, hang=min(line.hang, width // 3))
        ]
        self._laid[key] = Laid(stamp, (*rows, ("", "plain")))
        return self._laid[key]

    def _height_of(self, index: int) -> int:
        return len(self._lay(index).rows)

    def _relayout(self, *, follow: bool) -> None:
        if not self.size.height:
            return
        self._now_ms = self._clock()
        self._view.resize(len(self._items), self.size.height)
        if follow and self._selected is not None:
            self._view.to_end()
            # Better the beginning of what is selected than the end of everything: it says what this is.
            if (self._index[self._selected], 0) not in set(self._view.rows()):
                self._view.show(self._index[self._selected])
        self._redraw()

    def _redraw(self) -> None:
        self._shown = tuple(self._view.rows())
        self.refresh()
        self.post_message(self.Selected())

    def on_resize(self, event: events.Resize) -> None:
        """Cut lines to the new width; the selection stays in view."""
        self._laid.clear()
        self._seen.clear()
        self._relayout(follow=True)

    def render_line(self, y: int) -> Strip:
        """Draw one line of the window."""
        base = self.rich_style
        width = self.size.width
        if y >= len(self._shown):
            return Strip.blank(width, base)
        index, line = self._shown[y]
        text, style = self._lay(index).rows[line]
        here = key_of(self._items[index]) == self._selected
        mark = ("▶ " if line == 0 else "┃ ") if here and text else "  "
        shade = self.get_component_rich_style(f"transcript--{style}")
        strip = Strip(
            [Segment(mark, base + self.get_component_rich_style("transcript--head")), Segment(text, shade)]
        )
        return strip.adjust_cell_length(width, base)

    # moving.

    def action_move(self, step: int) -> None:
        """Select the next or previous item; first walk through one that is taller than the window."""
        if self._selected is None:
            return
        index = self._index[self._selected]
        if self._hidden_part(index, step):
            self._view.scroll(step * max(1, self.size.height // 2))
        elif 0 <= index + step < len(self._items):
            self._selected = key_of(self._items[index + step])
            self._view.show(index + step)
        self._redraw()

    def _hidden_part(self, index: int, step: int) -> bool:
        """Whether a tall item goes on beyond the edge we are moving to."""
        lines = self._height_of(index)
        seen = [line for item, line in self._shown if item == index]
        if lines <= self.size.height or not seen:
            return False
        return seen[-1] < lines - 2 if step > 0 else seen[0] > 0

    def action_page(self, step: int) -> None:
        """Move by a window, and select the first item that is wholly new."""
        self._view.scroll(step * max(1, self.size.height - 2))
        shown = tuple(self._view.rows())
        if shown:
            starts = [index for index, line in shown if line == 0] or [shown[0][0]]
            self._selected = key_of(self._items[starts[0] if step < 0 else starts[-1]])
        self._redraw()

    def action_first(self) -> None:
        """Select the first item."""
        if self._items:
            self.select(key_of(self._items[0]))

    def action_last(self) -> None:
        """Select the last item."""
        if self._items:
            self.select(key_of(self._items[-1]))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll with the wheel; the selection stays where it is."""
        self._view.scroll(3)
        self._redraw()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll with the wheel; the selection stays where it is."""
        self._view.scroll(-3)
        self._redraw()
