"""Plays the three negotiations and keeps them: `python -m tests.negotiations.golden` writes golden/ anew.

NAME.jsonl is the founder's export, NAME.sha256 the digest it replays to, NAME.txt its minutes. A log of a
format that was released must verify and replay to its digest for ever: never make it anew to please a test.
"""

import asyncio
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Final

from tests.negotiations import ceasefire, convoy, kept, prisoners, texts
from tests.negotiations.room import open_room
from tests.negotiations.table import Talks

SCRIPTS: Final[dict[str, ModuleType]] = {
    "ceasefire": ceasefire,
    "prisoners": prisoners,
    "convoy": convoy,
}


async def played(name: str, directory: Path) -> bytes:
    """Play a script; everybody comes to one state. Returns the founder's export."""
    script = SCRIPTS[name]
    async with open_room(Talks, directory, script.TITLE) as talks:
        await script.play(talks)
        agreed = await talks.assert_of_one_mind()
        export = talks.log.parley.export(talks.log.info)
    assert kept.replayed(export) == agreed.hex()
    return export


def write() -> None:
    """Play all of them, and keep what comes of it."""
    for name in kept.NAMES:
        with tempfile.TemporaryDirectory() as directory:
            export = asyncio.run(played(name, Path(directory)))
        (kept.FOLDER / f"{name}.jsonl").write_bytes(export)
        (kept.FOLDER / f"{name}.sha256").write_text(kept.replayed(export) + "\n")
    texts.write()


if __name__ == "__main__":
    write()
