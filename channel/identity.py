"""Who people are: an identity key, a certificate for each leaf key, and a number to compare by voice.

A person is an Ed25519 identity key. MLS leaves have keys of their own, so the identity key signs a
certificate over each leaf key, which is the leaf's basic credential (RFC 9420, section 5.3). Everything
else about a person, name and role, is what the charter says.

    participant id   first 16 bytes of SHA-256("parley participant v1" || identity key), in hex
    certificate      canonical [1, identity_key, leaf_signature_key, not_before_s, not_after_s, device,
    signature] signature        by the identity key, over "parley certificate v1" || canonical of the first
    six

Safety number: PBKDF2-HMAC-SHA-512 (an iterated SHA-512) with 2**18 rounds over the two identity keys in
ascending order, salted with "parley safety number v1" || origin; its first 8 bytes for each of six groups,
modulo 100000, as five digits. That is 30 digits, 99.6 bits. Somebody in the middle of two people who can
choose a key for each side has to find two equal numbers, about 2**50 tries; the rounds are there to make
each of these tries cost a tenth of a second.
"""

from dataclasses import dataclass, field
from hashlib import pbkdf2_hmac
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from channel.errors import BadCertificate
from protocols import canonical, ed25519
from protocols.errors import DecodeError, VerificationError
from protocols.participants import participant_id
from protocols.shape import as_bytes, as_list, as_str, as_uint

__all__ = [
    "MAX_CERTIFICATE_SIZE",
    "Certificate",
    "Identity",
    "make_certificate",
    "participant_id",
    "read_certificate",
    "safety_number",
    "verify_certificate",
]

MAX_CERTIFICATE_SIZE: Final = 1024
_VERSION: Final = 1
_MAX_DEVICE_SIZE: Final = 128
_MAX_LEAF_KEY_SIZE: Final = 256  # a P-521 point has 133 bytes
_MAX_TIME_S: Final = 2**53
_CERTIFICATE_LABEL: Final = b"parley certificate v1"
_SAFETY_NUMBER_LABEL: Final = b"parley safety number v1"
_SAFETY_NUMBER_ROUNDS: Final = 2**18
_SAFETY_NUMBER_GROUPS: Final = 6


