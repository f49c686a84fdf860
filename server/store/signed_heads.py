"""What this relay has signed last, per log, kept apart from the database: the guard against an old backup.

A relay whose database is put back to an earlier state would sign a second history over positions that it has
already signed. Members would see a fork; nobody could tell the mishap from an attack. So the last (size,
root) of each log is recorded in a file of its own *before* it is signed, and nothing below it is signed again
(AUDIT.md section 4).
"""

import asyncio
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from server.errors import RollbackRefused
from server.store import RelayStore, many
from server.store.database import Format, checkpoint, provision
from server.store.database_thread import DatabaseThread, Health

FORMAT: Final = Format(
    application_id=0x50524C48,  # "PRLH"
    version=1,
    schema="""
        CREATE TABLE signed_heads (
            log  BLOB PRIMARY KEY,      -- log id
            size INTEGER NOT NULL,      -- entries covered by the newest checkpoint
            root BLOB NOT NULL,         -- its RFC 6962 root
            CHECK (length(log) = 32 AND length(root) = 32)
        ) STRICT, WITHOUT ROWID;
    """,
)

_UPSERT: Final = """
    INSERT INTO signed_heads (log, size, root) VALUES {rows}
    ON CONFLICT (log) DO UPDATE SET size = excluded.size, root = excluded.root
"""

REMEMBERED_HEADS: Final = 10_000
"""How many of the newest heads `last` gives without asking the disk."""

SYNC_INTERVAL_S: Final = 1.0
"""How long a record may wait for its sync while more are coming."""


@dataclass(frozen=True, slots=True)
class SignedHead:
    """That the relay has signed, or was about to sign, this root (32 bytes) over the first `size` entries."""

    log: bytes
    size: int
    root: bytes


class SignedHeads(Protocol):
    """The record of what was signed. Failures and cancellation are as for `RelayStore`."""

    async def open(self) -> None:
        """Make it ready; creates it where there is none. Raises StoreUnusable."""

    async def close(self) -> None:
        """Finish and release everything. Repeating it does nothing."""

    async def advance(self, heads: Sequence[SignedHead]) -> None:
        """Record heads, all or none, before they are signed. The same head again is fine.

        Survives the death of the process at once. The loss of power may leave it behind by what was recorded
        in the last moments, never ahead of what was given, and never damaged.

        Raises:
            RollbackRefused: A head is below the recorded one, or of the same size with another root.
        """

    async def last(self, log_id: bytes) -> SignedHead | None:
        """The recorded head of a log, or None."""

    async def all(self) -> tuple[SignedHead, ...]:
        """Every recorded head, by log id."""


class MemorySignedHeads:
    """A `SignedHeads` for the store in memory: lost with the process, as the logs are."""

    def __init__(self) -> None:
        self._heads: dict[bytes, SignedHead] = {}

    async def open(self) -> None:
        """See `SignedHeads`."""

    async def close(self) -> None:
        """See `SignedHeads`."""

    async def advance(self, heads: Sequence[SignedHead]) -> None:
        """See `SignedHeads`."""
        advanced = dict(self._heads)
        for head in heads:
            _refuse_rollback(advanced.get(head.log), head)
            advanced[head.log] = head
        self._heads = advanced

    async def last(self, log_id: bytes) -> SignedHead | None:
        """See `SignedHeads`."""
        return self._heads.get(log_id)

    async def all(self) -> tuple[SignedHead, ...]:
        """See `SignedHeads`."""
        return tuple(self._heads[log_id] for log_id in sorted(self._heads))


class SqliteSignedHeads:
    """A `SignedHeads` in one small SQLite file.

    Args:
        path: The file; best on another disk than the database, and never part of the same backup.
    """

    def __init__(self, path: Path) -> None:
        # Not synced at every commit: after the loss of power the record may lag behind the database, which is
        # harmless, as only the return of an old backup would make it matter. Half a millisecond a batch is
        # not.
        connect = partial(provision, path, FORMAT, synchronous="NORMAL")
        self._thread = DatabaseThread("signed-heads", connect, Health())
        self._synced_at = 0.0
        self._recorded: OrderedDict[bytes, SignedHead] = OrderedDict()
        self._turn = asyncio.Lock()  # so that what is remembered is what the next one finds recorded
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """See `SignedHeads`."""
        try:
            await self._thread.start()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """See `SignedHeads`."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._thread.stop()

    async def advance(self, heads: Sequence[SignedHead]) -> None:
        """See `SignedHeads`."""
        task = asyncio.create_task(self._advance(tuple(heads)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)

    async def _advance(self, heads: tuple[SignedHead, ...]) -> None:
        async with self._turn:
            recorded = {head.log: self._recorded[head.log] for head in heads if head.log in self._recorded}
            job = partial(_advance, heads=heads, recorded=recorded)
            # One statement is a transaction by itself, and a third of the work of BEGIN, it, and COMMIT.
            one = len(heads) <= many.LARGEST_GROUP
            await (self._thread.read(job) if one else self._thread.write(job))
            for head in heads:
                self._recorded[head.log] = head
                self._recorded.move_to_end(head.log)
        while len(self._recorded) > REMEMBERED_HEADS:
            self._recorded.popitem(last=False)
        if time.monotonic() >= self._synced_at + SYNC_INTERVAL_S:
            self._synced_at = time.monotonic()
            await self._thread.read(checkpoint)

    async def last(self, log_id: bytes) -> SignedHead | None:
        """See `SignedHeads`."""
        return self._recorded.get(log_id) or await self._thread.read(partial(_last, log_id=log_id))

    async def all(self) -> tuple[SignedHead, ...]:
        """See `SignedHeads`."""
        return await self._thread.read(_all)


async def check(heads: SignedHeads, store: RelayStore) -> None:
    """Compare all that was signed with what the store holds; to be done before anything is signed.

    Raises:
        RollbackRefused: A log is missing, shorter than, or differs from, what was signed.
        StoreFailed: The store could not be read.
    """
    for head in await heads.all():
        stored = await store.log(head.log)
        if stored is None or stored.size < head.size:
            raise RollbackRefused("the database is older than what this relay has signed")
        if await store.root(head.log, head.size) != head.root:
            raise RollbackRefused("the database differs from what this relay has signed")


def _advance(
    connection: sqlite3.Connection, heads: tuple[SignedHead, ...], recorded: Mapping[bytes, SignedHead]
) -> None:
    """Record the heads; `recorded` is what is known of earlier ones, the rest is read."""
    newest: dict[bytes, SignedHead] = {}
    for head in heads:
        last = newest.get(head.log) or recorded.get(head.log) or _last(connection, head.log)
        _refuse_rollback(last, head)
        newest[head.log] = head
    many.execute(connection, _UPSERT, [(head.log, head.size, head.root) for head in newest.values()])


def _last(connection: sqlite3.Connection, log_id: bytes) -> SignedHead | None:
    row = connection.execute("SELECT log, size, root FROM signed_heads WHERE log = ?", (log_id,)).fetchone()
    return None if row is None else SignedHead(*row)


def _all(connection: sqlite3.Connection) -> tuple[SignedHead, ...]:
    rows = connection.execute("SELECT log, size, root FROM signed_heads ORDER BY log")
    return tuple(SignedHead(*row) for row in rows)


def _refuse_rollback(last: SignedHead | None, head: SignedHead) -> None:
    if last is None:
        return
    if head.size < last.size:
        raise RollbackRefused("asked to sign below what this relay has signed")
    if head.size == last.size and head.root != last.root:
        raise RollbackRefused("asked to sign another root for a size that this relay has signed")
