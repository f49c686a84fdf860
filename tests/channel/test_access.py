"""The access key of an epoch."""

import pytest

from channel.access import ACCESS_LABEL, ACCESS_SECRET_SIZE, access_key_pair, sign_access
from protocols import ed25519
from protocols.errors import VerificationError


def test_the_label_is_part_of_the_format() -> None:
    assert (ACCESS_LABEL, ACCESS_SECRET_SIZE) == ("parley relay access v1", 32)


def test_the_exported_secret_is_the_seed() -> None:
    # RFC 8032, section 7.1, test 1.
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    private_key, public_key = access_key_pair(seed)
    assert private_key == seed
    assert public_key.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


def test_a_signature_verifies_and_only_for_what_was_signed() -> None:
    private_key, public_key = access_key_pair(b"\x07" * 32)
    signature = sign_access(private_key, b"challenge")
    ed25519.verify(public_key, signature, b"challenge")
    with pytest.raises(VerificationError):
        ed25519.verify(public_key, signature, b"another challenge")


def test_a_secret_of_another_length_is_a_bug() -> None:
    with pytest.raises(ValueError, match="32"):
        access_key_pair(b"short")
