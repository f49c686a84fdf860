"""Random histories: SQLite, restarted at any moment, never differs from the store in memory."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from protocols.log.merkle import HashTree, leaf_hash
from server.errors import RelayError
from server.store import CONTEST_STANDS_MS, LogHead, PendingAppend, RelayStore, StoredCheckpoint
from server.store.memory import MemoryStore
from server.store.sqlite import SqliteStore
from tests.server.store.conftest import LIMITS
from tests.server.store.support import append, everything, genesis, key, log_id

few = st.integers(0, 3)
logs = st.integers(0, 2)
times = st.integers(0, 20)


@st.composite
def appends(draw: st.DrawFn) -> PendingAppend:
    return append(
        b"message %d" % draw(st.integers(0, 12)),
        log=log_id(draw(logs)),
        epoch=draw(few),
        access_key=key(draw(few)),
        commit=draw(st.one_of(st.none(), few.map(key))),
        contest=draw(st.booleans()),
        now_ms=draw(st.one_of(times, times.map(lambda ms: ms + CONTEST_STANDS_MS))),
    )


async def head_of(store: RelayStore, log: bytes) -> LogHead:
    return await store.head(log)


async def checkpoints_of(store: RelayStore, log: bytes) -> tuple[StoredCheckpoint, ...]:
    return await store.checkpoints(log)


class StoreMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = tempfile.TemporaryDirectory()
        self.model: RelayStore = MemoryStore(limits=LIMITS)
        self.store = self.open_store()

    def open_store(self, max_leaves: int = 1000) -> RelayStore:
        store = SqliteStore(Path(self.directory.name), limits=LIMITS, max_leaves=max_leaves)
        self.loop.run_until_complete(store.open())
        return store

    def both(self, call: Callable[[RelayStore], Awaitable[Any]]) -> Any:
        async def outcome(store: RelayStore) -> Any:
            try:
                return await call(store)
            except RelayError as error:
                return type(error)

        ours, theirs = (self.loop.run_until_complete(outcome(store)) for store in (self.store, self.model))
        assert ours == theirs
        return ours

    @rule(max_leaves=st.sampled_from([0, 5, 1000]))
    def restart(self, max_leaves: int) -> None:
        self.loop.run_until_complete(self.store.close())
        self.store = self.open_store(max_leaves)

    @rule(number=logs, by=few, now_ms=times)
    def create(self, number: int, by: int, now_ms: int) -> None:
        self.both(lambda store: store.create_log(genesis(number), access_key=key(by), now_ms=now_ms))

    @rule(batch=st.lists(appends(), max_size=8))
    def append(self, batch: list[PendingAppend]) -> None:
        self.both(lambda store: store.append_batch(batch))

    @rule(number=logs, epoch=few, by=few)
    def access(self, number: int, epoch: int, by: int) -> None:
        self.both(lambda store: store.access(log_id(number), epoch=epoch, access_key=key(by)))

    @rule(number=logs, epoch=few, by=few)
    def use_key(self, number: int, epoch: int, by: int) -> None:
        self.both(lambda store: store.use_key(log_id(number), epoch=epoch, access_key=key(by)))

    @rule(number=logs, size=st.integers(1, 5), note=st.binary(max_size=2))
    def checkpoint(self, number: int, size: int, note: bytes) -> None:
        self.both(lambda store: store.save_checkpoints([StoredCheckpoint(log_id(number), size, note)]))

    @rule(box=few, number=logs, now_ms=times, lifetime=times)
    def open_mailbox(self, box: int, number: int, now_ms: int, lifetime: int) -> None:
        self.both(
            lambda store: store.open_mailbox(
                key(box), log_id=log_id(number), now_ms=now_ms, expires_ms=now_ms + lifetime
            )
        )

    @rule(
        box=few,
        slot=st.integers(0, 1),
        index=few,
        blob=st.sampled_from([b"", b"x", bytes(60)]),
        final=st.booleans(),
    )
    def post(self, box: int, slot: int, index: int, blob: bytes, final: bool) -> None:
        self.both(
            lambda store: store.post_blob(key(box), slot=slot, index=index, blob=blob, final=final, now_ms=5)
        )

    @rule(box=few, slot=st.integers(0, 1), now_ms=times)
    def read_mailbox(self, box: int, slot: int, now_ms: int) -> None:
        self.both(lambda store: store.read_mailbox(key(box), slot=slot, now_ms=now_ms))

    @rule(box=few)
    def close_mailbox(self, box: int) -> None:
        self.both(lambda store: store.close_mailbox(key(box)))

    @rule(now_ms=times)
    def expire(self, now_ms: int) -> None:
        self.both(lambda store: store.expire_mailboxes(now_ms))

    @invariant()
    def the_same_logs(self) -> None:
        for log in self.both(lambda store: store.log_ids()):
            head = self.both(partial(head_of, log=log))
            entries = self.both(partial(everything, log=log))
            assert head.root == HashTree(map(leaf_hash, entries)).root()
            assert head.stored.size == len(entries)
            self.both(partial(checkpoints_of, log=log))

    def teardown(self) -> None:
        self.loop.run_until_complete(self.store.close())
        self.loop.close()
        self.directory.cleanup()


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(
    max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
