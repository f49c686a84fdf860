"""The epoch's access key: membership of the epoch is the right to append and read.

Every member derives the same Ed25519 key pair from the MLS exporter; the relay knows the public half and
never who holds the private one (DESIGN.md decision 4). A removed member cannot derive the next epoch's.
"""

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["ACCESS_LABEL", "ACCESS_SECRET_SIZE", "access_key_pair", "sign_access"]

ACCESS_LABEL: Final = "parley relay access v1"
ACCESS_SECRET_SIZE: Final = 32


def access_key_pair(exported_secret: bytes) -> tuple[bytes, bytes]:
    """Return the access key pair of an epoch.

    Args:
        exported_secret: MLS-Exporter(ACCESS_LABEL, b"", ACCESS_SECRET_SIZE) of the epoch, 32
            bytes.

    Returns:
        The private key (32-byte seed) and the public key (32 bytes, RFC 8032).

    Raises:
        ValueError: not 32 bytes; a bug.
    """
    private_key = Ed25519PrivateKey.from_private_bytes(exported_secret)
    return exported_secret, private_key.public_key().public_bytes_raw()


def sign_access(private_key: bytes, signed_bytes: bytes) -> bytes:
    """Prove to a relay that this connection holds an epoch's access key.

    Args:
        private_key: the 32-byte seed from `access_key_pair`.
        signed_bytes: `protocols.relay.access.signed_bytes` for this connection, log and epoch.

    Returns:
        The signature, 64 bytes.
    """
    return Ed25519PrivateKey.from_private_bytes(private_key).sign(signed_bytes)
