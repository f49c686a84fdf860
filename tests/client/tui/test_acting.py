"""What binds is said before it is sent; what is late, over or covered is said where it is read."""

from typing import Any

from client.tui.acts import acts_about
from client.tui.clarity_screen import ClarityScreen
from client.tui.dialogs import AskScreen
from client.tui.form_rows import Row
from protocols.messages import Message, MessageType
from protocols.messages.roles import Role
from protocols.negotiation import ChannelTerms, Participant
from tests.client.tui.hands import (
    SIZES,
    app_of,
    begin,
    choose,
    fill,
    form,
    preview,
    screen,
    select,
)
from tests.support.fake_session import AMAL, BORIS, MIRA, ROSTER, FakeSession, north_bridge, proposal_fields
from tests.support.screens import shown, until, until_shown

VERA = "55" * 16
TABLE = (*ROSTER[:3], Participant(VERA, "VERA", Role.MONITOR))
PLACE: dict[str, Any] = {
    "lat": "36.20000",
    "lon": "37.10000",
    "radius_m": 50,
    "name": "bridge",
    "name_source": "OSM",
}
WINDOW: dict[str, Any] = {"start": "2026-11-23T06:00:00Z", "end": "2026-11-23T09:00:00Z"}
FACT: dict[str, Any] = {
    "statement": "Six trucks wait.",
    "basis": "OWN_OBSERVATION",
    "as_of": "221425Z NOV 26",
    "topic": "t",
}
REQUEST: dict[str, Any] = {
    "actor": BORIS,
    "action": "open gate 4",
    "deadline": "221700Z NOV 26",
    "reason": "aid",
    "topic": "g",
}


@SIZES
async def test_wilco_names_the_commitment_before_and_its_state_after(size: tuple[int, int]) -> None:
    session = FakeSession(BORIS)
    session.say(MIRA, "REQUEST", REQUEST, to=[BORIS])
    async with app_of(session).run_test(size=size) as pilot:
        await until_shown(pilot, "ASKED of BORIS: open gate 4")
        await until_shown(pilot, "WILCO commits whoever says it to this one act until the deadline.")
        await pilot.press("r")
        await choose(pilot, "WILCO")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskScreen))
        for words in ("WILCO creates this commitment:", "BORIS MUST open gate 4", "by 221700Z NOV 26"):
            await until_shown(pilot, words)
        assert not session.sent
        await pilot.press("y")
        await until(pilot, lambda: bool(session.negotiation.board().commitments))
        await select(pilot, 1)
        await until_shown(pilot, "CLOSED: WILCO, commitment ACTIVE, until 221700Z NOV 26")


@SIZES
async def test_adopting_final_lists_the_commitments_first(size: tuple[int, int]) -> None:
    session = FakeSession(BORIS)
    tabled = session.say(AMAL, "PROPOSAL", proposal_fields(), to=[MIRA, BORIS]).hex()
    proposal = session.negotiation.proposal(tabled)
    assert proposal is not None
    replies: Any = [{"hash": clause.hash, "answer": "ACCEPT"} for clause in proposal.clauses]
    session.say(BORIS, "CLAUSE-REPLY", {"proposal": tabled, "replies": replies, "topic": "t"}, to=[AMAL])
    async with app_of(session).run_test(size=size) as pilot:
        await select(pilot, 1)
        await pilot.press("r")
        await choose(pilot, "ADOPT")
        await form(pilot)
        await fill(pilot, "mode", "FINAL")
        await fill(pilot, "effective", "222300Z NOV 26")
        await preview(pilot)
        await until_shown(pilot, "FINAL puts the text in force once AMAL did the same, and creates these")
        await until_shown(pilot, "BORIS MUST keep open the north bridge")
        assert not session.sent
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(session.sent))
        await select(pilot, 1)
        await pilot.press("end")
        await until_shown(pilot, "FINAL: in force once every required party has said FINAL")


