"""What 64 KiB from a peer can cost each decoder of `channel.mls`: the worst that the tests' bombs do."""

import contextlib
import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator

import msgpack

from bench.report import Result
from tests.channel.mls.bombs import BOMBS, SIZE
from tests.channel.mls.decoders import DECODERS, Decoder

MAX_MS = 50
MAX_MIB = 8
ROUNDS = 7
SHOWN = 10


def run() -> Iterator[Result]:
    """The slowest bombs, and the worst of all.

    The floor is msgpack, a decoder in C, reading 64 KiB of the smallest items it has.
    """
    smallest = msgpack.packb([[]] * (SIZE - 3))
    results = [_measure(name, *bomb, smallest=smallest) for name, bomb in BOMBS.items()]
    results.sort(key=lambda result: -float(result["ms"] or 0))
    yield from results[:SHOWN]
    slowest, largest = results[0], max(results, key=lambda result: float(result["mib"] or 0))
    yield {
        "what": "the worst",
        "ms": slowest["ms"],
        "ratio": slowest["ratio"],
        "target_ms": MAX_MS,
        "mib": largest["mib"],
        "target_mib": MAX_MIB,
        "reached": float(slowest["ms"] or 0) <= MAX_MS and float(largest["mib"] or 0) <= MAX_MIB,
    }


def _measure(what: str, name: str, data: bytes, *, smallest: bytes) -> Result:
    decode = _quietly(DECODERS[name], data)
    seconds, floor = _best_of(decode, lambda: msgpack.unpackb(smallest))
    tracemalloc.start()
    decode()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {
        "what": what,
        "decoder": name,
        "ms": round(seconds * 1e3, 2),
        "floor_ms": round(floor * 1e3, 2),
        "ratio": round(seconds / floor, 1),
        "mib": round(peak / 2**20, 2),
    }


def _best_of(*functions: Callable[[], object]) -> list[float]:
    """Processor seconds of the best round of each, in turn: decoders wait for nothing but the processor."""
    best = [float("inf")] * len(functions)
    for _ in range(ROUNDS):
        for index, function in enumerate(functions):
            gc.collect()
            start = time.thread_time()
            function()
            best[index] = min(best[index], time.thread_time() - start)
    return best


def _quietly(decoder: Decoder, data: bytes) -> Callable[[], None]:
    def decode() -> None:
        with contextlib.suppress(*decoder.errors):
            decoder.decode(data)

    return decode
