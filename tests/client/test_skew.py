"""Two clocks that differ by more than two minutes are noticed, whichever is wrong."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.events import ClocksDiffer
from client.parley import Parley, utc_milliseconds
from client.skew import MAX_SKEW_MS, RelayClock, skew_ms, skew_words
from protocols.messages import Role
from tests.support.clients import TIMEOUT_S, admit, make_profile, opened, parley_of
from tests.support.desks import Desk, office
from tests.support.relay_process import running_relay

MINUTE = 60_000
HOUR = 60 * MINUTE
times = st.integers(0, 2**42)


@given(times, times, times)
def test_a_time_in_between_or_nearly_so_is_no_skew(relay: int, one: int, other: int) -> None:
    earliest, latest = sorted((one, other))
    found = skew_ms(relay, earliest_ms=earliest, latest_ms=latest)
    if earliest - MAX_SKEW_MS <= relay <= latest + MAX_SKEW_MS:
        assert found == 0
    elif relay > latest:
        assert found == relay - latest > MAX_SKEW_MS
    else:
        assert found == relay - earliest < -MAX_SKEW_MS


@pytest.mark.parametrize(
    ("skew", "words"),
    [
        (0, ""),
        (3 * MINUTE, "relay clock 3 min ahead of ours"),
        (-150_000, "relay clock 2 min behind ours"),
        (5 * HOUR + MINUTE, "relay clock 5 h ahead of ours"),
        (-72 * HOUR, "relay clock 3 days behind ours"),
    ],
)
def test_the_words(skew: int, words: str) -> None:
    assert skew_words(skew) == words


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[list[Desk]]:
    made = office(tmp_path, "Mira", "Amal")
    yield made
    for desk in made:
        desk.close()


def set_clock(desk: Desk, ahead_ms: int) -> None:
    """Put this client's clock ahead of the relay's."""
    desk.journal._clock = lambda: desk.relay.clock.now_ms + ahead_ms


def test_an_entry_of_the_future_shows_the_relays_clock_ahead(desks: list[Desk]) -> None:
    mira, amal = desks
    for ahead_ms, skew in ((MAX_SKEW_MS, 0), (MAX_SKEW_MS + 1, MAX_SKEW_MS + 1), (HOUR, HOUR)):
        mira.say("one")
        mira.settle()
        set_clock(amal, -ahead_ms)
        amal.receive()
        assert amal.journal.skew_ms == skew
    assert mira.journal.skew_ms == 0


def test_it_is_known_from_the_start_and_until_the_clocks_agree(desks: list[Desk]) -> None:
    mira, amal = desks
    mira.say("one")
    mira.settle()
    set_clock(amal, -HOUR)
    amal.receive()
    amal.relay.clock.tick(-HOUR)
    amal.restart()
    assert amal.journal.skew_ms == HOUR
    amal.relay.clock.tick(HOUR)
    mira.say("two")
    mira.settle()
    amal.receive()
    assert amal.journal.skew_ms == HOUR  # what others said shows nothing
    amal.say("three")
    amal.settle()
    assert amal.journal.skew_ms == 0


def test_a_message_ordered_before_it_was_said_shows_the_relays_clock_behind(desks: list[Desk]) -> None:
    mira, amal = desks
    set_clock(amal, HOUR)
    amal.settle()
    assert amal.journal.skew_ms == 0  # an old entry is only an old entry
    amal.say("one")
    amal.settle()
    assert -HOUR <= amal.journal.skew_ms < -HOUR + MINUTE
    before = amal.journal.skew_ms
    mira.settle()
    mira.say("two")
    mira.settle()
    amal.receive()
    assert amal.journal.skew_ms == before  # what others said shows nothing
    set_clock(amal, 0)
    amal.say("three")
    amal.settle()
    assert amal.journal.skew_ms == 0


def test_waiting_long_for_a_relay_is_no_skew(desks: list[Desk]) -> None:
    _mira, amal = desks
    amal.say("one")
    amal.relay.clock.tick(48 * HOUR)
    amal.settle()
    assert amal.journal.skew_ms == 0


@pytest.mark.parametrize("ahead_ms", [-HOUR // 2, HOUR // 2])
async def test_people_are_told_once(tmp_path: Path, ahead_ms: int) -> None:
    """A real relay, and a client whose clock is half an hour wrong."""
    async with running_relay(tmp_path / "relay") as relay:
        profile = make_profile(tmp_path / "Mira", "Mira")
        parley = Parley(
            profile,
            clock=lambda: utc_milliseconds() + ahead_ms,
            uniform=lambda: 0.0,
            receipt_jitter_s=(0, 0),
        )
        info = await parley.create_channel(relay.url, title="North bridge", role=Role.MEDIATOR)
        told: list[int] = []
        async with opened(parley, info) as mira:

            async def listen() -> None:
                async for event in mira.session.events():
                    if isinstance(event, ClocksDiffer):
                        told.append(event.skew_ms)

            listening = asyncio.create_task(listen())
            with make_profile(tmp_path / "Amal", "Amal") as other:
                await admit(mira, parley_of(other))
            for question in ("One?", "Two?"):
                await mira.ask(question)
                await mira.session.caught_up(TIMEOUT_S)
            await mira.session.wait_for(lambda _: bool(told), TIMEOUT_S)
            skew = mira.session.connection.skew_ms
            listening.cancel()
        profile.close()
    assert len(told) == 1
    for found in (*told, skew):
        assert abs(found + ahead_ms) < MINUTE


offsets = st.integers(-10 * HOUR, 10 * HOUR)


@given(offsets, st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, HOUR)), min_size=1, max_size=8))
def test_the_relays_clock_is_never_thought_to_be_later_than_it_is(
    ahead: int, entries: list[tuple[int, int]]
) -> None:
    """Whatever entries were read after whatever delay: what it shows at least, it shows."""
    clock, last = RelayClock(), 0
    for ordered_ms, delay_ms in sorted(entries):
        last = max(last, ordered_ms) + delay_ms
        clock.heard(ordered_ms + ahead, now_ms=last)
    for later in (0, MINUTE, 24 * HOUR):
        known = ahead if abs(ahead) > MAX_SKEW_MS else 0
        assert clock.earliest(last + later, known) <= last + later + ahead


def test_an_entry_of_ours_just_read_tells_nearly_exactly() -> None:
    clock = RelayClock()
    assert clock.earliest(HOUR, 0) == HOUR - MAX_SKEW_MS  # nothing is known yet
    clock.heard(HOUR - 50, now_ms=HOUR, said_ms=HOUR - 100)
    assert clock.earliest(2 * HOUR, 0) == 2 * HOUR - 50
    clock.heard(0, now_ms=HOUR)  # an old entry, read late
    assert clock.earliest(2 * HOUR, 0) == 2 * HOUR - 50
    # Our clock is put forward: an entry of ours shows it, an old one of ours does not.
    clock.heard(HOUR, now_ms=3 * HOUR, said_ms=HOUR - 100)
    assert clock.earliest(4 * HOUR, 0) == 4 * HOUR - 50
    clock.heard(2 * HOUR, now_ms=3 * HOUR, said_ms=3 * HOUR - 100)
    assert clock.earliest(4 * HOUR, -HOUR) == 3 * HOUR
