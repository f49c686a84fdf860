"""Who may change a channel, and that nobody turns into somebody else: one judgement for all (CHARTER-7, -8)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from channel.audit import BadExport, verify_export
from channel.charter import GOVERNING
from channel.charter_change import check_governing
from channel.epoch import check_closing, check_next
from channel.errors import BadCharter, CharterRuleBroken
from channel.mls.proposals import Add, Commit, Proposal, Remove
from channel.transcript import Reason
from client.conversation import Committing
from client.founding import leaf_keys
from client.seating import propose_removal
from protocols.messages import Role
from protocols.payload import EntryStatus
from tests.support.attacks import believed, disguised_commit, unchecked_commit
from tests.support.members import SUITE, Member, agree, chartered
from tests.support.simulator import SimulatedRelay

WATCHING = sorted(set(Role) - GOVERNING)


def seated(role: Role) -> list[Member]:
    """Mira the mediator, Amal a party, and Otto in this role; all caught up."""
    relay = SimulatedRelay()
    mira, amal, otto = people = [Member(name, clock=relay.clock) for name in ("Mira", "Amal", "Otto")]
    mira.found(relay)
    mira.admit(amal)
    amal.read()
    mira.admit(otto, role)
    agree(*people)
    return people


def adding(people: list[Member]) -> tuple[Proposal, ...]:
    return people[2].adding(Member("Dora", clock=people[0].clock))


def another_device(people: list[Member]) -> tuple[Proposal, ...]:
    """The roster stays as it is; one more leaf of somebody who is on it."""
    mira = people[0]
    mira.keys = leaf_keys(
        SUITE, mira.identity, device="laptop", now_s=mira.clock.now_ms // 1000, random=mira.random
    )
    return (Add(mira.key_package().key_package),)


CHANGES: dict[str, Callable[[list[Member]], tuple[Proposal, ...]]] = {
    "adds somebody": adding,
    "removes somebody": lambda people: people[2].removing(people[1]),
    "changes the title": lambda people: (chartered(replace(people[2].charter, title="South bridge")),),
    "writes the same charter anew": lambda people: (chartered(people[2].charter),),
    "adds a device": another_device,
}


def refused_by_all(people: list[Member], committing: Committing, rule: str) -> None:
    """Live members reject it, their exports and a newcomer agree, and a file that believes it is refused."""
    committer = people[2]
    forged = believed(committer, committing)
    with pytest.raises(BadExport, match=rule) as caught:
        verify_export(forged, complete=False)
    assert caught.value.position == forged.size - 1
    committer.post(committing.message, committing.next_access_key)
    agree(*people)
    for member in people:
        assert member.last.judged.reason == Reason.INVALID_COMMIT
        assert not member.conversation.removed
    people[0].post_commit(contest=True)
    agree(*people)
    newcomer = Member("Eve", clock=people[0].clock)
    people[0].admit(newcomer)
    agree(*people, newcomer)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("role", WATCHING)
def test_who_only_watches_changes_nothing(role: Role, change: str) -> None:
    people = seated(role)
    proposals = CHANGES[change](people)
    otto = people[2]
    before = otto.conversation.group
    with pytest.raises(CharterRuleBroken, match="CHARTER-7"):
        otto.commit(*proposals)
    assert (otto.conversation.group, otto.conversation.committing) == (before, None)
    refused_by_all(people, unchecked_commit(otto, *proposals), "CHARTER-7")


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("role", sorted(GOVERNING))
def test_who_governs_may(role: Role, change: str) -> None:
    people = seated(role)
    people[2].post_commit(*CHANGES[change](people))
    staying = [member for member in people if change != "removes somebody" or member is not people[1]]
    agree(*staying)
    assert people[0].last.judged.status is EntryStatus.HANDSHAKE


@pytest.mark.parametrize("role", Role)
def test_everybody_renews_their_own_keys(role: Role) -> None:
    people = seated(role)
    people[2].post_commit()
    agree(*people)
    assert people[0].last.judged.status is EntryStatus.HANDSHAKE
    assert people[0].conversation.group.epoch == 3


@pytest.mark.parametrize("role", Role)
def test_the_role_that_counts_is_that_of_the_epoch_the_commit_closes(role: Role) -> None:
    """A commit cannot give its author the right to make it; CHARTER-6 keeps the roles besides."""
    charter = seated(role)[2].charter
    otto = charter.roster[2]
    if role in GOVERNING:
        check_governing(charter, otto.id)
    else:
        with pytest.raises(CharterRuleBroken, match="CHARTER-7"):
            check_governing(charter, otto.id)
    with pytest.raises(CharterRuleBroken, match="CHARTER-7"):
        check_governing(charter, "0" * 32)


def test_who_is_removed_by_somebody_who_may_not_stays() -> None:
    people = seated(Role.OBSERVER)
    otto, amal = people[2], people[1]
    commit = Commit(tuple(otto.removing(amal)), None).encode()
    epoch = amal.conversation.transcript.epoch
    assert check_closing(epoch, committer=people[0].leaf, commit=commit) == {amal.leaf}
    for leaf in (otto.leaf, 7):
        with pytest.raises(CharterRuleBroken, match="CHARTER-7"):
            check_closing(epoch, committer=leaf, commit=commit)
    with pytest.raises(CharterRuleBroken, match="CHARTER-7"):
        otto.commit(*propose_removal(amal.id, otto.conversation))


@pytest.mark.parametrize("role", WATCHING)
def test_nobody_founds_a_channel_that_nobody_may_change(role: Role) -> None:
    relay = SimulatedRelay()
    with pytest.raises(BadCharter, match="a party or a mediator"):
        Member("Otto", clock=relay.clock).found(relay, role)


# nobody turns into somebody else


def test_a_leaf_does_not_become_a_newcomer() -> None:
    """Two people agree on it, so every signature holds; the roster follows, and MLS has nothing against it."""
    people = seated(Role.PARTY)
    otto, dora = people[2], Member("Dora", clock=people[0].clock)
    charter = otto.charter.without(otto.id).with_entry(dora.seat())
    refused_by_all(people, disguised_commit(otto, dora.identity, chartered(charter)), "CHARTER-8")


def test_a_leaf_does_not_become_another_members() -> None:
    people = seated(Role.PARTY)
    otto, amal = people[2], people[1]
    charter = otto.charter.without(otto.id)
    refused_by_all(people, disguised_commit(otto, amal.identity, chartered(charter)), "CHARTER-8")


def test_a_new_certificate_of_the_same_person_is_welcome() -> None:
    people = seated(Role.OBSERVER)
    otto = people[2]
    committing = disguised_commit(otto, otto.identity)
    otto.conversation.committing = committing
    otto.post(committing.message, committing.next_access_key)
    agree(*people)
    assert otto.won == [committing]
    leaves = [member.leaf_node for member in people[0].conversation.group.members()]
    assert leaves[otto.leaf].credential != otto.keys.credential


def test_who_is_removed_beside_it_judges_alike() -> None:
    people = seated(Role.PARTY)
    _mira, amal, otto = people
    committing = disguised_commit(otto, people[0].identity, *otto.removing(amal))
    commit = committing.facts.framed_content.encoded_content
    epoch = amal.conversation.transcript.epoch
    with pytest.raises(CharterRuleBroken, match="CHARTER-8"):
        check_closing(epoch, committer=otto.leaf, commit=commit)
    otto.post(committing.message, committing.next_access_key)
    agree(*people)
    assert amal.last.judged.reason == Reason.INVALID_COMMIT


def test_whoever_takes_the_place_of_somebody_removed_is_somebody_else() -> None:
    """The new leaf stands where the old one was (RFC 9420, section 7.7); that is no change of identity."""
    people = seated(Role.PARTY)
    mira, amal, otto = people
    dora = Member("Dora", clock=mira.clock)
    charter = mira.charter.without(amal.id).with_entry(dora.seat())
    add, _ = mira.adding(dora)
    mira.post_commit(Remove(amal.leaf), add, chartered(charter))
    agree(mira, otto)
    epoch = mira.conversation.transcript.epoch
    assert (mira.last.judged.status, epoch.members[amal.leaf]) == (EntryStatus.HANDSHAKE, dora.id)


def test_leaves_are_compared_one_by_one() -> None:
    """The same people before and after, but on each other's leaves."""
    people = seated(Role.PARTY)
    epoch = people[0].conversation.transcript.epoch
    swapped = replace(epoch, members={0: epoch.members[0], 1: epoch.members[2], 2: epoch.members[1]})
    with pytest.raises(CharterRuleBroken, match="CHARTER-8"):
        check_next(epoch, swapped, committer=0, commit=Commit((), None).encode())
