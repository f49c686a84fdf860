"""Signed notes and verifier keys (https://c2sp.org/signed-note), Ed25519 signatures only.

A note is UTF-8 text ending in a newline, a blank line, then one line per signature:

    This is an example message.

    — example.com/foo
    Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=

A signature by a key we do not know is ignored; one by a key we know must hold, or the whole note is refused.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocols import ed25519
from protocols.errors import DecodeError, VerificationError

MAX_NOTE_SIZE: Final = 65_536
MAX_SIGNATURES: Final = 64  # C2SP asks for at least 16; each costs a verification if its key is known

_ED25519: Final = b"\x01"
_KEY_ID_SIZE: Final = 4
_MAX_NAME_SIZE: Final = 255


def check_name(name: str) -> None:
    """Refuse a key name that a note could not carry: empty, over 255 bytes, spaces, `+`, control characters.

    Raises:
        ValueError: the name is one of these.
    """
    if not name or "+" in name or any(character.isspace() or character < " " for character in name):
        raise ValueError("a key name is not empty and has no space, no '+' and no control character")
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise ValueError("a key name is valid Unicode") from None
    if size > _MAX_NAME_SIZE or any(0x7F <= ord(character) < 0xA0 for character in name):
        raise ValueError("a key name is at most 255 bytes of UTF-8 without control characters")


@dataclass(frozen=True, slots=True)
class Verifier:
    """A name and the Ed25519 key it signs with.

    Attributes:
        name: the key's name, as `check_name` allows.
        public_key: 32 bytes.

    Raises:
        ValueError: the name cannot stand in a note.
        VerificationError: the key must not be trusted (`ed25519.check_public_key`).
    """

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        ed25519.check_public_key(self.public_key)

    @classmethod
    def from_vkey(cls, vkey: str) -> "Verifier":
        """Read `<name>+<hex key id>+<base64 of type and key>`.

        Raises:
            DecodeError: malformed, another signature type than Ed25519, or a key id of another key.
            VerificationError: the key must not be trusted.
        """
        name, _, rest = vkey.partition("+")
        key_id, _, encoded = rest.partition("+")
        raw = _decode_base64(encoded, "verifier key")
        if raw[:1] != _ED25519 or len(raw) != 1 + ed25519.PUBLIC_KEY_SIZE:
            raise DecodeError("verifier key is not an Ed25519 key")
        try:
            verifier = cls(name, raw[1:])
        except ValueError as error:
            raise DecodeError(str(error)) from None
        if key_id != verifier.key_id.hex():
            raise DecodeError("verifier key has the id of another key")
        return verifier

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that stand before this key's signatures."""
        return _key_id(self.name, self.public_key)

    @property
    def vkey(self) -> str:
        """The text form that `from_vkey` reads."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(_ED25519 + self.public_key).decode()}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line.

    Attributes:
        name: the key's name.
        key_id: 4 bytes.
        signature: the bytes after the key id; 64 for Ed25519.
    """

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """An opened note.

    Attributes:
        text: what was signed, ending in a newline.
        verified: signatures by known keys, at least one, one per key.
        unverified: signatures by keys we do not know. They prove nothing.
    """

    text: str
    verified: tuple[Signature, ...]
    unverified: tuple[Signature, ...]


def sign(text: str, name: str, private_key: Ed25519PrivateKey) -> bytes:
    """Return the note over `text`, signed by one key under this name.

    Raises:
        ValueError: the text does not end in a newline or has other control characters, or the name is not
            one.
    """
    if not text.endswith("\n") or _has_control_characters(text):
        raise ValueError("a note's text ends in a newline and has no other control characters")
    check_name(name)
    public_key = private_key.public_key().public_bytes_raw()
    body = text.encode()
    signature = b64encode(_key_id(name, public_key) + private_key.sign(body)).decode()
    return body + f"\n— {name} {signature}\n".encode()


def open_note(data: bytes, verifiers: Iterable[Verifier]) -> Note:
    """Check a note against the keys we know.

    Args:
        data: the whole note, as received.
        verifiers: the keys we know; one name may have several.

    Raises:
        DecodeError: not a note, or one with more than 64 signatures or 65,536 bytes.
        VerificationError: a known key's signature does not hold, or no known key signed.
    """
    text, signatures = _parse(data)
    body = text.encode()
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    verified: dict[tuple[str, bytes], Signature] = {}
    unverified: list[Signature] = []
    for signature in signatures:
        key = (signature.name, signature.key_id)
        if key not in known:
            unverified.append(signature)
        elif key not in verified:  # C2SP: only the first signature of a key counts
            ed25519.verify(known[key].public_key, signature.signature, body)
            verified[key] = signature
    if not verified:
        raise VerificationError("note has no signature by a known key")
    return Note(text, tuple(verified.values()), tuple(unverified))


def _parse(data: bytes) -> tuple[str, list[Signature]]:
    if len(data) > MAX_NOTE_SIZE:
        raise DecodeError("note is too large")
    try:
        decoded = data.decode()
    except UnicodeDecodeError:
        raise DecodeError("note is not UTF-8") from None
    if _has_control_characters(decoded):
        raise DecodeError("note has control characters")
    before, blank_line, after = decoded.rpartition("\n\n")
    if not blank_line or not after.endswith("\n"):
        raise DecodeError("note does not end in signature lines after a blank line")
    lines = after[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise DecodeError("note has too many signatures")
    return before + "\n", [_parse_signature(line) for line in lines]


def _parse_signature(line: str) -> Signature:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != "—":
        raise DecodeError("note has a line that is not a signature")
    try:
        check_name(name)
    except ValueError as error:
        raise DecodeError(str(error)) from None
    raw = _decode_base64(encoded, "note signature")
    if len(raw) <= _KEY_ID_SIZE:
        raise DecodeError("note signature is too short")
    return Signature(name, raw[:_KEY_ID_SIZE], raw[_KEY_ID_SIZE:])


def _decode_base64(text: str, what: str) -> bytes:
    try:
        raw = b64decode(text, validate=True)
    except (Base64Error, ValueError):  # ValueError: characters outside ASCII
        raise DecodeError(f"{what} is not base64") from None
    if b64encode(raw).decode() != text:
        raise DecodeError(f"{what} is not canonical base64")
    return raw


def _has_control_characters(text: str) -> bool:
    return any(character < " " and character != "\n" for character in text)


@lru_cache(maxsize=256)
def _key_id(name: str, public_key: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:_KEY_ID_SIZE]
