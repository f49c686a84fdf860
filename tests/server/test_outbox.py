import asyncio

import pytest

from protocols.relay.frames import Done, MailboxContents
from server.outbox import ROOM, Outbox

LARGE = MailboxContents(request=1, blobs=(b"x",), final=True)


async def test_a_wake_up_before_the_wait_is_not_lost() -> None:
    outbox = Outbox()
    outbox.put(Done(request=1))
    outbox.wake()
    async with asyncio.timeout(1):
        await outbox.wait()
    assert outbox.take() == (Done(request=1),)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await outbox.wait()


async def test_many_wake_ups_are_one() -> None:
    outbox = Outbox()
    waiting = asyncio.create_task(outbox.wait())
    await asyncio.sleep(0)
    for _ in range(5):
        outbox.wake()
    await waiting
    assert outbox.take() == ()


async def test_a_cancelled_wait_leaves_the_wake_up_for_the_next() -> None:
    outbox = Outbox()
    waiting = asyncio.create_task(outbox.wait())
    await asyncio.sleep(0)
    outbox.wake()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(1):
        await outbox.wait()


async def test_large_answers_hold_back_the_reader_until_they_are_taken() -> None:
    outbox = Outbox()
    for _ in range(ROOM):
        await outbox.room()
        outbox.put(LARGE)
    reader = asyncio.create_task(outbox.room())
    await asyncio.sleep(0)
    assert not reader.done()
    outbox.take()
    await reader


async def test_closing_frees_both_ends_and_drops_what_comes_later() -> None:
    outbox = Outbox()
    for _ in range(ROOM):
        outbox.put(LARGE)
    reader = asyncio.create_task(outbox.room())
    await asyncio.sleep(0)
    outbox.close()
    outbox.close()
    await reader
    await outbox.wait()
    assert len(outbox.take()) == ROOM
    outbox.put(LARGE)
    assert outbox.take() == ()
