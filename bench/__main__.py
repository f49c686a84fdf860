"""`python -m bench [NAME ...]`: run the benchmarks named, or all; one JSON object a line."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator

from bench import decoders, fold, groups, messages, relay
from bench.report import Result

BENCHMARKS: dict[str, Callable[[], Iterator[Result]]] = {
    "messages": messages.run,
    "groups": groups.run,
    "decoders": decoders.run,
    "fold": fold.run,
    "relay": relay.run,
}


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all by default"
    )
    names = parser.parse_args().names or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    for name in names:
        for result in BENCHMARKS[name]():
            print(json.dumps({"bench": name, **result}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
