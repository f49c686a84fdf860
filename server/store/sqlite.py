"""The store in SQLite: one file, one process, no other service.

One thread writes, another reads; the event loop never touches the disk. State and trees are kept on the
loop's side, so that roots and proofs of a log in use need neither thread.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeVar

from server.errors import RequestRefused, StoreFailed, UnknownLog
from server.store import live_logs, rules, sqlite_logs, sqlite_mailboxes, sqlite_tokens
from server.store.database import Format, lock, open_reader, provision
from server.store.database_thread import DatabaseThread, Health
from server.store.model import (
    Access,
    AdmissionToken,
    AppendedBatch,
    Duplicate,
    LogHead,
    MailboxLimits,
    MailboxSlot,
    PendingAppend,
    StoredCheckpoint,
    StoredLog,
)

Result = TypeVar("Result")

DATABASE_NAME: Final = "relay.db"
LOCK_NAME: Final = "relay.lock"
FORMAT: Final = Format(
    application_id=0x50524C59,  # "PRLY"
    version=1,
    schema=files(__package__).joinpath("schema.sql").read_text("utf-8"),
)
MAX_UNSAVED_CHECKPOINTS: Final = 1024


class SqliteStore:
    """A `RelayStore` in one directory.

    Args:
        directory: Where the database lies; made, readable by this user only, if it is not there.
        limits: What the mailboxes of one log may take up.
        max_leaves: Bound of what is kept of logs in use.
        exclusive: Whether to lock the directory, as the relay does. Without the lock only the methods of
            admission tokens may be used, beside a running relay.
    """

    def __init__(
        self,
        directory: Path,
        *,
        limits: MailboxLimits | None = None,
        max_leaves: int = live_logs.DEFAULT_MAX_LEAVES,
        exclusive: bool = True,
    ) -> None:
        path = directory / DATABASE_NAME
        self._directory = directory
        self._exclusive = exclusive
        self._limits = limits or MailboxLimits()
        self._health = Health()
        self._writer = DatabaseThread("store-writer", partial(provision, path, FORMAT), self._health)
        self._reader = DatabaseThread("store-reader", partial(open_reader, path), self._health)
        self._logs = sqlite_logs.LogWriter()
        self._live = live_logs.LiveLogs(self._load, max_leaves=max_leaves)
        self._unsaved: list[StoredCheckpoint] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._lock: int | None = None

    async def open(self) -> None:
        """See `RelayStore`. A store is opened once; make another object to open it again."""
        if self._exclusive:
            self._lock = lock(self._directory / LOCK_NAME)
        try:
            await self._writer.start()
            await self._reader.start()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """See `RelayStore`."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._live.drain()
        try:
            if self._unsaved:
                await self._after_writes(lambda _: None)
        except StoreFailed:
            # The owner heard of it from the call that failed; a checkpoint not kept is signed again.
            self._unsaved.clear()
        finally:
            await self._reader.stop()
            await self._writer.stop()
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    async def create_log(
        self, genesis: bytes, *, access_key: bytes, now_ms: int, token_hash: bytes | None = None
    ) -> LogHead:
        """See `RelayStore`."""
        job = partial(
            self._logs.create, genesis=genesis, access_key=access_key, now_ms=now_ms, token_hash=token_hash
        )
        log_id = await self._carry_through(self._write_logs(job))
        return await self.head(log_id)

    async def log(self, log_id: bytes) -> StoredLog | None:
        """See `RelayStore`."""
        try:
            return (await self._live.get(log_id)).state
        except UnknownLog:
            return None

    async def log_ids(self) -> tuple[bytes, ...]:
        """See `RelayStore`."""
        return await self._reader.read(sqlite_logs.log_ids)

    async def head(self, log_id: bytes) -> LogHead:
        """See `RelayStore`."""
        return (await self._live.get(log_id)).head()

    async def append_batch(self, appends: Sequence[PendingAppend]) -> AppendedBatch:
        """See `RelayStore`."""
        return await self._carry_through(self._append_batch(tuple(appends)))

    async def access(self, log_id: bytes, *, epoch: int, access_key: bytes) -> Access | None:
        """See `RelayStore`."""
        state = await self.log(log_id)
        if state is None:
            return None
        if not rules.keeps_past_keys(state, epoch=epoch):
            return rules.live_access(state, epoch=epoch, access_key=access_key)
        return await self._reader.read(
            partial(sqlite_logs.past_access, log_id=log_id, epoch=epoch, access_key=access_key)
        )

    async def use_key(self, log_id: bytes, *, epoch: int, access_key: bytes) -> StoredLog:
        """See `RelayStore`."""
        state = (await self._live.get(log_id)).state
        if rules.use(state, epoch=epoch, access_key=access_key) is state:
            return state
        return await self._carry_through(self._use_key(log_id, epoch, access_key))

    async def find(self, log_id: bytes, message_hash: bytes) -> Duplicate | None:
        """See `RelayStore`."""
        return await self._reader.read(partial(sqlite_logs.find, log_id=log_id, message_hash=message_hash))

    async def read(self, log_id: bytes, start: int, *, max_count: int, max_bytes: int) -> tuple[bytes, ...]:
        """See `RelayStore`."""
        return await self._reader.read(
            partial(sqlite_logs.read, log_id=log_id, start=start, max_count=max_count, max_bytes=max_bytes)
        )

    async def root(self, log_id: bytes, size: int) -> bytes:
        """See `RelayStore`."""
        tree = (await self._live.get(log_id)).tree
        rules.check_sizes(0, size, tree.size)
        return tree.root(size)

    async def consistency_proof(self, log_id: bytes, *, old_size: int, new_size: int) -> tuple[bytes, ...]:
        """See `RelayStore`."""
        tree = (await self._live.get(log_id)).tree
        rules.check_sizes(old_size, new_size, tree.size)
        return tree.consistency_proof(old_size, new_size)

    async def inclusion_proof(self, log_id: bytes, *, index: int, size: int) -> tuple[bytes, ...]:
        """See `RelayStore`."""
        tree = (await self._live.get(log_id)).tree
        rules.check_sizes(index + 1, size, tree.size)
        return tree.inclusion_proof(index, size)

    async def save_checkpoints(self, checkpoints: Sequence[StoredCheckpoint]) -> None:
        """See `RelayStore`. They are written with the next batch."""
        self._unsaved.extend(checkpoints)
        if len(self._unsaved) >= MAX_UNSAVED_CHECKPOINTS:
            await self._after_writes(lambda _: None)

    async def last_checkpoint(self, log_id: bytes) -> StoredCheckpoint | None:
        """See `RelayStore`."""
        return await self._after_writes(partial(sqlite_logs.last_checkpoint, log_id=log_id))

    async def checkpoints(
        self, log_id: bytes, *, after_size: int = 0, max_count: int = 1000
    ) -> tuple[StoredCheckpoint, ...]:
        """See `RelayStore`."""
        return await self._after_writes(
            partial(sqlite_logs.checkpoints, log_id=log_id, after_size=after_size, max_count=max_count)
        )

    async def open_mailbox(self, mailbox: bytes, *, log_id: bytes, now_ms: int, expires_ms: int) -> None:
        """See `RelayStore`."""
        await self._writer.write(
            partial(
                sqlite_mailboxes.open_mailbox,
                mailbox=mailbox,
                log_id=log_id,
                now_ms=now_ms,
                expires_ms=expires_ms,
                limits=self._limits,
            )
        )

    async def post_blob(
        self, mailbox: bytes, *, slot: int, index: int, blob: bytes, final: bool, now_ms: int
    ) -> MailboxSlot:
        """See `RelayStore`."""
        return await self._writer.write(
            partial(
                sqlite_mailboxes.post_blob,
                mailbox=mailbox,
                slot=slot,
                index=index,
                blob=blob,
                final=final,
                now_ms=now_ms,
                limits=self._limits,
            )
        )

    async def read_mailbox(self, mailbox: bytes, *, slot: int, now_ms: int) -> MailboxSlot:
        """See `RelayStore`."""
        return await self._reader.read(
            partial(sqlite_mailboxes.read_mailbox, mailbox=mailbox, slot=slot, now_ms=now_ms)
        )

    async def close_mailbox(self, mailbox: bytes) -> None:
        """See `RelayStore`."""
        await self._writer.write(partial(sqlite_mailboxes.close_mailbox, mailbox=mailbox))

    async def expire_mailboxes(self, now_ms: int) -> tuple[bytes, ...]:
        """See `RelayStore`."""
        return await self._writer.write(partial(sqlite_mailboxes.expire_mailboxes, now_ms=now_ms))

    async def create_token(self, token: AdmissionToken) -> None:
        """See `RelayStore`."""
        await self._writer.write(partial(sqlite_tokens.create_token, token=token))

    async def admission(self, token_hash: bytes, *, now_ms: int) -> AdmissionToken | None:
        """See `RelayStore`."""
        return await self._reader.read(partial(sqlite_tokens.admission, token_hash=token_hash, now_ms=now_ms))

    async def tokens(self) -> tuple[AdmissionToken, ...]:
        """See `RelayStore`."""
        return await self._reader.read(sqlite_tokens.tokens)

    async def revoke_token(self, label: str) -> bool:
        """See `RelayStore`."""
        return await self._writer.write(partial(sqlite_tokens.revoke_token, label=label))

    async def _load(self, log_id: bytes) -> tuple[StoredLog, Sequence[bytes]]:
        return await self._reader.read(partial(sqlite_logs.load, log_id=log_id))

    async def _append_batch(self, appends: tuple[PendingAppend, ...]) -> AppendedBatch:
        log_ids = dict.fromkeys(append.log for append in appends)
        with self._live.pinned(log_ids):
            for log_id in log_ids:
                with suppress(UnknownLog):  # its appends are answered one by one
                    await self._live.get(log_id)
            growth = await self._write_logs(partial(self._logs.append, appends=appends))
            heads = [self._live.grow(*grown) for grown in growth.grown.values()]
        return AppendedBatch(tuple(growth.outcomes), tuple(heads))

    async def _use_key(self, log_id: bytes, epoch: int, access_key: bytes) -> StoredLog:
        job = partial(self._logs.use_key, log_id=log_id, epoch=epoch, access_key=access_key)
        with self._live.pinned((log_id,)):
            await self._live.get(log_id)
            return self._live.grow(await self._write_logs(job), ()).stored

    async def _after_writes(self, job: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run a job on the writing thread.

        So that it sees all that was handed over before, checkpoints included.
        """
        return await self._carry_through(self._write_logs(job))

    async def _write_logs(self, job: Callable[[sqlite3.Connection], Result]) -> Result:
        """One transaction on the logs, which also saves the checkpoints that have been waiting for one."""
        checkpoints, self._unsaved = self._unsaved, []
        logs = self._logs

        def with_checkpoints(connection: sqlite3.Connection) -> Result:
            logs.save_checkpoints(connection, checkpoints)
            return job(connection)

        try:
            return await self._writer.write(with_checkpoints)
        except RequestRefused:
            self._unsaved = checkpoints + self._unsaved
            raise

    async def _carry_through(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run to the end what memory and disk must both hear of, whether or not the caller stays."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finish)
        return await asyncio.shield(task)

    def _finish(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(error := task.exception(), StoreFailed):
            self._health.fail(str(error))
