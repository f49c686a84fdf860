"""The conversation as a person works in it, on both sizes that must do."""

from collections.abc import Callable

import pytest

from client.events import Alarm, AlarmKind, SendRefused
from client.tui.cards import Card, CardMaker, Item, key_of
from client.tui.dialogs import AskScreen, ChooseScreen, ReadScreen
from client.tui.wrapping import wrap
from protocols.messages import Message, Receipt
from protocols.messages.roles import Role
from protocols.negotiation import Participant
from tests.client.tui.hands import FORK, SIZES, app_of, screen, select
from tests.support.fake_session import AMAL, BORIS, MIRA, FakeSession, north_bridge
from tests.support.screens import shown, until, until_shown


@SIZES
async def test_opens_with_the_conversation_and_its_state(size: tuple[int, int]) -> None:
    async with app_of(north_bridge(BORIS)).run_test(size=size) as pilot:
        await until_shown(pilot, "PROPOSAL  No. 8")
        text = shown(pilot.app)
        assert "(o) ONLINE, last contact" in text
        assert "LIVE | North bridge" in text
        assert "4 people | 5 of 5" in text
        assert "221435Z NOV 26, 1 min ago" in text
        assert "from AMAL (party)" in text
        for key in ("a Ack", "r Answer", "b Readback", "n New", "? Help", "q Quit"):
            assert key in text
        assert max(len(line.rstrip()) for line in text.splitlines()) <= size[0]


@SIZES
async def test_shows_who_has_what_in_words(size: tuple[int, int]) -> None:
    session = north_bridge(MIRA)
    async with app_of(session).run_test(size=size) as pilot:
        await select(pilot, 4)
        await until_shown(pilot, "to AMAL: L4 acknowledged by a person; CLOSED: AFFIRM")
        await until_shown(pilot, "to BORIS: L1 relayed: the relay has stored it; answer OPEN")
        asked = session.negotiation.by_position(4)
        assert asked is not None
        session.receipt(BORIS, "DELIVERED", asked.message_id)
        await until_shown(pilot, "to BORIS: L2 delivered to the device; answer OPEN")
        session.say(
            BORIS,
            "RESPONSE",
            {"target": asked.id, "code": "STANDBY", "by": "221500Z NOV 26", "topic": "mines"},
            to=[MIRA],
        )
        await until_shown(pilot, "to BORIS: L2 delivered to the device; STANDBY until 221500Z NOV 26")


@SIZES
async def test_acknowledging_asks_once_and_says_what_it_does_not_mean(size: tuple[int, int]) -> None:
    session = north_bridge(BORIS)
    async with app_of(session).run_test(size=size) as pilot:
        await select(pilot, 1)
        await pilot.press("a")
        await until_shown(pilot, "Acknowledge No. 1, INFORM from AMAL?")
        await until_shown(pilot, "Acknowledgement is not agreement, belief, permission or waiver.")
        await pilot.press("enter", "space")
        assert isinstance(pilot.app.screen, AskScreen)
        assert not session.sent
        await pilot.press("y")
        await until_shown(pilot, "to YOU: L4 acknowledged by a person")
        [receipt] = session.sent
        assert isinstance(receipt, Receipt)
        assert receipt.level == "ACKNOWLEDGED"
        await pilot.press("a")
        await until_shown(pilot, "You have acknowledged No. 1 already.")
        assert len(session.sent) == 1


async def test_no_acknowledges_nothing() -> None:
    session = north_bridge(BORIS)
    async with app_of(session).run_test(size=(80, 24)) as pilot:
        await select(pilot, 1)
        await pilot.press("a", "n")
        await until(pilot, lambda: pilot.app.screen is screen(pilot))
        assert not session.sent


async def test_an_acknowledgement_on_its_way_is_not_sent_twice() -> None:
    session = north_bridge(BORIS)
    session.go_offline()
    async with app_of(session).run_test(size=(80, 24)) as pilot:
        await select(pilot, 1)
        await pilot.press("a", "y")
        await until(pilot, lambda: len(session.sent) == 1)
        await pilot.press("a")
        await until_shown(pilot, "is on its way already")
        assert len(session.sent) == 1


@SIZES
async def test_only_legal_answers_are_offered(size: tuple[int, int]) -> None:
    session = north_bridge(BORIS)
    async with app_of(session).run_test(size=size) as pilot:
        await select(pilot, 4)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChooseScreen))
        for code in ("AFFIRM", "NEGATIVE", "UNABLE", "STANDBY", "NOT-UNDERSTOOD"):
            await until_shown(pilot, code)
        assert "WILCO" not in shown(pilot.app)
        assert "ROGER" not in shown(pilot.app)
        await pilot.press("enter")
        await until_shown(pilot, "Answer AFFIRM to No. 4, QUESTION?")
        await pilot.press("y")
        await until_shown(pilot, "to MIRA: L1 relayed")
        [answer] = session.sent
        assert isinstance(answer, Message)
        assert answer.envelope.to == (MIRA,)
        asked = session.negotiation.by_position(4)
        assert asked is not None
        assert not asked.is_open
        await select(pilot, 4)
        await pilot.press("r")
        await until_shown(pilot, "You have closed No. 4 with AFFIRM")


