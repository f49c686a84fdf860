"""Which lines of which items are on screen, however many items there are.

There are no coordinates of the whole list: the view hangs on its first visible item, so only the items
near it are ever measured. Nothing here knows Textual.
"""

from collections.abc import Callable, Iterator


class Viewport:
    """A window of `height` lines over items that have one or more lines each."""

    def __init__(self, measure: Callable[[int], int]) -> None:
        """Take what says how many lines (at least 1) an item has; called for items near the window."""
        self._measure = measure
        self.count = 0
        self.height = 1
        self.top = 0
        self.skip = 0

    def resize(self, count: int, height: int) -> None:
        """Take note of how many items and lines there are now; stay as near as possible to where we were."""
        self.count, self.height = count, max(1, height)
        if count == 0:
            self.top = self.skip = 0
            return
        if self.top >= count:
            self.top, self.skip = count - 1, 0
        self.skip = min(self.skip, self._measure(self.top) - 1)
        self._fill()

    def rows(self) -> Iterator[tuple[int, int]]:
        """Yield (item, line of it) from the top line down; fewer than `height` where the items end."""
        item, line, left = self.top, self.skip, self.height
        while left and item < self.count:
            lines = self._measure(item)
            while left and line < lines:
                yield item, line
                line, left = line + 1, left - 1
            item, line = item + 1, 0

    def scroll(self, lines: int) -> None:
        """Move down (or up, if negative) by this many lines, but never past the ends."""
        while lines < 0 and (self.top or self.skip):
            if self.skip == 0:
                self.top -= 1
                self.skip = self._measure(self.top)
            step = min(self.skip, -lines)
            self.skip, lines = self.skip - step, lines + step
        while lines > 0 and self.top < self.count:
            rest = self._measure(self.top) - self.skip
            if lines < rest or self.top == self.count - 1:
                self.skip += min(lines, rest - 1)
                break
            self.top, self.skip, lines = self.top + 1, 0, lines - rest
        self._fill()

    def to_end(self) -> None:
        """Show the last lines."""
        self.top, self.skip = max(0, self.count - 1), 0
        if self.count:
            self.skip = self._measure(self.top) - 1
            self._fill()

    def show(self, item: int) -> None:
        """Bring an item into view as a whole, or its beginning where it is taller than the window."""
        if not 0 <= item < self.count:
            return
        lines = self._measure(item)
        if item < self.top or (item == self.top and self.skip) or lines >= self.height:
            self.top, self.skip = item, 0
        else:
            below = self._lines_until(item) + lines - self.height
            if below > 0:
                self.top, self.skip = self._back(item, self.height - lines)
        self._fill()

    def visible(self, item: int) -> bool:
        """Whether at least one line of an item is on screen."""
        return any(seen == item for seen, _ in self.rows())

    @property
    def at_end(self) -> bool:
        """Whether the last line of the last item is on screen."""
        last = None
        for last in self.rows():  # noqa: B007 - only the last one is wanted
            pass
        return last is None or last == (self.count - 1, self._measure(self.count - 1) - 1)

    def _lines_until(self, item: int) -> int:
        """Lines from the top of the window to an item below it, counting no further than a full window."""
        total = -self.skip
        for above in range(self.top, item):
            total += self._measure(above)
            if total > self.height:
                return total
        return total

    def _back(self, item: int, lines: int) -> tuple[int, int]:
        """The place that is `lines` lines above the first line of an item."""
        while lines > 0 and item > 0:
            item -= 1
            above = self._measure(item)
            if above >= lines:
                return item, above - lines
            lines -= above
        return item, 0

    def _fill(self) -> None:
        """Leave no empty lines at the bottom while there is something above."""
        missing = self.height - sum(1 for _ in self.rows())
        if missing <= self.skip:
            self.skip -= missing
        else:
            self.top, self.skip = self._back(self.top, missing - self.skip)
