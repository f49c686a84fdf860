"""The TLS presentation language as RFC 9420 uses it (section 2.1).

Encoding is plain functions that return `bytes`; decoding is a `Reader` that walks over one `bytes` value.
Variable-length vectors carry their length in bytes in the QUIC form of section 2.1.2: two bits say how many
bytes the length takes (1, 2 or 4), and only the shortest form is legal. Every length is compared with what is
left of the input before anything is sliced, so a hostile length costs nothing.

A structure on the wire is a frozen dataclass with `encode() -> bytes`, `read(reader)` and `decode(data)`;
`encode(decode(data)) == data` for everything that decodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from channel.mls.errors import DecodeError

T = TypeVar("T")

MAX_VECTOR_LENGTH = (1 << 30) - 1
"""The longest vector, in bytes, that the variable-length form can express (section 2.1.2)."""


class Reader:
    """Reads values off the front of one `bytes` value; raises only `DecodeError`."""

    __slots__ = ("_data", "_end", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0
        self._end = len(data)

    @property
    def position(self) -> int:
        """How many bytes have been read."""
        return self._position

    @property
    def remaining(self) -> int:
        """How many bytes are left."""
        return self._end - self._position

    def since(self, start: int) -> bytes:
        """The bytes read from an earlier `position` up to now."""
        return self._data[start : self._position]

    def fixed(self, length: int) -> bytes:
        """Read exactly `length` bytes."""
        start = self._position
        end = start + length
        if end > self._end:
            raise DecodeError(f"input ends {end - self._end} bytes early")
        self._position = end
        return self._data[start:end]

    def u8(self) -> int:
        """Read a uint8."""
        position = self._position
        if position >= self._end:
            raise DecodeError("input ends 1 bytes early")
        self._position = position + 1
        return self._data[position]

    def u16(self) -> int:
        """Read a big-endian uint16."""
        return int.from_bytes(self.fixed(2), "big")

    def u32(self) -> int:
        """Read a big-endian uint32."""
        return int.from_bytes(self.fixed(4), "big")

    def u64(self) -> int:
        """Read a big-endian uint64."""
        return int.from_bytes(self.fixed(8), "big")

    def variable_length(self) -> int:
        """Read a length in the variable-length form (section 2.1.2), without comparing it with what is left.

        Raises:
            DecodeError: The reserved prefix, or a longer form than needed.
        """
        first = self.u8()
        if first < 0x40:
            return first
        if first < 0x80:
            length = (first & 0x3F) << 8 | self.u8()
            if length < 0x40:
                raise DecodeError("vector length is not in its shortest form")
            return length
        if first < 0xC0:
            length = (first & 0x3F) << 24 | int.from_bytes(self.fixed(3), "big")
            if length < 0x4000:
                raise DecodeError("vector length is not in its shortest form")
            return length
        raise DecodeError("vector length uses the reserved prefix")

    def length(self) -> int:
        """Read the length of a vector, in bytes, and check that so many are left.

        Raises:
            DecodeError: As `variable_length`, or more than the input holds.
        """
        length = self.variable_length()
        if length > self._end - self._position:
            raise DecodeError("vector is longer than the input")
        return length

    def opaque(self) -> bytes:
        """Read `opaque x<V>`."""
        start, data = self._position, self._data
        if start < self._end and (length := data[start]) < 0x40:
            # Most vectors are this short, and a large tree has thousands of them: no call for each step.
            start += 1
        else:
            length = self.variable_length()
            start = self._position
        end = start + length
        if end > self._end:
            raise DecodeError("vector is longer than the input")
        self._position = end
        return data[start:end]

    def vector(self, read_item: Callable[[Reader], T]) -> tuple[T, ...]:
        """Read `T x<V>`: items until the vector's length in bytes is used up exactly.

        Args:
            read_item: Reads one item from this reader. An item takes at least one byte.

        Raises:
            DecodeError: The items do not end where the vector does, or an item takes no bytes.
        """
        length = self.length()
        outer_end = self._end
        self._end = self._position + length
        items: list[T] = []
        while (before := self._position) < self._end:
            items.append(read_item(self))
            if self._position == before:
                raise DecodeError("vector item takes no bytes")
        self._end = outer_end
        return tuple(items)

    def optional(self, read_item: Callable[[Reader], T]) -> T | None:
        """Read `optional<T>`: a presence byte, 0 or 1, then perhaps the item."""
        match self.u8():
            case 0:
                return None
            case 1:
                return read_item(self)
            case other:
                raise DecodeError(f"presence byte is {other}")

    def finish(self) -> None:
        """Check that everything has been read.

        Raises:
            DecodeError: Bytes are left over.
        """
        if self._position != self._end:
            raise DecodeError(f"{self._end - self._position} bytes left over")


def decode(data: bytes, read: Callable[[Reader], T]) -> T:
    """Read one value that must take up all of `data`.

    Raises:
        DecodeError: Not well-formed, or bytes are left over.
    """
    reader = Reader(data)
    value = read(reader)
    reader.finish()
    return value


def u8(value: int) -> bytes:
    """Encode a uint8."""
    return value.to_bytes(1, "big")


def u16(value: int) -> bytes:
    """Encode a uint16."""
    return value.to_bytes(2, "big")


def u32(value: int) -> bytes:
    """Encode a uint32."""
    return value.to_bytes(4, "big")


def u64(value: int) -> bytes:
    """Encode a uint64."""
    return value.to_bytes(8, "big")


_SHORT_LENGTHS = tuple(bytes((length,)) for length in range(0x40))


def vector_length(length: int) -> bytes:
    """Encode a vector's length in bytes, in the shortest form.

    Raises:
        ValueError: The length is negative or above `MAX_VECTOR_LENGTH`; the caller's mistake.
    """
    if 0 <= length < 0x40:
        return _SHORT_LENGTHS[length]
    if 0x40 <= length < 0x4000:
        return (length | 0x4000).to_bytes(2, "big")
    if 0x4000 <= length <= MAX_VECTOR_LENGTH:
        return (length | 0x8000_0000).to_bytes(4, "big")
    raise ValueError(f"a vector of {length} bytes cannot be encoded")


def opaque(data: bytes) -> bytes:
    """Encode `opaque x<V>`: the length, then the bytes."""
    length = len(data)
    if length < 0x40:
        return _SHORT_LENGTHS[length] + data
    return vector_length(length) + data


def vector(items: Iterable[bytes]) -> bytes:
    """Encode `T x<V>` from already encoded items."""
    return opaque(b"".join(items))


def optional(item: bytes | None) -> bytes:
    """Encode `optional<T>` from an already encoded item, or none."""
    return b"\x00" if item is None else b"\x01" + item
