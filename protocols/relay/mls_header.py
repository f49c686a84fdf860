"""The public header of an MLS PrivateMessage (RFC 9420 section 6.3): all that a relay may read of it.

The whole message is parsed, so that what the relay orders is one message exactly and not one with something
behind. Of the ciphertexts only their lengths are looked at.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocols.errors import DecodeError

_MLS10: Final = 1
_PRIVATE_MESSAGE: Final = 2


class ContentType(IntEnum):
    """RFC 9420 section 6."""

    APPLICATION = 1
    PROPOSAL = 2
    COMMIT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MLSHeader:
    """What anyone who carries a PrivateMessage can see.

    Attributes:
        wire_format: always 2, mls_private_message.
        group_id: for Parley the log id.
        epoch: of the group, when the message was made.
        content_type: application, proposal or commit.
        authenticated_data: for Parley's application messages the franking tag.
    """

    wire_format: int
    group_id: bytes
    epoch: int
    content_type: ContentType
    authenticated_data: bytes


def read_header(message: bytes) -> MLSHeader:
    """Read the header of an MLSMessage that holds one PrivateMessage and nothing else.

    Raises:
        DecodeError: another version or wire format, an unknown content type, truncated, or trailing bytes.
    """
    version, position = _read_uint(message, 0, 2)
    wire_format, position = _read_uint(message, position, 2)
    if version != _MLS10 or wire_format != _PRIVATE_MESSAGE:
        raise DecodeError("not an MLS 1.0 PrivateMessage")
    group_id, position = _read_opaque(message, position)
    epoch, position = _read_uint(message, position, 8)
    content_type, position = _read_uint(message, position, 1)
    if content_type not in (ContentType.APPLICATION, ContentType.PROPOSAL, ContentType.COMMIT):
        raise DecodeError("PrivateMessage of unknown content type")
    authenticated_data, position = _read_opaque(message, position)
    _, position = _read_opaque(message, position)  # encrypted_sender_data
    _, position = _read_opaque(message, position)  # ciphertext
    if position != len(message):
        raise DecodeError("bytes after the PrivateMessage")
    return MLSHeader(
        wire_format=wire_format,
        group_id=group_id,
        epoch=epoch,
        content_type=ContentType(content_type),
        authenticated_data=authenticated_data,
    )


def _read_uint(data: bytes, position: int, size: int) -> tuple[int, int]:
    end = position + size
    if end > len(data):
        raise DecodeError("PrivateMessage is truncated")
    return int.from_bytes(data[position:end], "big"), end


def _read_opaque(data: bytes, position: int) -> tuple[bytes, int]:
    """A vector with the variable-length size of RFC 9420 section 2.1.2, which must be the shortest."""
    first, _ = _read_uint(data, position, 1)
    prefix = first >> 6
    if prefix == 3:
        raise DecodeError("vector length has an impossible prefix")
    width = 1 << prefix
    encoded, start = _read_uint(data, position, width)
    length = encoded & ((1 << (8 * width - 2)) - 1)
    if width > 1 and length < 1 << (4 * width - 2):
        raise DecodeError("vector length is not in its shortest form")
    end = start + length
    if end > len(data):
        raise DecodeError("PrivateMessage is truncated")
    return data[start:end], end
