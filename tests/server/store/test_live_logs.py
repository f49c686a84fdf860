"""The cache of logs in use: bounded, loaded once, never older than what grows it."""

import asyncio
from dataclasses import replace

import pytest

from server.errors import StoreFailed, UnknownLog
from server.store import StoredLog, rules
from server.store.live_logs import LiveLogs
from tests.server.store.support import genesis, key, log_id


class Disk:
    """Logs of given sizes; counts how often each is loaded, and can hold loading back."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = list(sizes)
        self.loads: list[int] = []
        self.released = asyncio.Event()
        self.released.set()

    def state(self, number: int) -> StoredLog:
        log = rules.new_log(genesis(number), log_id=log_id(number), access_key=key(0), now_ms=0)
        return replace(log, size=self.sizes[number])

    async def load(self, wanted: bytes) -> tuple[StoredLog, list[bytes]]:
        await self.released.wait()
        for number, size in enumerate(self.sizes):
            if log_id(number) == wanted:
                self.loads.append(number)
                return self.state(number), [key(leaf) for leaf in range(size)]
        raise UnknownLog("there is no such log")


async def test_the_least_recently_used_goes_first() -> None:
    disk = Disk(4, 4, 4)
    live = LiveLogs(disk.load, max_leaves=8)
    for number in (0, 1, 0, 2, 0, 1):
        await live.get(log_id(number))
    assert disk.loads == [0, 1, 2, 1]


async def test_a_log_above_the_bound_is_kept_while_it_is_the_newest() -> None:
    disk = Disk(9)
    live = LiveLogs(disk.load, max_leaves=1)
    assert (await live.get(log_id(0))).tree.size == 9
    await live.get(log_id(0))
    assert disk.loads == [0]


async def test_pinned_logs_stay() -> None:
    disk = Disk(4, 4, 4)
    live = LiveLogs(disk.load, max_leaves=4)
    with live.pinned([log_id(0), log_id(9)]), live.pinned([log_id(0)]):
        for number in (0, 1, 2, 0):
            await live.get(log_id(number))
        assert disk.loads == [0, 1, 2]
        disk.sizes[0] = 5
        head = live.grow(disk.state(0), [key(4)])
    assert head.stored.size == 5
    await live.get(log_id(1))
    assert (await live.get(log_id(0))).head() == head


async def test_growing_counts_towards_the_bound() -> None:
    disk = Disk(4, 4)
    live = LiveLogs(disk.load, max_leaves=8)
    await live.get(log_id(0))
    disk.sizes[0] = 5
    live.grow(disk.state(0), [key(4)])
    await live.get(log_id(1))
    await live.get(log_id(0))
    assert disk.loads == [0, 1, 0]


async def test_what_does_not_continue_the_log_is_a_failure() -> None:
    disk = Disk(4)
    live = LiveLogs(disk.load)
    await live.get(log_id(0))
    disk.sizes[0] = 6
    with pytest.raises(StoreFailed):
        live.grow(disk.state(0), [key(4)])


async def test_one_load_serves_all_even_if_the_first_gives_up() -> None:
    disk = Disk(4)
    disk.released.clear()
    live = LiveLogs(disk.load)
    first, second = (asyncio.create_task(live.get(log_id(0))) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    disk.released.set()
    assert (await second).tree.size == 4
    await live.drain()
    assert disk.loads == [0]


async def test_an_unknown_log_is_asked_for_again() -> None:
    live = LiveLogs(Disk().load)
    for _ in range(2):
        with pytest.raises(UnknownLog):
            await live.get(log_id(0))
