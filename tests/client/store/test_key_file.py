"""The key file: opens with its passphrase, and says what is wrong otherwise."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.errors import NoPassphrase, ProfileDamaged, WrongPassphrase
from client.store.key_file import MAX_KEY_FILE_SIZE, KeyDerivation, unwrap_key, wrap_key
from protocols import canonical

WEAK = KeyDerivation(memory_kib=128, iterations=1, lanes=1)
DATABASE_KEY = bytes(range(32))
WRAPPED = wrap_key(DATABASE_KEY, "correct horse", derivation=WEAK, random=os.urandom)


def test_the_passphrase_opens_it() -> None:
    assert unwrap_key(WRAPPED, "correct horse") == DATABASE_KEY
    assert len(WRAPPED) <= MAX_KEY_FILE_SIZE


def test_two_wraps_share_nothing() -> None:
    assert wrap_key(DATABASE_KEY, "correct horse", derivation=WEAK, random=os.urandom) != WRAPPED
    assert DATABASE_KEY not in WRAPPED


@pytest.mark.parametrize("passphrase", ["correct Horse", "correct horse ", "x"])
def test_another_passphrase_does_not(passphrase: str) -> None:
    with pytest.raises(WrongPassphrase):
        unwrap_key(WRAPPED, passphrase)


def test_two_keyboards_type_the_same_passphrase() -> None:
    composed = wrap_key(DATABASE_KEY, "\u00e9t\u00e9", derivation=WEAK, random=os.urandom)
    assert unwrap_key(composed, "e\u0301te\u0301") == DATABASE_KEY


def test_an_empty_passphrase_is_refused() -> None:
    with pytest.raises(NoPassphrase):
        wrap_key(DATABASE_KEY, "", derivation=WEAK, random=os.urandom)
    with pytest.raises(NoPassphrase):
        unwrap_key(WRAPPED, "")


def test_an_unencodable_passphrase_is_merely_wrong() -> None:
    with pytest.raises(WrongPassphrase):
        unwrap_key(WRAPPED, "\udcff")


@pytest.mark.parametrize("size", [0, 1, 20, len(WRAPPED) - 1])
def test_a_truncated_file_is_called_damaged(size: int) -> None:
    with pytest.raises(ProfileDamaged):
        unwrap_key(WRAPPED[:size], "correct horse")


@pytest.mark.parametrize("position", range(len(WRAPPED)))
def test_a_flipped_bit_is_called_damaged(position: int) -> None:
    damaged = bytearray(WRAPPED)
    damaged[position] ^= 0x10
    with pytest.raises(ProfileDamaged):
        unwrap_key(bytes(damaged), "correct horse")


@settings(max_examples=50)
@given(st.binary(max_size=2 * MAX_KEY_FILE_SIZE))
def test_garbage_is_called_damaged(data: bytes) -> None:
    with pytest.raises(ProfileDamaged):
        unwrap_key(data, "correct horse")


@pytest.mark.parametrize(("index", "value"), [(1, 2**30), (2, 10**9), (3, 10**6), (3, 0), (1, 0)])
def test_a_doctored_cost_is_refused_before_it_is_paid(index: int, value: int) -> None:
    fields = canonical.decode(WRAPPED, max_size=MAX_KEY_FILE_SIZE)
    assert isinstance(fields, list)
    fields[index] = value
    with pytest.raises(ProfileDamaged):
        unwrap_key(canonical.encode(fields), "correct horse")


def test_the_default_cost_is_the_documented_one() -> None:
    assert KeyDerivation() == KeyDerivation(memory_kib=65_536, iterations=3, lanes=4)
