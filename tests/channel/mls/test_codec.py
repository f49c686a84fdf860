from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channel.mls import codec
from channel.mls.codec import Reader, decode
from channel.mls.errors import DecodeError

BLOBS = st.binary(max_size=200)


@pytest.mark.parametrize(("name", "bits"), [("u8", 8), ("u16", 16), ("u32", 32), ("u64", 64)])
@given(data=st.data())
def test_integers_come_back(name: str, bits: int, data: st.DataObject) -> None:
    value = data.draw(st.integers(0, 2**bits - 1))
    encoded = getattr(codec, name)(value)
    assert len(encoded) == bits // 8
    assert decode(encoded, getattr(Reader, name)) == value


@given(st.one_of(BLOBS, st.integers(0, 70_000).map(bytes)))
def test_opaque_comes_back(data: bytes) -> None:
    assert decode(codec.opaque(data), Reader.opaque) == data


@given(st.lists(BLOBS, max_size=20))
def test_vectors_come_back(items: list[bytes]) -> None:
    encoded = codec.vector(codec.opaque(item) for item in items)
    assert decode(encoded, lambda reader: reader.vector(Reader.opaque)) == tuple(items)


@given(st.none() | BLOBS)
def test_optionals_come_back(item: bytes | None) -> None:
    encoded = codec.optional(None if item is None else codec.opaque(item))
    assert decode(encoded, lambda reader: reader.optional(Reader.opaque)) == item


@given(st.integers(0, codec.MAX_VECTOR_LENGTH))
def test_lengths_have_one_encoding(length: int) -> None:
    encoded = codec.vector_length(length)
    assert Reader(encoded).variable_length() == length
    for size, prefix in ((2, 0x4000), (4, 0x8000_0000)):
        if size > len(encoded):
            with pytest.raises(DecodeError, match="shortest"):
                Reader((length | prefix).to_bytes(size, "big")).variable_length()


@pytest.mark.parametrize("length", [-1, codec.MAX_VECTOR_LENGTH + 1])
def test_lengths_that_cannot_be_encoded_are_a_bug(length: int) -> None:
    with pytest.raises(ValueError, match="cannot be encoded"):
        codec.vector_length(length)


@given(st.binary(min_size=1, max_size=8).filter(lambda data: data[0] >= 0xC0))
def test_the_reserved_prefix_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError, match="reserved"):
        Reader(data).opaque()


READS: list[Callable[[Reader], Any]] = [
    Reader.u8,
    Reader.u16,
    Reader.u32,
    Reader.u64,
    Reader.opaque,
    lambda reader: reader.fixed(5),
    lambda reader: reader.vector(Reader.u8),
    lambda reader: reader.vector(Reader.u32),
    lambda reader: reader.vector(Reader.opaque),
    lambda reader: reader.optional(Reader.opaque),
    lambda reader: reader.vector(
        lambda inner: inner.vector(lambda innermost: innermost.optional(Reader.u16))
    ),
]


@given(st.binary(max_size=80), st.sampled_from(READS))
def test_garbage_raises_nothing_but_decode_error(data: bytes, read: Callable[[Reader], Any]) -> None:
    try:
        decode(data, read)
    except DecodeError:
        return


@given(st.lists(BLOBS, min_size=1, max_size=5), st.data())
def test_every_shortened_input_is_refused(items: list[bytes], data: st.DataObject) -> None:
    encoded = codec.vector(codec.opaque(item) for item in items)
    cut = data.draw(st.integers(0, len(encoded) - 1))
    with pytest.raises(DecodeError):
        decode(encoded[:cut], lambda reader: reader.vector(Reader.opaque))


@given(BLOBS, st.binary(min_size=1, max_size=5))
def test_trailing_bytes_are_refused(data: bytes, rest: bytes) -> None:
    with pytest.raises(DecodeError, match="left over"):
        decode(codec.opaque(data) + rest, Reader.opaque)


def test_a_huge_length_is_refused_before_anything_is_allocated() -> None:
    with pytest.raises(DecodeError, match="longer than the input"):
        Reader(bytes.fromhex("bfffffff")).opaque()


def test_an_item_may_not_reach_beyond_its_vector() -> None:
    with pytest.raises(DecodeError):
        decode(bytes([2, 3, 1, 1, 1]), lambda reader: reader.vector(Reader.opaque))


def test_items_that_take_no_bytes_are_refused() -> None:
    with pytest.raises(DecodeError, match="no bytes"):
        decode(bytes([1, 0]), lambda reader: reader.vector(lambda inner: inner.fixed(0)))


@pytest.mark.parametrize("presence", range(2, 256))
def test_a_presence_byte_is_0_or_1(presence: int) -> None:
    with pytest.raises(DecodeError, match="presence"):
        decode(bytes([presence, 0]), lambda reader: reader.optional(Reader.u8))


def test_a_reader_says_where_it_is() -> None:
    reader = Reader(b"abcdef")
    reader.fixed(2)
    start = reader.position
    reader.fixed(3)
    assert (start, reader.since(start), reader.remaining) == (2, b"cde", 1)
