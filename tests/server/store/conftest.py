from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from server.store import MailboxLimits, RelayStore
from server.store.memory import MemoryStore
from server.store.sqlite import SqliteStore

LIMITS = MailboxLimits(open_per_log=3, bytes_per_log=100, blobs_per_slot=4)

Reopen = Callable[[], Awaitable[RelayStore]]


@pytest.fixture(params=["memory", "sqlite", "sqlite, nothing cached"])
async def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Reopen]:
    """Gives the store; called again, gives it as it is after a restart (the memory store does not restart)."""
    current: list[RelayStore] = []

    async def again() -> RelayStore:
        if current and request.param == "memory":
            return current[0]
        if current:
            await current.pop().close()
        store: RelayStore
        match request.param:
            case "memory":
                store = MemoryStore(limits=LIMITS)
            case "sqlite":
                store = SqliteStore(tmp_path / "relay", limits=LIMITS)
            case _:
                store = SqliteStore(tmp_path / "relay", limits=LIMITS, max_leaves=0)
        await store.open()
        current.append(store)
        return store

    yield again
    for store in current:
        await store.close()


@pytest.fixture
async def store(reopen: Reopen) -> RelayStore:
    return await reopen()
