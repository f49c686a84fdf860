"""The outbox: sealed bytes are fixed until their epoch ends, and order is the order of speaking."""

import pytest
from sqlcipher3 import dbapi2

from client.store import ClientStore, OutboxState, SealedMessage
from tests.client.store.conftest import LOG

SEALED = SealedMessage(
    epoch=3, message=b"mls", leaf_index=1, content=b"payload", signature=b"s" * 64, counter=5
)


def test_a_message_goes_its_way(store: ClientStore) -> None:
    with store.transaction() as tx:
        sequence = tx.outbox.queue(LOG, b"\x01" * 16, b"body", queued_ms=7)
        (row,) = tx.outbox.waiting(LOG)
        assert (row.state, row.body, row.sealed, row.position) == (OutboxState.QUEUED, b"body", None, None)
        tx.outbox.seal(sequence, SEALED)
        (row,) = tx.outbox.waiting(LOG)
        assert (row.state, row.sealed) == (OutboxState.SEALED, SEALED)
        assert tx.outbox.by_sealed(LOG, b"mls") == row
        assert tx.outbox.by_sealed(LOG, b"other") is None
        tx.outbox.relayed(sequence, 12)
        (row,) = tx.outbox.waiting(LOG)
        assert (row.state, row.position, row.sealed) == (OutboxState.RELAYED, 12, SEALED)
        tx.outbox.drop(sequence)
        assert tx.outbox.waiting(LOG) == ()


def test_losing_a_race_unseals_and_keeps_the_id(store: ClientStore) -> None:
    with store.transaction() as tx:
        sequence = tx.outbox.queue(LOG, b"\x01" * 16, b"body", queued_ms=7)
        tx.outbox.seal(sequence, SEALED)
        tx.outbox.unseal(sequence)
        (row,) = tx.outbox.waiting(LOG)
        assert (row.state, row.sealed, row.message_id) == (OutboxState.QUEUED, None, b"\x01" * 16)


def test_the_order_is_the_order_of_speaking(store: ClientStore) -> None:
    with store.transaction() as tx:
        sequences = [tx.outbox.queue(LOG, bytes([n]) * 16, b"b", queued_ms=100 - n) for n in range(5)]
        assert sequences == sorted(sequences)
        tx.outbox.drop(sequences[-1])
        again = tx.outbox.queue(LOG, b"\x09" * 16, b"b", queued_ms=0)
        assert again > sequences[-1]  # a number is never used twice
        assert [row.sequence for row in tx.outbox.waiting(LOG)] == [*sequences[:-1], again]


def test_an_id_is_queued_once(store: ClientStore) -> None:
    with store.transaction() as tx:
        tx.outbox.queue(LOG, b"\x01" * 16, b"b", queued_ms=1)
        with pytest.raises(dbapi2.IntegrityError):
            tx.outbox.queue(LOG, b"\x01" * 16, b"c", queued_ms=2)


def test_what_was_never_sealed_was_never_relayed(store: ClientStore) -> None:
    with store.transaction() as tx:
        sequence = tx.outbox.queue(LOG, b"\x01" * 16, b"b", queued_ms=1)
        with pytest.raises(dbapi2.IntegrityError):
            tx.outbox.relayed(sequence, 3)
        with pytest.raises(LookupError):
            tx.outbox.seal(sequence + 1, SEALED)


def test_plaintext_stays_out_of_reprs(store: ClientStore) -> None:
    with store.transaction() as tx:
        sequence = tx.outbox.queue(LOG, b"\x01" * 16, b"otter", queued_ms=1)
        tx.outbox.seal(
            sequence,
            SealedMessage(epoch=1, message=b"m", leaf_index=0, content=b"otter", signature=b"", counter=1),
        )
        assert "otter" not in repr(tx.outbox.waiting(LOG))
