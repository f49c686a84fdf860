"""Writing: from a key to a message in the log, and what is said when it cannot be sent."""

import pytest
from textual import events
from textual.pilot import Pilot

from client.tui.app import ChatApp
from client.tui.form_rows import Row
from client.tui.pick_list import PickList
from protocols.messages import Message
from protocols.messages.administrative import Response
from protocols.messages.adoption import Adopt
from protocols.messages.information import Inform
from protocols.messages.proposals import Proposal
from protocols.negotiation import PackageStatus
from tests.client.tui.hands import FORK, SIZES, app_of, begin, choose, fill, form, preview, screen, select
from tests.support.fake_session import AMAL, BORIS, MIRA, OLGA, FakeSession, north_bridge
from tests.support.screens import shown, until, until_shown


@SIZES
async def test_an_inform_from_key_to_log(size: tuple[int, int]) -> None:
    session = FakeSession(AMAL)
    async with app_of(session).run_test(size=size) as pilot:
        await begin(pilot, "INFORM")
        await until_shown(pilot, "* to (who must act on it)")
        await fill(pilot, "topic", "bridge")
        await fill(pilot, "statement", "Six vehicles wait.")
        await fill(pilot, "basis", "OWN_OBSERVATION")
        await fill(pilot, "as_of", "221425Z NOV 26")
        await until_shown(pilot, "UTC, such as 221430Z NOV 26")
        await preview(pilot)
        await until_shown(pilot, "NOT SENT YET")
        await until_shown(pilot, "statement: Six vehicles wait.")
        assert not session.sent
        await pilot.press("ctrl+s")
        await until_shown(pilot, "INFORM  No. 1")
        [message] = session.sent
        assert isinstance(message, Message)
        assert isinstance(message.content, Inform)
        assert message.content.statement == "Six vehicles wait."
        assert message.envelope.to == (MIRA, BORIS)


@pytest.mark.parametrize("size", [pytest.param((80, 24), marks=pytest.mark.slow), (60, 20)])
async def test_a_proposal_of_two_clauses_from_key_to_log(size: tuple[int, int]) -> None:
    session = FakeSession(AMAL)
    async with app_of(session).run_test(size=size) as pilot:
        await begin(pilot, "PROPOSAL")
        await fill(pilot, "topic", "convoy")
        await fill(pilot, "title", "Convoy crosses")
        for index, actor, action in ((0, BORIS, "keep open"), (1, AMAL, "send")):
            if index:
                pilot.app.screen.query("AddButton").first().focus()
                await pilot.press("enter")
                await until(
                    pilot, lambda: any(row.path == "clauses.1.actor" for row in pilot.app.screen.query(Row))
                )
            await fill(pilot, f"clauses.{index}.actor", actor)
            await fill(pilot, f"clauses.{index}.modal", "MUST")
            await fill(pilot, f"clauses.{index}.action", action)
            await fill(pilot, f"clauses.{index}.object", "route 7")
            await fill(pilot, f"clauses.{index}.window.start", "230600Z NOV 26")
            await fill(pilot, f"clauses.{index}.window.end", "230900Z NOV 26")
        await fill(pilot, "package", "ALL_OR_NOTHING")
        await fill(pilot, "valid_until", "222000Z NOV 26")
        await preview(pilot)
        await pilot.press("ctrl+s")
        await until_shown(pilot, "PROPOSAL  No. 1")
        [message] = session.sent
        assert isinstance(message, Message)
        assert isinstance(message.content, Proposal)
        assert [(c.no, c.version, c.actor, c.action) for c in message.content.clauses] == [
            (1, 1, BORIS, "keep open"),
            (2, 1, AMAL, "send"),
        ]
        assert message.content.required == (AMAL, BORIS)


