"""Two ends in one test, and every move that is not legal."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.relay import wire
from protocols.relay.connection import ANSWERS, TRANSITIONS, Connection, Role, State
from protocols.relay.frames import (
    KINDS,
    Append,
    Authorise,
    Authorised,
    Create,
    Done,
    EndOfEpoch,
    Entries,
    Frame,
    Greeting,
    Hello,
    MailboxContents,
    MailboxRead,
    Receipt,
    Receipts,
    RefusalCode,
    Refused,
    Subscribe,
    Unsubscribe,
)
from tests.protocols.relay.samples import KEY, LIMITS, LOG, MAILBOX, SAMPLES

OTHER = bytes(32)
GREETING = Greeting(version=1, relay_vkey="relay", challenge=bytes(32), limits=LIMITS)
SUBSCRIBE = Subscribe(request=1, log=LOG, start=0)
ENTRIES = Entries(log=LOG, start=0, entries=(b"genesis",), checkpoint=b"note", consistency=())
APPEND = Append(request=2, log=LOG, message=b"m", next_access_key=None)
READ = MailboxRead(request=3, mailbox=MAILBOX, slot=0, start=0, wait=True)


class Pair:
    """Both ends of a connection; what one sends, the other receives."""

    def __init__(self) -> None:
        self.client = Connection(Role.CLIENT)
        self.relay = Connection(Role.RELAY, LIMITS)

    def to_relay(self, *frames: Frame) -> tuple[Frame, ...]:
        return self.relay.receive_data(self.client.send(frames))

    def to_client(self, *frames: Frame) -> tuple[Frame, ...]:
        return self.client.receive_data(self.relay.send(frames))

    def open(self) -> "Pair":
        self.to_relay(Hello(versions=(1,)))
        self.to_client(GREETING)
        assert self.client.state is self.relay.state is State.OPEN
        return self

    def asked(self, *requests: Frame) -> "Pair":
        self.open().to_relay(*requests)
        return self


def raw(*frames: Frame) -> bytes:
    return wire.join([wire.encode_frame(frame) for frame in frames])


def refuse_both_ways(pair: Pair, sender: Role, frames: Iterable[Frame]) -> None:
    """The same frames are our fault when we send them and the peer's when they arrive; either end is then closed."""
    ours, theirs = (pair.client, pair.relay) if sender is Role.CLIENT else (pair.relay, pair.client)
    batch = tuple(frames)
    with pytest.raises(RemoteProtocolError):
        theirs.receive_data(raw(*batch))
    with pytest.raises(LocalProtocolError):
        ours.send(batch)
    assert ours.state is theirs.state is State.CLOSED
    with pytest.raises(RemoteProtocolError):
        theirs.receive_data(raw(Done(request=1)))
    with pytest.raises(LocalProtocolError):
        ours.send([Done(request=1)])


def test_a_whole_conversation() -> None:
    pair = Pair().open()
    assert pair.client.limits == pair.relay.limits == LIMITS
    create = Create(request=1, genesis=b"g", access_key=KEY, admission_token="")
    authorise = Authorise(request=2, log=LOG, epoch=0, access_key=KEY, signature=bytes(64))
    assert pair.to_relay(create) == (create,)
    pair.to_client(Done(request=1))
    pair.to_relay(authorise)
    pair.to_client(Authorised(request=2, log=LOG, epoch=0, size=1, readable=1))
    pair.to_relay(
        Subscribe(request=3, log=LOG, start=0), replace(APPEND, request=4), replace(APPEND, request=5)
    )
    assert pair.client.outstanding == pair.relay.outstanding == 3
    items = tuple(Receipt(request=n, position=n, relay_time_ms=1) for n in (4, 5))
    receipts = Receipts(log=LOG, checkpoint=b"note", items=items)
    assert pair.to_client(Done(request=3), ENTRIES, receipts, replace(ENTRIES, start=1))[2] == receipts
    assert pair.client.outstanding == pair.relay.outstanding == 0
    pair.to_client(EndOfEpoch(log=LOG, epoch=0, readable=2))
    assert not pair.client.is_subscribed(LOG)
    assert not pair.relay.is_subscribed(LOG)
    pair.to_relay(READ)
    pair.to_client(MailboxContents(request=3, blobs=(b"x",), final=True))