@pytest.mark.parametrize(
    ("me", "position", "why"),
    [
        (MIRA, 4, "is your own message"),
        (AMAL, 7, "is not addressed to you"),
        (MIRA, 6, "wants no answer"),
    ],
)
async def test_says_why_there_is_nothing_to_answer(me: str, position: int, why: str) -> None:
    session = north_bridge(me)
    async with app_of(session).run_test(size=(60, 20)) as pilot:
        await select(pilot, position)
        await pilot.press("r")
        await until_shown(pilot, why)
        assert not session.sent


@SIZES
async def test_a_lost_connection_is_seen_and_what_is_written_waits(size: tuple[int, int]) -> None:
    session = north_bridge(BORIS)
    async with app_of(session).run_test(size=size) as pilot:
        session.go_offline("no route")
        await until_shown(pilot, "(x) OFFLINE, last contact 6 min ago: no route")
        await select(pilot, 4)
        await pilot.press("r", "enter", "y")
        await until_shown(pilot, "L0 QUEUED: not sent yet, nobody has it")
        await until_shown(pilot, "1 NOT SENT YET")
        session.go_online()
        await until_shown(pilot, "(o) ONLINE, last contact just now")
        await until_shown(pilot, "RESPONSE  No. 9")
        assert "NOT SENT YET" not in shown(pilot.app)
        selected = screen(pilot).transcript.selected
        assert selected is not None
        assert key_of(selected) == session.negotiation.messages[-1].id


@SIZES
@pytest.mark.parametrize("key", ["a", "r", "b", "n"])
async def test_an_alarm_cannot_be_missed_and_blocks_sending(size: tuple[int, int], key: str) -> None:
    session = north_bridge(BORIS)
    async with app_of(session).run_test(size=size) as pilot:
        await select(pilot, 4)
        session.raise_alarm(FORK)
        await until_shown(pilot, "!!! ALARM (FORK): THIS CHANNEL IS STOPPED. Nothing can be sent.")
        await until_shown(pilot, "Seen: the relay signed two different logs of 14 entries.")
        await until_shown(pilot, "Tell the others by another route.")
        await pilot.press(key)
        await until_shown(pilot, "Nothing was sent: an alarm has stopped this channel.")
        assert not session.sent


async def test_an_alarm_between_question_and_yes_sends_nothing() -> None:
    session = north_bridge(BORIS)
    async with app_of(session).run_test(size=(80, 24)) as pilot:
        await select(pilot, 1)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskScreen))
        session.raise_alarm(FORK)
        await pilot.press("y")
        await until_shown(pilot, "Nothing was sent: an alarm")
        assert not session.sent


async def test_a_message_that_arrives_does_not_move_the_selection() -> None:
    session = north_bridge(BORIS)
    async with app_of(session).run_test(size=(80, 24)) as pilot:
        await select(pilot, 4)
        session.say(AMAL, "QUESTION", {"question": "Ready?", "form": "YES_NO", "topic": "t"}, to=[BORIS])
        await until_shown(pilot, "2 of 6")
        await pilot.press("a")
        await until_shown(pilot, "Acknowledge No. 4, QUESTION from MIRA?")


async def test_a_rejected_entry_has_its_place() -> None:
    session = north_bridge(BORIS)
    verdict = session.enter(AMAL, bytes(15) + b"\xff", b"not a message")
    assert not verdict.accepted
    async with app_of(session).run_test(size=(60, 20)) as pilot:
        await until_shown(pilot, "REJECTED ENTRY  No. 9")
        await until_shown(pilot, "It counts for nothing")


async def test_a_refused_message_is_not_silent() -> None:
    session = north_bridge(BORIS)
    async with app_of(session).run_test(size=(60, 20)) as pilot:
        await until_shown(pilot, "5 of 5")
        session.publish(SendRefused(message_id=bytes(16), detail="the relay does not take it: too large"))
        await until_shown(pilot, "NOT SENT: the relay does not take it: too large")


