"""The encrypted database: one connection, short transactions, one error family.

Calls are synchronous and take well under a millisecond; an async caller makes them directly, or through
`asyncio.to_thread`. One transaction runs at a time: a second thread waits for the first, and a transaction
inside another
on the same thread is a bug.

What is promised: after `transaction()` ends without an exception its changes survive a crash and a power
cut (WAL,
synchronous=FULL); after an exception nothing of it remains. After a disk error the store refuses to go on,
because what is on
the disk is no longer known; opening it again recovers the last complete transaction.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final

from sqlcipher3 import dbapi2

from client.errors import ClientError, DiskFull, ProfileDamaged, ProfileTooNew, StoreFailed
from client.store.channels import Channels
from client.store.history import History
from client.store.invitations import Invitations
from client.store.outbox import Outbox
from client.store.people import People

SCHEMA_VERSION: Final = 1
_APPLICATION_ID: Final = 0x5061726C  # "Parl"
_FULL: Final = dbapi2.SQLITE_FULL
_DAMAGED: Final = frozenset({dbapi2.SQLITE_CORRUPT, dbapi2.SQLITE_NOTADB})
_FAILED: Final = frozenset(
    {dbapi2.SQLITE_IOERR, dbapi2.SQLITE_CANTOPEN, dbapi2.SQLITE_READONLY, dbapi2.SQLITE_PERM}
)


class Transaction:
    """What can be read and changed together; valid until its `with` block ends.

    Attributes:
        people: identity, contacts, verifications, settings.
        channels: channels, their state, drafts.
        history: entries, openings, epochs, checkpoints, conflicts.
        outbox: messages on their way.
        invitations: one-time mailboxes.
    """

    def __init__(self, cursor: dbapi2.Cursor) -> None:
        self.people = People(cursor)
        self.channels = Channels(cursor)
        self.history = History(cursor)
        self.outbox = Outbox(cursor)
        self.invitations = Invitations(cursor)


class ClientStore:
    """An open database. Make one with `create` or `open`, and close it."""

    def __init__(self, connection: dbapi2.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._owner: int | None = None
        self._failed = False
        self._closed = False

    @classmethod
    def create(cls, path: Path, database_key: bytes) -> "ClientStore":
        """Make a new database with the current schema.

        Args:
            path: a file that does not exist; it is made readable by its owner only.
            database_key: 32 random bytes.

        Raises:
            FileExistsError: the file exists.
            DiskFull: no room; an incomplete file may remain.
            StoreFailed: the disk reported an error.
        """
        path.touch(mode=0o600, exist_ok=False)
        store = cls(_connect(path, database_key))
        try:
            with store.transaction():
                store._install_schema()
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def open(cls, path: Path, database_key: bytes) -> "ClientStore":
        """Open an existing database.

        Args:
            path: the file.
            database_key: 32 bytes; the key it was made with.

        Raises:
            ProfileDamaged: the file is missing, truncated, garbled, or of another key.
            ProfileTooNew: a later release wrote it.
            StoreFailed: the disk reported an error.
        """
        if not path.is_file():
            raise _damaged()
        store = cls(_connect(path, database_key))
        try:
            store._check_schema()
        except BaseException:
            store.close()
            raise
        return store

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Read and change the store as one step.

        Yields:
            The tables. What is done with them is committed when the block ends, and undone when it raises.

        Raises:
            DiskFull: no room; nothing was changed, and the store can be used again.
            StoreFailed: the disk reported an error; the store refuses every later call.
            ProfileDamaged: the file is not what was written.
            RuntimeError: called inside another transaction on this thread, or after `close`. A bug.
        """
        with self._exclusive(), self._translated():
            cursor = self._connection.cursor()
            try:
                cursor.execute("BEGIN IMMEDIATE")
                yield Transaction(cursor)
                cursor.execute("COMMIT")
            except BaseException:
                # After some errors (a full disk) SQLite has rolled back by itself.
                if self._connection.in_transaction:
                    cursor.execute("ROLLBACK")
                raise
            finally:
                cursor.close()

    def close(self) -> None:
        """Empty the write-ahead log into the database and close it. A closed store stays closed."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            try:
                if not self._failed:
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except dbapi2.Error:
                self._failed = True  # nothing is lost: the next opening reads the write-ahead log
            finally:
                self._connection.close()

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        if self._owner == threading.get_ident():
            raise RuntimeError("a transaction inside another")
        with self._lock:
            if self._closed:
                raise RuntimeError("the store is closed")
            if self._failed:
                raise StoreFailed
            self._owner = threading.get_ident()
            try:
                yield
            finally:
                self._owner = None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except dbapi2.Error as error:
            failure = _translate(error)
            if failure is None:
                raise
            self._failed = isinstance(failure, StoreFailed)
            raise failure from None

    def _install_schema(self) -> None:
        for statement in _statements(files("client.store").joinpath("schema.sql").read_text("utf-8")):
            self._connection.execute(statement)
        self._connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _check_schema(self) -> None:
        with self._translated():
            (application_id,) = self._connection.execute("PRAGMA application_id").fetchone()
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if application_id != _APPLICATION_ID or version < 1:
            raise _damaged()
        if version > SCHEMA_VERSION:
            raise ProfileTooNew


def _connect(path: Path, database_key: bytes) -> dbapi2.Connection:
    if len(database_key) != 32:
        raise ValueError("a database key is 32 bytes")
    connection = dbapi2.connect(str(path), isolation_level=None, check_same_thread=False)
    try:
        # SQLCipher would print its own diagnosis of a wrong key to stderr.
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute("PRAGMA cipher_log = off")
        connection.execute(f"PRAGMA key = \"x'{database_key.hex()}'\"")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone does not reach the medium
        connection.execute("PRAGMA checkpoint_fullfsync = ON")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA foreign_keys = ON")
    except dbapi2.Error as error:
        connection.close()
        failure = _translate(error)
        if failure is None:
            raise
        raise failure from None
    return connection


def _statements(script: str) -> Iterator[str]:
    """Split a script at its statements' ends; `executescript` would commit in between."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if dbapi2.complete_statement(statement):
            yield statement
            statement = ""


def _translate(error: dbapi2.Error) -> ClientError | None:
    """Return what a database error means to a person, or None when it is a bug of ours."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    if primary == _FULL:
        return DiskFull()
    if primary in _DAMAGED:
        return _damaged()
    if primary in _FAILED:
        return StoreFailed()
    return None


def _damaged() -> ProfileDamaged:
    return ProfileDamaged("the profile's database is damaged: put back parley.db from a backup")
