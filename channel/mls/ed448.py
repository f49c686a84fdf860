"""Ed448 (RFC 8032, section 5.2), in the shape that `signatures` gives the other schemes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cryptography.exceptions
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey, Ed448PublicKey

from channel.mls.errors import VerificationError
from channel.mls.signatures import SignatureKeyPair
from channel.mls.types import Random

KEY_SIZE = 57

_FIELD_PRIME = 2**448 - 2**224 - 1
_WITHOUT_SIGN = 2**455 - 1

# The y coordinates of the points of order 1, 2 and 4: a signature under such a key proves nothing.
_LOW_ORDER_Y = frozenset({0, 1, _FIELD_PRIME - 1})


@lru_cache(maxsize=1024)
def _load(public_key: bytes) -> Ed448PublicKey:
    """Load a peer's public key.

    Bytes that encode no curve point are not refused here: no signature ever verifies under them, and to find
    out costs a field exponentiation.

    Raises:
        VerificationError: Not 57 bytes, not canonical (y >= p), or of low order.
    """
    if len(public_key) != KEY_SIZE:
        raise VerificationError("an Ed448 public key is 57 bytes")
    y = int.from_bytes(public_key, "little") & _WITHOUT_SIGN
    if y >= _FIELD_PRIME:
        raise VerificationError("Ed448 public key is not canonically encoded")
    if y in _LOW_ORDER_Y:
        raise VerificationError("Ed448 public key is of low order")
    return Ed448PublicKey.from_public_bytes(public_key)


@dataclass(frozen=True, slots=True)
class Ed448:
    """Ed448 with an empty context, with low-order and non-canonical public keys refused."""

    def generate(self, random: Random) -> SignatureKeyPair:
        """Make a key pair: 57 random bytes are the private key."""
        private_key = random(KEY_SIZE)
        return SignatureKeyPair(private_key, self.public_key(private_key))

    def load(self, private_key: bytes) -> Ed448PrivateKey:
        """Load a 57-byte private key."""
        return Ed448PrivateKey.from_private_bytes(private_key)

    def public_key(self, private_key: bytes) -> bytes:
        """The 57-byte public half."""
        return self.load(private_key).public_key().public_bytes_raw()

    def check_public_key(self, public_key: bytes) -> None:
        """Refuse a key that is not 57 bytes, not canonical, or of low order."""
        _load(public_key)

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> None:
        """Check a peer's 114-byte signature."""
        try:
            _load(public_key).verify(signature, message)
        except cryptography.exceptions.InvalidSignature:
            raise VerificationError("signature does not verify") from None


ED448 = Ed448()
