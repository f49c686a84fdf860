import enum
import struct
import tracemalloc

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import canonical
from protocols.canonical import Value
from protocols.errors import DecodeError, LocalProtocolError

LIMIT = 1 << 20
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text(max_size=40)
    | st.binary(max_size=40)
    | st.binary(min_size=250, max_size=260)
)
VALUES: st.SearchStrategy[Value] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=8), inner, max_size=20),
    max_leaves=12,
)


def decode(data: bytes) -> Value:
    return canonical.decode(data, max_size=LIMIT)


@given(VALUES)
def test_what_is_encoded_decodes_to_itself(value: Value) -> None:
    try:
        data = canonical.encode(value)
    except LocalProtocolError:
        assert _depth(value) > canonical.MAX_DEPTH
        return
    decoded = decode(data)
    assert decoded == value
    assert canonical.encode(decoded) == data


@given(st.binary(max_size=200))
def test_any_bytes_either_decode_and_encode_to_themselves_or_are_refused(data: bytes) -> None:
    try:
        value = decode(data)
    except DecodeError:
        return
    assert canonical.encode(value) == data


@given(VALUES, st.data())
def test_a_changed_encoding_never_decodes_to_the_same_value(value: Value, data: st.DataObject) -> None:
    if _depth(value) > canonical.MAX_DEPTH:
        return
    encoded = bytearray(canonical.encode(value))
    position = data.draw(st.integers(0, len(encoded) - 1))
    encoded[position] ^= data.draw(st.integers(1, 255))
    try:
        other = decode(bytes(encoded))
    except DecodeError:
        return
    assert canonical.encode(other) == bytes(encoded)


@given(VALUES, st.binary(min_size=1, max_size=4))
def test_trailing_bytes_and_truncation_are_refused(value: Value, tail: bytes) -> None:
    if _depth(value) > canonical.MAX_DEPTH:
        return
    encoded = canonical.encode(value)
    with pytest.raises(DecodeError):
        decode(encoded + tail)
    with pytest.raises(DecodeError):
        decode(encoded[:-1])


@given(st.dictionaries(st.text(max_size=6), st.integers(0, 9), max_size=12))
def test_maps_are_in_ascending_order_of_their_utf8_keys(value: dict[str, Value]) -> None:
    shuffled = dict(reversed(value.items()))
    encoded = canonical.encode(shuffled)
    assert encoded == canonical.encode(value)
    decoded = decode(encoded)
    assert isinstance(decoded, dict)
    assert [key.encode() for key in decoded] == sorted(key.encode() for key in value)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xc1", id="never used"),
        pytest.param(b"\xcc\x7f", id="uint8 that fits fixint"),
        pytest.param(b"\xcd\x00\xff", id="uint16 that fits uint8"),
        pytest.param(b"\xce\x00\x00\xff\xff", id="uint32 that fits uint16"),
        pytest.param(b"\xcf\x00\x00\x00\x00\xff\xff\xff\xff", id="uint64 that fits uint32"),
        pytest.param(b"\xd0\x05", id="int8 that is positive"),
        pytest.param(b"\xd0\xff", id="int8 that fits negative fixint"),
        pytest.param(b"\xd1\xff\x80", id="int16 that fits int8"),
        pytest.param(b"\xd3\x00\x00\x00\x00\x00\x00\x00\x01", id="int64 that is positive"),
        pytest.param(b"\xd9\x01a", id="str8 that fits fixstr"),
        pytest.param(b"\xda\x00\x01a", id="str16 that fits fixstr"),
        pytest.param(b"\xc5\x00\x01a", id="bin16 that fits bin8"),
        pytest.param(b"\xc6\x00\x00\x00\x01a", id="bin32 that fits bin8"),
        pytest.param(b"\xdc\x00\x01\xc0", id="array16 that fits fixarray"),
        pytest.param(b"\xde\x00\x01\xa1a\xc0", id="map16 that fits fixmap"),
        pytest.param(b"\xa2\xc3\x28", id="str that is not UTF-8"),
        pytest.param(b"\xa3\xed\xa0\x80", id="str with a surrogate"),
        pytest.param(b"\xa2\xc0\x80", id="str with overlong UTF-8"),
        pytest.param(b"\x82\xa1a\x01\xa1a\x02", id="duplicate key"),
        pytest.param(b"\x82\xa1b\x01\xa1a\x02", id="keys in descending order"),
        pytest.param(b"\x92\x01\x82\xa1b\x01\xa1a\x02", id="the same, deeper"),
        pytest.param(b"\x81\x01\x02", id="integer key"),
        pytest.param(b"\x81\xc4\x01a\x02", id="byte string key"),
        pytest.param(b"\x81\xc0\x02", id="nil key"),
        pytest.param(b"\xca\x3f\x80\x00\x00", id="float32"),
        pytest.param(b"\xcb" + struct.pack(">d", 1.0), id="float64"),
        pytest.param(b"\x91\xca\x3f\x80\x00\x00", id="float32 in an array"),
        pytest.param(b"\x81\xa1a\xcb" + struct.pack(">d", 0.5), id="float64 in a map"),
        pytest.param(b"\xd4\x05\x00", id="extension type"),
        pytest.param(b"\xd6\xff\x00\x00\x00\x00", id="timestamp"),
        pytest.param(b"\xc7\x00\x05", id="empty extension"),
        pytest.param(msgpack.packb(msgpack.Timestamp(5, 5)), id="timestamp 64"),
        pytest.param(b"\xdd\xff\xff\xff\xff", id="array that claims 4 Gi items"),
        pytest.param(b"\xdf\xff\xff\xff\xff", id="map that claims 4 Gi pairs"),
        pytest.param(b"\xc6\xff\xff\xff\xff", id="byte string that claims 4 GiB"),
        pytest.param(b"\xdb\xff\xff\xff\xff", id="string that claims 4 GiB"),
        pytest.param(b"\x91" * 17 + b"\xc0", id="17 deep"),
        pytest.param(b"\x91" * 16 + b"\x90", id="17 deep, empty inside"),
        pytest.param(b"\x91" * 1100 + b"\xc0", id="1,100 deep"),
        pytest.param(b"\x81\xa1a" * 1100 + b"\xc0", id="1,100 maps deep"),
        pytest.param(b"\xcf\xff" + bytes(6), id="truncated integer"),
    ],
)
def test_everything_but_the_one_encoding_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        decode(data)


