"""The widgets of a form: one row per field, with its label above and what is wrong with it below."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message as WidgetMessage
from textual.widget import Widget
from textual.widgets import Button, Input, Select, Static, TextArea

from client.display import sanitise, sanitise_line
from client.tui.form import Entry, More
from client.tui.pick_list import PickList

LONG_TEXT = 300
"""From this many characters on a field gets several lines."""


class SafeInput(Input):
    """A line to type in; what is pasted is as little to be trusted as what a peer wrote."""

    def on_paste(self, event: events.Paste) -> None:
        """Take pasted text, with everything visible that a terminal would obey."""
        event.stop()
        event.prevent_default()
        self.replace(sanitise_line(event.text), *self.selection)


class SafeTextArea(TextArea):
    """Several lines to type in, as careful with what is pasted."""

    def on_paste(self, event: events.Paste) -> None:
        """Take pasted text, with everything visible that a terminal would obey."""
        event.stop()
        event.prevent_default()
        self.replace(sanitise(event.text), *self.selection)


class OneLineArea(SafeTextArea):
    """A long line, shown on several; Enter goes on to the next field instead of breaking it."""

    def on_key(self, event: events.Key) -> None:
        """Keep line breaks out, which such a field refuses."""
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.screen.focus_next()

    def on_paste(self, event: events.Paste) -> None:
        """Take pasted text as one line."""
        event.stop()
        event.prevent_default()
        self.replace(sanitise_line(" ".join(event.text.split())), *self.selection)


class TypedInput(Input):
    """A line that must be typed: pasting is off, because a read-back that is pasted proves nothing."""

    class PasteRefused(WidgetMessage):
        """Somebody tried to paste."""

    def on_paste(self, event: events.Paste) -> None:
        """Take nothing from the terminal's clipboard."""
        event.stop()
        event.prevent_default()
        self.post_message(self.PasteRefused())

    def action_paste(self) -> None:
        """Take nothing from the application's clipboard."""
        self.post_message(self.PasteRefused())


class Row(Vertical):
    """One field."""

    class Changed(WidgetMessage):
        """What was typed or chosen."""

        def __init__(self, path: str, value: str, *, chosen: bool) -> None:
            super().__init__()
            self.path = path
            self.value = value
            self.chosen = chosen

    class Focused(WidgetMessage):
        """The person is at this field now."""

        def __init__(self, row: "Row") -> None:
            super().__init__()
            self.row = row

    def __init__(
        self, entry: Entry, value: str, options: tuple[tuple[str, str], ...], *, typed_only: bool = False
    ) -> None:
        """Take the field, its value so far, and what can be chosen (empty: it is typed)."""
        super().__init__()
        self.entry = entry
        self._value = value
        self._options = options
        self._typed_only = typed_only

    @property
    def path(self) -> str:
        """Where the value goes."""
        return self.entry.path

    def compose(self) -> ComposeResult:
        """Lay it out."""
        spec = self.entry.spec
        star = "* " if self.entry.needed else "  "
        group = (spec.needed_with or "*").split(".")[-1]
        needed = f" (needed with {group})" if group != "*" else ""
        yield Static(f"{star}{self.entry.label}{needed}", classes="label", markup=False)
        yield self._editor()
        yield Static("", classes="error", markup=False)

    def _editor(self) -> Widget:
        spec = self.entry.spec
        if self._options and self.entry.listed:
            return PickList(self._options, self._value.split(","))
        if self._options:
            default = next((label for label, value in self._options if value == spec.default), None)
            known = any(value == self._value for _, value in self._options)
            return Select[str](
                [(Content(label), value) for label, value in self._options],
                prompt="choose" if default is None else f"{default} (unless you choose)",
                value=self._value if known else Select.NULL,
                compact=True,
            )
        if (self.entry.limit or 0) >= LONG_TEXT and not self._typed_only:
            area = (OneLineArea if self.entry.one_line else SafeTextArea)(
                self._value, tab_behavior="focus", soft_wrap=True, compact=True, highlight_cursor_line=False
            )
            area.cursor_blink = False
            return area
        line = (TypedInput if self._typed_only else SafeInput)(
            self._value, select_on_focus=False, compact=True
        )
        line.cursor_blink = False
        return line

    def show_error(self, text: str) -> None:
        """Show what is wrong and the way out; empty text takes it away."""
        error = self.query_one(".error", Static)
        error.update(f"x {text}" if text else "")
        error.set_class(bool(text), "shown")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass on what was typed."""
        event.stop()
        self.post_message(self.Changed(self.path, event.value, chosen=False))

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Pass on what was typed."""
        event.stop()
        self.post_message(self.Changed(self.path, event.text_area.text, chosen=False))

    def on_select_changed(self, event: Select.Changed) -> None:
        """Pass on what was chosen."""
        event.stop()
        value = event.value if isinstance(event.value, str) else ""
        self.post_message(self.Changed(self.path, value, chosen=True))

    def on_pick_list_changed(self, event: PickList.Changed) -> None:
        """Pass on what was chosen."""
        event.stop()
        self.post_message(self.Changed(self.path, ",".join(event.pick_list.selected), chosen=True))

    def on_descendant_focus(self) -> None:
        """Say where the person is."""
        self.post_message(self.Focused(self))


class AddButton(Button):
    """Adds another item to a list."""

    def __init__(self, more: More) -> None:
        """Take the list it adds to."""
        super().__init__(Content(f"+ {more.label}"), compact=True)
        self.group = more.group


class Addressees(Vertical):
    """Who must act on the message (`to`), or should know of it (`info`)."""

    DEFAULT_CLASSES: ClassVar[str] = "addressees"

    def __init__(
        self, people: tuple[tuple[str, str], ...], chosen: tuple[str, ...], *, acting: bool = True
    ) -> None:
        """Take everybody else as (name, id), who is chosen, and whether they are to act."""
        super().__init__()
        self._people = people
        self._chosen = chosen
        self.acting = acting

    def compose(self) -> ComposeResult:
        """Lay it out."""
        label = "* to (who must act on it)" if self.acting else "  info (who should know of it, besides)"
        yield Static(label, classes="label", markup=False)
        yield PickList(self._people, self._chosen)
        yield Static("", classes="error", markup=False)

    @property
    def selected(self) -> tuple[str, ...]:
        """Who is chosen now, in the roster's order."""
        return self.query_one(PickList).selected
