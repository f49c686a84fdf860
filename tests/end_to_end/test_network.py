"""A network that cuts, delays, swallows and refuses: nothing is lost, nothing comes twice, and people are told."""

import asyncio
import random
from pathlib import Path

from client.events import ConnectionChanged, ConnectionKind
from protocols.relay.frames import Append, Entries, Frame, Receipts
from tests.support.clients import Person, assert_agreed, level, talk
from tests.support.proxy import Direction, proxy_to
from tests.support.relay_process import RelayProcess
from tests.support.waiting import eventually


def kind_of(person: Person) -> ConnectionKind:
    """Where the connection stands, read anew each time."""
    return person.session.connection.kind


async def test_cuts_at_any_moment_lose_and_repeat_nothing(relay: RelayProcess, tmp_path: Path) -> None:
    dice = random.Random(1)
    asked = [f"question {number}" for number in range(40)]
    async with proxy_to(relay.port) as proxy, talk(tmp_path, proxy.url, "Mira", "Amal") as (mira, amal):
        passing = 0

        def cut_sometimes(_direction: Direction, _frame: Frame) -> None:
            nonlocal passing
            passing += 1
            if passing % 23 == 0 and proxy.connections < 40:
                asyncio.get_running_loop().call_later(dice.random() / 500, proxy.cut)

        proxy.watch = cut_sometimes
        for number, question in enumerate(asked):
            await (mira, amal)[number % 2].ask(question)
            await asyncio.sleep(0)
        for person in (mira, amal):
            await person.has(*asked, timeout_s=20)
        proxy.watch = None
        await level((mira, amal))
        assert proxy.connections > 10
        assert sorted(mira.questions) == sorted(asked)
        assert_agreed((mira, amal))


async def test_people_see_the_connection_go_and_come_back(relay: RelayProcess, tmp_path: Path) -> None:
    async with proxy_to(relay.port) as proxy, talk(tmp_path, proxy.url, "Mira", "Amal") as (mira, amal):
        seen: list[ConnectionKind] = []

        async def listen() -> None:
            async for event in mira.session.events():
                if isinstance(event, ConnectionChanged):
                    seen.append(event.state.kind)

        listening = asyncio.create_task(listen())
        await asyncio.sleep(0)
        proxy.refusing = True
        proxy.cut()
        await eventually(lambda: kind_of(mira) is ConnectionKind.OFFLINE, "Mira sees that she is offline")
        offline = mira.session.connection
        assert offline.detail
        assert offline.last_contact_ms is not None
        await mira.ask("Can anybody hear me?")
        assert len(mira.session.outbox()) == 1
        proxy.refusing = False
        await eventually(lambda: kind_of(mira) is ConnectionKind.ONLINE, "Mira is online again")
        await amal.has("Can anybody hear me?")
        listening.cancel()
        assert seen[0] is ConnectionKind.OFFLINE
        assert seen[-1] is ConnectionKind.ONLINE
        assert ConnectionKind.CONNECTING in seen
        await level((mira, amal))
        assert_agreed((mira, amal))


async def test_offline_is_counted_from_the_first_failure(relay: RelayProcess, tmp_path: Path) -> None:
    async with proxy_to(relay.port) as proxy, talk(tmp_path, proxy.url, "Mira") as (mira,):
        proxy.refusing = True
        proxy.cut()
        await eventually(lambda: kind_of(mira) is ConnectionKind.OFFLINE, "Mira is offline")
        since, tried = mira.session.connection.since_ms, proxy.connections
        await eventually(lambda: proxy.connections > tried + 5, "Mira keeps trying")
        await eventually(lambda: kind_of(mira) is ConnectionKind.OFFLINE, "Mira is between two attempts")
        assert mira.session.connection.since_ms == since


async def test_an_answer_that_is_lost_leads_to_no_second_copy(relay: RelayProcess, tmp_path: Path) -> None:
    async with proxy_to(relay.port) as proxy, talk(tmp_path, proxy.url, "Mira", "Amal") as (mira, amal):
        lost = 0

        def swallow_the_receipt(_direction: Direction, frame: Frame) -> None:
            nonlocal lost
            if isinstance(frame, Receipts) and lost < 5:
                lost += 1
                proxy.cut()

        proxy.watch = swallow_the_receipt
        for number in range(5):
            await mira.ask(f"question {number}")
            await amal.has(f"question {number}")
        await level((mira, amal))
        assert lost == 5
        assert amal.questions == [f"question {number}" for number in range(5)]
        assert_agreed((mira, amal))


async def test_a_delayed_network_delivers_in_order(relay: RelayProcess, tmp_path: Path) -> None:
    async with proxy_to(relay.port) as proxy, talk(tmp_path, proxy.url, "Mira", "Amal") as (mira, amal):
        proxy.delay_s = 0.02
        for number in range(20):
            await mira.ask(f"question {number}")
        await amal.has("question 19")
        await level((mira, amal))
        assert amal.questions == [f"question {number}" for number in range(20)]
        assert_agreed((mira, amal))


async def test_a_direction_that_swallows_everything_is_survived(relay: RelayProcess, tmp_path: Path) -> None:
    async with proxy_to(relay.port) as proxy, talk(tmp_path, proxy.url, "Mira", "Amal") as (mira, amal):
        for direction in Direction:
            proxy.silenced = {direction}
            await mira.ask(f"while {direction.name} is silent")
            assert len(mira.session.outbox()) == 1
            proxy.cut()  # as a router does in the end
            proxy.silenced = set()
            await amal.has(f"while {direction.name} is silent")
        await level((mira, amal))
        assert len(mira.questions) == 2
        assert_agreed((mira, amal))


async def test_reading_resumes_where_it_stopped(relay: RelayProcess, tmp_path: Path) -> None:
    async with proxy_to(relay.port) as proxy, talk(tmp_path, proxy.url, "Mira", "Amal") as (mira, amal):
        for number in range(10):
            await mira.ask(f"question {number}")
        await amal.has("question 9")
        await level((mira, amal))
        size = amal.session.conversation.transcript.size
        starts: list[int] = []

        def note_starts(_direction: Direction, frame: Frame) -> None:
            if isinstance(frame, Entries):
                starts.append(frame.start)

        proxy.watch = note_starts
        connections = proxy.connections
        proxy.cut()
        await eventually(lambda: proxy.connections >= connections + 2, "both connect again")
        await mira.ask("the last one")
        await amal.has("the last one")
        assert min(starts) == size


async def test_bytes_are_the_same_when_they_leave_again(relay: RelayProcess, tmp_path: Path) -> None:
    async with proxy_to(relay.port) as proxy, talk(tmp_path, proxy.url, "Mira", "Amal") as (mira, amal):
        left: list[bytes] = []

        def cut_before_it_arrives(_direction: Direction, frame: Frame) -> None:
            if isinstance(frame, Append):
                left.append(frame.message)
                if len(left) < 4:
                    proxy.cut()

        proxy.watch = cut_before_it_arrives
        await mira.ask("once")
        await amal.has("once")
        assert len(set(left[:4])) == 1
        await level((mira, amal))
        assert mira.questions == ["once"]
        assert_agreed((mira, amal))