@pytest.mark.parametrize("data", [b"\x82\xa1a\x01\xa1a\x02", b"\x91\x82\xa1b\x01\xa1a\x02"])
def test_the_error_says_that_keys_are_the_trouble(data: bytes) -> None:
    with pytest.raises(DecodeError, match="ascending"):
        decode(data)


@pytest.mark.parametrize("depth", [0, 1, 2, 16])
def test_depth_is_bounded_exactly(depth: int) -> None:
    just = b"\x91" * depth + b"\xc0"
    canonical.decode(just, max_size=LIMIT, max_depth=depth)
    with pytest.raises(DecodeError, match="deeper"):
        canonical.decode(b"\x91" + just, max_size=LIMIT, max_depth=depth)
    with pytest.raises(DecodeError, match="deeper"):
        canonical.decode(b"\x91" * depth + b"\x90", max_size=LIMIT, max_depth=depth)


def test_size_is_bounded_before_anything_is_read() -> None:
    with pytest.raises(DecodeError, match="at most 3"):
        canonical.decode(canonical.encode(b"12"), max_size=3)
    assert canonical.decode(canonical.encode(b"1"), max_size=3) == b"1"


def test_items_are_bounded() -> None:
    three = canonical.encode([1, 2, 3])
    assert canonical.decode(three, max_size=LIMIT, max_items=3) == [1, 2, 3]
    with pytest.raises(DecodeError):
        canonical.decode(three, max_size=LIMIT, max_items=2)
    with pytest.raises(DecodeError):
        canonical.decode(canonical.encode({"a": 1, "b": 2}), max_size=LIMIT, max_items=1)


@pytest.mark.parametrize(
    "header", [b"\xdc\x0f\xff", b"\xdc\x00\x3f", b"\xde\x0f\xff\xa1a", b"\xdd\x00\x00\x0f\xff\x01"]
)
def test_nested_claims_reserve_little_more_than_the_data(header: bytes) -> None:
    hostile = header * 1020 + bytes(5000)
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError):
            decode(hostile)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


@given(st.lists(VALUES, min_size=1, max_size=4), st.booleans(), st.integers(0))
def test_long_arrays_and_maps_read_the_same(few: list[Value], as_map: bool, cut: int) -> None:
    values = (few * 80)[:80]
    value: Value = {f"{key:03}": item for key, item in enumerate(values)} if as_map else values
    if _depth(value) > canonical.MAX_DEPTH:
        return
    encoded = canonical.encode(value)
    assert decode(encoded) == value
    with pytest.raises(DecodeError):
        decode(encoded[: cut % len(encoded)])


@pytest.mark.parametrize(
    "inside",
    [
        pytest.param(b"\xca\x3f\x80\x00\x00", id="float32"),
        pytest.param(b"\xd4\x05\x00", id="extension type"),
        pytest.param(b"\xc1", id="never used"),
        pytest.param(b"\xcd\x00\x05", id="not minimal"),
        pytest.param(b"\xdc\xff\xff", id="claims too many"),
        pytest.param(b"\xdf\xff\xff\xff\xff", id="claims too many pairs"),
        pytest.param(b"\xc6\xff\xff\xff\xff", id="claims too many bytes"),
        pytest.param(b"\xa2\xc3\x28", id="not UTF-8"),
        pytest.param(b"\x82\xa1a\x01\xa1a\x02", id="duplicate key"),
        pytest.param(b"\x91" * 16 + b"\x90", id="too deep"),
    ],
)
def test_long_arrays_are_no_less_strict(inside: bytes) -> None:
    good = b"\xdc\x00\x64" + b"\x07" * 100
    assert decode(good) == [7] * 100
    for position in (0, 50, 99):
        with pytest.raises(DecodeError):
            decode(good[: 3 + position] + inside + good[3 + position + 1 :])


def test_tuples_and_enumerations_encode_as_what_they_stand_for() -> None:
    class Code(enum.IntEnum):
        NO = 7

    class Word(enum.StrEnum):
        YES = "yes"

    assert canonical.encode((1, (Code.NO, Word.YES))) == canonical.encode([1, [7, "yes"]])


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        [1.5],
        2**64,
        -(2**63) - 1,
        "\ud800",
        {1: 2},
        {"a": {b"b": 1}},
        object(),
        [bytearray(b"x")],
        {1, 2},
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_encoding_is_our_fault(value: object) -> None:
    with pytest.raises(LocalProtocolError):
        canonical.encode(value)  # type: ignore[arg-type]  # the point of the test


def test_encoding_too_deep_is_our_fault() -> None:
    value: Value = None
    for _ in range(canonical.MAX_DEPTH):
        value = [value]
    assert decode(canonical.encode(value)) == value
    with pytest.raises(LocalProtocolError):
        canonical.encode([value])
    with pytest.raises(LocalProtocolError):
        canonical.encode({"a": value})


def _depth(value: Value) -> int:
    match value:
        case list():
            return 1 + max(map(_depth, value), default=0)
        case dict():
            return 1 + max(map(_depth, value.values()), default=0)
        case _:
            return 0
