"""Writes what is made from the golden logs: `python -m tests.negotiations.texts` leaves the logs as they are.

For when words change: how a message is shown, what a rule says.
"""

from channel.audit import Export
from tests.negotiations import kept
from tests.negotiations.minutes import minutes
from tests.negotiations.report import report


def minutes_text(export: Export) -> str:
    """The minutes of a log, as they are kept."""
    return "\n".join(minutes(export)) + "\n"


def page_text() -> str:
    """The page about all of them."""
    return report({name: kept.log(name) for name in kept.NAMES})


def write() -> None:
    """Write all minutes, and the page."""
    for name in kept.NAMES:
        (kept.FOLDER / f"{name}.txt").write_text(minutes_text(kept.log(name)))
    kept.PAGE.write_text(page_text())


if __name__ == "__main__":
    write()
