"""The demo's relay: a real `parley-relay serve` process on loopback, with SQLite in a directory."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path
from typing import Final, TypeVar

from client.demo.child import environment
from client.demo.errors import DemoFailed

__all__ = ["RelayProcess", "running_relay"]

ResultT = TypeVar("ResultT")

_SERVE: Final = (sys.executable, "-P", "-m", "server", "serve", "--open", "--listen", "127.0.0.1:0", "--data")
_READY_S: Final = 20.0
_STOP_S: Final = 8.0
_READY: Final = b"listening on "


class RelayProcess:
    """The running relay. Made by `running_relay`."""

    def __init__(self, url: str, process: asyncio.subprocess.Process) -> None:
        """Take up a process that is ready at `url`."""
        self.url = url
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @contextlib.contextmanager
    def held_still(self) -> Iterator[None]:
        """Stop it from running (SIGSTOP) for the length of a block: connections stay, nothing is answered."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):  # it was killed meanwhile; `while_it_runs` tells
                self._process.send_signal(signal.SIGCONT)

    async def while_it_runs(self, work: Coroutine[None, None, ResultT]) -> ResultT:
        """Do something that needs the relay, and stop at once when the relay ends.

        Raises:
            DemoFailed: The relay ended first.

        Cancellation: the work is cancelled.
        """
        working = asyncio.ensure_future(work)
        ended = asyncio.ensure_future(self._process.wait())
        try:
            await asyncio.wait({working, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise DemoFailed(f"the relay ended by itself with status {ended.result()}")
            return working.result()
        finally:
            for task in (working, ended):
                task.cancel()
            await asyncio.gather(working, ended, return_exceptions=True)

    async def stop(self) -> int:
        """Ask it to stop, wait until it has; returns its exit status.

        Raises:
            DemoFailed: It does not stop in time.
        """
        with contextlib.suppress(ProcessLookupError):  # it has ended: its status tells how
            self._process.terminate()
        try:
            async with asyncio.timeout(_STOP_S):
                return await self._process.wait()
        except TimeoutError:
            raise DemoFailed(f"the relay did not stop within {_STOP_S:g} s") from None


@contextlib.asynccontextmanager
async def running_relay(data: Path, errors: Path) -> AsyncIterator[RelayProcess]:
    """Run a relay for the length of a block.

    Args:
        data: Its directory; made by the relay.
        errors: Where its log goes.

    Raises:
        DemoFailed: It does not start.

    Cancellation: the process is killed.
    """
    with errors.open("ab") as file:
        process = await asyncio.create_subprocess_exec(
            *(*_SERVE, str(data)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=file,
            env=environment(),
            start_new_session=True,
        )
    try:
        yield RelayProcess(await _ready(process), process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _ready(process: asyncio.subprocess.Process) -> str:
    if process.stdout is None:
        raise DemoFailed("the relay has no standard output")
    try:
        async with asyncio.timeout(_READY_S):
            line = await process.stdout.readline()
    except TimeoutError:
        raise DemoFailed(f"the relay was not ready within {_READY_S:g} s") from None
    if not line.startswith(_READY):
        raise DemoFailed("the relay did not start")
    return line.removeprefix(_READY).decode().strip()
