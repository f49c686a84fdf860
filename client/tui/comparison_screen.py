"""A read-back beside what it restates, for the author to mark CORRECT or WRONG."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from client.display import sanitise_line
from client.tui.dialogs import BACK
from client.tui.pick_list import PickList
from client.tui.wording import field_text
from protocols.messages.leaves import FieldComparison


@dataclass(frozen=True, slots=True)
class Mark:
    """What the author says: CORRECT, or WRONG with the fields that are."""

    code: str
    fields: tuple[str, ...] = ()


class ComparisonScreen(ModalScreen[Mark | None]):
    """Field by field: what was meant above, what was read back below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "correct", "Correct"),
        Binding("w", "wrong", "Wrong"),
        BACK,
    ]

    def __init__(self, title: str, rows: Sequence[FieldComparison], *, legal: frozenset[str]) -> None:
        """Take the rows, and which of CORRECT and WRONG may be said."""
        super().__init__()
        self._title = title
        self._rows = rows
        self._legal = legal
        self._asked = False
        self._choosing = False

    @property
    def _false(self) -> tuple[str, ...]:
        return tuple(row.field for row in self._rows if row.exact and not row.matches)

    def compose(self) -> ComposeResult:
        """Lay it out."""
        differ = sum(not row.matches for row in self._rows)
        verdict = f"{differ} of {len(self._rows)} fields DIFFER" if differ else "all fields say the same"
        with Vertical(classes="dialog tall"):
            yield Static(f"{self._title}: {verdict}", classes="title", markup=False)
            with VerticalScroll(can_focus=True, id="rows"):
                yield Static("\n".join(line for row in self._rows for line in _lines(row)), markup=False)
            yield Static("", id="why", markup=False)
            yield PickList(
                [(sanitise_line(row.field), row.field) for row in self._rows],
                [row.field for row in self._rows if not row.matches],
                name="wrong",
            )
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin with reading."""
        self.query_one("#wrong").display = False
        self.query_one("#rows").focus()
        if not self._legal:
            self._say("It is closed already; there is nothing to mark.")
        elif self._false:
            self._say("CORRECT cannot be sent: a time, number or choice differs. Press w to mark it WRONG.")
        else:
            self._say("Read every line. c says CORRECT: both hold the same values. w says WRONG.")

    def _say(self, text: str) -> None:
        self.query_one("#why", Static).update(text)

    def action_correct(self) -> None:
        """Ask once more, then say that the read-back says what was meant."""
        if "CORRECT" not in self._legal or self._false or self._choosing:
            return
        if self._asked:
            self.dismiss(Mark("CORRECT"))
        self._asked = True
        self._say("c again sends CORRECT: you confirm that all these values are what you meant.")

    def action_wrong(self) -> None:
        """Choose which fields are wrong; the second time, say so."""
        if "WRONG" not in self._legal:
            return
        chooser = self.query_one("#wrong", PickList)
        if not self._choosing:
            self._choosing = True
            self.query_one("#rows").display = False
            chooser.display = True
            chooser.focus()
            self._say("Which fields are wrong? Space chooses. Then w again sends WRONG.")
        elif chooser.selected:
            self.dismiss(Mark("WRONG", chooser.selected))
        else:
            self._say("Choose at least one field with Space, then w; Ctrl+G goes back.")

    def action_back(self) -> None:
        """Say nothing."""
        self.dismiss(None)


def _lines(row: FieldComparison) -> tuple[str, ...]:
    mark = "same" if row.matches else ("DIFFERS" if row.exact else "other words, you decide")
    original = field_text(row.original) if row.original is not None else "(no such field)"
    said = row.restated if row.restated is not None else "(left out)"
    sign = "=" if row.matches else "#"
    return (
        f"{sign} {sanitise_line(row.field)}: {mark}",
        f"    meant:     {sanitise_line(original)}",
        f"    read back: {sanitise_line(said)}",
    )
