import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from channel.mls import crypto
from channel.mls.crypto import X_WING_CIPHER_SUITE, CipherSuite, HPKECiphertext, cipher_suite
from channel.mls.errors import DecryptionError, UnsupportedError, VerificationError

NUMBERS = (*range(1, 8), X_WING_CIPHER_SUITE)
SUITES = [pytest.param(cipher_suite(number), id=f"suite{number}") for number in NUMBERS]
NIST_SUITES = [pytest.param(cipher_suite(number), id=f"suite{number}") for number in (2, 5, 7)]


def counting_random(length: int) -> bytes:
    return bytes(i & 0xFF for i in range(1, length + 1))


def test_the_registry_knows_all_registered_suites_and_ours_and_refuses_others() -> None:
    assert set(crypto.supported_cipher_suites()) >= set(NUMBERS)
    assert 0xF000 <= X_WING_CIPHER_SUITE <= 0xFFFF
    with pytest.raises(UnsupportedError, match="8"):
        cipher_suite(8)


def test_a_number_belongs_to_one_suite() -> None:
    crypto.register(cipher_suite(1))
    with pytest.raises(ValueError, match="already registered"):
        crypto.register(dataclasses.replace(cipher_suite(3), number=1))
    assert cipher_suite(1).name == "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519"


@pytest.mark.parametrize("suite", SUITES)
def test_signatures_hold_and_bind_label_and_content(suite: CipherSuite) -> None:
    pair = crypto.generate_signature_key_pair(suite, counting_random)
    suite.check_signature_key(pair.public_key)
    signature = suite.sign_with_label(pair.private_key, b"label", b"content")
    assert signature == suite.sign_with_label(suite.signing_key(pair.private_key), b"label", b"content")
    suite.verify_with_label(pair.public_key, b"label", b"content", signature)
    other = suite.generate_signature_key_pair(lambda length: b"\x77" * length).public_key
    for key, label, content, tag in (
        (pair.public_key, b"labek", b"content", signature),
        (pair.public_key, b"label", b"contenu", signature),
        (pair.public_key, b"labelc", b"ontent", signature),
        (pair.public_key, b"label", b"content", signature[:-1]),
        (pair.public_key, b"label", b"content", b""),
        (other, b"label", b"content", signature),
    ):
        with pytest.raises(VerificationError):
            suite.verify_with_label(key, label, content, tag)


@pytest.mark.parametrize("suite", SUITES)
def test_hpke_opens_for_the_right_key_label_and_context_only(suite: CipherSuite) -> None:
    private_key, public_key = suite.generate_hpke_key_pair(counting_random)
    other_private_key, _ = suite.derive_key_pair(b"another" * 10)
    suite.check_hpke_public_key(public_key)
    sealed = suite.encrypt_with_label(public_key, b"label", b"context", b"secret", random=counting_random)
    assert HPKECiphertext.decode(sealed.encode()) == sealed
    assert suite.decrypt_with_label(private_key, b"label", b"context", sealed) == b"secret"
    damaged = sealed.ciphertext[:-1] + bytes([sealed.ciphertext[-1] ^ 1])
    for key, label, context, ciphertext in (
        (other_private_key, b"label", b"context", sealed),
        (private_key, b"Label", b"context", sealed),
        (private_key, b"label", b"Context", sealed),
        (private_key, b"label", b"context", HPKECiphertext(sealed.kem_output, damaged)),
        (private_key, b"label", b"context", HPKECiphertext(sealed.kem_output, b"")),
        (private_key, b"label", b"context", HPKECiphertext(sealed.kem_output[:-1], sealed.ciphertext)),
        (private_key, b"label", b"context", HPKECiphertext(b"", sealed.kem_output + sealed.ciphertext)),
    ):
        with pytest.raises(DecryptionError):
            suite.decrypt_with_label(key, label, context, ciphertext)


@pytest.mark.parametrize("suite", SUITES)
def test_key_pairs_are_derived_and_consistent(suite: CipherSuite) -> None:
    pair = suite.derive_key_pair(b"ikm" * 20)
    assert pair == suite.derive_key_pair(b"ikm" * 20)
    assert pair != suite.derive_key_pair(b"ikn" * 20)
    assert suite.kem.public_key(pair[0]) == pair[1]
    assert len(pair[0]) == suite.kem.private_key_size


