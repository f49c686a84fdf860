"""Opening an SQLite file so that it can be trusted: ours, undamaged, not newer than we are, and durable.

Durable means WAL with synchronous=FULL: each commit is synced to the log before it returns. SQLite ignores a
failure to sync the *directory*, so the files are created and the directory is synced here, once, where a
failure is seen (AUDIT.md section 5).
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from server.errors import StoreUnusable

QUICK_CHECK_LIMIT = 64 * 1024 * 1024
"""Files up to this size are checked whole when opened (tenths of a second); larger ones as they are read."""

BUSY_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Format:
    """What makes a file ours: `application_id` in its header, `version` in `user_version`, and its schema."""

    application_id: int
    version: int
    schema: str


Synchronous = Literal["FULL", "NORMAL"]
Connect = Callable[[], sqlite3.Connection]


def provision(path: Path, file_format: Format, *, synchronous: Synchronous = "FULL") -> sqlite3.Connection:
    """Open the database for writing, creating it first where there is none.

    Args:
        path: The file.
        file_format: What it must be.
        synchronous: FULL makes every commit durable. NORMAL lets the loss of power take the newest commits,
        whole; the death
            of the process takes none.

    Returns:
        A connection in autocommit mode: transactions are begun and ended by hand.

    Raises:
        StoreUnusable: The file cannot be used; the operator has to act.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        return _open(path, file_format, synchronous)
    except (sqlite3.Error, OSError) as error:
        raise StoreUnusable(f"cannot open {path}: {error}") from error


def _open(path: Path, file_format: Format, synchronous: Synchronous) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    try:
        _check_identity(connection, path, file_format)
        _set_pragmas(connection, synchronous)
        if path.stat().st_size <= QUICK_CHECK_LIMIT:
            _check_pages(connection, path)
        with transaction(connection):
            if _pragma(connection, "user_version") == 0:
                for statement in _statements(file_format.schema):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {file_format.application_id}")
                connection.execute(f"PRAGMA user_version = {file_format.version}")
        sync_directory(path.parent)
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A second connection that cannot write. Open the first one first: it creates the WAL.

    Raises:
        StoreUnusable: The file cannot be read.
    """
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        connection.execute("PRAGMA query_only = ON")
    except sqlite3.Error as error:
        raise StoreUnusable(f"cannot read {path}: {error}") from error
    return connection


def lock(path: Path) -> int:
    """Take the lock that makes this process the owner; closing the returned file descriptor gives it back.

    Raises:
        StoreUnusable: Another process holds it.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreUnusable(f"cannot open {path}: {error}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StoreUnusable(f"another process uses the data in {path.parent}") from error
    return descriptor


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One write transaction: committed at the end, rolled back by any exception."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def checkpoint(connection: sqlite3.Connection) -> None:
    """Copy what the write-ahead log holds into the database, so that the log can begin anew.

    Raises:
        sqlite3.Error: It could not be written or synced. SQLite's automatic checkpoint would have kept
        silent.
    """
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def sync_directory(directory: Path) -> None:
    """Make the directory's entries durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_identity(connection: sqlite3.Connection, path: Path, file_format: Format) -> None:
    application_id, version = _pragma(connection, "application_id"), _pragma(connection, "user_version")
    empty = _pragma(connection, "schema_version") == 0
    if not empty and application_id != file_format.application_id:
        raise StoreUnusable(f"{path} is another program's database")
    if version > file_format.version:
        raise StoreUnusable(f"{path} was written by a newer release (format {version})")
    if not empty and version != file_format.version:
        raise StoreUnusable(f"{path} has the unknown format {version}")


def _set_pragmas(connection: sqlite3.Connection, synchronous: Synchronous) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise sqlite3.OperationalError("the file system does not allow a write-ahead log")
    for pragma in (
        f"synchronous = {synchronous}",
        "fullfsync = ON",  # macOS: fsync alone leaves data in the drive's cache
        "checkpoint_fullfsync = ON",
        "foreign_keys = ON",
        "cache_size = -16384",
        "wal_autocheckpoint = 0",  # SQLite's own swallows I/O errors: see `checkpoint`
        "trusted_schema = OFF",
        "cell_size_check = ON",
        "temp_store = MEMORY",  # nothing may be spilt outside the data directory
    ):
        connection.execute(f"PRAGMA {pragma}")


def _check_pages(connection: sqlite3.Connection, path: Path) -> None:
    findings = connection.execute("PRAGMA quick_check(1)").fetchall()
    if findings != [("ok",)]:
        raise StoreUnusable(f"{path} is damaged; restore the newest backup")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _statements(schema: str) -> Iterator[str]:
    """The statements of a schema one by one: `executescript` would end the transaction."""
    statement = ""
    for line in schema.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
