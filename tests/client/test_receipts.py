"""Receipts of devices: what is owed and what is not, for how long it is held back, in how few entries it leaves."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.receipts import DEFAULT_JITTER_S, NO_JITTER, Jitter, make_up, owed_for_display
from client.store import OutboxRow, OutboxState
from protocols.messages import compose_escalation, compose_receipt, decode_body, encode_body
from protocols.messages.envelope import Precedence
from protocols.messages.receipt import MAX_MESSAGES_PER_RECEIPT, Receipt, ReceiptLevel
from protocols.messages.values import format_time
from protocols.negotiation import ACKNOWLEDGEMENT_DUE, ChannelTerms, RosterChange
from tests.protocols.negotiation.talks import AMAL, BORIS, MIRA, QUESTION, ROSTER, Talks
from tests.support.desks import Desk, office, quiet
from tests.support.simulator import flipped

MINUTE = 60_000
TERMS = ChannelTerms()
uniforms = st.floats(0, 1, exclude_max=True)


# for how long


@given(uniforms)
@pytest.mark.parametrize("precedence", ["ROUTINE", "PRIORITY"])
def test_below_immediate_it_is_drawn_from_the_whole_range(precedence: Precedence, uniform: float) -> None:
    delay = Jitter(*DEFAULT_JITTER_S).delay_ms(precedence, TERMS, uniform)
    assert 2000 <= delay <= 30_000
    assert delay == round(2000 + uniform * 28_000)


@given(uniforms)
@pytest.mark.parametrize("precedence", ["IMMEDIATE", "FLASH"])
def test_at_immediate_and_above_there_is_no_delay(precedence: Precedence, uniform: float) -> None:
    assert Jitter(*DEFAULT_JITTER_S).delay_ms(precedence, TERMS, uniform) == 0


@given(uniforms, st.integers(1, 400))
def test_it_is_never_more_than_a_tenth_of_the_timer(uniform: float, seconds: int) -> None:
    terms = ChannelTerms(timers={**ACKNOWLEDGEMENT_DUE, ("ROUTINE", 2): seconds})
    delay = Jitter(*DEFAULT_JITTER_S).delay_ms("ROUTINE", terms, uniform)
    assert 0 <= delay <= min(30_000, seconds * 100)


@given(uniforms)
def test_what_nobody_could_read_may_have_been_urgent(uniform: float) -> None:
    assert 0 < Jitter(*DEFAULT_JITTER_S).delay_ms(None, TERMS, uniform) <= 18_000  # a tenth of FLASH's 3 min


@pytest.mark.parametrize("bounds", [(-1, 0), (2, 1)])
def test_a_range_that_is_none(bounds: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="a delay"):
        Jitter(*bounds)


# what leaves


def row(sequence: int, body: bytes) -> OutboxRow:
    return OutboxRow(
        sequence=sequence,
        log_id=bytes(32),
        message_id=sequence.to_bytes(16),
        body=body,
        queued_ms=0,
        state=OutboxState.QUEUED,
        sealed=None,
        position=None,
    )


def receipt(level: ReceiptLevel, *messages: str, positions: tuple[int, ...] = ()) -> bytes:
    sent = "2026-11-22T14:00:00Z"
    return encode_body(
        compose_receipt(level, sender=BORIS, sent=sent, messages=messages, positions=positions)
    )


def made(talks: Talks, *bodies: bytes) -> list[object]:
    """What leaves for these bodies, read again."""
    rows = [row(sequence, body) for sequence, body in enumerate(bodies)]
    found = make_up(rows, talks.negotiation, me=BORIS, sent=format_time(talks.now_ms))
    kept = {one.sequence for one in found.rows}
    assert kept | found.dropped == set(range(len(bodies)))
    assert not kept & found.dropped
    assert all(one.body == rows[one.sequence].body for one in found.rows if one.sequence not in found.changed)
    assert all(first.sequence < second.sequence for first, second in pairwise(found.rows))
    return [decode_body(one.body) for one in found.rows]


def test_receipts_of_one_level_leave_as_one_dated_now() -> None:
    talks = Talks()
    ids = [talks.say("QUESTION", AMAL, BORIS, QUESTION) for _ in range(3)]
    (one,) = made(talks, receipt("DELIVERED", ids[0], ids[1]), receipt("DELIVERED", ids[2]))
    assert isinstance(one, Receipt)
    assert (one.level, one.messages, one.sent) == ("DELIVERED", tuple(ids), format_time(talks.now_ms))


def test_levels_stand_apart_and_words_keep_their_place() -> None:
    talks = Talks()
    first, second = (talks.say("QUESTION", AMAL, BORIS, QUESTION) for _ in range(2))
    answer = talks.body("RESPONSE", BORIS, [AMAL], {"target": first, "code": "AFFIRM"})
    bodies = (
        receipt("DELIVERED", first),
        answer,
        receipt("DELIVERY_ERROR", positions=(1,)),
        receipt("ACKNOWLEDGED", first),
        receipt("DELIVERED", second),
        receipt("DISPLAYED", second),
    )
    found = made(talks, *bodies)
    levels = [one.level if isinstance(one, Receipt) else None for one in found]
    assert levels == ["DELIVERED", None, "DELIVERY_ERROR", "ACKNOWLEDGED", "DISPLAYED"]


def test_a_hand_that_acknowledges_is_never_made_up_anew() -> None:
    talks = Talks()
    message = talks.say("QUESTION", AMAL, BORIS, QUESTION)
    body = receipt("ACKNOWLEDGED", message)
    talks.receipt("ACKNOWLEDGED", BORIS, message)
    assert made(talks, body) == [decode_body(body)]


def test_what_the_log_shows_already_is_not_said_again() -> None:
    talks = Talks()
    first, second = (talks.say("QUESTION", AMAL, BORIS, QUESTION) for _ in range(2))
    talks.receipt("ACKNOWLEDGED", BORIS, first)
    (one,) = made(talks, receipt("DELIVERED", first, second), receipt("DISPLAYED", first))
    assert isinstance(one, Receipt)
    assert one.messages == (second,)
    talks.receipt("DELIVERED", BORIS, second)
    assert made(talks, receipt("DELIVERED", first, second)) == []


def test_none_names_more_than_it_may() -> None:
    talks = Talks()
    ids = [talks.say("QUESTION", AMAL, BORIS, QUESTION) for _ in range(2 * MAX_MESSAGES_PER_RECEIPT)]
    half = MAX_MESSAGES_PER_RECEIPT // 2
    parts = [ids[start : start + half] for start in range(0, len(ids), half)]
    found = made(talks, *(receipt("DELIVERED", *part) for part in parts))
    named = [one.messages for one in found if isinstance(one, Receipt)]
    assert [len(part) for part in named] == [MAX_MESSAGES_PER_RECEIPT] * 2
    assert [name for part in named for name in part] == ids


def test_an_escalation_that_is_true_no_more_does_not_leave() -> None:
    talks = Talks()
    message = talks.say("QUESTION", BORIS, [AMAL, MIRA], QUESTION, precedence="IMMEDIATE")
    talks.now_ms += 20 * MINUTE
    sent = format_time(talks.now_ms)
    notes = [
        encode_body(compose_escalation(message, who, 2, "1x", sender=BORIS, sent=sent))
        for who in (AMAL, MIRA)
    ]
    assert len(made(talks, *notes)) == 2
    talks.receipt("DELIVERED", AMAL, message)
    assert made(talks, *notes) == [decode_body(notes[1])]
    talks.receive(BORIS, notes[1])
    assert made(talks, *notes) == []


# on screen


def displaying(talks: Talks) -> None:
    """The charter comes to want L3."""
    talks.position += 1
    talks.negotiation.handshake(
        RosterChange(
            position=talks.position,
            relay_time_ms=talks.now_ms,
            epoch=2,
            roster=ROSTER,
            terms=ChannelTerms(displayed=True),
        )
    )


def shown(talks: Talks, *ids: str, already: tuple[str, ...] = ()) -> list[str]:
    asked = [bytes.fromhex(one) for one in ids]
    owed = owed_for_display(talks.negotiation, BORIS, asked, already)
    assert {one.level for one in owed} <= {"DISPLAYED"}
    return [name for one in owed for name in one.messages]


def test_l3_is_owed_once_for_messages_of_others_where_the_charter_wants_it() -> None:
    talks = Talks()
    theirs = [talks.say("QUESTION", AMAL, BORIS, QUESTION) for _ in range(3)]
    ours = talks.say("QUESTION", BORIS, AMAL, QUESTION)
    assert shown(talks, *theirs) == []
    displaying(talks)
    talks.receipt("DELIVERED", BORIS, theirs[0])
    talks.receipt("ACKNOWLEDGED", BORIS, theirs[1])
    assert shown(talks, *theirs, theirs[0], ours, "0" * 32) == [theirs[0], theirs[2]]
    assert shown(talks, *theirs, already=(theirs[0],)) == [theirs[2]]


# in a client


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[list[Desk]]:
    made = office(tmp_path, "Mira", "Amal", "Boris")
    yield made
    for desk in made:
        desk.close()


def hold(desk: Desk, seconds: float) -> None:
    """Let a client hold back its receipts for so long."""
    desk.journal._receipts._jitter = Jitter(seconds, seconds)


def test_what_is_held_back_is_kept_but_nobody_waits_for_it(desks: list[Desk]) -> None:
    mira, amal, boris = desks
    hold(boris, 20)
    boris.relay.clock.now_ms += 1
    for text in ("one", "two"):
        amal.say(text)
        amal.settle()
        boris.receive()
    assert (boris.journal.waiting, boris.journal.sealed()) == ([], ())
    release_ms = boris.journal.next_release_ms
    assert release_ms is not None
    boris.relay.clock.now_ms = release_ms
    assert len(boris.journal.waiting) >= 1
    boris.relay.clock.now_ms += 20_000
    assert len(boris.journal.waiting) == 2
    assert len(boris.journal.sealed()) == 1  # what comes due together leaves together
    quiet(desks)
    negotiation = mira.conversation.transcript.negotiation
    assert negotiation.undelivered_to_me(boris.id) == ()
    assert boris.journal.next_release_ms is None


def test_a_clock_that_is_put_back_holds_nothing_for_ever(desks: list[Desk]) -> None:
    _mira, amal, boris = desks
    hold(boris, 20)
    amal.say("one")
    amal.settle()
    boris.receive()
    assert boris.journal.waiting == []
    boris.relay.clock.now_ms -= 24 * 60 * MINUTE
    assert len(boris.journal.waiting) == 1


def test_after_a_restart_it_leaves_at_once(desks: list[Desk]) -> None:
    _mira, amal, boris = desks
    hold(boris, 20)
    amal.say("one")
    amal.settle()
    boris.receive()
    boris.restart()
    assert len(boris.journal.sealed()) == 1


def breaking_a_rule(boris: Desk) -> None:
    body = compose_receipt(
        "ACKNOWLEDGED", sender=boris.id, sent=format_time(boris.relay.clock.now_ms), messages=["0" * 32]
    )
    boris.journal.queue(encode_body(body))


def no_message_at_all(boris: Desk) -> None:
    boris.journal.queue(b"\xc0")


def in_anothers_name(boris: Desk) -> None:
    body = compose_receipt("ACKNOWLEDGED", sender="0" * 32, sent="2026-11-22T14:00:00Z", messages=["0" * 32])
    boris.journal.queue(encode_body(body))


@pytest.mark.parametrize("hostile", [breaking_a_rule, no_message_at_all, in_anothers_name])
def test_what_counts_for_nothing_gets_no_receipt(desks: list[Desk], hostile: Callable[[Desk], None]) -> None:
    mira, _amal, boris = desks
    hostile(boris)
    boris.send()
    mira.receive()
    (entry,) = mira.conversation.transcript.negotiation.rejected
    assert entry.reason in ("unknown-target", "malformed", "from-mismatch")
    assert mira.journal.waiting == []


def test_garbage_of_the_relays_own_gets_no_receipt_but_an_undecipherable_message_does(
    desks: list[Desk],
) -> None:
    mira, _amal, boris = desks
    key = boris.conversation.access_key()[1]
    honest = boris.conversation.group.seal(bytes(300), authenticated_data=bytes(35), random=boris.random)
    mira.log.inject(b"\x01garbage")
    mira.receive()
    assert mira.journal.waiting == []
    mira.log.append(flipped(honest.message), None, access_key=key)
    mira.receive()
    (owed,) = mira.journal.waiting
    body = decode_body(owed.body)
    assert isinstance(body, Receipt)
    assert body.level == "DELIVERY_ERROR"


def test_no_jitter_draws_no_random_bytes(desks: list[Desk]) -> None:
    """So that a client without delay behaves as if there were none."""
    assert NO_JITTER.delay_ms("ROUTINE", TERMS, 0.5) == 0
    _mira, amal, boris = desks
    amal.say("one")
    amal.settle()
    drawn: list[int] = []

    def counting(size: int) -> bytes:
        drawn.append(size)
        return bytes(size)

    boris.journal._receipts._random = counting
    boris.receive()
    assert drawn == [16]  # the receipt's id
