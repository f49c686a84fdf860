"""What MLS allows and a channel does not use: nobody outside commits, nothing is public, no other keys are mixed in."""

from dataclasses import replace

import pytest

from channel.epoch import BadEpoch, judge_commit
from channel.mls import CommitReceived, Group, MLSError
from channel.mls.commit_change import CommitChange
from channel.mls.external_proposals import propose_to_join
from channel.mls.leaf_node import Member as Leaf
from channel.mls.proposals import PreSharedKey, ReInit
from channel.mls.psk import PreSharedKeyID, ResumptionPSK, ResumptionPSKUsage
from channel.transcript import Reason
from protocols.log.entry import Entry
from protocols.payload import EntryStatus
from tests.support.attacks import access_key_of, unchecked_commit
from tests.support.members import Member, agree, channel


@pytest.fixture
def people() -> list[Member]:
    return channel("Mira", "Amal", "Boris")


def rejected(people: list[Member], entry: Entry, reason: Reason) -> None:
    """The entry counts for nothing, for everybody; the channel goes on."""
    epoch = people[0].conversation.group.epoch
    people[0].log.inject(entry.encode())
    agree(*people)
    for member in people:
        assert (member.last.judged.status, member.last.judged.reason) == (EntryStatus.REJECTED, reason)
        assert member.conversation.group.epoch == epoch
    people[1].say()
    agree(*people)
    assert people[1].last.judged.status is EntryStatus.ACCEPTED


def external_join(member: Member) -> tuple[bytes, Group]:
    """Somebody lets this person in by an external commit, with everything that it takes."""
    group = member.conversation.group
    newcomer = Member("Mallory", clock=member.clock)
    bundle = newcomer.key_package()
    joined = Group.join_externally(
        group.group_info(),
        credential=bundle.key_package.leaf_node.credential,
        signature_key_pair=newcomer.keys.signature_key_pair,
        capabilities=bundle.key_package.leaf_node.capabilities,
        authenticate=lambda *_: None,
        now_s=member.clock.now_ms // 1000,
        random=newcomer.random,
    )
    return joined.message, joined.group


def test_an_external_commit_in_the_log_counts_for_nothing(people: list[Member]) -> None:
    message, opened = external_join(people[2])
    entry = Entry(people[0].clock.tick(), message, access_key_of(opened))
    rejected(people, entry, Reason.MALFORMED_ENTRY)
    rejected(people, Entry(people[0].clock.tick(), message), Reason.MALFORMED_ENTRY)


def test_it_would_count_for_nothing_even_if_it_were_read(people: list[Member]) -> None:
    group = people[0].conversation.group
    message, _ = external_join(people[2])
    judge = {"authenticate": lambda *_: None, "now_s": people[0].clock.now_ms // 1000}
    with pytest.raises(MLSError, match="outside"):
        group.receive(message, **judge)  # type: ignore[arg-type]
    with pytest.raises(BadEpoch, match="outside"):
        group.receive(message, outsiders=True, judge_commit=judge_commit, **judge)  # type: ignore[arg-type]
    # MLS alone would let it in.
    assert isinstance(group.receive(message, outsiders=True, **judge), CommitReceived)  # type: ignore[arg-type]


def test_public_handshakes_in_the_log_count_for_nothing(people: list[Member]) -> None:
    mira, _amal, boris = people
    group = boris.conversation.group
    now_s = mira.clock.now_ms // 1000
    result = group.commit(random=boris.random, authenticate=lambda *_: None, now_s=now_s, public=True)
    rejected(
        people,
        Entry(mira.clock.tick(), result.message, access_key_of(result.pending)),
        Reason.MALFORMED_ENTRY,
    )
    bundle = Member("Mallory", clock=mira.clock).key_package()
    message = propose_to_join(bundle, group_id=group.group_id, epoch=mira.conversation.group.epoch)
    rejected(people, Entry(mira.clock.tick(), message), Reason.MALFORMED_ENTRY)


def test_a_commit_that_ends_the_group_counts_for_nothing(people: list[Member]) -> None:
    mira, _amal, boris = people
    reinit = ReInit(group_id=b"elsewhere", cipher_suite=1)
    committing = unchecked_commit(boris, reinit)
    with pytest.raises(BadEpoch, match="ends"):
        boris.commit(reinit)
    entry = Entry(mira.clock.tick(), committing.message, committing.next_access_key)
    rejected(people, entry, Reason.INVALID_COMMIT)


@pytest.mark.parametrize("removes", [False, True])
def test_a_commit_that_mixes_in_another_key_counts_for_nothing(people: list[Member], removes: bool) -> None:
    mira, amal, boris = people
    group = boris.conversation.group
    name = ResumptionPSK(ResumptionPSKUsage.APPLICATION, group.group_id, group.epoch)
    proposals = (PreSharedKey(PreSharedKeyID(name, bytes(group.suite.hash_size))),)
    removal = boris.removing(amal) if removes else ()
    committing = unchecked_commit(boris, *proposals, *removal)
    with pytest.raises(BadEpoch, match="pre-shared"):
        boris.commit(*proposals)
    entry = Entry(mira.clock.tick(), committing.message, committing.next_access_key)
    rejected(people, entry, Reason.INVALID_COMMIT)
    assert not amal.conversation.removed


def test_a_plain_change_is_no_matter_of_this_rule(people: list[Member]) -> None:
    mira = people[0].conversation.group.members()[0]
    change = CommitChange(
        committer=Leaf(0, mira.leaf_node),
        is_external=False,
        added=(),
        removed=(),
        changed=(),
        extensions_before=(),
        extensions_after=(),
        psk_ids=(),
    )
    judge_commit(change)
    with pytest.raises(BadEpoch):
        judge_commit(replace(change, is_external=True))
