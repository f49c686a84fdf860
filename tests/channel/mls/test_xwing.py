"""X-Wing: the draft's vectors, its parts put together by hand, and keys and ciphertexts that must be refused."""

import dataclasses
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from channel.mls import crypto
from channel.mls.crypto import X_WING_CIPHER_SUITE, cipher_suite, register, supported_cipher_suites
from channel.mls.errors import DecryptionError, VerificationError
from channel.mls.xwing import KEM_OUTPUT_SIZE, PUBLIC_KEY_SIZE, X_WING
from tests.channel.mls import xwing_vectors as vector
from tests.support.builders import make_group, seeded

ML_KEM_MODULUS = 3329


def test_key_pairs_are_the_drafts() -> None:
    for seed, begins, ends in (
        (vector.SEED, vector.PUBLIC_KEY_BEGINS, vector.PUBLIC_KEY_ENDS),
        (vector.THIRD_SEED, vector.THIRD_PUBLIC_KEY_BEGINS, vector.THIRD_PUBLIC_KEY_ENDS),
    ):
        public_key = X_WING.public_key(seed)
        assert len(public_key) == PUBLIC_KEY_SIZE == 1216
        assert (public_key[: len(begins)], public_key[-len(ends) :]) == (begins, ends)


def test_decapsulation_is_the_drafts() -> None:
    assert len(vector.CIPHERTEXT) == KEM_OUTPUT_SIZE == 1120
    assert X_WING.decapsulate(vector.SEED, vector.CIPHERTEXT) == vector.SHARED_SECRET


def test_the_shared_secret_is_that_of_the_parts() -> None:
    seed, public_key = X_WING.derive_key_pair(b"ikm" * 11)
    assert seed == hashlib.shake_256(b"ikm" * 11).digest(32)
    shared_secret, kem_output = X_WING.encapsulate(public_key, seeded("ephemeral"))
    expanded = hashlib.shake_256(seed).digest(96)
    ml_kem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).decapsulate(kem_output[:1088])
    x25519 = X25519PrivateKey.from_private_bytes(expanded[64:]).exchange(
        X25519PublicKey.from_public_bytes(kem_output[1088:])
    )
    label = bytes.fromhex("5c2e2f2f5e5c")
    combined = hashlib.sha3_256(ml_kem + x25519 + kem_output[1088:] + public_key[1184:] + label).digest()
    assert shared_secret == combined == X_WING.decapsulate(seed, kem_output)


def test_both_halves_of_a_public_key_are_checked() -> None:
    _, public_key = X_WING.derive_key_pair(b"ikm" * 11)
    X_WING.check_public_key(public_key)
    first_coefficient = (ML_KEM_MODULUS | int.from_bytes(public_key[1:2]) >> 4 << 12).to_bytes(2, "little")
    for wrong in (
        b"",
        public_key[:-1],
        public_key + b"\x00",
        first_coefficient + public_key[2:],
        b"\xff" * 1184 + public_key[1184:],
        public_key[:1184] + bytes(32),
        public_key[:1184] + b"\xff" * 32,
    ):
        with pytest.raises(VerificationError):
            X_WING.check_public_key(wrong)
        with pytest.raises(VerificationError):
            X_WING.encapsulate(wrong, seeded("ephemeral"))


def test_encapsulated_keys_are_checked() -> None:
    seed, public_key = X_WING.derive_key_pair(b"ikm" * 11)
    shared_secret, kem_output = X_WING.encapsulate(public_key, seeded("ephemeral"))
    for wrong in (b"", kem_output[:-1], kem_output + b"\x00", kem_output[:1088] + bytes(32)):
        with pytest.raises(DecryptionError):
            X_WING.decapsulate(seed, wrong)
    rejected = X_WING.decapsulate(seed, bytes([kem_output[0] ^ 1]) + kem_output[1:])
    assert rejected != shared_secret
    assert len(rejected) == len(shared_secret)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_private_key_is_a_seed_of_32_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        X_WING.public_key(bytes(length))


def test_the_same_suite_is_spoken_under_another_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number ts-mls gives it: a group of that number works, and its members are of that number only."""
    monkeypatch.setattr("channel.mls.crypto._suites", dict(crypto._suites))
    ours = cipher_suite(X_WING_CIPHER_SUITE)
    register(dataclasses.replace(ours, number=83))
    suite = cipher_suite(83)
    assert 83 in supported_cipher_suites()
    assert (suite.name, suite.kem, suite.hash_size) == (ours.name, ours.kem, ours.hash_size)
    alice, bob = make_group("alice", "bob", suite=suite)
    assert alice.context.cipher_suite == 83
    assert alice.epoch_authenticator == bob.epoch_authenticator
