"""Connections that hold nothing and ask for nothing do not stay; those that wait for something do."""

import asyncio
from dataclasses import replace

from protocols.relay.frames import Done, MailboxContents, MailboxOpen, MailboxPost, MailboxRead, RefusalCode
from server.config import Config
from tests.server.rig import expect
from tests.server.socket_client import connected, server
from tests.server.test_session import last_words, until

QUICK = replace(Config(open=True, port=0), idle_timeout_s=0.1)
BOX = bytes(range(32))


async def test_who_only_says_hello_does_not_keep_its_place() -> None:
    async with server(QUICK) as running:
        async with connected(running.url) as client:
            assert (await last_words(client)).code is RefusalCode.MALFORMED
        await until(lambda: not running.service.sessions)


async def test_who_holds_a_right_or_waits_for_a_letter_stays() -> None:
    async with server(QUICK) as running, connected(running.url) as ada, connected(running.url) as ben:
        log = await ada.channel()
        await ada.send(MailboxOpen(request=ada.number(), log=log, mailbox=BOX, lifetime_s=60))
        expect(Done, await ada.answer(ada.requests))
        await ben.send(MailboxRead(request=ben.number(), mailbox=BOX, slot=0, start=0, wait=True))
        async with connected(running.url) as idle:
            assert (await last_words(idle)).code is RefusalCode.MALFORMED
        # The idle one came last and has gone: the time has passed for the others too.
        letter = MailboxPost(request=ada.number(), mailbox=BOX, slot=0, index=0, blob=b"letter", final=True)
        await ada.send(letter)
        assert expect(MailboxContents, await ben.answer(ben.requests)).blobs == (b"letter",)
        expect(Done, await ada.answer(ada.requests))
        async with asyncio.timeout(5):
            assert (await last_words(ben)).code is RefusalCode.MALFORMED
