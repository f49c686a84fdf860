"""Credentials: who a member claims to be (RFC 9420, section 5.3).

Whether the claim holds is the application's business: every operation that meets a new leaf hands its
credential and signature key to the caller's `authenticate`, which raises to refuse (section 5.3.1).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from channel.mls.codec import Reader, decode, opaque, u16, vector
from channel.mls.errors import DecodeError, ValidationError
from channel.mls.signatures import encode_point


class CredentialType(IntEnum):
    """The credential types RFC 9420 defines (section 17.5)."""

    BASIC = 1
    X509 = 2


@dataclass(frozen=True, slots=True)
class Credential:
    """Who a member claims to be (RFC 9420, section 5.3); a basic credential unless certificates are given.

    Attributes:
        identity: What a basic credential asserts, opaque here.
        certificates: An X.509 chain, DER, end-entity certificate first; of it only the key is read here.
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


def check_certificate(credential: Credential, signature_key: bytes) -> None:
    """Check that an x509 credential is about the key that it comes with (section 5.3); a basic one passes.

    Neither the chain nor a name or date in it is judged: that is for `authenticate`.

    Args:
        credential: The credential.
        signature_key: Of the leaf or external sender whose credential it is, as MLS encodes keys.

    Raises:
        ValidationError: The chain is empty, its first certificate is malformed, or that is for another key.
    """
    if credential.credential_type is not CredentialType.X509:
        return
    if not credential.certificates:
        raise ValidationError("5.3-1", "an x509 credential has no certificate")
    if _certified_key(credential.certificates[0]) != signature_key:
        raise ValidationError("5.3-2", "the certificate of an x509 credential is for another key")


def _certified_key(certificate: bytes) -> bytes | None:
    """The key of a DER certificate as MLS encodes signature keys; None if it is of no kind that MLS has."""
    try:
        with warnings.catch_warnings():
            # What pyca only warns of, such as a serial number below 1, RFC 5280 forbids.
            warnings.simplefilter("error")
            key = x509.load_der_x509_certificate(certificate).public_key()
    except UnsupportedAlgorithm:
        return None
    except (ValueError, x509.InvalidVersion, Warning):
        raise ValidationError("5.3-1", "the certificate of an x509 credential is malformed") from None
    match key:
        case Ed25519PublicKey() | Ed448PublicKey():
            return key.public_bytes_raw()
        case EllipticCurvePublicKey():
            return encode_point(key)
        case _:
            return None
