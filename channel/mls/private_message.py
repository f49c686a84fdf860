"""PrivateMessage as it travels (RFC 9420, section 6.3): what anybody can read of it, and two ciphertexts.

How it is made and opened is in `message_protection`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from channel.mls.codec import Reader, decode, opaque, u8, u16, u64
from channel.mls.errors import DecodeError
from channel.mls.types import ContentType, ProtocolVersion, WireFormat

MESSAGE_START = u16(ProtocolVersion.MLS10) + u16(WireFormat.PRIVATE_MESSAGE)
"""The first four bytes of an MLSMessage that holds a PrivateMessage."""


@dataclass(frozen=True, slots=True)
class PrivateMessageHeader:
    """What anybody can read of a PrivateMessage.

    Attributes:
        group_id: The group's.
        epoch: The epoch whose keys it is under.
        content_type: What kind of content is inside.
        authenticated_data: Readable, and protected by signature and AEAD.
    """

    group_id: bytes
    epoch: int
    content_type: ContentType
    authenticated_data: bytes

    def encode(self) -> bytes:
        """The wire form, which is also the content's PrivateContentAAD."""
        return self.sender_data_aad() + opaque(self.authenticated_data)

    def sender_data_aad(self) -> bytes:
        """The SenderDataAAD: all but the authenticated data."""
        return opaque(self.group_id) + u64(self.epoch) + u8(self.content_type)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(reader.opaque(), reader.u64(), ContentType.read(reader), reader.opaque())


@dataclass(frozen=True, slots=True)
class PrivateMessage:
    """A statement that only members of its epoch can read.

    Attributes:
        header: What anybody can read.
        encrypted_sender_data: Who sent it, and which generation of keys it uses.
        ciphertext: The content, its proof and padding.
    """

    header: PrivateMessageHeader
    encrypted_sender_data: bytes
    ciphertext: bytes

    def encode(self) -> bytes:
        """The wire form, without the MLSMessage around it."""
        return self.header.encode() + opaque(self.encrypted_sender_data) + opaque(self.ciphertext)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(PrivateMessageHeader.read(reader), reader.opaque(), reader.opaque())

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)


def decode_private_message(message: bytes) -> PrivateMessage:
    """Decode an MLSMessage that must hold a PrivateMessage, as everything sent inside a Parley group does.

    Raises:
        DecodeError: Not well-formed, or of another wire format.
    """
    reader = Reader(message)
    if reader.remaining < len(MESSAGE_START) or reader.fixed(len(MESSAGE_START)) != MESSAGE_START:
        raise DecodeError("not an MLS 1.0 PrivateMessage")
    private_message = PrivateMessage.read(reader)
    reader.finish()
    return private_message


def parse_private_message_header(message: bytes) -> PrivateMessageHeader:
    """Read what anybody can read of an encoded MLSMessage that must hold a PrivateMessage.

    Raises:
        DecodeError: Not well-formed as a whole, or of another wire format.
    """
    return decode_private_message(message).header