@SIZES
async def test_a_refused_message_shows_the_way_out_at_the_field(size: tuple[int, int]) -> None:
    session = FakeSession(AMAL)
    async with app_of(session).run_test(size=size) as pilot:
        screen = await begin(pilot, "INFORM")
        await fill(pilot, "topic", "bridge")
        await fill(pilot, "statement", "Six vehicles wait.")
        await fill(pilot, "basis", "THIRD_PARTY")
        await fill(pilot, "as_of", "tomorrow morning")
        await pilot.pause()
        await pilot.press("ctrl+s")
        await until_shown(pilot, "Nothing was sent. To put right")
        await until_shown(pilot, "x needs a time in UTC, such as 2026-11-22T14:30:00Z")
        assert pilot.app.screen is screen
        row = pilot.app.focused
        assert row is not None
        assert isinstance(row.parent, Row)
        assert row.parent.path == "as_of"
        await fill(pilot, "as_of", "221425Z NOV 26")
        await pilot.pause()
        await pilot.press("ctrl+s")
        await until_shown(pilot, "needs a Grade such as C3")
        await fill(pilot, "grade", "C3")
        await preview(pilot)
        assert not session.sent


async def test_nobody_to_act_on_it_is_refused_in_the_form() -> None:
    session = FakeSession(AMAL)
    async with app_of(session).run_test(size=(60, 20)) as pilot:
        await begin(pilot, "QUESTION")
        await pilot.press("space", "down", "space")
        assert not pilot.app.screen.query_one(PickList).selected
        await until_shown(pilot, "[ ] MIRA (mediator)")
        await pilot.press("ctrl+s")
        await until_shown(pilot, "choose at least one person")


async def test_what_was_typed_is_there_again() -> None:
    session = FakeSession(AMAL)
    async with app_of(session).run_test(size=(60, 20)) as pilot:
        await begin(pilot, "QUESTION")
        await fill(pilot, "topic", "mines")
        await pilot.pause()
        await pilot.press("ctrl+g")
        await until_shown(pilot, "What you typed is kept")
        await begin(pilot, "QUESTION")
        await until_shown(pilot, "mines")
        await pilot.press("ctrl+g")
        await until(pilot, lambda: pilot.app.screen is screen(pilot))
        await pilot.press("q")
        await until_shown(pilot, "Begun and not sent: QUESTION.")
        await pilot.press("n")
        await until(pilot, lambda: pilot.app.screen is screen(pilot))
        assert pilot.app.is_running


async def test_counts_bytes_and_characters() -> None:
    async with app_of(FakeSession(AMAL)).run_test(size=(60, 20)) as pilot:
        await begin(pilot, "QUESTION")
        await fill(pilot, "topic", "né")
        await until_shown(pilot, "3 of 57344 bytes; this field 2 of 120 characters")


async def test_an_alarm_while_writing_is_seen_and_stops_the_sending() -> None:
    session = FakeSession(AMAL)
    async with app_of(session).run_test(size=(60, 20)) as pilot:
        await begin(pilot, "QUESTION")
        await fill(pilot, "topic", "mines")
        await fill(pilot, "question", "Clear?")
        await fill(pilot, "form", "YES_NO")
        session.raise_alarm(FORK)
        await until_shown(pilot, "!!! ALARM (FORK): stopped, nothing can be sent")
        await preview(pilot)
        await pilot.press("ctrl+s")
        await until_shown(pilot, "Nothing was sent: an alarm has stopped this channel")
        assert not session.sent


async def test_a_role_is_offered_only_what_it_may_send() -> None:
    async with app_of(north_bridge(OLGA)).run_test(size=(80, 24)) as pilot:
        await pilot.press("n")
        await until_shown(pilot, "not for the role observer")
        assert shown(pilot.app).count("not for the role") >= 4
        await until_shown(pilot, "▶ QUESTION")


async def test_unable_asks_for_the_reason() -> None:
    session = north_bridge(BORIS)
    async with app_of(session).run_test(size=(60, 20)) as pilot:
        await select(pilot, 4)
        await pilot.press("r")
        await choose(pilot, "UNABLE")
        await form(pilot)
        await pilot.press("ctrl+s")
        await until_shown(pilot, "x needs why [RESPONSE-1]")
        await fill(pilot, "reason", "no access to the north side")
        await preview(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(session.sent))
        [message] = session.sent
        assert isinstance(message, Message)
        assert isinstance(message.content, Response)
        assert (message.content.code, message.content.reason) == ("UNABLE", "no access to the north side")


