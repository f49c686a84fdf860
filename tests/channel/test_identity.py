"""Identity keys, certificates over leaf keys, safety numbers."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channel.errors import BadCertificate
from channel.identity import (
    Identity,
    make_certificate,
    participant_id,
    read_certificate,
    safety_number,
    verify_certificate,
)
from protocols import canonical

AMAL, BORIS = Identity.from_seed(b"\x01" * 32), Identity.from_seed(b"\x02" * 32)
LEAF_KEY = Identity.from_seed(b"\x03" * 32).public_key
ORIGIN = "relay.example/r/" + "ab" * 32


def certificate(identity: Identity = AMAL, leaf_key: bytes = LEAF_KEY) -> bytes:
    return make_certificate(
        identity, leaf_signature_key=leaf_key, not_before_s=100, not_after_s=200, device="laptop"
    )


def test_a_certificate_vouches_for_its_leaf_key() -> None:
    verified = verify_certificate(certificate(), signature_key=LEAF_KEY, now_s=150)
    assert verified == read_certificate(certificate())
    assert (verified.identity_key, verified.device) == (AMAL.public_key, "laptop")


@pytest.mark.parametrize("now_s", [100, 200])
def test_the_ends_of_validity_are_valid(now_s: int) -> None:
    verify_certificate(certificate(), signature_key=LEAF_KEY, now_s=now_s)


@pytest.mark.parametrize("now_s", [0, 99, 201])
def test_outside_its_validity_it_is_refused(now_s: int) -> None:
    with pytest.raises(BadCertificate, match="not valid at this time"):
        verify_certificate(certificate(), signature_key=LEAF_KEY, now_s=now_s)


def test_a_certificate_for_another_leaf_key_is_refused() -> None:
    with pytest.raises(BadCertificate, match="another leaf key"):
        verify_certificate(certificate(), signature_key=BORIS.public_key, now_s=150)


def test_a_certificate_in_anothers_name_is_refused() -> None:
    items = canonical.decode(certificate(BORIS), max_size=1024)
    assert isinstance(items, list)
    items[1] = AMAL.public_key
    with pytest.raises(BadCertificate, match="not signed by its identity key"):
        verify_certificate(canonical.encode(items), signature_key=LEAF_KEY, now_s=150)


@pytest.mark.parametrize("position", range(len(certificate())))
def test_no_flipped_bit_survives(position: int) -> None:
    damaged = bytearray(certificate())
    damaged[position] ^= 0x01
    with pytest.raises(BadCertificate):
        verify_certificate(bytes(damaged), signature_key=LEAF_KEY, now_s=150)


@given(st.binary(max_size=300))
def test_garbage_is_one_error(data: bytes) -> None:
    with pytest.raises(BadCertificate):
        read_certificate(data)


def test_a_low_order_identity_key_is_refused() -> None:
    items = canonical.decode(certificate(), max_size=1024)
    assert isinstance(items, list)
    items[1] = bytes(32)
    with pytest.raises(BadCertificate, match="low order"):
        read_certificate(canonical.encode(items))


def test_a_device_label_has_a_limit() -> None:
    with pytest.raises(BadCertificate, match="device"):
        make_certificate(AMAL, leaf_signature_key=LEAF_KEY, not_before_s=0, not_after_s=1, device="x" * 129)


def test_secrets_stay_out_of_reprs() -> None:
    assert repr(b"\x01" * 32) not in repr(AMAL)
    assert "private" not in repr(AMAL)


def test_participant_ids_are_pinned() -> None:
    # RFC 8032, test 1 has this public key; the id is a format and never changes.
    key = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert participant_id(key) == "08c28e082a37200d5dba662bf8366920"
    assert AMAL.participant_id == participant_id(AMAL.public_key)


def test_a_safety_number_is_the_same_for_both_and_pinned() -> None:
    number = safety_number(AMAL.public_key, BORIS.public_key, origin=ORIGIN)
    assert number == safety_number(BORIS.public_key, AMAL.public_key, origin=ORIGIN)
    assert re.fullmatch(r"\d{5}( \d{5}){5}", number)
    assert number == "02419 18247 85332 98104 25312 65855"


def test_safety_numbers_differ_by_person_and_channel() -> None:
    keys = [AMAL.public_key, BORIS.public_key, LEAF_KEY]
    numbers = {safety_number(*pair, origin=ORIGIN) for pair in itertools.combinations(keys, 2)}
    numbers.add(safety_number(keys[0], keys[1], origin=ORIGIN + "x"))
    assert len(numbers) == 4


def test_a_safety_number_with_oneself_is_a_bug() -> None:
    with pytest.raises(ValueError, match="two different"):
        safety_number(AMAL.public_key, AMAL.public_key, origin=ORIGIN)
