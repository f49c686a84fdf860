"""A relay and clients on one clock that a test turns, so that hours pass at once and every entry has its time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from client.events import AcknowledgementOverdue
from client.parley import Parley
from protocols.messages import MessageType, Role
from protocols.negotiation import FoldedMessage
from protocols.negotiation.escalating import LoggedEscalation
from server.app import make_app, start
from server.config import Config
from server.signing import Signer
from server.store.memory import MemoryStore
from server.store.signed_heads import MemorySignedHeads
from tests.support.clients import TITLE, Person, admit, make_profile, open_again, opened
from tests.support.tables import Hands
from tests.support.waiting import eventually

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
BEGIN_MS = 1_795_000_000_000


@contextlib.asynccontextmanager
async def timed_relay(directory: Path, clock: Hands) -> AsyncIterator[str]:
    """Run a relay in this process whose entries have the clock's time; gives its URL."""
    failures: list[BaseException] = []
    config = Config(open=True, port=0, data=directory)
    app = make_app(
        config,
        store=MemoryStore(),
        heads=MemorySignedHeads(),
        signer=Signer.from_private_bytes("localhost", bytes(range(32))),
        fail=failures.append,
        clock=clock,
    )
    runner, url = await start(app, config)
    try:
        yield url
    finally:
        await runner.cleanup()
    assert not failures


class Timed:
    """People in one channel, the clock they share, and what each was told of."""

    def __init__(self, clock: Hands, url: str, directory: Path) -> None:
        self.clock = clock
        self.url = url
        self.directory = directory
        self.relay_clock = clock
        self.people: dict[str, Person] = {}
        self.told: dict[str, list[AcknowledgementOverdue]] = {}
        self._stacks: dict[str, contextlib.AsyncExitStack] = {}

    def parley(self, name: str, **options: Any) -> Parley:
        """Somebody's profile, and the library on it."""
        stack = self._stacks[name] = contextlib.AsyncExitStack()
        profile = stack.enter_context(make_profile(self.directory / name, name))
        given = {"clock": self.clock, "receipt_jitter_s": (0, 0), **options}
        return Parley(profile, uniform=lambda: 0.0, **given)

    def parley_again(self, name: str, **options: Any) -> Parley:
        """The library on the profile of somebody who left."""
        stack = self._stacks[name] = contextlib.AsyncExitStack()
        profile = stack.enter_context(open_again(self.directory / name))
        given = {"clock": self.clock, "receipt_jitter_s": (0, 0), **options}
        return Parley(profile, uniform=lambda: 0.0, **given)

    async def come(self, name: str, role: Role, **options: Any) -> Person:
        """Join the channel, or make it."""
        parley = self.parley(name, **options)
        if self.people:
            info = await admit(next(iter(self.people.values())), parley, role=role)
        else:
            info = await parley.create_channel(self.url, title=TITLE, role=role)
        return await self.open(name, parley, info)

    async def open(self, name: str, parley: Parley, info: Any) -> Person:
        """Run somebody's session."""
        person = await self._stacks[name].enter_async_context(opened(parley, info))
        self._stacks[name].push_async_callback(self._listen(name, person))
        self.people[name] = person
        await self.level()
        return person

    def _listen(self, name: str, person: Person) -> Callable[[], Awaitable[None]]:
        told = self.told.setdefault(name, [])

        async def listen() -> None:
            async for event in person.session.events():
                if isinstance(event, AcknowledgementOverdue):
                    told.append(event)

        listening = asyncio.create_task(listen())

        async def stop() -> None:
            listening.cancel()
            await asyncio.wait({listening})

        return stop

    async def leave(self, name: str) -> None:
        """End somebody's session and close their profile."""
        del self.people[name]
        await self._stacks.pop(name).aclose()

    async def pass_time(self, milliseconds: int) -> None:
        """Let time pass, and everybody do what there is to do then."""
        self.clock.now_ms += milliseconds
        if self.relay_clock is not self.clock:
            self.relay_clock.now_ms += milliseconds
        await self.level()

    async def level(self) -> None:
        """Wait until everybody has read the same and has nothing to do or say now."""
        people = self.people.values()
        for person in people:
            person.session.notify()

        def at_rest() -> bool:
            sizes = {person.session.conversation.transcript.size for person in people}
            return len(sizes) == 1 and all(_rests(person) for person in people)

        await eventually(at_rest, "everybody is at the same place and has nothing to do")

    async def say(self, sender: str, to: str, precedence: str = "ROUTINE", **envelope: Any) -> FoldedMessage:
        """Ask a question, and wait until everybody has it."""
        session = self.people[sender].session
        fields = {"question": "Is the bridge open?", "form": "YES_NO", "topic": "bridge"}
        addressee = self.people[to].session.me
        message = session.compose("QUESTION", fields, to=[addressee], precedence=precedence, **envelope)
        message_id = await session.send(message)
        await self.level()
        folded = session.negotiation.message(message_id)
        assert folded is not None
        assert folded.type is MessageType.QUESTION
        return folded

    def logged(self, message: FoldedMessage) -> list[tuple[str, int, str]]:
        """The escalations in the log about a message: by whom, level, step."""
        names = {person.session.me: name for name, person in self.people.items()}
        found: tuple[LoggedEscalation, ...] = next(
            iter(self.people.values())
        ).session.negotiation.logged_escalations(message.id)
        return [(names.get(one.by, one.by), one.level, one.step) for one in found]

    def steps(self, name: str) -> list[tuple[int, str]]:
        """Level and step of everything that somebody was told."""
        return [(event.level, event.step) for event in self.told[name]]

    async def close(self) -> None:
        """End all sessions."""
        for name in tuple(self._stacks):
            await self._stacks.pop(name).aclose()


def _rests(person: Person) -> bool:
    session = person.session
    return (
        session.line is not None
        and session.line.ready
        and not session.journal.waiting
        and session.listeners == 1
        and session.timekeeper.is_idle(session)
    )


@contextlib.asynccontextmanager
async def timed(directory: Path, *, relay_behind_ms: int = 0) -> AsyncIterator[Timed]:
    """A relay and a clock; nobody is there yet.

    Args:
        directory: for the profiles.
        relay_behind_ms: By how much the relay's clock is behind everybody's.
    """
    clock = Hands(BEGIN_MS)
    relay_clock = Hands(BEGIN_MS - relay_behind_ms) if relay_behind_ms else clock
    async with timed_relay(directory / "relay", relay_clock) as url:
        room = Timed(clock, url, directory)
        room.relay_clock = relay_clock
        try:
            yield room
        finally:
            await room.close()
