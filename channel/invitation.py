"""Invitations: a one-time code, and the two sealed letters it makes possible (DESIGN.md decision 5).

The code holds a relay's URL and a 32-byte secret and is handed over by a separate route. From the secret
both ends derive the mailbox id and two keys (HKDF-SHA256); the relay learns the id only. The invitee puts a
request into slot 0, the inviter a response into slot 1.

    code       "parley1-" || Crockford base32, in groups of eight, of secret || URL || checksum
    checksum   first 4 bytes of SHA-256("parley invitation code v1" || secret || URL): finds typing errors
    letter     u32 length || content || zeros up to a multiple of 4096, cut into blobs
    blob       AES-256-GCM-SIV, key of the slot, nonce u32 slot || u64 index, associated data
               canonical ["parley mailbox v1", mailbox, slot, index, final]

The cipher withstands a repeated nonce: should one secret ever seal two different letters, because a code
was used by two people, nothing but their difference shows. Blobs cannot be swapped, moved, repeated or left
out, as each is bound to its place.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from channel.errors import BadInvitationCode, BadInvitationContent, ChannelError
from channel.identity import MAX_CERTIFICATE_SIZE, read_certificate
from channel.mls import MLSError
from channel.names import MAX_NAME, check_name
from protocols import canonical
from protocols.errors import DecodeError
from protocols.shape import as_bytes, as_list, as_str, as_uint

__all__ = [
    "BLOB_SIZE",
    "MAX_LETTER_SIZE",
    "SECRET_SIZE",
    "Invitation",
    "InvitationRequest",
    "InvitationResponse",
]

SECRET_SIZE: Final = 32
BLOB_SIZE: Final = 48 * 1024
"""Bytes of one blob before sealing; the seal adds 16."""
MAX_LETTER_SIZE: Final = 64 * 1024 * 1024

_REQUEST_VERSION: Final = 2
_RESPONSE_VERSION: Final = 1
_REQUEST_SLOT: Final = 0  # as protocols.relay.frames names them
_RESPONSE_SLOT: Final = 1
_PREFIX: Final = "parley1-"
_MAX_URL: Final = 200
_CHECKSUM_SIZE: Final = 4
_GROUP: Final = 8
_PADDING: Final = 4096
_TAG_SIZE: Final = 16
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_DIGITS: Final = {character: value for value, character in enumerate(_ALPHABET)} | {"o": 0, "i": 1, "l": 1}
_URL: Final = re.compile(r"wss?://[A-Za-z0-9._\[\]:-]+(/[A-Za-z0-9._/-]*)?")
_MAX_KEY_PACKAGE: Final = 16_384
_MAX_KEY_PACKAGES: Final = 8
_MAX_GENESIS: Final = 4096
_MAX_VKEY: Final = 512
_MAX_WELCOME: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRequest:
    """What an invitee asks with.

    Attributes:
        key_packages: MLS KeyPackages, encoded, one for each cipher suite that the invitee speaks, since they
            cannot know the channel's; the caller chooses and validates.
        identity_key: the invitee, 32 bytes; the same as in the certificate.
        name: the display name they propose.
        certificate: over the leaf key of all key packages; the caller verifies it against that key.
    """

    key_packages: tuple[bytes, ...]
    identity_key: bytes
    name: str
    certificate: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationResponse:
    """What the inviter admits with.

    Attributes:
        welcome: the MLS Welcome, encoded.
        genesis: the log's entry 0.
        history: what earlier entries contained; its format is the caller's.
        relay_vkey: name and key of the relay.
    """

    welcome: bytes = field(repr=False)
    genesis: bytes
    history: bytes = field(repr=False)
    relay_vkey: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """One invitation, the same value on both sides.

    Attributes:
        relay_url: where the mailbox is: ws:// or wss://, at most 200 characters.
        secret: 32 random bytes. Whoever holds them can answer for either side.

    Raises:
        BadInvitationCode: the URL is none, or the secret has another length.
    """

    relay_url: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not _URL.fullmatch(self.relay_url) or len(self.relay_url) > _MAX_URL:
            raise BadInvitationCode("an invitation names a relay by a URL that begins with wss:// or ws://")
        if len(self.secret) != SECRET_SIZE:
            raise BadInvitationCode("an invitation has a secret of 32 bytes")

    @property
    def code(self) -> str:
        """The text to hand over: lower case, no spaces."""
        content = self.secret + self.relay_url.encode()
        text = _to_base32(content + _checksum(content))
        return _PREFIX + "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))

    @classmethod
    def parse(cls, code: str) -> "Invitation":
        """Read a code as somebody typed or pasted it: case, spaces, line breaks and hyphens do not matter.

        Raises:
            BadInvitationCode: not a code, mistyped, or not whole; the text says what to look at.
        """
        text = re.sub(r"[\s-]", "", code).lower()
        prefix = _PREFIX.rstrip("-")
        if not text.startswith(prefix):
            raise BadInvitationCode(
                f"an invitation code begins with {_PREFIX}: copy it from its first letter on"
            )
        content = _from_base32(text[len(prefix) :])
        content, checksum = content[:-_CHECKSUM_SIZE], content[-_CHECKSUM_SIZE:]
        if not compare_digest(checksum, _checksum(content)):
            raise BadInvitationCode(
                "the invitation code is mistyped or not whole: compare it letter by letter"
            )
        try:
            url = content[SECRET_SIZE:].decode("ascii")
        except UnicodeDecodeError:
            raise BadInvitationCode("the invitation code names no relay") from None
        return cls(url, content[:SECRET_SIZE])

    @property
    def mailbox_id(self) -> bytes:
        """The mailbox's id on the relay, 32 bytes."""
        return self._derive(b"parley mailbox id v1")

    def seal_request(self, request: InvitationRequest) -> tuple[bytes, ...]:
        """Seal the invitee's letter.

        Returns:
            The blobs to post into slot 0, in order, the last one final. The same letter gives the same blobs.

        Raises:
            BadInvitationContent: larger than MAX_LETTER_SIZE.
        """
        letter = canonical.encode(
            [
                _REQUEST_VERSION,
                list(request.key_packages),
                request.identity_key,
                request.name,
                request.certificate,
            ]
        )
        return self._seal(_REQUEST_SLOT, letter)

    def open_request(self, blobs: Sequence[bytes]) -> InvitationRequest:
        """Open what an invitee posted.

        Args:
            blobs: the whole content of slot 0, in order; it must be final.

        Raises:
            BadInvitationContent: another secret, altered or incomplete blobs, or not a request.
        """
        letter = self._open(_REQUEST_SLOT, blobs)
        try:
            items = as_list(canonical.decode(letter, max_size=len(letter)), length=5, what="request")
            as_uint(items[0], minimum=_REQUEST_VERSION, maximum=_REQUEST_VERSION, what="request version")
            offered = as_list(items[1], max_length=_MAX_KEY_PACKAGES, what="key packages")
            request = InvitationRequest(
                key_packages=tuple(
                    as_bytes(item, max_length=_MAX_KEY_PACKAGE, what="key package") for item in offered
                ),
                identity_key=as_bytes(items[2], length=32, what="identity key"),
                name=as_str(items[3], max_length=4 * MAX_NAME, what="name"),
                certificate=as_bytes(items[4], max_length=MAX_CERTIFICATE_SIZE, what="certificate"),
            )
            check_name(request.name)
            if read_certificate(request.certificate).identity_key != request.identity_key:
                raise DecodeError("the certificate is of another identity")
        except (DecodeError, ChannelError, MLSError) as error:
            raise BadInvitationContent(f"the invitation's request is refused: {error}") from None
        return request

    def seal_response(self, response: InvitationResponse) -> tuple[bytes, ...]:
        """Seal the inviter's letter.

        Returns:
            The blobs to post into slot 1, in order, the last one final. The same letter gives the same blobs.

        Raises:
            BadInvitationContent: larger than MAX_LETTER_SIZE.
        """
        letter = canonical.encode(
            [_RESPONSE_VERSION, response.welcome, response.genesis, response.history, response.relay_vkey]
        )
        return self._seal(_RESPONSE_SLOT, letter)

    def open_response(self, blobs: Sequence[bytes]) -> InvitationResponse:
        """Open what the inviter posted.

        Args:
            blobs: the whole content of slot 1, in order; it must be final.

        Raises:
            BadInvitationContent: another secret, altered or incomplete blobs, or not a response.
        """
        letter = self._open(_RESPONSE_SLOT, blobs)
        try:
            items = as_list(canonical.decode(letter, max_size=len(letter)), length=5, what="response")
            as_uint(items[0], minimum=_RESPONSE_VERSION, maximum=_RESPONSE_VERSION, what="response version")
            return InvitationResponse(
                welcome=as_bytes(items[1], max_length=_MAX_WELCOME, what="welcome"),
                genesis=as_bytes(items[2], max_length=_MAX_GENESIS, what="genesis"),
                history=as_bytes(items[3], what="history"),
                relay_vkey=as_str(items[4], max_length=_MAX_VKEY, what="relay key"),
            )
        except DecodeError as error:
            raise BadInvitationContent(f"the invitation's response is refused: {error}") from None

    def _seal(self, slot: int, letter: bytes) -> tuple[bytes, ...]:
        if len(letter) > MAX_LETTER_SIZE:
            raise BadInvitationContent("the channel's history is too long for an invitation")
        padded = len(letter).to_bytes(4) + letter
        padded += bytes(-len(padded) % _PADDING)
        cipher = self._cipher(slot)
        starts = range(0, len(padded), BLOB_SIZE)
        return tuple(
            cipher.encrypt(
                _nonce(slot, index),
                padded[start : start + BLOB_SIZE],
                self._associated_data(slot, index, final=start == starts[-1]),
            )
            for index, start in enumerate(starts)
        )

    def _open(self, slot: int, blobs: Sequence[bytes]) -> bytes:
        if sum(map(len, blobs)) > MAX_LETTER_SIZE + len(blobs) * _TAG_SIZE + _PADDING:
            raise BadInvitationContent("the mailbox holds more than an invitation can")
        cipher = self._cipher(slot)
        try:
            padded = b"".join(
                cipher.decrypt(
                    _nonce(slot, index),
                    blob,
                    self._associated_data(slot, index, final=index == len(blobs) - 1),
                )
                for index, blob in enumerate(blobs)
            )
        except InvalidTag:
            raise BadInvitationContent("the mailbox's content does not belong to this invitation") from None
        length = int.from_bytes(padded[:4])
        letter, padding = padded[4 : 4 + length], padded[4 + length :]
        if len(padded) < 4 or len(letter) != length or any(padding):
            raise BadInvitationContent("the mailbox's content is incomplete")
        return letter

    def _cipher(self, slot: int) -> AESGCMSIV:
        labels = {_REQUEST_SLOT: b"parley mailbox request v1", _RESPONSE_SLOT: b"parley mailbox response v1"}
        return AESGCMSIV(self._derive(labels[slot]))

    def _associated_data(self, slot: int, index: int, *, final: bool) -> bytes:
        return canonical.encode(["parley mailbox v1", self.mailbox_id, slot, index, final])

    def _derive(self, label: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=label).derive(self.secret)


def _nonce(slot: int, index: int) -> bytes:
    return slot.to_bytes(4) + index.to_bytes(8)


def _checksum(content: bytes) -> bytes:
    return sha256(b"parley invitation code v1" + content).digest()[:_CHECKSUM_SIZE]


def _to_base32(data: bytes) -> str:
    bits = 8 * len(data)
    number = int.from_bytes(data) << (-bits % 5)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(bits + -bits % 5 - 5, -5, -5))


def _from_base32(text: str) -> bytes:
    size, slack = divmod(5 * len(text), 8)
    if not SECRET_SIZE + _CHECKSUM_SIZE < size <= SECRET_SIZE + _MAX_URL + _CHECKSUM_SIZE or slack >= 5:
        raise BadInvitationCode("the invitation code is not whole: copy it from its first letter to its last")
    number = 0
    for character in text:
        value = _DIGITS.get(character)
        if value is None:
            raise BadInvitationCode("the invitation code has a character that no code has: compare it again")
        number = number << 5 | value
    if number & (1 << slack) - 1:
        raise BadInvitationCode("the invitation code is mistyped at its end: compare it again")
    return (number >> slack).to_bytes(size)
