"""Channels, their state, drafts."""

from dataclasses import replace

import pytest
from sqlcipher3 import dbapi2

from client.store import ChannelStatus, ClientStore, DraftRow
from tests.client.store.conftest import CHANNEL, LOG, STATE


def test_a_channel_reads_back(store: ClientStore) -> None:
    with store.transaction() as tx:
        assert tx.channels.get(LOG) == CHANNEL
        assert tx.channels.get(bytes(32)) is None
        assert tx.channels.all() == (CHANNEL,)


def test_a_channel_is_added_once(store: ClientStore) -> None:
    with store.transaction() as tx, pytest.raises(dbapi2.IntegrityError):
        tx.channels.add(CHANNEL)


def test_channels_come_oldest_first(store: ClientStore) -> None:
    older = replace(CHANNEL, log_id=bytes(32), origin="relay.example/r/0", joined_ms=1)
    with store.transaction() as tx:
        tx.channels.add(older)
        assert tx.channels.all() == (older, CHANNEL)


def test_the_state_changes_as_a_whole(store: ClientStore) -> None:
    following = replace(
        STATE,
        epoch_state=b"epoch 2",
        ratchet_state=b"",
        pending_commit=b"pending",
        size=9,
        checkpoint=b"note",
        accumulated_history=b"\x01" * 32,
        interim_transcript_hash=b"j" * 32,
    )
    with store.transaction() as tx:
        tx.channels.set_state(LOG, following)
        assert tx.channels.get(LOG) == replace(CHANNEL, state=following)
        tx.channels.set_ratchet_state(LOG, b"r3")
        tx.channels.set_title(LOG, "South bridge")
        expected = replace(CHANNEL, title="South bridge", state=replace(following, ratchet_state=b"r3"))
        assert tx.channels.get(LOG) == expected


def test_a_stopped_channel_says_why_and_only_that_one(store: ClientStore) -> None:
    with store.transaction() as tx:
        tx.channels.set_status(LOG, ChannelStatus.STOPPED, "two checkpoints of size 7 differ")
        channel = tx.channels.get(LOG)
        assert channel is not None
        assert (channel.status, channel.alarm) == (ChannelStatus.STOPPED, "two checkpoints of size 7 differ")
        with pytest.raises(dbapi2.IntegrityError):
            tx.channels.set_status(LOG, ChannelStatus.STOPPED)
        with pytest.raises(dbapi2.IntegrityError):
            tx.channels.set_status(LOG, ChannelStatus.LEFT, "why")


def test_an_unknown_channel_is_a_bug(store: ClientStore) -> None:
    with store.transaction() as tx:
        with pytest.raises(LookupError):
            tx.channels.set_state(bytes(32), STATE)
        with pytest.raises(LookupError):
            tx.channels.set_ratchet_state(bytes(32), b"")
        with pytest.raises(LookupError):
            tx.channels.set_status(bytes(32), ChannelStatus.LEFT)


def test_one_draft_per_channel(store: ClientStore) -> None:
    with store.transaction() as tx:
        assert tx.channels.draft(LOG) is None
        tx.channels.set_draft(DraftRow(log_id=LOG, body=b"one", changed_ms=1))
        tx.channels.set_draft(DraftRow(log_id=LOG, body=b"two", changed_ms=2))
        assert tx.channels.draft(LOG) == DraftRow(log_id=LOG, body=b"two", changed_ms=2)
        tx.channels.drop_draft(LOG)
        assert tx.channels.draft(LOG) is None


def test_ratchets_and_drafts_stay_out_of_reprs() -> None:
    shown = repr(replace(CHANNEL, state=replace(STATE, epoch_state=b"otter", ratchet_state=b"otter")))
    assert "otter" not in shown
    assert "otter" not in repr(DraftRow(log_id=LOG, body=b"otter", changed_ms=2))
