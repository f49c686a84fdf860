"""One person's client in the demo: a process of its own, moved by lines of JSON instead of by keys.

`python -P -m client.demo.actor PROFILE NAME` opens the profile there, or makes it, with the passphrase in
$PARLEY_PASSPHRASE. Each line on standard input is `{"do": command, ...}`; each gets one line on standard
output, `{"ok": {...}}` or `{"error": "one line"}`. It ends when standard input does. Everything goes through
the same library as the command line and the interface (`client.demo.deeds`).
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from client.cli.boundary import explain
from client.demo.deeds import Deeds
from client.parley import Parley, utc_milliseconds
from client.profiles import KEY_FILE, Profile, create_profile, open_profile

__all__ = ["MAX_LINE", "main"]

MAX_LINE = 1 << 20


def main() -> int:
    """Run the process; returns its exit status."""
    _, directory, name = sys.argv
    try:
        with _profile(Path(directory), name, os.environ["PARLEY_PASSPHRASE"]) as profile:
            asyncio.run(_serve(Parley(profile, receipt_jitter_s=(0, 0))))
    except Exception as error:
        lines = explain(error)
        _say({"error": "; ".join(lines or (f"{type(error).__name__}: {error}",))})
        if lines is None:
            raise
        return 1
    return 0


def _profile(directory: Path, name: str, passphrase: str) -> Profile:
    if (directory / KEY_FILE).exists():
        return open_profile(directory, passphrase)
    return create_profile(directory, passphrase, name=name, device="demo", now_ms=utc_milliseconds())


async def _serve(parley: Parley) -> None:
    commands = asyncio.StreamReader(limit=MAX_LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    async with Deeds(parley) as deeds:
        _say({"ok": {"participant": parley.participant_id}})
        while line := await commands.readline():
            command = json.loads(line)
            _say({"ok": await deeds.perform(command.pop("do"), command)})


def _say(answer: object) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    sys.exit(main())
