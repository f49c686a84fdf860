"""Group commit: its order, its batches, and what happens when the ground gives way."""

import asyncio
from collections.abc import Sequence

import pytest

from protocols.log import checkpoint
from protocols.relay.frames import Append, Receipts
from server.app import recover
from server.errors import RollbackRefused, StoreFailed
from server.fanout import LiveLogs
from server.store import AppendedBatch, LogHead, PendingAppend, StoredCheckpoint
from server.store.memory import MemoryStore
from server.store.signed_heads import MemorySignedHeads, SignedHead
from server.writer import MAX_BATCH, Writer
from tests.server.rig import SIGNER, Member, code_of, expect, genesis, key, public, rig
from tests.support.fake_mls import private_message


class RecordingStore(MemoryStore):
    """Remembers the order of what was asked, and fails when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.batches: list[int] = []
        self.fails = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def append_batch(self, appends: Sequence[PendingAppend]) -> AppendedBatch:
        await self.gate.wait()
        if self.fails:
            raise StoreFailed("disk full")
        self.calls.append("commit")
        self.batches.append(len(appends))
        return await super().append_batch(appends)

    async def save_checkpoints(self, checkpoints: Sequence[StoredCheckpoint]) -> None:
        self.calls.append(f"keep {len(checkpoints)}")
        await super().save_checkpoints(checkpoints)


class RecordingHeads(MemorySignedHeads):
    def __init__(self, calls: list[str]) -> None:
        super().__init__()
        self.calls = calls

    async def advance(self, heads: Sequence[SignedHead]) -> None:
        self.calls.append(f"advance {len(heads)}")
        await super().advance(heads)


async def send(member: Member, log: bytes, bodies: Sequence[bytes]) -> list[int]:
    """Hand appends to the relay without waiting for their answers."""
    numbers = []
    for body in bodies:
        numbers.append(member.number())
        message = private_message(log, 0, body=body)
        await member.tell(Append(request=numbers[-1], log=log, message=message, next_access_key=None))
    return numbers


async def test_commit_then_head_then_keep_then_answer() -> None:
    store = RecordingStore()
    async with rig(store=store, heads=RecordingHeads(store.calls)) as relay:
        log, ada = await relay.channel()
        store.calls.clear()
        expect(Receipts, await ada.append(log, 0, b"one"))
        assert store.calls == ["commit", "advance 1", "keep 1"]


async def test_what_waits_becomes_full_batches_with_one_signature_a_log() -> None:
    store = RecordingStore()
    async with rig(store=store, heads=RecordingHeads(store.calls)) as relay:
        log, ada = await relay.channel()
        other, ben = await relay.channel(1)
        store.calls.clear()
        store.gate.clear()
        numbers = await send(ada, log, [b"%d" % n for n in range(MAX_BATCH + 40)])
        others = await send(ben, other, [b"other %d" % n for n in range(20)])
        store.gate.set()
        receipts = [expect(Receipts, await ada.answer(numbers[0]))]
        expect(Receipts, await ben.answer(others[-1]))
        await asyncio.sleep(0)
        assert store.batches == [MAX_BATCH, 60]
        # The second is committed while the first is signed, but signing keeps the order of the commits.
        assert [call for call in store.calls if call != "commit"] == [
            "advance 1",
            "keep 1",
            "advance 2",
            "keep 2",
        ]
        assert store.calls.index("commit") < store.calls.index("advance 1")
        assert len(receipts[0].items) == MAX_BATCH
        note = checkpoint.verify(
            receipts[0].checkpoint, origin=genesis().origin, public_key=SIGNER.verifier.public_key
        )
        assert note.size == MAX_BATCH + 1


async def test_the_same_message_twice_in_one_batch_is_one_entry() -> None:
    store = RecordingStore()
    async with rig(store=store) as relay:
        log, ada = await relay.channel()
        store.gate.clear()
        numbers = await send(ada, log, [b"same", b"same"])
        store.gate.set()
        receipts = expect(Receipts, await ada.answer(numbers[0]))
        assert [(item.request, item.position) for item in receipts.items] == [
            (numbers[0], 1),
            (numbers[1], 1),
        ]


async def test_a_failing_store_ends_the_process_and_nobody_is_answered() -> None:
    store = RecordingStore()
    async with rig(store=store) as relay:
        log, ada = await relay.channel()
        store.fails = True
        await send(ada, log, [b"lost"])
        async with asyncio.timeout(2):
            while not relay.failures:  # noqa: ASYNC110 - the writer calls a plain function, there is no event
                await asyncio.sleep(0)
        assert isinstance(relay.failures[0], StoreFailed)
        assert ada.peer.outbox.take() == ()


async def test_a_head_below_the_signed_one_is_never_signed() -> None:
    store, heads = MemoryStore(), MemorySignedHeads()
    writer = Writer(store, heads, SIGNER, LiveLogs(store, heads, SIGNER), fail=lambda _: None)
    await store.open()
    head = await store.create_log(genesis().encode(), access_key=public(key(0)), now_ms=0)
    await heads.advance([SignedHead(log=head.stored.log, size=5, root=bytes(32))])
    with pytest.raises(RollbackRefused):
        await writer.sign([head])
    assert await store.last_checkpoint(head.stored.log) is None
    await store.close()


async def test_another_root_for_a_signed_size_is_never_signed() -> None:
    store, heads = MemoryStore(), MemorySignedHeads()
    writer = Writer(store, heads, SIGNER, LiveLogs(store, heads, SIGNER), fail=lambda _: None)
    await store.open()
    head = await store.create_log(genesis().encode(), access_key=public(key(0)), now_ms=0)
    await writer.sign([head])
    with pytest.raises(RollbackRefused):
        await writer.sign([LogHead(stored=head.stored, root=bytes(32))])
    await store.close()


async def test_a_rolled_back_store_is_not_served() -> None:
    heads = MemorySignedHeads()
    async with rig(heads=heads) as relay:
        log, ada = await relay.channel()
        await ada.append(log, 0, b"one")
    with pytest.raises(RollbackRefused):
        async with rig(heads=heads):  # an empty store: the database was lost or put back
            pass


async def test_what_was_durable_but_not_signed_is_signed_at_the_start() -> None:
    store, heads = MemoryStore(), MemorySignedHeads()
    writer = Writer(store, heads, SIGNER, LiveLogs(store, heads, SIGNER), fail=lambda _: None)
    await store.open()
    head = await store.create_log(genesis().encode(), access_key=public(key(0)), now_ms=0)
    assert await recover(store, heads, writer) == 1
    kept = await store.last_checkpoint(head.stored.log)
    assert kept is not None
    verified = checkpoint.verify(kept.note, origin=genesis().origin, public_key=SIGNER.verifier.public_key)
    assert (verified.size, verified.root) == (1, head.root)
    await store.close()


async def test_too_many_waiting_appends_are_refused() -> None:
    store = RecordingStore()
    async with rig(store=store) as relay:
        log, ada = await relay.channel()
        store.gate.clear()
        relay.service.writer._waiting_bytes = 2**40
        assert code_of(await ada.append(log, 0, b"one")) == "RATE_LIMITED"
        relay.service.writer._waiting_bytes = 0
        store.gate.set()
        expect(Receipts, await ada.append(log, 0, b"one"))
