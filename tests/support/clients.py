"""Real people: profiles on disk, the client library, a channel on a relay."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from channel.audit import parse_export, verify_export
from channel.invitation import Invitation
from client.channel_session import ChannelSession
from client.events import ChannelInfo
from client.parley import Parley, utc_milliseconds
from client.profiles import Profile, create_profile, open_profile
from client.store import KeyDerivation
from protocols.messages import Message, Role
from protocols.messages.information import Question
from tests.support.waiting import eventually

PASSPHRASE = "a passphrase for tests"
CHEAP = KeyDerivation(memory_kib=128, iterations=1, lanes=1)
TITLE = "North bridge"
TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a channel whose session runs."""

    parley: Parley
    info: ChannelInfo
    session: ChannelSession

    @property
    def questions(self) -> list[str]:
        """The questions of the conversation as this person has it, in log order."""
        contents = (folded.message.content for folded in self.session.negotiation.messages)
        return [content.question for content in contents if isinstance(content, Question)]

    @property
    def unsent(self) -> list[str]:
        """The questions that are on their way, or wait to be."""
        bodies = (item.message for item in self.session.outbox())
        contents = (body.content for body in bodies if isinstance(body, Message))
        return [content.question for content in contents if isinstance(content, Question)]

    async def ask(self, question: str, *, topic: str = "bridge") -> bytes:
        """Send a question that may be answered with yes or no."""
        fields = {"question": question, "form": "YES_NO", "topic": topic}
        return await self.session.send(self.session.compose("QUESTION", fields))

    async def has(self, *questions: str, timeout_s: float = TIMEOUT_S) -> None:
        """Wait until these questions are in the conversation."""
        await eventually(
            lambda: set(questions) <= set(self.questions),
            f"{self.parley.name} has {questions}, not only {self.questions}",
            timeout_s,
        )


def make_profile(directory: Path, name: str, *, device: str = "") -> Profile:
    """A new profile whose passphrase costs next to nothing to try."""
    return create_profile(
        directory, PASSPHRASE, name=name, device=device, now_ms=utc_milliseconds(), derivation=CHEAP
    )


def parley_of(profile: Profile) -> Parley:
    """The library on a profile; it tries again at once when a connection is lost."""
    return Parley(profile, uniform=lambda: 0.0, receipt_jitter_s=(0, 0))


def silent(_: str) -> None:
    """Progress that nobody looks at."""


async def admit(
    host: Person, parley: Parley, *, role: Role = Role.PARTY, route: str | None = None
) -> ChannelInfo:
    """Invite and join.

    Args:
        host: Who invites.
        parley: Who comes.
        role: Theirs.
        route: By which URL the newcomer reaches the relay; None for the one the host uses.
    """
    code = (await host.session.invite(parley.name, role)).code
    if route is not None:
        code = Invitation(route, Invitation.parse(code).secret).code
    return await parley.join(code, progress=silent)


@contextlib.asynccontextmanager
async def opened(parley: Parley, info: ChannelInfo) -> AsyncIterator[Person]:
    """Run somebody's channel, from the moment it is caught up."""
    async with parley.open(info) as session:
        await session.caught_up(TIMEOUT_S)
        yield Person(parley, info, session)


@contextlib.asynccontextmanager
async def talk(directory: Path, url: str, *names: str) -> AsyncIterator[tuple[Person, ...]]:
    """A channel in which everybody is present; the first makes it as mediator, the others are parties."""
    async with contextlib.AsyncExitStack() as stack:
        people: list[Person] = []
        for name in names:
            parley = parley_of(stack.enter_context(make_profile(directory / name, name)))
            if people:
                info = await admit(people[0], parley)
            else:
                info = await parley.create_channel(url, title=TITLE, role=Role.MEDIATOR)
            people.append(await stack.enter_async_context(opened(parley, info)))
        await level(people)
        yield tuple(people)


async def level(people: Sequence[Person]) -> None:
    """Wait until everybody has read the same log and nobody has anything left to say."""

    def is_level() -> bool:
        sizes = {person.session.conversation.transcript.size for person in people}
        return len(sizes) == 1 and not any(person.session.journal.waiting for person in people)

    await eventually(is_level, "everybody is at the same place with nothing to say", 2 * TIMEOUT_S)


def assert_agreed(people: Sequence[Person], *, rejected: int = 0) -> bytes:
    """Require that all are in one state, that their exports verify and replay to it; return its digest."""
    digests = {person.session.negotiation.digest() for person in people}
    assert len(digests) == 1
    authenticators = {person.session.conversation.group.epoch_authenticator for person in people}
    assert len(authenticators) == 1
    for person in people:
        assert len(person.session.negotiation.rejected) == rejected
        verified = verify_export(parse_export(person.parley.export(person.info)))
        assert verified.transcript.negotiation.digest() in digests
        assert not verified.alarms
    return digests.pop()


def open_again(directory: Path) -> Profile:
    """Open a profile that `make_profile` made."""
    return open_profile(directory, PASSPHRASE)
