"""Channels are post-quantum unless made otherwise, and whoever is invited speaks what the channel speaks."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from channel.mls import X_WING_CIPHER_SUITE
from channel.mls.crypto import supported_cipher_suites
from client.errors import InvitationRefused
from client.founding import CIPHER_SUITES, DEFAULT_CIPHER_SUITE
from protocols.messages import Role
from tests.support.clients import TITLE, admit, assert_agreed, level, make_profile, opened, parley_of
from tests.support.relay_process import RelayProcess


def test_new_channels_are_post_quantum() -> None:
    assert DEFAULT_CIPHER_SUITE == X_WING_CIPHER_SUITE
    assert DEFAULT_CIPHER_SUITE in CIPHER_SUITES


@pytest.mark.parametrize("suite_number", CIPHER_SUITES)
async def test_the_invitee_speaks_what_the_channel_speaks(
    relay: RelayProcess, tmp_path: Path, suite_number: int
) -> None:
    async with AsyncExitStack() as stack:
        mira, amal = (
            parley_of(stack.enter_context(make_profile(tmp_path / name, name))) for name in ("Mira", "Amal")
        )
        info = await mira.create_channel(
            relay.url, title=TITLE, role=Role.MEDIATOR, suite_number=suite_number
        )
        host = await stack.enter_async_context(opened(mira, info))
        guest = await stack.enter_async_context(opened(amal, await admit(host, amal)))
        await host.ask("Is the bridge open?")
        await guest.has("Is the bridge open?")
        await level((host, guest))
        assert_agreed((host, guest))
        for person in (host, guest):
            conversation = person.session.conversation
            assert conversation.transcript.genesis.cipher_suite == suite_number
            assert conversation.group.context.cipher_suite == suite_number
            for member in conversation.group.members():
                assert set(member.leaf_node.capabilities.cipher_suites) == set(supported_cipher_suites())


async def test_an_invitee_without_the_suite_is_refused(
    relay: RelayProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the channel stays as it was: nobody is let in at the price of a weaker suite."""
    async with AsyncExitStack() as stack:
        mira, amal = (
            parley_of(stack.enter_context(make_profile(tmp_path / name, name))) for name in ("Mira", "Amal")
        )
        info = await mira.create_channel(relay.url, title=TITLE, role=Role.MEDIATOR)
        host = await stack.enter_async_context(opened(mira, info))
        monkeypatch.setattr("client.joining.CIPHER_SUITES", (1,))
        with pytest.raises(InvitationRefused):
            await admit(host, amal)
        assert len(host.session.conversation.group.members()) == 1
