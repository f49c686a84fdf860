"""What clients without a right, or without one any more, must not be able to do to a relay and to its channels."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace

import pytest
import structlog

from protocols.relay.access import signed_bytes
from protocols.relay.frames import (
    Append,
    Authorise,
    Authorised,
    Create,
    Done,
    MailboxContents,
    MailboxOpen,
    MailboxPost,
    MailboxRead,
    Receipts,
    Refused,
)
from server.app import recover
from server.config import Config, Rates
from server.fanout import LiveLogs
from server.limits import Rate
from server.store import AppendedBatch, MailboxSlot, PendingAppend
from server.store.memory import MemoryStore
from server.store.signed_heads import MemorySignedHeads
from server.writer import Writer
from tests.server.rig import SIGNER, Member, Rig, code_of, expect, genesis, key, public, rig
from tests.server.socket_client import server
from tests.support.fake_mls import COMMIT, private_message
from tests.support.waiting import eventually

MAILBOX = bytes(range(32))


async def removed(relay: Rig) -> tuple[bytes, Member, Member]:
    """A log whose epoch 0 was ended by a commit; who stayed and holds the new key; who holds the old one only."""
    log, stayed = await relay.channel()
    expect(Receipts, await stayed.append(log, 0, b"removes mallory", next_key=key(1)))
    expect(Authorised, await stayed.authorise(log, 1, key(1)))
    mallory = relay.member()
    expect(Authorised, await mallory.authorise(log, 0, key(0)))
    return log, stayed, mallory


async def test_a_removed_member_cannot_contest_its_removal_and_take_the_channel() -> None:
    async with rig() as relay:
        log, stayed, mallory = await removed(relay)
        contested = await mallory.append(log, 0, b"garbage commit", next_key=key(66))
        taken = await mallory.authorise(log, 1, key(66))
        await mallory.append(log, 1, b"mine now")
        kept = await stayed.append(log, 1, b"we go on")
    assert isinstance(contested, Refused)
    assert isinstance(taken, Refused)
    assert isinstance(kept, Receipts)


async def test_removed_members_cannot_use_up_the_connections_of_a_log() -> None:
    async with rig(Config(open=True, max_connections_per_log=4)) as relay:
        log, stayed, _ = await removed(relay)
        relay.service.relay.disconnect(stayed.peer)  # whoever stays comes back after a lost connection
        crowd = [relay.member() for _ in range(4)]
        for mallory in crowd:
            await mallory.authorise(log, 0, key(0))
        back = await relay.member().authorise(log, 1, key(1))
    assert isinstance(back, Authorised)


async def test_removed_members_cannot_use_up_the_rate_of_a_log() -> None:
    rates = Rates(appends=Rate(1, 10))
    async with rig(Config(open=True, rates=rates)) as relay:
        log, stayed, mallory = await removed(relay)
        for number in range(20):
            await mallory.append(log, 0, b"noise %d" % number)
        kept = await stayed.append(log, 1, b"we go on")
    assert isinstance(kept, Receipts)


async def test_a_removed_member_learns_nothing_of_a_retry_beyond_its_limit() -> None:
    """Idempotency must not tell an outsider whether some message was said, nor where."""
    async with rig() as relay:
        log, stayed, mallory = await removed(relay)
        expect(Receipts, await stayed.append(log, 1, b"said after"))
        assert code_of(await mallory.append(log, 1, b"said after")) == "WRONG_EPOCH"
        outsider = relay.member()
        assert code_of(await outsider.append(log, 1, b"said after")) == "UNAUTHORISED"


async def test_a_removed_member_cannot_open_mailboxes_on_the_channels_account() -> None:
    async with rig() as relay:
        log, _, mallory = await removed(relay)
        opened = await mallory.ask(MailboxOpen(request=1, log=log, mailbox=MAILBOX, lifetime_s=60))
        assert code_of(opened) == "UNAUTHORISED"


LOW_ORDER = (bytes(32), b"\x01" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f", b"\xff" * 32)


@pytest.mark.parametrize("weak", LOW_ORDER, ids=lambda weak: weak.hex()[:8])
async def test_access_keys_under_which_anybody_signs_are_refused(weak: bytes) -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        made = genesis(7)
        create = Create(request=1, genesis=made.encode(), access_key=weak, admission_token="")
        assert code_of(await ada.ask(create)) == "MALFORMED"
        commit = private_message(log, 0, COMMIT, body=b"next")
        append = Append(request=1, log=log, message=commit, next_access_key=weak)
        assert code_of(await ada.ask(append)) == "MALFORMED"
        authorise = Authorise(request=1, log=log, epoch=0, access_key=weak, signature=weak + bytes(32))
        assert code_of(await ada.ask(authorise)) == "UNAUTHORISED"


class _SlowReader(MemoryStore):
    """A store whose mailbox reads come back late, as those of another thread may."""

    def __init__(self) -> None:
        super().__init__()
        self.read_done = asyncio.Event()
        self.go_on = asyncio.Event()
        self.slow = False

    async def read_mailbox(self, mailbox: bytes, *, slot: int, now_ms: int) -> MailboxSlot:
        found = await super().read_mailbox(mailbox, slot=slot, now_ms=now_ms)
        if self.slow:
            self.slow = False
            self.read_done.set()
            await self.go_on.wait()
        return found


async def test_a_letter_that_comes_while_somebody_begins_to_wait_is_not_missed() -> None:
    store = _SlowReader()
    async with rig(store=store) as relay:
        log, ada = await relay.channel()
        expect(Done, await ada.ask(MailboxOpen(request=1, log=log, mailbox=MAILBOX, lifetime_s=60)))
        store.slow = True
        reading = asyncio.create_task(
            ada.tell(MailboxRead(request=900, mailbox=MAILBOX, slot=0, start=0, wait=True))
        )
        await store.read_done.wait()
        ben = relay.member()
        post = MailboxPost(request=1, mailbox=MAILBOX, slot=0, index=0, blob=b"letter", final=True)
        expect(Done, await ben.ask(post))
        store.go_on.set()
        await reading
        frames = ada.peer.outbox.take()
    assert any(isinstance(frame, MailboxContents) and frame.request == 900 for frame in frames)


async def test_a_relay_that_lost_its_signed_heads_still_serves_its_logs() -> None:
    """The record is kept apart from the backup on purpose, so a restored relay begins without it."""
    store = MemoryStore()
    await store.open()
    made = genesis()
    head = await store.create_log(made.encode(), access_key=public(key(0)), now_ms=1)
    first = LiveLogs(store, MemorySignedHeads(), SIGNER)
    await Writer(store, MemorySignedHeads(), SIGNER, first, lambda _: None).sign((head,))
    lost = MemorySignedHeads()
    live = LiveLogs(store, lost, SIGNER)
    await recover(store, lost, Writer(store, lost, SIGNER, live, lambda _: None))
    assert await live.acquire(made.log_id) is not None


class _Broken(MemoryStore):
    """A store with a bug of ours in it, whose error carries what was asked for."""

    async def append_batch(self, appends: Sequence[PendingAppend]) -> AppendedBatch:
        raise KeyError(appends[0].log)


async def test_an_unexpected_failure_does_not_write_a_log_id_into_the_operators_log() -> None:
    with structlog.testing.capture_logs() as lines:
        async with rig(store=_Broken()) as relay:
            log, ada = await relay.channel()
            await ada.tell(_append(log))
            await eventually(lambda: bool(relay.failures), "the writer gave up")
    assert lines
    assert str(log)[2:-1] not in repr(lines).replace("\\\\", "\\")
    assert log.hex() not in repr(lines)


def _append(log: bytes) -> Append:
    return Append(
        request=7, log=log, message=private_message(log, 0, body=os.urandom(8)), next_access_key=None
    )


async def test_what_a_connection_holds_is_bounded_by_its_unanswered_requests() -> None:
    """Waiting reads: the mailbox's waiters, not the sum of what a client repeats."""
    async with rig() as relay:
        log, ada = await relay.channel()
        expect(Done, await ada.ask(MailboxOpen(request=1, log=log, mailbox=MAILBOX, lifetime_s=60)))
        ben = relay.member()
        for number in range(1, 300):
            await ben.tell(MailboxRead(request=number, mailbox=MAILBOX, slot=1, start=0, wait=True))
        refusals = [frame for frame in ben.peer.outbox.take() if isinstance(frame, Refused)]
        assert len(refusals) == 299 - 64
        relay.service.relay.disconnect(ben.peer)
        assert not relay.service.relay.mailboxes._waiting


async def test_an_access_proof_is_of_no_use_on_another_connection() -> None:
    async with rig() as relay:
        log, ada = await relay.channel()
        proof = signed_bytes(
            relay_vkey=SIGNER.vkey,
            challenge=ada.peer.challenge,
            log=log,
            epoch=0,
            access_key=public(key(0)),
        )
        frame = Authorise(
            request=1, log=log, epoch=0, access_key=public(key(0)), signature=key(0).sign(proof)
        )
        expect(Authorised, await ada.ask(frame))
        thief = relay.member()
        assert code_of(await thief.ask(replace(frame, epoch=0))) == "UNAUTHORISED"


async def test_who_says_nothing_at_all_is_cut_off() -> None:
    async with server(Config(open=True, port=0, hello_timeout_s=0.1)) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        try:
            writer.write(b"GET /v1 HTTP/1.1\r\nHost: relay\r\n")
            async with asyncio.timeout(1.0):
                assert await reader.read() is not None
        finally:
            writer.close()
