"""What happens because time has passed: escalations in the log, people told, receipts let go. Real clients, one clock."""

from dataclasses import replace
from pathlib import Path

import pytest

from channel.mls.proposals import Proposal
from client.conversation import Conversation
from client.escalating import overdue_words
from client.events import OutboxState
from client.seating import propose_charter
from protocols.messages import Role
from protocols.messages.receipt import Receipt
from protocols.negotiation import Level
from tests.support.timed import HOUR, MINUTE, SECOND, timed
from tests.support.waiting import eventually


async def test_each_step_is_logged_once_by_the_senders_device(tmp_path: Path) -> None:
    async with timed(tmp_path) as room:
        await room.come("Mira", Role.MEDIATOR)
        await room.come("Amal", Role.PARTY)
        await room.come("Boris", Role.PARTY)
        message = await room.say("Amal", "Boris", "IMMEDIATE")  # L2 is there; L4 within 30 minutes
        await room.pass_time(30 * MINUTE - SECOND)
        assert room.logged(message) == []
        await room.pass_time(SECOND)
        assert room.logged(message) == [("Amal", 4, "1x")]
        await room.pass_time(14 * MINUTE)
        assert room.logged(message) == [("Amal", 4, "1x")]
        await room.pass_time(MINUTE)
        assert room.logged(message) == [("Amal", 4, "1x"), ("Amal", 4, "1.5x")]
        await room.pass_time(15 * MINUTE)
        steps = [("Amal", 4, "1x"), ("Amal", 4, "1.5x"), ("Amal", 4, "2x")]
        assert room.logged(message) == steps
        await room.pass_time(48 * HOUR)
        assert room.logged(message) == steps
        for person in room.people.values():
            assert person.session.negotiation.rejected == ()
        assert room.steps("Amal") == [(4, "1x"), (4, "1.5x"), (4, "2x")]
        assert room.steps("Boris") == [(4, "1x")]
        assert room.steps("Mira") == [(4, "2x")]


async def test_what_is_acknowledged_in_time_is_nobodys_trouble(tmp_path: Path) -> None:
    async with timed(tmp_path) as room:
        await room.come("Mira", Role.MEDIATOR)
        boris = await room.come("Boris", Role.PARTY)
        message = await room.say("Mira", "Boris", "IMMEDIATE")
        await room.pass_time(29 * MINUTE)
        await boris.session.acknowledge(message.message_id)
        await room.level()
        await room.pass_time(48 * HOUR)
        assert room.logged(message) == []
        assert room.told == {"Mira": [], "Boris": []}


async def test_a_mediator_logs_the_last_step_where_the_sender_is_offline(tmp_path: Path) -> None:
    async with timed(tmp_path) as room:
        await room.come("Mira", Role.MEDIATOR)
        await room.come("Boris", Role.PARTY)
        await room.come("Amal", Role.PARTY)
        message = await room.say("Amal", "Boris", "IMMEDIATE")
        amal = room.people["Amal"].session.me
        await room.leave("Amal")
        await room.pass_time(60 * MINUTE)
        assert room.logged(message) == []  # a minute is left to the sender's device
        await room.pass_time(MINUTE)
        assert room.logged(message) == [("Mira", 4, "2x")]
        assert amal not in room.people
        assert room.steps("Mira") == [(4, "2x")]


async def test_two_mediators_take_turns(tmp_path: Path) -> None:
    async with timed(tmp_path) as room:
        await room.come("Mira", Role.MEDIATOR)
        await room.come("Boris", Role.PARTY)
        await room.come("Omar", Role.MEDIATOR)
        await room.come("Amal", Role.PARTY)
        message = await room.say("Amal", "Boris", "IMMEDIATE")
        await room.leave("Amal")
        await room.leave("Mira")
        await room.pass_time(61 * MINUTE)
        assert room.logged(message) == []
        await room.pass_time(MINUTE)
        assert room.logged(message) == [("Omar", 4, "2x")]