@pytest.mark.parametrize(
    "hostile", ["\x1b]52;c;cm0gLXJm\x07\x00", "\u202e\x9b31m\x1b[2J"], ids=["OSC 52", "C1, CSI, bidi"]
)
async def test_what_a_peer_names_itself_never_reaches_the_terminal_raw(hostile: str) -> None:
    # The message language refuses such text in its fields; names and titles of a charter have no such rule.
    roster = (
        Participant(MIRA, "MIRA", Role.MEDIATOR),
        Participant(AMAL, f"AM{hostile}AL[bold]\n▶ MIRA", Role.PARTY),
    )
    session = FakeSession(MIRA, roster=roster, title=f"North{hostile}\nbridge")
    session.say(AMAL, "QUESTION", {"question": "Ready?", "form": "YES_NO", "topic": "t"}, to=[MIRA])
    alarm = Alarm(kind=AlarmKind.FORK, detail=f"seen {hostile}")
    async with app_of(session).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "QUESTION  No. 1")
        for keys in ((), ("a",), ("n",), ("r",), ("v",), ("n", "down", "down", "enter"), ("ctrl+g",)):
            await pilot.press(*keys)
            await pilot.pause()
            text = shown(pilot.app)
            assert not any(character in text for character in hostile if not character.isprintable())
            await pilot.press("ctrl+g")
        await until(pilot, lambda: pilot.app.screen is screen(pilot))
        session.raise_alarm(alarm)
        await until_shown(pilot, "ALARM (FORK)")
        assert not any(character in shown(pilot.app) for character in hostile if not character.isprintable())
        assert f"⟨U+{ord(hostile[0]):04X}⟩" in shown(pilot.app)


async def test_only_visible_messages_are_made_and_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    session = FakeSession(MIRA)
    fields = {"question": "Is the bridge clear? " + "word " * 40, "form": "YES_NO", "topic": "bridge"}
    for _ in range(2000):
        session.say(AMAL, "QUESTION", fields, to=[MIRA])
    carded: set[str] = set()
    wrapped = 0
    card = CardMaker.card

    def counted_card(self: CardMaker, item: Item, now_ms: int) -> Card:
        carded.add(key_of(item))
        return card(self, item, now_ms)

    def counted_wrap(text: str, width: int, *, hang: int = 0) -> tuple[str, ...]:
        nonlocal wrapped
        wrapped += 1
        return wrap(text, width, hang=hang)

    monkeypatch.setattr(CardMaker, "card", counted_card)
    monkeypatch.setattr("client.tui.transcript.wrap", counted_wrap)
    async with app_of(session).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "2000 of 2000")
        assert len(carded) <= 8
        assert wrapped <= 100
        await pilot.press("home")
        await until_shown(pilot, "1 of 2000")
        await pilot.press("end", "pageup")
        assert len(carded) <= 24


async def test_an_idle_screen_draws_nothing_and_ages_are_drawn_when_they_change() -> None:
    session = north_bridge(BORIS)
    async with app_of(session).run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "221435Z NOV 26, 1 min ago")
        drawn: list[str] = []
        view, conversation = screen(pilot).transcript, screen(pilot)
        original: Callable[..., object] = view.refresh

        def counted(*args: object, **kwargs: object) -> object:
            drawn.append("transcript")
            return original(*args, **kwargs)

        view.refresh = counted  # type: ignore[method-assign,assignment]  # counting what is drawn
        for _ in range(5):
            conversation._on_tick()
        assert not drawn
        session.clock.forward(120)
        conversation._on_tick()
        assert drawn
        await until_shown(pilot, "221435Z NOV 26, 3 min ago")


@SIZES
async def test_help_and_the_whole_message(size: tuple[int, int]) -> None:
    async with app_of(north_bridge(BORIS)).run_test(size=size) as pilot:
        await select(pilot, 4)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReadScreen))
        await until_shown(pilot, "KEYS")
        await pilot.press("ctrl+g", "f1")
        await until(pilot, lambda: isinstance(pilot.app.screen, ReadScreen))
        await pilot.press("ctrl+g", "v")
        await until_shown(pilot, "2026-11-22T14:31:00Z")


async def test_a_tall_message_can_be_read_to_its_end() -> None:
    session = FakeSession(BORIS)
    fields = {
        "statement": "word " * 199 + "LAST",
        "basis": "OWN_OBSERVATION",
        "as_of": "221425Z NOV 26",
        "topic": "t",
    }
    session.say(AMAL, "INFORM", fields, to=[BORIS])
    async with app_of(session).run_test(size=(60, 20)) as pilot:
        await until_shown(pilot, "INFORM  No. 1")
        assert "LAST" not in shown(pilot.app)
        await pilot.press("j", "j", "j")
        await until_shown(pilot, "LAST")
        await pilot.press("k", "k", "k")
        await until_shown(pilot, "INFORM  No. 1")


async def test_quits() -> None:
    app = app_of(north_bridge(BORIS))
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
