"""The parts of README.md that are made from the program: what `parley demo` prints, and the table of commands.

`python -m tests.support.readme --write` runs the demo and puts them in; without `--write` it prints them.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from client.cli.reference import command_table

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
COLUMNS = 88
SHOWN = ("Boris amends a clause", "What was verified")
"""The parts of the demo that the README shows whole; of the others it shows the heading."""
_OMITTED = "[...]"
_HEADING = "== "


def demo_output() -> str:
    """Run the demo as `make demo` does, at a fixed width, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "client", "demo"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env={**os.environ, "COLUMNS": str(COLUMNS)},
    )
    return done.stdout


def excerpt(output: str) -> str:
    """Return the demo's output, shortened to the parts that are shown."""
    parts = [part for part in re.split(rf"^(?={_HEADING})", output, flags=re.MULTILINE) if part.strip()]
    assert len(parts) > 3, "the demo prints several parts"
    lines: list[str] = []
    for part in parts:
        heading, *rest = part.strip().splitlines()
        shown = heading.removeprefix(_HEADING).startswith(SHOWN)
        lines += ["", heading, *rest, ""] if shown else [f"{heading} {_OMITTED}"]
    return "\n".join(lines).strip() + "\n"


def normalised(text: str) -> str:
    """Return what stays the same from run to run: times, ids, keys, counts and line breaks taken out."""
    text = re.sub(r"^\| ?", "", text, flags=re.MULTILINE)
    text = re.sub(r"\b[0-9]{6}Z [A-Z]{3} [0-9]{2}\b", "TIME", text)
    text = re.sub(r"\S+\+[0-9a-f]{8}\+\S+", "KEY", text)
    text = re.sub(r"\b[0-9a-f]{32,}\b", "HEX", text)
    return " ".join(re.sub(r"[0-9]+", "N", text).split())


def block(readme: str, name: str) -> str:
    """Return a generated block without its fence.

    Raises:
        ValueError: the README has no such block, or two.
    """
    return _block(readme, name).group("text")


def replaced(readme: str, name: str, text: str) -> str:
    """Return the README with another text in a block."""
    found = _block(readme, name)
    return readme[: found.start("whole")] + text + readme[found.end("whole") :]


def _block(readme: str, name: str) -> re.Match[str]:
    pattern = rf"<!-- {name}:[^\n]*-->\n(?P<whole>(?:```text\n)?(?P<text>.*?)(?:```\n)?)<!-- end -->"
    found = list(re.finditer(pattern, readme, flags=re.DOTALL))
    if len(found) != 1:
        raise ValueError(f"README.md has {len(found)} blocks {name}")
    return found[0]


def main() -> None:
    """Print the generated parts, or write them."""
    shown = excerpt(demo_output())
    if "--write" not in sys.argv:
        print(shown, command_table(), sep="\n")
        return
    readme = README.read_text(encoding="utf-8")
    readme = replaced(readme, "demo", f"```text\n{shown}```\n")
    README.write_text(replaced(readme, "commands", f"\n{command_table()}\n"), encoding="utf-8")


if __name__ == "__main__":
    main()
