"""A client in a process of its own, that can be killed at any moment and started again on its profile."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

PROJECT = Path(__file__).parents[2]


class ClientProcess:
    """Runs `tests/end_to_end/speaker.py`.

    Attributes:
        said: the lines it has printed since it was started.
        errors: what it wrote to standard error, all processes together.
    """

    def __init__(self, directory: Path, channel: str, count: int, pace: str) -> None:
        self._arguments = (str(directory), channel, str(count), pace)
        self.said: list[str] = []
        self.errors = bytearray()
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start it; it goes on where it was."""
        self.said = []
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.end_to_end.speaker",
            *self._arguments,
            cwd=PROJECT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(os.environ),
        )
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self._readers = [
            asyncio.create_task(self._lines(process.stdout)),
            asyncio.create_task(self._rest(process.stderr)),
        ]

    def kill_now(self) -> None:
        """End it as a power cut would; `gone` waits for the rest."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)

    async def gone(self) -> None:
        """Wait until it has ended."""
        assert self._process is not None
        async with asyncio.timeout(10):
            await self._process.wait()
            await asyncio.gather(*self._readers)

    async def close(self) -> None:
        """Make sure that nothing of it runs any more."""
        if self._process is not None:
            self.kill_now()
            await self.gone()

    async def _lines(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            self.said.append(line.decode().strip())

    async def _rest(self, stream: asyncio.StreamReader) -> None:
        while chunk := await stream.read(65_536):
            self.errors += chunk


@contextlib.asynccontextmanager
async def client_process(
    directory: Path, channel: str, count: int, *, pace: str = "at once"
) -> AsyncIterator[ClientProcess]:
    """A client process for the length of a block; not started yet."""
    process = ClientProcess(directory, channel, count, pace)
    try:
        yield process
    finally:
        await process.close()
