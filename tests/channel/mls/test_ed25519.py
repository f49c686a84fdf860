"""Our key check says what Parley's (`protocols.ed25519`) says, and what the curve's arithmetic says."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import protocols.ed25519
import protocols.errors
from channel.mls import ed25519
from channel.mls.errors import VerificationError
from channel.mls.signatures import ED25519
from tests.support.vectors import load_json

PRIME = 2**255 - 19
D = -121665 * pow(121666, -1, PRIME) % PRIME

Point = tuple[int, int]


def verdict(encoded: bytes) -> str | None:
    try:
        ed25519.check_public_key(encoded)
    except VerificationError as error:
        return str(error)
    return None


def verdict_of_protocols(encoded: bytes) -> str | None:
    try:
        protocols.ed25519.check_public_key(encoded)
    except protocols.errors.VerificationError as error:
        return str(error)
    return None


def double(point: Point) -> Point:
    x, y = point
    dxy = D * x * x * y * y
    return 2 * x * y * pow(1 + dxy, -1, PRIME) % PRIME, (y * y + x * x) * pow(1 - dxy, -1, PRIME) % PRIME


def decode(encoded: bytes) -> Point | None:
    """The point (RFC 8032, section 5.1.3), either of the two x; None if there is none."""
    y = (int.from_bytes(encoded, "little") & ~(1 << 255)) % PRIME
    square = (y * y - 1) * pow(D * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if x * x % PRIME != square:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    return (x, y) if x * x % PRIME == square else None


def is_of_small_order(point: Point) -> bool:
    return double(double(double(point))) == (0, 1)


ENCODINGS = st.one_of(
    st.binary(max_size=40),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**256 - 1).map(lambda number: number.to_bytes(32, "little")),
    st.builds(
        lambda y, offset, sign: (((y + offset) % 2**255) | sign << 255).to_bytes(32, "little"),
        st.sampled_from(
            [0, 1, PRIME - 1, PRIME, ed25519._Y_OF_ORDER_8, PRIME - ed25519._Y_OF_ORDER_8, 2**255 - 1]
        ),
        st.integers(-1, 19),
        st.integers(0, 1),
    ),
)


@given(ENCODINGS)
def test_both_checks_agree(encoded: bytes) -> None:
    assert verdict(encoded) == verdict_of_protocols(encoded)


@given(ENCODINGS.filter(lambda encoded: len(encoded) == 32))
@example(bytes(32))
@example(ed25519._Y_OF_ORDER_8.to_bytes(32, "little"))
def test_points_of_small_order_and_no_others_are_refused(encoded: bytes) -> None:
    point = decode(encoded)
    canonical = int.from_bytes(encoded, "little") & ~(1 << 255) < PRIME
    if not canonical:
        assert verdict(encoded) == "Ed25519 public key is not canonically encoded"
    elif point is not None and is_of_small_order(point):
        assert verdict(encoded) == "Ed25519 public key is of low order"
    else:
        assert verdict(encoded) is None


@given(st.binary(min_size=32, max_size=32))
def test_generated_keys_are_accepted(seed: bytes) -> None:
    encoded = ED25519.public_key(seed)
    assert verdict(encoded) is None
    ed25519.load_public_key(encoded).verify(ED25519.load(seed).sign(b"said"), b"said")


def test_both_checks_agree_over_the_cctv_vectors() -> None:
    vectors = load_json("log", "cctv-ed25519vectors.json.gz")
    keys = [bytes.fromhex(vector["key"]) for vector in vectors]
    verdicts = [verdict(key) for key in keys]
    assert verdicts == [verdict_of_protocols(key) for key in keys]
    for vector, said in zip(vectors, verdicts, strict=True):
        untrustworthy = {"low_order_A", "non_canonical_A"} & set(vector["flags"] or ())
        assert (said is not None) == bool(untrustworthy), vector["number"]
    assert set(verdicts) == {
        None,
        "Ed25519 public key is not canonically encoded",
        "Ed25519 public key is of low order",
    }


def test_the_five_y_of_small_order_are_all_there_are() -> None:
    # The points of order 1, 2, 4 and 8 form a cyclic group of eight: all are multiples of one of order 8.
    start = decode(ed25519._Y_OF_ORDER_8.to_bytes(32, "little"))
    assert start is not None
    group = [(0, 1)]
    for _ in range(8):
        (x, y), (u, v) = group[-1], start
        cross = D * x * u * y * v
        group.append(
            (
                (x * v + y * u) * pow(1 + cross, -1, PRIME) % PRIME,
                (y * v + x * u) * pow(1 - cross, -1, PRIME) % PRIME,
            )
        )
    assert group[8] == (0, 1)
    assert len(set(group)) == 8
    assert {y for _, y in group} == ed25519._Y_OF_SMALL_ORDER


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_keys_of_another_length_are_refused(length: int) -> None:
    with pytest.raises(VerificationError, match="32 bytes"):
        ed25519.load_public_key(bytes([9]) * length)


def test_a_refused_key_stays_refused() -> None:
    for _ in range(2):
        with pytest.raises(VerificationError, match="low order"):
            ed25519.load_public_key(bytes(32))
