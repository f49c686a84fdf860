"""On one connection no checkpoint is below one ahead of it: a client has to take that for a rollback."""

import asyncio
from dataclasses import replace

from protocols.relay.frames import (
    Append,
    EndOfEpoch,
    Entries,
    Receipts,
    RefusalCode,
    Refused,
    Subscribe,
)
from server.config import Config
from server.fanout import LiveLog, Subscription
from server.store import Access, LogHead, rules
from server.store.memory import MemoryStore
from tests.server.rig import expect, genesis, key, public, rig
from tests.server.socket_client import SocketClient, connected, server
from tests.server.test_session import append, until
from tests.support.fake_mls import COMMIT, private_message


class Gated(MemoryStore):
    """A store whose second answer from now on about a key's access comes late."""

    def __init__(self) -> None:
        super().__init__()
        self.free = 1 << 30
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()

    async def access(self, log_id: bytes, *, epoch: int, access_key: bytes) -> Access | None:
        self.free -= 1
        if self.free == -1:
            self.asked.set()
            await self.go_on.wait()
        return await super().access(log_id, epoch=epoch, access_key=access_key)


def covered(note: bytes) -> int:
    return int(note.split(b"\n")[1])


async def checkpoints_until(client: SocketClient, *, receipts: int, entries: int) -> list[int]:
    """The sizes of all checkpoints, in the order in which they come."""
    sizes: list[int] = []
    while receipts > 0 or entries > 0:
        await client.receive()
        for frame in client.inbox:
            match frame:
                case Receipts():
                    sizes.append(covered(frame.checkpoint))
                    receipts -= len(frame.items)
                case Entries():
                    sizes.append(covered(frame.checkpoint))
                    entries -= len(frame.entries)
                case _:
                    pass
        client.inbox.clear()
    return sizes


async def test_a_receipt_that_waits_is_not_overtaken_by_a_page_from_the_store() -> None:
    store = Gated()
    async with server(store=store) as running, connected(running.url) as ada, connected(running.url) as ben:
        log = await ada.channel()
        await ben.authorise(log, key(0))
        live = running.service.relay.live.get(log)
        assert live is not None
        store.free = 1  # the subscription's own look; the page's comes late
        await ada.send(Subscribe(request=ada.number(), log=log, start=0))
        await store.asked.wait()
        await ada.send(append(ada, log, b"while the page is read"))
        await until(lambda: live.size == 2)
        await ben.send(append(ben, log, b"and then another"))
        await until(lambda: live.size == 3)
        store.go_on.set()
        sizes = await checkpoints_until(ada, receipts=1, entries=3)
        assert sizes == sorted(sizes)
        assert sizes[-1] == 3


async def test_under_load_checkpoints_only_grow() -> None:
    """A client that reads from the start again and again, while it and another one write."""
    async with server() as running, connected(running.url) as ada, connected(running.url) as ben:
        log = await ada.channel()
        await ben.authorise(log, key(0))
        for round_ in range(10):
            await ada.send(Subscribe(request=ada.number(), log=log, start=0))
            for name, client in ((b"ada", ada), (b"ben", ben)):
                bodies = [b"%s %d" % (name, round_ * 20 + number) for number in range(20)]
                await client.send(*[append(client, log, body) for body in bodies])
        sizes = await checkpoints_until(ada, receipts=200, entries=401)
        assert sizes == sorted(sizes)


def overtaken() -> tuple[LiveLog, Subscription]:
    """A live log that knows of a commit which is durable but not shown yet, and a reader of the epoch before."""
    log = rules.new_log(genesis().encode(), log_id=genesis().log_id, access_key=public(key(0)), now_ms=0)
    live = LiveLog(log.log)
    ahead = replace(log, size=2, epoch=1, candidates=(public(key(1)),), previous=log.candidates, boundary=2)
    live.load(ahead, 1, b"note 1")
    return live, Subscription(live=live, epoch=0, access_key=public(key(0)), cursor=1, fresh=False)


def test_an_epoch_does_not_end_before_the_commit_that_ended_it_is_shown() -> None:
    live, subscription = overtaken()
    assert not subscription.is_due
    assert live.stored is not None
    live.publish(LogHead(stored=live.stored, root=bytes(32)), b"note 2", [b"commit"])
    assert subscription.is_due


class CommitsAhead(MemoryStore):
    """A store that has more than is shown: its answer about a key counts entries that were not signed yet."""

    ahead = 0

    async def access(self, log_id: bytes, *, epoch: int, access_key: bytes) -> Access | None:
        access = await super().access(log_id, epoch=epoch, access_key=access_key)
        return access and replace(access, readable=access.readable + self.ahead)


async def test_a_reader_of_what_is_not_shown_yet_waits_and_lets_the_others_work() -> None:
    store = CommitsAhead()
    async with server(store=store) as running, connected(running.url) as ada, connected(running.url) as ben:
        log = await ada.channel()
        await ben.authorise(log, key(0))
        await ben.subscribe(log, 0)
        await ben.entries(1)
        store.ahead = 1  # as if a contest of the commit were durable, but not signed
        commit = Append(
            request=ada.number(),
            log=log,
            message=private_message(log, 0, COMMIT, body=b"commit"),
            next_access_key=public(key(1)),
        )
        await ada.send(commit)
        expect(Receipts, await ada.answer(ada.requests))
        assert len(await ben.entries(1)) == 1
        await ben.send(append(ben, log, b"late"))
        refusal = expect(Refused, await ben.answer(ben.requests))
        assert refusal.code is RefusalCode.WRONG_EPOCH
        assert not ben.inbox  # no empty pages
        store.ahead = 0
        live = running.service.relay.live.get(log)
        assert live is not None
        assert live.stored is not None
        live.adopt(live.stored)
        while not ben.inbox:
            await ben.receive()
        assert expect(EndOfEpoch, ben.inbox.pop()).readable == 2


def test_what_was_loaded_is_not_replaced_by_what_is_older() -> None:
    live, _ = overtaken()
    newer = live.stored
    assert newer is not None
    live.load(replace(newer, size=3, settled=True), 1, b"note 1")
    live.publish(LogHead(stored=newer, root=bytes(32)), b"note 2", [b"commit"])
    assert live.stored is not None
    assert (live.stored.size, live.size) == (3, 2)


async def test_the_page_that_ends_an_epoch_comes_after_all_that_may_be_read() -> None:
    async with rig(Config(open=True)) as relay:
        log, ada = await relay.channel()
        await ada.subscribe(log, 0)
        await ada.append(log, 0, b"commit", next_key=key(1))
        pages = await ada.pages()
        assert sum(len(page.entries) for page in pages if isinstance(page, Entries)) == 2
        assert expect(EndOfEpoch, pages[-1]).readable == 2