@pytest.mark.parametrize("suite", SUITES)
def test_aead_refuses_what_was_changed(suite: CipherSuite) -> None:
    key, nonce = bytes(suite.aead_key_size), bytes(suite.aead_nonce_size)
    sealed = suite.aead_encrypt(key=key, nonce=nonce, aad=b"aad", plaintext=b"text")
    assert suite.aead_decrypt(key=key, nonce=nonce, aad=b"aad", ciphertext=sealed) == b"text"
    for aad, ciphertext in ((b"aae", sealed), (b"aad", sealed[:-1]), (b"aad", b"")):
        with pytest.raises(DecryptionError):
            suite.aead_decrypt(key=key, nonce=nonce, aad=aad, ciphertext=ciphertext)


@pytest.mark.parametrize("suite", SUITES)
def test_macs_are_checked(suite: CipherSuite) -> None:
    tag = suite.mac(b"key", b"data")
    suite.verify_mac(b"key", b"data", tag)
    for wrong in (b"", tag[:-1], bytes(len(tag)), tag + b"\x00"):
        with pytest.raises(VerificationError):
            suite.verify_mac(b"key", b"data", wrong)


@pytest.mark.parametrize("suite", NIST_SUITES)
def test_points_must_be_uncompressed_and_on_the_curve(suite: CipherSuite) -> None:
    _, public_key = suite.derive_key_pair(b"ikm" * 20)
    size = len(public_key) // 2
    off_curve = public_key[:-1] + bytes([public_key[-1] ^ 1])
    compressed = bytes([2 + (public_key[-1] & 1)]) + public_key[1 : 1 + size]
    hybrid = bytes([6 + (public_key[-1] & 1)]) + public_key[1:]
    for wrong in (
        off_curve,
        compressed,
        hybrid,
        b"",
        b"\x00",
        b"\x04" + b"\xff" * (2 * size),
        public_key + b"\x00",
    ):
        for check in (suite.check_hpke_public_key, suite.check_signature_key):
            with pytest.raises(VerificationError):
                check(wrong)
        with pytest.raises(VerificationError):
            suite.encrypt_with_label(wrong, b"label", b"", b"secret", random=counting_random)
        with pytest.raises(VerificationError):
            suite.verify_with_label(wrong, b"label", b"", b"signature")


@pytest.mark.parametrize("excess", [0, 2**255 - 19])
@pytest.mark.parametrize("top_bit", [0, 1 << 255])
@pytest.mark.parametrize(
    "u",
    [
        0,
        1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
        2**255 - 20,
    ],
)
def test_x25519_keys_of_low_order_are_refused(u: int, top_bit: int, excess: int) -> None:
    suite = cipher_suite(1)
    if u + excess >= 2**255:
        return
    public_key = (u + excess | top_bit).to_bytes(32, "little")
    with pytest.raises(VerificationError, match="low order"):
        suite.check_hpke_public_key(public_key)
    with pytest.raises(VerificationError, match="low order"):
        suite.encrypt_with_label(public_key, b"label", b"", b"secret", random=counting_random)
    private_key, _ = suite.derive_key_pair(b"ikm" * 20)
    with pytest.raises(DecryptionError):
        suite.decrypt_with_label(private_key, b"label", b"", HPKECiphertext(public_key, bytes(48)))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_x25519_keys_of_another_length_are_refused(length: int) -> None:
    with pytest.raises(VerificationError, match="32 bytes"):
        cipher_suite(3).check_hpke_public_key(b"\x09" * length)


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("key", [bytes(32), b"\x01" + bytes(31), b"\xff" * 32, bytes(31), b""])
def test_ed25519_keys_that_prove_nothing_are_refused(number: int, key: bytes) -> None:
    with pytest.raises(VerificationError):
        cipher_suite(number).check_signature_key(key)
    with pytest.raises(VerificationError):
        cipher_suite(number).verify_with_label(key, b"label", b"content", bytes(64))


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(NUMBERS), st.binary(min_size=1, max_size=40), st.binary(max_size=80))
def test_garbage_signatures_raise_nothing_but_verification_error(
    number: int, key: bytes, signature: bytes
) -> None:
    suite = cipher_suite(number)
    own = suite.generate_signature_key_pair(counting_random).public_key
    for public_key in (key, own):
        with pytest.raises(VerificationError):
            suite.verify_with_label(public_key, b"label", b"content", signature)


@pytest.mark.parametrize("suite", SUITES)
def test_secret_keys_stay_out_of_reprs(suite: CipherSuite) -> None:
    pair = suite.generate_signature_key_pair(counting_random)
    assert repr(pair.private_key) not in repr(pair)
    assert pair.private_key.hex() not in repr(suite.signing_key(pair.private_key))


def test_ed25519_signatures_are_rfc_8032() -> None:
    private_key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    suite = cipher_suite(1)
    signature = suite.sign_with_label(bytes(range(32)), b"x", b"y")
    assert signature == private_key.sign(b"\x09MLS 1.0 x\x01y")
