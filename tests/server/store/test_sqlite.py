"""What is SQLite's own: opening with suspicion, failing for good, cancellation."""

import asyncio
import os
import resource
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from server.errors import StoreFailed, StoreUnusable
from server.store import AdmissionToken, Appended, Duplicate, StoredCheckpoint, database_thread
from server.store.sqlite import DATABASE_NAME, SqliteStore
from tests.server.store.support import append, create, everything, genesis, key, log_id

LOG = log_id(0)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(tmp_path)
    await opened.open()
    yield opened
    await opened.close()


async def fill(directory: Path, messages: int = 3) -> None:
    """A closed store with one log of so many messages."""
    store = SqliteStore(directory)
    await store.open()
    await create(store)
    await store.append_batch([append(b"m%d" % number, log=LOG) for number in range(messages)])
    await store.close()


def tamper(directory: Path, statement: str) -> None:
    connection = sqlite3.connect(directory / DATABASE_NAME)
    connection.execute(statement)
    connection.commit()
    connection.close()


async def refused(directory: Path) -> str:
    with pytest.raises(StoreUnusable) as caught:
        await SqliteStore(directory).open()
    return str(caught.value)


async def test_one_process_owns_the_data(store: SqliteStore, tmp_path: Path) -> None:
    assert "another process" in await refused(tmp_path)
    await store.close()
    again = SqliteStore(tmp_path)
    await again.open()
    await again.close()


async def test_tokens_can_be_made_beside_a_running_relay(store: SqliteStore, tmp_path: Path) -> None:
    beside = SqliteStore(tmp_path, exclusive=False)
    await beside.open()
    token = AdmissionToken(token_hash=key(1), label="office", created_ms=1, expires_ms=None)
    await beside.create_token(token)
    await beside.close()
    assert await store.admission(key(1), now_ms=2) == token


async def test_only_this_user_can_read_the_files(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "a" / "relay")
    await store.open()
    await create(store)
    for path in (tmp_path / "a" / "relay").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name
    assert (tmp_path / "a" / "relay").stat().st_mode & 0o077 == 0
    await store.close()


async def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    await fill(tmp_path)
    tamper(tmp_path, "PRAGMA user_version = 2")
    assert "newer release" in await refused(tmp_path)


async def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    tamper(tmp_path, "CREATE TABLE theirs (x)")
    before = (tmp_path / DATABASE_NAME).read_bytes()
    assert "another program" in await refused(tmp_path)
    assert (tmp_path / DATABASE_NAME).read_bytes() == before


async def test_what_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"a letter, not a database" * 200)
    assert "not a database" in await refused(tmp_path)
    assert (tmp_path / DATABASE_NAME).read_bytes().startswith(b"a letter")


async def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    await fill(tmp_path, messages=200)
    path = tmp_path / DATABASE_NAME
    content = bytearray(path.read_bytes())
    for offset in range(4096, len(content), 4096):
        content[offset : offset + 16] = bytes(16)
    path.write_bytes(content)
    assert str(path) in await refused(tmp_path)


async def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    await fill(tmp_path, messages=200)
    path = tmp_path / DATABASE_NAME
    os.truncate(path, path.stat().st_size // 2)
    assert str(path) in await refused(tmp_path)


async def test_a_directory_that_cannot_be_synced_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    assert "Input/output error" in await refused(tmp_path)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET entry = CAST(entry || 'x' AS BLOB) WHERE id % 1024 = 3",
        "DELETE FROM entries WHERE id % 1024 = 2",
        "UPDATE logs SET size = size + 1",
    ],
)
async def test_entries_that_do_not_match_are_not_signed(tmp_path: Path, statement: str) -> None:
    await fill(tmp_path)
    tamper(tmp_path, statement)
    store = SqliteStore(tmp_path)
    await store.open()
    with pytest.raises(StoreFailed, match="damaged"):
        await store.head(LOG)
    with pytest.raises(StoreFailed, match="damaged"):
        await store.log_ids()
    await store.close()


async def assert_dead(store: SqliteStore) -> None:
    """Everything is refused after a failure, reading as well as writing."""
    for call in (
        store.append_batch([append(b"after", log=LOG)]),
        store.create_log(genesis(1), access_key=key(0), now_ms=1),
        store.read(LOG, 0, max_count=1, max_bytes=1),
        store.open_mailbox(key(1), log_id=LOG, now_ms=0, expires_ms=1),
        store.tokens(),
    ):
        with pytest.raises(StoreFailed):
            await call


async def big_batch_fails(store: SqliteStore, tmp_path: Path) -> None:
    batch = [append(bytes([number]) * 10_000, log=LOG) for number in range(64)]
    with pytest.raises(StoreFailed):
        await store.append_batch([append(b"with them", log=LOG), *batch])
    await assert_dead(store)
    await store.close()
    recovered = SqliteStore(tmp_path)
    await recovered.open()
    assert len(await everything(recovered, LOG)) == 2
    assert isinstance((await recovered.append_batch([append(b"later", log=LOG)])).outcomes[0], Appended)
    await recovered.close()


