"""The connection to a relay, on real sockets: what is asked is answered once, and a relay that misbehaves is one clear error."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from client.errors import RelayUnreachable
from client.transport import PUSHED_LIMIT, connect
from protocols.errors import LocalProtocolError
from protocols.relay.frames import (
    Append,
    Done,
    EndOfEpoch,
    Frame,
    Limits,
    MailboxClose,
    MailboxPost,
    Receipt,
    Receipts,
    RefusalCode,
    Refused,
    Subscribe,
)
from tests.client.relay_in_test import CLOSE, LIMITS, LOG, Peer, connected, entries, relay, say_done


async def test_a_request_is_answered() -> None:
    async with relay() as (url, _), connected(url) as connection:
        assert connection.greeting.limits == LIMITS
        assert isinstance(await connection.request(CLOSE), Done)
        assert isinstance(await connection.request(CLOSE), Done)


async def test_contact_is_noted() -> None:
    now = iter(range(1000, 2000))
    async with relay() as (url, _), connect(url, clock_ms=lambda: next(now)) as connection:
        before = connection.last_contact_ms
        await connection.request(CLOSE)
        assert connection.last_contact_ms > before


async def test_many_requests_share_batches() -> None:
    async with relay() as (url, peers), connected(url) as connection:
        answers = await asyncio.gather(*(connection.request(CLOSE) for _ in range(300)))
        assert all(isinstance(answer, Done) for answer in answers)
        assert len({answer.request for answer in answers if isinstance(answer, Done)}) == 300
        assert len(peers[0].batches) < 30


async def test_batches_keep_to_the_relays_limits() -> None:
    limits = Limits(
        max_batch=10_000,
        max_frames=3,
        max_outstanding=8,
        max_entry=9_000,
        max_blob=8_000,
        max_blobs=64,
        max_lifetime_s=60,
        max_logs=1,
    )
    posts = [
        MailboxPost(request=0, mailbox=bytes(32), slot=0, index=index, blob=bytes(size), final=False)
        for index, size in enumerate([8_000, 10, 4_000, 4_000, 4_000, 1, 1, 1, 1, 1, 8_000, 8_000] * 3)
    ]
    async with relay(limits=limits) as (url, peers), connected(url) as connection:
        answers = await asyncio.gather(*(connection.request(post) for post in posts))
        assert all(isinstance(answer, Done) for answer in answers)
        seen = [
            frame.index for batch in peers[0].batches for frame in batch if isinstance(frame, MailboxPost)
        ]
        assert seen == list(range(len(posts)))


async def test_a_batch_of_receipts_is_taken_apart() -> None:
    waiting: list[int] = []

    async def answer(peer: Peer, frame: Frame) -> None:
        assert isinstance(frame, Append)
        waiting.append(frame.request)
        if len(waiting) == 3:
            items = tuple(
                Receipt(request=number, position=index + 7, relay_time_ms=1)
                for index, number in enumerate(waiting)
            )
            await peer.send(Receipts(log=LOG, checkpoint=b"note", items=items))

    append = Append(request=0, log=LOG, message=b"message", next_access_key=None)
    async with relay(answer) as (url, _), connected(url) as connection:
        receipts = await asyncio.gather(*(connection.request(append) for _ in range(3)))
    assert [receipt.items[0].position for receipt in receipts if isinstance(receipt, Receipts)] == [7, 8, 9]
    assert all(len(receipt.items) == 1 for receipt in receipts if isinstance(receipt, Receipts))


async def test_a_refusal_is_an_answer() -> None:
    async def answer(peer: Peer, frame: Frame) -> None:
        assert isinstance(frame, MailboxClose)
        await peer.send(
            Refused(
                request=frame.request,
                code=RefusalCode.WRONG_EPOCH,
                detail="the epoch moved on",
                epoch=4,
                size=9,
            )
        )

    async with relay(answer) as (url, _), connected(url) as connection:
        refused = await connection.request(CLOSE)
        assert isinstance(refused, Refused)
        assert (refused.code, refused.epoch, refused.size) == (RefusalCode.WRONG_EPOCH, 4, 9)


async def test_what_the_relay_pushes_comes_in_order_and_nothing_is_lost_when_we_are_slow() -> None:
    count = 4 * PUSHED_LIMIT

    async def answer(peer: Peer, frame: Frame) -> None:
        await say_done(peer, frame)
        if isinstance(frame, Subscribe):
            for start in range(count):
                await peer.send(entries(start))
            await peer.send(EndOfEpoch(log=LOG, epoch=1, readable=count))

    async with relay(answer) as (url, _), connected(url) as connection:
        await connection.request(Subscribe(request=0, log=LOG, start=0))
        await asyncio.to_thread(lambda: None)  # lets the reader run into the full queue
        assert [await connection.pushed() for _ in range(count)] == [entries(start) for start in range(count)]
        assert await connection.pushed() == EndOfEpoch(log=LOG, epoch=1, readable=count)


async def test_what_came_before_the_end_is_still_handed_out() -> None:
    async def answer(peer: Peer, frame: Frame) -> None:
        if isinstance(frame, Subscribe):
            await peer.send(Done(request=frame.request), entries(0), entries(1))
            return
        await peer.socket.close()

    async with relay(answer) as (url, _), connected(url) as connection:
        await connection.request(Subscribe(request=0, log=LOG, start=0))
        with pytest.raises(RelayUnreachable, match="lost"):
            await connection.request(CLOSE)
        assert [await connection.pushed(), await connection.pushed()] == [entries(0), entries(1)]
        for _ in range(2):
            with pytest.raises(RelayUnreachable):
                await connection.pushed()
            with pytest.raises(RelayUnreachable):
                await connection.request(CLOSE)


async def test_everybody_who_waits_learns_of_the_end() -> None:
    limits = Limits(
        max_batch=10_000,
        max_frames=3,
        max_outstanding=2,
        max_entry=9_000,
        max_blob=8_000,
        max_blobs=64,
        max_lifetime_s=60,
        max_logs=1,
    )

    async def answer(peer: Peer, _: Frame) -> None:
        if len(peer.batches) > 1:  # the Hello was one
            await peer.socket.close()

    async with relay(answer, limits=limits) as (url, _), connected(url) as connection:
        waiting = [connection.request(CLOSE) for _ in range(20)]
        outcomes = await asyncio.gather(*waiting, connection.pushed(), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [RelayUnreachable] * 21


async def test_a_cancelled_request_does_no_harm() -> None:
    held: list[Frame] = []
    asked = asyncio.Event()

    async def answer(peer: Peer, frame: Frame) -> None:
        held.append(frame)
        asked.set()
        if len(held) == 2:
            for one in held:
                await say_done(peer, one)

    async with relay(answer) as (url, _), connected(url) as connection:
        first = asyncio.ensure_future(connection.request(CLOSE))
        await asked.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert isinstance(await connection.request(CLOSE), Done)


async def test_a_relay_that_does_not_answer_in_time_counts_as_gone() -> None:
    async def answer(peer: Peer, frame: Frame) -> None:
        return

    async with relay(answer) as (url, _), connected(url) as connection:
        with pytest.raises(RelayUnreachable, match="does not answer"):
            await connection.request(CLOSE, timeout_s=0.05)
        with pytest.raises(RelayUnreachable, match="does not answer"):
            await connection.pushed()


async def test_a_frame_that_cannot_be_sent_is_our_bug_and_ends_nothing() -> None:
    async with relay() as (url, _), connected(url) as connection:
        with pytest.raises(LocalProtocolError):
            await connection.request(MailboxClose(request=0, mailbox=b"short"))
        assert isinstance(await connection.request(CLOSE), Done)


async def test_a_relay_with_tiny_limits_is_said_to_have_them() -> None:
    post = MailboxPost(request=0, mailbox=bytes(32), slot=0, index=0, blob=bytes(500), final=True)
    async with relay(limits=replace(LIMITS, max_batch=200)) as (url, _), connected(url) as connection:
        with pytest.raises(RelayUnreachable, match="this size"):
            await connection.request(post)
        assert isinstance(await connection.request(CLOSE), Done)


async def test_an_exception_of_the_block_comes_out_as_it_is() -> None:
    async with relay() as (url, _):
        with pytest.raises(KeyError, match="mine"):
            async with connected(url):
                raise KeyError("mine")


async def test_leaving_does_not_wait_for_a_relay_that_does_not_read() -> None:
    async def hang(peer: Peer) -> None:
        await asyncio.Event().wait()

    loop = asyncio.get_running_loop()
    async with relay(after_greeting=hang) as (url, _):
        async with connected(url):
            left = loop.time()
        assert loop.time() - left < 1.8


async def until_it_stands_still(number: Callable[[], int], *, start: int) -> None:
    """Wait until a number has left `start` and did not change for a while."""
    last = start
    async with asyncio.timeout(5):
        while last in (start, 0) or number() != last:
            last = number()
            await asyncio.sleep(0.02)


async def test_leaving_does_not_wait_for_what_cannot_be_sent() -> None:
    async def hang(peer: Peer) -> None:
        await asyncio.Event().wait()

    post = MailboxPost(
        request=0, mailbox=bytes(32), slot=0, index=0, blob=bytes(LIMITS.max_blob), final=False
    )
    loop = asyncio.get_running_loop()
    async with relay(after_greeting=hang) as (url, _):
        async with connected(url) as connection:
            posts = [asyncio.ensure_future(connection.request(post)) for _ in range(200)]
            await until_it_stands_still(connection._outgoing.qsize, start=len(posts))
            left = loop.time()
        assert loop.time() - left < 1.8
        outcomes = await asyncio.gather(*posts, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {RelayUnreachable}