@pytest.mark.parametrize("sender", Role)
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("frame", SAMPLES, ids=lambda frame: type(frame).__name__)
def test_every_move_the_table_does_not_have(frame: Frame, state: State, sender: Role) -> None:
    if type(frame) in TRANSITIONS[state][sender]:
        return
    pair = Pair()
    if state is not State.AWAITING_HELLO:
        pair.to_relay(Hello(versions=(1,)))
    if state in (State.OPEN, State.CLOSED):
        pair.to_client(GREETING)
    if state is State.CLOSED:
        pair.to_client(Refused(request=0, code=RefusalCode.DRAINING, detail=""))
    assert pair.client.state is pair.relay.state is state
    refuse_both_ways(pair, sender, [frame])


def test_the_table_names_every_frame_once_and_every_request_an_answer() -> None:
    senders = {
        kind: {role for state in State for role in Role if kind in TRANSITIONS[state][role]}
        for kind in KINDS.values()
    }
    assert all(len(roles) == 1 for roles in senders.values())
    requests = set(TRANSITIONS[State.OPEN][Role.CLIENT])
    assert set(ANSWERS) == requests


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ((), Done(request=1)),
        ((SUBSCRIBE,), Done(request=2)),
        ((SUBSCRIBE,), Authorised(request=1, log=LOG, epoch=0, size=1, readable=1)),
        ((APPEND,), Done(request=2)),
        ((READ,), Done(request=3)),
        ((SUBSCRIBE,), MailboxContents(request=1, blobs=(), final=False)),
        (
            (APPEND,),
            Receipts(log=OTHER, checkpoint=b"n", items=(Receipt(request=2, position=1, relay_time_ms=0),)),
        ),
        (
            (APPEND,),
            Receipts(log=LOG, checkpoint=b"n", items=(Receipt(request=2, position=1, relay_time_ms=0),) * 2),
        ),
        (
            (READ,),
            Receipts(log=LOG, checkpoint=b"n", items=(Receipt(request=3, position=1, relay_time_ms=0),)),
        ),
        (
            (Authorise(request=1, log=LOG, epoch=4, access_key=KEY, signature=bytes(64)),),
            Authorised(request=1, log=LOG, epoch=5, size=1, readable=1),
        ),
        (
            (Authorise(request=1, log=LOG, epoch=4, access_key=KEY, signature=bytes(64)),),
            Authorised(request=1, log=OTHER, epoch=4, size=1, readable=1),
        ),
        ((), Refused(request=7, code=RefusalCode.RATE_LIMITED, detail="")),
        ((), ENTRIES),
        ((SUBSCRIBE,), ENTRIES),
        ((SUBSCRIBE,), EndOfEpoch(log=LOG, epoch=0, readable=1)),
    ],
)
def test_answers_that_answer_nothing(asked: tuple[Frame, ...], answer: Frame) -> None:
    pair = Pair().asked(*asked) if asked else Pair().open()
    refuse_both_ways(pair, Role.RELAY, [answer])


def test_a_request_is_answered_once() -> None:
    pair = Pair().asked(SUBSCRIBE)
    pair.to_client(Done(request=1))
    refuse_both_ways(pair, Role.RELAY, [Done(request=1)])


def test_entries_end_with_unsubscribing_and_with_the_epoch() -> None:
    pair = Pair().asked(SUBSCRIBE)
    pair.to_client(Done(request=1), ENTRIES)
    pair.to_relay(Unsubscribe(request=2, log=LOG))
    pair.to_client(replace(ENTRIES, start=1))  # was on its way
    pair.to_client(Done(request=2))
    refuse_both_ways(pair, Role.RELAY, [ENTRIES])
    pair = Pair().asked(SUBSCRIBE)
    pair.to_client(Done(request=1), EndOfEpoch(log=LOG, epoch=0, readable=1))
    refuse_both_ways(pair, Role.RELAY, [ENTRIES])


