"""What is announced before sending is what happens after it."""

from typing import Any

import pytest

from client.consequences import CREATES, consequences
from protocols.messages import Message, Role
from protocols.negotiation import Participant
from tests.support.fake_session import AMAL, BORIS, MIRA, ROSTER, FakeSession, proposal_fields

PLACE = {"lat": "36.20000", "lon": "37.10000", "radius_m": 50, "name": "north bridge", "name_source": "OSM"}
WINDOW = {"start": "2026-11-23T06:00:00Z", "end": "2026-11-23T09:00:00Z"}
REQUEST = {
    "actor": BORIS,
    "action": "open the north gate",
    "deadline": "221700Z NOV 26",
    "reason": "an ambulance waits",
    "topic": "gate",
}
ALERT = {
    "danger": "FIRE",
    "place": PLACE,
    "observed": "221429Z NOV 26",
    "asked": "HOLD_FIRE",
    "until": "221600Z NOV 26",
    "persons_at_risk": {"n": 4, "unit": "persons", "basis": "COUNTED"},
    "topic": "fire",
}


def told(session: FakeSession, message: Message) -> tuple[str, ...]:
    return consequences(session.negotiation, message, session.clock())


@pytest.mark.parametrize(
    ("kind", "fields", "end", "notice"),
    [
        ("REQUEST", REQUEST, "by 221700Z NOV 26", "withdrawn only with 24 hours' notice"),
        ("ALERT", ALERT, "until 221600Z NOV 26", "withdrawn without notice"),
    ],
)
async def test_wilco_says_the_commitment_that_it_creates(
    kind: str, fields: dict[str, Any], end: str, notice: str
) -> None:
    session = FakeSession(BORIS)
    asked = session.say(MIRA, kind, fields, to=[BORIS])
    message = session.compose("RESPONSE", {"target": asked.hex(), "code": "WILCO", "topic": "x"}, to=[MIRA])
    lines = told(session, message)
    await session.send(message)
    [created] = session.negotiation.board().commitments
    assert lines == (CREATES, f"  BORIS {created.text}", f"  {end}", "  owed to MIRA", f"  {notice}")
    assert (created.debtor, created.creditors) == (BORIS, (MIRA,))


@pytest.mark.parametrize("code", ["ROGER", "UNABLE", "STANDBY"])
def test_other_words_do_nothing_more(code: str) -> None:
    session = FakeSession(BORIS)
    asked = session.say(MIRA, "QUESTION", {"question": "Clear?", "form": "YES_NO", "topic": "x"}, to=[BORIS])
    extra = {"UNABLE": {"reason": "no access"}, "STANDBY": {"by": "221500Z NOV 26"}}.get(code, {})
    if code == "ROGER":
        fact = {"statement": "Six wait.", "basis": "OWN_OBSERVATION", "as_of": "221425Z NOV 26", "topic": "x"}
        asked = session.say(MIRA, "INFORM", fact, to=[BORIS])
    fields = {"target": asked.hex(), "code": code, "topic": "x", **extra}
    assert told(session, session.compose("RESPONSE", fields, to=[MIRA])) == ()


async def test_final_lists_the_commitments_that_all_finals_create() -> None:
    session = FakeSession(AMAL)
    tabled = session.say(BORIS, "PROPOSAL", proposal_fields(), to=[MIRA, AMAL]).hex()
    proposal = session.negotiation.proposal(tabled)
    assert proposal is not None
    replies: Any = [{"hash": clause.hash, "answer": "ACCEPT"} for clause in proposal.clauses]
    reply = session.compose(
        "CLAUSE-REPLY", {"proposal": tabled, "replies": replies, "topic": "x"}, to=[BORIS]
    )
    assert told(session, reply)[0].startswith("ACCEPT binds you to that very text")
    await session.send(reply)
    proposal = session.negotiation.proposal(tabled)
    assert proposal is not None
    fields: dict[str, Any] = {
        "proposal": tabled,
        "package_hash": proposal.package_hash(),
        "effective": "222300Z NOV 26",
        "topic": "x",
    }
    for mode, words in (
        ("INITIAL", "INITIAL fixes the text once BORIS did the same"),
        ("AD_REFERENDUM", "AD REFERENDUM binds nobody"),
    ):
        message = session.compose("ADOPT", {**fields, "mode": mode}, to=[BORIS])
        assert [line.startswith(words) for line in told(session, message)] == [True]
    session.say(BORIS, "ADOPT", {**fields, "mode": "FINAL"}, to=[AMAL])
    final = session.compose("ADOPT", {**fields, "mode": "FINAL"}, to=[BORIS])
    lines = told(session, final)
    assert lines[0] == "FINAL puts the text in force now, and creates these commitments:"
    assert lines[-1] == "  effective 222300Z NOV 26. There is no way back from FINAL."
    await session.send(final)
    created = session.negotiation.board().commitments
    assert len(created) == 2
    for commitment in created:
        name = session.negotiation.roster.name(commitment.debtor)
        assert f"  {name} {commitment.text}" in lines


