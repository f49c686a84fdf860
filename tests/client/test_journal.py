"""Save, then speak: killed anywhere, a client goes on where it was, and the log never knows."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from channel.audit import parse_export, verify_export
from channel.mls.message_protection import EpochContext, _open_sender_data
from channel.mls.private_message import decode_private_message
from channel.transcript import Reason
from client.errors import ChannelStopped, DiskFull, NotAMember, ProfileDamaged, RelayMisbehaved
from client.events import AlarmKind
from client.journal import MAX_SEALED
from client.store import ChannelStatus, OutboxState
from protocols.payload import EntryStatus
from tests.support.attacks import phantom
from tests.support.desks import Desk, Killed, Killer, office, quiet
from tests.support.simulator import altered, dropped, flipped, repeated, swapped

Step = Callable[[Desk, Desk], None]


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[list[Desk]]:
    made = office(tmp_path, "Mira", "Amal", "Boris")
    yield made
    for desk in made:
        desk.close()


def all_accepted(desk: Desk) -> bool:
    with desk.store.transaction() as tx:
        rows = tx.history.entries(desk.log.genesis.log_id, start=1)
    return all(row.reason is None for row in rows)


# killed


def say(text: str) -> Step:
    """A person says it again only if it is nowhere: neither in the outbox nor in the log."""

    def step(amal: Desk, mira: Desk) -> None:
        waiting = any(text.encode() in row.body for row in amal.journal.waiting)
        if not waiting and text not in amal.statements():
            amal.say(text)

    return step


def overtaken(amal: Desk, mira: Desk) -> None:
    """Amal seals, and before his bytes leave the epoch changes."""
    if amal.conversation.group.epoch == 1:
        amal.journal.sealed()
        if mira.conversation.group.epoch == 1:
            mira.journal.commit((), intent=b"")
            mira.settle()


SCRIPT: tuple[Step, ...] = (
    say("one"),
    say("two"),
    lambda amal, mira: amal.send(),
    lambda amal, mira: amal.settle(1),
    lambda amal, mira: None if "three" in mira.statements() else (mira.say("three"), mira.settle(2))[1],
    lambda amal, mira: amal.settle(2),
    say("four"),
    overtaken,
    lambda amal, mira: amal.settle(3),
    lambda amal, mira: mira.settle(3),
)


def play(folder: Path, at: int | None) -> tuple[Desk, Desk, Killer]:
    """The script with Amal's client dying once, at this point; then until both have nothing left to do."""
    mira, amal = office(folder, "Mira", "Amal")
    killer = Killer(at)
    amal.killer = amal.store.killer = killer
    contexts: dict[int, EpochContext] = {}
    for step in SCRIPT:
        while True:
            note_context(contexts, mira, amal)
            try:
                step(amal, mira)
            except Killed:
                amal.killer = None
                amal.restart()
                continue
            break
    amal.killer = amal.store.killer = None
    quiet([mira, amal])
    note_context(contexts, mira, amal)
    no_generation_twice(amal.left, contexts)
    return mira, amal, killer


def note_context(contexts: dict[int, EpochContext], *desks: Desk) -> None:
    for desk in desks:
        state = desk.conversation.group.epoch_state
        contexts[state.context.epoch] = state.epoch_context


def no_generation_twice(left: list[bytes], contexts: dict[int, EpochContext]) -> None:
    """Identical bytes may leave again; two messages under one key never."""
    used: Counter[tuple[int, int, int, int]] = Counter()
    for message in set(left):
        parsed = decode_private_message(message)
        sender, generation, _ = _open_sender_data(contexts[parsed.header.epoch], parsed)
        used[parsed.header.epoch, parsed.header.content_type, sender, generation] += 1
    assert max(used.values()) == 1


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, int, list[str]]:
    """Points to die at, and what the log comes to when nobody does."""
    mira, amal, killer = play(tmp_path_factory.mktemp("undisturbed"), None)
    result = len(killer.points), mira.log.size, mira.statements()
    assert all_accepted(mira)
    assert sorted(result[2]) == ["four", "one", "three", "two"]
    mira.close()
    amal.close()
    return result


