"""Credentials: who a member claims to be (RFC 9420, section 5.3).

Whether the claim holds is the application's business: every operation that meets a new leaf hands its
credential and signature key to the caller's `authenticate`, which raises to refuse (section 5.3.1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from channel.mls.codec import Reader, decode, opaque, u16, vector
from channel.mls.errors import DecodeError


class CredentialType(IntEnum):
    """The credential types RFC 9420 defines (section 17.5)."""

    BASIC = 1
    X509 = 2


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential; a basic one unless certificates are given.

    Attributes:
        identity: What a basic credential asserts, opaque here.
        certificates: An X.509 chain, DER, leaf certificate first; carried, not interpreted.
        credential_type: Says which of the two counts.
    """

    identity: bytes = b""
    certificates: tuple[bytes, ...] = ()
    credential_type: CredentialType = CredentialType.BASIC

    def encode(self) -> bytes:
        """The wire form."""
        if self.credential_type is CredentialType.BASIC:
            return b"\x00\x01" + opaque(self.identity)
        return u16(self.credential_type) + vector([opaque(certificate) for certificate in self.certificates])

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader; a type other than basic and x509 has no known shape and is refused."""
        match reader.u16():
            case CredentialType.BASIC:
                return cls(reader.opaque())
            case CredentialType.X509:
                return cls(b"", reader.vector(Reader.opaque), CredentialType.X509)
            case other:
                raise DecodeError(f"credential type {other} is unknown")

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Decode one that takes up all of `data`."""
        return decode(data, cls.read)


Authenticate = Callable[[Credential, bytes], None]
"""The application's judgement of a credential and the signature key it vouches for: raises to refuse."""
