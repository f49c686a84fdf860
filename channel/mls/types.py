"""Small wire types that everything in `channel.mls` shares (RFC 9420, sections 6, 7.2 and 8.1)."""

# ruff: noqa: A005 - imported as channel.mls.types only; nothing here is run as a script

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Self

from channel.mls.codec import Reader, decode, opaque, u16, u64, vector
from channel.mls.errors import DecodeError, ValidationError

Random = Callable[[int], bytes]
"""A source of random bytes: called with a length, returns that many unpredictable bytes."""


class ProtocolVersion(IntEnum):
    """Versions of MLS. There is one."""

    MLS10 = 1

    @classmethod
    def read(cls, reader: Reader) -> ProtocolVersion:
        """Read a version; any other than mls10 is refused, since nothing after it has a known shape."""
        if reader.u16() != cls.MLS10:
            raise DecodeError("protocol version is not mls10")
        return cls.MLS10


class WireFormat(IntEnum):
    """What an MLSMessage holds (section 6)."""

    PUBLIC_MESSAGE = 1
    PRIVATE_MESSAGE = 2
    WELCOME = 3
    GROUP_INFO = 4
    KEY_PACKAGE = 5

    @classmethod
    def read(cls, reader: Reader) -> WireFormat:
        """Read a wire format; an unknown one is refused."""
        number = reader.u16()
        try:
            return cls(number)
        except ValueError:
            raise DecodeError(f"wire format {number} is unknown") from None


class ContentType(IntEnum):
    """What a FramedContent carries (section 6)."""

    APPLICATION = 1
    PROPOSAL = 2
    COMMIT = 3

    @classmethod
    def read(cls, reader: Reader) -> ContentType:
        """Read a content type; an unknown one is refused."""
        number = reader.u8()
        found = _CONTENT_TYPES.get(number)
        if found is None:
            raise DecodeError(f"content type {number} is unknown")
        return found


# A look-up in a dict takes a fraction of a call of the enumeration, and every message needs one.
_CONTENT_TYPES = {content_type.value: content_type for content_type in ContentType}


class ExtensionType(IntEnum):
    """Extension types RFC 9420 itself defines (section 17.3). Others are legal and stay plain numbers."""

    APPLICATION_ID = 1
    RATCHET_TREE = 2
    REQUIRED_CAPABILITIES = 3
    EXTERNAL_PUB = 4
    EXTERNAL_SENDERS = 5


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension, its content opaque (section 7.2): unknown ones are kept, never dropped.

    Attributes:
        extension_type: The registered number, 16 bits.
        extension_data: The extension's own encoding.
    """

    extension_type: int
    extension_data: bytes

    def encode(self) -> bytes:
        """The wire form."""
        return u16(self.extension_type) + opaque(self.extension_data)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(reader.u16(), reader.opaque())

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)


def encode_extensions(extensions: tuple[Extension, ...]) -> bytes:
    """Encode `Extension extensions<V>`."""
    return vector([extension.encode() for extension in extensions])


def read_extensions(reader: Reader) -> tuple[Extension, ...]:
    """Read `Extension extensions<V>`. Repeated types are legal encoding and caught by `check_extensions`."""
    return reader.vector(Extension.read)


def check_extensions(extensions: tuple[Extension, ...]) -> None:
    """Check that no extension type appears twice in one list (section 13.4).

    Raises:
        ValidationError: One does; the peer that made the list is at fault.
    """
    types = [extension.extension_type for extension in extensions]
    if len(set(types)) != len(types):
        raise ValidationError("13.4-1", "an extension type appears twice in one list")


def find_extension(extensions: tuple[Extension, ...], extension_type: int) -> bytes | None:
    """The content of the extension of that type, or None."""
    for extension in extensions:
        if extension.extension_type == extension_type:
            return extension.extension_data
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupContext:
    """What all members of an epoch agree on (section 8.1).

    Attributes:
        version: Always mls10.
        cipher_suite: The suite's number.
        group_id: The group's id, any length.
        epoch: Rises by one with every commit.
        tree_hash: The tree hash of the ratchet tree's root.
        confirmed_transcript_hash: Over every commit so far.
        extensions: The group's extensions; Parley's charter is one.
    """

    version: ProtocolVersion = ProtocolVersion.MLS10
    cipher_suite: int
    group_id: bytes
    epoch: int
    tree_hash: bytes
    confirmed_transcript_hash: bytes
    extensions: tuple[Extension, ...] = ()

    def encode(self) -> bytes:
        """The wire form."""
        return (
            u16(self.version)
            + u16(self.cipher_suite)
            + opaque(self.group_id)
            + u64(self.epoch)
            + opaque(self.tree_hash)
            + opaque(self.confirmed_transcript_hash)
            + encode_extensions(self.extensions)
        )

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(
            version=ProtocolVersion.read(reader),
            cipher_suite=reader.u16(),
            group_id=reader.opaque(),
            epoch=reader.u64(),
            tree_hash=reader.opaque(),
            confirmed_transcript_hash=reader.opaque(),
            extensions=read_extensions(reader),
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)

    def replace(
        self,
        *,
        epoch: int | None = None,
        tree_hash: bytes | None = None,
        confirmed_transcript_hash: bytes | None = None,
        extensions: tuple[Extension, ...] | None = None,
    ) -> GroupContext:
        """A copy with some fields changed."""
        return replace(
            self,
            epoch=self.epoch if epoch is None else epoch,
            tree_hash=self.tree_hash if tree_hash is None else tree_hash,
            confirmed_transcript_hash=(
                self.confirmed_transcript_hash
                if confirmed_transcript_hash is None
                else confirmed_transcript_hash
            ),
            extensions=self.extensions if extensions is None else extensions,
        )
