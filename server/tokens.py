"""Admission tokens: who may create channels here.

A token is 32 random bytes as base64url text. The relay keeps only its SHA-256, so a stolen database admits
nobody.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable

from server.store import AdmissionToken


def token_hash(secret: str) -> bytes:
    """Return what the relay keeps of a token: SHA-256 of its text, 32 bytes."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def new_token(
    label: str, *, random: Callable[[int], bytes], now_ms: int, expires_ms: int | None
) -> tuple[str, AdmissionToken]:
    """Return a fresh token's secret text, shown once, and the record to keep.

    Args:
        label: the operator's name for it.
        random: gives that many random bytes.
        now_ms: UTC milliseconds.
        expires_ms: when it stops admitting, or None for never.
    """
    secret = urlsafe_b64encode(random(32)).decode().rstrip("=")
    record = AdmissionToken(
        token_hash=token_hash(secret), label=label, created_ms=now_ms, expires_ms=expires_ms
    )
    return secret, record
