"""The relay is killed with SIGKILL again and again while it works: what it gave a receipt for is there."""

import asyncio
import hashlib
import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from client.errors import ClientError
from client.transport import connect
from protocols.log.checkpoint import Checkpoint, verify
from protocols.log.entry import Genesis, decode_entry
from protocols.log.merkle import HashTree, leaf_hash
from protocols.relay.frames import Entries, Receipts, Subscribe
from tests.support.clients import assert_agreed, level, talk
from tests.support.raw_client import RawLog, raw_log
from tests.support.relay_process import RelayProcess
from tests.support.waiting import eventually

KILLS = 20


@dataclass(slots=True)
class Load:
    """What several writers of one log asked for, and what they hold receipts for."""

    url: str
    log: RawLog
    running: bool = True
    asked: set[bytes] = field(default_factory=set)
    receipts: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    checkpoints: set[bytes] = field(default_factory=set)
    reconnections: int = 0

    async def write(self, writer: int) -> None:
        """Append until told to stop; ask again, with the same bytes, for what got no answer."""
        unanswered: list[bytes] = []
        number = 0
        while self.running or unanswered:
            try:
                async with connect(self.url) as relay:
                    await self.log.authorise(relay)
                    while self.running or unanswered:
                        while self.running and len(unanswered) < 8:
                            number += 1
                            seed = hashlib.sha256(b"%d %d" % (writer, number)).digest()
                            unanswered.append(self.log.message(seed * (1 + number % 40)))
                            self.asked.add(unanswered[-1])
                        async with asyncio.TaskGroup() as tasks:
                            for message in tuple(unanswered):
                                tasks.create_task(self._append(relay, message, unanswered))
            except* ClientError:
                self.reconnections += 1  # the relay is down

    async def _append(self, relay: object, message: bytes, unanswered: list[bytes]) -> None:
        answer = await self.log.append(relay, message)  # type: ignore[arg-type]
        assert isinstance(answer, Receipts)
        (item,) = answer.items
        self.checkpoints.add(answer.checkpoint)
        known = self.receipts.setdefault(message, (item.position, item.relay_time_ms))
        assert known == (item.position, item.relay_time_ms)
        unanswered.remove(message)


async def read_all(load: Load, size: int) -> tuple[list[bytes], bytes]:
    """The log from its beginning, and a checkpoint over all of it."""
    async with connect(load.url) as relay:
        await load.log.authorise(relay)
        await relay.request(Subscribe(request=1, log=load.log.log_id, start=0))
        entries: list[bytes] = []
        while True:
            page = await relay.pushed()
            assert isinstance(page, Entries)
            assert page.start == len(entries)
            entries += page.entries
            if len(entries) >= size:
                return entries, page.checkpoint


def verified(note: bytes, genesis: Genesis) -> Checkpoint:
    """A checkpoint whose signature is the relay's."""
    return verify(note, origin=genesis.origin, public_key=genesis.relay_public_key)


@pytest.mark.slow
async def test_every_receipt_outlives_the_relay(relay: RelayProcess) -> None:
    dice = random.Random(7)
    async with raw_log(relay.url) as (_, log):
        load = Load(relay.url, log)
    async with asyncio.timeout(90), asyncio.TaskGroup() as tasks:
        for writer in range(4):
            tasks.create_task(load.write(writer))
        for _ in range(KILLS):
            before = len(load.receipts)
            more = before + dice.randrange(5, 60)
            await eventually(lambda more=more: len(load.receipts) >= more, "writing goes on", 20)  # type: ignore[misc]
            await relay.kill()
            await relay.start()
        load.running = False

    assert set(load.receipts) == load.asked
    assert load.reconnections >= KILLS
    entries, newest = await read_all(load, 1 + len(load.asked))
    messages = [entry.message for entry in map(decode_entry, entries) if not isinstance(entry, Genesis)]
    assert len(messages) == len(set(messages)), "an entry came twice"
    assert set(messages) == load.asked, "an entry is missing, or nobody asked for it"

    tree = HashTree()
    roots = [tree.root()]
    for data in entries:
        tree.append(leaf_hash(data))
        roots.append(tree.root())
    for message, (position, relay_time_ms) in load.receipts.items():
        entry = decode_entry(entries[position])
        assert not isinstance(entry, Genesis)
        assert (entry.message, entry.relay_time_ms) == (message, relay_time_ms)
    for note in (*load.checkpoints, newest):
        checkpoint = verified(note, log.genesis)
        assert checkpoint.root == roots[checkpoint.size]
    assert relay.output.count(b"recovered") == KILLS + 1


@pytest.mark.slow
async def test_people_talk_on_across_kills(relay: RelayProcess, tmp_path: Path) -> None:
    async with talk(tmp_path, relay.url, "Mira", "Amal", "Badr") as people:
        asked = []
        for number in range(5):
            for person in people:
                asked.append(f"{person.parley.name} asks {number}")
                await person.ask(asked[-1])
            await asyncio.sleep(0)
            await relay.kill()
            await relay.start()
        for person in people:
            await person.has(*asked)
        await level(people)
        assert sorted(people[0].questions) == sorted(asked)
        assert_agreed(people)


async def test_a_relay_that_stops_in_order_says_so_and_everything_goes_on(
    relay: RelayProcess, tmp_path: Path
) -> None:
    async with talk(tmp_path, relay.url, "Mira", "Amal") as (mira, amal):
        asked = [f"question {number}" for number in range(40)]
        for question in asked:
            await mira.ask(question)
        await asyncio.sleep(0)
        assert await relay.stop() == 0
        await relay.start()
        await amal.has(*asked)
        await level((mira, amal))
        assert amal.questions == asked
        assert_agreed((mira, amal))
