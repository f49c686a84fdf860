"""The seat of an invitee: what is put on the roster, what is asked for it, and what ends the asking."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from channel.charter import Seats
from channel.errors import BadCharter
from channel.identity import Identity
from client.errors import InvitationRefused
from client.parley import utc_milliseconds
from client.profiles import Profile
from client.seating import SeatOffer, Standing, line_for, propose_admission, seat_fields, standing
from client.store import InvitationState, Transaction
from protocols.errors import RuleViolation
from protocols.messages import Role, compose, mandate_id
from protocols.messages.values import format_time
from tests.support.clients import (
    TITLE,
    Person,
    admit,
    assert_agreed,
    level,
    make_profile,
    opened,
    parley_of,
    silent,
)
from tests.support.mandates import Principal
from tests.support.members import Member, channel
from tests.support.relay_process import RelayProcess, running_relay
from tests.support.tables import Hands, affirm, asked, letter, prompt_parley, seats_asked, settled
from tests.support.waiting import eventually

NORTH = Principal("Council of the North", 80)
DAY_MS = 86_400_000
WINDOW = {
    "start": format_time(utc_milliseconds() - DAY_MS),
    "end": format_time(utc_milliseconds() + 300 * DAY_MS),
}
OBSERVER = SeatOffer(role=Role.OBSERVER)


@pytest.fixture
def mira() -> Member:
    return channel("Mira", "Amal")[0]


@pytest.fixture
def olga(mira: Member) -> Member:
    return Member("Olga", clock=mira.clock)


# --- the line of the roster -----------------------------------------------------------------------


def test_the_line_is_what_was_offered_under_the_invitees_key(mira: Member, olga: Member) -> None:
    line = line_for(mira.conversation, OBSERVER, letter(olga))
    assert (line.id, line.name, line.role, line.principal) == (olga.id, "Olga", Role.OBSERVER, None)
    named = line_for(mira.conversation, replace(OBSERVER, name="Olga K."), letter(olga))
    assert named.name == "Olga K."


def test_a_letter_of_two_identities_is_refused(mira: Member, olga: Member) -> None:
    """Somebody with the code cannot be seated under a key that their certificate does not carry."""
    stranger = Identity.from_seed(bytes(32))
    with pytest.raises(InvitationRefused, match="of another identity"):
        line_for(mira.conversation, OBSERVER, letter(olga, identity=stranger))
    other = Member("Eve", clock=mira.clock)
    mixed = replace(
        letter(olga), certificate=letter(other).certificate, identity_key=other.identity.public_key
    )
    with pytest.raises(InvitationRefused, match="of another identity"):
        line_for(mira.conversation, OBSERVER, mixed)


@pytest.mark.parametrize("name", ["Mira", "mira", "\u041cira"])
def test_a_name_that_looks_like_anothers_is_refused(mira: Member, olga: Member, name: str) -> None:
    with pytest.raises(BadCharter):
        line_for(mira.conversation, replace(OBSERVER, name=name), letter(olga))


def test_a_mandate_is_its_holders(mira: Member, olga: Member) -> None:
    offer = SeatOffer(role=Role.PARTY, principal=NORTH.key, principal_name=NORTH.name)
    own = replace(offer, mandates=(NORTH.mandate(olga.id),))
    assert line_for(mira.conversation, own, letter(olga)).mandates == own.mandates
    for mandates in ((NORTH.mandate("1f" * 16),), (Principal("South", 81).mandate(olga.id),)):
        with pytest.raises(BadCharter, match="its holder"):
            line_for(mira.conversation, replace(offer, mandates=mandates), letter(olga))


def test_a_new_key_gets_the_old_seat_as_it_is(mira: Member) -> None:
    amal = next(entry for entry in mira.charter.roster if entry.name == "Amal")
    again = Member("Amal again", clock=mira.clock)
    offer = SeatOffer(role=Role.OBSERVER, name="Somebody", replaces=amal.id)
    line = line_for(mira.conversation, offer, letter(again))
    assert (line.id, line.name, line.role) == (again.id, "Amal", amal.role), "whatever the offer says"
    gone = replace(offer, replaces="1f" * 16)
    with pytest.raises(InvitationRefused, match="is gone"):
        line_for(mira.conversation, gone, letter(again))


def test_a_new_key_comes_in_the_commit_in_which_the_old_one_goes(mira: Member) -> None:
    amal = next(entry for entry in mira.charter.roster if entry.name == "Amal")
    again = Member("Amal again", clock=mira.clock)
    offer = SeatOffer(role=Role.PARTY, replaces=amal.id)
    mira.post_commit(*propose_admission(mira.conversation, offer, letter(again)))
    mira.read()
    assert {entry.id for entry in mira.charter.roster} == {mira.id, again.id}
    assert set(mira.conversation.transcript.epoch.members.values()) == {mira.id, again.id}


@pytest.mark.parametrize("replaces", [None, "1f" * 16])
@pytest.mark.parametrize("principal", [None, NORTH])
def test_what_is_asked_says_all_of_the_line(
    mira: Member, olga: Member, replaces: str | None, principal: Principal | None
) -> None:
    line = replace(
        line_for(mira.conversation, OBSERVER, letter(olga)),
        principal=None if principal is None else principal.key,
        principal_name="" if principal is None else principal.name,
    )
    fields = seat_fields(line, replace(OBSERVER, replaces=replaces), now_ms=mira.clock.now_ms)
    now = format_time(mira.clock.now_ms)
    message = compose("SEAT", fields, sender=mira.id, to=["2f" * 16], sent=now, topic="seats/Olga")
    content = message.content.model_dump(exclude_none=True)
    assert content["operation"] == ("ADMIT" if replaces is None else "KEY")
    assert content.get("principal") == (None if principal is None else principal.key.hex())


def test_a_seat_that_nobody_knows_of_is_stale_unless_it_waits_to_leave(mira: Member) -> None:
    negotiation = mira.conversation.transcript.negotiation
    assert standing(negotiation, bytes(16), holds=True) is Standing.WAITING
    assert standing(negotiation, bytes(16), holds=False) is Standing.STALE


# --- over a real relay ----------------------------------------------------------------------------


@pytest_asyncio.fixture
async def relay(tmp_path: Path) -> AsyncIterator[RelayProcess]:
    async with running_relay(tmp_path / "relay") as running:
        yield running


@contextlib.asynccontextmanager
async def pair(
    profiles: tuple[Profile, Profile], url: str, clock: Hands
) -> AsyncIterator[tuple[Person, Person]]:
    """Mira, mediator, whose clock the test turns, and Amal, party; the set-up is over."""
    mira, amal = prompt_parley(profiles[0], clock=clock), parley_of(profiles[1])
    info = await mira.create_channel(url, title=TITLE, role=Role.MEDIATOR)
    async with opened(mira, info) as host, opened(amal, await admit(host, amal)) as party:
        await level((host, party))
        await settled((host, party))
        yield host, party


async def test_what_is_not_agreed_in_time_is_taken_back(relay: RelayProcess, tmp_path: Path) -> None:
    clock = Hands(utc_milliseconds())
    with (
        make_profile(tmp_path / "Mira", "Mira") as one,
        make_profile(tmp_path / "Amal", "Amal") as two,
        make_profile(tmp_path / "Olga", "Olga") as three,
    ):
        async with pair((one, two), relay.url, clock) as (mira, amal):
            invited = await mira.session.invite("Olga", Role.OBSERVER, 3600)
            joining = asyncio.create_task(parley_of(three).join(invited.code, progress=silent))
            said = await asked(amal, "Olga")
            assert mira.session.admission.awaited(mira.session, invited.mailbox) == (amal.session.me,)
            clock.now_ms += 3_601_000
            mira.session.notify()
            with pytest.raises(InvitationRefused):
                await joining
            why = mira.session.admission.refusal(invited.mailbox)
            assert why == "not every party agreed to the seat before the invitation expired"
            await eventually(
                lambda: bool(
                    (found := amal.session.negotiation.message(said.message_id)) and found.cancelled
                ),
                "Amal is told that there is nothing to agree to any more",
            )
            await level((mira, amal))
            assert_agreed((mira, amal))


async def test_who_speaks_for_a_principal_comes_without_powers(relay: RelayProcess, tmp_path: Path) -> None:
    """Once seats are agreed, a mandate is not the inviter's to give: its MANDATE comes after its holder."""
    with (
        make_profile(tmp_path / "Mira", "Mira") as one,
        make_profile(tmp_path / "Amal", "Amal") as two,
        make_profile(tmp_path / "Nour", "Nour") as three,
    ):
        async with pair((one, two), relay.url, Hands(utc_milliseconds())) as (mira, amal):
            nour = parley_of(three)
            given = NORTH.mandate(nour.participant_id, powers=("INFORM",), **WINDOW)
            offer = SeatOffer(role=Role.PARTY, principal=NORTH.key, principal_name=NORTH.name)
            with pytest.raises(InvitationRefused, match="by a MANDATE message"):
                await mira.session.invite("Nour", Role.PARTY, offer=replace(offer, mandates=(given,)))
            code = (await mira.session.invite("Nour", Role.PARTY, offer=offer)).code
            joining = asyncio.create_task(nour.join(code, progress=silent))
            said = await asked(amal, "Nour")
            assert said.content.model_dump()["principal"] == NORTH.key.hex()
            await affirm(amal, said)
            async with opened(nour, await joining) as person:
                with pytest.raises(RuleViolation, match="MANDATE-8"):
                    await person.ask("Is the bridge open?")
                fields = given.model_dump(mode="json", exclude_none=True)
                await person.session.send(person.session.compose("MANDATE", fields, topic="mandate"))
                await eventually(
                    lambda: (
                        [mandate_id(one) for one in person.session.charter.roster[-1].mandates]
                        == [mandate_id(given)]
                    ),
                    "the charter shows it",
                )
                await person.ask("Is the bridge open?")
                await mira.has("Is the bridge open?")
                with pytest.raises(InvitationRefused, match="needs NEGOTIATE about seats"):
                    await person.session.invite("Olga", Role.OBSERVER)
                everybody = (mira, amal, person)
                await level(everybody)
                assert_agreed(everybody)


async def test_a_seat_and_its_message_are_kept_together(relay: RelayProcess, tmp_path: Path) -> None:
    """A client that dies while it asks has asked, and knows it, or neither."""
    with make_profile(tmp_path / "Mira", "Mira") as one, make_profile(tmp_path / "Amal", "Amal") as two:
        async with pair((one, two), relay.url, Hands(utc_milliseconds())) as (mira, amal):
            invited = await mira.session.invite("Olga", Role.OBSERVER)

            def fail(tx: Transaction, message_id: bytes) -> None:
                row = tx.invitations.get(invited.mailbox)
                assert row is not None
                tx.invitations.put(replace(row, seat_message=message_id, state=InvitationState.REQUESTED))
                raise RuntimeError("killed here")

            with pytest.raises(RuntimeError, match="killed here"):
                mira.session.journal.queue(b"a message", along=fail)
            assert not mira.session.journal.waiting
            assert mira.session.admission.state(invited.mailbox) is InvitationState.OPEN
            assert not seats_asked(amal)
            assert amal.session.charter.seats is Seats.AGREED
