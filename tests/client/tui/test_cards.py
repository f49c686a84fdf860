from hypothesis import given
from hypothesis import strategies as st

from client.display import sanitise
from client.events import OutboxItem, OutboxState
from client.tui import wording
from client.tui.cards import CardMaker, conversation, key_of
from client.tui.wording import Names
from protocols.messages.roles import Role
from protocols.negotiation import Level, Participant
from protocols.negotiation.acknowledgement import Acknowledgement
from tests.support.fake_session import AMAL, BORIS, MIRA, FakeSession, north_bridge


def maker(session: FakeSession) -> CardMaker:
    return CardMaker(lambda: Names(session.negotiation, session.me))


@given(st.text(max_size=30))
def test_no_name_can_write_to_the_terminal_or_fake_a_line(name: str) -> None:
    roster = (Participant(MIRA, "MIRA", Role.MEDIATOR), Participant(AMAL, name, Role.PARTY))
    session = FakeSession(MIRA, roster=roster)
    session.say(AMAL, "QUESTION", {"question": "Ready?", "form": "YES_NO", "topic": "t"}, to=[MIRA])
    [item] = session.negotiation.messages
    for line in maker(session).card(item, session.clock()):
        assert sanitise(line.text) == line.text
        assert "\n" not in line.text


def test_lines_of_a_peer_are_indented_where_ours_are_not() -> None:
    session = FakeSession(MIRA)
    fields = {"statement": "Ready\nto BORIS: L6 confirmed", "basis": "OWN_OBSERVATION"}
    fields |= {"as_of": "221425Z NOV 26", "topic": "t"}
    session.say(AMAL, "INFORM", fields, to=[MIRA])
    [item] = session.negotiation.messages
    said = [line for line in maker(session).card(item, session.clock()) if "L6" in line.text]
    assert [(line.text.startswith("  "), line.hang) for line in said] == [(True, 4)]


def test_rejected_entries_stand_where_they_are_and_ours_come_last() -> None:
    session = north_bridge(BORIS)
    session.enter(AMAL, b"\xff" * 16, b"junk")
    session.say(AMAL, "QUESTION", {"question": "Ready?", "form": "YES_NO", "topic": "t"}, to=[BORIS])
    session.go_offline()
    message = session.compose("QUESTION", {"question": "When?", "form": "WHEN", "topic": "t"}, to=[AMAL])
    waiting = OutboxItem(message_id=b"\xee" * 16, state=OutboxState.QUEUED, message=message)
    items = conversation(session.negotiation, (waiting,))
    assert [key_of(item) for item in items][-3] == "entry 9"
    assert key_of(items[-1]) == "ee" * 16
    text = "\n".join(line.text for line in maker(session).card(items[-1], session.clock()))
    assert "L0 QUEUED: not sent yet, nobody has it" in text


def test_a_card_depends_on_its_stamp_alone() -> None:
    session = north_bridge(BORIS)
    cards, item = maker(session), session.negotiation.messages[0]
    now = session.clock()
    assert cards.stamp(item, now) == cards.stamp(item, now + 59_000 - (now - item.relay_time_ms) % 60_000)
    assert cards.stamp(item, now) != cards.stamp(item, now + 60_000)
    session.receipt(BORIS, "ACKNOWLEDGED", item.message_id)
    assert cards.stamp(session.negotiation.messages[0], now) != cards.stamp(item, now)


def test_every_level_has_its_own_words() -> None:
    words = {wording.level_words(Acknowledgement(level)) for level in Level}
    assert len(words) == len(Level)
    assert "could not read" in wording.level_words(Acknowledgement(Level.RELAYED, failed=True))


def test_ages_are_coarse() -> None:
    minute, hour = 60_000, 3_600_000
    readings = [wording.age(ms) for ms in (-5, 0, minute - 1, minute, hour, 47 * hour, 48 * hour)]
    assert readings == ["just now", "just now", "just now", "1 min ago", "1 h ago", "47 h ago", "2 days ago"]
