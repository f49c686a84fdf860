"""Live logs: what is in memory, what is shared, what comes from the store."""

from dataclasses import replace

from protocols.relay.frames import Authorised, Entries, Receipts
from server.fanout import TAIL_BYTES, TAIL_ENTRIES, LiveLog, Subscription
from server.store import LogHead, StoredLog
from tests.server.rig import code_of, expect, genesis, key, public, rig

LOG = genesis().log_id
STORED = StoredLog(
    log=LOG,
    genesis=genesis().encode(),
    size=1,
    epoch=0,
    candidates=(public(key(0)),),
    registered_ms=(0,),
    previous=(),
    boundary=0,
    settled=True,
    last_time_ms=0,
)


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def wake(self) -> None:
        self.count += 1


def grown(live: LiveLog, *entries: bytes) -> None:
    size = live.size + len(entries)
    live.publish(LogHead(stored=replace(STORED, size=size), root=bytes(32)), b"note %d" % size, entries)


def loaded() -> LiveLog:
    live = LiveLog(LOG)
    live.load(STORED, 1, b"note 1")
    return live


def subscription(live: LiveLog, cursor: int) -> Subscription:
    return Subscription(live=live, epoch=0, access_key=public(key(0)), cursor=cursor)


def test_subscribers_are_woken_not_fed() -> None:
    live, counter = loaded(), Counter()
    live.waiting.add(counter)
    grown(live, b"a")
    grown(live, b"b", b"c")
    assert counter.count == 2


def test_several_batches_are_one_page_and_two_readers_share_it() -> None:
    live = loaded()
    first, second = subscription(live, 1), subscription(live, 1)
    for entry in (b"a", b"b", b"c"):
        grown(live, entry)
    page = first.page_from_memory(1000)
    assert page is not None
    assert page is second.page_from_memory(1000)
    frame = page.frame
    assert isinstance(frame, Entries)
    assert (frame.start, frame.entries, frame.checkpoint) == (1, (b"a", b"b", b"c"), b"note 4")
    assert not first.is_due
    grown(live, b"d")
    assert first.is_due
    again = first.page_from_memory(1000)
    assert again is not None
    assert isinstance(again.frame, Entries)
    assert (again.frame.start, again.frame.entries) == (4, (b"d",))


def test_the_tail_is_bounded_and_who_lags_behind_it_goes_to_the_store() -> None:
    live = loaded()
    slow, near = subscription(live, 1), subscription(live, TAIL_ENTRIES)
    for number in range(TAIL_ENTRIES + 1):
        grown(live, b"%d" % number)
    assert slow.page_from_memory(10**6) is None
    assert slow.cursor == 1
    assert near.page_from_memory(10**6) is not None
    big = bytes(60_000)
    for _ in range(2 * TAIL_BYTES // len(big)):
        grown(live, big)
    assert live._tail_bytes <= TAIL_BYTES
    assert subscription(live, live.size - 2).page_from_memory(100) is None  # larger than a page


def test_nothing_new_is_no_page() -> None:
    live = loaded()
    grown(live, b"a")
    assert subscription(live, 2).page_from_memory(1000) is None
    assert subscription(live, 7).page_from_memory(1000) is None


def test_a_gap_in_what_is_published_empties_the_tail() -> None:
    live = loaded()
    grown(live, b"a")
    live.publish(LogHead(stored=replace(STORED, size=9), root=bytes(32)), b"note 9", [b"z"])
    assert subscription(live, 1).page_from_memory(1000) is None
    page = subscription(live, 8).page_from_memory(1000)
    assert page is not None
    assert isinstance(page.frame, Entries)
    assert page.frame.entries == (b"z",)


def test_what_was_published_while_loading_is_not_overwritten() -> None:
    live = LiveLog(LOG)
    live.publish(LogHead(stored=replace(STORED, size=3), root=bytes(32)), b"note 3", [b"b", b"c"])
    live.load(STORED, 1, b"note 1")
    assert (live.size, live.note) == (3, b"note 3")
    assert live.stored is not None
    assert live.stored.size == 3


async def test_two_connections_hold_one_live_log() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        ben = relay.member()
        expect(Authorised, await ben.authorise(log, 0, key(0)))
        live = relay.service.relay.live.get(log)
        assert live is not None
        assert live.holders == 2
        relay.service.relay.disconnect(ada.peer)
        assert relay.service.relay.live.get(log) is live
        relay.service.relay.disconnect(ben.peer)
        assert relay.service.relay.live.get(log) is None


async def test_an_unknown_log_is_not_held() -> None:
    async with rig() as relay:
        assert code_of(await relay.member().authorise(bytes(32), 0, key(0))) == "UNKNOWN_LOG"
        assert len(relay.service.relay.live) == 0


async def test_a_long_log_comes_in_pages_that_join() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        for number in range(12):
            expect(Receipts, await ada.append(log, 0, bytes(60_000) + b"%d" % number))
        reader = relay.member()
        expect(Authorised, await reader.authorise(log, 0, key(0)))
        await reader.subscribe(log, 0)
        pages = [expect(Entries, page) for page in await reader.pages()]
        assert len(pages) > 2
        position = 0
        for page in pages:
            assert page.start == position
            position += len(page.entries)
        assert position == 13
        assert pages[-1].consistency == ()
        assert all(page.consistency for page in pages[:-1])
