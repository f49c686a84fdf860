"""What the demo proves in the end, each as one check that holds or not. Nothing here talks to the actors."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from client.demo.child import environment
from client.demo.errors import DemoFailed

__all__ = ["Check", "Search", "audit", "found_in"]

_AUDIT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that holds, or does not.

    Attributes:
        holds: whether it does.
        text: what was looked at, with figures.
    """

    holds: bool
    text: str


async def audit(command: str, log: Path, **changes: str) -> dict[str, Any]:
    """Run `parley audit verify` or `replay` on a file, in a process of its own.

    Args:
        command: verify or replay.
        log: the exported log.
        changes: to the environment, such as TZ.

    Returns:
        What it printed.

    Raises:
        DemoFailed: It did not exit with status 0.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "client", "audit", command, str(log), "--json"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(**changes),
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_AUDIT_S):
            output, errors = await process.communicate()
    except TimeoutError:
        raise DemoFailed(f"`parley audit {command}` took longer than {_AUDIT_S:g} s") from None
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has ended already
            process.kill()
        await process.wait()
    if process.returncode != 0:
        lines = errors.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise DemoFailed(f"`parley audit {command}` exits with status {process.returncode}: {lines[-1]}")
    printed: dict[str, Any] = json.loads(output)
    return printed


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What looking for texts in files came to.

    Attributes:
        files: how many were read.
        size: their bytes together.
        hits: file name and text of each that was found.
    """

    files: int
    size: int
    hits: tuple[tuple[str, str], ...]


def found_in(directories: Iterable[Path], texts: Sequence[str]) -> Search:
    """Look for texts in every file under some directories, in either letter case.

    Args:
        directories: where to look; a file counts as well.
        texts: what to look for.
    """
    needles = [(text, text.lower().encode()) for text in texts]
    hits: list[tuple[str, str]] = []
    files = size = 0
    for directory in directories:
        for path in sorted([directory] if directory.is_file() else directory.rglob("*")):
            if not path.is_file():
                continue
            content = path.read_bytes()
            files, size = files + 1, size + len(content)
            lowered = content.lower()
            hits += [(path.name, text) for text, needle in needles if needle in lowered]
    return Search(files=files, size=size, hits=tuple(hits))
