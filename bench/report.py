"""How a benchmark measures and what it reports."""

import gc
import time
from collections.abc import Callable

Result = dict[str, str | int | float | bool | None]


def best_of(rounds: int, *functions: Callable[[], object]) -> tuple[float, ...]:
    """Time functions in turn, several rounds, and return the best seconds of each.

    Taking turns spreads the noise of a shared machine over all of them; the best round is the one it
    disturbed least.
    """
    best = [float("inf")] * len(functions)
    for _ in range(rounds):
        for index, function in enumerate(functions):
            gc.collect()
            start = time.perf_counter()
            function()
            best[index] = min(best[index], time.perf_counter() - start)
    return tuple(best)


def quick_tenth_of(rounds: int, *functions: Callable[[], object]) -> tuple[float, ...]:
    """Time functions in turn, many short rounds, and return the seconds that the quickest tenth stays below.

    A round of a millisecond or two is rarely interrupted, and what slows the machine down for longer slows
    all functions down, so the ratio of two such times holds on a busy machine too. Every other round the
    functions of each pair, the first and second, the third and fourth, change places.
    """
    taken: list[list[float]] = [[] for _ in functions]
    for turn in range(rounds):
        if turn % 50 == 0:
            gc.collect()
        for index in range(len(functions)):
            place = index ^ (turn & 1)
            start = time.perf_counter()
            functions[place]()
            taken[place].append(time.perf_counter() - start)
    return tuple(percentile(seconds, 0.1) for seconds in taken)


def compared(what: str, *, ours_us: float, floor_us: float, target: float) -> Result:
    """A result beside its floor of the same run, and the ratio it has to reach."""
    ratio = ours_us / floor_us
    return {
        "what": what,
        "ours_us": round(ours_us, 1),
        "floor_us": round(floor_us, 1),
        "ratio": round(ratio, 2),
        "target_ratio": target,
        "reached": ratio <= target,
    }


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
