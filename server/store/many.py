"""Many rows in one statement, so that SQLite does a whole batch at one go.

Python gives up its lock for every step of a statement. With a busy event loop beside it, a thread that steps
once a row waits for the lock once a row; one statement for 64 rows waits once. Rows go in groups of 64 and a
last one of what is left; the texts for all these sizes stay prepared.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

SqlValue = int | bytes | str | None
Row = tuple[SqlValue, ...]

LARGEST_GROUP = 64


def groups(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Cut rows into groups of `LARGEST_GROUP` and the rest."""
    for start in range(0, len(rows), LARGEST_GROUP):
        yield rows[start : start + LARGEST_GROUP]


@lru_cache(maxsize=512)
def statement(template: str, columns: int, rows: int) -> str:
    """The template with `{rows}` replaced by `(?, ...), ...`."""
    row = f"({', '.join('?' * columns)})"
    return template.replace("{rows}", ", ".join([row] * rows))


def execute(connection: sqlite3.Connection, template: str, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """Run the statement over all rows, and return what it returns.

    Args:
        connection: Where.
        template: SQL in which `{rows}` stands where a VALUES list belongs.
        rows: The values, all of the same width; none is fine.
    """
    found: list[tuple[Any, ...]] = []
    for group in groups(rows):
        sql = statement(template, len(group[0]), len(group))
        found += connection.execute(sql, tuple(chain.from_iterable(group))).fetchall()
    return found
