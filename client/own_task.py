"""Running something in a task of its own, for the sake of what comes after it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["in_own_task"]

ResultT = TypeVar("ResultT")


async def in_own_task(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run work in a new task and wait for it.

    When a task of a TaskGroup fails while the group waits, CPython 3.11 leaves the waiting task counted as
    being cancelled, and ``asyncio.timeout`` up to 3.11.3 then takes its own timeout for that cancellation:
    the task ends without a word. So a group that may fail does not run in a task that goes on afterwards.

    Args:
        work: A coroutine that was not started.

    Returns:
        What it returns; raises what it raises.

    Cancellation: the work is cancelled and waited for.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # looked at, so that it is not reported as lost; the cancellation counts
        raise
    return task.result()
