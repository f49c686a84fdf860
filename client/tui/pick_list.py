"""A list to choose several things from, with marks that can be read without colour."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message as WidgetMessage
from textual.widgets import OptionList


class PickList(OptionList):
    """`[x] AMAL` is chosen, `[ ] BORIS` is not; Space or Enter changes the one with the mark."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "select", "Choose", show=False)]

    class Changed(WidgetMessage):
        """Something was chosen, or no longer is."""

        def __init__(self, pick_list: "PickList") -> None:
            super().__init__()
            self.pick_list = pick_list

    def __init__(
        self, choices: Sequence[tuple[str, str]], chosen: Sequence[str], *, name: str | None = None
    ) -> None:
        """Take what there is as (text that is safe to show, value), and the values that are chosen."""
        self._choices = tuple(choices)
        self._chosen = {value for _, value in choices if value in chosen}
        super().__init__(*(self._prompt(index, here=False) for index in range(len(self._choices))), id=name)

    @property
    def selected(self) -> tuple[str, ...]:
        """The chosen values, in the order of the list."""
        return tuple(value for _, value in self._choices if value in self._chosen)

    def _prompt(self, index: int, *, here: bool) -> Content:
        label, value = self._choices[index]
        mark = "x" if value in self._chosen else " "
        return Content(f"{'▶' if here else ' '} [{mark}] {label}")

    def _refresh_prompts(self, *, focused: bool = True) -> None:
        with self.app.batch_update():
            for index in range(len(self._choices)):
                here = focused and index == self.highlighted
                self.replace_option_prompt_at_index(index, self._prompt(index, here=here))

    def on_focus(self) -> None:
        """Show where the person is."""
        if self.highlighted is None:
            self.action_first()
        self._refresh_prompts()

    def on_blur(self) -> None:
        """The person is elsewhere."""
        self._refresh_prompts(focused=False)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Move the mark."""
        event.stop()
        self._refresh_prompts(focused=self.has_focus)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose, or choose no longer."""
        event.stop()
        self._chosen ^= {self._choices[event.option_index][1]}
        self._refresh_prompts()
        self.post_message(self.Changed(self))
