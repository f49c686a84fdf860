"""What a member says and the proof that it did (RFC 9420, sections 6 and 6.1).

`FramedContent` is the statement, `FramedContentAuthData` the signature and, for commits, the confirmation
tag. How they travel is in `public_message` and `private_message`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self, TypeAlias

from channel.mls.codec import Reader, decode, opaque, u8, u16, u32, u64
from channel.mls.crypto import CipherSuite
from channel.mls.errors import DecodeError, ValidationError
from channel.mls.proposals import Commit, Proposal, read_proposal
from channel.mls.signatures import SigningKey
from channel.mls.transcript import confirmed_transcript_hash_input
from channel.mls.tree_math import LeafIndex
from channel.mls.types import ContentType, ProtocolVersion, WireFormat

FRAMED_CONTENT_LABEL = b"FramedContentTBS"

Content: TypeAlias = bytes | Proposal | Commit
"""Application data, a proposal or a commit."""


class SenderType(IntEnum):
    """Who speaks, seen from the group."""

    MEMBER = 1
    EXTERNAL = 2
    NEW_MEMBER_PROPOSAL = 3
    NEW_MEMBER_COMMIT = 4


@dataclass(frozen=True, slots=True)
class Sender:
    """Who speaks.

    Attributes:
        sender_type: What kind of sender.
        index: A member's leaf index, an external sender's sender index; 0 for new members, who have neither.
    """

    sender_type: SenderType
    index: int = 0

    @classmethod
    def member(cls, leaf_index: int) -> Self:
        """The member at a leaf."""
        return cls(SenderType.MEMBER, leaf_index)

    @property
    def leaf_index(self) -> LeafIndex:
        """A member's leaf index.

        Raises:
            ValidationError: The sender is no member, where only a member may speak.
        """
        if self.sender_type is not SenderType.MEMBER:
            raise ValidationError("6.3.2-1", "the sender is not a member")
        return LeafIndex(self.index)

    @property
    def member_index(self) -> LeafIndex | None:
        """A member's leaf index; None if the sender is outside of the group."""
        return LeafIndex(self.index) if self.sender_type is SenderType.MEMBER else None

    def encode(self) -> bytes:
        """The wire form."""
        if self.sender_type in (SenderType.MEMBER, SenderType.EXTERNAL):
            return u8(self.sender_type) + u32(self.index)
        return u8(self.sender_type)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        match reader.u8():
            case SenderType.MEMBER:
                return cls(SenderType.MEMBER, reader.u32())
            case SenderType.EXTERNAL:
                return cls(SenderType.EXTERNAL, reader.u32())
            case SenderType.NEW_MEMBER_PROPOSAL:
                return cls(SenderType.NEW_MEMBER_PROPOSAL)
            case SenderType.NEW_MEMBER_COMMIT:
                return cls(SenderType.NEW_MEMBER_COMMIT)
            case other:
                raise DecodeError(f"sender type {other} is unknown")


def content_type_of(content: Content) -> ContentType:
    """Which of the three a content is."""
    if isinstance(content, bytes):
        return ContentType.APPLICATION
    return ContentType.COMMIT if isinstance(content, Commit) else ContentType.PROPOSAL


def encode_content(content: Content) -> bytes:
    """The wire form of a content, without its type."""
    return opaque(content) if isinstance(content, bytes) else content.encode()


def read_content(reader: Reader, content_type: ContentType) -> Content:
    """Read a content of a known type off a reader."""
    match content_type:
        case ContentType.APPLICATION:
            return reader.opaque()
        case ContentType.PROPOSAL:
            return read_proposal(reader)
        case ContentType.COMMIT:
            return Commit.read(reader)


