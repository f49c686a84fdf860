"""Strict msgpack: every value has exactly one encoding, and only that one is accepted.

Allowed are nil, booleans, integers from -2**63 to 2**64-1, UTF-8 strings, byte strings, arrays, and maps
whose keys are strings in strictly ascending UTF-8 byte order (so no key can occur twice). Floats, extension
types and timestamps do not exist. Every integer and length uses its shortest form.

Format: https://github.com/msgpack/msgpack/blob/master/spec.md
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import msgpack

from protocols.errors import DecodeError, LocalProtocolError

Value: TypeAlias = "bool | int | str | bytes | list[Value] | dict[str, Value] | None"
"""What decoding gives."""

Encodable: TypeAlias = "bool | int | str | bytes | Sequence[Encodable] | Mapping[str, Encodable] | None"
"""What encoding takes: a `Value`, or one with tuples for lists and enumeration members for plain values."""

MAX_DEPTH: Final = 16
MAX_ITEMS: Final = 4096

# msgpack reserves an array's slots when it reads the header, up to 1,024 arrays deep: 8 KB of headers would
# make it clear 32 MiB. So arrays up to this length are read at once, and longer ones after `_check_claims`.
_UNCHECKED_ITEMS: Final = 64
_INTEGER_SIZES: Final = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_STRING_LENGTHS: Final = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
_ARRAY_LENGTHS: Final = {0xDC: 2, 0xDD: 4}
_MAP_LENGTHS: Final = {0xDE: 2, 0xDF: 4}
_CONSTANTS: Final = frozenset({0xC0, 0xC2, 0xC3})

_SCALARS: Final = frozenset({type(None), bool, int, str, bytes})
_DECODED: Final = _SCALARS | {list, dict}
_SEQUENCES: Final = frozenset({list, tuple})
_KEYS: Final = frozenset({str})


def encode(value: Encodable) -> bytes:
    """Return the one encoding of `value`; maps are sorted, tuples count as lists.

    Raises:
        LocalProtocolError: `value` holds something that has no encoding (a float, an integer out of range, a
            lone surrogate, a key that is not a string), or nests deeper than 16. Our fault.
    """
    try:
        encoded: bytes = msgpack.packb(_plain(value, MAX_DEPTH))
    except (OverflowError, ValueError, TypeError) as error:
        raise LocalProtocolError(f"value has no canonical encoding ({type(error).__name__})") from None
    return encoded


def decode(data: bytes, *, max_size: int, max_depth: int = MAX_DEPTH, max_items: int = MAX_ITEMS) -> Value:
    """Read one value that fills `data` exactly; `encode(decode(data)) == data`.

    Args:
        data: the encoding, from a peer or a file.
        max_size: most bytes to look at.
        max_depth: most arrays and maps inside each other; a bare scalar has depth 0. At most 16.
        max_items: most items of any one array, and most pairs of any one map.

    Raises:
        DecodeError: anything but the one encoding of an allowed value within these bounds. The peer's fault.
    """
    size = len(data)
    if size > max_size:
        raise DecodeError(f"{size} bytes where at most {max_size} are allowed")
    try:
        try:
            value = _unpack(data, min(max_items, _UNCHECKED_ITEMS))
        except ValueError:
            _check_claims(data, max_items)
            value = _unpack(data, max_items)
        _check(value, max_depth)
        minimal = msgpack.packb(value) == data
    except DecodeError:
        raise
    except (
        Exception
    ) as error:  # the C extension raises a dozen types, some undocumented; the border lets out one
        raise DecodeError(f"not canonical msgpack ({type(error).__name__})") from None
    if not minimal:
        raise DecodeError("not the shortest encoding")
    return value


def _unpack(data: bytes, max_items: int) -> Value:
    size = len(data)
    value: Value = msgpack.unpackb(
        data,
        object_pairs_hook=_ascending,
        max_str_len=size,
        max_bin_len=size,
        max_array_len=min(size, max_items),
        max_map_len=min(size // 2, max_items),
        max_ext_len=0,
    )
    return value


def _check_claims(data: bytes, max_items: int) -> None:
    """Refuse arrays and maps that claim more than the rest of `data` can hold, without building anything."""
    size, position = len(data), 0
    awaited = [1]  # items still to come, for each array or map that is open
    while awaited:
        if awaited[-1] == 0:
            awaited.pop()
            continue
        awaited[-1] -= 1
        if position >= size:
            raise DecodeError("value is truncated")
        head = data[position]
        position += 1
        if head < 0x80 or head >= 0xE0 or head in _CONSTANTS:
            continue
        if 0xA0 <= head < 0xC0:
            position += head & 0x1F
        elif head in _INTEGER_SIZES:
            position += _INTEGER_SIZES[head]
        elif head in _STRING_LENGTHS:
            width = _STRING_LENGTHS[head]
            position += width + int.from_bytes(data[position : position + width], "big")
        else:
            claimed, per_item, width = _claim(head, data, position)
            position += width
            if claimed > max_items or claimed * per_item > size - position or len(awaited) > MAX_DEPTH:
                raise DecodeError("array or map larger than what follows, too large, or nested too deep")
            awaited.append(claimed * per_item)


def _claim(head: int, data: bytes, position: int) -> tuple[int, int, int]:
    """Return what an array's or map's header claims: length, values per item, bytes of the length itself."""
    if head < 0x90:
        return head & 0x0F, 2, 0
    if head < 0xA0:
        return head & 0x0F, 1, 0
    if head in _ARRAY_LENGTHS:
        width, per_item = _ARRAY_LENGTHS[head], 1
    elif head in _MAP_LENGTHS:
        width, per_item = _MAP_LENGTHS[head], 2
    else:
        raise DecodeError("a type that canonical msgpack does not have")
    return int.from_bytes(data[position : position + width], "big"), per_item, width


def _ascending(pairs: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    result: dict[str, Value] = {}
    last: str | None = None
    for key, item in pairs:
        # Code point order is UTF-8 byte order, as no surrogate gets this far.
        if type(key) is not str or (last is not None and key <= last):
            raise DecodeError("map keys are not strictly ascending")
        result[key] = item
        last = key
    return result


def _check(value: Value, max_depth: int) -> None:
    """Refuse forbidden types and deep nesting, level by level: the peer chooses the depth, not our stack."""
    limit = min(max_depth, MAX_DEPTH)
    level: list[Value] = [value]
    for depth in range(limit + 1):
        kinds = set(map(type, level))
        if not kinds <= _DECODED:
            raise DecodeError("a type that canonical msgpack does not have")
        if list not in kinds and dict not in kinds:
            return
        if depth == limit:
            break
        below: list[Value] = []
        for item in level:
            if type(item) is list:
                below += item
            elif type(item) is dict:
                below += item.values()
        level = below
    raise DecodeError(f"nested deeper than {limit}")


def _plain(value: Encodable, depth: int) -> Value:
    """Return `value` with sorted maps and plain types only; msgpack itself would let floats pass."""
    kind = type(value)
    if kind in _SCALARS:
        return value  # type: ignore[return-value]  # narrowed by exact type, which mypy cannot follow
    # Exact types first: asking whether something is a Mapping is slow, and hardly anything is another one.
    if kind is dict or (kind not in _SEQUENCES and isinstance(value, Mapping)):
        if depth == 0:
            raise ValueError
        names: Mapping[str, Encodable] = value  # type: ignore[assignment]
        if not _KEYS.issuperset(map(type, names)) and not all(isinstance(key, str) for key in names):
            raise TypeError
        return {
            str(key): item if type(item := names[key]) in _SCALARS else _plain(item, depth - 1)  # type: ignore[misc]
            for key in sorted(names)
        }
    if isinstance(value, (list, tuple)):
        if depth == 0:
            raise ValueError
        if _SCALARS.issuperset(map(type, value)):
            return list(value)
        return [_plain(item, depth - 1) for item in value]
    # Subclasses, such as the members of an IntEnum, count as what they are built on.
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bytes):
        return bytes(value)
    raise TypeError