@pytest.mark.parametrize("behind_ms", [90 * SECOND, 20 * MINUTE])
async def test_nothing_is_logged_before_the_relays_time_agrees(tmp_path: Path, behind_ms: int) -> None:
    async with timed(tmp_path, relay_behind_ms=behind_ms) as room:
        mira = await room.come("Mira", Role.MEDIATOR)
        await room.come("Boris", Role.PARTY)
        message = await room.say("Mira", "Boris", "IMMEDIATE")
        due_ms = message.relay_time_ms + 30 * MINUTE
        await room.pass_time(due_ms - room.relay_clock.now_ms - SECOND)
        assert room.clock.now_ms > due_ms
        known = behind_ms > 2 * MINUTE  # then people are told by the relay's clock as well
        assert room.steps("Mira") == ([] if known else [(4, "1x")])
        assert room.logged(message) == []
        await room.pass_time(SECOND)
        assert room.logged(message) == [("Mira", 4, "1x")]
        assert room.steps("Mira") == [(4, "1x")]
        assert mira.session.negotiation.rejected == ()


async def test_a_restart_logs_what_became_due_meanwhile_once(tmp_path: Path) -> None:
    async with timed(tmp_path) as room:
        await room.come("Boris", Role.MEDIATOR)
        amal = await room.come("Amal", Role.PARTY)
        message = await room.say("Amal", "Boris", "IMMEDIATE")
        parley, info = amal.parley, amal.info
        await room.leave("Amal")
        await room.pass_time(31 * MINUTE)
        with_profile = room.parley_again("Amal")
        assert with_profile.participant_id == parley.participant_id
        await room.open("Amal", with_profile, info)
        assert room.steps("Amal") == [(4, "1x")]
        assert (
            room.logged(message) == []
        )  # the relay's clock may be two minutes behind, for all that is known
        await room.pass_time(MINUTE)
        assert room.logged(message) == [("Amal", 4, "1x")]
        await room.pass_time(13 * MINUTE)
        assert room.logged(message) == [("Amal", 4, "1x"), ("Amal", 4, "1.5x")]


async def test_what_is_long_past_alarms_nobody_again(tmp_path: Path) -> None:
    async with timed(tmp_path) as room:
        await room.come("Boris", Role.MEDIATOR)
        amal = await room.come("Amal", Role.PARTY)
        message = await room.say("Amal", "Boris", "IMMEDIATE")
        info = amal.info
        await room.leave("Amal")
        await room.leave("Boris")
        room.clock.now_ms += 8 * 24 * HOUR
        again = await room.open("Amal", room.parley_again("Amal"), info)
        assert room.logged(message) == []
        assert room.steps("Amal") == []
        overdue = again.session.negotiation.overdue(room.clock())
        assert [(late.level, late.step) for late in overdue] == [(4, "2x")]


async def test_who_comes_to_listen_late_is_told_all_the_same(tmp_path: Path) -> None:
    async with timed(tmp_path) as room:
        mira = await room.come("Mira", Role.MEDIATOR)
        await room.come("Boris", Role.PARTY)
        message = await room.say("Mira", "Boris", "IMMEDIATE")
        await room.pass_time(30 * MINUTE)
        names = {room.people["Boris"].session.me: "Boris"}
        (event,) = room.told["Mira"]
        assert event.message_id == message.message_id
        words = overdue_words(mira.session.negotiation, event.late, names)
        assert words.startswith(f"No. {message.position} to Boris (IMMEDIATE), logged ")
        assert words.endswith(": no acknowledgement; cause unknown")
        assert "bridge" not in words


async def test_what_the_relay_has_not_stored_in_time_is_told_offline(tmp_path: Path) -> None:
    async with timed(tmp_path) as room:
        mira = await room.come("Mira", Role.MEDIATOR)
        await room.come("Boris", Role.PARTY)
        session = mira.session
        session.line = None  # as between two connections
        fields = {"question": "Is the bridge open?", "form": "YES_NO", "topic": "bridge"}
        await session.send(session.compose("QUESTION", fields, precedence="IMMEDIATE"))
        room.clock.now_ms += 30 * SECOND
        session.notify()
        await eventually(lambda: room.steps("Mira") == [(1, "1x")], "Mira is told")
        (event,) = room.told["Mira"]
        assert event.addressee is None
        assert "not stored by the relay; cause unknown" in overdue_words(session.negotiation, event.late, {})
        assert [item.state for item in session.outbox()] == [OutboxState.QUEUED]


