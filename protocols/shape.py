"""Readers that turn a decoded `canonical.Value` into what a format expects, or name what is wrong with it.

Each takes the value and `what` it is (for the error text) and raises only `DecodeError`. No reader converts:
a boolean is never an integer, a string never bytes. A positional struct is read as

    code, name, tag = as_list(value, length=3, what="greeting")
    Greeting(as_uint(code, maximum=255, what="greeting code"), ...)
"""

from collections.abc import Collection
from typing import Final

from protocols.canonical import Value
from protocols.errors import DecodeError

MAX_UINT64: Final = 2**64 - 1


def as_bytes(value: object, *, length: int | None = None, max_length: int | None = None, what: str) -> bytes:
    """Return `value` as a byte string of exactly `length`, or at most `max_length`, bytes.

    Raises:
        DecodeError: another type, or another length.
    """
    if type(value) is not bytes:
        raise DecodeError(f"{what} must be a byte string")
    _check_length(len(value), length, max_length, "bytes", what)
    return value


def as_uint(value: object, *, minimum: int = 0, maximum: int = MAX_UINT64, what: str) -> int:
    """Return `value` as an integer from `minimum` to `maximum`, both included.

    Raises:
        DecodeError: another type (a boolean too), or out of range.
    """
    if type(value) is not int:
        raise DecodeError(f"{what} must be an integer")
    if not minimum <= value <= maximum:
        raise DecodeError(f"{what} must be from {minimum} to {maximum}")
    return value


def as_bool(value: object, *, what: str) -> bool:
    """Return `value` as a boolean.

    Raises:
        DecodeError: another type; 0 and 1 are not booleans.
    """
    if type(value) is not bool:
        raise DecodeError(f"{what} must be true or false")
    return value


def as_str(value: object, *, max_length: int, what: str) -> str:
    """Return `value` as a string of at most `max_length` UTF-8 bytes.

    Raises:
        DecodeError: another type, or too long.
    """
    if type(value) is not str:
        raise DecodeError(f"{what} must be a string")
    if len(value) > max_length or (not value.isascii() and len(value.encode()) > max_length):
        raise DecodeError(f"{what} must be at most {max_length} bytes of UTF-8")
    return value


def as_list(
    value: object, *, length: int | None = None, max_length: int | None = None, what: str
) -> list[Value]:
    """Return `value` as a list of exactly `length`, or at most `max_length`, items.

    Raises:
        DecodeError: another type, or another number of items.
    """
    if type(value) is not list:
        raise DecodeError(f"{what} must be a list")
    _check_length(len(value), length, max_length, "items", what)
    return value


def as_map(
    value: object,
    *,
    keys: Collection[str] | None,
    optional: Collection[str] = (),
    max_length: int = 64,
    what: str,
) -> dict[str, Value]:
    """Return `value` as a map.

    Args:
        value: what was decoded.
        keys: the keys that must all be there; None where the format leaves the keys open.
        optional: keys that may be there besides; no others may.
        max_length: most pairs, for open keys.
        what: its name in the error text.

    Raises:
        DecodeError: another type, a missing key, an unknown key, or too many pairs.
    """
    if type(value) is not dict:
        raise DecodeError(f"{what} must be a map")
    if keys is None:
        _check_length(len(value), None, max_length, "pairs", what)
        return value
    for key in keys:
        if key not in value:
            raise DecodeError(f"{what} lacks {key}")
    for key in value:
        if key not in keys and key not in optional:
            raise DecodeError(f"{what} has an unknown key")
    return value


def _check_length(actual: int, length: int | None, max_length: int | None, unit: str, what: str) -> None:
    if length is not None and actual != length:
        raise DecodeError(f"{what} must be {length} {unit}, not {actual}")
    if max_length is not None and actual > max_length:
        raise DecodeError(f"{what} must be at most {max_length} {unit}, not {actual}")