async def test_a_text_that_changed_is_not_adopted_by_an_old_draft() -> None:
    session = north_bridge(BORIS)
    folded = session.negotiation.by_position(8)
    assert folded is not None
    proposal = session.negotiation.proposal(folded.id)
    assert proposal is not None
    async with app_of(session).run_test(size=(80, 24)) as pilot:
        await select(pilot, 8)
        await pilot.press("r")
        await choose(pilot, "CLAUSE-REPLY")
        await form(pilot)
        await fill(pilot, "replies.0.answer", "ACCEPT")
        await pilot.pause()
        await pilot.press("ctrl+g")
        await until(pilot, lambda: pilot.app.screen is screen(pilot))
        clause = proposal.clauses[0].clause.model_dump(exclude_none=True, mode="json")
        amended = {**clause, "version": 2, "object": "the south bridge"}
        answer: Any = [
            {"hash": proposal.clauses[0].hash, "answer": "AMEND", "reason": "flood", "clause": amended}
        ]
        session.say(
            AMAL, "CLAUSE-REPLY", {"proposal": folded.id, "replies": answer, "topic": "t"}, to=[BORIS]
        )
        await until(pilot, lambda: "CLAUSE-REPLY" in {m.type for m in session.negotiation.messages})
        await select(pilot, 8)
        await pilot.press("r")
        await choose(pilot, "CLAUSE-REPLY")
        opened = await form(pilot)
        await until_shown(pilot, "the south bridge")
        assert not opened.form.values.get("replies.0.answer")


async def test_names_of_persons_are_shown_only_when_they_are_opened() -> None:
    session = FakeSession(BORIS, roster=TABLE, terms=ChannelTerms(displayed=True))
    entry: dict[str, Any] = {"ref": "A-1", "name": "Layla Haddad", "category": "DETAINEE", "holder": BORIS}
    listed: dict[str, Any] = {"operation": "LIST", "entries": [entry], "topic": "detained", "tlp": "RED"}
    session.say(AMAL, "PERSONS", listed, to=[BORIS])
    async with app_of(session).run_test(size=(60, 20)) as pilot:
        await until_shown(pilot, "asks about 1 person: 1 detainee")
        await until_shown(pilot, "RED: names stay covered here")
        assert "Layla" not in shown(pilot.app)
        await pilot.press("v")
        await until_shown(pilot, "Look who can see your screen.")
        assert "Layla" not in shown(pilot.app)
        assert not session.shown
        await pilot.press("y")
        await until_shown(pilot, "Layla Haddad")
        await until(pilot, lambda: len(session.shown) == 1)
        await pilot.press("ctrl+g", "r")
        await choose(pilot, "PERSONS STATUS")
        await form(pilot)
        await until_shown(pilot, "A-1: Layla Haddad, detainee")
        await fill(pilot, "statuses.0.status", "NOT_HELD")
        await preview(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(session.sent))
        await select(pilot, 1)
        await until_shown(pilot, "answered by BORIS: 1 not held; still wanted: 0")


@SIZES
async def test_what_is_unclear_is_asked_about_and_the_choice_is_logged(size: tuple[int, int]) -> None:
    session = FakeSession(AMAL)
    async with app_of(session).run_test(size=size) as pilot:
        await begin(pilot, "INFORM")
        for path, text in (("topic", "convoy"), ("statement", "Several trucks come tomorrow.")):
            await fill(pilot, path, text)
        await fill(pilot, "basis", "OWN_OBSERVATION")
        await fill(pilot, "as_of", "221425Z NOV 26")
        await pilot.pause()
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(pilot.app.screen, ClarityScreen))
        await until_shown(pilot, "A reader may misunderstand 2 things:")
        await pilot.press("enter", "y", "space")
        assert isinstance(pilot.app.screen, ClarityScreen)
        await pilot.press("ctrl+g")
        await until_shown(pilot, "Not sent. Unclear (2):")
        assert not session.sent
        row = next(row for row in pilot.app.screen.query(Row) if row.path == "statement")
        assert "CLARITY-1" in str(row.query_one(".error").render())
        await preview(pilot, anyway=True)
        await until_shown(pilot, "sent anyway, its author was asked about: relative time (CLARITY-1)")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(session.sent))
        [message] = session.sent
        assert isinstance(message, Message)
        assert set(message.envelope.sent_anyway) == {"CLARITY-1", "CLARITY-6"}


