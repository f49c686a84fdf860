"""Who may speak and read, when several change it at once and when somebody is removed."""

import asyncio
from pathlib import Path

import pytest

from channel.access import sign_access
from channel.audit import parse_export, verify_export
from channel.mls.errors import MLSError
from client.errors import NotAMember
from client.events import ChannelStatus, ConnectionKind
from client.transport import RelayConnection, connect
from protocols.messages import Role
from protocols.relay import access
from protocols.relay.frames import (
    Append,
    Authorise,
    Authorised,
    EndOfEpoch,
    Entries,
    RefusalCode,
    Refused,
    Subscribe,
)
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
from tests.support.waiting import eventually


async def authorise(relay: RelayConnection, person: Person) -> Authorised | Refused:
    """Show the access key of the epoch that somebody is at."""
    conversation = person.session.conversation
    private_key, public_key = conversation.access_key()
    epoch, log = conversation.group.epoch, person.info.log
    signed = access.signed_bytes(
        relay_vkey=relay.greeting.relay_vkey,
        challenge=relay.greeting.challenge,
        log=log,
        epoch=epoch,
        access_key=public_key,
    )
    answer = await relay.request(
        Authorise(
            request=1,
            log=log,
            epoch=epoch,
            access_key=public_key,
            signature=sign_access(private_key, signed),
        )
    )
    assert isinstance(answer, Authorised | Refused)
    return answer


async def test_two_hosts_admit_at_the_same_moment(relay: RelayProcess, tmp_path: Path) -> None:
    async with talk(tmp_path, relay.url, "Mira", "Amal") as (mira, amal):
        with make_profile(tmp_path / "Badr", "Badr") as one, make_profile(tmp_path / "Dana", "Dana") as two:
            badr, dana = parley_of(one), parley_of(two)
            codes = (
                (await mira.session.invite("Badr", Role.PARTY)).code,
                (await amal.session.invite("Dana", Role.LIAISON)).code,
            )
            infos = await asyncio.gather(
                badr.join(codes[0], progress=silent), dana.join(codes[1], progress=silent)
            )
            async with opened(badr, infos[0]) as third, opened(dana, infos[1]) as fourth:
                everybody = (mira, amal, third, fourth)
                await eventually(lambda: all(len(p.session.charter.roster) == 4 for p in everybody), "all in")
                await fourth.ask("Are we all here?")
                for person in everybody:
                    await person.has("Are we all here?")
                await level(everybody)
                assert_agreed(everybody)
                assert {p.session.conversation.group.epoch for p in everybody} == {3}


async def test_the_loser_of_a_race_has_its_change_after_the_winner(
    relay: RelayProcess, tmp_path: Path
) -> None:
    names = ("Mira", "Amal", "Badr", "Dana", "Eli")
    async with talk(tmp_path, relay.url, *names) as (mira, amal, badr, dana, eli):
        before = mira.session.conversation.group.epoch
        await asyncio.gather(  # both seal a commit for the same epoch before either is sent
            mira.session.remove(dana.parley.participant_id), amal.session.remove(eli.parley.participant_id)
        )
        stay = (mira, amal, badr)
        await eventually(lambda: all(len(p.session.charter.roster) == 3 for p in stay), "both are out")
        await level(stay)
        assert_agreed(stay)
        assert mira.session.conversation.group.epoch == before + 2
        for person in (dana, eli):
            await eventually(
                lambda person=person: person.session.journal.status is ChannelStatus.REMOVED,  # type: ignore[misc]
                "they know",
            )


async def test_somebody_who_is_removed_neither_appends_nor_reads_on(
    relay: RelayProcess, tmp_path: Path
) -> None:
    async with talk(tmp_path, relay.url, "Mira", "Amal", "Badr") as (mira, amal, badr):
        # What Badr's device held at the moment of the removal, in the hands of somebody who will not stop.
        stolen, epoch = badr.session.conversation.group, badr.session.conversation.group.epoch
        held = badr.session.conversation.access_key()
        await mira.session.remove(badr.parley.participant_id)
        await eventually(lambda: badr.session.journal.status is ChannelStatus.REMOVED, "Badr knows")
        await eventually(
            lambda: badr.session.connection.kind is ConnectionKind.OFFLINE, "the connection ended"
        )
        with pytest.raises(NotAMember):
            await badr.ask("Am I still here?")
        with pytest.raises(NotAMember):
            await badr.session.wait_for(lambda session: session.negotiation.position > 1000)
        readable = badr.session.conversation.transcript.size
        await mira.ask("Can Badr read this?")
        await amal.has("Can Badr read this?")
        await level((mira, amal))

        assert (badr.session.conversation.group.epoch, badr.session.conversation.access_key()) == (
            epoch,
            held,
        )
        async with connect(relay.url) as connection:
            admitted = await authorise(connection, badr)
            assert isinstance(admitted, Authorised)
            assert admitted.readable == readable
            _, sealed = stolen.protect(b"I am still here", random=bytes)
            refused = await connection.request(
                Append(request=1, log=badr.info.log, message=sealed, next_access_key=None)
            )
            assert isinstance(refused, Refused)
            assert refused.code in (RefusalCode.WRONG_EPOCH, RefusalCode.UNAUTHORISED)
            beyond = await connection.request(Subscribe(request=1, log=badr.info.log, start=readable + 1))
            assert isinstance(beyond, Refused)
            assert beyond.code is RefusalCode.UNAUTHORISED
            await connection.request(Subscribe(request=1, log=badr.info.log, start=1))
            given: list[bytes] = []
            while isinstance(page := await connection.pushed(), Entries):
                given += page.entries
            assert isinstance(page, EndOfEpoch)
            assert len(given) == readable - 1

        # Even with the entries that the relay keeps from Badr, nothing opens.
        later = mira.session.conversation.transcript.size
        with mira.parley.profile.store.transaction() as tx:
            rows = tx.history.entries(mira.info.log, start=readable)
        assert len(rows) == later - readable > 0
        for row in rows:
            message = row.entry[9:]
            with pytest.raises(MLSError):
                stolen.receive(message, authenticate=lambda *_: None, now_s=row.position, own_pending=None)
        assert_agreed((mira, amal))


async def test_somebody_who_was_away_learns_of_the_removal_and_keeps_the_record(
    relay: RelayProcess, tmp_path: Path
) -> None:
    async with talk(tmp_path, relay.url, "Mira") as (mira,):
        with make_profile(tmp_path / "Amal", "Amal") as profile:
            parley = parley_of(profile)
            invited = await mira.session.invite("Amal", Role.PARTY)
            info = await parley.join(invited.code, progress=silent)
            await mira.ask("Is the bridge open?")
            await mira.session.caught_up(10)
            await mira.session.remove(parley.participant_id)
            async with parley.open(info) as session:
                await session.wait_for(lambda s: s.journal.status is ChannelStatus.REMOVED, 10)
                export = parley.export(info)
        with open_again(tmp_path / "Amal") as profile:
            parley = parley_of(profile)
            assert parley.find_channel(info.log.hex()).status is ChannelStatus.REMOVED
            async with parley.open(info) as session:
                with pytest.raises(NotAMember):
                    await session.caught_up(5)
                assert Person(parley, info, session).questions == ["Is the bridge open?"]
            assert parley.export(info) == export
            verify_export(parse_export(export))
