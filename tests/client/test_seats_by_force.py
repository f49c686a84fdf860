"""A governing member who takes or gives seats past the parties: every member and every auditor says no."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from channel.charter import Seats
from channel.errors import CharterRuleBroken
from channel.mls.proposals import Add, Proposal
from channel.transcript import Reason
from client.seating import SeatOffer, line_for, propose_admission, propose_removal, seat_fields
from client.waiting import enactable
from protocols.messages import Role
from protocols.payload import EntryStatus
from tests.support.attacks import unchecked_commit
from tests.support.mandates import Principal
from tests.support.members import Member, agree, channel, chartered
from tests.support.tables import letter

OBSERVER = SeatOffer(role=Role.OBSERVER)
NORTH = Principal("Council of the North", 80)


@pytest.fixture
def people() -> list[Member]:
    """Mira (mediator), Amal, Boris (parties), and the set-up is over."""
    members = channel("Mira", "Amal", "Boris")
    mira = members[0]
    mira.post_commit(chartered(replace(mira.charter, seats=Seats.AGREED)))
    agree(*members)
    return members


def admission(mira: Member, olga: Member, offer: SeatOffer = OBSERVER) -> tuple[Proposal, ...]:
    return tuple(propose_admission(mira.conversation, offer, letter(olga)))


def agreed_admission(people: list[Member], olga: Member, offer: SeatOffer = OBSERVER) -> None:
    """Ask both parties for Olga's seat, and let both agree."""
    mira, amal, boris = people
    line = line_for(mira.conversation, offer, letter(olga))
    fields = seat_fields(line, offer, now_ms=mira.clock.now_ms)
    asked = mira.say_id("SEAT", fields, to=[amal, boris])
    for party in (amal, boris):
        party.read()
        party.say("RESPONSE", {"target": asked, "code": "AFFIRM"}, to=[mira])
    agree(*people)
    assert len(mira.conversation.transcript.negotiation.agreed.seats) == 1


Force = Callable[[list[Member], Member], tuple[Proposal, ...]]


def _gives_a_seat(people: list[Member], olga: Member) -> tuple[Proposal, ...]:
    return admission(people[0], olga)


def _takes_a_seat(people: list[Member], olga: Member) -> tuple[Proposal, ...]:
    return tuple(propose_removal(people[2].id, people[0].conversation))


def _gives_another_role(people: list[Member], olga: Member) -> tuple[Proposal, ...]:
    agreed_admission(people, olga)
    return admission(people[0], olga, replace(OBSERVER, role=Role.PARTY))


def _gives_another_name(people: list[Member], olga: Member) -> tuple[Proposal, ...]:
    agreed_admission(people, olga)
    return admission(people[0], olga, replace(OBSERVER, name="Her Excellency"))


def _gives_it_to_another(people: list[Member], olga: Member) -> tuple[Proposal, ...]:
    agreed_admission(people, olga)
    return admission(people[0], Member("Eve", clock=olga.clock), replace(OBSERVER, name="Olga"))


def _adds_powers(people: list[Member], olga: Member) -> tuple[Proposal, ...]:
    """A seat that speaks for a principal was agreed; what it may do was not."""
    offer = SeatOffer(role=Role.PARTY, principal=NORTH.key, principal_name=NORTH.name)
    agreed_admission(people, olga, offer)
    return admission(people[0], olga, replace(offer, mandates=(NORTH.mandate(olga.id),)))


def _takes_another_with_it(people: list[Member], olga: Member) -> tuple[Proposal, ...]:
    agreed_admission(people, olga)
    return (
        *admission(people[0], olga)[:1],
        *propose_removal(people[2].id, people[0].conversation)[:1],
        _both(people, olga),
    )


def _both(people: list[Member], olga: Member) -> Proposal:
    line = line_for(people[0].conversation, OBSERVER, letter(olga))
    return chartered(people[0].charter.without(people[2].id).with_entry(line))


def _goes_back_to_the_set_up(people: list[Member], olga: Member) -> tuple[Proposal, ...]:
    return (chartered(replace(people[0].charter, seats=Seats.OPEN)),)


def _seats_a_second_leaf(people: list[Member], olga: Member) -> tuple[Proposal, ...]:
    """Somebody who reads along under no name of the roster."""
    return (Add(olga.key_package().key_package),)


@pytest.mark.parametrize(
    "force",
    [
        _gives_a_seat,
        _takes_a_seat,
        _gives_another_role,
        _gives_another_name,
        _gives_it_to_another,
        _adds_powers,
        _takes_another_with_it,
        _goes_back_to_the_set_up,
    ],
)
def test_what_the_parties_did_not_agree_to_counts_for_nobody(people: list[Member], force: Force) -> None:
    mira = people[0]
    olga = Member("Olga", clock=mira.clock)
    proposals = force(people, olga)
    epoch, roster = mira.conversation.group.epoch, mira.charter.roster
    with pytest.raises(CharterRuleBroken):
        mira.commit(*proposals)
    committing = unchecked_commit(mira, *proposals)
    mira.post(committing.message, committing.next_access_key)
    agree(*people)
    for member in people:
        assert member.last.judged.reason == Reason.INVALID_COMMIT
        assert (member.conversation.group.epoch, member.charter.roster) == (epoch, roster)
        assert not member.conversation.removed


def test_nobody_reads_along_unlisted(people: list[Member]) -> None:
    mira = people[0]
    proposals = _seats_a_second_leaf(people, Member("Olga", clock=mira.clock))
    committing = unchecked_commit(mira, *proposals)
    mira.post(committing.message, committing.next_access_key)
    agree(*people)
    assert {member.last.judged.reason for member in people} == {Reason.INVALID_COMMIT}


def test_what_they_agreed_to_counts_for_all(people: list[Member]) -> None:
    mira = people[0]
    olga = Member("Olga", clock=mira.clock)
    agreed_admission(people, olga)
    committing = mira.commit(*admission(mira, olga))
    mira.post(committing.message, committing.next_access_key)
    agree(*people)
    assert mira.last.judged.status is EntryStatus.HANDSHAKE
    assert mira.charter.entry(olga.id) is not None
    negotiation = mira.conversation.transcript.negotiation
    assert not negotiation.agreed.seats
    assert enactable(mira.charter, negotiation.agreed) == mira.charter