async def test_what_blocks_cannot_be_sent() -> None:
    session = FakeSession(AMAL)
    async with app_of(session).run_test(size=(80, 24)) as pilot:
        await begin(pilot, "INFORM")
        await fill(pilot, "topic", "z\u043ene")
        await fill(pilot, "statement", "Six trucks wait.")
        await fill(pilot, "basis", "OWN_OBSERVATION")
        await fill(pilot, "as_of", "221425Z NOV 26")
        await pilot.pause()
        await pilot.press("ctrl+s")
        await until_shown(pilot, "Nothing was sent. To put right (1):")
        await until_shown(pilot, "mixes Cyrillic and Latin")
        assert not session.sent


async def test_an_alert_is_never_held_up_by_its_words() -> None:
    session = FakeSession(AMAL)
    async with app_of(session).run_test(size=(80, 24)) as pilot:
        opened = await begin(pilot, "ALERT")
        place = {f"place.{name}": str(value) for name, value in PLACE.items()}
        risk = {"persons_at_risk.n": "4", "persons_at_risk.basis": "COUNTED"}
        asked = {"danger": "FIRE", "asked": "HOLD_FIRE", "until": "221600Z NOV 26"}
        said = {"topic": "several guns", "observed": "221429Z NOV 26", "remarks": "They may fire soon."}
        for path, value in (place | risk | asked | said).items():
            opened.form.put(path, value)
        opened.form.optional = True
        await preview(pilot)
        await until_shown(pilot, "NOT SENT YET")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(session.sent))


async def test_a_meeting_is_recorded_from_its_proposal() -> None:
    session = FakeSession(MIRA)
    meeting: dict[str, Any] = {
        "operation": "PROPOSE",
        "window": WINDOW,
        "medium": "radio",
        "topic": "meeting",
    }
    more: dict[str, Any] = {"seats": [AMAL, BORIS], "agenda": ["prisoners, wounded", "line"]}
    session.say(MIRA, "MEETING", {**meeting, **more}, to=[AMAL, BORIS])
    async with app_of(session).run_test(size=(80, 24)) as pilot:
        await pilot.press("r")
        await choose(pilot, "MEETING RECORD")
        opened = await form(pilot)
        assert opened.form.values["agenda"] == "prisoners, wounded; line"
        await fill(pilot, "points.0.text", "Route 7 opens.")
        await fill(pilot, "points.0.outcome", "AGREED")
        await preview(pilot)
        await pilot.press("ctrl+s")
        await until_shown(pilot, "AGREED: Route 7 opens.")
        await until_shown(pilot, "A point marked AGREED binds nobody until its text is adopted.")


def test_acts_are_offered_to_whom_they_belong() -> None:
    session = FakeSession(MIRA, roster=TABLE)
    incident: dict[str, Any] = {
        "window": {"start": "2026-11-22T13:00:00Z", "end": "2026-11-22T13:05:00Z"},
        "place": PLACE,
    }
    incident |= {
        "category": "EXPLOSION",
        "known": "HEARD",
        "grade": "B2",
        "status": "CEASED",
        "asked": "NONE",
    }
    reported = session.say(AMAL, "INCIDENT", {**incident, "topic": "t"}, to=[BORIS, MIRA]).hex()
    tabled = session.say(AMAL, "PROPOSAL", proposal_fields(), to=[MIRA, BORIS]).hex()

    def offered(message_id: str, me: str) -> set[tuple[MessageType, str | None]]:
        found = session.negotiation.message(message_id)
        assert found is not None
        acts = acts_about(session.negotiation, found, me, session.clock())
        return {(act.type, act.choice) for act in acts}

    assert offered(reported, VERA) == {(MessageType.FINDING, None)}
    assert offered(reported, MIRA) == set()
    assert offered(tabled, AMAL) == set(), "nothing is agreed yet"
    proposal = session.negotiation.proposal(tabled)
    assert proposal is not None
    replies: Any = [{"hash": clause.hash, "answer": "ACCEPT"} for clause in proposal.clauses]
    session.say(BORIS, "CLAUSE-REPLY", {"proposal": tabled, "replies": replies, "topic": "t"}, to=[AMAL])
    assert offered(tabled, AMAL) == offered(tabled, BORIS) == {(MessageType.ADOPT, None)}
    assert offered(tabled, MIRA) == set(), "a mediator is no party, and nobody named it as witness"
    assert offered(tabled, "99" * 16) == set()
