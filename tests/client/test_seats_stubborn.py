"""What can never come about is not tried for ever: each try is one more entry in everybody's log."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from channel.transcript import Reason
from client.errors import InvitationRefused
from client.parley import utc_milliseconds
from client.seating import SeatOffer
from client.store import InvitationState
from protocols.messages import Role
from protocols.messages.values import format_time
from tests.support.clients import TITLE, level, make_profile, opened, silent
from tests.support.mandates import Principal
from tests.support.relay_process import RelayProcess, running_relay
from tests.support.tables import Hands, prompt_parley, seats_asked, settled
from tests.support.waiting import eventually

DAY_MS = 86_400_000
NORTH = Principal("Council of the North", 80)
WINDOW = {
    "start": format_time(utc_milliseconds() - DAY_MS),
    "end": format_time(utc_milliseconds() + 300 * DAY_MS),
}


@pytest_asyncio.fixture
async def relay(tmp_path: Path) -> AsyncIterator[RelayProcess]:
    async with running_relay(tmp_path / "relay") as running:
        yield running


async def test_a_commit_that_counts_for_nothing_is_not_made_for_ever(
    relay: RelayProcess, tmp_path: Path
) -> None:
    """Both clocks are days ahead: to them the newcomer's key is valid, by the relay's time not yet."""
    ahead = Hands(utc_milliseconds() + 2 * DAY_MS)
    with make_profile(tmp_path / "Mira", "Mira") as one, make_profile(tmp_path / "Olga", "Olga") as two:
        mira, olga = prompt_parley(one, clock=ahead), prompt_parley(two, clock=ahead)
        info = await mira.create_channel(relay.url, title=TITLE, role=Role.MEDIATOR)
        async with opened(mira, info) as host:
            session = host.session
            invited = await session.invite("Olga", Role.OBSERVER)
            with pytest.raises(InvitationRefused):
                await olga.join(invited.code, progress=silent)
            assert session.admission.state(invited.mailbox) is InvitationState.FAILED
            assert "clock" in session.admission.refusal(invited.mailbox)
            rejected = session.negotiation.rejected
            assert [entry.reason for entry in rejected] == [Reason.INVALID_COMMIT]


async def test_a_seat_that_cannot_be_agreed_is_not_asked_for_for_ever(
    relay: RelayProcess, tmp_path: Path
) -> None:
    """Amal may negotiate for the north and not accept for it, and nobody else is there who could."""
    with (
        make_profile(tmp_path / "Mira", "Mira") as one,
        make_profile(tmp_path / "Amal", "Amal") as two,
        make_profile(tmp_path / "Olga", "Olga") as three,
    ):
        mira, amal, olga = prompt_parley(one), prompt_parley(two), prompt_parley(three)
        info = await mira.create_channel(relay.url, title=TITLE, role=Role.MEDIATOR)
        async with opened(mira, info) as host:
            offer = SeatOffer(
                role=Role.PARTY,
                principal=NORTH.key,
                principal_name=NORTH.name,
                mandates=(NORTH.mandate(amal.participant_id, powers=("INFORM", "NEGOTIATE"), **WINDOW),),
            )
            code = (await host.session.invite("Amal", Role.PARTY, offer=offer)).code
            async with opened(amal, await amal.join(code, progress=silent)) as party:
                await level((host, party))
                await settled((host, party))
                session = party.session
                invited = await session.invite("Olga", Role.OBSERVER)
                with pytest.raises(InvitationRefused):
                    await olga.join(invited.code, progress=silent)
                await eventually(
                    lambda: session.admission.state(invited.mailbox) is InvitationState.FAILED, "it is over"
                )
                assert "mandate" in session.admission.refusal(invited.mailbox)
                assert 1 <= len(seats_asked(party)) <= 3
