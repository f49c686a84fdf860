"""Ways round the charter's rules that somebody who may govern could try, with or without an agreement."""

from dataclasses import replace
from typing import Any
from unittest import mock

import pytest

from channel.audit import BadExport, verify_export
from channel.charter import CHARTER_EXTENSION, Charter, RosterEntry, Seats
from channel.charter_change import Consent, check_change, enact
from channel.epoch import BadEpoch, check_closing, check_next
from channel.errors import BadCharter, CharterRuleBroken
from channel.identity import make_certificate
from channel.mls import Lifetime
from channel.mls.proposals import (
    Add,
    Commit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ProposalRef,
    ReInit,
    Remove,
)
from channel.mls.psk import ExternalPSK, PreSharedKeyID
from channel.mls.types import Extension
from client.founding import leaf_keys
from protocols.messages.mandates import Mandate, mandate_id
from protocols.messages.roles import Role
from protocols.negotiation.agreed import AgreedChanges, AgreedMandate
from tests.channel.test_charter import AMAL, BORIS, CHARTER, KEYS, MIRA, NORTH, SOUTH
from tests.channel.test_charter_change import SETTLED, seat
from tests.support import attacks
from tests.support.attacks import unchecked_commit
from tests.support.members import SUITE, Member, agree, channel, chartered

ADEL = RosterEntry(key=KEYS[3], name="Adel", role=Role.PARTY, principal=NORTH.key, principal_name=NORTH.name)
SIDES = SETTLED.with_entry(ADEL)
(WHOLE,) = AMAL.mandates


def agreed(*mandates: Mandate) -> Consent:
    items = tuple(AgreedMandate(f"{number:032x}", one) for number, one in enumerate(mandates))
    return Consent(agreed=AgreedChanges(mandates=items))


def roster(charter: Charter, **changed: RosterEntry) -> Charter:
    """The charter with other lines in the place of those of these names."""
    return replace(charter, roster=tuple(changed.get(one.name, one) for one in charter.roster))


def refused(rule: str, old: Charter, new: Charter, consent: Consent) -> None:
    with pytest.raises(CharterRuleBroken) as caught:
        check_change(old, new, added_ids=(), removed_ids=(), consent=consent)
    assert caught.value.rule == rule


# mandates


def test_a_new_mandate_does_not_come_without_the_old_one_going() -> None:
    """Half of what the principal signed: whoever holds the old powers would keep them."""
    fewer = NORTH.mandate(AMAL.id, powers=["INFORM"], replaces=mandate_id(WHOLE))
    kept = roster(SIDES, Amal=replace(AMAL, mandates=(WHOLE, fewer)))
    refused("CHARTER-6", SIDES, kept, agreed(fewer))


def test_a_mandate_that_replaces_another_seats_ends_that_one() -> None:
    instead = NORTH.mandate(ADEL.id, replaces=mandate_id(WHOLE))
    consent = agreed(instead)
    after = enact(SIDES, consent.agreed)
    assert after == roster(SIDES, Amal=replace(AMAL, mandates=()), Adel=replace(ADEL, mandates=(instead,)))
    check_change(SIDES, after, added_ids=(), removed_ids=(), consent=consent)
    both = roster(SIDES, Adel=replace(ADEL, mandates=(instead,)))
    refused("CHARTER-6", SIDES, both, consent)
    neither = roster(SIDES, Amal=replace(AMAL, mandates=()))
    refused("CHARTER-6", SIDES, neither, consent)


def test_a_principal_replaces_nobody_elses_mandate() -> None:
    southern = replace(BORIS, principal=SOUTH.key, principal_name=SOUTH.name)
    sides = roster(SETTLED, Boris=southern)
    theirs = SOUTH.mandate(BORIS.id, replaces=mandate_id(WHOLE))
    consent = agreed(theirs)
    after = enact(sides, consent.agreed)
    assert after == roster(sides, Boris=replace(southern, mandates=(theirs,)))
    check_change(sides, after, added_ids=(), removed_ids=(), consent=consent)
    refused("CHARTER-6", sides, roster(after, Amal=replace(AMAL, mandates=())), consent)


