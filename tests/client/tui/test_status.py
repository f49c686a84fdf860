from dataclasses import replace

import pytest
from rich.cells import cell_len

from client.events import Alarm, AlarmKind, ChannelStatus, ConnectionKind, ConnectionState
from client.tui import status
from tests.support.fake_session import FakeSession

MINUTE = 60_000


@pytest.mark.parametrize(
    ("state", "waiting", "words"),
    [
        (
            ConnectionState(kind=ConnectionKind.ONLINE, since_ms=0, last_contact_ms=10 * MINUTE),
            0,
            "(o) ONLINE, last contact just now",
        ),
        (ConnectionState(kind=ConnectionKind.CONNECTING, since_ms=0), 0, "(.) CONNECTING, no contact yet"),
        (
            ConnectionState(
                kind=ConnectionKind.OFFLINE, since_ms=0, last_contact_ms=0, detail="no\x1b route"
            ),
            2,
            "(x) OFFLINE, last contact 10 min ago, 2 NOT SENT YET: no⟨U+001B⟩ route",
        ),
        (
            ConnectionState(
                kind=ConnectionKind.ONLINE, since_ms=0, last_contact_ms=10 * MINUTE, skew_ms=3 * MINUTE
            ),
            0,
            "(o) ONLINE, last contact just now, RELAY CLOCK 3 MIN AHEAD OF OURS",
        ),
    ],
)
def test_the_connection_in_words(state: ConnectionState, waiting: int, words: str) -> None:
    assert status.connection_line(state, waiting=waiting, now_ms=10 * MINUTE, width=78) == words


@pytest.mark.parametrize("width", [58, 78, 200])
@pytest.mark.parametrize("title", ["North bridge", "A very long title " * 9, "北橋" * 60])
def test_the_channel_fits_and_keeps_what_matters(width: int, title: str) -> None:
    info = replace(FakeSession(title=title).info, mode="EXERCISE")
    line = status.channel_line(info, people=4, name="MIRA", place="3 of 7, 2 below", width=width)
    assert cell_len(line) <= width
    assert line.startswith("EXERCISE | ")
    assert line.endswith("4 people | 3 of 7, 2 below")


def test_the_alarm_says_what_was_seen_and_what_to_do() -> None:
    alarm = Alarm(kind=AlarmKind.ROLLBACK, detail="the log\x1b[2J shrank", ours=b"a", theirs=b"b")
    text = status.alarm_text(alarm)
    assert "ALARM (ROLLBACK)" in text
    assert "Seen: the log⟨U+001B⟩[2J shrank." in text
    assert "Both checkpoints are kept" in text
    assert "Nothing can be sent" in text
    assert "Both" not in status.alarm_text(replace(alarm, theirs=b""))


def test_what_blocks_sending() -> None:
    info = FakeSession().info
    assert status.blocked(None, info) is None
    assert "alarm" in (status.blocked(None, replace(info, status=ChannelStatus.STOPPED)) or "")
    assert "no longer a member" in (status.blocked(None, replace(info, status=ChannelStatus.REMOVED)) or "")
