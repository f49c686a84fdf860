"""Small screens that ask one thing or show one thing. Texts come in safe to show; none is read as markup."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from client.tui.wrapping import wrap

ChoiceT = TypeVar("ChoiceT")
HANG = 4
"""Cells by which what does not fit into a line is indented."""
ARROWS = "Arrows move, Enter chooses, Ctrl+G goes back."
DIALOG_WIDTH = 76
"""Cells, as in the style sheet."""
OUTSIDE_LIST = 5
"""Lines that are neither the list nor above it: the status, the border, the footer."""
BACK: BindingType = Binding("ctrl+g,escape", "back", "Back", key_display="^g")


class Lines(Static):
    """Lines to read; what does not fit is indented, so that no text of a peer can pass for a line of ours."""

    def __init__(self, lines: Sequence[str]) -> None:
        """Take the lines; safe to show."""
        super().__init__("\n".join(lines), markup=False)
        self._lines = tuple(lines)
        self._cut_to = 0

    def on_resize(self) -> None:
        """Cut the lines to the width there is now."""
        width = max(HANG + 2, self.size.width)
        if width != self._cut_to:
            self._cut_to = width
            hanging = (HANG + len(line) - len(line.lstrip()) for line in self._lines)
            rows = (
                row
                for line, hang in zip(self._lines, hanging, strict=True)
                for row in wrap(line, width, hang=min(hang, width // 3))
            )
            self.update("\n".join(rows))


class AskScreen(ModalScreen[bool]):
    """A yes-or-no question; y and n answer, nothing else does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,ctrl+g,escape", "answer(False)", "No", key_display="n"),
    ]

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        """Take the question and what there is to know before answering it."""
        super().__init__()
        self._title = title
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical(classes="dialog"):
            yield Static(self._title, classes="title", markup=False)
            with VerticalScroll(can_focus=True):
                yield Lines(self._lines)
        yield Footer(show_command_palette=False)

    def action_answer(self, answer: bool) -> None:
        """Give the answer."""
        self.dismiss(answer)


@dataclass(frozen=True, slots=True)
class Choice(Generic[ChoiceT]):
    """One thing to choose: a word, what it means, what it stands for (None: it cannot be chosen)."""

    label: str
    meaning: str
    value: ChoiceT | None


class ChooseScreen(ModalScreen[ChoiceT | None]):
    """A list to choose one thing from; Enter takes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        BACK,
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
    ]

    def __init__(self, title: str, choices: Sequence[Choice[ChoiceT]], *, note: str = "") -> None:
        """Take the title, what can be chosen (at least one), and a note to show above."""
        super().__init__()
        self._title = title
        self._choices = choices
        self._note = note
        self._marked: int | None = None

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical(classes="dialog"):
            yield Static(self._title, classes="title", markup=False)
            if self._note:
                yield Static(self._note, markup=False)
            yield Static(ARROWS, markup=False)
            yield OptionList(
                *(Option(self._prompt(choice), disabled=choice.value is None) for choice in self._choices)
            )
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin at the first choice."""
        options = self.query_one(OptionList)
        options.focus()
        options.action_first()

    def on_resize(self) -> None:
        """Fit the list below what stands above it, so that its last choice can be read to its end."""
        options = self.query_one(OptionList)
        above = sum(len(wrap(text, self._width)) for text in (self._title, self._note, ARROWS) if text)
        options.styles.max_height = max(4, self.size.height - above - OUTSIDE_LIST)
        with self.app.batch_update():
            for index, choice in enumerate(self._choices):
                prompt = self._prompt(choice, here=index == self._marked)
                options.replace_option_prompt_at_index(index, prompt)

    @property
    def _width(self) -> int:
        """Cells for text in the dialog."""
        return max(20, min(DIALOG_WIDTH, self.app.size.width) - 4)

    def _prompt(self, choice: Choice[ChoiceT], *, here: bool = False) -> Content:
        meaning = wrap(f"    {choice.meaning}", self._width - 2, hang=4)
        return Content(("▶ " if here else "  ") + choice.label + "\n" + "\n".join(meaning))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Mark where the cursor is, not by colour alone."""
        with self.app.batch_update():
            if self._marked is not None:
                event.option_list.replace_option_prompt_at_index(
                    self._marked, self._prompt(self._choices[self._marked])
                )
            self._marked = event.option_index
            event.option_list.replace_option_prompt_at_index(
                self._marked, self._prompt(self._choices[self._marked], here=True)
            )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Hand back what was chosen."""
        self.dismiss(self._choices[event.option_index].value)

    def action_cursor_down(self) -> None:
        """Move down."""
        self.query_one(OptionList).action_cursor_down()

    def action_cursor_up(self) -> None:
        """Move up."""
        self.query_one(OptionList).action_cursor_up()

    def action_back(self) -> None:
        """Choose nothing."""
        self.dismiss(None)


class ReadScreen(ModalScreen[bool]):
    """Something to read, with a key to agree to where one is given."""

    BINDINGS: ClassVar[list[BindingType]] = [BACK, Binding("ctrl+s", "confirm", "Send")]

    def __init__(self, title: str, lines: Sequence[str], *, confirm: bool = False) -> None:
        """Take what to show; `confirm` offers Ctrl+S to send it."""
        super().__init__()
        self._title = title
        self._lines = lines
        self._confirm = confirm

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with Vertical(classes="dialog tall"):
            yield Static(self._title, classes="title", markup=False)
            with VerticalScroll(can_focus=True):
                yield Lines(self._lines)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Let the arrow keys scroll."""
        self.query_one(VerticalScroll).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to send only where there is something to send."""
        return self._confirm if action == "confirm" else True

    def action_confirm(self) -> None:
        """Agree."""
        self.dismiss(True)

    def action_back(self) -> None:
        """Go back."""
        self.dismiss(False)
