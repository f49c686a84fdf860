"""A client is killed with SIGKILL at chosen and at random moments: exactly one copy of each message arrives."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from client.events import ChannelInfo
from protocols.relay.frames import Append, Authorise, Entries, Frame, Receipts, Subscribe
from tests.support.client_process import ClientProcess, client_process
from tests.support.clients import (
    Person,
    admit,
    assert_agreed,
    level,
    make_profile,
    open_again,
    opened,
    parley_of,
    talk,
)
from tests.support.proxy import Direction, Proxy, proxy_to
from tests.support.relay_process import RelayProcess
from tests.support.waiting import eventually

COUNT = 6
QUESTIONS = [f"Amal {number}" for number in range(COUNT)]


async def newcomer(host: Person, directory: Path, proxy: Proxy) -> ChannelInfo:
    """Make Amal's profile and have her join by way of the proxy."""
    with make_profile(directory, "Amal") as profile:
        return await admit(host, parley_of(profile), route=proxy.url)


async def finish(process: ClientProcess, mira: Person, directory: Path, info: ChannelInfo) -> None:
    """Let Amal say everything; then require that all of it came once, and that both hold one record."""
    await process.start()
    await eventually(lambda: "done" in process.said, "Amal has said everything", 20)
    await mira.has(*QUESTIONS)
    process.kill_now()
    await process.gone()
    assert process.errors == b""
    with open_again(directory) as profile:
        async with opened(parley_of(profile), info) as amal:
            await level((mira, amal))
            assert sorted(mira.questions) == sorted([*QUESTIONS, *mira_asked(mira)])
            # A generation that was used twice could be opened by nobody, and would be rejected here.
            assert_agreed((mira, amal))


def mira_asked(mira: Person) -> list[str]:
    """What Mira has said herself."""
    return [question for question in mira.questions if question.startswith("Mira")]


def at(direction: Direction, kind: type[Frame], number: int) -> Callable[[Direction, Frame], bool]:
    """True once, when the proxy sees this frame for the given time."""
    seen = 0

    def is_it(passing: Direction, frame: Frame) -> bool:
        nonlocal seen
        if passing is direction and isinstance(frame, kind):
            seen += 1
            return seen == number
        return False

    return is_it


MOMENTS = {
    "before it may speak": (Direction.TO_RELAY, Authorise, 1),
    "before it reads": (Direction.TO_RELAY, Subscribe, 1),
    "having read first": (Direction.TO_CLIENT, Entries, 1),
    "its message about to arrive": (Direction.TO_RELAY, Append, 1),
    "its third message about to arrive": (Direction.TO_RELAY, Append, 3),
    "its receipt on the way": (Direction.TO_CLIENT, Receipts, 1),
    "another receipt on the way": (Direction.TO_CLIENT, Receipts, 2),
    "its own entry on the way": (Direction.TO_CLIENT, Entries, 2),
    "a later entry on the way": (Direction.TO_CLIENT, Entries, 4),
}


@pytest.mark.slow
@pytest.mark.parametrize("reached", [False, True], ids=["withheld", "delivered"])
@pytest.mark.parametrize("moment", MOMENTS)
async def test_killed_at_a_moment_seen_on_the_wire(
    relay: RelayProcess, tmp_path: Path, moment: str, *, reached: bool
) -> None:
    is_it = at(*MOMENTS[moment])
    async with proxy_to(relay.port) as proxy, talk(tmp_path, relay.url, "Mira") as (mira,):
        info = await newcomer(mira, tmp_path / "Amal", proxy)
        async with client_process(tmp_path / "Amal", info.log.hex(), COUNT, pace="steadily") as process:
            killed = False

            def kill_then(direction: Direction, frame: Frame) -> None:
                nonlocal killed
                if is_it(direction, frame):
                    killed = True
                    process.kill_now()
                    if not reached:
                        proxy.cut()

            proxy.watch = kill_then
            await mira.ask("Mira: are you there?")  # there is something to receive, and to send a receipt for
            await process.start()
            await eventually(lambda: killed, f"the moment comes: {moment}", 20)
            await process.gone()
            await mira.ask("Mira: and now?")
            await finish(process, mira, tmp_path / "Amal", info)


async def test_killed_right_after_a_message_was_taken(relay: RelayProcess, tmp_path: Path) -> None:
    async with proxy_to(relay.port) as proxy, talk(tmp_path, relay.url, "Mira") as (mira,):
        info = await newcomer(mira, tmp_path / "Amal", proxy)
        async with client_process(tmp_path / "Amal", info.log.hex(), COUNT) as process:
            proxy.refusing = True  # it speaks while it is offline
            await process.start()
            await eventually(lambda: "asked 2" in process.said, "Amal has said three things", 20)
            process.kill_now()
            await process.gone()
            proxy.refusing = False
            await finish(process, mira, tmp_path / "Amal", info)


@pytest.mark.slow
async def test_killed_twelve_times_at_random(relay: RelayProcess, tmp_path: Path) -> None:
    dice = random.Random(11)
    async with proxy_to(relay.port) as proxy, talk(tmp_path, relay.url, "Mira") as (mira,):
        info = await newcomer(mira, tmp_path / "Amal", proxy)
        async with client_process(tmp_path / "Amal", info.log.hex(), COUNT) as process:
            frames = 0

            def count(_direction: Direction, _frame: Frame) -> None:
                nonlocal frames
                frames += 1

            proxy.watch = count
            for number in range(12):
                await mira.ask(f"Mira {number}")
                enough = frames + dice.randrange(1, 14)
                await process.start()
                await eventually(
                    lambda enough=enough: frames >= enough or "done" in process.said,  # type: ignore[misc]
                    "something happens on the wire",
                    20,
                )
                process.kill_now()
                await process.gone()
            await finish(process, mira, tmp_path / "Amal", info)
