"""What was signed stays signed: no head below it, no other root, no old backup."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.errors import RollbackRefused, StoreUnusable
from server.store import LogHead, signed_heads
from server.store.memory import MemoryStore
from server.store.signed_heads import MemorySignedHeads, SignedHead, SignedHeads, SqliteSignedHeads, check
from server.store.sqlite import SqliteStore
from tests.server.store.support import append, create, key, log_id

ONE, TWO = log_id(1), log_id(2)


@pytest.fixture(params=["memory", "sqlite"])
async def heads(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SignedHeads]:
    opened: SignedHeads = (
        MemorySignedHeads() if request.param == "memory" else SqliteSignedHeads(tmp_path / "heads.db")
    )
    await opened.open()
    yield opened
    await opened.close()


def signed(head: LogHead) -> SignedHead:
    return SignedHead(head.stored.log, head.stored.size, head.root)


async def test_heads_advance(heads: SignedHeads) -> None:
    assert await heads.last(ONE) is None
    await heads.advance([SignedHead(ONE, 1, key(1)), SignedHead(TWO, 5, key(5))])
    await heads.advance([SignedHead(ONE, 3, key(3)), SignedHead(ONE, 4, key(4))])
    await heads.advance([SignedHead(ONE, 4, key(4))])
    assert await heads.last(ONE) == SignedHead(ONE, 4, key(4))
    assert set(await heads.all()) == {SignedHead(ONE, 4, key(4)), SignedHead(TWO, 5, key(5))}


@pytest.mark.parametrize(
    "bad", [SignedHead(ONE, 3, key(3)), SignedHead(ONE, 4, key(5)), SignedHead(ONE, 0, key(0))]
)
async def test_signing_below_or_otherwise_is_refused_whole(heads: SignedHeads, bad: SignedHead) -> None:
    await heads.advance([SignedHead(ONE, 4, key(4))])
    with pytest.raises(RollbackRefused):
        await heads.advance([SignedHead(TWO, 1, key(1)), bad])
    with pytest.raises(RollbackRefused):
        await heads.advance([SignedHead(TWO, 2, key(1)), SignedHead(TWO, 1, key(1))])
    assert await heads.all() == (SignedHead(ONE, 4, key(4)),)
    await heads.advance([SignedHead(ONE, 5, key(5))])


async def test_heads_outlive_the_process(tmp_path: Path) -> None:
    first = SqliteSignedHeads(tmp_path / "heads.db")
    await first.open()
    await first.advance([SignedHead(ONE, 4, key(4))])
    await first.close()
    again = SqliteSignedHeads(tmp_path / "heads.db")
    await again.open()
    assert await again.last(ONE) == SignedHead(ONE, 4, key(4))
    with pytest.raises(RollbackRefused):
        await again.advance([SignedHead(ONE, 3, key(3))])
    await again.close()


async def test_a_cancelled_advance_is_carried_through(tmp_path: Path) -> None:
    heads = SqliteSignedHeads(tmp_path / "heads.db")
    await heads.open()
    caller = asyncio.create_task(heads.advance([SignedHead(ONE, 4, key(4))]))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    with pytest.raises(RollbackRefused):
        await heads.advance([SignedHead(ONE, 3, key(3))])
    assert await heads.last(ONE) == SignedHead(ONE, 4, key(4))
    await heads.close()


async def test_what_is_no_longer_remembered_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_heads, "REMEMBERED_HEADS", 1)
    heads = SqliteSignedHeads(tmp_path / "heads.db")
    await heads.open()
    for size in (1, 2):
        for log in (ONE, TWO):
            await heads.advance([SignedHead(log, size, key(size))])
    assert await heads.last(ONE) == SignedHead(ONE, 2, key(2))
    assert await heads.last(TWO) == SignedHead(TWO, 2, key(2))
    await heads.close()


async def test_a_damaged_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / "heads.db").write_bytes(b"not a record" * 100)
    with pytest.raises(StoreUnusable):
        await SqliteSignedHeads(tmp_path / "heads.db").open()


async def test_an_old_backup_is_noticed_before_anything_is_signed(heads: SignedHeads, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "relay")
    await store.open()
    log = await create(store)
    await heads.advance([signed(await store.head(log))])
    await check(heads, store)
    await store.close()
    shutil.copytree(tmp_path / "relay", tmp_path / "backup")

    store = SqliteStore(tmp_path / "relay")
    await store.open()
    batch = await store.append_batch([append(b"m", log=log)])
    await heads.advance([signed(head) for head in batch.heads])
    await check(heads, store)
    await store.append_batch([append(b"n", log=log)])
    await check(heads, store)
    await store.close()

    restored = SqliteStore(tmp_path / "backup")
    await restored.open()
    with pytest.raises(RollbackRefused, match="older"):
        await check(heads, restored)
    await restored.append_batch([append(b"another history", log=log), append(b"of the same length", log=log)])
    with pytest.raises(RollbackRefused, match="differs"):
        await check(heads, restored)
    await restored.close()


async def test_a_log_that_has_gone_is_noticed(heads: SignedHeads) -> None:
    await heads.advance([SignedHead(ONE, 4, key(4))])
    with pytest.raises(RollbackRefused, match="older"):
        await check(heads, MemoryStore())
