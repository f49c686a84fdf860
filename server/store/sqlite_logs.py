"""Logs in SQLite: what runs on the database's threads.

`LogWriter` belongs to the writing thread and is called inside a transaction; the functions below it only
read.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from protocols.log.entry import Entry, decode_entry
from protocols.log.merkle import leaf_hash
from server.errors import LogExists, StoreFailed, UnknownLog
from server.store import many, rules
from server.store.model import (
    Access,
    Appended,
    AppendOutcome,
    Duplicate,
    LogUnknown,
    PendingAppend,
    StoredCheckpoint,
    StoredLog,
)

POSITION_BITS = 40
"""An entry's row id is its log's number shifted by this, plus its position."""

RECHECKED_ENTRIES = 64
"""How many of a log's newest entries are hashed again when it is first touched: at least the last batch."""

KEPT_STATES = 10_000
"""How many logs the writing thread remembers between batches."""


_INSERT_ENTRIES = "INSERT INTO entries (id, log, message_hash, leaf_hash, entry) VALUES {rows}"

_SELECT_KNOWN = """
    WITH asked (log, message_hash) AS (VALUES {rows})
    SELECT entries.log, entries.message_hash, id, entry FROM asked CROSS JOIN entries
    ON entries.log = asked.log AND entries.message_hash = asked.message_hash
"""

_UPDATE_LOGS = """
    WITH new (number, size, epoch, boundary, settled, last_time_ms) AS (VALUES {rows})
    UPDATE logs SET size = new.size, epoch = new.epoch, boundary = new.boundary, settled = new.settled,
    last_time_ms = new.last_time_ms FROM new WHERE logs.number = new.number
"""

_INSERT_CHECKPOINTS = "INSERT OR IGNORE INTO checkpoints (log, size, note) VALUES {rows}"


@dataclass(slots=True)
class _Row:
    """A log as the writing thread knows it, with its local number."""

    number: int
    state: StoredLog


@dataclass(frozen=True, slots=True)
class Growth:
    """What a batch did: an outcome per append, and each log that grew with its new leaf hashes in order."""

    outcomes: list[AppendOutcome]
    grown: dict[bytes, tuple[StoredLog, list[bytes]]]


class LogWriter:
    """Changes logs; remembers their state from batch to batch, as nobody else writes them.

    What is remembered runs ahead of the database only within a transaction; one that fails ends the store.
    """

    def __init__(self) -> None:
        self._rows: dict[bytes, _Row] = {}

    def create(
        self,
        connection: sqlite3.Connection,
        *,
        genesis: bytes,
        access_key: bytes,
        now_ms: int,
        token_hash: bytes | None,
    ) -> bytes:
        """Create the log unless it is there; returns its id. Raises LogExists for another access key."""
        log_id = hashlib.sha256(genesis).digest()
        known = self._row(connection, log_id)
        if known is not None:
            if _live_keys(connection, known.number, 0)[0] != (access_key,):
                raise LogExists("the genesis is registered with another access key")
            return log_id
        state = rules.new_log(
            genesis, log_id=log_id, access_key=access_key, now_ms=now_ms, token_hash=token_hash
        )
        number = connection.execute(
            "INSERT INTO logs (log, size, epoch, boundary, settled, last_time_ms, token_hash)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (log_id, state.size, state.epoch, state.boundary, state.settled, now_ms, token_hash),
        ).lastrowid
        assert number is not None  # noqa: S101 -- an INSERT has one
        connection.execute(
            "INSERT INTO entries (id, log, message_hash, leaf_hash, entry) VALUES (?, ?, ?, ?, ?)",
            (number << POSITION_BITS, number, log_id, leaf_hash(genesis), genesis),
        )
        _write_keys(connection, number, state)
        return log_id

    def append(self, connection: sqlite3.Connection, appends: Sequence[PendingAppend]) -> Growth:
        """Decide and write a batch; see `RelayStore.append_batch`."""
        if len(self._rows) > KEPT_STATES:
            self._rows.clear()
        growth = Growth([], {})
        rows = {append.log: self._row(connection, append.log) for append in appends}
        known = _known(connection, [(row.number, a.message_hash) for a in appends if (row := rows[a.log])])
        entries: list[many.Row] = []
        for append in appends:
            row = rows[append.log]
            if row is None:
                growth.outcomes.append(LogUnknown())
                continue
            key = (row.number, append.message_hash)
            access = _access(connection, row.number, row.state, append.epoch, append.access_key)
            decision = rules.decide(row.state, append, access=access, first=known.get(key))
            outcome = decision.outcome
            if isinstance(outcome, Appended):
                known[key] = Duplicate(outcome.position, outcome.relay_time_ms)
                row_id = row.number << POSITION_BITS | outcome.position
                entries.append((row_id, *key, outcome.leaf_hash, outcome.entry))
                self._move(connection, row, decision.log)
                leaves = growth.grown[append.log][1] if append.log in growth.grown else []
                leaves.append(outcome.leaf_hash)
                growth.grown[append.log] = (decision.log, leaves)
            growth.outcomes.append(outcome)
        many.execute(connection, _INSERT_ENTRIES, entries)
        grown = [row for log_id in growth.grown if (row := rows[log_id])]
        many.execute(connection, _UPDATE_LOGS, [_columns(row) for row in grown])
        return growth

    def use_key(
        self, connection: sqlite3.Connection, *, log_id: bytes, epoch: int, access_key: bytes
    ) -> StoredLog:
        """Note the use of a key; see `RelayStore.use_key`."""
        row = self._row(connection, log_id)
        if row is None:
            raise UnknownLog("there is no such log")
        after = rules.use(row.state, epoch=epoch, access_key=access_key)
        if after is not row.state:
            self._move(connection, row, after)
            many.execute(connection, _UPDATE_LOGS, [_columns(row)])
        return row.state

    def save_checkpoints(
        self, connection: sqlite3.Connection, checkpoints: Sequence[StoredCheckpoint]
    ) -> None:
        """Keep signed checkpoints; one per log and size, the first stays."""
        rows = [(self._row(connection, checkpoint.log), checkpoint) for checkpoint in checkpoints]
        values = [(row.number, checkpoint.size, checkpoint.note) for row, checkpoint in rows if row]
        many.execute(connection, _INSERT_CHECKPOINTS, values)

    def _move(self, connection: sqlite3.Connection, row: _Row, after: StoredLog) -> None:
        """Adopt the state after an append; keys are written when they changed, within the transaction."""
        before = row.state
        if (before.epoch, before.candidates, before.boundary) != (
            after.epoch,
            after.candidates,
            after.boundary,
        ):
            _write_keys(connection, row.number, after)
        row.state = after

    def _row(self, connection: sqlite3.Connection, log_id: bytes) -> _Row | None:
        row = self._rows.get(log_id)
        if row is None and (found := _load(connection, log_id)) is not None:
            row = self._rows[log_id] = _Row(*found)
        return row


