"""Who sits at the table once every party has a say: asked by messages, enacted by commits, over a real relay."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channel.charter import Seats
from channel.errors import CharterRuleBroken
from client.errors import InvitationRefused, NotAMember, Refused
from client.events import ChannelStatus
from client.governing import compose_seat, remove_now
from client.seating import SeatOffer, Standing
from client.store import InvitationState
from protocols.messages import Role
from protocols.messages.seats import Seat
from tests.support.clients import (
    Person,
    assert_agreed,
    level,
    make_profile,
    open_again,
    opened,
    parley_of,
    silent,
    talk,
)
from tests.support.relay_process import RelayProcess
from tests.support.tables import affirm, asked, seats_asked, settled, where
from tests.support.waiting import eventually


@contextlib.asynccontextmanager
async def table(directory: Path, url: str) -> AsyncIterator[tuple[Person, Person, Person]]:
    """Mira (mediator), Amal and Boris (parties), in a channel whose set-up is over."""
    async with talk(directory, url, "Mira", "Amal", "Boris") as (mira, amal, boris):
        await settled((mira, amal, boris))
        yield mira, amal, boris


async def test_an_observer_comes_when_every_party_has_agreed(relay: RelayProcess, tmp_path: Path) -> None:
    async with table(tmp_path, relay.url) as (mira, amal, boris):
        with make_profile(tmp_path / "Olga", "Olga") as profile:
            olga = parley_of(profile)
            code = (await mira.session.invite("Olga", Role.OBSERVER)).code
            joining = asyncio.create_task(olga.join(code, progress=silent))
            said = await asked(amal, "Olga")
            content = said.content
            assert isinstance(content, Seat)
            assert (content.operation, content.fingerprint, content.role) == (
                "ADMIT",
                olga.participant_id,
                "observer",
            )
            assert set(said.to) == {amal.session.me, boris.session.me}
            await affirm(amal, said)
            await asked(boris, "Olga")
            assert len(mira.session.charter.roster) == 3, "one party's word is not enough"
            assert not joining.done()
            await affirm(boris, said)
            info = await joining
            assert info.role is Role.OBSERVER
            async with opened(olga, info) as newcomer:
                everybody = (mira, amal, boris, newcomer)
                await level(everybody)
                assert_agreed(everybody)
                assert {len(person.session.charter.roster) for person in everybody} == {4}
                assert newcomer.session.charter.seats is Seats.AGREED
                assert not mira.session.negotiation.agreed.seats
                assert len(seats_asked(newcomer)) == 1


async def test_one_party_is_enough_to_keep_somebody_out(relay: RelayProcess, tmp_path: Path) -> None:
    async with table(tmp_path, relay.url) as (mira, amal, boris):
        with make_profile(tmp_path / "Olga", "Olga") as profile:
            olga = parley_of(profile)
            invited = await amal.session.invite("Olga", Role.OBSERVER)
            joining = asyncio.create_task(olga.join(invited.code, progress=silent))
            said = await asked(boris, "Olga")
            await boris.session.answer(said.message_id, "NEGATIVE", reason="she writes for the other side")
            with pytest.raises(InvitationRefused):
                await joining
            await eventually(
                lambda: amal.session.admission.state(invited.mailbox) is InvitationState.FAILED, "it is over"
            )
            why = amal.session.admission.refusal(invited.mailbox)
            assert why == "Boris does not agree to the seat: she writes for the other side"
            await level((mira, amal, boris))
            assert where(amal, said) is Standing.REFUSED
            assert_agreed((mira, amal, boris))
            assert olga.participant_id not in amal.session.negotiation.roster


async def test_the_inviter_may_be_away_while_the_parties_decide(relay: RelayProcess, tmp_path: Path) -> None:
    """The SEAT is asked for once, and the seat is given by the inviter's next session."""
    async with table(tmp_path, relay.url) as (mira, amal, boris):
        with make_profile(tmp_path / "Olga", "Olga") as profile:
            olga = parley_of(profile)
            with make_profile(tmp_path / "Nour", "Nour") as host:
                code = (await mira.session.invite("Nour", Role.MEDIATOR)).code
                joining = asyncio.create_task(parley_of(host).join(code, progress=silent))
                for person in (amal, boris):
                    await affirm(person, await asked(person, "Nour"))
                info = await joining
                async with opened(parley_of(host), info) as nour:
                    code = (await nour.session.invite("Olga", Role.OBSERVER)).code
                    coming = asyncio.create_task(olga.join(code, progress=silent))
                    said = await asked(amal, "Olga")
            for person in (amal, boris):
                await affirm(person, await asked(person, "Olga"))
            assert not coming.done(), "nobody but the inviter has the invitee's key package"
            with open_again(tmp_path / "Nour") as host:
                async with opened(parley_of(host), info):
                    await coming
            await eventually(lambda: len(mira.session.charter.roster) == 5, "Olga is in")
            assert [one.id for one in seats_asked(mira)][-1] == said.id
            await level((mira, amal, boris))
            assert_agreed((mira, amal, boris))


