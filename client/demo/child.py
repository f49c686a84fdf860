"""The stage's side of one actor: start its process, ask it things, kill it. No process outlives its block."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from client.demo.actor import MAX_LINE
from client.demo.deeds import WAIT_S
from client.demo.errors import DemoFailed
from client.demo.script import Player

__all__ = ["Child", "environment", "running"]

_ANSWER_S: Final = WAIT_S + 5
"""Longer than an actor waits for others by itself: then it hangs."""
_END_S: Final = 5.0


def environment(**changes: str) -> dict[str, str]:
    """Return our environment for a child, without what would lead it to a person's own profile."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return {**kept, **changes}


class Child:
    """One running actor. Made by `running`."""

    def __init__(self, player: Player, process: asyncio.subprocess.Process) -> None:
        """Take up a process that was just started."""
        self.player = player
        self.participant = ""
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def ask(self, do: str, **args: object) -> dict[str, Any]:
        """Give a command and wait for its answer.

        Raises:
            DemoFailed: It refused, failed, ended, or did not answer in time.

        Cancellation: the command may have been carried out.
        """
        if self._process.stdin is None:
            raise DemoFailed(f"{self.player.key}'s client has no standard input")
        self._process.stdin.write(json.dumps({"do": do, **args}).encode() + b"\n")
        return await self.answer(do)

    async def answer(self, step: str) -> dict[str, Any]:
        """Wait for the next answer; `step` is what it is called when it does not come."""
        if self._process.stdout is None:
            raise DemoFailed(f"{self.player.key}'s client has no standard output")
        try:
            async with asyncio.timeout(_ANSWER_S):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise DemoFailed(
                f"{self.player.key}'s client did not answer within {_ANSWER_S:g} s at: {step}"
            ) from None
        if not line:
            raise DemoFailed(f"{self.player.key}'s client ended at: {step}")
        answer = json.loads(line)
        if "error" in answer:
            raise DemoFailed(f"{self.player.key}'s client failed at: {step}: {answer['error']}")
        done: dict[str, Any] = answer["ok"]
        return done

    async def kill(self) -> int:
        """End it with SIGKILL, as a power cut would; returns how it ended, as the system reports it."""
        with contextlib.suppress(ProcessLookupError):  # it has ended already
            self._process.kill()
        return await self._process.wait()

    async def close(self) -> None:
        """Let it end by itself, and kill it if it does not."""
        if self._process.returncode is None and self._process.stdin is not None:
            self._process.stdin.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_END_S):
                    await self._process.wait()


@contextlib.asynccontextmanager
async def running(player: Player, profile: Path, errors: Path, passphrase: str) -> AsyncIterator[Child]:
    """Run an actor for the length of a block.

    Args:
        player: Who.
        profile: Its directory; made if there is none.
        errors: What it writes to standard error is appended here.
        passphrase: Of the profile; given in the environment, which other users cannot read.

    Raises:
        DemoFailed: It does not start.

    Cancellation: the process is killed.
    """
    with errors.open("ab") as file:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "client.demo.actor", str(profile), player.name),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=file,
            env=environment(PARLEY_PASSPHRASE=passphrase),
            limit=MAX_LINE,
            start_new_session=True,  # Ctrl+C reaches the stage only, which then ends its actors in order
        )
    child = Child(player, process)
    try:
        child.participant = (await child.answer("open the profile"))["participant"]
        yield child
        await child.close()
    finally:
        await child.kill()
