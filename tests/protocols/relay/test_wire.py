from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import canonical
from protocols.errors import DecodeError, LocalProtocolError
from protocols.relay import wire
from protocols.relay.frames import (
    KINDS,
    Append,
    Done,
    Entries,
    Frame,
    Greeting,
    MailboxPost,
    RefusalCode,
    Refused,
    Subscribe,
)
from protocols.relay.wire import CEILING, DEFAULT_LIMITS, decode_batch, encode_frame, join, split
from tests.protocols.relay.samples import KEY, LIMITS, LOG, SAMPLES

GOLDEN = Path(__file__).parent.parent / "golden" / "frames.txt"


def batch(*values: object) -> bytes:
    packed: bytes = msgpack.packb(list(values))
    return packed


def golden_lines() -> Iterator[tuple[str, bytes]]:
    for line in GOLDEN.read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, hexadecimal = line.partition(" ")
            yield name, bytes.fromhex(hexadecimal)


def test_golden_bytes() -> None:
    """The wire's bytes, frozen: a change here breaks every client and relay in the field."""
    golden = list(golden_lines())
    assert [name for name, _ in golden] == [type(frame).__name__ for frame in SAMPLES]
    for (_, data), frame in zip(golden, SAMPLES, strict=True):
        assert encode_frame(frame).data == data
        assert decode_batch(b"\x91" + data, DEFAULT_LIMITS) == (frame,)


def test_samples_cover_every_kind() -> None:
    assert {type(frame) for frame in SAMPLES} == set(KINDS.values())


@pytest.mark.parametrize("frame", SAMPLES, ids=lambda frame: type(frame).__name__)
def test_fields_stand_in_declaration_order(frame: Frame) -> None:
    """The wire table and the dataclasses must not drift apart."""
    decoded = canonical.decode(encode_frame(frame).data, max_size=4096)
    assert isinstance(decoded, list)
    assert KINDS[decoded[0]] is type(frame)  # type: ignore[index]
    assert len(decoded) == 1 + len(fields(frame))
    for field, value in zip(fields(frame), decoded[1:], strict=True):
        ours = getattr(frame, field.name)
        if isinstance(ours, int | str | bytes | None):
            assert value == ours


@pytest.mark.parametrize("frame", SAMPLES, ids=lambda frame: type(frame).__name__)
def test_encoding_is_canonical(frame: Frame) -> None:
    data = join([encode_frame(frame)])
    assert canonical.encode(canonical.decode(data, max_size=len(data))) == data


def test_batch_of_all() -> None:
    encoded = [encode_frame(frame) for frame in SAMPLES]
    assert decode_batch(join(encoded), DEFAULT_LIMITS) == SAMPLES


@pytest.mark.parametrize("frame", SAMPLES, ids=lambda frame: type(frame).__name__)
def test_every_truncation_and_extension_is_refused(frame: Frame) -> None:
    data = join([encode_frame(frame)])
    for end in range(len(data)):
        with pytest.raises(DecodeError):
            decode_batch(data[:end], DEFAULT_LIMITS)
    with pytest.raises(DecodeError):
        decode_batch(data + b"\x00", DEFAULT_LIMITS)


@pytest.mark.parametrize("frame", SAMPLES, ids=lambda frame: type(frame).__name__)
def test_wrong_number_of_fields_and_wrong_types_are_refused(frame: Frame) -> None:
    values = msgpack.unpackb(encode_frame(frame).data)
    wrong: list[list[object]] = [values[:-1], [*values, 0], [*values, None]]
    for index in range(1, len(values)):
        others: tuple[object, ...] = (-1, 2**63, True, "x" * 600, b"", [[]], None, {"a": 1}, 1.5)
        for other in others:
            if type(other) is type(values[index]) or (other is None and "next_access_key" in frame.__slots__):
                continue
            wrong.append([*values[:index], other, *values[index + 1 :]])
    for candidate in wrong:
        with pytest.raises(DecodeError):
            decode_batch(batch(candidate), DEFAULT_LIMITS)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x90",
        b"\xc0",
        b"\x91\x90",
        b"\x91\xc0",
        b"\x91\x91\x00",
        b"\x91\x92\x13\x01",
        b"\x91\x92\xc3\x01",
        b"\x91\x92\xa111\x01",
        b"\x91\x92\xcc\x11\x01",
        b"\x91\x92\x11\xcc\x01",
        b"\xdc\x00\x01\x92\x11\x01",
        b"\xdd\xff\xff\xff\xff",
        b"\x91\x92\x11\x00",
        b"\x91\x92\x11" + b"\xcf" + b"\xff" * 8,
        b"\x81\xa1a\x01",
        b"\xff" * 64,
    ],
    ids=lambda data: data[:12].hex() or "empty",
)
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_batch(data, DEFAULT_LIMITS)


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_else(data: bytes) -> None:
    try:
        frames = decode_batch(data, DEFAULT_LIMITS)
    except DecodeError:
        return
    assert join([encode_frame(frame) for frame in frames]) == data


