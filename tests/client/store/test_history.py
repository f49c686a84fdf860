"""Entries, openings, epochs, checkpoints, conflicts."""

from dataclasses import replace
from typing import Any

import pytest
from sqlcipher3 import dbapi2

from client.store import CheckpointRow, ClientStore, ConflictRow, EntryRow, EpochRow, OpeningRow
from tests.client.store.conftest import LOG


def entry(position: int, *, status: int = 1, reason: str | None = None) -> EntryRow:
    return EntryRow(
        position=position,
        entry=b"entry %d" % position,
        leaf_hash=bytes([position]) * 32,
        root_after=bytes([position + 1]) * 32,
        history_after=bytes([position + 2]) * 32,
        status=status,
        reason=reason,
    )


def test_entries_read_back_in_order_and_in_pages(store: ClientStore) -> None:
    rows = [entry(0, status=3), entry(1), entry(2, status=2, reason="BAD-COUNTER"), entry(3)]
    with store.transaction() as tx:
        assert tx.history.size(LOG) == 0
        tx.history.add_entries(LOG, rows)
        assert tx.history.entries(LOG) == tuple(rows)
        assert tx.history.entries(LOG, start=1, limit=2) == tuple(rows[1:3])
        assert tx.history.size(LOG) == 4
        assert tx.history.at(LOG, 3) == (rows[2].root_after, rows[2].history_after)
        assert tx.history.at(LOG, 5) is None
        assert tx.history.at(LOG, 0) is None


@pytest.mark.parametrize(
    "row", [entry(0, status=4), entry(0, status=2), entry(0, reason="why"), replace(entry(0), position=-1)]
)
def test_entries_that_make_no_sense_are_bugs(store: ClientStore, row: EntryRow) -> None:
    with store.transaction() as tx, pytest.raises(dbapi2.IntegrityError):
        tx.history.add_entries(LOG, [row])


def test_no_position_is_taken_twice(store: ClientStore) -> None:
    with store.transaction() as tx:
        tx.history.add_entries(LOG, [entry(0)])
        with pytest.raises(dbapi2.IntegrityError):
            tx.history.add_entries(LOG, [entry(0)])
        with pytest.raises(dbapi2.IntegrityError):
            tx.history.add_entries(bytes(32), [entry(0)])


def test_an_opening_belongs_to_an_entry(store: ClientStore) -> None:
    message = OpeningRow(position=0, leaf_index=2, content=b"hello", signature=b"s" * 64)
    commit = OpeningRow(position=1, leaf_index=0, content=b"c", signature=b"s", confirmation_tag=b"tag")
    with store.transaction() as tx:
        with pytest.raises(dbapi2.IntegrityError):
            tx.history.add_opening(LOG, message)
        tx.history.add_entries(LOG, [entry(0), entry(1)])
        tx.history.add_opening(LOG, message)
        tx.history.add_opening(LOG, commit)
        assert tx.history.openings(LOG) == (message, commit)
        assert tx.history.openings(LOG, start=1) == (commit,)
        assert tx.history.openings(LOG, limit=1) == (message,)


def test_epochs_come_in_order(store: ClientStore) -> None:
    rows = [
        EpochRow(epoch=number, first_position=number * 3, group_context=b"gc", ratchet_tree=b"rt")
        for number in range(3)
    ]
    with store.transaction() as tx:
        for row in reversed(rows):
            tx.history.add_epoch(LOG, row)
        assert tx.history.epochs(LOG) == tuple(rows)
        with pytest.raises(dbapi2.IntegrityError):
            tx.history.add_epoch(LOG, rows[0])


def test_distinct_checkpoints_are_kept_even_of_one_size(store: ClientStore) -> None:
    rows = (
        CheckpointRow(size=2, root=b"\x01" * 32, note=b"a"),
        CheckpointRow(size=2, root=b"\x02" * 32, note=b"b"),
        CheckpointRow(size=3, root=b"\x03" * 32, note=b"c"),
    )
    with store.transaction() as tx:
        for row in (rows[2], *rows, *rows):
            tx.history.add_checkpoint(LOG, row)
        assert tx.history.checkpoints(LOG) == rows


def test_of_one_checkpoint_the_proof_from_the_largest_size_is_kept(store: ClientStore) -> None:
    bare = CheckpointRow(size=9, root=b"\x01" * 32, note=b"a")
    early = replace(bare, proven_from=3, consistency=(b"\x03" * 32, b"\x04" * 32))
    late = replace(bare, proven_from=8, consistency=(b"\x08" * 32,))
    with store.transaction() as tx:
        for row, kept in ((bare, bare), (early, early), (late, late), (early, late), (bare, late)):
            tx.history.add_checkpoint(LOG, row)
            assert tx.history.checkpoints(LOG) == (kept,)


@pytest.mark.parametrize(
    "changes",
    [
        {"proven_from": 0, "consistency": (bytes(32),)},
        {"proven_from": 10, "consistency": (bytes(32),)},
        {"proven_from": 3, "consistency": (bytes(31),)},
    ],
)
def test_a_proof_that_makes_no_sense_is_a_bug(store: ClientStore, changes: dict[str, Any]) -> None:
    row = replace(CheckpointRow(size=9, root=bytes(32), note=b"a"), **changes)
    with store.transaction() as tx, pytest.raises(dbapi2.IntegrityError):
        tx.history.add_checkpoint(LOG, row)


def test_evidence_is_kept_in_order_of_discovery(store: ClientStore) -> None:
    rows = (
        ConflictRow(kind="fork", ours=b"note 1", theirs=b"note 2", detail="size 7 has two roots", seen_ms=9),
        ConflictRow(kind="rollback", ours=None, theirs=b"note 3", detail="shorter", seen_ms=3),
    )
    with store.transaction() as tx:
        for row in rows:
            tx.history.add_conflict(LOG, row)
        assert tx.history.conflicts(LOG) == rows
        assert tx.history.conflicts(bytes(32)) == ()
