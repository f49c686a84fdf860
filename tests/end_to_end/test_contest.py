"""A member commits garbage; those who stay agree on another commit, with a real relay between them."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from channel.transcript import Reason
from protocols.relay.frames import Append, Receipts
from tests.support.clients import (
    Person,
    admit,
    assert_agreed,
    level,
    make_profile,
    opened,
    parley_of,
    talk,
)
from tests.support.relay_process import RelayProcess
from tests.support.waiting import eventually


async def commit_garbage(person: Person) -> None:
    """Have somebody append a commit that no member accepts: it authenticates nothing that it says."""
    line, conversation = person.session.line, person.session.conversation
    assert line is not None
    result = conversation.group.commit(
        (), random=os.urandom, authenticate=lambda *_: None, now_s=int(time.time())
    )
    answer = await line.relay.request(
        Append(
            request=1,
            log=person.info.log,
            message=result.message,
            next_access_key=Ed25519PrivateKey.generate().public_key().public_bytes_raw(),
        )
    )
    assert isinstance(answer, Receipts)


async def past(people: Sequence[Person], epoch: int) -> None:
    """Wait until everybody has followed a valid commit."""
    await eventually(
        lambda: all(person.session.conversation.group.epoch > epoch for person in people),
        "everybody has followed a valid commit",
    )


async def test_members_go_on_after_a_garbage_commit(relay: RelayProcess, tmp_path: Path) -> None:
    """All contest at once, follow the first valid commit in log order, and speak as before."""
    async with talk(tmp_path, relay.url, "Mira", "Amal", "Badr") as people:
        mira, amal, badr = people
        await badr.ask("Before it?")
        await level(people)
        epoch = mira.session.conversation.group.epoch
        await commit_garbage(amal)
        await past(people, epoch)
        await mira.ask("After it?")
        await amal.ask("And from the one who did it?")
        for person in people:
            await person.has("Before it?", "After it?", "And from the one who did it?")
        await level(people)
        rejected = mira.session.negotiation.rejected
        assert [item.reason for item in rejected][:1] == [Reason.INVALID_COMMIT]
        assert_agreed(people, rejected=len(rejected))


async def test_who_was_away_and_a_relay_that_was_killed_follow_the_same_commit(
    relay: RelayProcess, tmp_path: Path
) -> None:
    async with talk(tmp_path, relay.url, "Mira", "Amal") as (mira, amal):
        epoch = mira.session.conversation.group.epoch
        with make_profile(tmp_path / "Badr", "Badr") as profile:
            parley = parley_of(profile)
            info = await admit(mira, parley)
            await past((mira, amal), epoch)
            epoch = mira.session.conversation.group.epoch
            await commit_garbage(amal)
            await past((mira, amal), epoch)
            await mira.ask("Did you see that?")
            await level((mira, amal))
            await relay.kill()
            await relay.start()
            async with opened(parley, info) as badr:
                await badr.has("Did you see that?")
                await badr.ask("See what?")
                await mira.has("See what?")
                await level((mira, amal, badr))
                assert_agreed((mira, amal, badr), rejected=len(mira.session.negotiation.rejected))
