"""Write docs/clarity.md anew: `python -m tests.protocols.clarity.regenerate`."""

from pathlib import Path

from protocols.clarity import CHECKS
from protocols.clarity.document import document
from tests.protocols.clarity.corpus_files import HELD_OUT, measured, sources

TARGET = Path(__file__).resolve().parents[3] / "docs" / "clarity.md"


def current() -> str:
    """What docs/clarity.md ought to say."""
    return document(
        {check: measured(check) for check in CHECKS},
        {check: measured(check, HELD_OUT) for check in CHECKS},
        sources().values(),
    )


if __name__ == "__main__":
    TARGET.write_text(current(), encoding="utf-8")
