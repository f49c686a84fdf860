"""An open store and a channel in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from client.store import ChannelRow, ChannelState, ChannelStatus, ClientStore

LOG = b"\x10" * 32
STATE = ChannelState(
    epoch_state=b"epoch",
    ratchet_state=b"ratchet",
    pending_commit=None,
    size=1,
    checkpoint=None,
    accumulated_history=bytes(32),
    interim_transcript_hash=b"i" * 32,
)
CHANNEL = ChannelRow(
    log_id=LOG,
    genesis=b"genesis",
    origin="relay.example/r/10",
    relay_url="wss://relay.example",
    title="North bridge",
    joined_ms=5,
    status=ChannelStatus.ACTIVE,
    alarm=None,
    state=STATE,
)


@pytest.fixture
def empty_store(tmp_path: Path) -> Iterator[ClientStore]:
    store = ClientStore.create(tmp_path / "parley.db", bytes(32))
    yield store
    store.close()


@pytest.fixture
def store(empty_store: ClientStore) -> ClientStore:
    with empty_store.transaction() as tx:
        tx.channels.add(CHANNEL)
    return empty_store