@pytest.mark.parametrize("first", range(8))
def test_killed_at_any_point_everything_arrives_once(
    tmp_path: Path, undisturbed: tuple[int, int, list[str]], first: int
) -> None:
    points, size, statements = undisturbed
    assert points > 20
    for at in range(first, points, 8):
        folder = tmp_path / str(at)
        folder.mkdir()
        mira, amal, killer = play(folder, at)
        assert len(killer.points) > at
        assert mira.view() == amal.view()
        assert mira.log.size == size, killer.points[at]
        assert all_accepted(mira)
        assert sorted(mira.statements()) == sorted(statements)
        assert {*mira.journal.waiting, *amal.journal.waiting} == set()
        undelivered = [mira.conversation.transcript.negotiation.undelivered_to_me(d.id) for d in (mira, amal)]
        assert undelivered == [(), ()]
        before = amal.view()
        amal.restart()
        assert amal.view() == before
        verified = verify_export(parse_export(amal.export())).transcript
        assert verified.negotiation.digest() == before[2]
        mira.close()
        amal.close()


def test_the_inviter_killed_around_the_commit_still_has_the_answer(tmp_path: Path) -> None:
    for at in range(40):
        folder = tmp_path / str(at)
        folder.mkdir()
        mira, amal, dora = office(folder, "Mira", "Amal", "Dora")
        mira.killer = mira.store.killer = killer = Killer(at)
        try:
            if not any(d.id == dora.id for d in ()):
                mira.remove(dora)
            mira.settle()
        except Killed:
            mira.killer = None
            mira.restart()
            if mira.conversation.committing is None and dora.id in mira.conversation.transcript.epoch.members.values():
                mira.settle(1)
                if dora.id in mira.conversation.transcript.epoch.members.values():
                    mira.remove(dora)
        mira.killer = mira.store.killer = None
        quiet([mira, amal])
        assert dora.id not in amal.conversation.transcript.epoch.members.values()
        assert mira.view() == amal.view()
        assert all_accepted(mira)
        for desk in (mira, amal, dora):
            desk.close()
        if len(killer.points) <= at:
            break
    assert at > 4


# what is owed


def test_receipts_are_owed_for_messages_of_others_and_for_nothing_else(desks: list[Desk]) -> None:
    mira, amal, boris = desks
    amal.say("one")
    amal.settle(1)
    mira.receive()
    assert len(mira.journal.waiting) == 1
    quiet(desks)
    size = mira.log.size
    quiet(desks)
    assert mira.log.size == size
    boris.receive(mira.log.page(size))
    assert boris.journal.waiting == []


def test_what_cannot_be_read_is_reported_once_by_each_member(desks: list[Desk]) -> None:
    mira, amal, boris = desks
    conversation = boris.conversation
    honest = conversation.group.seal(bytes(300), authenticated_data=bytes(35), random=boris.random)
    boris.log.append(
        honest.message[:-1] + bytes([honest.message[-1] ^ 1]), None, access_key=conversation.access_key()[1]
    )
    quiet(desks)
    summary = mira.conversation.transcript.negotiation.summary()
    position = mira.conversation.transcript.negotiation.rejected[0].position
    assert [entry.reason for entry in mira.conversation.transcript.negotiation.rejected] == [
        Reason.UNDECIPHERABLE
    ]
    assert str(position) in str(summary["unreadable"])
    assert callable(phantom)


def test_no_more_is_sealed_than_others_may_skip(desks: list[Desk]) -> None:
    amal = desks[1]
    for number in range(MAX_SEALED + 5):
        amal.say(f"number {number}")
    assert len(amal.journal.sealed()) == MAX_SEALED
    states = Counter(row.state for row in amal.journal.waiting)
    assert states == {OutboxState.SEALED: MAX_SEALED, OutboxState.QUEUED: 5}
    first, *_, last = amal.journal.sealed()
    key = amal.conversation.access_key()[1]
    amal.log.append(last, None, access_key=key)
    amal.log.append(first, None, access_key=key)
    quiet(desks)
    assert sorted(desks[0].statements()) == sorted(f"number {number}" for number in range(MAX_SEALED + 5))


# evidence


def held_then(desk: Desk, frame_of: Callable[[Desk], object]) -> ChannelStopped:
    with pytest.raises(ChannelStopped) as caught:
        desk.journal.receive(frame_of(desk))  # type: ignore[arg-type]
    return caught.value


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
    mira, amal, boris = desks
    fork = mira.log.fork()
    mira.say("one")
    mira.settle(1)
    amal.receive()
    amal.log = fork
    fork.inject(mira.log.entries[-1][:-1] + b"\x00")
    ours = amal.conversation.follower.checkpoint
    frame = fork.page(fork.size)
    held_then(amal, lambda _: frame)
    stopped_for_good(amal, AlarmKind.FORK, ours, frame.checkpoint)


