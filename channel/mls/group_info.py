"""GroupInfo: an epoch as one of its members signs it for those outside (RFC 9420, section 12.4.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from channel.mls.codec import Reader, decode, opaque, u32
from channel.mls.crypto import CipherSuite
from channel.mls.types import Extension, GroupContext, encode_extensions, read_extensions

GROUP_INFO_LABEL = b"GroupInfoTBS"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupInfo:
    """The public description of an epoch.

    Attributes:
        group_context: The epoch's GroupContext.
        extensions: What else a joiner may need, the ratchet tree for one; unknown ones are ignored.
        confirmation_tag: Of the commit that opened the epoch.
        signer: The leaf index of the member that signed.
        signature: Over all of the above.
    """

    group_context: GroupContext
    extensions: tuple[Extension, ...] = ()
    confirmation_tag: bytes
    signer: int
    signature: bytes

    def to_be_signed(self) -> bytes:
        """GroupInfoTBS, encoded."""
        return (
            self.group_context.encode()
            + encode_extensions(self.extensions)
            + opaque(self.confirmation_tag)
            + u32(self.signer)
        )

    def encode(self) -> bytes:
        """The wire form."""
        return self.to_be_signed() + opaque(self.signature)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(
            group_context=GroupContext.read(reader),
            extensions=read_extensions(reader),
            confirmation_tag=reader.opaque(),
            signer=reader.u32(),
            signature=reader.opaque(),
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)

    def verify_signature(self, suite: CipherSuite, signature_key: bytes) -> None:
        """Check the signature with the key of the leaf at `signer`.

        Raises:
            VerificationError: It does not hold, or the key is not one to trust.
        """
        suite.verify_with_label(signature_key, GROUP_INFO_LABEL, self.to_be_signed(), self.signature)


def sign_group_info(suite: CipherSuite, group_info: GroupInfo, *, signature_private_key: bytes) -> GroupInfo:
    """The same GroupInfo with its signature made anew; its signature field is ignored."""
    signature = suite.sign_with_label(signature_private_key, GROUP_INFO_LABEL, group_info.to_be_signed())
    return replace(group_info, signature=signature)