async def test_who_became_a_party_meanwhile_is_asked_too(relay: RelayProcess, tmp_path: Path) -> None:
    async with table(tmp_path, relay.url) as (mira, amal, boris):
        with make_profile(tmp_path / "Pavel", "Pavel") as one, make_profile(tmp_path / "Olga", "Olga") as two:
            pavel, olga = parley_of(one), parley_of(two)
            first = (await mira.session.invite("Pavel", Role.PARTY)).code
            second = (await mira.session.invite("Olga", Role.OBSERVER)).code
            coming = asyncio.create_task(olga.join(second, progress=silent))
            early = await asked(amal, "Olga")
            joining = asyncio.create_task(pavel.join(first, progress=silent))
            for person in (amal, boris):
                await affirm(person, await asked(person, "Pavel"))
            async with opened(pavel, await joining) as third:
                for person in (amal, boris):
                    await affirm(person, await asked(person, "Olga", count=2))
                assert where(amal, early) is Standing.STALE
                late = await asked(third, "Olga", count=2)
                assert third.session.me in late.to
                assert not coming.done()
                await affirm(third, late)
                await coming
                everybody = (mira, amal, boris, third)
                await level(everybody)
                assert_agreed(everybody)


async def test_a_new_key_takes_the_old_ones_place_in_one_step(relay: RelayProcess, tmp_path: Path) -> None:
    async with table(tmp_path, relay.url) as (mira, amal, boris):
        with make_profile(tmp_path / "Amal2", "Amal on a new phone") as profile:
            again = parley_of(profile)
            offer = SeatOffer(role=Role.PARTY, replaces=amal.session.me)
            with pytest.raises(InvitationRefused, match="nobody replaces their own key"):
                amal.session.admission.invite(offer, lifetime_s=60)
            code = (await mira.session.invite("", Role.PARTY, offer=offer)).code
            joining = asyncio.create_task(again.join(code, progress=silent))
            for person in (boris, amal):  # the old key is still a party's
                await affirm(person, await asked(person, "Amal"))
            info = await joining
            await eventually(
                lambda: amal.session.journal.status is ChannelStatus.REMOVED, "the old key is out at once"
            )
            async with opened(again, info) as new:
                everybody = (mira, boris, new)
                await level(everybody)
                assert_agreed(everybody)
                names = {entry.name: entry.id for entry in new.session.charter.roster}
                assert names == {
                    "Mira": mira.session.me,
                    "Boris": boris.session.me,
                    "Amal": again.participant_id,
                }


async def test_a_lost_key_is_suspended_and_then_replaced(relay: RelayProcess, tmp_path: Path) -> None:
    """Who lost their key cannot agree with it: a mediator suspends it, and the others agree to the new one."""
    async with table(tmp_path, relay.url) as (mira, amal, boris):
        await mira.session.send(compose_seat(mira.session, amal.session.me, "SUSPEND", reason="stolen"))
        await eventually(lambda: amal.session.me in boris.session.negotiation.suspended, "Amal is silenced")
        with make_profile(tmp_path / "Amal2", "Amal") as profile:
            again = parley_of(profile)
            offer = SeatOffer(role=Role.PARTY, replaces=amal.session.me)
            code = (await mira.session.invite("", Role.PARTY, offer=offer)).code
            joining = asyncio.create_task(again.join(code, progress=silent))
            said = await asked(boris, "Amal", count=2)
            await affirm(boris, said)
            async with opened(again, await joining) as new:
                await level((mira, boris, new))
                assert amal.session.me not in new.session.negotiation.roster
                assert not new.session.negotiation.suspended
                # What the silenced device said of what it got counts for nothing, for all alike.
                rejected = new.session.negotiation.rejected
                assert {entry.reason for entry in rejected} <= {"suspended"}
                assert_agreed((mira, boris, new), rejected=len(rejected))


async def test_a_captured_seat_is_silenced_and_removed_without_asking(
    relay: RelayProcess, tmp_path: Path
) -> None:
    async with table(tmp_path, relay.url) as (mira, amal, boris):
        with pytest.raises(Refused, match="every party must agree"):
            await remove_now(mira.session, boris.session.me)
        await mira.session.send(compose_seat(mira.session, boris.session.me, "SUSPEND", reason="captured"))
        await eventually(lambda: boris.session.me in mira.session.negotiation.suspended, "he is silenced")
        await remove_now(mira.session, boris.session.me)
        await eventually(lambda: boris.session.journal.status is ChannelStatus.REMOVED, "his device is out")
        with pytest.raises(NotAMember):
            await boris.session.acknowledge(bytes(16))
        await level((mira, amal))
        rejected = mira.session.negotiation.rejected
        assert {entry.reason for entry in rejected} <= {"suspended"}
        assert_agreed((mira, amal), rejected=len(rejected))


async def test_nobody_decides_alone_once_the_set_up_is_over(relay: RelayProcess, tmp_path: Path) -> None:
    async with table(tmp_path, relay.url) as (mira, amal, boris):
        before = boris.session.conversation.group.epoch
        with pytest.raises(CharterRuleBroken, match="CHARTER-10"):
            await mira.session.remove(boris.session.me)
        assert mira.session.conversation.committing is None
        assert {person.session.conversation.group.epoch for person in (mira, amal, boris)} == {before}
