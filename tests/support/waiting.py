"""Waiting for something to come about, with a deadline; the only way for a test to let time pass."""

import asyncio
import time
from collections.abc import Callable

_LOOK_AGAIN_S = 0.005


async def eventually(condition: Callable[[], bool], what: str, timeout_s: float = 10.0) -> None:
    """Wait until `condition` holds; fail with `what` was missing when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        await asyncio.sleep(_LOOK_AGAIN_S)
