"""Printing: what people read goes through `client.display`, what programs read is JSON in ASCII.

Results go to standard output, what happens meanwhile to standard error.
"""

import json
import sys
from collections.abc import Iterable

from client.display import sanitise, sanitise_line

__all__ = ["note", "print_json", "print_line", "print_lines", "to_json"]


def print_line(text: str) -> None:
    """Print one line of a result; what would start another line is made visible."""
    print(sanitise_line(text), flush=True)


def print_lines(lines: Iterable[str], *, indent: str = "") -> None:
    """Print lines of a result. A text that goes over several lines cannot be taken for more than one item."""
    for line in lines:
        print(indent + sanitise(line).replace("\n", f"\n{indent}    | "), flush=True)


def note(text: str) -> None:
    """Say on standard error what is going on."""
    print(sanitise_line(text), file=sys.stderr, flush=True)


def to_json(value: object, *, indent: int | None = None) -> str:
    """Return JSON in printable ASCII: exact for programs, and nothing in it that a terminal would obey."""
    # JSON leaves DEL as it is; the rest of what is dangerous it escapes, being no ASCII or below space.
    return json.dumps(value, ensure_ascii=True, indent=indent).replace("\x7f", "\\u007f")


def print_json(value: object, *, indent: int | None = 2) -> None:
    """Print a value as JSON; without an indent it takes one line."""
    print(to_json(value, indent=indent), flush=True)
