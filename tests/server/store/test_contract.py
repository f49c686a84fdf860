"""One suite for every store: logs, order, access, proofs, checkpoints."""

import hashlib

import pytest

from protocols.log.entry import Entry
from protocols.log.merkle import HashTree, leaf_hash, verify_consistency, verify_inclusion
from server.errors import LogExists, UnknownLog
from server.store import (
    MAX_MESSAGE_SIZE,
    Access,
    Appended,
    Duplicate,
    LogUnknown,
    NotAuthorised,
    PendingAppend,
    RelayStore,
    StoredCheckpoint,
    WrongEpoch,
)
from tests.server.store.conftest import Reopen
from tests.server.store.support import append, create, everything, genesis, key, log_id


async def test_a_new_log_holds_its_genesis(store: RelayStore) -> None:
    head = await store.create_log(genesis(0), access_key=key(0), now_ms=5)
    assert head.stored.log == hashlib.sha256(genesis(0)).digest()
    assert (head.stored.size, head.stored.epoch, head.stored.candidates) == (1, 0, (key(0),))
    assert head.root == leaf_hash(genesis(0))
    assert await store.log(head.stored.log) == head.stored
    assert await everything(store, head.stored.log) == (genesis(0),)
    assert await store.log_ids() == (head.stored.log,)


async def test_creating_again_changes_nothing(store: RelayStore) -> None:
    log = await create(store)
    batch = await store.append_batch([append(b"first", log=log)])
    again = await store.create_log(genesis(0), access_key=key(0), now_ms=9999)
    assert again == batch.heads[0]
    with pytest.raises(LogExists):
        await store.create_log(genesis(0), access_key=key(7), now_ms=9999)


async def test_creating_again_works_when_the_first_epochs_are_over(store: RelayStore) -> None:
    log = await create(store)
    for epoch in range(3):
        await store.append_batch([append(b"c%d" % epoch, log=log, epoch=epoch, commit=key(epoch + 1))])
    assert (await store.create_log(genesis(0), access_key=key(0), now_ms=9)).stored.epoch == 3


async def test_a_batch_appends_over_many_logs_in_order(reopen: Reopen) -> None:
    store = await reopen()
    one, two = await create(store, 1), await create(store, 2)
    batch = await store.append_batch(
        [append(b"a", log=one), append(b"b", log=two), append(b"c", log=one, now_ms=1500)]
    )
    positions = [outcome.position for outcome in batch.outcomes if isinstance(outcome, Appended)]
    assert positions == [1, 1, 2]
    assert [(head.stored.log, head.stored.size) for head in batch.heads] == [(one, 3), (two, 2)]
    store = await reopen()
    expected = (genesis(1), Entry(1000, b"a").encode(), Entry(1500, b"c").encode())
    assert await everything(store, one) == expected
    assert (await store.head(one)).root == HashTree(map(leaf_hash, expected)).root()
    assert (await store.head(one), await store.head(two)) == batch.heads


async def test_outcomes_carry_the_entry(store: RelayStore) -> None:
    log = await create(store)
    outcome = (await store.append_batch([append(b"m", log=log, commit=key(1))])).outcomes[0]
    entry = Entry(1000, b"m", key(1)).encode()
    assert outcome == Appended(position=1, relay_time_ms=1000, entry=entry, leaf_hash=leaf_hash(entry))


async def test_an_empty_batch_is_fine(store: RelayStore) -> None:
    batch = await store.append_batch([])
    assert (batch.outcomes, batch.heads) == ((), ())


async def test_an_unknown_log_spoils_nothing_else(store: RelayStore) -> None:
    log = await create(store)
    batch = await store.append_batch([append(b"x", log=log_id(9)), append(b"x", log=log)])
    assert isinstance(batch.outcomes[0], LogUnknown)
    assert isinstance(batch.outcomes[1], Appended)


@pytest.mark.parametrize("together", [True, False])
async def test_the_same_message_twice_is_one_entry(reopen: Reopen, together: bool) -> None:
    store = await reopen()
    log = await create(store)
    first, second = append(b"m", log=log, now_ms=2000), append(b"m", log=log, now_ms=3000)
    if together:
        outcomes = (await store.append_batch([first, second])).outcomes
    else:
        outcomes = (await store.append_batch([first])).outcomes
        store = await reopen()
        batch = await store.append_batch([second])
        assert batch.heads == ()
        outcomes += batch.outcomes
    assert isinstance(outcomes[0], Appended)
    assert outcomes[1] == Duplicate(1, 2000)
    assert len(await everything(store, log)) == 2
    assert await store.find(log, second.message_hash) == Duplicate(1, 2000)


