"""A bug of ours keeps its traceback; what a peer wrote in it must still not be obeyed by the terminal."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import typer
from client.cli import boundary

app = typer.Typer(pretty_exceptions_enable=False)

@app.command()
def fail() -> None:
    raise ValueError("no such role: \\x1b]52;c;eA==\\x07\\x1b[2J\\u202e")

raise SystemExit(boundary.run(app, []))
"""


def test_the_traceback_of_a_bug_is_harmless() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, check=False, timeout=30
    )
    shown = done.stderr.decode()
    assert done.returncode == 1
    assert "ValueError" in shown, "a bug keeps its traceback"
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)
