"""Whatever the relay, or the disk, does to a client: it stops with evidence, or nothing has happened."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from channel.audit import parse_export, verify_export
from client.errors import ChannelStopped, DiskFull, NotAMember, ProfileDamaged, RelayMisbehaved
from client.events import AlarmKind
from client.journal import MAX_SEALED
from client.store import ChannelStatus, OutboxState
from protocols.relay.frames import Entries
from tests.support.desks import Desk, office, quiet
from tests.support.simulator import altered, dropped, flipped, repeated, swapped


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[list[Desk]]:
    made = office(tmp_path, "Mira", "Amal", "Boris")
    yield made
    for desk in made:
        desk.close()


def stops(desk: Desk, frame: Entries) -> None:
    with pytest.raises(ChannelStopped):
        desk.journal.receive(frame)


def stopped_for_good(desk: Desk, kind: AlarmKind, ours: bytes | None, theirs: bytes) -> None:
    """The alarm and both notes are there, before and after a restart; nothing can be said any more."""
    for _ in range(2):
        alarm = desk.journal.alarm
        assert alarm is not None
        assert (alarm.kind, alarm.ours, alarm.theirs) == (kind, ours or b"", theirs)
        assert desk.journal.status is ChannelStatus.STOPPED
        with desk.store.transaction() as tx:
            (conflict,) = tx.history.conflicts(desk.log.genesis.log_id)
        assert (conflict.kind, conflict.ours, conflict.theirs) == (kind, ours, theirs)
        left = len(desk.left)
        with pytest.raises(ChannelStopped):
            desk.journal.queue(b"")
        with pytest.raises(ChannelStopped):
            desk.journal.sealed()
        with pytest.raises(ChannelStopped):
            desk.journal.commit((), intent=b"")
        with pytest.raises(ChannelStopped):
            desk.receive()
        assert len(desk.left) == left
        desk.restart()


def with_two_more(desks: list[Desk]) -> None:
    mira = desks[0]
    mira.say("one")
    mira.say("two")
    mira.send()


def test_a_fork_stops_the_channel(desks: list[Desk]) -> None:
    mira, amal, _boris = desks
    fork = mira.log.fork()
    mira.say("one")
    mira.settle(1)
    amal.receive()
    amal.log = fork
    fork.inject(mira.log.entries[-1][:-1] + b"\x00")
    ours = amal.conversation.follower.checkpoint
    frame = fork.page(fork.size)
    stops(amal, frame)
    stopped_for_good(amal, AlarmKind.FORK, ours, frame.checkpoint)


def test_a_fork_behind_a_receipt_shows_when_the_entries_reach_it(desks: list[Desk]) -> None:
    mira, amal, _boris = desks
    fork = mira.log.fork()
    amal.say("to one half")
    amal.send()
    receipt = amal.log.checkpoint()
    mira.log = fork
    mira.say("to the other half")
    mira.send()
    amal.log = fork
    stops(amal, fork.page(amal.conversation.transcript.size))
    stopped_for_good(amal, AlarmKind.FORK, receipt, fork.checkpoint())


def test_a_rollback_on_a_new_connection_stops_the_channel(desks: list[Desk]) -> None:
    amal = desks[1]
    amal.say("one")
    amal.send()
    ours = amal.log.checkpoint()
    old = amal.log.truncated(amal.conversation.transcript.size)
    amal.restart()
    frame = old.page(old.size)
    stops(amal, frame)
    stopped_for_good(amal, AlarmKind.ROLLBACK, ours, frame.checkpoint)


def test_a_page_behind_a_receipt_of_the_same_connection_is_no_alarm(desks: list[Desk]) -> None:
    mira, amal, boris = desks
    mira.say("one")
    mira.send()
    queued = amal.log.page(amal.conversation.transcript.size)
    amal.say("two")
    amal.send()
    amal.journal.receive(queued)
    assert amal.journal.alarm is None
    quiet(desks)
    assert sorted(boris.statements()) == ["one", "two"]


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (lambda page: altered(page, 0, flipped), AlarmKind.FORK),
        (lambda page: swapped(page, 0, 1), AlarmKind.FORK),
        (lambda page: dropped(page, 0), AlarmKind.FORK),
        (lambda page: dropped(page, 1), AlarmKind.FORK),
        (lambda page: repeated(page, 0), AlarmKind.ALTERED),
    ],
    ids=["altered", "swapped", "first dropped", "last dropped", "repeated"],
)
def test_entries_that_are_not_what_was_signed_stop_the_channel(
    desks: list[Desk], spoil: Callable[[Entries], Entries], kind: AlarmKind
) -> None:
    with_two_more(desks)
    boris = desks[2]
    frame = boris.log.page(boris.conversation.transcript.size)
    ours = boris.conversation.follower.checkpoint
    stops(boris, spoil(frame))
    stopped_for_good(boris, kind, ours, frame.checkpoint)


def test_a_gap_stops_the_channel(desks: list[Desk]) -> None:
    with_two_more(desks)
    boris = desks[2]
    frame = boris.log.page(boris.conversation.transcript.size + 1)
    ours = boris.conversation.follower.checkpoint
    stops(boris, frame)
    stopped_for_good(boris, AlarmKind.GAP, ours, frame.checkpoint)


def test_a_receipt_over_another_log_stops_the_channel(desks: list[Desk]) -> None:
    mira, amal, _boris = desks
    fork = amal.log.fork()
    fork.inject(b"\x01 another")
    mira.say("one")
    mira.send()
    amal.receive()
    amal.say("two")
    message = amal.journal.sealed()[-1]
    ours = amal.conversation.follower.checkpoint
    with pytest.raises(ChannelStopped):
        amal.journal.receipt(message, position=fork.size - 1, checkpoint=fork.checkpoint())
    stopped_for_good(amal, AlarmKind.FORK, ours, fork.checkpoint())


@pytest.mark.parametrize("note", [b"", b"\xff\xfe", b"no note at all\n"])
def test_a_receipt_without_a_signature_is_not_believed(desks: list[Desk], note: bytes) -> None:
    amal = desks[1]
    amal.say("one")
    (message,) = amal.journal.sealed()
    with pytest.raises(RelayMisbehaved):
        amal.journal.receipt(message, position=3, checkpoint=note)
    with pytest.raises(RelayMisbehaved):
        amal.journal.receipt(message, position=amal.log.size, checkpoint=amal.log.checkpoint())
    assert amal.journal.waiting[0].state is OutboxState.SEALED


def test_a_receipt_for_an_entry_that_is_another_stops_the_channel(desks: list[Desk]) -> None:
    mira, amal, _boris = desks
    mira.say("one")
    mira.send()
    amal.say("two")
    (message,) = amal.journal.sealed()
    amal.journal.receipt(message, position=amal.log.size - 1, checkpoint=amal.log.checkpoint())
    ours = amal.log.checkpoint()
    frame = amal.log.page(amal.conversation.transcript.size)
    stops(amal, frame)
    stopped_for_good(amal, AlarmKind.GAP, ours, frame.checkpoint)


def test_withheld_entries_leave_us_waiting_not_wrong(desks: list[Desk]) -> None:
    _mira, amal, _boris = desks
    amal.say("one")
    amal.send()
    amal.receive(amal.log.page(amal.conversation.transcript.size, amal.conversation.transcript.size))
    assert amal.conversation.follower.ahead
    assert [row.state for row in amal.journal.waiting] == [OutboxState.RELAYED]
    quiet(desks)
    assert not amal.conversation.follower.ahead


# leaving, and the disk


def test_who_was_removed_reads_their_record_and_says_nothing_more(desks: list[Desk]) -> None:
    mira, amal, boris = desks
    boris.say("never sent")
    mira.remove(boris)
    mira.settle()
    boris.receive()
    for _ in range(2):
        assert boris.journal.status is ChannelStatus.REMOVED
        assert boris.conversation.removed
        for refused in (lambda: boris.journal.queue(b""), boris.journal.sealed, boris.receive):
            with pytest.raises(NotAMember):
                refused()
        verified = verify_export(parse_export(boris.export()))
        assert verified.transcript.size == boris.conversation.transcript.size
        boris.restart()
    quiet([mira, amal])


def test_a_full_disk_changes_nothing_and_loses_nothing(desks: list[Desk]) -> None:
    mira, _amal, boris = desks
    for number in range(30):
        mira.say(f"number {number}")
    quiet([mira])
    before = boris.view()
    connection = boris.store._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFull):
        boris.receive()
    boris.restart()
    assert boris.view() == before
    assert boris.journal.waiting == []
    quiet(desks)
    assert boris.view() == mira.view()


def test_sealing_on_a_full_disk_uses_no_generation_up(desks: list[Desk]) -> None:
    _mira, amal, boris = desks
    for number in range(MAX_SEALED):
        amal.say(f"number {number}" + 900 * "x")
    connection = amal.store._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFull):
        amal.journal.sealed()
    amal.restart()
    assert {row.state for row in amal.journal.waiting} == {OutboxState.QUEUED}
    quiet(desks)
    assert len(boris.statements()) == MAX_SEALED


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM openings WHERE position = 1",
        "DELETE FROM openings WHERE position = 2",
        "DELETE FROM epochs WHERE epoch = 1",
        "DELETE FROM epochs",
        "DELETE FROM openings",
        "UPDATE openings SET leaf_index = 7 WHERE position = 3",
        "UPDATE openings SET content = x'00' WHERE position = 3",
        "UPDATE channels SET accumulated_history = zeroblob(32)",
        "UPDATE channels SET size = 2",
        "UPDATE channels SET genesis = x'00'",
    ],
)
def test_rows_that_do_not_fit_together_are_damage(desks: list[Desk], damage: str) -> None:
    amal = desks[1]
    amal.say("one")
    quiet(desks)
    amal.store._connection.execute(damage)
    with pytest.raises(ProfileDamaged):
        amal.restart()
