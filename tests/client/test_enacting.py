"""What was agreed comes into the charter by itself: by its author, by another in time, and by hand."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from channel.charter import Seats
from channel.errors import CommitTooLarge
from client.enacting import enact, settle
from client.errors import Refused
from client.events import ChannelInfo, ChannelStatus
from client.governing import compose_seat
from client.parley import Parley, utc_milliseconds
from client.seating import SeatOffer
from client.waiting import waiting_changes
from protocols.errors import RuleViolation
from protocols.messages import Role, mandate_id
from protocols.messages.values import format_time
from tests.support.clients import (
    TITLE,
    Person,
    admit,
    assert_agreed,
    level,
    make_profile,
    opened,
    silent,
)
from tests.support.mandates import EVERY_POWER, Principal
from tests.support.relay_process import RelayProcess, running_relay
from tests.support.tables import Hands, affirm, asked, prompt_parley, settled
from tests.support.waiting import eventually

GRACE_S = 60.0
NAMES = ("Mira", "Amal", "Boris")
DAY_MS = 86_400_000
WINDOW = {
    "start": format_time(utc_milliseconds() - DAY_MS),
    "end": format_time(utc_milliseconds() + 300 * DAY_MS),
}


@dataclass
class Table:
    """Mira (mediator), Amal and Boris (parties), each with a clock that only the test turns."""

    clocks: dict[str, Hands] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    stacks: dict[str, contextlib.AsyncExitStack] = field(default_factory=dict)

    @property
    def all(self) -> tuple[Person, ...]:
        return tuple(self.people.values())

    async def come(self, name: str, parley: Parley, info: ChannelInfo) -> Person:
        """Run somebody's session."""
        self.stacks[name] = contextlib.AsyncExitStack()
        self.people[name] = await self.stacks[name].enter_async_context(opened(parley, info))
        return self.people[name]

    async def leave(self, name: str) -> Person:
        """End somebody's session; what they were."""
        await self.stacks.pop(name).aclose()
        return self.people.pop(name)

    def turn(self, name: str, seconds: float) -> None:
        """Let time pass for somebody."""
        self.clocks[name].now_ms += round(1000 * seconds)
        self.people[name].session.notify()


@pytest_asyncio.fixture
async def relay(tmp_path: Path) -> AsyncIterator[RelayProcess]:
    async with running_relay(tmp_path / "relay") as running:
        yield running


@contextlib.asynccontextmanager
async def sitting(directory: Path, url: str) -> AsyncIterator[Table]:
    table = Table()
    with contextlib.ExitStack() as profiles:
        try:
            for name in NAMES:
                table.clocks[name] = Hands(utc_milliseconds())
                profile = profiles.enter_context(make_profile(directory / name, name))
                parley = prompt_parley(profile, clock=table.clocks[name], enact_grace_s=GRACE_S)
                if table.people:
                    info = await admit(table.all[0], parley)
                else:
                    info = await parley.create_channel(url, title=TITLE, role=Role.MEDIATOR)
                await table.come(name, parley, info)
            await level(table.all)
            yield table
        finally:
            for name in tuple(table.stacks):
                await table.leave(name)


async def ask(person: Person, about: Person, operation: str, **more: Any) -> None:
    message = compose_seat(person.session, about.session.me, operation, **more)
    await person.session.send(message)


async def sees_agreement(person: Person) -> None:
    """Wait until somebody's client knows that something waits; from here on it counts their time."""
    session = person.session
    await eventually(
        lambda: bool(waiting_changes(session.negotiation)) and session.enactor.is_idle(session),
        "it is agreed, and not theirs to enact yet",
    )


def roles(person: Person) -> dict[str, Role]:
    return {entry.name: entry.role for entry in person.session.charter.roster}


async def test_the_author_enacts_at_once(relay: RelayProcess, tmp_path: Path) -> None:
    async with sitting(tmp_path, relay.url) as table:
        mira, amal, boris = table.all
        await settled(table.all)
        await ask(amal, boris, "ROLE", role=Role.OBSERVER)
        before = amal.session.conversation.group.epoch
        await affirm(boris, await asked(boris, "Boris"))
        await eventually(lambda: roles(mira)["Boris"] is Role.OBSERVER, "the charter shows it")
        await level(table.all)
        assert amal.session.conversation.group.epoch == before + 1, "one commit, and nobody else's"
        assert not waiting_changes(mira.session.negotiation)
        assert_agreed(table.all)


