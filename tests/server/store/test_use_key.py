"""Using a key of a contested epoch: kept by every store, and free where it changes nothing."""

from pathlib import Path

from server.store import WrongEpoch
from server.store.sqlite import DATABASE_NAME, SqliteStore
from tests.server.store.conftest import Reopen
from tests.server.store.support import append, create, key


async def test_the_use_of_a_key_is_durable(reopen: Reopen) -> None:
    store = await reopen()
    log = await create(store)
    contests = [append(b"contest %d" % n, log=log, commit=key(n), contest=True) for n in (12, 13)]
    await store.append_batch([append(b"commit", log=log, commit=key(11)), *contests])
    store = await reopen()
    used = await store.use_key(log, epoch=1, access_key=key(12))
    assert (used.candidates, used.settled) == ((key(11), key(12)), False)
    store = await reopen()
    assert await store.log(log) == used == await store.use_key(log, epoch=1, access_key=key(13))
    used = await store.use_key(log, epoch=1, access_key=key(11))
    assert (used.candidates, used.settled, used.size) == ((key(11),), True, 4)
    store = await reopen()
    assert await store.log(log) == used
    late = append(b"late", log=log, commit=key(14), contest=True)
    assert (await store.append_batch([late])).outcomes == (WrongEpoch(1, 4),)
    assert (await store.head(log)).stored == used


async def test_a_use_that_changes_nothing_is_not_written(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.open()
    log = await create(store)
    await store.append_batch([append(b"commit", log=log, commit=key(1))])
    await store.use_key(log, epoch=1, access_key=key(1))
    files = [tmp_path / DATABASE_NAME, tmp_path / f"{DATABASE_NAME}-wal"]
    before = [file.read_bytes() for file in files]
    for _ in range(3):
        await store.use_key(log, epoch=1, access_key=key(1))
        await store.use_key(log, epoch=0, access_key=key(0))
    assert [file.read_bytes() for file in files] == before
    await store.close()
