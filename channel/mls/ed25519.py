"""Ed25519 public keys (RFC 8032, section 5.1) that are safe to trust.

Under a key of small order one signature verifies for every message, and a key with two encodings has two
names; pyca `cryptography` accepts many of both (AUDIT.md section 0, no. 6). RFC 9420 leaves the keys to the
signature scheme (section 5.1.2), so those of leaves and external senders all go through here.

Bytes that encode no point of the curve are not refused: finding that out costs a field exponentiation, and no
signature ever verifies under them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from channel.mls.errors import VerificationError

PUBLIC_KEY_SIZE: Final = 32

_P: Final = 2**255 - 19
_SIGN_OF_X: Final = 1 << 255

# By the addition law (RFC 8032, section 3) twice a point has y = (y^2 + x^2) / (1 - d*x^2*y^2). Points of
# order 1 and 2 have x = 0, so y is 1 and -1. One of order 4 has y = 0, as twice it has y = -1. Twice one of
# order 8 has y = 0, so x^2 = -y^2, and on the curve d*y^4 + 2*y^2 = 1: this y and its negative are the roots.
_Y_OF_ORDER_8: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_Y_OF_SMALL_ORDER: Final = frozenset({0, 1, _P - 1, _Y_OF_ORDER_8, _P - _Y_OF_ORDER_8})


def check_public_key(encoded: bytes) -> None:
    """Refuse a public key that must not be trusted; the peer whose it is is at fault.

    Args:
        encoded: As in RFC 8032, section 5.1.2: 32 bytes, y in little-endian, the sign of x in the top bit.

    Raises:
        VerificationError: Not 32 bytes, not canonical (y of p or more, section 5.1.3), or of small order.
    """
    if len(encoded) != PUBLIC_KEY_SIZE:
        raise VerificationError("an Ed25519 public key is 32 bytes")
    y = int.from_bytes(encoded, "little") & ~_SIGN_OF_X
    if y >= _P:
        raise VerificationError("Ed25519 public key is not canonically encoded")
    if y in _Y_OF_SMALL_ORDER:
        raise VerificationError("Ed25519 public key is of low order")


@lru_cache(maxsize=1024)
def load_public_key(encoded: bytes) -> Ed25519PublicKey:
    """A peer's key, checked as `check_public_key` does, to verify with."""
    check_public_key(encoded)
    return Ed25519PublicKey.from_public_bytes(encoded)
