"""Power cuts, enumerated: every state the write-ahead log could be in recovers to whole batches, acknowledged ones included.

What was synced when a batch was acknowledged is on disk; of what is written later any set of sectors may be. So for
each batch, images are built of the log as synced before it plus some sectors of what it wrote, and opened.
"""

import itertools
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from server.store.sqlite import DATABASE_NAME, SqliteStore
from tests.server.store.support import append, create, everything, log_id

SECTOR = 512
LOG = log_id(0)
WAL_NAME = f"{DATABASE_NAME}-wal"


async def record(directory: Path) -> list[tuple[int, int]]:
    """Run a store for some batches; after each, the synced size of its WAL and the size of the log."""
    store = SqliteStore(directory / "live")
    await store.open()
    await create(store)
    states = []
    for number in range(5):
        texts = [b"batch %d message %d" % (number, index) + bytes(300 * index) for index in range(number * 3)]
        await store.append_batch([append(text, log=LOG) for text in texts])
        stored = await store.log(LOG)
        assert stored is not None
        states.append(((directory / "live" / WAL_NAME).stat().st_size, stored.size))
    shutil.copytree(directory / "live", directory / "crashed")
    await store.close()
    return states


def torn(wal: bytes, synced: int, written: int, chance: random.Random) -> Iterator[bytes]:
    """The WAL after a power cut while `synced` to `written` was under way."""
    sectors = range(synced, written, SECTOR)
    for end in [*sectors, written]:
        yield wal[:end]
    for _ in range(10):
        image = bytearray(wal[:written])
        for sector in sectors:
            if chance.random() < 0.5:
                image[sector : sector + SECTOR] = chance.choice([bytes(SECTOR), chance.randbytes(SECTOR)])
        yield bytes(image[:written])


async def test_every_torn_log_recovers_to_whole_batches(tmp_path: Path) -> None:
    states = await record(tmp_path)
    wal = (tmp_path / "crashed" / WAL_NAME).read_bytes()
    chance = random.Random(7)
    images = 0
    lost = 0
    for (synced, before), (written, after) in itertools.pairwise(states):
        for image in torn(wal, synced, written, chance):
            shutil.rmtree(tmp_path / "image", ignore_errors=True)
            (tmp_path / "image").mkdir()
            shutil.copy(tmp_path / "crashed" / DATABASE_NAME, tmp_path / "image")
            (tmp_path / "image" / WAL_NAME).write_bytes(image)
            store = SqliteStore(tmp_path / "image")
            await store.open()
            size = len(await everything(store, LOG))
            assert size in (before, after)
            assert (await store.head(LOG)).stored.size == size
            await store.close()
            images += 1
            lost += size == before
    assert images > 50
    assert lost > 40