def test_a_refused_subscription_subscribes_nothing() -> None:
    pair = Pair().asked(SUBSCRIBE)
    pair.to_client(Refused(request=1, code=RefusalCode.UNAUTHORISED, detail=""))
    refuse_both_ways(pair, Role.RELAY, [ENTRIES])


def test_request_numbers_are_unique_among_the_unanswered() -> None:
    pair = Pair().asked(SUBSCRIBE)
    refuse_both_ways(pair, Role.CLIENT, [replace(APPEND, request=1)])
    pair = Pair().asked(SUBSCRIBE)
    pair.to_client(Done(request=1))
    pair.to_relay(replace(APPEND, request=1))


def test_too_many_unanswered_requests() -> None:
    pair = Pair().open()
    pair.to_relay(*[replace(APPEND, request=n) for n in range(1, LIMITS.max_outstanding + 1)])
    refuse_both_ways(pair, Role.CLIENT, [replace(APPEND, request=99)])


def test_a_refusal_of_the_connection_is_its_end() -> None:
    for pair in (Pair(), Pair().open()):
        pair.to_client(Refused(request=0, code=RefusalCode.UNSUPPORTED_VERSION, detail=""))
        assert pair.client.state is pair.relay.state is State.CLOSED


def test_nothing_follows_a_refusal_of_the_connection_in_its_batch() -> None:
    pair = Pair().asked(SUBSCRIBE)
    refusal = Refused(request=0, code=RefusalCode.DRAINING, detail="")
    refuse_both_ways(pair, Role.RELAY, [refusal, Done(request=1)])


def test_limits_above_our_own_are_refused() -> None:
    client = Connection(Role.CLIENT, replace(LIMITS, max_entry=1000))
    client.send([Hello(versions=(1,))])
    with pytest.raises(RemoteProtocolError):
        client.receive_data(raw(GREETING))


def test_before_the_greeting_only_little_is_taken() -> None:
    relay = Connection(Role.RELAY, LIMITS)
    with pytest.raises(RemoteProtocolError):
        relay.receive_data(raw(Hello(versions=(1,)), Hello(versions=(1,))))
    relay = Connection(Role.RELAY, LIMITS)
    with pytest.raises(RemoteProtocolError):
        relay.receive_data(bytes(wire.HANDSHAKE.max_batch + 1))


def test_batches_over_the_limits() -> None:
    for frames in (
        [replace(APPEND, request=n, message=bytes(60_000)) for n in range(1, 6)],
        [],
    ):
        pair = Pair().open()
        with pytest.raises(LocalProtocolError):
            pair.client.send(frames)
        if frames:
            with pytest.raises(RemoteProtocolError):
                pair.relay.receive_data(raw(*frames))
    pair = Pair().open()
    many = [Done(request=n) for n in range(1, LIMITS.max_frames + 2)]
    with pytest.raises(RemoteProtocolError):
        pair.client.receive_data(raw(*many))


@given(st.binary(max_size=300))
def test_garbage_closes_and_nothing_else_is_raised(data: bytes) -> None:
    pair = Pair().open()
    with pytest.raises(RemoteProtocolError):
        pair.relay.receive_data(b"\xc1" + data)
    assert pair.relay.state is State.CLOSED


def test_last_words() -> None:
    pair = Pair().open()
    with pytest.raises(RemoteProtocolError):
        pair.relay.receive_data(b"garbage")
    words = Refused(request=0, code=RefusalCode.MALFORMED, detail="not canonical")
    assert pair.client.receive_data(pair.relay.send_last_words(words)) == (words,)
    assert pair.client.state is State.CLOSED
    with pytest.raises(LocalProtocolError):
        pair.client.send_last_words(words)
    with pytest.raises(LocalProtocolError):
        pair.relay.send_last_words(replace(words, request=1))


def test_an_encoded_frame_is_sent_as_it_is() -> None:
    first, second = Pair().asked(SUBSCRIBE), Pair().asked(SUBSCRIBE)
    shared = wire.encode_frame(ENTRIES)
    for pair in (first, second):
        pair.to_client(Done(request=1))
        assert pair.client.receive_data(pair.relay.send([shared])) == (ENTRIES,)
