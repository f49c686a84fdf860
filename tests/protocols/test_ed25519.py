import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocols import ed25519
from protocols.errors import VerificationError
from tests.support.vectors import load_json

PRIME = 2**255 - 19
SEEDS = st.binary(min_size=32, max_size=32)


@given(SEEDS, st.binary(max_size=100))
def test_generated_keys_are_accepted_and_verify(seed: bytes, message: bytes) -> None:
    private_key = Ed25519PrivateKey.from_private_bytes(seed)
    raw = private_key.public_key().public_bytes_raw()
    ed25519.check_public_key(raw)
    ed25519.verify(raw, private_key.sign(message), message)


@given(SEEDS, st.binary(max_size=60), st.integers(0, 511))
def test_any_flipped_bit_of_a_signature_is_refused(seed: bytes, message: bytes, bit: int) -> None:
    private_key = Ed25519PrivateKey.from_private_bytes(seed)
    signature = bytearray(private_key.sign(message))
    signature[bit // 8] ^= 1 << bit % 8
    with pytest.raises(VerificationError, match="does not verify"):
        ed25519.verify(private_key.public_key().public_bytes_raw(), bytes(signature), message)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_keys_of_another_length_are_refused(length: int) -> None:
    with pytest.raises(VerificationError, match="32 bytes"):
        ed25519.check_public_key(bytes([9]) * length)


@pytest.mark.parametrize("length", [0, 63, 65])
def test_signatures_of_another_length_are_refused(length: int) -> None:
    raw = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    with pytest.raises(VerificationError, match="does not verify"):
        ed25519.verify(raw, bytes(length), b"")


@pytest.mark.parametrize("excess", range(19))
@pytest.mark.parametrize("sign", [0, 1])
def test_every_y_from_p_on_is_refused(excess: int, sign: int) -> None:
    raw = (PRIME + excess | sign << 255).to_bytes(32, "little")
    with pytest.raises(VerificationError, match="canonically"):
        ed25519.check_public_key(raw)


def test_a_refused_key_stays_refused() -> None:
    for _ in range(2):
        with pytest.raises(VerificationError, match="low order"):
            ed25519.public_key(bytes(32))


def test_bytes_that_are_no_point_verify_nothing() -> None:
    no_point = (2).to_bytes(32, "little")  # (2**2 - 1) / (d * 2**2 + 1) is no square
    with pytest.raises(VerificationError):
        ed25519.verify(no_point, bytes(64), b"anything")


def test_cctv_untrustworthy_keys_are_refused_and_ordinary_ones_accepted() -> None:
    refused = accepted = 0
    for vector in load_json("log", "cctv-ed25519vectors.json.gz"):
        raw = bytes.fromhex(vector["key"])
        flags = set(vector["flags"] or ())
        if flags & {"low_order_A", "non_canonical_A"}:
            refused += 1
            with pytest.raises(VerificationError):
                ed25519.check_public_key(raw)
            with pytest.raises(VerificationError):
                ed25519.verify(raw, bytes.fromhex(vector["sig"]), vector["msg"].encode())
        else:
            accepted += 1
            ed25519.check_public_key(raw)
    assert refused >= 526
    assert accepted == 914 - refused


def test_the_cctv_vector_without_flags_verifies() -> None:
    ordinary = [v for v in load_json("log", "cctv-ed25519vectors.json.gz") if not v["flags"]]
    assert ordinary
    for vector in ordinary:
        ed25519.verify(bytes.fromhex(vector["key"]), bytes.fromhex(vector["sig"]), vector["msg"].encode())


def test_one_signature_for_every_message_is_refused() -> None:
    vector = load_json("log", "negative-double-opening.json")["low_order_ed25519"]
    for message in vector["messages"]:
        with pytest.raises(VerificationError, match="low order"):
            ed25519.verify(
                bytes.fromhex(vector["public_key"]), bytes.fromhex(vector["signature"]), message.encode()
            )
