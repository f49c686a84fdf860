"""A message is followed until the log has it, or it is sure that it will not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from client.channel_session import ChannelSession
from client.cli.errors import NotTaken
from client.cli.sending import Sent, report, say
from client.errors import ChannelStopped
from client.events import (
    Alarm,
    AlarmKind,
    ChannelStatus,
    ConnectionKind,
    ConnectionState,
    OutboxItem,
    OutboxState,
    SendRefused,
)
from protocols.messages import Role, compose
from protocols.negotiation import Negotiation, Participant

ID = bytes(range(16))
MIRA = Participant("1" * 32, "Mira", Role.MEDIATOR)
AMAL = Participant("2" * 32, "Amal", Role.PARTY)
MESSAGE = compose(
    "QUESTION",
    {"topic": "Water", "question": "Does it run?", "form": "YES_NO"},
    sender=MIRA.id,
    to=[AMAL.id],
    sent="2026-11-22T14:30:00Z",
)


@dataclass
class Journal:
    waiting: tuple[object, ...] = ()
    status: ChannelStatus = ChannelStatus.ACTIVE


@dataclass
class Line:
    ready: bool = True


@dataclass
class StandIn:
    """As much of a session as saying something needs; `react` is what the relay does about it."""

    react: Callable[["StandIn"], None]
    negotiation: Negotiation = field(default_factory=lambda: Negotiation((MIRA, AMAL)))
    alarm: Alarm | None = None
    line: Line | None = field(default_factory=Line)
    journal: Journal = field(default_factory=Journal)
    connection: ConnectionState = field(
        default_factory=lambda: ConnectionState(kind=ConnectionKind.ONLINE, since_ms=0)
    )
    items: list[OutboxItem] = field(default_factory=list)
    queue: asyncio.Queue[SendRefused] = field(default_factory=asyncio.Queue)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def outbox(self) -> tuple[OutboxItem, ...]:
        return tuple(self.items)

    def notify(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def events(self) -> AsyncIterator[SendRefused]:
        while True:
            yield await self.queue.get()

    async def wait_for(self, condition: Callable[[Any], bool], timeout_s: float | None = None) -> None:
        async with asyncio.timeout(timeout_s):
            while not condition(self):
                await self.changed.wait()

    async def speak(self) -> bytes:
        self.items = [OutboxItem(message_id=ID, state=OutboxState.SEALED, message=MESSAGE)]
        asyncio.get_running_loop().call_soon(self._react)
        return ID

    def _react(self) -> None:
        self.react(self)
        self.notify()


async def said(react: Callable[[StandIn], None]) -> Sent:
    standing_in = StandIn(react)
    return await say(cast(ChannelSession, standing_in), standing_in.speak, timeout_s=0.05)


async def test_a_receipt_gives_the_position() -> None:
    def store(session: StandIn) -> None:
        session.items = [OutboxItem(message_id=ID, state=OutboxState.RELAYED, message=MESSAGE, position=7)]

    assert await said(store) == Sent(ID.hex(), 7)


async def test_without_a_receipt_it_is_queued(capsys: pytest.CaptureFixture[str]) -> None:
    sent = await said(lambda session: None)
    assert sent == Sent(ID.hex(), None)
    report(cast(ChannelSession, StandIn(lambda session: None)), sent, json_output=True)
    out, err = capsys.readouterr()
    assert '"state": "QUEUED"' in out
    assert err.startswith("queued (ONLINE): it is saved")


async def test_what_the_relay_refuses_is_not_taken() -> None:
    def refuse(session: StandIn) -> None:
        session.items = []
        session.queue.put_nowait(SendRefused(message_id=ID, detail="the relay is full"))

    with pytest.raises(NotTaken, match="the relay is full; the message was not sent"):
        await said(refuse)


async def test_what_the_members_reject_is_not_taken() -> None:
    def reject(session: StandIn) -> None:
        session.items = []
        session.negotiation.reject(7, 1_000, "unknown-target")

    with pytest.raises(NotTaken, match=r"everybody rejects the message \(unknown-target\)"):
        await said(reject)


async def test_an_alarm_stops_it() -> None:
    def alarm(session: StandIn) -> None:
        session.alarm = Alarm(kind=AlarmKind.FORK, detail="two logs")

    with pytest.raises(ChannelStopped, match="two logs"):
        await said(alarm)
