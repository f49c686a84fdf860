"""What waits for a commit: in which words, whose it is, and what a charter can take of it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel.charter import MAX_CHARTER_SIZE, Charter, RosterEntry, Seats
from channel.charter_change import Consent, check_change
from channel.identity import Identity
from channel.roster import MAX_MANDATES
from client.waiting import Change, ChangeKind, committers, enactable, waiting_changes
from protocols.log.note import Verifier
from protocols.messages import Role, mandate_id
from protocols.messages.codec import validated
from protocols.messages.glossary import Term
from protocols.messages.seats import Seat
from protocols.negotiation import AdoptedText, AgreedChanges, AgreedMandate, AgreedSeat, AgreedTerm
from tests.protocols.negotiation.talks import AMAL, BORIS, LEILA, MIRA, VERA, Talks, clause
from tests.support.mandates import Principal

NORTH = Principal("Council of the North", 80)
NOW = "2026-11-22T12:00:00Z"


def entry(number: int, name: str, role: Role, **more: object) -> RosterEntry:
    key = Identity.from_seed(bytes([number]) * 32).public_key
    return RosterEntry(key=key, name=name, role=role, **more)  # type: ignore[arg-type]


NOUR = entry(1, "Nour", Role.PARTY, principal=NORTH.key, principal_name=NORTH.name)
OLGA = entry(2, "Olga", Role.OBSERVER)
CHARTER = Charter(
    title="North bridge",
    relay_vkey=Verifier(
        "relay.example",
        bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
    ).vkey,
    roster=(entry(3, "Mira", Role.MEDIATOR), NOUR, OLGA),
    seats=Seats.AGREED,
)


def message(number: int) -> str:
    return f"{number:032x}"


def role(number: int, becomes: str, who: RosterEntry = OLGA) -> AgreedSeat:
    content = {
        "operation": "ROLE",
        "seat": who.name,
        "fingerprint": who.id,
        "role": becomes,
        "effective": NOW,
    }
    return AgreedSeat(message(number), validated(Seat, content))


def leaving(number: int, who: RosterEntry = OLGA) -> AgreedSeat:
    content = {
        "operation": "REMOVE",
        "seat": who.name,
        "fingerprint": who.id,
        "reason": "x",
        "effective": NOW,
    }
    return AgreedSeat(message(number), validated(Seat, content))


def mandate(number: int) -> AgreedMandate:
    return AgreedMandate(message(number), NORTH.mandate(NOUR.id, topics=(f"topic {number}",)))


def term(number: int, length: int = 20) -> AgreedTerm:
    content = {"term": f"term {number}", "definition": "x" * length}
    return AgreedTerm(message(number), validated(Term, content), "en")


def text(number: int) -> AdoptedText:
    return AdoptedText(message(number), "ab" * 32, NOW)


def test_all_that_was_agreed_comes_at_once() -> None:
    agreed = AgreedChanges(
        seats=(role(1, "monitor"), leaving(2, NOUR)),
        mandates=(mandate(3),),
        terms=(term(4),),
        adopted=(text(5),),
    )
    after = enactable(CHARTER, agreed)
    assert after.roster[2].role is Role.MONITOR
    assert [mandate_id(one) for one in after.roster[1].mandates] == [mandate_id(agreed.mandates[0].mandate)]
    assert ([one.term for one in after.glossary], after.glossary_version) == (["term 4"], 1)
    assert after.adopted == agreed.adopted
    assert len(after.roster) == 3, "who goes is a commit of its own"
    assert enactable(after, AgreedChanges(seats=agreed.seats)) == after


def test_nothing_agreed_changes_nothing() -> None:
    assert enactable(CHARTER, AgreedChanges()) == CHARTER
    assert enactable(CHARTER, AgreedChanges(seats=(leaving(1),))) == CHARTER


def test_one_mandate_too_many_holds_nothing_else_up() -> None:
    """A principal cannot keep a text out of the charter by signing more mandates than a seat may have."""
    agreed = AgreedChanges(
        mandates=tuple(mandate(number) for number in range(MAX_MANDATES + 1)),
        seats=(role(50, "monitor"),),
        terms=(term(51),),
        adopted=(text(52),),
    )
    after = enactable(CHARTER, agreed)
    assert len(after.roster[1].mandates) == MAX_MANDATES
    assert (after.roster[2].role, after.glossary_version, after.adopted) == (Role.MONITOR, 1, (text(52),))
    check_change(CHARTER, after, added_ids=(), removed_ids=(), consent=Consent(agreed=agreed))


def test_a_glossary_that_is_too_large_holds_nothing_else_up() -> None:
    agreed = AgreedChanges(
        terms=tuple(term(number, 600) for number in range(60)),
        adopted=(text(70),),
        seats=(role(71, "party"),),
    )
    after = enactable(CHARTER, agreed)
    assert (after.glossary, after.glossary_version) == ((), 0), "terms come all together or not at all"
    assert (after.adopted, after.roster[2].role) == ((text(70),), Role.PARTY)
    assert len(after.encode()) <= MAX_CHARTER_SIZE
    check_change(CHARTER, after, added_ids=(), removed_ids=(), consent=Consent(agreed=agreed))


@settings(max_examples=40, deadline=None)
@given(
    roles=st.lists(st.sampled_from(["party", "mediator", "liaison", "monitor"]), max_size=3),
    mandates=st.integers(0, MAX_MANDATES + 2),
    lengths=st.lists(st.sampled_from([20, 600]), max_size=70),
    texts=st.integers(0, 3),
)
def test_every_member_accepts_what_is_enacted(
    roles: list[str], mandates: int, lengths: list[int], texts: int
) -> None:
    agreed = AgreedChanges(
        seats=tuple(role(number, becomes) for number, becomes in enumerate(roles)),
        mandates=tuple(mandate(number) for number in range(100, 100 + mandates)),
        terms=tuple(term(number, length) for number, length in enumerate(lengths, start=200)),
        adopted=tuple(text(number) for number in range(400, 400 + texts)),
    )
    after = enactable(CHARTER, agreed)
    check_change(CHARTER, after, added_ids=(), removed_ids=(), consent=Consent(agreed=agreed))
    assert Charter.decode(after.encode()) == after


# --- whose it is ----------------------------------------------------------------------------------


def seat(name: str, fingerprint: str, operation: str, **more: str) -> dict[str, str]:
    return {"operation": operation, "seat": name, "fingerprint": fingerprint, "effective": NOW, **more}


def test_each_change_says_what_it_is_and_whose() -> None:
    talks = Talks()
    said = talks.say("SEAT", AMAL, [BORIS], seat("Vera", VERA, "ROLE", role="observer"))
    talks.answer("AFFIRM", BORIS, AMAL, said)
    gone = talks.say("SEAT", BORIS, [AMAL], seat("Leila", LEILA, "REMOVE", reason="over"))
    talks.answer("AFFIRM", AMAL, BORIS, gone)
    comes = talks.say(
        "SEAT", MIRA, [AMAL, BORIS], seat("Olga", "1" * 32, "ADMIT", role="observer", history="ALL")
    )
    talks.answer("AFFIRM", AMAL, MIRA, comes)
    assert len(waiting_changes(talks.negotiation)) == 2, "one party's word is not enough"
    talks.answer("AFFIRM", BORIS, MIRA, comes)
    named = talks.say("TERM", BORIS, [AMAL], {"term": "bridge", "definition": "the northern one"})
    talks.answer("AFFIRM", AMAL, BORIS, named)
    places = {key: talks.message(key).position for key in (said, gone, comes, named)}
    found = [(one.kind, one.author, one.words) for one in waiting_changes(talks.negotiation)]
    assert found == [
        (ChangeKind.CHARTER, AMAL, f"SEAT No. {places[said]}: Vera becomes observer"),
        (ChangeKind.REMOVAL, BORIS, f"SEAT No. {places[gone]}: Leila loses the seat"),
        (
            ChangeKind.ARRIVAL,
            MIRA,
            f"SEAT No. {places[comes]}: Olga comes as observer, by whoever invited them",
        ),
        (ChangeKind.CHARTER, BORIS, f"TERM No. {places[named]}: what bridge means"),
    ]


def test_a_text_is_put_in_force_by_who_adopted_it_last() -> None:
    talks = Talks()
    talks.adopted(clause(), clause(BORIS, "MUST NOT", "shell"))
    (change,) = waiting_changes(talks.negotiation)
    last = [said for said in talks.negotiation.messages if said.type == "ADOPT"][-1]
    assert (change.author, change.kind) == (last.sender, ChangeKind.CHARTER)
    number = talks.message(change.key).position
    assert change.words == f"PROPOSAL No. {number} is adopted"


@pytest.mark.parametrize(
    ("author", "operation", "order"),
    [
        ("Nour", "ROLE", ["Nour", "Mira", "Pavel"]),
        ("Mira", "ROLE", ["Mira", "Nour", "Pavel"]),
        ("Olga", "ROLE", ["Mira", "Nour", "Pavel"]),
        ("Mira", "REMOVE", ["Mira", "Nour"]),
        ("Pavel", "REMOVE", ["Mira", "Nour"]),
        ("Mira", "ADMIT", []),
    ],
)
def test_the_author_commits_first_and_nobody_who_may_not(
    author: str, operation: str, order: list[str]
) -> None:
    pavel = entry(5, "Pavel", Role.PARTY)
    charter = replace(CHARTER, roster=(*CHARTER.roster, pavel))
    ids = {one.name: one.id for one in charter.roster}
    kinds = {"ROLE": ChangeKind.CHARTER, "REMOVE": ChangeKind.REMOVAL, "ADMIT": ChangeKind.ARRIVAL}
    change = Change(key=message(1), kind=kinds[operation], author=ids[author], words="", subject=pavel.id)
    found = committers(charter, frozenset(), change)
    assert [charter.entry(one).name for one in found] == order  # type: ignore[union-attr]
    silenced = committers(charter, frozenset({ids["Nour"]}), change)
    assert list(silenced) == [one for one in found if one != ids["Nour"]]