def test_commit_says_what_it_creates_and_from_when() -> None:
    session = FakeSession(BORIS)
    clause = {"modal": "MUST NOT", "action": "move", "object": "guns", "window": WINDOW}
    fields: dict[str, Any] = {
        "creditors": [AMAL],
        "consequent": clause,
        "detach_at": "2026-11-23T07:00:00Z",
        "notice_hours": 48,
        "topic": "guns",
    }
    message = session.compose("COMMIT", fields, to=[AMAL])
    assert told(session, message) == (
        "This creates a commitment as soon as it is in the log:",
        "  BORIS MUST NOT move guns",
        "  until 230900Z NOV 26",
        "  owed to AMAL",
        "  from 230700Z NOV 26 on",
        "  withdrawn only with 48 hours' notice",
    )


@pytest.mark.parametrize(
    ("me", "seat", "roster"),
    [
        (MIRA, "OLGA", ROSTER),
        (MIRA, "AMAL", ROSTER),
        (AMAL, "OLGA", ROSTER),
        (MIRA, "AMAL", (ROSTER[0], ROSTER[1])),
        (AMAL, "AMAL", ROSTER),
    ],
    ids=["mediator", "mediator, a party", "another party", "mediator, the last party", "itself"],
)
async def test_a_suspension_says_that_it_works_at_once_where_it_does(
    me: str, seat: str, roster: tuple[Participant, ...]
) -> None:
    session = FakeSession(me, roster=roster)
    fingerprint = next(person.id for person in roster if person.name == seat)
    fields = {"operation": "SUSPEND", "seat": seat, "fingerprint": fingerprint, "topic": "seats"}
    fields |= {"effective": "221430Z NOV 26", "reason": "device lost"}
    others = [person.id for person in roster if person.role is Role.PARTY and person.id != me]
    message = session.compose("SEAT", fields, to=others or [MIRA])
    lines = told(session, message)
    await session.send(message)
    works = fingerprint in session.negotiation.suspended
    said = f"This works at once: nothing that {seat} says counts any more."
    assert lines == ((said,) if works else ())


def test_affirm_says_to_what() -> None:
    session = FakeSession(BORIS)
    term = {"term": "zone", "definition": "The land within 1 km of the river.", "topic": "terms"}
    asked = session.say(AMAL, "TERM", term, to=[BORIS]).hex()
    affirm = session.compose("RESPONSE", {"target": asked, "code": "AFFIRM", "topic": "terms"}, to=[AMAL])
    assert told(session, affirm) == (
        'AFFIRM agrees that here "zone" means: The land within 1 km of the river.',
    )


def test_events_say_what_follows() -> None:
    session = FakeSession(BORIS)
    asked = session.say(MIRA, "REQUEST", REQUEST, to=[BORIS]).hex()
    session.say(BORIS, "RESPONSE", {"target": asked, "code": "WILCO", "topic": "x"}, to=[MIRA])
    [commitment] = session.negotiation.board().commitments
    fields = {
        "commitment": commitment.id,
        "event": "WITHDRAW",
        "at": "221430Z NOV 26",
        "reason": "shelling",
        "topic": "x",
    }
    message = session.compose("COMMIT-EVENT", fields, to=[MIRA])
    assert told(session, message) == ("The duty stands until its notice is over, about 231430Z NOV 26.",)
