"""The room the talks take place in: a relay on loopback, real clients with real stores, one clock for all.

The clock stands still until the script turns it, so days pass in seconds and every entry has the time that
the script says. Identities and message ids come from seeds; HPKE's ephemeral keys do not.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import TypeVar

from channel.audit import parse_export, verify_export
from channel.charter import Seats
from channel.identity import Identity
from client.events import ChannelInfo, ChannelStatus
from client.founding import DEFAULT_RULES, ChannelRules
from client.parley import Parley
from client.profiles import create_profile
from client.seating import SeatOffer
from protocols.messages import Role
from protocols.messages.values import format_time
from server.app import make_app, start
from server.config import Config
from server.signing import Signer
from server.store.signed_heads import SqliteSignedHeads
from server.store.sqlite import SqliteStore
from tests.support.clients import CHEAP, PASSPHRASE, Person, opened, silent
from tests.support.tables import Hands, settled
from tests.support.waiting import eventually

BEGIN_MS = 1_772_431_200_000
"""2026-03-02T06:00:00Z, a Monday."""
SUITE_NUMBER = 1
"""Its keys are small, and so are the logs."""
RoomT = TypeVar("RoomT", bound="Room")
_MINUTE_MS = 60_000
_RECEIPTS_MS = _MINUTE_MS
"""After so long no receipt is held back any more."""


class Room:
    """Everybody who takes part, and the relay between them."""

    def __init__(self, directory: Path, url: str, clock: Hands, title: str) -> None:
        """Open the room; nobody is in it yet.

        Args:
            directory: for the profiles.
            url: of the relay.
            clock: everybody's, the relay's too.
            title: of the talks.
        """
        self.clock = clock
        self.title = title
        self.people: dict[str, Person] = {}
        self._directory = directory
        self._url = url
        self._stacks: dict[str, contextlib.AsyncExitStack] = {}
        self._ids: dict[str, str] = {}
        self._waiting: dict[str, Parley] = {}
        self._joining: list[asyncio.Task[ChannelInfo]] = []

    # --- coming and going -------------------------------------------------------------------------

    def prepares(self, name: str) -> str:
        """Make somebody's profile before they are invited; returns their participant id."""
        self._waiting[name] = self._parley(name)
        return self.id(name)

    def identity(self, name: str) -> Identity:
        """Somebody's key pair, for what only they can sign."""
        return self.people[name].parley.profile.identity

    def _parley(self, name: str) -> Parley:
        """Make somebody's profile, and the library on it."""
        random = Random(f"{self.title} {name}").randbytes
        stack = self._stacks[name] = contextlib.AsyncExitStack()
        profile = stack.enter_context(
            create_profile(
                self._directory / name.replace(" ", "-"),
                PASSPHRASE,
                name=name,
                device="",
                now_ms=self.clock(),
                random=random,
                derivation=CHEAP,
            )
        )
        parley = Parley(profile, clock=self.clock, random=random, uniform=lambda: 0.0)
        self._ids[name] = parley.participant_id
        return parley

    async def found(self, name: str, rules: ChannelRules = DEFAULT_RULES) -> Person:
        """Make the channel, as its mediator."""
        parley = self._parley(name)
        info = await parley.create_channel(
            self._url, title=self.title, role=Role.MEDIATOR, rules=rules, suite_number=SUITE_NUMBER
        )
        return await self.seats(name, parley, info)

    async def invites(self, host: str, name: str, role: Role, **offer: object) -> "Arrival":
        """Invite somebody; they come once everybody who must agree has agreed."""
        parley = self._waiting.pop(name, None) or self._parley(name)
        seat = SeatOffer(role=role, name=name, **offer)  # type: ignore[arg-type]  # by its fields' names
        invited = await self.people[host].session.invite(name, role, offer=seat)
        joining = asyncio.create_task(parley.join(invited.code, progress=silent))
        self._joining.append(joining)
        return Arrival(self, name, parley, joining)

    async def admits(self, host: str, name: str, role: Role, **offer: object) -> Person:
        """Invite somebody while the channel is set up: they come at once."""
        return await (await self.invites(host, name, role, **offer)).comes()

    async def seats(self, name: str, parley: Parley, info: ChannelInfo) -> Person:
        """Open somebody's session, and wait until everybody has read as much."""
        person = await self._stacks[name].enter_async_context(opened(parley, info))
        self.people[name] = person
        await self.level()
        return person

    async def leaves(self, name: str) -> None:
        """End somebody's session."""
        del self.people[name]
        await self._stacks.pop(name).aclose()

    async def close(self) -> None:
        """End all sessions; whoever still waits to be let in goes home."""
        for joining in self._joining:
            joining.cancel()
        await asyncio.gather(*self._joining, return_exceptions=True)
        for name in tuple(self._stacks):
            await self._stacks.pop(name).aclose()

    # --- time -------------------------------------------------------------------------------------

    @property
    def now(self) -> str:
        """What the clock shows."""
        return format_time(self.clock())

    def ahead(self, *, days: float = 0, hours: float = 0, minutes: float = 0) -> str:
        """The time so far from now; negative for the past."""
        return format_time(self.clock() + self._span_ms(days, hours, minutes))

    @staticmethod
    def _span_ms(days: float, hours: float, minutes: float) -> int:
        return round(_MINUTE_MS * (minutes + 60 * (hours + 24 * days)))

    async def later(self, *, days: float = 0, hours: float = 0, minutes: float = 0) -> None:
        """Let time pass; first everybody's receipts leave."""
        await self.receipts_leave()
        self.clock.now_ms += self._span_ms(days, hours, minutes) - _RECEIPTS_MS
        await self._look_again()

    async def receipts_leave(self) -> None:
        """Let the minute pass in which devices say what they got."""
        self.clock.now_ms += _RECEIPTS_MS
        await self._look_again()

    async def _look_again(self) -> None:
        for person in self._running():
            person.session.wake()
        await self.level()

    # --- being of one mind ------------------------------------------------------------------------

    def _running(self) -> list[Person]:
        everybody = self.people.values()
        return [one for one in everybody if one.session.journal.status is ChannelStatus.ACTIVE]

    async def level(self) -> None:
        """Wait until everybody has read the same log, and has nothing to say but receipts for later."""

        def is_level() -> bool:
            running = self._running()
            sizes = {one.session.conversation.transcript.size for one in running}
            heads = {one.session.conversation.follower.ahead for one in running}
            speaking = any(_is_speaking(one) for one in running)
            busy = any(_is_busy(one) for one in running)
            return len(sizes) == 1 and not any(heads) and not speaking and not busy

        await eventually(is_level, "everybody is at the same place with nothing to say")

    async def settles(self) -> None:
        """End the set-up: from here on every party agrees to who comes, goes or changes."""
        await self.level()
        await settled(tuple(self.people.values()))
        assert self._running()[0].session.charter.seats is Seats.AGREED

    async def assert_of_one_mind(self) -> bytes:
        """Require that all see one state, and that each one's export verifies and replays to it."""
        await self.receipts_leave()
        running = self._running()
        digests = {one.session.negotiation.digest() for one in running}
        assert len(digests) == 1
        for one in running:
            verified = verify_export(parse_export(one.parley.export(one.info)))
            assert verified.transcript.negotiation.digest() in digests
            assert not verified.alarms
        return digests.pop()

    # --- names ------------------------------------------------------------------------------------

    def id(self, name: str) -> str:
        """The participant id behind a name."""
        return self._ids[name]

    @property
    def log(self) -> Person:
        """Somebody who reads the log, to see how things stand."""
        return self._running()[0]


