"""What a reader may take otherwise than it is meant, before it is sent: change it, or send it as it is."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from client.display import sanitise, sanitise_line
from client.tui.dialogs import Lines
from protocols.clarity import ClarityReport, Finding


class ClarityScreen(ModalScreen[bool]):
    """True: send it as it is, which is logged. False: go back and change it. Enter does nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+g,escape", "answer(False)", "Go back and change", key_display="^g"),
        Binding("s", "answer(True)", "Send anyway"),
    ]

    def __init__(self, report: ClarityReport, name_of: Callable[[str], str]) -> None:
        """Take the report, which asks about something, and what fields are called."""
        super().__init__()
        self._report = report
        self._name_of = name_of

    def compose(self) -> ComposeResult:
        """Lay it out."""
        count = len(self._report.asking)
        things = "one thing" if count == 1 else f"{count} things"
        lines = [line for finding in self._report.asking for line in finding_lines(finding, self._name_of)]
        lines += not_run_lines(self._report)
        with Vertical(classes="dialog tall"):
            yield Static(f"NOT SENT YET. A reader may misunderstand {things}:", classes="title", markup=False)
            with VerticalScroll(can_focus=True):
                yield Lines(lines)
            yield Static(
                "Ctrl+G goes back to change it. s sends it as it is; the log keeps that you were asked.",
                markup=False,
            )
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin with reading."""
        self.query_one(VerticalScroll).focus()

    def action_answer(self, answer: bool) -> None:
        """Give the answer."""
        self.dismiss(answer)


def finding_lines(finding: Finding, name_of: Callable[[str], str]) -> tuple[str, ...]:
    """What is unclear, where, and how to say it instead; safe to show."""
    field = "" if finding.field is None else f"{name_of(finding.field)}: "
    return (
        sanitise(f"? {field}{finding.sentence}."),
        sanitise(f"    instead: {finding.suggestion}"),
        f"    [{sanitise_line(finding.id)}]",
    )


def not_run_lines(report: ClarityReport) -> tuple[str, ...]:
    """What was not looked for, each reason once, so that silence is not taken for approval."""
    reasons = dict.fromkeys(item.why for item in report.not_run)
    counts = {why: sum(item.why == why for item in report.not_run) for why in reasons}
    return tuple(
        sanitise(f"not checked: {count} of the clarity checks, {why}") for why, count in counts.items()
    )