def test_a_fork_behind_a_receipt_shows_when_the_entries_reach_it(desks: list[Desk]) -> None:
    mira, amal, boris = desks
    fork = mira.log.fork()
    amal.say("to one half")
    amal.send()
    receipt = amal.log.checkpoint()
    mira.log = fork
    mira.say("to the other half")
    mira.send()
    amal.log = fork
    held_then(amal, lambda desk: fork.page(desk.conversation.transcript.size))
    stopped_for_good(amal, AlarmKind.FORK, receipt, fork.checkpoint())


def test_a_rollback_on_a_new_connection_stops_the_channel(desks: list[Desk]) -> None:
    amal = desks[1]
    amal.say("one")
    amal.send()
    ours = amal.log.checkpoint()
    old = amal.log.truncated(amal.conversation.transcript.size)
    amal.restart()
    frame = old.page(old.size)
    held_then(amal, lambda _: frame)
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
    desks: list[Desk], spoil: Callable[[object], object], kind: AlarmKind
) -> None:
    with_two_more(desks)
    boris = desks[2]
    frame = boris.log.page(boris.conversation.transcript.size)
    ours = boris.conversation.follower.checkpoint
    held_then(boris, lambda _: spoil(frame))
    stopped_for_good(boris, kind, ours, frame.checkpoint)


def test_a_gap_stops_the_channel(desks: list[Desk]) -> None:
    with_two_more(desks)
    boris = desks[2]
    frame = boris.log.page(boris.conversation.transcript.size + 1)
    ours = boris.conversation.follower.checkpoint
    held_then(boris, lambda _: frame)
    stopped_for_good(boris, AlarmKind.GAP, ours, frame.checkpoint)


def test_a_receipt_over_another_log_stops_the_channel(desks: list[Desk]) -> None:
    mira, amal, boris = desks
    fork = amal.log.fork()
    fork.inject(b"\x01 another")
    mira.say("one")
    mira.send()
    amal.receive()
    amal.say("two")
    (message,) = [m for m in amal.journal.sealed() if m]
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


def test_withheld_entries_leave_us_waiting_not_wrong(desks: list[Desk]) -> None:
    mira, amal, boris = desks
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
    mira, amal, boris = desks
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
    mira, amal, boris = desks
    for number in range(MAX_SEALED):
        amal.say(f"number {number}" + 4000 * "x")
    connection = amal.store._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFull):
        amal.journal.sealed()
    amal.restart()
    assert {row.state for row in amal.journal.waiting} == {OutboxState.QUEUED}
    quiet(desks)
    assert len(boris.statements()) == MAX_SEALED


def test_rows_that_do_not_fit_together_are_damage(desks: list[Desk]) -> None:
    amal = desks[1]
    log_id = amal.log.genesis.log_id
    amal.store._connection.execute("UPDATE entries SET reason = 'undecipherable', status = 2 WHERE position = 1")
    amal.store._connection.execute("DELETE FROM openings WHERE position = 1")
    with pytest.raises((ProfileDamaged, RuntimeError, StopIteration)):
        amal.restart()
    assert log_id
    with pytest.raises(LookupError):
        amal.log.genesis = desks[0].log.genesis
        amal.store._connection.execute("DELETE FROM channels WHERE 0")
        raise LookupError


def test_a_message_overtaken_by_a_later_one_of_ours_is_sealed_anew(desks: list[Desk]) -> None:
    mira, amal, boris = desks
    amal.say("first")
    amal.say("second")
    first, second = amal.journal.sealed()
    key = amal.conversation.access_key()[1]
    for message in (second, first):
        amal.log.append(message, None, access_key=key)
    quiet(desks)
    assert sorted(boris.statements()) == ["first", "second"]
    rejected = boris.conversation.transcript.negotiation.rejected
    assert [entry.reason for entry in rejected] == [Reason.REPEATED_COUNTER]
    assert all(status is not EntryStatus.HANDSHAKE for status in (EntryStatus.ACCEPTED,))