def test_nobody_brings_a_mandate_that_ends_another_principals() -> None:
    """No MANDATE message was judged for it: while a channel is set up, it comes with the invitation."""
    theirs = SOUTH.mandate(BORIS.id, replaces=mandate_id(WHOLE))
    southern = replace(BORIS, principal=SOUTH.key, principal_name=SOUTH.name)
    check_change(CHARTER, CHARTER.with_entry(southern), added_ids={BORIS.id}, removed_ids=())
    hostile = CHARTER.with_entry(replace(southern, mandates=(theirs,)))
    with pytest.raises(CharterRuleBroken, match="CHARTER-6"):
        check_change(CHARTER, hostile, added_ids={BORIS.id}, removed_ids=())
    instead = CHARTER.with_entry(
        replace(ADEL, mandates=(NORTH.mandate(ADEL.id, replaces=mandate_id(WHOLE)),))
    )
    check_change(CHARTER, instead, added_ids={ADEL.id}, removed_ids=())


def test_a_mandate_stands_once() -> None:
    """Eight times the same would leave no room for what the principal signs next."""
    with pytest.raises(BadCharter, match="once"):
        replace(AMAL, mandates=(WHOLE, WHOLE))


# order, and who is left


def test_nobody_changes_the_order_of_the_roster() -> None:
    """It says whose client commits, and which mediator is told, first."""
    moved = replace(SETTLED, roster=(BORIS, MIRA, AMAL))
    refused("CHARTER-6", SETTLED, moved, Consent())
    refused("CHARTER-6", replace(SETTLED, seats=Seats.OPEN), replace(moved, seats=Seats.OPEN), Consent())


def test_nobody_pushes_in() -> None:
    pushed = replace(SETTLED, seats=Seats.OPEN, roster=(ADEL, *SETTLED.roster))
    with pytest.raises(CharterRuleBroken, match="CHARTER-6"):
        check_change(replace(SETTLED, seats=Seats.OPEN), pushed, added_ids={ADEL.id}, removed_ids=())


def test_somebody_who_may_govern_stays() -> None:
    alone = replace(CHARTER, seats=Seats.AGREED, roster=(MIRA, replace(BORIS, role=Role.OBSERVER)))
    consent = Consent(agreed=seat("ROLE", MIRA, role="observer"))
    after = roster(alone, Mira=replace(MIRA, role=Role.OBSERVER))
    refused("CHARTER-13", alone, after, consent)
    with pytest.raises(BadCharter, match="govern"):
        enact(alone, consent.agreed)


# principals


@pytest.mark.parametrize("name", ["Council of the North", "council of the north", "CounciI of the North"])
def test_two_principals_do_not_look_alike(name: str) -> None:
    other = replace(BORIS, principal=SOUTH.key, principal_name=name)
    with pytest.raises(BadCharter, match="principals"):
        CHARTER.with_entry(other)
    assert CHARTER.with_entry(ADEL).roster[-1] is ADEL, "several may speak for one"


@pytest.mark.parametrize("name", ["\u200d", "\u2800", "Counc\u0456l of the West"])
def test_a_principals_name_can_be_seen_for_what_it_is(name: str) -> None:
    with pytest.raises(BadCharter):
        replace(BORIS, principal=SOUTH.key, principal_name=name)


# leaves


def people() -> list[Member]:
    """Mira, Amal and Boris, settled: from here on nobody goes without everybody's word."""
    seated = channel("Mira", "Amal", "Boris")
    mira = seated[0]
    mira.post_commit(chartered(replace(mira.charter, seats=Seats.AGREED)))
    agree(*seated)
    return seated


def refused_alike(seated: list[Member], rule: str, *proposals: Proposal) -> None:
    """Its author's client does not make it; made all the same, it moves nobody."""
    boris = seated[2]
    with pytest.raises(CharterRuleBroken, match=rule):
        boris.commit(*proposals)
    committing = unchecked_commit(boris, *proposals)
    boris.post(committing.message, committing.next_access_key)
    agree(*seated)
    assert {member.last.judged.reason for member in seated} == {"invalid-commit"}
    assert not any(member.conversation.removed for member in seated)


@pytest.mark.parametrize("rewritten", [False, True])
def test_nobody_is_locked_out_by_an_old_key_package_of_theirs(rewritten: bool) -> None:
    """They would stand on the roster, and could read nothing: the key package's secrets are long gone."""
    seated = people()
    amal = seated[1]
    beside = (chartered(amal.charter),) if rewritten else ()
    refused_alike(seated, "CHARTER-5", Remove(amal.leaf), Add(amal.key_package().key_package), *beside)