async def test_others_follow_one_after_another_while_the_author_is_away(
    relay: RelayProcess, tmp_path: Path
) -> None:
    async with sitting(tmp_path, relay.url) as table:
        mira, amal, boris = table.all
        await settled(table.all)
        await ask(amal, mira, "ROLE", role=Role.MONITOR)
        said = await asked(boris, "Mira")
        await level(table.all)
        await table.leave("Amal")
        await affirm(boris, said)
        for person in (mira, boris):
            await sees_agreement(person)
        table.turn("Boris", GRACE_S + 1)
        assert boris.session.enactor.is_idle(boris.session), "Mira comes before Boris in the charter"
        table.turn("Mira", GRACE_S - 1)
        assert mira.session.enactor.is_idle(mira.session), "the author's time is not over"
        before = mira.session.conversation.group.epoch
        table.turn("Mira", 2)
        await eventually(lambda: roles(boris)["Mira"] is Role.MONITOR, "Mira enacts it")
        assert mira.session.conversation.group.epoch == before + 1
        await level(table.all)
        assert_agreed(table.all)


async def test_the_author_comes_back_and_enacts(relay: RelayProcess, tmp_path: Path) -> None:
    async with sitting(tmp_path, relay.url) as table:
        mira, amal, boris = table.all
        await settled(table.all)
        await ask(amal, mira, "REMOVE", reason="the parties go on alone")  # agreed by a party's word alone
        await eventually(lambda: "Mira" not in roles(boris), "Amal enacts it at once")
        await eventually(lambda: mira.session.journal.status is ChannelStatus.REMOVED, "Mira knows")
        await table.leave("Mira")
        await ask(amal, boris, "ROLE", role=Role.OBSERVER)
        said = await asked(boris, "Boris")
        await level(table.all)
        gone = await table.leave("Amal")
        await affirm(boris, said)
        amal = await table.come("Amal", gone.parley, gone.info)
        await eventually(lambda: roles(boris)["Boris"] is Role.OBSERVER, "Amal enacts it now")
        await level(table.all)
        assert_agreed(table.all)


async def test_all_at_the_same_moment_is_one_commit_that_counts(relay: RelayProcess, tmp_path: Path) -> None:
    async with sitting(tmp_path, relay.url) as table:
        mira, amal, boris = table.all
        await settled(table.all)
        await ask(amal, mira, "ROLE", role=Role.MONITOR)
        said = await asked(boris, "Mira")
        await level(table.all)
        gone = await table.leave("Amal")
        await affirm(boris, said)
        for person in (mira, boris):
            await sees_agreement(person)
        before = mira.session.conversation.group.epoch
        for name in ("Mira", "Boris"):
            table.turn(name, 3 * GRACE_S)
        await table.come("Amal", gone.parley, gone.info)
        await eventually(
            lambda: all(roles(person)["Mira"] is Role.MONITOR for person in table.all), "everybody sees it"
        )
        await level(table.all)
        assert mira.session.conversation.group.epoch == before + 1
        digest = assert_agreed(table.all)
        assert digest == mira.session.negotiation.digest()


async def test_by_hand_it_needs_no_patience(relay: RelayProcess, tmp_path: Path) -> None:
    async with sitting(tmp_path, relay.url) as table:
        mira, amal, boris = table.all
        await settled(table.all)
        await ask(amal, mira, "ROLE", role=Role.MONITOR)
        said = await asked(boris, "Mira")
        await level(table.all)
        await table.leave("Amal")
        await affirm(boris, said)
        (words,) = await enact(boris.session)
        assert words == f"SEAT No. {said.position}: Mira becomes monitor"
        assert roles(boris)["Mira"] is Role.MONITOR
        assert await enact(boris.session) == ()
        await eventually(lambda: roles(mira)["Mira"] is Role.MONITOR, "Mira reads it")
        with pytest.raises(Refused, match="only a party or a mediator"):
            await enact(mira.session)