def _is_speaking(person: Person) -> bool:
    """Whether somebody has anything on the way but receipts whose time has not come."""
    session = person.session
    return session.conversation.committing is not None or bool(session.journal.waiting)


def _is_busy(person: Person) -> bool:
    """Whether somebody's device is about to do something by itself."""
    session = person.session
    return not session.enactor.is_idle(session) or not session.timekeeper.is_idle(session)


class Arrival:
    """Somebody who has an invitation and waits to be let in."""

    def __init__(self, room: Room, name: str, parley: Parley, joining: "asyncio.Task[ChannelInfo]") -> None:
        """Keep what is needed to let them in."""
        self._room, self._name, self._parley, self._joining = room, name, parley, joining

    async def comes(self) -> Person:
        """Let them in, once they may."""
        return await self._room.seats(self._name, self._parley, await self._joining)


@contextlib.asynccontextmanager
async def open_room(kind: type[RoomT], directory: Path, title: str) -> AsyncIterator[RoomT]:
    """Run a relay in this process and open a room of this kind on it."""
    clock = Hands(BEGIN_MS)
    config = Config(open=True, port=0, data=directory)
    relay = directory / "relay"
    relay.mkdir(mode=0o700, parents=True)
    failures: list[BaseException] = []
    app = make_app(
        config,
        store=SqliteStore(relay),
        heads=SqliteSignedHeads(relay / "heads.db"),
        signer=Signer.from_private_bytes("localhost", bytes(range(32))),
        fail=failures.append,
        clock=clock,
    )
    runner, url = await start(app, config)
    room = kind(directory / "profiles", url, clock, title)
    try:
        yield room
    finally:
        await room.close()
        await runner.cleanup()
    assert not failures
