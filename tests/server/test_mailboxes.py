"""The lifecycle of a one-time mailbox, under a virtual clock."""

from dataclasses import replace

import pytest

from protocols.relay.frames import (
    Authorised,
    Done,
    Frame,
    MailboxClose,
    MailboxContents,
    MailboxOpen,
    MailboxPost,
    MailboxRead,
    Receipts,
)
from server.config import Config
from server.mailboxes import MAX_WAITERS
from tests.server.rig import Member, code_of, expect, key, rig

MAILBOX = b"m" * 32


def post(slot: int, index: int, blob: bytes, *, final: bool = True) -> MailboxPost:
    return MailboxPost(request=1, mailbox=MAILBOX, slot=slot, index=index, blob=blob, final=final)


def read(slot: int, *, wait: bool = False, start: int = 0) -> MailboxRead:
    return MailboxRead(request=1, mailbox=MAILBOX, slot=slot, start=start, wait=wait)


async def opened(inviter: Member, log: bytes, lifetime_s: int = 60) -> Frame:
    return await inviter.ask(MailboxOpen(request=1, log=log, mailbox=MAILBOX, lifetime_s=lifetime_s))


async def waiting(member: Member, slot: int) -> int:
    """Ask to be told when the slot is final; returns the request's number."""
    number = member.number()
    await member.tell(replace(read(slot, wait=True), request=number))
    return number


async def test_an_invitation_from_end_to_end() -> None:
    async with rig() as relay:
        log, inviter = await relay.channel()
        invitee = relay.member()
        expect(Done, await opened(inviter, log))
        inviter_waits = await waiting(inviter, 0)
        expect(Done, await invitee.ask(post(0, 0, b"key ", final=False)))
        expect(Done, await invitee.ask(post(0, 1, b"package")))
        request = expect(MailboxContents, await inviter.answer(inviter_waits))
        assert (request.blobs, request.final) == ((b"key ", b"package"), True)
        invitee_waits = await waiting(invitee, 1)
        expect(Done, await inviter.ask(post(1, 0, b"welcome")))
        assert expect(MailboxContents, await invitee.answer(invitee_waits)).blobs == (b"welcome",)
        expect(Done, await invitee.ask(MailboxClose(request=1, mailbox=MAILBOX)))
        expect(Done, await invitee.ask(MailboxClose(request=1, mailbox=MAILBOX)))
        assert code_of(await inviter.ask(read(1))) == "MAILBOX_UNKNOWN"


async def test_a_slot_is_filled_once() -> None:
    async with rig() as relay:
        log, inviter = await relay.channel()
        invitee, thief = relay.member(), relay.member()
        expect(Done, await opened(inviter, log))
        expect(Done, await invitee.ask(post(0, 0, b"first")))
        expect(Done, await invitee.ask(post(0, 0, b"first")))  # a retry
        assert code_of(await thief.ask(post(0, 0, b"second"))) == "MAILBOX_USED"
        assert code_of(await thief.ask(post(0, 1, b"more"))) == "MAILBOX_USED"
        assert code_of(await opened(inviter, log)) == "MAILBOX_EXISTS"


async def test_it_expires_and_those_who_wait_hear_of_it() -> None:
    async with rig() as relay:
        log, inviter = await relay.channel()
        expect(Done, await opened(inviter, log, lifetime_s=60))
        number = await waiting(inviter, 0)
        relay.now_ms += 59_999
        assert await relay.service.relay.mailboxes.expire() == 0
        expect(MailboxContents, await inviter.ask(read(0)))
        relay.now_ms += 1
        assert code_of(await inviter.ask(read(0))) == "MAILBOX_UNKNOWN"
        assert await relay.service.relay.mailboxes.expire() == 1
        assert code_of(await inviter.answer(number)) == "MAILBOX_UNKNOWN"
        assert code_of(await relay.member().ask(post(0, 0, b"late"))) == "MAILBOX_UNKNOWN"


async def test_closing_tells_those_who_wait() -> None:
    async with rig() as relay:
        log, inviter = await relay.channel()
        invitee = relay.member()
        expect(Done, await opened(inviter, log))
        number = await waiting(invitee, 1)
        expect(Done, await inviter.ask(MailboxClose(request=1, mailbox=MAILBOX)))
        assert code_of(await invitee.answer(number)) == "MAILBOX_UNKNOWN"


async def test_only_a_current_member_opens_one() -> None:
    async with rig() as relay:
        log, inviter = await relay.channel()
        assert code_of(await opened(relay.member(), log)) == "UNAUTHORISED"
        removed = relay.member()
        expect(Authorised, await removed.authorise(log, 0, key(0)))
        expect(Receipts, await inviter.append(log, 0, b"remove", next_key=key(1)))
        assert code_of(await opened(removed, log)) == "UNAUTHORISED"


async def test_limits() -> None:
    config = Config(open=True)
    config = replace(config, limits=replace(config.limits, max_blob=10, max_blobs=2, max_lifetime_s=60))
    async with rig(config) as relay:
        log, inviter = await relay.channel()
        assert code_of(await opened(inviter, log, lifetime_s=61)) == "TOO_LARGE"
        expect(Done, await opened(inviter, log))
        assert code_of(await inviter.ask(post(1, 0, bytes(11)))) == "TOO_LARGE"
        assert code_of(await inviter.ask(post(1, 2, b"x"))) == "TOO_LARGE"
        assert code_of(await inviter.ask(post(1, 1, b"x"))) == "MALFORMED"
        for _ in range(MAX_WAITERS):
            await waiting(inviter, 0)
        assert code_of(await inviter.ask(read(0, wait=True))) == "QUOTA_EXCEEDED"


@pytest.mark.parametrize("size", [131_072, 50_000])
async def test_a_long_slot_is_read_in_parts(size: int) -> None:
    async with rig() as relay:
        log, inviter = await relay.channel()
        expect(Done, await opened(inviter, log))
        blobs = [bytes([index]) * size for index in range(6)]
        for index, blob in enumerate(blobs):
            expect(Done, await inviter.ask(post(1, index, blob, final=index == 5)))
        got: list[bytes] = []
        parts = 0
        while True:
            part = expect(MailboxContents, await inviter.ask(read(1, start=len(got))))
            assert part.blobs
            assert sum(map(len, part.blobs)) < relay.service.config.limits.max_batch
            got += part.blobs
            parts += 1
            if part.final:
                break
        assert got == blobs
        assert parts > 1


async def test_a_connection_that_is_gone_waits_for_nothing() -> None:
    async with rig() as relay:
        log, inviter = await relay.channel()
        expect(Done, await opened(inviter, log))
        invitee = relay.member()
        await waiting(invitee, 1)
        relay.service.relay.disconnect(invitee.peer)
        expect(Done, await inviter.ask(post(1, 0, b"welcome")))
        assert invitee.peer.outbox.take() == ()