def frame(
    *,
    group_id: bytes,
    epoch: int,
    sender: Sender,
    authenticated_data: bytes,
    content_type: ContentType,
    encoded_content: bytes,
) -> bytes:
    """The wire form of a FramedContent, from its parts."""
    return b"".join(
        (
            opaque(group_id),
            u64(epoch),
            sender.encode(),
            opaque(authenticated_data),
            u8(content_type),
            encoded_content,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FramedContent:
    """A statement and its place: group, epoch and sender.

    Attributes:
        group_id: Of the group it belongs to.
        epoch: Of the epoch it belongs to.
        sender: Who speaks.
        authenticated_data: Signed and readable by the relay, not encrypted.
        content: Application data, a proposal or a commit.
    """

    group_id: bytes
    epoch: int
    sender: Sender
    authenticated_data: bytes
    content: Content = field(repr=False)
    _encoded_content: bytes | None = field(default=None, repr=False, compare=False)

    @property
    def content_type(self) -> ContentType:
        """Which of the three the content is."""
        return content_type_of(self.content)

    @property
    def encoded_content(self) -> bytes:
        """The content's wire form, without its type; the very bytes it was decoded from, if it was."""
        return encode_content(self.content) if self._encoded_content is None else self._encoded_content

    def encode(self) -> bytes:
        """The wire form."""
        return frame(
            group_id=self.group_id,
            epoch=self.epoch,
            sender=self.sender,
            authenticated_data=self.authenticated_data,
            content_type=self.content_type,
            encoded_content=self.encoded_content,
        )

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        group_id = reader.opaque()
        epoch = reader.u64()
        sender = Sender.read(reader)
        authenticated_data = reader.opaque()
        content_type = ContentType.read(reader)
        start = reader.position
        content = read_content(reader, content_type)
        return cls(
            group_id=group_id,
            epoch=epoch,
            sender=sender,
            authenticated_data=authenticated_data,
            content=content,
            _encoded_content=reader.since(start),
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)


@dataclass(frozen=True, slots=True)
class FramedContentAuthData:
    """The sender's proof.

    Attributes:
        signature: Over FramedContentTBS.
        confirmation_tag: On commits, and only there: the committer arrived in the new epoch.
    """

    signature: bytes
    confirmation_tag: bytes | None = None

    def check_tag(self, content_type: ContentType) -> None:
        """Make sure that a commit has a confirmation tag, and nothing else has.

        Raises:
            ValueError: It is otherwise; what we would send could not be decoded.
        """
        if (self.confirmation_tag is not None) != (content_type is ContentType.COMMIT):
            raise ValueError("a commit has a confirmation tag, and nothing else has")

    def encode(self) -> bytes:
        """The wire form."""
        if self.confirmation_tag is None:
            return opaque(self.signature)
        return opaque(self.signature) + opaque(self.confirmation_tag)

    @classmethod
    def read(cls, reader: Reader, content_type: ContentType) -> Self:
        """Read that of a content of some type off a reader."""
        return cls(reader.opaque(), reader.opaque() if content_type is ContentType.COMMIT else None)


@dataclass(frozen=True, slots=True)
class AuthenticatedContent:
    """A statement, its proof, and how it travelled, which the signature covers."""

    wire_format: WireFormat
    content: FramedContent
    auth: FramedContentAuthData

    def encode(self) -> bytes:
        """The wire form; a proposal's reference is its hash (`CipherSuite.make_proposal_ref`)."""
        return u16(self.wire_format) + self.content.encode() + self.auth.encode()

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        wire_format = WireFormat.read(reader)
        content = FramedContent.read(reader)
        return cls(wire_format, content, FramedContentAuthData.read(reader, content.content_type))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)

    def confirmed_transcript_hash_input(self) -> bytes:
        """What this commit adds to the confirmed transcript hash (section 8.2)."""
        return confirmed_transcript_hash_input(
            wire_format=self.wire_format, content=self.content.encode(), signature=self.auth.signature
        )

    def verify_signature(self, suite: CipherSuite, *, signature_key: bytes, group_context: bytes) -> None:
        """Check the sender's signature.

        Args:
            suite: The group's cipher suite.
            signature_key: The key that this kind of sender must sign with (section 6.1).
            group_context: Of the epoch it was sent in, encoded; ignored for senders who cannot know it.

        Raises:
            VerificationError: The key must not be trusted, or the signature does not hold.
        """
        tbs = framed_content_tbs(self.wire_format, self.content, group_context=group_context)
        suite.verify_with_label(signature_key, FRAMED_CONTENT_LABEL, tbs, self.auth.signature)


def framed_content_tbs(wire_format: WireFormat, content: FramedContent, *, group_context: bytes) -> bytes:
    """What is signed: the content, how it travels, and for members and joiners the GroupContext."""
    encoded = u16(ProtocolVersion.MLS10) + u16(wire_format) + content.encode()
    match content.sender.sender_type:
        case SenderType.MEMBER | SenderType.NEW_MEMBER_COMMIT:
            return encoded + group_context
        case SenderType.EXTERNAL | SenderType.NEW_MEMBER_PROPOSAL:
            return encoded


def sign_framed_content(
    suite: CipherSuite,
    content: FramedContent,
    *,
    wire_format: WireFormat,
    group_context: bytes,
    signing_key: bytes | SigningKey,
) -> bytes:
    """Sign a statement.

    Args:
        suite: The group's cipher suite.
        content: What to sign.
        wire_format: How it will travel.
        group_context: Of the current epoch, encoded.
        signing_key: The sender's private key, raw or loaded.

    Returns:
        The signature for its FramedContentAuthData.
    """
    tbs = framed_content_tbs(wire_format, content, group_context=group_context)
    return suite.sign_with_label(signing_key, FRAMED_CONTENT_LABEL, tbs)


def verify_framed_content(
    suite: CipherSuite,
    *,
    signature_key: bytes,
    group_context: bytes,
    group_id: bytes,
    epoch: int,
    sender: int,
    authenticated_data: bytes,
    content_type: ContentType,
    content: bytes,
    signature: bytes,
    wire_format: WireFormat = WireFormat.PRIVATE_MESSAGE,
) -> None:
    """An auditor's check: a member's leaf key signed this content. Needs public parts and the opening only.

    Args:
        suite: The group's cipher suite.
        signature_key: The `signature_key` of the sender's leaf in that epoch.
        group_context: The epoch's GroupContext, encoded.
        group_id: From the message's header.
        epoch: From the message's header.
        sender: The sender's leaf index.
        authenticated_data: From the message's header.
        content_type: From the message's header.
        content: Application data as it is; a proposal or commit in its wire form.
        signature: From the opening.
        wire_format: How the message travelled.

    Raises:
        VerificationError: The key must not be trusted, or it did not sign this.
    """
    framed = frame(
        group_id=group_id,
        epoch=epoch,
        sender=Sender.member(sender),
        authenticated_data=authenticated_data,
        content_type=content_type,
        encoded_content=opaque(content) if content_type == ContentType.APPLICATION else content,
    )
    tbs = u16(ProtocolVersion.MLS10) + u16(wire_format) + framed + group_context
    suite.verify_with_label(signature_key, FRAMED_CONTENT_LABEL, tbs, signature)
