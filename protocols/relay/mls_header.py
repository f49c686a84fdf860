"""The public header of an MLS PrivateMessage (RFC 9420 section 6.3): all that a relay may read of it.

The whole message is parsed, so that what the relay orders is one message exactly and not one with something
behind. Of the ciphertexts only their lengths are looked at.
"""

from enum import IntEnum
from typing import Final, NamedTuple

from protocols.errors import DecodeError

_PRIVATE_MESSAGE: Final = 2
_MLS10_PRIVATE_MESSAGE: Final = b"\x00\x01\x00\x02"


class ContentType(IntEnum):
    """RFC 9420 section 6."""

    APPLICATION = 1
    PROPOSAL = 2
    COMMIT = 3


_CONTENT_TYPES: Final = {bytes([member]): member for member in ContentType}


class MLSHeader(NamedTuple):
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
    if message[:4] != _MLS10_PRIVATE_MESSAGE:
        raise DecodeError("not an MLS 1.0 PrivateMessage")
    start, end = _vector(message, 4)
    group_id = message[start:end]
    epoch = int.from_bytes(message[end : end + 8], "big")
    content_type = _CONTENT_TYPES.get(message[end + 8 : end + 9])
    if content_type is None:
        raise DecodeError("PrivateMessage of unknown content type, or truncated")
    start, end = _vector(message, end + 9)
    authenticated_data = message[start:end]
    _, end = _vector(message, end)  # encrypted_sender_data
    _, end = _vector(message, end)  # ciphertext
    if end != len(message):
        raise DecodeError("bytes after the PrivateMessage")
    return MLSHeader(_PRIVATE_MESSAGE, group_id, epoch, content_type, authenticated_data)


def _vector(data: bytes, position: int) -> tuple[int, int]:
    """Where a vector begins and ends; its size (RFC 9420 section 2.1.2) must be in its shortest form.

    Written out, as the relay does this four times for every message it orders.
    """
    size = len(data)
    if position >= size:
        raise DecodeError("PrivateMessage is truncated")
    first = data[position]
    if first < 0x40:
        start, length, least = position + 1, first, 0
    elif first < 0x80:
        start = position + 2
        length, least = int.from_bytes(data[position:start], "big") & 0x3FFF, 1 << 6
    elif first < 0xC0:
        start = position + 4
        length, least = int.from_bytes(data[position:start], "big") & 0x3FFFFFFF, 1 << 14
    else:
        raise DecodeError("vector length has an impossible prefix")
    if start > size or start + length > size:
        raise DecodeError("PrivateMessage is truncated")
    if length < least:
        raise DecodeError("vector length is not in its shortest form")
    return start, start + length