def test_nobody_elses_second_leaf_is_removed() -> None:
    seated = people()
    mira, amal, boris = seated
    now_s = mira.clock.now_ms // 1000
    amal.keys = leaf_keys(SUITE, amal.identity, device="laptop", now_s=now_s, random=amal.random)
    amal.post_commit(Add(amal.key_package().key_package))
    agree(*seated)
    leaf = next(
        leaf
        for leaf, who in mira.conversation.transcript.epoch.members.items()
        if who == amal.id and leaf != amal.leaf
    )
    refused_alike(seated, "CHARTER-5", Remove(leaf))
    mira.post_commit(contest=True)
    agree(*seated)
    amal.post_commit(Remove(leaf))
    agree(*seated)
    assert boris.last.judged.reason is None, "one's own leaf is one's own business"


OUTSIDE = PreSharedKey(PreSharedKeyID(ExternalPSK(b"key"), bytes(32)))


@pytest.mark.parametrize(
    "proposal",
    [OUTSIDE, ProposalRef(bytes(32)), ReInit(group_id=b"next", cipher_suite=1)],
    ids=["a pre-shared key", "a reference", "the end"],
)
def test_an_auditor_refuses_the_kinds_of_commit_that_members_refuse(proposal: Proposal | ProposalRef) -> None:
    epoch = people()[0].conversation.transcript.epoch
    commit = Commit((proposal,), None).encode()
    with pytest.raises(BadEpoch, match="kind"):
        check_next(epoch, epoch, committer=0, commit=commit)
    with pytest.raises(BadEpoch, match="kind"):
        check_closing(epoch, committer=0, commit=commit)


def test_nothing_is_agreed_beside_the_charter() -> None:
    """Such as what newcomers' programs must be able to do, or who outside may send proposals."""
    seated = people()
    boris = seated[2]
    extensions = (Extension(CHARTER_EXTENSION, boris.charter.encode()), Extension(3, b"\0\0\0"))
    proposal = GroupContextExtensions(extensions)
    with pytest.raises(BadEpoch, match="nothing but its charter"):
        boris.commit(proposal)
    committing = unchecked_commit(boris, proposal)
    commit = committing.facts.framed_content.encoded_content
    with pytest.raises(BadEpoch, match="nothing but its charter"):
        check_closing(boris.conversation.transcript.epoch, committer=boris.leaf, commit=commit)
    boris.post(committing.message, committing.next_access_key)
    agree(*seated)
    assert boris.last.judged.reason == "invalid-commit"


def test_an_auditor_checks_each_new_certificate() -> None:
    """Also where the signature key stays, or a file could put any name over it."""
    seated = people()
    boris = seated[2]

    def expired(*arguments: Any, not_after_s: int, **more: Any) -> bytes:
        return make_certificate(*arguments, not_after_s=not_after_s - 86_401, **more)

    with mock.patch.object(attacks, "make_certificate", expired):
        committing = attacks.disguised_commit(boris, boris.identity)
    with pytest.raises(BadExport, match="certificate"):
        verify_export(attacks.believed(boris, committing), complete=False)
    boris.post(committing.message, committing.next_access_key)
    agree(*seated)
    assert boris.last.judged.reason == "invalid-commit"


def test_everybody_judges_newcomers_by_the_relays_time() -> None:
    """Also who admits them, or a key package that ends in between parts the inviter from all others."""
    seated = channel("Mira", "Amal", "Boris")
    mira, now_s = seated[0], seated[0].clock.now_ms // 1000
    dora = Member("Dora", clock=mira.clock)
    dora.keys = replace(dora.keys, lifetime=Lifetime(now_s - 60, now_s + 60))
    committing = mira.commit(*mira.adding(dora))
    mira.clock.now_ms += 120_000
    mira.post(committing.message, committing.next_access_key)
    agree(*seated)
    assert {member.last.judged.reason for member in seated} == {"invalid-commit"}
    assert mira.conversation.committing is None
    with pytest.raises(BadExport, match=str(mira.last.judged.position)):
        verify_export(attacks.believed(mira, committing), complete=False)
