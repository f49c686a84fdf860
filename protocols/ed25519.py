"""Ed25519 (RFC 8032) public keys of peers, refused where a signature under them would prove nothing.

Under a low-order key one signature verifies for every message, and a key with two encodings has two names.
pyca `cryptography` accepts many of both, so every key that comes from a peer goes through here: leaf keys,
identity keys, access keys, relay and witness keys.

Thirty-two bytes that encode no curve point at all are not refused when loaded: deciding that costs a field
exponentiation, and no signature ever verifies under them.
"""

from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from protocols.errors import VerificationError

__all__ = [
    "PUBLIC_KEY_SIZE",
    "SIGNATURE_SIZE",
    "VerificationError",
    "check_public_key",
    "public_key",
    "verify",
]

PUBLIC_KEY_SIZE: Final = 32
SIGNATURE_SIZE: Final = 64

_FIELD_PRIME: Final = 2**255 - 19
_WITHOUT_SIGN: Final = 2**255 - 1

# The y coordinates of the eight points of order 1, 2, 4 and 8. With both signs, and y + p where that still
# fits into 255 bits, they make up the 14 encodings that C2SP's CCTV lists.
_LOW_ORDER_Y: Final = frozenset(
    {
        0,
        1,
        _FIELD_PRIME - 1,
        int.from_bytes(
            bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
        ),
        int.from_bytes(
            bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"
        ),
    }
)


def check_public_key(raw: bytes) -> None:
    """Refuse an encoded public key that must not be trusted.

    Args:
        raw: the RFC 8032 encoding, 32 bytes.

    Raises:
        VerificationError: not 32 bytes, not the canonical encoding (y >= p), or a point of low order.
    """
    if len(raw) != PUBLIC_KEY_SIZE:
        raise VerificationError("an Ed25519 public key is 32 bytes")
    y = int.from_bytes(raw, "little") & _WITHOUT_SIGN
    if y >= _FIELD_PRIME:
        raise VerificationError("Ed25519 public key is not canonically encoded")
    if y in _LOW_ORDER_Y:
        raise VerificationError("Ed25519 public key is of low order")


@lru_cache(maxsize=1024)
def public_key(raw: bytes) -> Ed25519PublicKey:
    """Return the checked key of `raw` (32 bytes, RFC 8032).

    Raises:
        VerificationError: as `check_public_key`.
    """
    check_public_key(raw)
    return Ed25519PublicKey.from_public_bytes(raw)


def verify(raw_key: bytes, signature: bytes, message: bytes) -> None:
    """Check an Ed25519 signature under a key that came from a peer.

    Args:
        raw_key: the signer's public key, 32 bytes.
        signature: 64 bytes.
        message: what was signed, whole.

    Raises:
        VerificationError: the key must not be trusted, or the signature does not hold.
    """
    try:
        public_key(raw_key).verify(signature, message)
    except InvalidSignature:
        raise VerificationError("Ed25519 signature does not verify") from None
