"""What some code costs, in measures that are the same on every machine and under every load, or nearly."""

import gc
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any


def count_calls(function: Callable[[], object]) -> int:
    """How many functions are called, Python's and C's; whatever is raised passes."""
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        if event in ("call", "c_call"):
            calls += 1

    before = sys.getprofile()
    # What the garbage collector calls is nobody's work here, and comes when it likes.
    gc.disable()
    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(before)
        gc.enable()
    return calls


def measure_peak(function: Callable[[], object]) -> int:
    """The most bytes that are allocated at any time, beyond what was before; whatever is raised passes."""
    tracemalloc.start()
    try:
        function()
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return peak


def _nothing() -> None:
    """What the reference work consists of."""


def _reference() -> None:
    for _ in range(100_000):
        _nothing()


def _seconds(function: Callable[[], object]) -> float:
    start = time.thread_time()
    function()
    return time.thread_time() - start


def relative_cost(function: Callable[[], object], *, rounds: int = 2) -> float:
    """The processor time something takes, in that of 100,000 calls of an empty function.

    The best of some rounds, in turn with the reference: other load on the machine counts in neither, and a slow
    machine is slow in both.
    """
    best = best_reference = float("inf")
    for _ in range(rounds):
        best_reference = min(best_reference, _seconds(_reference))
        best = min(best, _seconds(function))
    return best / best_reference
