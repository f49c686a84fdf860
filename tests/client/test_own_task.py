"""What fails in a task of its own leaves the waiting task as it was."""

import asyncio

import pytest

from client.own_task import in_own_task


async def failing_group() -> None:
    async def fail() -> None:
        raise ValueError("gone")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(fail())


async def test_what_it_returns_and_raises_comes_through() -> None:
    async def seven() -> int:
        return 7

    assert await in_own_task(seven()) == 7
    with pytest.raises(ExceptionGroup):
        await in_own_task(failing_group())


async def test_a_timeout_after_a_group_that_failed_is_still_a_timeout() -> None:
    with pytest.raises(ExceptionGroup):
        await in_own_task(failing_group())
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await asyncio.Event().wait()


async def test_cancelling_cancels_the_work_and_waits_for_it() -> None:
    started, cleaned = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.set()

    waiting = asyncio.ensure_future(in_own_task(work()))
    await started.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert cleaned.is_set()
