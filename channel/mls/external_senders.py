"""The external_senders extension: who outside of a group may propose (RFC 9420, section 12.1.8.1).

The extension names keys and credentials that members believe: so it is held to the same rules as a leaf's.
What these senders say is read in `external_proposals`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from channel.mls.codec import Reader, decode, opaque, vector
from channel.mls.credential import Authenticate, Credential, check_certificate
from channel.mls.crypto import CipherSuite
from channel.mls.errors import DecodeError, ValidationError
from channel.mls.types import Extension, ExtensionType, find_extension


@dataclass(frozen=True, slots=True)
class ExternalSender:
    """Somebody outside of the group whose proposals members may commit.

    Attributes:
        signature_key: What its proposals are signed with.
        credential: Who it claims to be.
    """

    signature_key: bytes
    credential: Credential

    def encode(self) -> bytes:
        """The wire form."""
        return opaque(self.signature_key) + self.credential.encode()

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(reader.opaque(), Credential.read(reader))


def encode_external_senders(senders: tuple[ExternalSender, ...]) -> bytes:
    """The extension's content."""
    return vector([sender.encode() for sender in senders])


def external_senders(suite: CipherSuite, extensions: tuple[Extension, ...]) -> tuple[ExternalSender, ...]:
    """Whom a GroupContext's external_senders extension names; nobody if it has none.

    Args:
        suite: The group's cipher suite.
        extensions: The GroupContext's extensions.

    Raises:
        ValidationError: The extension is malformed, or a credential in it is not about the sender's key.
        VerificationError: A signature key in it is not one to trust.
    """
    content = find_extension(extensions, ExtensionType.EXTERNAL_SENDERS)
    if content is None:
        return ()
    try:
        senders = decode(content, lambda reader: reader.vector(ExternalSender.read))
    except DecodeError:
        raise ValidationError("12.1.8.1-1", "the external_senders extension is malformed") from None
    for sender in senders:
        check_certificate(sender.credential, sender.signature_key)
        suite.check_signature_key(sender.signature_key)
    return senders


def authenticate_external_senders(
    suite: CipherSuite, extensions: tuple[Extension, ...], *, authenticate: Authenticate
) -> None:
    """Put every external sender to the application, as section 5.3.1 demands when the extension is new to us.

    Raises:
        ValidationError: The extension is malformed.
        VerificationError: A signature key in it is not one to trust.
        Exception: Whatever `authenticate` raises.
    """
    for sender in external_senders(suite, extensions):
        authenticate(sender.credential, sender.signature_key)
