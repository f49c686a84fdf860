"""One thread that owns one SQLite connection, and does one job after the other for an event loop.

A blocking disk must not hold up the loop, and a connection must not be shared. Jobs run in the order in which
they were handed over, and their answers come back in that order. The first error of the machine ends it:
after a failed sync nobody knows what is on disk (AUDIT.md section 5), so the thread then refuses everything.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from server.errors import OperatorError, RequestRefused, StoreFailed
from server.store.database import Connect, checkpoint, transaction

Result = TypeVar("Result")

CHANGES_PER_CHECKPOINT = 4096
"""Changed rows between two checkpoints: some 1,500 entries, and 10 MB of write-ahead log."""


@dataclass(slots=True)
class Health:
    """Whether a store may still be used; its threads share one, so that the first failure stops them all."""

    failure: str | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fail(self, reason: str) -> None:
        """Note the first failure; later ones follow from it and are not kept."""
        with self._lock:
            self.failure = self.failure or reason

    def check(self) -> None:
        """Raise StoreFailed if anything has failed before."""
        if self.failure is not None:
            raise StoreFailed(self.failure)


class DatabaseThread:
    """Runs jobs on its own connection; now and then, after an answer, it empties the write-ahead log.

    Args:
        name: The thread's name, for people who look at a stuck process.
        connect: Opens the connection; called once, on the thread.
        health: Shared with the store's other threads.
    """

    def __init__(self, name: str, connect: Connect, health: Health) -> None:
        self._connect = connect
        self._health = health
        self._jobs: queue.SimpleQueue[Callable[[sqlite3.Connection], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)
        self._opened: asyncio.Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Future[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        """Start the thread and open the connection.

        Raises:
            StoreUnusable: What `connect` raised.
        """
        self._loop = asyncio.get_running_loop()
        self._opened = self._loop.create_future()
        self._ended = self._loop.create_future()
        self._thread.start()
        await self._opened

    async def read(self, job: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run a job that reads, or writes with one statement, which SQLite makes a transaction.

        Cancellation gives up the answer; the job runs anyway.

        Raises:
            StoreFailed: The machine failed, now or before.
            RequestRefused: The job raised it.
        """
        return await self._submit(job)

    async def write(self, job: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run a job inside one transaction, durable before this returns; errors and cancellation as `read`.

        A job that raises leaves nothing behind.
        """

        def in_transaction(connection: sqlite3.Connection) -> Result:
            with transaction(connection):
                return job(connection)

        return await self._submit(in_transaction)

    async def stop(self) -> None:
        """Finish the jobs handed over, close the connection, end the thread. Repeating it is fine."""
        if self._ended is None:
            return
        if not self._stopping:
            self._stopping = True
            self._jobs.put(None)
        await asyncio.shield(self._ended)
        self._thread.join()

    def _submit(self, job: Callable[[sqlite3.Connection], Result]) -> asyncio.Future[Result]:
        self._health.check()
        loop = self._loop
        if loop is None or self._stopping:
            raise StoreFailed("the store is not open")
        future: asyncio.Future[Result] = loop.create_future()

        def run(connection: sqlite3.Connection) -> None:
            try:
                self._health.check()
                result = job(connection)
            except (RequestRefused, OperatorError, StoreFailed) as error:
                if isinstance(error, StoreFailed):
                    self._health.fail(str(error))
                loop.call_soon_threadsafe(_fail, future, error)
            except Exception as error:
                self._health.fail(f"{type(error).__name__}: {error}")
                failure = StoreFailed(f"{type(error).__name__}: {error}")
                failure.__cause__ = error
                loop.call_soon_threadsafe(_fail, future, failure)
            else:
                loop.call_soon_threadsafe(_succeed, future, result)

        self._jobs.put(run)
        return future

    def _main(self) -> None:
        loop, opened, ended = self._loop, self._opened, self._ended
        assert loop is not None and opened is not None and ended is not None  # noqa: S101, PT018 -- `start`
        try:
            connection = self._connect()
        except Exception as error:
            loop.call_soon_threadsafe(_fail, opened, error)
            loop.call_soon_threadsafe(_succeed, ended, None)
            return
        loop.call_soon_threadsafe(_succeed, opened, None)
        checkpointed = connection.total_changes
        try:
            while (job := self._jobs.get()) is not None:
                job(connection)
                if connection.total_changes - checkpointed >= CHANGES_PER_CHECKPOINT:
                    checkpointed = connection.total_changes
                    self._checkpoint(connection)
        finally:
            connection.close()
            loop.call_soon_threadsafe(_succeed, ended, None)

    def _checkpoint(self, connection: sqlite3.Connection) -> None:
        try:
            self._health.check()
            checkpoint(connection)
        except (StoreFailed, sqlite3.Error) as error:
            self._health.fail(f"{type(error).__name__}: {error}")


def _succeed(future: asyncio.Future[Result], result: Result) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Result], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
