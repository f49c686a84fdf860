import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from server.store import many


@given(st.integers(0, 300))
def test_groups_are_few_and_lose_nothing(count: int) -> None:
    rows = [(number,) for number in range(count)]
    groups = list(many.groups(rows))
    assert [row for group in groups for row in group] == rows
    assert all(len(group) == many.LARGEST_GROUP for group in groups[:-1])
    assert all(0 < len(group) <= many.LARGEST_GROUP for group in groups)


def test_rows_go_in_and_come_back() -> None:
    rows = [(number, b"%d" % number) for number in range(101)]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (a INTEGER, b BLOB)")
        assert many.execute(connection, "INSERT INTO t VALUES {rows}", rows) == []
        assert connection.execute("SELECT a, b FROM t ORDER BY a").fetchall() == rows
        template = "WITH asked (a, b) AS (VALUES {rows}) SELECT t.a FROM asked JOIN t USING (a, b)"
        assert many.execute(connection, template, [(7, b"7"), (8, b"7"), (99, b"99")]) == [(7,), (99,)]


def test_no_rows_is_no_statement() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        assert many.execute(connection, "not even SQL {rows}", []) == []
