"""PublicMessage: signed.

Not encrypted, and for members MACed with a key of the epoch (RFC 9420, section 6.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from channel.mls.authenticated_content import (
    AuthenticatedContent,
    FramedContent,
    FramedContentAuthData,
    SenderType,
    framed_content_tbs,
)
from channel.mls.codec import Reader, decode, opaque
from channel.mls.crypto import CipherSuite
from channel.mls.errors import ValidationError, VerificationError
from channel.mls.types import ContentType, WireFormat


@dataclass(frozen=True, slots=True)
class PublicMessage:
    """A statement in the clear.

    Attributes:
        content: What is said.
        auth: The sender's proof.
        membership_tag: The MAC of a member, and only of a member.
    """

    content: FramedContent
    auth: FramedContentAuthData
    membership_tag: bytes | None = None

    def encode(self) -> bytes:
        """The wire form, without the MLSMessage around it."""
        encoded = self.content.encode() + self.auth.encode()
        return encoded if self.membership_tag is None else encoded + opaque(self.membership_tag)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        content = FramedContent.read(reader)
        auth = FramedContentAuthData.read(reader, content.content_type)
        is_member = content.sender.sender_type is SenderType.MEMBER
        return cls(content, auth, reader.opaque() if is_member else None)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)


def _to_be_macked(authenticated: AuthenticatedContent, group_context: bytes) -> bytes:
    tbs = framed_content_tbs(authenticated.wire_format, authenticated.content, group_context=group_context)
    return tbs + authenticated.auth.encode()


def protect_public(
    suite: CipherSuite, authenticated: AuthenticatedContent, *, membership_key: bytes, group_context: bytes
) -> PublicMessage:
    """Make a PublicMessage of signed content.

    Args:
        suite: The group's cipher suite.
        authenticated: Signed for the wire format PUBLIC_MESSAGE.
        membership_key: Of the current epoch.
        group_context: Of the current epoch, encoded.

    Raises:
        ValueError: Signed for another wire format, a commit without tag, or application data, which must be
            encrypted.
    """
    if authenticated.wire_format is not WireFormat.PUBLIC_MESSAGE:
        raise ValueError("content was signed for another wire format")
    if authenticated.content.content_type is ContentType.APPLICATION:
        raise ValueError("application data must be encrypted")
    authenticated.auth.check_tag(authenticated.content.content_type)
    if authenticated.content.sender.sender_type is not SenderType.MEMBER:
        return PublicMessage(authenticated.content, authenticated.auth)
    tag = suite.mac(membership_key, _to_be_macked(authenticated, group_context))
    return PublicMessage(authenticated.content, authenticated.auth, tag)


def unprotect_public(
    suite: CipherSuite,
    message: PublicMessage,
    *,
    signature_key: bytes,
    membership_key: bytes,
    group_context: bytes,
) -> AuthenticatedContent:
    """Check a PublicMessage of a peer.

    A commit's confirmation tag is not checked here: that needs the epoch it leads into.

    Args:
        suite: The group's cipher suite.
        message: What arrived.
        signature_key: The key that this kind of sender must sign with (section 6.1).
        membership_key: Of the epoch the message names.
        group_context: Of that epoch, encoded.

    Raises:
        ValidationError: Application data in the clear.
        VerificationError: The membership tag or the signature does not hold.
    """
    if message.content.content_type is ContentType.APPLICATION:
        raise ValidationError("6-1", "application data in a PublicMessage")
    authenticated = AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, message.content, message.auth)
    if message.content.sender.sender_type is SenderType.MEMBER:
        try:
            suite.verify_mac(
                membership_key, _to_be_macked(authenticated, group_context), message.membership_tag or b""
            )
        except VerificationError:
            raise VerificationError("membership tag does not hold") from None
    authenticated.verify_signature(suite, signature_key=signature_key, group_context=group_context)
    return authenticated
