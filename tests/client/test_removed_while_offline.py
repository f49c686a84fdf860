"""Removed while nobody was there to see it: what such a member holds is evidence like everybody else's."""

import contextlib
from pathlib import Path

from channel.audit import parse_export, verify_export
from client.errors import NotAMember
from client.events import ChannelStatus
from protocols.messages import Role
from tests.support.clients import TIMEOUT_S, TITLE, admit, level, make_profile, opened, parley_of
from tests.support.relay_process import running_relay


async def test_its_export_verifies_and_says_that_the_log_went_on(tmp_path: Path) -> None:
    async with running_relay(tmp_path / "relay") as relay, contextlib.AsyncExitStack() as stack:
        mira, amal, boris = (
            parley_of(stack.enter_context(make_profile(tmp_path / name, name)))
            for name in ("Mira", "Amal", "Boris")
        )
        info = await mira.create_channel(relay.url, title=TITLE, role=Role.MEDIATOR)
        host = await stack.enter_async_context(opened(mira, info))
        guest = await stack.enter_async_context(opened(amal, await admit(host, amal)))
        joined = await admit(host, boris)
        async with opened(boris, joined) as there:
            await level((host, guest, there))
        await host.session.remove(boris.participant_id)
        for question in ("One?", "Two?"):
            await host.ask(question)
        await guest.has("One?", "Two?")
        await level((host, guest))
        with contextlib.suppress(NotAMember):
            async with boris.open(joined) as session:
                await session.wait_for(
                    lambda session: session.journal.status is ChannelStatus.REMOVED, TIMEOUT_S
                )
        verified = verify_export(parse_export(boris.export(joined)))
        assert verified.covered_by is not None
        assert verified.transcript.size < verified.covered_by
        whole = verify_export(parse_export(mira.export(info))).transcript
        size = verified.transcript.size
        assert verified.transcript.root_at(size) == whole.root_at(size)
        assert verified.transcript.history_at(size) == whole.history_at(size)