@given(st.sampled_from(SAMPLES), st.data())
def test_a_flipped_bit_is_refused_or_another_frame(frame: Frame, data: st.DataObject) -> None:
    encoded = bytearray(join([encode_frame(frame)]))
    bit = data.draw(st.integers(0, len(encoded) * 8 - 1))
    encoded[bit // 8] ^= 1 << bit % 8
    try:
        (other,) = decode_batch(bytes(encoded), DEFAULT_LIMITS)
    except DecodeError:
        return
    assert other != frame
    assert join([encode_frame(other)]) == encoded


def test_size_and_count_are_checked_first() -> None:
    data = join([encode_frame(Done(request=number)) for number in range(1, 6)])
    assert len(decode_batch(data, replace(LIMITS, max_frames=5))) == 5
    with pytest.raises(DecodeError):
        decode_batch(data, replace(LIMITS, max_frames=4))
    with pytest.raises(DecodeError):
        decode_batch(data, replace(LIMITS, max_batch=len(data) - 1))


def test_unknown_refusal_code_is_refused() -> None:
    with pytest.raises(DecodeError):
        decode_batch(batch([18, 1, max(RefusalCode) + 1, "", 0, 0, 0]), DEFAULT_LIMITS)


def test_greeting_above_the_ceiling_is_refused() -> None:
    greeting = Greeting(version=1, relay_vkey="x", challenge=bytes(32), limits=LIMITS)
    encode_frame(replace(greeting, limits=CEILING))
    with pytest.raises(LocalProtocolError):
        encode_frame(replace(greeting, limits=replace(CEILING, max_batch=CEILING.max_batch + 1)))


@pytest.mark.parametrize(
    "frame",
    [
        Subscribe(request=0, log=LOG, start=0),
        Subscribe(request=1, log=LOG[:-1], start=0),
        Subscribe(request=1, log=LOG, start=-1),
        Subscribe(request=1, log=LOG, start=2**63),
        Append(request=1, log=LOG, message=b"", next_access_key=None),
        Append(request=1, log=LOG, message=bytes(65_536), next_access_key=None),
        Append(request=1, log=LOG, message=b"x", next_access_key=KEY[:-1]),
        MailboxPost(request=1, mailbox=LOG, slot=2, index=0, blob=b"", final=True),
        Entries(log=LOG, start=0, entries=(b"",), checkpoint=b"x", consistency=()),
        Entries(log=LOG, start=0, entries=(), checkpoint=b"", consistency=()),
        Refused(request=1, code=RefusalCode.MALFORMED, detail="x" * 513),
        Refused(request=1, code=RefusalCode.MALFORMED, detail="\ud800"),
    ],
    ids=lambda frame: type(frame).__name__,
)
def test_what_the_other_end_would_refuse_is_not_sent(frame: Frame) -> None:
    with pytest.raises(LocalProtocolError):
        encode_frame(frame)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=40), st.integers(1, 8))
def test_split_keeps_order_and_limits(sizes: list[int], max_frames: int) -> None:
    limits = replace(LIMITS, max_batch=600, max_frames=max_frames)
    frames = [
        encode_frame(MailboxPost(request=n, mailbox=LOG, slot=0, index=0, blob=bytes(size), final=False))
        for n, size in enumerate(sizes, 1)
    ]
    batches = list(split(frames, limits))
    assert [item for each in batches for item in each] == frames
    assert all(len(join(each)) <= limits.max_batch and len(each) <= max_frames for each in batches)


def test_join_refuses_no_frames_and_too_many() -> None:
    with pytest.raises(ValueError, match="1 to 65,535"):
        join([])
    done = encode_frame(Done(request=1))
    assert join([done] * 16)[:3] == b"\xdc\x00\x10"
    with pytest.raises(ValueError, match="1 to 65,535"):
        join([done] * 65_536)


def test_secrets_stay_out_of_representations() -> None:
    assert "token" not in repr(SAMPLES[2]).replace("admission_token", "")


def test_one_limit_serves_wire_and_connection() -> None:
    assert wire.HANDSHAKE.max_batch < DEFAULT_LIMITS.max_batch <= CEILING.max_batch


odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 2),
    st.sampled_from([wire.MAX_INTEGER, wire.MAX_INTEGER + 1]),
    st.sampled_from([b"", b"m", bytes(31), bytes(32), bytes(33), bytes(65_535), bytes(65_536)]),
    st.just("text"),
)


@given(
    st.tuples(
        st.one_of(st.just(1), odd_values),
        st.one_of(st.just(bytes(32)), odd_values),
        st.one_of(st.just(b"message"), odd_values),
        odd_values,
    )
)
def test_an_append_is_judged_as_the_table_says(values: tuple[object, ...]) -> None:
    # It is read by a way of its own; both ways must take and refuse the same.
    request, log, message, key = values
    good = (
        type(request) is int
        and 1 <= request <= wire.MAX_INTEGER
        and type(log) is bytes
        and len(log) == 32
        and type(message) is bytes
        and 1 <= len(message) <= 65_535
        and (key is None or (type(key) is bytes and len(key) == 32))
    )
    data = canonical.encode([[6, request, log, message, key]])  # type: ignore[list-item]
    if good:
        (frame,) = wire.decode_batch(data, wire.CEILING)
        assert isinstance(frame, Append)
        assert (frame.request, frame.log, frame.message, frame.next_access_key) == values
    else:
        with pytest.raises(DecodeError):
            wire.decode_batch(data, wire.CEILING)
