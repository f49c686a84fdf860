"""`parley demo`: where the files go, what is printed, how it ends."""

import asyncio
import contextlib
import json
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from client.cli.boundary import explain
from client.demo.printing import Printer, Silent, Terminal
from client.demo.script import TITLE
from client.demo.stage import Outcome, Places, perform
from client.display import sanitise, sanitise_line
from client.errors import Refused

__all__ = ["demo"]

_ENDINGS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_TAIL: Final = 15


def demo(keep: Path | None, json_output: bool) -> int:
    """Run the demo.

    Args:
        keep: Where to leave all files, new or empty; None to remove them.
        json_output: Print one JSON object and nothing else.

    Returns:
        The exit status: 0 only if everything held.
    """
    printer: Printer = Silent() if json_output else Terminal()
    try:
        with _root(keep) as root:
            places = Places(root)
            try:
                outcome = asyncio.run(_run(places, printer))
            except Exception:
                _show_errors(places)
                raise
    except (asyncio.CancelledError, KeyboardInterrupt):
        return _complain("interrupted: every process of the demo was ended")
    except Exception as error:
        lines = explain(error)
        if lines is None:
            raise
        return _complain(*lines)
    return _report(outcome, printer, keep=keep, json_output=json_output)


@contextlib.contextmanager
def _root(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="parley-demo-") as directory:
            yield Path(directory)
        return
    if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise Refused(f"{keep} is there and not empty: name a new directory, or an empty one")
    keep.mkdir(mode=0o700, parents=True, exist_ok=True)
    yield keep.resolve()


async def _run(places: Places, printer: Printer) -> Outcome:
    """Perform; the first signal to end is heard, so that no process is left behind, and then no other."""
    performing = asyncio.ensure_future(perform(places, printer))
    loop = asyncio.get_running_loop()
    asked = False

    def end() -> None:
        nonlocal asked
        if not asked:
            asked = True
            performing.cancel()

    for number in _ENDINGS:
        loop.add_signal_handler(number, end)
    try:
        return await performing
    finally:
        for number in _ENDINGS:
            loop.remove_signal_handler(number)


def _report(outcome: Outcome, printer: Printer, *, keep: Path | None, json_output: bool) -> int:
    if json_output:
        result = {
            "entries": outcome.entries,
            "participants": outcome.participants,
            "messages": outcome.messages,
            "acknowledged": outcome.acknowledged,
            "verified": outcome.verified,
            "state_digest": outcome.state_digest,
            "log": None if keep is None else str(outcome.log),
        }
        print(json.dumps(result), flush=True)
    elif keep is not None:
        printer.heading(f"Kept in {keep}")
        printer.say("relay/ its data; clients/ the profiles; logs/ the exports, in the clear", hang=2)
        printer.say(f"parley audit verify {outcome.log}", hang=2)
        printer.say(
            f"parley tail {TITLE.split()[0]} --stored --profile {keep}/clients/mira "
            f"--passphrase-file {keep}/passphrase",
            hang=2,
        )
    failed = [check.text for check in outcome.checks if not check.holds]
    return _complain(*(f"did not hold: {text}" for text in failed)) if failed else 0


def _show_errors(places: Places) -> None:
    """Show what the processes said before the demo failed; their files may be removed in a moment."""
    for path in sorted(places.errors.glob("*.txt")):
        lines = path.read_text(errors="replace").splitlines()[-_TAIL:]
        if lines:
            print(f"--- {path.stem}", *map(sanitise, lines), sep="\n", file=sys.stderr)


def _complain(*lines: str) -> int:
    for line in lines:
        print(f"parley: {sanitise_line(line)}", file=sys.stderr)
    return 1