def log_ids(connection: sqlite3.Connection) -> tuple[bytes, ...]:
    """Every log, oldest first."""
    return tuple(log_id for (log_id,) in connection.execute("SELECT log FROM logs ORDER BY number"))


def past_access(
    connection: sqlite3.Connection, log_id: bytes, epoch: int, access_key: bytes
) -> Access | None:
    """What a key of an epoch that is at least two back may read."""
    return _past_access(connection, _number(connection, log_id), epoch, access_key)


def find(connection: sqlite3.Connection, log_id: bytes, message_hash: bytes) -> Duplicate | None:
    """Where a message stands; see `RelayStore.find`."""
    with _snapshot(connection):
        key = (_number(connection, log_id), message_hash)
        return _known(connection, [key]).get(key)


def read(
    connection: sqlite3.Connection, log_id: bytes, start: int, max_count: int, max_bytes: int
) -> tuple[bytes, ...]:
    """Entries in order; see `RelayStore.read`."""
    number = _number(connection, log_id)
    first = number << POSITION_BITS | min(start, (1 << POSITION_BITS) - 1)
    rows = connection.execute(
        "SELECT entry FROM entries WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?",
        (first, (number + 1 << POSITION_BITS) - 1, max_count),
    )
    return tuple(rules.within((entry for (entry,) in rows), max_bytes))


def load(connection: sqlite3.Connection, log_id: bytes) -> tuple[StoredLog, list[bytes]]:
    """A log and all its leaf hashes, checked against its size and its newest entries.

    Raises:
        UnknownLog: There is none.
        StoreFailed: They do not match.
    """
    with _snapshot(connection):
        found = _load(connection, log_id)
        if found is None:
            raise UnknownLog("there is no such log")
        number, state = found
        first = number << POSITION_BITS
        rows = connection.execute(
            "SELECT id, leaf_hash FROM entries WHERE id BETWEEN ? AND ? ORDER BY id",
            (first, (number + 1 << POSITION_BITS) - 1),
        ).fetchall()
        if [row_id for row_id, _ in rows] != list(range(first, first + state.size)):
            raise StoreFailed("the database is damaged: a log has entries missing, or too many")
        newest = max(0, state.size - RECHECKED_ENTRIES)
        entries = connection.execute(
            "SELECT entry FROM entries WHERE id BETWEEN ? AND ? ORDER BY id",
            (first + newest, first + state.size - 1),
        )
        for (entry,), (_, stored) in zip(entries, rows[newest:], strict=True):
            if leaf_hash(entry) != stored:
                raise StoreFailed("the database is damaged: an entry does not match its hash")
    return state, [stored for _, stored in rows]


def last_checkpoint(connection: sqlite3.Connection, log_id: bytes) -> StoredCheckpoint | None:
    """The kept checkpoint of the greatest size."""
    row = connection.execute(
        "SELECT checkpoints.size, note FROM checkpoints JOIN logs ON number = checkpoints.log"
        " WHERE logs.log = ? ORDER BY checkpoints.size DESC LIMIT 1",
        (log_id,),
    ).fetchone()
    return None if row is None else StoredCheckpoint(log_id, *row)


