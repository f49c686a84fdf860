"""What an export holds of a channel, whatever part of its log this client was let read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from channel.audit import BadExport, parse_export, verify_export
from client.archive import export_of
from client.errors import UnknownChannel
from client.store import CheckpointRow
from tests.support.desks import Desk, office


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[list[Desk]]:
    made = office(tmp_path, "Mira", "Amal", "Boris")
    yield made
    for desk in made:
        desk.close()


def held(desk: Desk) -> tuple[CheckpointRow, ...]:
    with desk.store.transaction() as tx:
        return tx.history.checkpoints(desk.log.genesis.log_id)


def test_who_was_removed_while_offline_exports_what_verifies(desks: list[Desk]) -> None:
    mira, amal, boris = desks
    mira.remove(boris)
    mira.settle()
    end = mira.log.size
    for text in ("one", "two"):
        mira.say(text)
        mira.settle()
    amal.settle()
    boris.receive(upto=end)
    assert boris.conversation.removed
    for _ in range(2):
        verified = verify_export(parse_export(boris.export()))
        assert (verified.transcript.size, verified.covered_by) == (end, mira.log.size)
        boris.restart()


def test_part_of_the_log_is_exported_with_the_proof_that_came_with_it(desks: list[Desk]) -> None:
    mira, amal, _boris = desks
    for text in ("one", "two", "three", "four"):
        mira.say(text)
        mira.settle()
    start, end = amal.conversation.transcript.size, mira.log.size
    for upto in range(start + 1, end):
        amal.receive(upto=upto)
        verified = verify_export(parse_export(amal.export()))
        assert (verified.transcript.size, verified.covered_by) == (upto, end)
    newest = held(amal)[-1]
    assert (newest.size, newest.proven_from) == (end, end - 1)
    amal.receive()
    assert verify_export(parse_export(amal.export())).covered_by is None
    assert held(amal)[-1] == newest


def test_a_proof_from_another_size_does_not_go_into_the_file(desks: list[Desk]) -> None:
    """The one that came with an earlier page says nothing of the entries after it."""
    mira, amal, _boris = desks
    for text in ("one", "two", "three"):
        mira.say(text)
        mira.settle()
    size = amal.conversation.transcript.size
    amal.receive(upto=size + 1)
    log_id = amal.log.genesis.log_id
    with amal.store.transaction() as tx:
        assert export_of(tx, log_id).covering is not None
        assert export_of(tx, log_id, size=size).covering is None
        assert export_of(tx, log_id, size=2).covering is None


def test_a_newcomer_keeps_the_proof_that_came_with_the_history(tmp_path: Path) -> None:
    """The host's page ends with the commit, under a checkpoint of entries that came after it."""
    mira, amal = office(tmp_path, "Mira", "Amal")
    dora = Desk("Dora", mira.relay, tmp_path)
    garbage = b"\x01 no entry"
    settle = mira.settle

    def settled_late(rounds: int = 3) -> None:
        mira.send()
        end = mira.log.size
        mira.log.inject(garbage)
        mira.receive(upto=end)

    mira.settle = settled_late  # type: ignore[method-assign]
    mira.admit(dora)
    mira.settle = settle  # type: ignore[method-assign]
    size = dora.conversation.transcript.size
    assert [row.proven_from for row in held(dora)][-1] == size
    assert [*dora.conversation.follower.ahead] == [held(dora)[-1].note]
    verified = verify_export(parse_export(dora.export()))
    assert (verified.transcript.size, verified.covered_by) == (size, mira.log.size)
    dora.receive()
    assert not dora.conversation.follower.ahead
    for desk in (mira, amal, dora):
        desk.close()


def test_a_checkpoint_without_a_proof_covers_no_shorter_log(desks: list[Desk]) -> None:
    mira, amal, _boris = desks
    size = amal.conversation.transcript.size
    for text in ("one", "two"):
        mira.say(text)
        mira.settle()
    amal.receive()
    assert held(amal)[-1].size == size + 2
    assert held(amal)[-1].proven_from is None
    with amal.store.transaction() as tx:
        shorter = export_of(tx, amal.log.genesis.log_id, size=size + 1)
    assert shorter.covering is None
    with pytest.raises(BadExport, match="no checkpoint"):
        verify_export(shorter)


def test_there_is_no_export_of_a_channel_that_is_not_there(desks: list[Desk]) -> None:
    with desks[0].store.transaction() as tx, pytest.raises(UnknownChannel):
        export_of(tx, bytes(32))
