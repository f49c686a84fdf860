import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocols import canonical
from protocols.errors import VerificationError
from protocols.relay.access import LABEL, signed_bytes, verify_access

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
VKEY, CHALLENGE, LOG, EPOCH = "relay+00000000+key", bytes(range(32)), bytes(32), 7


def test_signed_bytes_are_labelled_and_unambiguous() -> None:
    data = signed_bytes(relay_vkey=VKEY, challenge=CHALLENGE, log=LOG, epoch=EPOCH, access_key=PUBLIC)
    assert canonical.decode(data, max_size=1000) == [LABEL, VKEY, CHALLENGE, LOG, EPOCH, PUBLIC]


def test_a_signature_holds_for_its_own_connection_only() -> None:
    message = signed_bytes(relay_vkey=VKEY, challenge=CHALLENGE, log=LOG, epoch=EPOCH, access_key=PUBLIC)
    signature = KEY.sign(message)
    verify_access(signature, relay_vkey=VKEY, challenge=CHALLENGE, log=LOG, epoch=EPOCH, access_key=PUBLIC)
    other_key = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    for vkey, challenge, log, epoch, key in (
        ("other", CHALLENGE, LOG, EPOCH, PUBLIC),
        (VKEY, bytes(32), LOG, EPOCH, PUBLIC),
        (VKEY, CHALLENGE, CHALLENGE, EPOCH, PUBLIC),
        (VKEY, CHALLENGE, LOG, EPOCH + 1, PUBLIC),
        (VKEY, CHALLENGE, LOG, EPOCH, other_key),
    ):
        with pytest.raises(VerificationError):
            verify_access(
                signature, relay_vkey=vkey, challenge=challenge, log=log, epoch=epoch, access_key=key
            )
    with pytest.raises(VerificationError):
        verify_access(
            signature[:-1] + b"\x00",
            relay_vkey=VKEY,
            challenge=CHALLENGE,
            log=LOG,
            epoch=EPOCH,
            access_key=PUBLIC,
        )


def test_a_low_order_key_proves_nothing() -> None:
    """Under the neutral element the all-zero signature with R = identity verifies for every message."""
    identity = b"\x01" + bytes(31)
    with pytest.raises(VerificationError):
        verify_access(
            identity + bytes(32),
            relay_vkey=VKEY,
            challenge=CHALLENGE,
            log=LOG,
            epoch=EPOCH,
            access_key=identity,
        )
