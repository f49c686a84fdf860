"""Save, then speak: killed anywhere, a client goes on where it was, and the log never knows."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from channel.audit import parse_export, verify_export
from channel.mls.message_protection import EpochContext, _open_sender_data
from channel.mls.private_message import decode_private_message
from channel.transcript import Reason
from client.errors import DiskFull
from client.journal import MAX_SEALED
from client.store import OutboxState, Transaction
from protocols import canonical
from tests.support.desks import Desk, Killed, Killer, office, quiet
from tests.support.simulator import flipped

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


def answered(amal: Desk, mira: Desk) -> None:
    if "three" not in mira.statements():
        mira.say("three")
        mira.settle(2)


SCRIPT: tuple[Step, ...] = (
    say("one"),
    say("two"),
    lambda amal, mira: amal.send(),
    lambda amal, mira: amal.settle(1),
    answered,
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


@pytest.mark.parametrize("first", range(16))
def test_killed_at_any_point_everything_arrives_once(
    tmp_path: Path, undisturbed: tuple[int, int, list[str]], first: int
) -> None:
    points, size, statements = undisturbed
    assert points > 20
    for at in range(first, points, 16):
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


def test_killed_around_a_commit_it_happens_once_or_is_made_again(tmp_path: Path) -> None:
    at, died = 0, True
    while died:
        folder = tmp_path / str(at)
        folder.mkdir()
        mira, amal, dora = office(folder, "Mira", "Amal", "Dora")
        epoch = mira.conversation.group.epoch
        mira.killer = mira.store.killer = killer = Killer(at)
        try:
            mira.remove(dora)
            mira.settle()
        except Killed:
            mira.killer = None
            mira.restart()
            mira.settle()
            if dora.id in mira.conversation.transcript.epoch.members.values():
                mira.remove(dora)
        mira.killer = mira.store.killer = None
        quiet([mira, amal])
        assert dora.id not in amal.conversation.transcript.epoch.members.values()
        assert amal.conversation.group.epoch == epoch + 1
        assert mira.view() == amal.view()
        assert all_accepted(mira)
        for desk in (mira, amal, dora):
            desk.close()
        died, at = len(killer.points) > at, at + 1
    assert at > 6


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
    mira, _amal, boris = desks
    conversation = boris.conversation
    honest = conversation.group.seal(bytes(300), authenticated_data=bytes(35), random=boris.random)
    boris.log.append(flipped(honest.message), None, access_key=conversation.access_key()[1])
    quiet(desks)
    negotiation = mira.conversation.transcript.negotiation
    (entry,) = negotiation.rejected
    assert entry.reason == Reason.UNDECIPHERABLE
    unreadable = canonical.encode(negotiation.summary()["unreadable"])
    assert all(desk.id.encode() in unreadable for desk in desks)
    assert mira.log.size == entry.position + 1 + len(desks)


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


def test_a_message_overtaken_by_a_later_one_of_ours_is_sealed_anew(desks: list[Desk]) -> None:
    _mira, amal, boris = desks
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


def test_what_the_disk_would_not_take_is_not_believed(
    desks: list[Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk shows when a transaction ends; the journal goes on with what is on the disk."""
    journal = desks[0].journal
    transaction = journal.store.transaction

    @contextmanager
    def full() -> Iterator[Transaction]:
        with transaction() as tx:
            yield tx
            raise DiskFull

    before = list(journal.waiting)
    monkeypatch.setattr(journal.store, "transaction", full)
    with pytest.raises(DiskFull):
        journal.queue(b"\x00")
    assert list(journal.waiting) == before