async def test_a_full_disk_ends_the_store_and_leaves_no_half_batch(
    store: SqliteStore, tmp_path: Path
) -> None:
    await create(store)
    await store.append_batch([append(b"before", log=LOG)])

    def no_more_pages(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA max_page_count = 1").fetchall()

    await store._writer.read(no_more_pages)
    await big_batch_fails(store, tmp_path)


async def test_a_failing_write_ends_the_store_and_leaves_no_half_batch(
    store: SqliteStore, tmp_path: Path
) -> None:
    await create(store)
    await store.append_batch([append(b"before", log=LOG)])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    wal_size = (tmp_path / f"{DATABASE_NAME}-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (wal_size + 200_000, limits[1]))
    try:
        batch = [append(bytes([number]) * 10_000, log=LOG) for number in range(64)]
        with pytest.raises(StoreFailed):
            await store.append_batch(batch)
        await assert_dead(store)
        await store.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    recovered = SqliteStore(tmp_path)
    await recovered.open()
    assert len(await everything(recovered, LOG)) == 2
    await recovered.close()


async def test_a_failing_checkpoint_is_not_kept_silent(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_thread, "CHANGES_PER_CHECKPOINT", 4)
    await create(store)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, limits[1]))
    acknowledged = 0
    try:
        failure = None
        while failure is None and acknowledged < 50:
            try:
                await store.append_batch([append(b"%d" % acknowledged + bytes(20_000), log=LOG)])
                acknowledged += 1
            except StoreFailed as error:
                failure = error
        assert "OperationalError" in str(failure)
        await assert_dead(store)
        await store.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert 10 < acknowledged < 50
    recovered = SqliteStore(tmp_path)
    await recovered.open()
    assert len(await everything(recovered, LOG)) == 1 + acknowledged
    await recovered.close()


async def test_the_write_ahead_log_does_not_grow_without_end(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_thread, "CHANGES_PER_CHECKPOINT", 8)
    await create(store)
    for number in range(60):
        await store.append_batch([append(b"%d" % number + bytes(20_000), log=LOG)])
    assert (tmp_path / f"{DATABASE_NAME}-wal").stat().st_size < 300_000


async def test_a_bug_in_a_job_ends_the_store_too(store: SqliteStore) -> None:
    await create(store)

    def broken(connection: sqlite3.Connection) -> None:
        raise KeyError("a bug")

    with pytest.raises(StoreFailed, match="KeyError"):
        await store._writer.write(broken)
    await assert_dead(store)


async def test_a_store_that_is_not_open_refuses(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    with pytest.raises(StoreFailed, match="not open"):
        await store.tokens()
    await store.close()
    await store.open()
    await store.close()
    await store.close()
    with pytest.raises(StoreFailed, match="not open"):
        await store.tokens()


async def hold_back(store: SqliteStore) -> Callable[[], None]:
    """Keep the writing thread busy until the returned function is called."""
    loop = asyncio.get_running_loop()
    started = asyncio.Event()
    released = loop.create_future()

    async def wait() -> None:
        started.set()
        await released

    def block(connection: sqlite3.Connection) -> None:
        asyncio.run_coroutine_threadsafe(wait(), loop).result(10)

    store._tasks.add(task := asyncio.ensure_future(store._writer.read(block)))
    task.add_done_callback(store._tasks.discard)
    await started.wait()
    return lambda: released.set_result(None)


async def test_a_cancelled_append_is_carried_through(store: SqliteStore) -> None:
    await create(store)
    release = await hold_back(store)
    caller = asyncio.create_task(store.append_batch([append(b"m", log=LOG)]))
    follower = asyncio.create_task(store.append_batch([append(b"n", log=LOG)]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    release()
    batch = await follower
    assert batch.heads[0].stored.size == 3
    again = await store.append_batch([append(b"m", log=LOG), append(b"n", log=LOG)])
    assert again.outcomes == (Duplicate(1, 1000), Duplicate(2, 1000))
    assert await store.head(LOG) == batch.heads[0]


async def test_closing_finishes_what_was_accepted(store: SqliteStore, tmp_path: Path) -> None:
    await create(store)
    release = await hold_back(store)
    appending = asyncio.create_task(store.append_batch([append(b"m", log=LOG)]))
    await asyncio.sleep(0)
    closing = asyncio.create_task(store.close())
    await asyncio.sleep(0)
    release()
    assert isinstance((await appending).outcomes[0], Appended)
    await closing
    again = SqliteStore(tmp_path)
    await again.open()
    assert len(await everything(again, LOG)) == 2
    await again.close()


async def test_a_checkpoint_that_is_being_written_is_found(store: SqliteStore) -> None:
    await create(store)
    release = await hold_back(store)
    await store.save_checkpoints([StoredCheckpoint(LOG, 1, b"note")])
    appending = asyncio.create_task(store.append_batch([append(b"m", log=LOG)]))
    await asyncio.sleep(0)
    asking = [
        asyncio.create_task(store.last_checkpoint(LOG)),
        asyncio.create_task(store.last_checkpoint(LOG)),
    ]
    await asyncio.sleep(0)
    release()
    assert await asyncio.gather(*asking) == [StoredCheckpoint(LOG, 1, b"note")] * 2
    await appending


async def test_checkpoints_ride_with_the_next_write(store: SqliteStore, tmp_path: Path) -> None:
    await create(store)
    await store.save_checkpoints([StoredCheckpoint(LOG, 1, b"note")])
    await store.append_batch([append(b"m", log=LOG)])
    with sqlite3.connect(tmp_path / DATABASE_NAME) as other:
        assert other.execute("SELECT size, note FROM checkpoints").fetchall() == [(1, b"note")]
    other.close()
