import hmac
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from protocols import canonical
from protocols.errors import DecodeError, LocalProtocolError, ProtocolError, VerificationError
from protocols.payload import (
    AUTHENTICATED_DATA_SIZE,
    EMPTY_HISTORY,
    MAX_PAYLOAD_SIZE,
    EntryStatus,
    Payload,
    accumulate,
    authenticated_data,
    check_franking,
)
from protocols.relay.mls_header import read_header
from tests.support.vectors import load_json

HASHES = st.binary(min_size=32, max_size=32)
UINTS = st.integers(0, 2**64 - 1)
PAYLOADS = st.builds(
    Payload,
    salt=HASHES,
    message_id=st.binary(min_size=16, max_size=16),
    counter=st.integers(1, 2**64 - 1),
    seen_size=UINTS,
    seen_root=HASHES,
    accepted_history=HASHES,
    body=st.binary(max_size=100),
)
PAYLOAD = Payload(
    salt=bytes(32),
    message_id=bytes(16),
    counter=1,
    seen_size=0,
    seen_root=bytes(32),
    accepted_history=EMPTY_HISTORY,
    body=b"I accept",
)
FIELDS: list[canonical.Value] = [bytes(32), bytes(16), 1, 0, bytes(32), bytes(32), b"I accept"]


@given(PAYLOADS)
def test_a_payload_reads_back_and_its_tag_holds(payload: Payload) -> None:
    encoded = payload.encode()
    assert Payload.decode(encoded) == payload
    tag = authenticated_data(encoded)
    assert len(tag) == AUTHENTICATED_DATA_SIZE
    assert tag == b"PF1" + hmac.new(payload.salt, encoded, sha256).digest()
    assert check_franking(encoded, tag) == payload


@given(PAYLOADS, st.integers(0), st.integers(1, 255))
def test_no_changed_byte_of_payload_or_tag_passes(payload: Payload, position: int, change: int) -> None:
    encoded = payload.encode()
    both = bytearray(encoded + authenticated_data(encoded))
    both[position % len(both)] ^= change
    with pytest.raises(ProtocolError):
        check_franking(bytes(both[: len(encoded)]), bytes(both[len(encoded) :]))


