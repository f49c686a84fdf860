"""What a client does when the relay, or whoever answers in its place, lies, babbles or falls silent."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channel.audit import parse_export, verify_export
from client.errors import ChannelStopped
from client.events import AlarmKind, AlarmRaised, ChannelStatus, ConnectionKind
from client.transport import connect
from protocols.log.checkpoint import verify
from protocols.log.entry import decode_entry
from protocols.relay import wire
from protocols.relay.frames import Append, Entries, Receipt, Receipts, RefusalCode, Refused
from server.signing import load_or_create
from tests.client.relay_in_test import VKEY, Peer
from tests.end_to_end.test_membership import authorise
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
from tests.support.hostile_relay import Script, hostile_relay, let_in, listen, say
from tests.support.proxy import Proxy, proxy_to
from tests.support.relay_process import RelayProcess
from tests.support.waiting import eventually


@contextlib.asynccontextmanager
async def led_astray(relay: RelayProcess, tmp_path: Path) -> AsyncIterator[tuple[Proxy, Person, Person]]:
    """Mira, who always reaches the relay, and Amal, whom the proxy can lead elsewhere."""
    async with proxy_to(relay.port) as proxy, talk(tmp_path, relay.url, "Mira") as (mira,):
        with make_profile(tmp_path / "Amal", "Amal") as profile:
            parley = parley_of(profile)
            info = await admit(mira, parley, route=proxy.url)
            async with opened(parley, info) as amal:
                await mira.ask("before")
                await amal.has("before")
                await level((mira, amal))
                yield proxy, mira, amal


def port_of(url: str) -> int:
    """The port in a URL."""
    return int(url.rsplit(":", 1)[1].split("/")[0])


def vkey_of(person: Person) -> str:
    """The relay's verifier key, as the channel's genesis pins it."""
    return person.session.conversation.transcript.genesis.relay_vkey


async def noise(peer: Peer) -> None:
    """Bytes that mean nothing."""
    await peer.socket.send_bytes(os.urandom(10_000))
    await listen(peer)


async def text(peer: Peer) -> None:
    """A text message."""
    await peer.socket.send_str("hello")
    await listen(peer)


async def unknown_frame(peer: Peer) -> None:
    """A frame of a kind that does not exist."""
    await peer.socket.send_bytes(b"\x91\x92\x63\x01")
    await listen(peer)


async def huge(peer: Peer) -> None:
    """A message larger than any relay may greet with."""
    with contextlib.suppress(ConnectionError, RuntimeError):
        await peer.socket.send_bytes(bytes(wire.CEILING.max_batch + 2))
    await listen(peer)


async def nesting(peer: Peer) -> None:
    """Arrays in arrays without end."""
    await peer.socket.send_bytes(b"\x91" * 100_000)
    await listen(peer)


async def goodbye(peer: Peer) -> None:
    """An end without a word."""
    await peer.socket.close()


async def uninvited_receipt(peer: Peer) -> None:
    """An answer to nothing."""
    item = Receipt(request=77, position=1, relay_time_ms=1)
    await say(peer, Receipts(log=bytes(32), checkpoint=b"note", items=(item,)))
    await listen(peer)


async def another_log(peer: Peer) -> None:
    """Entries of a log that was not asked for."""
    await let_in(peer, size=9)
    await say(peer, Entries(log=bytes(32), start=0, entries=(b"x",), checkpoint=b"note", consistency=()))
    await listen(peer)


async def refuse_everything(peer: Peer) -> None:
    """A no to every request."""
    while batch := await peer.receive():
        for frame in batch:
            request = getattr(frame, "request", 1)
            await peer.send(Refused(request=request, code=RefusalCode.UNAUTHORISED, detail="no"))


SCRIPTS: tuple[Script, ...] = (
    noise,
    text,
    unknown_frame,
    huge,
    nesting,
    goodbye,
    uninvited_receipt,
    another_log,
    refuse_everything,
)


@pytest.mark.parametrize("script", SCRIPTS)
async def test_babble_is_survived_and_said_in_a_line(
    relay: RelayProcess, tmp_path: Path, script: Script
) -> None:
    async with (
        led_astray(relay, tmp_path) as (proxy, mira, amal),
        hostile_relay(vkey_of(mira), script) as (url, _),
    ):
        proxy.target = port_of(url)
        tried = proxy.connections
        proxy.cut()
        await amal.ask("said while astray")
        await eventually(lambda: proxy.connections >= tried + 3, "Amal tries again and again")
        await eventually(lambda: bool(amal.session.connection.detail), "Amal is told why")
        assert "\n" not in amal.session.connection.detail
        assert amal.session.alarm is None
        assert "said while astray" in amal.unsent
        proxy.target = relay.port
        proxy.cut()
        await mira.has("said while astray")
        await level((mira, amal))
        assert_agreed((mira, amal))


async def test_another_relay_is_not_spoken_to(relay: RelayProcess, tmp_path: Path) -> None:
    said: list[object] = []

    async def overhear(peer: Peer) -> None:
        said.extend(await peer.receive())

    async with (
        led_astray(relay, tmp_path) as (proxy, _, amal),
        hostile_relay(VKEY, overhear) as (url, _),
    ):
        proxy.target = port_of(url)
        proxy.cut()
        await eventually(lambda: "another relay" in amal.session.connection.detail, "Amal is told")
        assert said == []  # not even which channel it is about


async def test_silence_keeps_what_was_said(relay: RelayProcess, tmp_path: Path) -> None:
    async with (
        led_astray(relay, tmp_path) as (proxy, mira, amal),
        hostile_relay(vkey_of(mira), listen) as (url, _),
    ):
        proxy.target = port_of(url)
        proxy.cut()
        await eventually(
            lambda: amal.session.connection.kind is ConnectionKind.ONLINE, "connected, to nobody"
        )
        await amal.ask("into the silence")
        with pytest.raises(TimeoutError):
            await amal.session.caught_up(0.3)
        assert amal.unsent == ["into the silence"]
        proxy.target = relay.port
        proxy.cut()
        await mira.has("into the silence")
        await level((mira, amal))
        assert_agreed((mira, amal))


@pytest.mark.parametrize("asked_here", [0, 1, 2], ids=["shorter", "as long", "longer"])
async def test_a_relay_that_shows_two_histories_is_caught(
    relay: RelayProcess, tmp_path: Path, asked_here: int
) -> None:
    twin = RelayProcess(tmp_path / "twin")
    async with led_astray(relay, tmp_path) as (proxy, mira, amal), contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(twin.close)
        proxy.refusing = True
        await relay.stop()
        await asyncio.to_thread(shutil.copytree, relay.data, twin.data)
        await relay.start()
        await twin.start()  # the same key, and from here on another history
        proxy.target, proxy.refusing = twin.port, False
        before = mira.session.conversation.transcript.size
        for number in range(asked_here):
            await mira.ask(f"on Mira's side {number}")
        await amal.ask("on Amal's side")
        await mira.session.caught_up(10)
        await amal.session.caught_up(10)
        assert amal.session.conversation.transcript.size == before + 1
        proxy.target = relay.port
        proxy.cut()
        await eventually(lambda: amal.session.alarm is not None, "Amal is alarmed")
        alarm = amal.session.alarm
        assert alarm is not None
        assert alarm.kind is (AlarmKind.FORK if asked_here else AlarmKind.ROLLBACK)
        genesis = mira.session.conversation.transcript.genesis
        ours, theirs = (
            verify(note, origin=genesis.origin, public_key=genesis.relay_public_key)
            for note in (alarm.ours, alarm.theirs)
        )
        assert (ours.size, theirs.size) == (before + 1, before + asked_here)
        assert ours.root != theirs.root
        with pytest.raises(ChannelStopped):
            await amal.ask("Can I go on?")
        with pytest.raises(ChannelStopped):
            await amal.session.caught_up(5)
        await eventually(
            lambda: amal.session.connection.kind is ConnectionKind.OFFLINE, "the connection ended"
        )
        assert "on Mira's side 0" not in amal.questions
        assert mira.session.alarm is None
        info = amal.info
        verified = verify_export(parse_export(mira.parley.export(mira.info)))
        assert not verified.alarms
    with open_again(tmp_path / "Amal") as profile:  # it is still known after a restart
        parley = parley_of(profile)
        assert parley.find_channel(info.log.hex()).status is ChannelStatus.STOPPED
        async with parley.open(info) as session:
            assert session.alarm == alarm
            with pytest.raises(ChannelStopped):
                await session.caught_up(5)
        with profile.store.transaction() as tx:
            (conflict,) = tx.history.conflicts(info.log)
        assert (conflict.ours, conflict.theirs) == (alarm.ours, alarm.theirs)


async def test_what_was_seen_elsewhere_travels_in_the_messages(relay: RelayProcess, tmp_path: Path) -> None:
    """The relay keeps two members apart, but lets a message of one through to the other."""
    twin = RelayProcess(tmp_path / "twin")
    async with led_astray(relay, tmp_path) as (proxy, mira, amal), contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(twin.close)
        proxy.refusing = True
        await relay.stop()
        await asyncio.to_thread(shutil.copytree, relay.data, twin.data)
        await relay.start()
        await twin.start()
        proxy.target, proxy.refusing = twin.port, False
        await mira.ask("on Mira's side")
        for question in ("first on Amal's side", "second on Amal's side"):
            await amal.ask(question)
            await amal.session.caught_up(10)
        with amal.parley.profile.store.transaction() as tx:
            *_, last = tx.history.entries(amal.info.log)
        message = decode_entry(last.entry).message  # type: ignore[union-attr]
        alarms: list[AlarmRaised] = []

        async def hear() -> None:
            async for event in mira.session.events():
                if isinstance(event, AlarmRaised):
                    alarms.append(event)

        hearing = asyncio.create_task(hear())
        await mira.session.caught_up(10)
        async with connect(relay.url) as connection:
            await authorise(connection, mira)
            smuggled = Append(request=1, log=mira.info.log, message=message, next_access_key=None)
            assert isinstance(await connection.request(smuggled), Receipts)
        await eventually(lambda: bool(alarms), "Mira is alarmed")
        hearing.cancel()
        assert [event.alarm.kind for event in alarms] == [AlarmKind.OTHER_VIEW]
        assert "second on Amal's side" not in mira.questions
        assert mira.session.negotiation.rejected[-1].reason == "other-log"
        await mira.ask("Amal, what do you see?")  # a member could stop everybody by a lie, so it goes on
        await mira.session.caught_up(10)


@pytest.mark.parametrize("together", [True, False], ids=["in one page", "in two pages"])
async def test_a_replayed_entry_is_rejected_alike_by_all(
    relay: RelayProcess, tmp_path: Path, *, together: bool
) -> None:
    """The relay, with its true key, logs a message of Amal's twice."""
    async with proxy_to(relay.port) as proxy, talk(tmp_path, proxy.url, "Mira", "Amal", "Badr") as people:
        mira, amal, _ = people
        await mira.ask("before")
        await level(people)
        conversation = mira.session.conversation
        frontier, genesis = conversation.transcript.frontier, conversation.transcript.genesis
        signer = load_or_create(relay.data, "localhost")
        assert signer.vkey == genesis.relay_vkey
        appended: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        peers: list[Peer] = []

        async def replay(peer: Peer) -> None:
            await let_in(peer, size=frontier.size)
            nothing_new = signer.sign(genesis.encode(), frontier.size, frontier.root())
            page = Entries(
                log=genesis.log_id, start=frontier.size, entries=(), checkpoint=nothing_new, consistency=()
            )
            await peer.send(page)
            peers.append(peer)
            while batch := await peer.receive():
                for frame in batch:
                    if isinstance(frame, Append) and not appended.done():
                        appended.set_result(frame.message)

        async with hostile_relay(genesis.relay_vkey, replay) as (url, _):
            proxy.target = port_of(url)
            proxy.cut()
            await eventually(lambda: len(peers) == 3, "all are astray")
            await amal.ask("once, or twice?")
            message = await asyncio.wait_for(appended, 10)
            size = frontier.size
            entries = [
                b"\x01" + (relay_time_ms).to_bytes(8) + message for relay_time_ms in (2**41, 2**41 + 1)
            ]
            pages = [entries] if together else [entries[:1], entries[1:]]
            for page in pages:
                start, frontier = frontier.size, frontier.extend([_leaf(entry) for entry in page])
                note = signer.sign(genesis.encode(), frontier.size, frontier.root())
                for peer in tuple(peers):
                    await peer.send(
                        Entries(
                            log=genesis.log_id,
                            start=start,
                            entries=tuple(page),
                            checkpoint=note,
                            consistency=(),
                        )
                    )
            await eventually(
                lambda: all(p.session.conversation.transcript.size >= size + 2 for p in people),
                "all have read both copies",
            )
            for person in people:
                assert person.questions.count("once, or twice?") == 1
            assert_agreed(people, rejected=1)


def _leaf(entry: bytes) -> bytes:
    from protocols.log.merkle import leaf_hash

    return leaf_hash(entry)
