"""MLSMessage: the one envelope in which everything of MLS travels (RFC 9420, section 6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, TypeAlias

from channel.mls.codec import Reader, decode, u16
from channel.mls.group_info import GroupInfo
from channel.mls.key_package import KeyPackage
from channel.mls.private_message import PrivateMessage
from channel.mls.public_message import PublicMessage
from channel.mls.types import ProtocolVersion, WireFormat
from channel.mls.welcome import Welcome

MLSMessageBody: TypeAlias = PublicMessage | PrivateMessage | Welcome | GroupInfo | KeyPackage


@dataclass(frozen=True, slots=True)
class MLSMessage:
    """One message on the wire.

    Attributes:
        body: What it holds.
    """

    body: MLSMessageBody

    @property
    def wire_format(self) -> WireFormat:
        """What kind of body it holds."""
        match self.body:
            case PublicMessage():
                return WireFormat.PUBLIC_MESSAGE
            case PrivateMessage():
                return WireFormat.PRIVATE_MESSAGE
            case Welcome():
                return WireFormat.WELCOME
            case GroupInfo():
                return WireFormat.GROUP_INFO
            case KeyPackage():
                return WireFormat.KEY_PACKAGE

    def encode(self) -> bytes:
        """The wire form."""
        return u16(ProtocolVersion.MLS10) + u16(self.wire_format) + self.body.encode()

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        ProtocolVersion.read(reader)
        match WireFormat.read(reader):
            case WireFormat.PUBLIC_MESSAGE:
                return cls(PublicMessage.read(reader))
            case WireFormat.PRIVATE_MESSAGE:
                return cls(PrivateMessage.read(reader))
            case WireFormat.WELCOME:
                return cls(Welcome.read(reader))
            case WireFormat.GROUP_INFO:
                return cls(GroupInfo.read(reader))
            case WireFormat.KEY_PACKAGE:
                return cls(KeyPackage.read(reader))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)