def checkpoints(
    connection: sqlite3.Connection, log_id: bytes, after_size: int, max_count: int
) -> tuple[StoredCheckpoint, ...]:
    """Kept checkpoints above a size, smallest first."""
    rows = connection.execute(
        "SELECT checkpoints.size, note FROM checkpoints JOIN logs ON number = checkpoints.log"
        " WHERE logs.log = ? AND checkpoints.size > ? ORDER BY checkpoints.size LIMIT ?",
        (log_id, after_size, max_count),
    )
    return tuple(StoredCheckpoint(log_id, size, note) for size, note in rows)


def _load(connection: sqlite3.Connection, log_id: bytes) -> tuple[int, StoredLog] | None:
    with _snapshot(connection):
        row = connection.execute(
            "SELECT number, size, epoch, boundary, settled, last_time_ms, token_hash, entry FROM logs"
            " JOIN entries ON id = number << ? WHERE logs.log = ?",
            (POSITION_BITS, log_id),
        ).fetchone()
        if row is None:
            return None
        number, size, epoch, boundary, settled, last_time_ms, token_hash, genesis = row
        candidates, registered_ms = _live_keys(connection, number, epoch)
        return number, StoredLog(
            log=log_id,
            genesis=genesis,
            size=size,
            epoch=epoch,
            candidates=candidates,
            registered_ms=registered_ms,
            previous=_live_keys(connection, number, epoch - 1)[0],
            boundary=boundary,
            settled=bool(settled),
            last_time_ms=last_time_ms,
            token_hash=token_hash,
        )


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Several SELECTs that see one state; inside a transaction they do already."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def _number(connection: sqlite3.Connection, log_id: bytes) -> int:
    row = connection.execute("SELECT number FROM logs WHERE log = ?", (log_id,)).fetchone()
    if row is None:
        raise UnknownLog("there is no such log")
    return int(row[0])


def _access(
    connection: sqlite3.Connection, number: int, state: StoredLog, epoch: int, access_key: bytes
) -> Access | None:
    if rules.keeps_past_keys(state, epoch=epoch):
        return _past_access(connection, number, epoch, access_key)
    return rules.live_access(state, epoch=epoch, access_key=access_key)


def _past_access(connection: sqlite3.Connection, number: int, epoch: int, access_key: bytes) -> Access | None:
    row = connection.execute(
        "SELECT readable FROM access_keys WHERE log = ? AND epoch = ? AND access_key = ?",
        (number, epoch, access_key),
    ).fetchone()
    return None if row is None else Access(epoch=epoch, readable=row[0], current=False)


def _live_keys(
    connection: sqlite3.Connection, number: int, epoch: int
) -> tuple[tuple[bytes, ...], tuple[int, ...]]:
    """The keys of an epoch in log order, and when each was registered (0 once the epoch is over)."""
    rows = connection.execute(
        "SELECT access_key, coalesce(registered_ms, 0) FROM access_keys"
        " WHERE log = ? AND epoch = ? ORDER BY rank",
        (number, epoch),
    ).fetchall()
    return tuple(access_key for access_key, _ in rows), tuple(registered_ms for _, registered_ms in rows)


def _write_keys(connection: sqlite3.Connection, number: int, state: StoredLog) -> None:
    """Write the keys of the current epoch and the one before; losers of a contest disappear."""
    epoch = state.epoch
    connection.execute("DELETE FROM access_keys WHERE log = ? AND epoch >= ?", (number, epoch - 1))
    rows: list[many.Row] = [
        (number, epoch - 1, rank, key, state.boundary, None) for rank, key in enumerate(state.previous)
    ]
    rows += [
        (number, epoch, rank, key, None, registered_ms)
        for rank, (key, registered_ms) in enumerate(zip(state.candidates, state.registered_ms, strict=True))
    ]
    connection.executemany(
        "INSERT INTO access_keys (log, epoch, rank, access_key, readable, registered_ms)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        rows,
    )


def _columns(row: _Row) -> many.Row:
    state = row.state
    return (row.number, state.size, state.epoch, state.boundary, int(state.settled), state.last_time_ms)


def _known(
    connection: sqlite3.Connection, keys: Sequence[tuple[int, bytes]]
) -> dict[tuple[int, bytes], Duplicate]:
    """Those of the messages.

    By log number and hash, that are in their log already, with position and time.
    """
    known = {}
    for number, message_hash, row_id, entry in many.execute(connection, _SELECT_KNOWN, keys):
        decoded = decode_entry(entry)
        time_ms = decoded.relay_time_ms if isinstance(decoded, Entry) else 0
        known[number, message_hash] = Duplicate(row_id & (1 << POSITION_BITS) - 1, time_ms)
    return known
