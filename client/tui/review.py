"""From a message that keeps the rules to one that its author looked at: clarity, consequences, preview."""

from collections.abc import Callable, Sequence

from client.clarity import clarity_of
from client.consequences import consequences
from client.display import sanitise
from client.tui.clarity_screen import not_run_lines
from client.tui.detail import said
from client.tui.dialogs import ReadScreen
from client.tui.submission import Problem
from client.tui.wording import Names
from protocols.clarity import ClarityReport, Finding
from protocols.messages import Message
from protocols.messages.codec import MAX_BODY_SIZE, encode_body

__all__ = ["asked_about", "consequence_lines", "finding_problems", "preview", "report_on"]


def report_on(message: Message, names: Names) -> ClarityReport:
    """Run the clarity checks; for an ALERT, and at FLASH, they do not look, and so never delay it."""
    return clarity_of(names.negotiation, message)


def asked_about(report: ClarityReport) -> tuple[str, ...]:
    """The checks whose question the author answered with `send anyway`, as the envelope keeps them."""
    return tuple(dict.fromkeys(finding.id for finding in report.asking))


def finding_problems(findings: Sequence[Finding], in_form: Callable[[str], str]) -> tuple[Problem, ...]:
    """What was found, each at its field of the form."""
    return tuple(
        Problem(
            None if finding.field is None else in_form(finding.field),
            f"{finding.sentence}; {finding.suggestion} [{finding.id}]",
        )
        for finding in findings
    )


def consequence_lines(message: Message, names: Names, now_ms: int) -> tuple[str, ...]:
    """What the message does once it is sent, safe to show."""
    return tuple(map(sanitise, consequences(names.negotiation, message, now_ms)))


def preview(message: Message, report: ClarityReport, names: Names, now_ms: int) -> ReadScreen:
    """The message as it will be read, with what it does first; Ctrl+S sends it."""
    lines = list(consequence_lines(message, names, now_ms))
    if lines:
        lines.append("")
    lines.append(f"{len(encode_body(message))} of {MAX_BODY_SIZE} bytes")
    if not report.asking:
        lines.append("The clarity checks ask nothing. That is no proof that it is clear.")
        lines += not_run_lines(report)
    lines.append("")
    lines += map(sanitise, said(message, names))
    return ReadScreen("NOT SENT YET: Ctrl+S sends, Ctrl+G goes back", lines, confirm=True)