async def test_a_question_is_answered_with_an_inform_that_cites_it() -> None:
    session = north_bridge(MIRA)
    async with app_of(session).run_test(size=(80, 24)) as pilot:
        await select(pilot, 7)
        await pilot.press("r")
        await choose(pilot, "INFORM")
        await form(pilot)
        await fill(pilot, "statement", "The liaison escorts it.")
        await fill(pilot, "basis", "OWN_OBSERVATION")
        await fill(pilot, "as_of", "221425Z NOV 26")
        await preview(pilot)
        await pilot.press("ctrl+s")
        await until_shown(pilot, "reply to No. 7")
        asked = session.negotiation.by_position(7)
        assert asked is not None
        assert not asked.is_open


async def answer_clauses(pilot: Pilot[None], *answers: str) -> None:
    await select(pilot, 8)
    await pilot.press("r")
    await choose(pilot, "CLAUSE-REPLY")
    await form(pilot)
    for index, answer in enumerate(answers):
        if answer:
            await fill(pilot, f"replies.{index}.answer", answer)


@pytest.mark.slow
async def test_clauses_are_accepted_and_adopted_without_copying_a_hash() -> None:
    session = north_bridge(BORIS)
    async with app_of(session).run_test(size=(60, 20)) as pilot:
        await answer_clauses(pilot, "ACCEPT", "ACCEPT")
        await preview(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(session.sent))
        await select(pilot, 8)
        await begin(pilot, "ADOPT")
        await fill(pilot, "mode", "FINAL")
        await fill(pilot, "effective", "222300Z NOV 26")
        await preview(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: len(session.sent) > 1)
        message = session.sent[-1]
        assert isinstance(message, Message)
        assert isinstance(message.content, Adopt)
        proposal = session.negotiation.by_position(8)
        assert proposal is not None
        tabled = session.negotiation.proposal(proposal.id)
        assert tabled is not None
        assert tabled.status(session.clock()) is PackageStatus.AGREED
        assert message.content.package_hash == tabled.package_hash()
        assert tabled.has_adopted(BORIS, message.content.package_hash, "FINAL")


async def test_a_clause_is_amended_and_another_left_out() -> None:
    session = north_bridge(BORIS)
    async with app_of(session).run_test(size=(80, 24)) as pilot:
        await answer_clauses(pilot, "", "AMEND")
        await until(
            pilot, lambda: any(r.path == "replies.1.clause.object" for r in pilot.app.screen.query(Row))
        )
        await fill(pilot, "replies.1.clause.object", "four trucks")
        await fill(pilot, "replies.1.reason", "route 7 bears no more")
        await preview(pilot)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(session.sent))
        proposal = session.negotiation.by_position(8)
        assert proposal is not None
        tabled = session.negotiation.proposal(proposal.id)
        assert tabled is not None
        assert tabled.clauses[1].clause.version == 2
        assert tabled.clauses[1].clause.object == "four trucks"
        assert tabled.clauses[0].accepted == {AMAL: False}


async def test_the_app_runs_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    session = north_bridge(BORIS)
    async with ChatApp(session, clock=session.clock).run_test(size=(60, 20)) as pilot:
        await until_shown(pilot, "PROPOSAL  No. 8")
        await pilot.press("r")
        await until_shown(pilot, "▶ CLAUSE-REPLY")


async def test_pasted_text_cannot_write_to_the_terminal() -> None:
    pasted, seen = "a\x1b]0;x\x07b", "a⟨U+001B⟩]0;x⟨U+0007⟩b"
    async with app_of(FakeSession(AMAL)).run_test(size=(60, 20)) as pilot:
        form = await begin(pilot, "QUESTION")
        for path in ("topic", "question"):
            [row] = [row for row in form.query(Row) if row.path == path]
            row.query("Input, TextArea").first().focus()
            await pilot.pause()
            pilot.app.post_message(events.Paste(pasted))
            await until_shown(pilot, seen)
        await until(pilot, lambda: form.form.values.get("question") == form.form.values.get("topic") == seen)
        assert "\x1b" not in shown(pilot.app)
