"""X448 and Ed448: keys that force a known secret, prove nothing, or have two names are refused."""

import pytest
from cryptography.hazmat.primitives.asymmetric.x448 import X448PrivateKey, X448PublicKey

from channel.mls.crypto import cipher_suite
from channel.mls.ed448 import ED448
from channel.mls.errors import DecryptionError, VerificationError
from channel.mls.hpke import HPKECiphertext
from channel.mls.kem import X448
from tests.support.builders import make_group, seeded

PRIME = 2**448 - 2**224 - 1
LOW_ORDER_U = (0, 1, PRIME - 1)
LOW_ORDER_Y = (0, 1, PRIME - 1)


def test_x448_is_rfc_7748s() -> None:
    """Section 6.2: Alice's and Bob's key pairs and their shared secret."""
    alice = bytes.fromhex(
        "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d"
        "9ac2d8c0a598726b"
    )
    bob = bytes.fromhex(
        "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b0"
        "366f10b65173992d"
    )
    secret = (
        "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a"
        "449a5037514a879d"
    )
    assert X448.exchange(alice, X448.public_key(bob)).hex() == secret
    assert X448.exchange(bob, X448.public_key(alice)).hex() == secret


@pytest.mark.parametrize("u", [*LOW_ORDER_U, PRIME, PRIME + 1])
def test_x448_keys_of_low_order_are_refused(u: int) -> None:
    public_key = u.to_bytes(56, "little")
    with pytest.raises(ValueError, match=r"[Ee]rror"):
        X448PrivateKey.from_private_bytes(b"\x05" * 56).exchange(X448PublicKey.from_public_bytes(public_key))
    suite = cipher_suite(4)
    with pytest.raises(VerificationError, match="low order"):
        suite.check_hpke_public_key(public_key)
    with pytest.raises(VerificationError, match="low order"):
        suite.encrypt_with_label(public_key, b"label", b"", b"secret", random=seeded("ephemeral"))
    private_key, _ = suite.derive_key_pair(b"ikm" * 20)
    with pytest.raises(DecryptionError):
        suite.decrypt_with_label(private_key, b"label", b"", HPKECiphertext(public_key, bytes(48)))


@pytest.mark.parametrize("u", [PRIME + 2, 2**448 - 1])
def test_x448_keys_with_a_second_name_are_refused(u: int) -> None:
    with pytest.raises(VerificationError, match="not canonically encoded"):
        cipher_suite(6).check_hpke_public_key(u.to_bytes(56, "little"))


@pytest.mark.parametrize("length", [0, 55, 57])
def test_x448_keys_of_another_length_are_refused(length: int) -> None:
    with pytest.raises(VerificationError, match="56 bytes"):
        cipher_suite(4).check_hpke_public_key(b"\x05" * length)


@pytest.mark.parametrize("sign", [0, 1 << 455])
@pytest.mark.parametrize("y", LOW_ORDER_Y)
def test_ed448_keys_of_low_order_are_refused(y: int, sign: int) -> None:
    with pytest.raises(VerificationError, match="low order"):
        ED448.check_public_key((y | sign).to_bytes(57, "little"))
    with pytest.raises(VerificationError, match="low order"):
        ED448.verify((y | sign).to_bytes(57, "little"), b"message", b"\x01" + bytes(113))


@pytest.mark.parametrize("encoded", [PRIME, PRIME + 2, 2**448, 2**455 - 1, 2**456 - 1])
def test_ed448_keys_with_a_second_name_are_refused(encoded: int) -> None:
    with pytest.raises(VerificationError, match="not canonically encoded"):
        ED448.check_public_key(encoded.to_bytes(57, "little"))


@pytest.mark.parametrize("length", [0, 56, 58])
def test_ed448_keys_of_another_length_are_refused(length: int) -> None:
    for number in (4, 6):
        with pytest.raises(VerificationError, match="57 bytes"):
            cipher_suite(number).check_signature_key(b"\x05" * length)


@pytest.mark.parametrize("number", [4, 6])
def test_messages_travel_both_ways(number: int) -> None:
    alice, bob = make_group("alice", "bob", suite=cipher_suite(number))
    assert alice.export_secret(b"label", b"", 32) == bob.export_secret(b"label", b"", 32)
