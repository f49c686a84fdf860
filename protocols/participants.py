"""The id a participant is known by, made from an identity key.

participant id   first 16 bytes of SHA-256("parley participant v1" || identity key), in hex
"""

from hashlib import sha256
from typing import Final

__all__ = ["participant_id"]

_LABEL: Final = b"parley participant v1"


def participant_id(identity_key: bytes) -> str:
    """Return the participant id of an Ed25519 identity key (32 bytes): 32 hexadecimal digits."""
    return sha256(_LABEL + identity_key).digest()[:16].hex()
