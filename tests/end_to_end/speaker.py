"""A client in a process of its own, to be killed: it asks numbered questions, and goes on where it was.

Arguments: profile directory, channel (hex), how many questions, and whether to wait for the relay
after each of them ("steadily", "at once"). It says on standard output what it has just done, a line each.
"""

import asyncio
import sys
from pathlib import Path

from tests.support.clients import Person, open_again, parley_of


async def main(directory: Path, channel: str, count: int, *, steadily: bool) -> None:
    """Ask what was not asked yet, wait until the relay has everything, and say so."""
    with open_again(directory) as profile:
        parley = parley_of(profile)
        info = parley.find_channel(channel)
        async with parley.open(info) as session:
            person = Person(parley, info, session)
            print("open", flush=True)
            for number in range(count):
                question = f"{parley.name} {number}"
                if question not in person.questions and question not in person.unsent:
                    await person.ask(question)
                    print(f"asked {number}", flush=True)
                if steadily:
                    await session.caught_up()
            await session.caught_up()
            print("done", flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), steadily=sys.argv[4] == "steadily"))
