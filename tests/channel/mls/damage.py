"""Damage to encodings, as hypothesis draws it."""

from hypothesis import strategies as st

DAMAGE = st.lists(
    st.tuples(
        st.integers(min_value=0),
        st.sampled_from(("flip", "set", "cut", "insert", "copy")),
        st.integers(min_value=0, max_value=255),
        st.integers(min_value=1, max_value=40),
    ),
    min_size=1,
    max_size=3,
)
"""Places, ways and sizes of damage."""


def damaged(data: bytes, damage: list[tuple[int, str, int, int]]) -> bytes:
    """These bytes with that done to them."""
    result = bytearray(data)
    for place, way, value, length in damage:
        position = place % (len(result) or 1)
        match way:
            case "flip" if result:
                result[position] ^= 1 << value % 8
            case "set" if result:
                result[position] = value
            case "cut":
                del result[position : position + length]
            case "insert":
                result[position:position] = bytes([value]) * length
            case _:
                result[position : position + length] = result[value : value + length]
    return bytes(result)
