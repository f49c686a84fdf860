"""Commits: the first valid one of an epoch wins, everywhere; one that breaks a rule counts for nothing."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from channel.audit import format_export
from channel.charter import CHARTER_EXTENSION, Charter, Mode
from channel.epoch import BadEpoch, check_closing, check_next, decode_epoch, read_epoch
from channel.errors import ChannelError, CharterRuleBroken
from channel.mls import MLSError
from channel.mls.proposals import Add, Commit, GroupContextExtensions, Proposal, Remove
from channel.mls.types import ContentType, Extension
from channel.transcript import Reason, read_entry
from client.conversation import Committing
from protocols.log.entry import Entry
from protocols.log.note import Verifier
from protocols.messages import Role
from protocols.payload import EntryStatus
from tests.support.attacks import access_key_of, hostile_commit, phantom, reencrypted_commit, unchecked_commit
from tests.support.builders import LOW_ORDER_KEYS
from tests.support.members import Member, agree, channel, chartered, refused
from tests.support.simulator import RELAY_NAME


@pytest.fixture
def people() -> list[Member]:
    return channel("Mira", "Amal", "Boris")


def newcomer(people: list[Member], name: str = "Dora") -> Member:
    return Member(name, clock=people[0].clock)


def contested(people: list[Member], message: bytes, key: bytes) -> None:
    """An invalid commit holds the epoch up; a contest by anybody else opens it, for all."""
    mira, amal, *_ = people
    epoch = mira.conversation.group.epoch
    mira.log.append(message, key, access_key=mira.conversation.access_key()[1])
    agree(*people)
    for member in people:
        assert (member.last.judged.status, member.last.judged.reason) == (
            EntryStatus.REJECTED,
            Reason.INVALID_COMMIT,
        )
        assert not member.conversation.removed
        assert member.conversation.group.epoch == epoch
    amal.post_commit(contest=True)
    agree(*people)
    assert mira.last.judged.status is EntryStatus.HANDSHAKE
    for member in people:
        assert member.conversation.group.epoch == epoch + 1
        member.say()
        agree(*people)
        assert member.last.judged.status is EntryStatus.ACCEPTED


def test_an_epoch_seats_everybody_on_the_roster_and_nobody_else(people: list[Member]) -> None:
    mira = people[0]
    epoch = mira.conversation.transcript.epoch
    assert epoch.members == {0: people[0].id, 1: people[1].id, 2: people[2].id}
    assert epoch.leaf_of(people[1].id) == 1
    assert epoch.leaf_of("0" * 32) is None
    assert decode_epoch(epoch.context.encode(), epoch.ratchet_tree) == epoch
    members = mira.conversation.group.members()
    with pytest.raises(BadEpoch, match="no member"):
        read_epoch(epoch.context, epoch.ratchet_tree, members[:-1])
    with pytest.raises(BadEpoch, match="no charter"):
        read_epoch(replace(epoch.context, extensions=()), epoch.ratchet_tree, members)
    fewer = Extension(CHARTER_EXTENSION, epoch.charter.without(people[2].id).encode())
    with pytest.raises(BadEpoch, match="not on the roster"):
        read_epoch(replace(epoch.context, extensions=(fewer,)), epoch.ratchet_tree, members)


def test_an_epoch_may_change_only_as_the_charter_allows(people: list[Member]) -> None:
    epoch = people[0].conversation.transcript.epoch
    empty = Commit((), None).encode()
    check_next(epoch, epoch, committer=0, commit=empty)
    exercise = replace(epoch, charter=replace(epoch.charter, mode=Mode.EXERCISE))
    with pytest.raises(CharterRuleBroken):
        check_next(epoch, exercise, committer=0, commit=empty)
    with pytest.raises(MLSError):
        check_next(epoch, epoch, committer=0, commit=b"no commit")


# commits that everybody but their author refuses


def other_relay(charter: Charter) -> Charter:
    key = Verifier.from_vkey(charter.relay_vkey).public_key
    return replace(charter, relay_vkey=Verifier(RELAY_NAME + ".other", key).vkey)


Attack = Callable[[list[Member]], tuple[Proposal, ...]]

RULES: dict[str, Attack] = {
    "CHARTER-1": lambda people: (chartered(other_relay(people[2].charter)),),
    "CHARTER-2": lambda people: (chartered(replace(people[2].charter, mode=Mode.EXERCISE)),),
    "CHARTER-3": lambda people: (
        Add((extra := newcomer(people)).key_package().key_package),
        chartered(replace(people[2].charter.with_entry(extra.seat()), title="South bridge")),
    ),
    "CHARTER-4, not on the roster": lambda people: (Add(newcomer(people).key_package().key_package),),
    "CHARTER-4, nobody added": lambda people: (
        chartered(people[2].charter.with_entry(newcomer(people).seat())),
    ),
    "CHARTER-5, still on the roster": lambda people: (Remove(people[1].leaf),),
    "CHARTER-5, nobody removed": lambda people: (chartered(people[2].charter.without(people[1].id)),),
    "CHARTER-6, a role": lambda people: (
        chartered(
            replace(
                people[2].charter,
                roster=tuple(replace(entry, role=Role.OBSERVER) for entry in people[2].charter.roster),
            )
        ),
    ),
    "CHARTER-6, beside a removal": lambda people: (
        Remove(people[1].leaf),
        chartered(
            replace(
                people[2].charter,
                roster=(
                    replace(people[2].charter.roster[0], name="Somebody else"),
                    people[2].charter.roster[2],
                ),
            )
        ),
    ),
    "no charter": lambda people: (GroupContextExtensions(()),),
    "a charter that is none": lambda people: (
        GroupContextExtensions((Extension(CHARTER_EXTENSION, b"\xc0"),)),
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_commit_that_breaks_a_rule_counts_for_nothing_and_is_contested(
    people: list[Member], rule: str
) -> None:
    committing = unchecked_commit(people[2], *RULES[rule](people))
    contested(people, committing.message, committing.next_access_key)


@pytest.mark.parametrize("rule", RULES)
def test_our_own_client_makes_no_such_commit(people: list[Member], rule: str) -> None:
    boris = people[2]
    before = boris.conversation.group
    with pytest.raises((ChannelError, MLSError)):
        boris.commit(*RULES[rule](people))
    assert boris.conversation.group is before
    assert boris.conversation.committing is None


def test_who_is_removed_against_the_rules_knows_it_and_stays(people: list[Member]) -> None:
    """They cannot see the next epoch; they can see that the roster does not follow."""
    committing = unchecked_commit(people[2], Remove(people[1].leaf))
    contested(people, committing.message, committing.next_access_key)


@pytest.mark.parametrize("key", [bytes(32), *LOW_ORDER_KEYS])
def test_another_access_key_than_the_epochs_makes_a_commit_invalid(people: list[Member], key: bytes) -> None:
    contested(people, unchecked_commit(people[2]).message, key)


def test_a_garbage_commit_is_invalid(people: list[Member]) -> None:
    contested(people, phantom(people[2], kind=ContentType.COMMIT), bytes(range(32)))


def test_a_commit_with_a_false_confirmation_tag_is_invalid(people: list[Member]) -> None:
    contested(people, hostile_commit(people[2], Commit((), None)), bytes(range(32)))


def test_a_commit_of_our_own_that_the_relay_spoiled_is_made_anew(people: list[Member]) -> None:
    mira, _amal, _boris = people
    committing = mira.commit()
    mira.log.append(committing.message, bytes(range(32)), access_key=mira.conversation.access_key()[1])
    agree(*people)
    assert mira.lost == [committing]
    assert mira.conversation.committing is None
    mira.post_commit(contest=True)
    agree(*people)
    assert mira.last.judged.status is EntryStatus.HANDSHAKE


# races


def test_of_two_commits_at_once_one_wins_and_the_other_change_follows(people: list[Member]) -> None:
    mira, amal, _boris = people
    dora, emil = newcomer(people), newcomer(people, "Emil")
    first, second = mira.commit(*mira.adding(dora)), amal.commit(*amal.adding(emil))
    mira.post(first.message, first.next_access_key)
    assert refused(amal, second.message, second.next_access_key).code == "WRONG_EPOCH"
    agree(*people)
    assert (mira.won, amal.lost) == ([*mira.won[:-1], first], [second])
    assert amal.conversation.committing is None
    assert first.welcome is not None
    dora.enter(first.welcome, format_export(mira.export()), mira.log)
    amal.admit(emil)
    agree(*people, dora, emil)
    assert set(emil.conversation.transcript.epoch.members.values()) == {
        member.id for member in (*people, dora, emil)
    }
    for member in (*people, dora, emil):
        member.say()
        agree(*people, dora, emil)
        assert member.last.judged.status is EntryStatus.ACCEPTED


def test_a_second_commit_of_an_epoch_comes_too_late_even_in_the_log(people: list[Member]) -> None:
    mira, amal, _boris = people
    late = amal.commit()
    mira.post_commit()
    amal.post(late.message, late.next_access_key, contest=True)
    agree(*people)
    assert amal.last.judged.reason == Reason.WRONG_EPOCH
    assert amal.lost == [late]


def test_messages_sealed_before_a_commit_come_too_late(people: list[Member]) -> None:
    mira, amal, _boris = people
    sent = amal.seal(
        amal.body("INFORM", {"statement": "x", "basis": "OWN_OBSERVATION", "as_of": "2026-11-22T14:30:00Z"})
    )
    mira.post_commit()
    assert refused(amal, sent.message).code == "WRONG_EPOCH"
    agree(*people)
    amal.post(amal.seal(sent.body, sent.message_id).message)
    agree(*people)
    assert amal.last.judged.status is EntryStatus.ACCEPTED


def test_a_withheld_commit_encrypted_again_by_another_member_is_still_its_authors(
    people: list[Member],
) -> None:
    _mira, amal, boris = people
    committing = amal.commit()
    message = reencrypted_commit(boris, committing)
    assert message != committing.message
    boris.post(message, committing.next_access_key)
    agree(*people)
    assert amal.won == [committing]
    assert amal.last.judged.status is EntryStatus.HANDSHAKE


# leaving


def test_a_removed_member_reads_up_to_its_removal_and_nothing_later(people: list[Member]) -> None:
    mira, amal, boris = people
    before = boris.conversation.group
    mira.post_commit(*mira.removing(boris))
    agree(mira, amal)
    end = boris.log.size
    mira.say()
    agree(mira, amal)
    later = mira.last.entry
    boris.read()
    assert boris.conversation.removed
    assert boris.conversation.transcript.size == end
    assert boris.conversation.transcript.history_at(end) == mira.conversation.transcript.history_at(end)
    assert not boris.conversation.group.is_active
    for group in (before, boris.conversation.group):
        with pytest.raises(MLSError):
            group.receive(read_entry(later).message, authenticate=lambda *_: None, now_s=0)
    assert access_key_of(before) not in mira.log.candidates


def test_a_removed_member_may_not_append(people: list[Member]) -> None:
    mira, amal, boris = people
    sent = boris.seal(
        boris.body("INFORM", {"statement": "x", "basis": "OWN_OBSERVATION", "as_of": "2026-11-22T14:30:00Z"})
    )
    mira.post_commit(*mira.removing(boris))
    agree(mira, amal)
    mira.say()
    agree(mira, amal)
    assert refused(boris, sent.message).code == "WRONG_EPOCH"
    mira.log.inject(Entry(mira.clock.tick(), sent.message).encode())
    agree(mira, amal)
    assert mira.last.judged.reason == Reason.WRONG_EPOCH


def test_a_closing_commit_is_judged_by_its_proposals(people: list[Member]) -> None:
    mira, _amal, boris = people
    epoch = mira.conversation.transcript.epoch

    def commit_of(*proposals: Proposal) -> bytes:
        return Commit(proposals, None).encode()

    assert check_closing(epoch, committer=0, commit=commit_of(*mira.removing(boris))) == {boris.leaf}
    assert check_closing(epoch, committer=0, commit=commit_of()) == frozenset()
    for rule in RULES.values():
        with pytest.raises((ChannelError, MLSError)):
            check_closing(epoch, committer=0, commit=commit_of(*rule(people)))


def test_names_of_those_who_came_and_went(people: list[Member]) -> None:
    mira, amal, boris = people
    assert [taken.joined for taken in mira.taken] == [(amal.id,), (boris.id,)]
    mira.post_commit(*mira.removing(boris))
    agree(mira, amal)
    assert mira.last.left == ((boris.id, "Boris"),)
    committing: Committing = mira.won[-1]
    assert mira.last.own == committing.message
