"""A Node program that keeps members of groups in somebody else's MLS, driven by one JSON line after another."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

FOLDER = Path(__file__).resolve().parent
_ANSWER_TIMEOUT_S = 60.0


class PeerRefusedError(Exception):
    """The other implementation would not do it; the message is its own."""


class PeerLostError(Exception):
    """The Node program ended or does not answer: a fault of the test bench, never of a protocol."""


def encoded(data: bytes) -> str:
    """Bytes as they travel in a request."""
    return base64.b64encode(data).decode("ascii")


def decoded(text: str) -> bytes:
    """Bytes as they come in an answer."""
    return base64.b64decode(text, validate=True)


class Peer:
    """One running peer; a context manager that ends its process."""

    def __init__(self, program: str, *, fixes: str | None = None) -> None:
        """Start it.

        Args:
            program: The Node program, a file of this folder.
            fixes: Another, loaded before it, that mends the implementation as it is loaded.
        """
        node = shutil.which(os.environ.get("PARLEY_NODE", "node"))
        if node is None:
            raise PeerLostError("Node.js 20 or later is not installed")
        if not (FOLDER / "node_modules").is_dir():
            raise PeerLostError(f"node_modules is missing: run `npm ci` in {FOLDER.name}, or `make interop`")
        self._process = subprocess.Popen(
            [node, *([] if fixes is None else ["--import", f"./{fixes}"]), program],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def call(self, op: str, **request: Any) -> dict[str, Any]:
        """Have one operation done.

        Raises:
            PeerRefusedError: The other implementation raised.
            PeerLostError: The process has ended, or did not answer within a minute.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(json.dumps({"op": op, **request}).encode() + b"\n")
            stdin.flush()
        except BrokenPipeError:
            raise PeerLostError("the peer has ended; its last words are on stderr") from None
        if not select.select([stdout], [], [], _ANSWER_TIMEOUT_S)[0]:
            raise PeerLostError(f"no answer to {op} within {_ANSWER_TIMEOUT_S:g} s")
        line = stdout.readline()
        if not line:
            raise PeerLostError("the peer has ended; its last words are on stderr")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise PeerRefusedError(answer["error"] + "\n" + str(answer.get("stack", "")))
        ok: dict[str, Any] = answer["ok"]
        return ok

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