async def test_the_same_message_in_two_logs_is_two_entries(store: RelayStore) -> None:
    one, two = await create(store, 1), await create(store, 2)
    batch = await store.append_batch([append(b"m", log=one), append(b"m", log=two)])
    assert all(isinstance(outcome, Appended) for outcome in batch.outcomes)


async def test_find(store: RelayStore) -> None:
    log = await create(store)
    assert await store.find(log, key(1)) is None
    with pytest.raises(UnknownLog):
        await store.find(log_id(9), key(1))


async def test_time_never_goes_back(store: RelayStore) -> None:
    log = await create(store, now_ms=5000)
    batch = await store.append_batch(
        [append(b"%d" % now_ms, log=log, now_ms=now_ms) for now_ms in (10, 6000, 5500)]
    )
    times = [outcome.relay_time_ms for outcome in batch.outcomes if isinstance(outcome, Appended)]
    assert times == [5000, 6000, 6000]


async def test_a_commit_ends_the_epoch_also_within_a_batch(reopen: Reopen) -> None:
    store = await reopen()
    log = await create(store)
    batch = await store.append_batch(
        [
            append(b"commit", log=log, commit=key(1)),
            append(b"late", log=log),
            append(b"early", log=log, epoch=2),
            append(b"next", log=log, epoch=1),
            append(b"commit 2", log=log, epoch=1, commit=key(2)),
            append(b"commit 3", log=log, epoch=2, commit=key(3)),
        ]
    )
    assert batch.outcomes[1] == WrongEpoch(1, 2)
    assert batch.outcomes[2] == NotAuthorised()
    assert batch.heads[0].stored.epoch == 3
    store = await reopen()
    assert await store.log(log) == batch.heads[0].stored
    assert await store.access(log, epoch=0, access_key=key(0)) == Access(epoch=0, readable=2, current=False)
    assert await store.access(log, epoch=1, access_key=key(1)) == Access(epoch=1, readable=4, current=False)
    assert await store.access(log, epoch=2, access_key=key(2)) == Access(epoch=2, readable=5, current=False)
    assert await store.access(log, epoch=3, access_key=key(3)) == Access(epoch=3, readable=5, current=True)


async def test_access_belongs_to_key_and_epoch(store: RelayStore) -> None:
    log = await create(store)
    for epoch in range(3):
        await store.append_batch([append(b"c%d" % epoch, log=log, epoch=epoch, commit=key(epoch + 1))])
    for epoch in range(5):
        for number in range(5):
            found = await store.access(log, epoch=epoch, access_key=key(number))
            assert (found is not None) == (epoch == number and epoch <= 3)
    assert await store.access(log, epoch=-1, access_key=key(0)) is None
    assert await store.access(log_id(9), epoch=0, access_key=key(0)) is None


async def test_a_contest_widens_the_reading_of_the_old_key(reopen: Reopen) -> None:
    store = await reopen()
    log = await create(store)
    await store.append_batch([append(b"commit", log=log, commit=key(11))])
    store = await reopen()
    await store.append_batch([append(b"contest", log=log, commit=key(12), contest=True)])
    store = await reopen()
    assert await store.access(log, epoch=0, access_key=key(0)) == Access(epoch=0, readable=3, current=False)
    await store.append_batch([append(b"settles", log=log, epoch=1, access_key=key(11))])
    store = await reopen()
    assert await store.access(log, epoch=1, access_key=key(11)) == Access(epoch=1, readable=4, current=True)
    assert await store.access(log, epoch=1, access_key=key(12)) is None
    assert await store.access(log, epoch=0, access_key=key(0)) == Access(epoch=0, readable=3, current=False)


async def test_a_log_keeps_the_token_that_let_it_in(reopen: Reopen) -> None:
    store = await reopen()
    head = await store.create_log(genesis(0), access_key=key(0), now_ms=1, token_hash=key(77))
    assert head.stored.token_hash == key(77)
    await store.create_log(genesis(0), access_key=key(0), now_ms=1, token_hash=key(78))
    await store.append_batch([append(b"m", log=log_id(0))])
    store = await reopen()
    kept = await store.log(log_id(0))
    assert kept is not None
    assert kept.token_hash == key(77)


async def test_reading_keeps_its_bounds(store: RelayStore) -> None:
    one, two = await create(store, 1), await create(store, 2)
    await store.append_batch([append(b"m%d" % number, log=one) for number in range(9)])
    await store.append_batch([append(b"other", log=two)])
    entries = await everything(store, one)
    assert len(entries) == 10
    assert await store.read(one, 3, max_count=4, max_bytes=10_000) == entries[3:7]
    assert await store.read(one, 1, max_count=9, max_bytes=2 * len(entries[1])) == entries[1:3]
    assert await store.read(one, 1, max_count=9, max_bytes=1) == entries[1:2]
    assert await store.read(one, 10, max_count=9, max_bytes=100) == ()
    assert await store.read(one, 1 << 50, max_count=9, max_bytes=100) == ()
    with pytest.raises(UnknownLog):
        await store.read(log_id(9), 0, max_count=1, max_bytes=1)