@dataclass(frozen=True, slots=True)
class Identity:
    """A person's key pair on this machine.

    Attributes:
        private_key: the Ed25519 seed, 32 bytes.
        public_key: 32 bytes (RFC 8032).
    """

    private_key: bytes = field(repr=False)
    public_key: bytes

    @classmethod
    def from_seed(cls, seed: bytes) -> "Identity":
        """Make the identity of 32 random bytes.

        Raises:
            ValueError: not 32 bytes; a bug.
        """
        return cls(seed, Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())

    @property
    def participant_id(self) -> str:
        """The id others know this person by, 32 hex digits."""
        return participant_id(self.public_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """An identity key's statement that a leaf key is its own; only `verify_certificate` proves it.

    Attributes:
        identity_key: the person, 32 bytes.
        leaf_signature_key: the MLS leaf's signature key, as the cipher suite encodes it.
        not_before_s: first second of validity, UTC.
        not_after_s: last second of validity, UTC.
        device: a label its owner chose; at most 128 bytes of UTF-8, not yet safe to display.
        signature: 64 bytes.
    """

    identity_key: bytes
    leaf_signature_key: bytes
    not_before_s: int
    not_after_s: int
    device: str
    signature: bytes

    @property
    def signed_bytes(self) -> bytes:
        """What the signature is over."""
        return _signed_bytes(
            identity_key=self.identity_key,
            leaf_signature_key=self.leaf_signature_key,
            not_before_s=self.not_before_s,
            not_after_s=self.not_after_s,
            device=self.device,
        )


def make_certificate(
    identity: Identity, *, leaf_signature_key: bytes, not_before_s: int, not_after_s: int, device: str
) -> bytes:
    """Vouch for one's own leaf key.

    Args:
        identity: who vouches.
        leaf_signature_key: the leaf's public signature key.
        not_before_s: first second of validity, UTC.
        not_after_s: last second of validity, UTC.
        device: a label for this device; members see it.

    Returns:
        The certificate, the identity of the leaf's basic credential.

    Raises:
        BadCertificate: a field is out of bounds, such as a device label that is too long.
    """
    fields = _signed_bytes(
        identity_key=identity.public_key,
        leaf_signature_key=leaf_signature_key,
        not_before_s=not_before_s,
        not_after_s=not_after_s,
        device=device,
    )
    certificate = canonical.encode(
        [
            _VERSION,
            identity.public_key,
            leaf_signature_key,
            not_before_s,
            not_after_s,
            device,
            Ed25519PrivateKey.from_private_bytes(identity.private_key).sign(fields),
        ]
    )
    read_certificate(certificate)
    return certificate


def read_certificate(certificate: bytes) -> Certificate:
    """Read a certificate without believing it.

    Args:
        certificate: bytes of a peer's credential.

    Raises:
        BadCertificate: malformed, or an identity key that must not be trusted.
    """
    try:
        items = as_list(
            canonical.decode(certificate, max_size=MAX_CERTIFICATE_SIZE), length=7, what="certificate"
        )
        version, identity_key, leaf_signature_key, not_before_s, not_after_s, device, signature = items
        as_uint(version, minimum=_VERSION, maximum=_VERSION, what="certificate version")
        result = Certificate(
            identity_key=as_bytes(identity_key, length=ed25519.PUBLIC_KEY_SIZE, what="identity key"),
            leaf_signature_key=as_bytes(leaf_signature_key, max_length=_MAX_LEAF_KEY_SIZE, what="leaf key"),
            not_before_s=as_uint(not_before_s, maximum=_MAX_TIME_S, what="not_before"),
            not_after_s=as_uint(not_after_s, maximum=_MAX_TIME_S, what="not_after"),
            device=as_str(device, max_length=_MAX_DEVICE_SIZE, what="device"),
            signature=as_bytes(signature, length=ed25519.SIGNATURE_SIZE, what="signature"),
        )
        ed25519.check_public_key(result.identity_key)
    except (DecodeError, VerificationError) as error:
        raise BadCertificate(f"certificate refused: {error}") from None
    return result


def verify_certificate(certificate: bytes, *, signature_key: bytes, now_s: int) -> Certificate:
    """Check that a certificate vouches for a leaf key at a moment.

    Args:
        certificate: bytes of a peer's credential.
        signature_key: the signature key of the leaf that carries it.
        now_s: the moment to judge at, UTC seconds.

    Returns:
        What it says.

    Raises:
        BadCertificate: malformed, for another leaf key, outside its validity, or not signed by its identity
        key.
    """
    result = read_certificate(certificate)
    if result.leaf_signature_key != signature_key:
        raise BadCertificate("certificate is for another leaf key")
    if not result.not_before_s <= now_s <= result.not_after_s:
        raise BadCertificate("certificate is not valid at this time")
    try:
        ed25519.verify(result.identity_key, result.signature, result.signed_bytes)
    except VerificationError:
        raise BadCertificate("certificate is not signed by its identity key") from None
    return result


def safety_number(one: bytes, other: bytes, *, origin: str) -> str:
    """Compute what two people compare over another route to know that nobody sits between them.

    Args:
        one: the identity key of either, 32 bytes.
        other: the identity key of the other, 32 bytes.
        origin: the origin of the channel they share, so that a number heard elsewhere is of no use here.

    Returns:
        Six groups of five digits, separated by spaces; the same whichever key comes first. It takes a tenth
        of a second of computing.

    Raises:
        ValueError: the keys are equal or not 32 bytes; a bug.
    """
    if one == other or {len(one), len(other)} != {ed25519.PUBLIC_KEY_SIZE}:
        raise ValueError("a safety number is of two different identity keys")
    first, second = sorted((one, other))
    salt = _SAFETY_NUMBER_LABEL + origin.encode()
    digest = pbkdf2_hmac("sha512", first + second, salt, _SAFETY_NUMBER_ROUNDS, 8 * _SAFETY_NUMBER_GROUPS)
    groups = (digest[start : start + 8] for start in range(0, len(digest), 8))
    return " ".join(f"{int.from_bytes(group) % 100_000:05d}" for group in groups)


def _signed_bytes(
    *, identity_key: bytes, leaf_signature_key: bytes, not_before_s: int, not_after_s: int, device: str
) -> bytes:
    return _CERTIFICATE_LABEL + canonical.encode(
        [_VERSION, identity_key, leaf_signature_key, not_before_s, not_after_s, device]
    )
