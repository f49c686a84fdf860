"""Transcript hashes and the confirmation tag (RFC 9420, sections 6.1 and 8.2).

The confirmed transcript hash covers every commit's content and signature; the interim one adds the
confirmation tag, so that the tag can cover the confirmed hash without covering itself.
"""

from __future__ import annotations

from channel.mls.codec import opaque
from channel.mls.crypto import CipherSuite
from channel.mls.errors import VerificationError


def confirmed_transcript_hash_input(*, wire_format: int, content: bytes, signature: bytes) -> bytes:
    """What a commit adds to the confirmed transcript hash.

    Args:
        wire_format: How the commit was sent.
        content: Its FramedContent, encoded.
        signature: The signature in its FramedContentAuthData.
    """
    return wire_format.to_bytes(2, "big") + content + opaque(signature)


def confirmed_transcript_hash(
    suite: CipherSuite, interim_transcript_hash: bytes, confirmed_input: bytes
) -> bytes:
    """The new epoch's confirmed transcript hash.

    Args:
        suite: The group's cipher suite.
        interim_transcript_hash: Of the epoch the commit closes.
        confirmed_input: From `confirmed_transcript_hash_input`.
    """
    return suite.hash(interim_transcript_hash + confirmed_input)


def interim_transcript_hash(
    suite: CipherSuite, confirmed_transcript_hash: bytes, confirmation_tag: bytes
) -> bytes:
    """An epoch's interim transcript hash, from its confirmed one and the tag that confirmed it."""
    return suite.hash(confirmed_transcript_hash + opaque(confirmation_tag))


def confirmation_tag(suite: CipherSuite, confirmation_key: bytes, confirmed_transcript_hash: bytes) -> bytes:
    """Prove arrival in an epoch: the MAC of its confirmed transcript hash."""
    return suite.mac(confirmation_key, confirmed_transcript_hash)


def verify_confirmation_tag(
    suite: CipherSuite, confirmation_key: bytes, confirmed_transcript_hash: bytes, tag: bytes
) -> None:
    """Check that the maker of a commit or GroupInfo arrived where we did, in constant time.

    Raises:
        VerificationError: It did not; the peer's commit must be refused.
    """
    try:
        suite.verify_mac(confirmation_key, confirmed_transcript_hash, tag)
    except VerificationError:
        raise VerificationError("confirmation tag does not hold") from None