JITTER = (2.0, 30.0)


async def test_below_immediate_a_receipt_is_held_back_and_dated_when_it_leaves(tmp_path: Path) -> None:
    async with timed(tmp_path) as room:
        mira = await room.come("Mira", Role.MEDIATOR)
        boris = await room.come("Boris", Role.PARTY, receipt_jitter_s=JITTER)
        first = await room.say("Mira", "Boris")
        second = await room.say("Mira", "Boris", "PRIORITY")

        def level(message_id: bytes) -> Level:
            folded = mira.session.negotiation.message(message_id)
            assert folded is not None
            return folded.level(boris.session.me)

        assert level(first.message_id) is level(second.message_id) is Level.RELAYED
        size = mira.session.conversation.transcript.size
        await room.pass_time(1999)
        assert mira.session.conversation.transcript.size == size
        await room.pass_time(28 * SECOND)
        await room.pass_time(SECOND)
        assert level(first.message_id) is level(second.message_id) is Level.DELIVERED
        assert mira.session.conversation.transcript.size <= size + 2


async def test_at_immediate_and_by_hand_nothing_is_held_back(tmp_path: Path) -> None:
    async with timed(tmp_path) as room:
        mira = await room.come("Mira", Role.MEDIATOR)
        boris = await room.come("Boris", Role.PARTY, receipt_jitter_s=JITTER)
        urgent = await room.say("Mira", "Boris", "IMMEDIATE")
        assert urgent.level(boris.session.me) is Level.DELIVERED
        routine = await room.say("Mira", "Boris")
        await boris.session.acknowledge(routine.message_id)
        await room.level()
        size = mira.session.conversation.transcript.size
        seen = mira.session.negotiation.message(routine.id)
        assert seen is not None
        assert seen.level(boris.session.me) is Level.ACKNOWLEDGED
        await room.pass_time(40 * SECOND)
        assert mira.session.conversation.transcript.size == size  # it says all that the other would have


async def test_who_closes_early_sends_what_is_owed_the_next_time(tmp_path: Path) -> None:
    async with timed(tmp_path) as room:
        mira = await room.come("Mira", Role.MEDIATOR)
        boris = await room.come("Boris", Role.PARTY, receipt_jitter_s=(30, 30))
        message = await room.say("Mira", "Boris")
        info, me = boris.info, boris.session.me
        await room.leave("Boris")
        again = room.parley_again("Boris", receipt_jitter_s=(30, 30))
        await room.open("Boris", again, info)
        folded = mira.session.negotiation.message(message.id)
        assert folded is not None
        assert folded.level(me) is Level.DELIVERED


async def test_l3_is_sent_only_where_the_charter_wants_it(tmp_path: Path) -> None:
    async with timed(tmp_path) as room:
        mira = await room.come("Mira", Role.MEDIATOR)
        boris = await room.come("Boris", Role.PARTY)
        message = await room.say("Mira", "Boris")
        assert not boris.session.charter.displayed
        await boris.session.displayed([message.message_id])
        assert not [item for item in boris.session.outbox() if isinstance(item.message, Receipt)]

        def propose(conversation: Conversation) -> tuple[Proposal]:
            charter = conversation.transcript.epoch.charter
            return (propose_charter(replace(charter, displayed=True)),)

        def done(conversation: Conversation) -> bool:
            return conversation.transcript.epoch.charter.displayed

        await mira.session.commit(propose, intent=b"", done=done)
        await room.level()
        await boris.session.displayed([message.message_id])
        await room.level()
        folded = mira.session.negotiation.message(message.id)
        assert folded is not None
        assert folded.level(boris.session.me) is Level.DISPLAYED
        size = mira.session.conversation.transcript.size
        await boris.session.displayed([message.message_id])
        await room.level()
        assert mira.session.conversation.transcript.size == size
