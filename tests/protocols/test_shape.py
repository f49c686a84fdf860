from collections.abc import Callable

import pytest

from protocols import shape
from protocols.errors import DecodeError


def test_right_values_pass_unchanged() -> None:
    assert shape.as_bytes(b"ab", what="x") == b"ab"
    assert shape.as_bytes(b"ab", length=2, max_length=2, what="x") == b"ab"
    assert shape.as_uint(2**64 - 1, what="x") == 2**64 - 1
    assert shape.as_uint(3, minimum=3, maximum=3, what="x") == 3
    assert shape.as_bool(False, what="x") is False
    assert shape.as_str("é", max_length=2, what="x") == "é"
    assert shape.as_list([1, None], length=2, what="x") == [1, None]
    assert shape.as_map({"a": 1}, keys=("a",), optional=("b",), what="x") == {"a": 1}
    assert shape.as_map({"a": 1, "b": 2}, keys=("a",), optional=("b",), what="x") == {"a": 1, "b": 2}
    assert shape.as_map({"any": 1}, keys=None, max_length=1, what="x") == {"any": 1}


@pytest.mark.parametrize(
    "read",
    [
        lambda: shape.as_bytes("ab", what="the tag"),
        lambda: shape.as_bytes(bytearray(b"ab"), what="the tag"),
        lambda: shape.as_bytes(b"ab", length=3, what="the tag"),
        lambda: shape.as_bytes(b"ab", max_length=1, what="the tag"),
        lambda: shape.as_uint(True, what="the tag"),
        lambda: shape.as_uint(-1, what="the tag"),
        lambda: shape.as_uint(2**64, what="the tag"),
        lambda: shape.as_uint(0, minimum=1, what="the tag"),
        lambda: shape.as_uint(256, maximum=255, what="the tag"),
        lambda: shape.as_uint("1", what="the tag"),
        lambda: shape.as_bool(1, what="the tag"),
        lambda: shape.as_bool(None, what="the tag"),
        lambda: shape.as_str(b"ab", max_length=9, what="the tag"),
        lambda: shape.as_str("ab", max_length=1, what="the tag"),
        lambda: shape.as_str("é", max_length=1, what="the tag"),
        lambda: shape.as_list((1, 2), what="the tag"),
        lambda: shape.as_list([1], length=2, what="the tag"),
        lambda: shape.as_list([1, 2], max_length=1, what="the tag"),
        lambda: shape.as_map([], keys=None, what="the tag"),
        lambda: shape.as_map({}, keys=("a",), what="the tag"),
        lambda: shape.as_map({"a": 1, "b": 2}, keys=("a",), what="the tag"),
        lambda: shape.as_map({"a": 1, "b": 2}, keys=None, max_length=1, what="the tag"),
    ],
)
def test_wrong_values_are_refused_by_name(read: Callable[[], object]) -> None:
    with pytest.raises(DecodeError, match="the tag"):
        read()


def test_an_unknown_key_is_not_repeated_to_the_reader() -> None:
    with pytest.raises(DecodeError) as caught:
        shape.as_map({"\x1b[2Jevil": 1}, keys=(), what="map")
    assert "evil" not in str(caught.value)