async def test_a_mandate_comes_into_force_by_its_authors_commit(relay: RelayProcess, tmp_path: Path) -> None:
    async with sitting(tmp_path, relay.url) as table:
        mira, _, _ = table.all
        council = Principal("Council of the North", 80)
        with make_profile(tmp_path / "Nour", "Nour") as profile:
            nour = prompt_parley(profile)
            given = council.mandate(nour.participant_id, powers=("INFORM",), **WINDOW)
            offer = SeatOffer(
                role=Role.PARTY,
                principal=council.key,
                principal_name=council.name,
                mandates=(given,),
            )
            code = (await mira.session.invite("Nour", Role.PARTY, offer=offer)).code
            person = await table.come("Nour", nour, await nour.join(code, progress=silent))
            await level(table.all)
            await settled(table.all)

            said = await person.ask("Is the bridge open?")
            await person.session.caught_up(10)
            folded = mira.session.negotiation.message(said) or person.session.negotiation.message(said)
            assert folded is not None
            assert folded.envelope.mandate == mandate_id(given), "the client cites it"
            with pytest.raises(RuleViolation, match=r"MANDATE-8.*NEGOTIATE"):  # others would only flag it
                compose_seat(person.session, mira.session.me, "ROLE", role=Role.MONITOR)
            await ask(table.people["Amal"], mira, "ROLE", role=Role.MONITOR)
            seat = await asked(person, "Mira")
            with pytest.raises(RuleViolation, match=r"MANDATE-8.*ACCEPT_FINAL"):
                await person.session.answer(seat.message_id, "AFFIRM")

            later = council.mandate(
                nour.participant_id, powers=EVERY_POWER, replaces=mandate_id(given), **WINDOW
            )
            fields = later.model_dump(mode="json", exclude_none=True)
            await person.session.send(person.session.compose("MANDATE", fields, topic="mandate"))
            await eventually(lambda: mandates(mira) == {mandate_id(later)}, "the charter shows it")
            await affirm(person, seat)
            await affirm(table.people["Boris"], seat)
            await eventually(lambda: roles(person)["Mira"] is Role.MONITOR, "with the new one Nour agrees")
            await level(table.all)
            assert_agreed(table.all)
            await table.leave("Nour")


async def test_who_may_end_the_set_up(relay: RelayProcess, tmp_path: Path) -> None:
    async with sitting(tmp_path, relay.url) as table:
        mira, _, boris = table.all
        with make_profile(tmp_path / "Olga", "Olga") as profile:
            olga = prompt_parley(profile)
            code = (await mira.session.invite("Olga", Role.OBSERVER)).code
            person = await table.come("Olga", olga, await olga.join(code, progress=silent))
            with pytest.raises(Refused, match="only a party or a mediator"):
                await settle(person.session)
            assert boris.session.charter.seats is Seats.OPEN
            assert boris.session.info.seats.startswith("set-up: any party or mediator decides")
            await settle(boris.session)
            await eventually(lambda: person.session.charter.seats is Seats.AGREED, "everybody knows")
            assert person.session.info.seats.startswith("agreed: ")
            await settle(boris.session)  # once is enough
            await level(table.all)
            assert_agreed(table.all)
            await table.leave("Olga")


async def test_nobody_ends_the_set_up_alone(relay: RelayProcess, tmp_path: Path) -> None:
    with make_profile(tmp_path / "Mira", "Mira") as profile:
        parley = prompt_parley(profile)
        info = await parley.create_channel(relay.url, title=TITLE, role=Role.MEDIATOR)
        async with opened(parley, info) as mira:
            with pytest.raises(Refused, match="alone in this channel"):
                await settle(mira.session)
            assert mira.session.charter.seats is Seats.OPEN


async def test_what_the_channel_cannot_take_is_tried_once_an_epoch(
    relay: RelayProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit that can never come about does not keep a client busy, and people are told why."""
    async with sitting(tmp_path, relay.url) as table:
        mira, amal, boris = table.all
        await settled(table.all)
        tried: list[int] = []

        async def refuse(*_: object, **__: object) -> None:
            tried.append(amal.session.conversation.group.epoch)
            raise CommitTooLarge("the channel has too many members for this change in one commit")

        monkeypatch.setattr(amal.session, "commit", refuse)
        await ask(amal, mira, "ROLE", role=Role.MONITOR)
        await affirm(boris, await asked(boris, "Mira"))
        await eventually(lambda: bool(amal.session.enactor.failures), "Amal's client has tried")
        await boris.ask("Is the bridge open?")
        await amal.has("Is the bridge open?")
        await level(table.all)
        assert tried == [amal.session.conversation.group.epoch]
        assert amal.session.enactor.is_idle(amal.session)
        assert amal.session.enactor.failures == (
            "the channel has too many members for this change in one commit",
        )
        await boris.session.commit(lambda _: (), intent=b"", done=lambda c: c.group.epoch > tried[0])
        await eventually(lambda: len(tried) == 2, "in another epoch it is worth another try")
        assert tried[1] == tried[0] + 1


def mandates(person: Person) -> set[str]:
    """The ids of all mandates that a charter shows."""
    return {mandate_id(one) for entry in person.session.charter.roster for one in entry.mandates}
