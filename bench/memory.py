"""How much memory one member's view of a large group takes: what it keeps alive, how its process grows.

The group is in the state that takes most: every parent node is set, every member's ratchets are started, and
the encoding for the store has been made. The process grows by more, since it loads, commits and encodes once
and Python's allocator keeps what that took. `python -m bench.memory` is the child process, with that group on
its standard input: what was needed to make the group must not be in the figures.
"""

import gc
import json
import mmap
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from bench.report import Result
from tests.support.large_groups import after_all_committed, in_full_use, large_group

TARGET_MIB = 10
_MIB = 2**20
_PAGES = Path("/proc/self/statm")


def run(suite_number: int, members: int) -> Iterator[Result]:
    """Measure one suite."""
    stored = after_all_committed(large_group(suite_number, members)).encode()
    # Ours and nobody else's words: the interpreter we run in, and a module of this package.
    child = subprocess.run(
        [sys.executable, "-m", "bench.memory"], input=stored, stdout=subprocess.PIPE, check=True
    )
    sizes = json.loads(child.stdout)
    objects, resident = sizes["objects"], sizes["resident"]
    yield {
        "what": f"memory of a group of {members}, suite {suite_number}",
        "objects_mib": round(objects / _MIB, 2),
        "target_mib": TARGET_MIB,
        "reached": objects < TARGET_MIB * _MIB,
        "resident_mib": None if resident is None else round(resident / _MIB, 2),
    }


def _resident() -> int | None:
    """Bytes of this process in memory, where the system says so the way Linux does."""
    if not _PAGES.exists():
        return None
    return int(_PAGES.read_text().split()[1]) * mmap.PAGESIZE


def _main() -> None:
    stored = sys.stdin.buffer.read()
    gc.collect()
    before = _resident()
    group = in_full_use(stored)
    gc.collect()
    after = _resident()
    del group
    gc.collect()
    tracemalloc.start()
    start, _ = tracemalloc.get_traced_memory()
    group = in_full_use(stored)
    gc.collect()
    objects = tracemalloc.get_traced_memory()[0] - start
    del group
    resident = None if before is None or after is None else after - before
    print(json.dumps({"objects": objects, "resident": resident}))


if __name__ == "__main__":
    _main()