@given(st.binary(max_size=300))
def test_arbitrary_bytes_raise_only_our_error(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Payload.decode(data)


@pytest.mark.parametrize("tag", [b"", b"PF1", bytes(35), b"PF2" + bytes(32)])
def test_a_missing_or_foreign_tag_is_refused(tag: bytes) -> None:
    with pytest.raises(VerificationError):
        check_franking(PAYLOAD.encode(), tag)


def test_the_tag_of_other_words_is_refused() -> None:
    other = replace(PAYLOAD, body=b"I refuse").encode()
    with pytest.raises(VerificationError):
        check_franking(PAYLOAD.encode(), authenticated_data(other))
    with pytest.raises(VerificationError):
        check_franking(PAYLOAD.encode(), authenticated_data(PAYLOAD.encode()) + b"\0")


def changed(position: int, value: canonical.Value) -> bytes:
    return canonical.encode([*FIELDS[:position], value, *FIELDS[position + 1 :]])


def test_the_hostile_cases_start_from_a_good_one() -> None:
    assert changed(6, b"I accept") == PAYLOAD.encode()


@pytest.mark.parametrize(
    "data",
    [
        changed(0, bytes(31)),
        changed(0, bytes(33)),
        changed(0, "s" * 32),
        changed(1, bytes(15)),
        changed(2, 0),
        changed(2, -1),
        changed(2, True),
        changed(3, -1),
        changed(3, None),
        changed(4, bytes(20)),
        changed(5, b""),
        changed(6, "text"),
        changed(6, [b"I accept"]),
        canonical.encode(FIELDS[:6]),
        canonical.encode([*FIELDS, None]),
        canonical.encode({"salt": bytes(32)}),
        changed(6, b"") + b"\0",
        changed(6, bytes(MAX_PAYLOAD_SIZE)),
    ],
)
def test_malformed_payloads_are_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Payload.decode(data)
    with pytest.raises(DecodeError):
        check_franking(data, authenticated_data(PAYLOAD.encode()))


@pytest.mark.parametrize(
    "payload",
    [
        replace(PAYLOAD, counter=0),
        replace(PAYLOAD, salt=bytes(16)),
        replace(PAYLOAD, seen_size=2**64),
        replace(PAYLOAD, body=bytes(MAX_PAYLOAD_SIZE)),
    ],
)
def test_encoding_what_nobody_could_read_is_our_fault(payload: Payload) -> None:
    with pytest.raises(LocalProtocolError):
        payload.encode()


def test_neither_salt_nor_body_is_in_the_repr() -> None:
    shown = repr(replace(PAYLOAD, salt=b"saltsalt" * 4))
    assert "salt" not in shown
    assert "accept" not in shown.replace("accepted_history", "")


@given(UINTS, HASHES, HASHES, st.sampled_from(EntryStatus))
def test_the_history_is_the_published_formula(
    n: int, previous: bytes, leaf: bytes, status: EntryStatus
) -> None:
    expected = sha256(b"parley-acc" + n.to_bytes(8, "big") + previous + leaf + bytes([status])).digest()
    assert accumulate(n, previous, leaf, status) == expected


@given(st.lists(st.sampled_from(EntryStatus), min_size=1, max_size=8), st.data())
def test_one_other_judgement_gives_another_history(statuses: list[EntryStatus], data: st.DataObject) -> None:
    def history(judged: list[EntryStatus]) -> bytes:
        result = EMPTY_HISTORY
        for index, status in enumerate(judged):
            result = accumulate(index, result, bytes(32), status)
        return result

    position = data.draw(st.integers(0, len(statuses) - 1))
    other = [*statuses]
    other[position] = data.draw(st.sampled_from([s for s in EntryStatus if s is not statuses[position]]))
    assert history(other) != history(statuses)
    assert history(statuses[:-1]) != history(statuses)


@pytest.mark.parametrize(("n", "previous", "leaf"), [(-1, 32, 32), (2**64, 32, 32), (0, 31, 32), (0, 32, 33)])
def test_a_history_of_impossible_parts_cannot_be(n: int, previous: int, leaf: int) -> None:
    with pytest.raises(ValueError, match="accepted history"):
        accumulate(n, bytes(previous), bytes(leaf), EntryStatus.ACCEPTED)


def test_both_openings_of_one_ciphertext_are_refused() -> None:
    """An AES-GCM ciphertext made to open under two keys: neither opening carries the tag that was sent with it."""
    vector = load_json("log", "negative-double-opening.json")
    message = bytes.fromhex(vector["mls_message"])
    header = read_header(message)
    contents = {open_content(message, opening) for opening in vector["openings"]}
    assert len(contents) == 2, "the vector must still open twice, or this test shows nothing"
    for application_data in contents:
        with pytest.raises(ProtocolError):
            check_franking(application_data, header.authenticated_data)
        dressed = replace(PAYLOAD, body=application_data).encode()
        with pytest.raises(VerificationError):
            check_franking(dressed, header.authenticated_data)


def open_content(message: bytes, opening: dict[str, Any]) -> bytes:
    """The application_data that one of the vector's keys finds in the PrivateMessage."""
    header = read_header(message)
    aad_fields = message[
        4 : 4 + 1 + len(header.group_id) + 8 + 1 + 1
    ]  # PrivateContentAAD is the header itself
    start = 4 + len(aad_fields) + 1 + 28 + 2  # behind encrypted_sender_data and the two-byte length
    plaintext = AESGCM(bytes.fromhex(opening["aead_key"])).decrypt(
        bytes.fromhex(opening["aead_nonce"]), message[start:], aad_fields
    )
    width = 1 << (plaintext[0] >> 6)
    length = int.from_bytes(plaintext[:width], "big") & ((1 << (8 * width - 2)) - 1)
    return plaintext[width : width + length]
