"""The logs in use, in memory: state and Merkle tree, always in step. What is on disk is what counts."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from protocols.log.merkle import HashTree
from server.errors import StoreFailed
from server.store.model import LogHead, StoredLog

DEFAULT_MAX_LEAVES: Final = 250_000
"""Leaves kept over all logs: a tree takes about 130 bytes a leaf, so some 33 MB."""


@dataclass(slots=True)
class LiveLog:
    """A log and its tree, after the last write that was reported.

    Look at it between two awaits; do not keep it.
    """

    state: StoredLog
    tree: HashTree

    def head(self) -> LogHead:
        """What is to be signed."""
        return LogHead(stored=self.state, root=self.tree.root())

    def grow(self, state: StoredLog, leaf_hashes: Sequence[bytes]) -> None:
        """Adopt what was committed.

        Raises:
            StoreFailed: It does not continue what is here.
        """
        if self.tree.size + len(leaf_hashes) != state.size:
            raise StoreFailed("the tree in memory does not match the log")
        for leaf_hash in leaf_hashes:
            self.tree.append(leaf_hash)
        self.state = state


Load = Callable[[bytes], Awaitable[tuple[StoredLog, Sequence[bytes]]]]


class LiveLogs:
    """A bounded cache. The least recently used go first, except those pinned by a write that is under way.

    Pinning is what keeps it in step with the disk: a log that is being written cannot be loaded meanwhile, so
    what was loaded is never older than what grows it next.

    Args:
        load: Reads a log's state and all its leaf hashes, as committed, in one snapshot.
        max_leaves: When more are kept, logs are dropped (never the one just asked for).
    """

    def __init__(self, load: Load, *, max_leaves: int = DEFAULT_MAX_LEAVES) -> None:
        self._load = load
        self._max_leaves = max_leaves
        self._leaves = 0
        self._logs: OrderedDict[bytes, LiveLog] = OrderedDict()
        self._loading: dict[bytes, asyncio.Task[LiveLog]] = {}
        self._pins: dict[bytes, int] = {}

    async def get(self, log_id: bytes) -> LiveLog:
        """The log, loaded if need be. Cancellation leaves the loading to finish for those who come next.

        Raises:
            UnknownLog: There is no such log.
            StoreFailed: It could not be read.
        """
        log = self._logs.get(log_id)
        if log is not None:
            self._logs.move_to_end(log_id)
            return log
        task = self._loading.get(log_id)
        if task is None:
            task = self._loading[log_id] = asyncio.create_task(self._fill(log_id))
            task.add_done_callback(_retrieve)
        return await asyncio.shield(task)

    def grow(self, state: StoredLog, leaf_hashes: Sequence[bytes]) -> LogHead:
        """Adopt a write to a log that is pinned and was loaded.

        Raises:
            StoreFailed: It does not continue what is here.
        """
        log = self._logs[state.log]
        log.grow(state, leaf_hashes)
        self._leaves += len(leaf_hashes)
        return log.head()

    @contextmanager
    def pinned(self, log_ids: Iterable[bytes]) -> Iterator[None]:
        """Keep these logs, once loaded, until the end of the block."""
        pinned = tuple(log_ids)
        for log_id in pinned:
            self._pins[log_id] = self._pins.get(log_id, 0) + 1
        try:
            yield
        finally:
            for log_id in pinned:
                self._pins[log_id] -= 1
                if not self._pins[log_id]:
                    del self._pins[log_id]

    async def drain(self) -> None:
        """Wait for what is being loaded."""
        while self._loading:
            await asyncio.wait(self._loading.values())

    async def _fill(self, log_id: bytes) -> LiveLog:
        try:
            state, leaf_hashes = await self._load(log_id)
            log = self._logs[log_id] = LiveLog(state, HashTree(leaf_hashes))
            self._leaves += state.size
            self._evict(log_id)
            return log
        finally:
            del self._loading[log_id]

    def _evict(self, newest: bytes) -> None:
        if self._leaves <= self._max_leaves:
            return
        for log_id in [log_id for log_id in self._logs if log_id != newest and log_id not in self._pins]:
            self._leaves -= self._logs.pop(log_id).tree.size
            if self._leaves <= self._max_leaves:
                return


def _retrieve(task: asyncio.Task[LiveLog]) -> None:
    """Mark an error as seen, in case everybody who waited has gone."""
    if not task.cancelled():
        task.exception()
