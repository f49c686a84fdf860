from base64 import b64encode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocols import canonical
from protocols.errors import DecodeError, LocalProtocolError, ProtocolError, VerificationError
from protocols.log.entry import MAX_ENTRY_SIZE, MAX_ORIGIN_SIZE, Entry, Genesis, decode_entry
from protocols.log.note import Verifier

PUBLIC_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key().public_bytes_raw()
RELAY = Verifier("relay.example", PUBLIC_KEY)
GENESIS = Genesis(random=bytes(32), relay_vkey=RELAY.vkey, cipher_suite=1, policy={"mode": "LIVE"})
FIELDS: list[canonical.Value] = [bytes(32), RELAY.vkey, 1, {"mode": "LIVE"}]
TIMES = st.integers(0, 4_102_444_799_999)


@given(
    st.binary(min_size=32, max_size=32),
    st.integers(0, 0xFFFF),
    st.dictionaries(st.text(max_size=10), st.text(max_size=10), max_size=5),
)
def test_a_genesis_reads_back(random: bytes, cipher_suite: int, policy: dict[str, str]) -> None:
    genesis = Genesis(random=random, relay_vkey=RELAY.vkey, cipher_suite=cipher_suite, policy=policy)
    assert Genesis.decode(genesis.encode()) == genesis == decode_entry(genesis.encode())
    assert genesis.log_id == sha256(genesis.encode()).digest()
    assert genesis.origin == f"relay.example/r/{genesis.log_id.hex()}"
    assert genesis.relay_public_key == PUBLIC_KEY


def test_a_genesis_keeps_its_policy_to_itself() -> None:
    policy = {"mode": "LIVE"}
    genesis = Genesis(random=bytes(32), relay_vkey=RELAY.vkey, cipher_suite=1, policy=policy)
    before = genesis.log_id
    policy["mode"] = "EXERCISE"
    assert genesis.log_id == before
    assert hash(genesis) == hash(GENESIS)


@given(TIMES, st.binary(min_size=1, max_size=60), st.none() | st.binary(min_size=32, max_size=32))
def test_an_entry_reads_back(relay_time_ms: int, message: bytes, key: bytes | None) -> None:
    entry = Entry(relay_time_ms, message, key)
    assert decode_entry(entry.encode()) == entry


@given(st.binary(max_size=120))
def test_arbitrary_bytes_read_back_exactly_or_raise_only_our_errors(data: bytes) -> None:
    try:
        entry = decode_entry(data)
    except ProtocolError:
        return
    assert entry.encode() == data


@pytest.mark.parametrize("kind", [1, 2])
def test_the_largest_entry_fits_and_one_byte_more_does_not(kind: int) -> None:
    head = 9 if kind == 1 else 41
    key = None if kind == 1 else bytes(32)
    largest = Entry(0, bytes(MAX_ENTRY_SIZE - head), key)
    assert len(largest.encode()) == MAX_ENTRY_SIZE
    assert decode_entry(largest.encode()) == largest
    with pytest.raises(LocalProtocolError):
        Entry(0, bytes(MAX_ENTRY_SIZE - head + 1), key).encode()
    with pytest.raises(DecodeError, match="too large"):
        decode_entry(largest.encode() + b"\0")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        b"\x01" + bytes(8),
        b"\x02" + bytes(40),
        b"\x03" + bytes(60),
        b"\xff" + bytes(60),
        b"\x01" + b"\x80" + bytes(60),
        b"\x00",
    ],
)
def test_malformed_entries_are_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_entry(data)


@pytest.mark.parametrize(
    "entry", [Entry(-1, b"m"), Entry(4_102_444_800_000, b"m"), Entry(0, b""), Entry(0, b"m", bytes(31))]
)
def test_impossible_entries_are_our_fault(entry: Entry) -> None:
    with pytest.raises(LocalProtocolError):
        entry.encode()


def changed(position: int, value: canonical.Value) -> bytes:
    return b"\x00" + canonical.encode([*FIELDS[:position], value, *FIELDS[position + 1 :]])


def test_the_hostile_genesis_cases_start_from_a_good_one() -> None:
    assert changed(0, bytes(32)) == GENESIS.encode()


@pytest.mark.parametrize(
    "data",
    [
        changed(0, bytes(31)),
        changed(0, "0" * 32),
        changed(1, RELAY.vkey.encode()),
        changed(1, RELAY.vkey[:-4]),
        changed(1, "x" * 600),
        changed(1, Verifier("r" * 189, PUBLIC_KEY).vkey),
        changed(2, -1),
        changed(2, 0x10000),
        changed(2, True),
        changed(3, []),
        changed(3, {"mode": 1}),
        changed(3, {"mode": "x" * 513}),
        changed(3, {str(number): "" for number in range(65)}),
        b"\x00" + canonical.encode(FIELDS[:3]),
        b"\x00" + canonical.encode([*FIELDS, None]),
        GENESIS.encode() + b"\x00",
        b"\x01" + GENESIS.encode()[1:],
    ],
)
def test_malformed_geneses_are_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Genesis.decode(data)


def test_a_genesis_with_an_untrustworthy_relay_key_is_refused() -> None:
    low_order = "relay.example+00000000+" + b64encode(b"\x01" + bytes(32)).decode()
    with pytest.raises(VerificationError):
        Genesis.decode(changed(1, low_order))


def test_the_longest_relay_name_still_fits_the_origin() -> None:
    longest = Genesis(random=bytes(32), relay_vkey=Verifier("r" * 188, PUBLIC_KEY).vkey, cipher_suite=1)
    assert len(longest.origin) == MAX_ORIGIN_SIZE
    with pytest.raises(ValueError, match="name"):
        Genesis(random=bytes(32), relay_vkey=Verifier("r" * 189, PUBLIC_KEY).vkey, cipher_suite=1)
