"""A process that appends without end until it is killed; run by test_crash.

python -m tests.server.store.crash_child DIRECTORY FIRST: appends messages FIRST, FIRST + 1, ... and prints a line
"log message position time" for each acknowledged one, after the batch is durable and its heads are recorded.
"""

import asyncio
import sys
from pathlib import Path

from server.store import Appended, Duplicate
from server.store.signed_heads import SignedHead, SqliteSignedHeads, check
from server.store.sqlite import SqliteStore
from tests.server.store.support import append, create, log_id

LOGS = 3
BATCH = 16


def message(number: int) -> bytes:
    """The message of this number; its log is number % LOGS. Sizes vary, so that batches end all over the pages."""
    return b"message %d " % number + bytes(number * 37 % 1500)


async def main(directory: Path, first: int) -> None:
    store, heads = SqliteStore(directory), SqliteSignedHeads(directory / "heads" / "heads.db")
    await store.open()
    await heads.open()
    await check(heads, store)
    for number in range(LOGS):
        await create(store, number)
    while True:
        numbers = range(first, first + BATCH)
        batch = await store.append_batch(
            [append(message(number), log=log_id(number % LOGS), now_ms=number) for number in numbers]
        )
        await heads.advance(
            [SignedHead(head.stored.log, head.stored.size, head.root) for head in batch.heads]
        )
        lines = []
        for number, outcome in zip(numbers, batch.outcomes, strict=True):
            if not isinstance(outcome, Appended | Duplicate):
                raise TypeError(f"unexpected {outcome}")
            lines.append(f"{number % LOGS} {number} {outcome.position} {outcome.relay_time_ms}\n")
        sys.stdout.write("".join(lines))
        sys.stdout.flush()
        first += BATCH


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
