"""A real relay in a process of its own: started, killed, started again on the same data and port."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

PROJECT = Path(__file__).parents[2]
START_TIMEOUT_S = 20.0


class RelayProcess:
    """One relay's life, over any number of processes.

    Attributes:
        data: its directory.
        port: where it listens; chosen by the system the first time, kept from then on.
        output: everything it has written to standard output and error, all processes together.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = 0
        self.output = bytearray()
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []

    @property
    def url(self) -> str:
        """What clients connect to."""
        return f"ws://127.0.0.1:{self.port}/v1"

    @property
    def process(self) -> asyncio.subprocess.Process:
        """The process that runs, or ran last."""
        assert self._process is not None, "never started"
        return self._process

    async def start(self, *arguments: str, listen: str | None = None) -> None:
        """Start it, and return once it accepts connections."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "server",
            "serve",
            "--open",
            "--listen",
            listen or f"127.0.0.1:{self.port}",
            "--data",
            str(self.data),
            *arguments,
            cwd=PROJECT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers.append(asyncio.create_task(self._collect(self._process.stderr)))
        line = await self._first_line(self._process.stdout)
        assert line.startswith(b"listening on "), f"the relay said: {self.output.decode()}"
        self.port = int(line.rsplit(b":", 1)[1].split(b"/")[0])
        self._readers.append(asyncio.create_task(self._collect(self._process.stdout)))

    async def kill(self) -> None:
        """End it as a power cut would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to stop, and return its exit status."""
        return await self._end(signal.SIGTERM)

    async def close(self) -> None:
        """Make sure that nothing of it runs any more."""
        if self._process is not None and self._process.returncode is None:
            await self.kill()

    async def _end(self, how: signal.Signals) -> int:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(how)
        async with asyncio.timeout(10):
            status = await self.process.wait()
            await asyncio.gather(*self._readers)
        self._readers.clear()
        return status

    async def _first_line(self, stream: asyncio.StreamReader) -> bytes:
        line = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_TIMEOUT_S):
                line = await stream.readline()
        self.output += line
        return line

    async def _collect(self, stream: asyncio.StreamReader) -> None:
        while chunk := await stream.read(65_536):
            self.output += chunk


@contextlib.asynccontextmanager
async def running_relay(data: Path) -> AsyncIterator[RelayProcess]:
    """Run a relay for the length of a block."""
    relay = RelayProcess(data)
    try:
        await relay.start()
        yield relay
    finally:
        await relay.close()