async def test_proofs_verify(reopen: Reopen) -> None:
    store = await reopen()
    log = await create(store)
    for number in range(12):
        await store.append_batch([append(b"m%d" % number, log=log)])
    store = await reopen()
    leaves = [leaf_hash(entry) for entry in await everything(store, log)]
    for new in range(1, 14):
        root = await store.root(log, new)
        assert root == HashTree(leaves[:new]).root()
        for old in range(1, new + 1):
            proof = await store.consistency_proof(log, old_size=old, new_size=new)
            verify_consistency(
                old_size=old, new_size=new, proof=proof, old_root=await store.root(log, old), new_root=root
            )
            inclusion = await store.inclusion_proof(log, index=old - 1, size=new)
            verify_inclusion(index=old - 1, size=new, leaf_hash=leaves[old - 1], proof=inclusion, root=root)


async def test_proofs_beyond_the_log_are_the_callers_mistake(store: RelayStore) -> None:
    log = await create(store)
    with pytest.raises(ValueError, match="no such part"):
        await store.root(log, 2)
    with pytest.raises(ValueError, match="no such part"):
        await store.consistency_proof(log, old_size=1, new_size=2)
    with pytest.raises(ValueError, match="no such part"):
        await store.consistency_proof(log, old_size=1, new_size=0)
    with pytest.raises(ValueError, match="no such part"):
        await store.inclusion_proof(log, index=1, size=1)
    with pytest.raises(ValueError, match="no such part"):
        await store.root(log, -1)


async def test_unknown_logs(store: RelayStore) -> None:
    missing = log_id(9)
    assert await store.log(missing) is None
    assert await store.last_checkpoint(missing) is None
    await store.save_checkpoints([StoredCheckpoint(missing, 1, b"note")])
    assert await store.checkpoints(missing) == ()
    for call in (
        store.head(missing),
        store.root(missing, 0),
        store.consistency_proof(missing, old_size=0, new_size=0),
        store.inclusion_proof(missing, index=0, size=0),
    ):
        with pytest.raises(UnknownLog):
            await call


async def test_checkpoints_are_kept_once_each(reopen: Reopen) -> None:
    store = await reopen()
    one, two = await create(store, 1), await create(store, 2)
    kept = [StoredCheckpoint(one, size, b"note %d" % size) for size in (1, 5, 70)]
    await store.save_checkpoints([kept[0], StoredCheckpoint(two, 1, b"other")])
    await store.save_checkpoints([StoredCheckpoint(one, 1, b"again"), kept[2], kept[1]])
    assert await store.last_checkpoint(one) == kept[2]
    store = await reopen()
    assert await store.last_checkpoint(one) == kept[2]
    assert await store.checkpoints(one) == tuple(kept)
    assert await store.checkpoints(one, max_count=2) == tuple(kept[:2])
    assert await store.checkpoints(one, after_size=1) == tuple(kept[1:])
    assert await store.checkpoints(two) == (StoredCheckpoint(two, 1, b"other"),)


async def test_checkpoints_that_wait_survive_a_refused_write(reopen: Reopen) -> None:
    store = await reopen()
    log = await create(store)
    await store.save_checkpoints([StoredCheckpoint(log, 1, b"note")])
    with pytest.raises(LogExists):
        await store.create_log(genesis(0), access_key=key(1), now_ms=1)
    store = await reopen()
    assert await store.last_checkpoint(log) == StoredCheckpoint(log, 1, b"note")


@pytest.mark.parametrize(
    "changes",
    [
        {"message": b""},
        {"message": bytes(MAX_MESSAGE_SIZE + 1)},
        {"next_access_key": b"short"},
        {"access_key": b"short"},
        {"log": b"short"},
        {"message_hash": b"short"},
        {"now_ms": -1},
    ],
)
def test_what_cannot_be_an_entry_never_reaches_the_store(changes: dict[str, object]) -> None:
    fields: dict[str, object] = {
        "log": log_id(0),
        "access_key": key(0),
        "epoch": 0,
        "message": b"m",
        "message_hash": key(0),
        "next_access_key": None,
        "now_ms": 0,
    }
    with pytest.raises(ValueError, match=r"bytes|negative"):
        PendingAppend(**(fields | changes))  # type: ignore[arg-type]


async def test_the_longest_message_fits(store: RelayStore) -> None:
    log = await create(store)
    batch = await store.append_batch([append(bytes(MAX_MESSAGE_SIZE), log=log, commit=key(1))])
    assert isinstance(batch.outcomes[0], Appended)
    assert len(batch.outcomes[0].entry) == 65_535
