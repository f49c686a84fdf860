"""Checkpoints (https://c2sp.org/tlog-checkpoint): the size and root of a log, signed by the relay as a note.

The key's name in the note is the log's origin, so a checkpoint of one log never passes for another's.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocols.errors import DecodeError, VerificationError
from protocols.log import note as signed_note
from protocols.log.merkle import EMPTY_ROOT, HASH_SIZE, MAX_TREE_SIZE

_MAX_DIGITS: Final = len(str(MAX_TREE_SIZE))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself at one size.

    Attributes:
        origin: which log, `<relay name>/r/<hex log id>` for Parley's own; at most 255 bytes of UTF-8.
        size: number of entries.
        root: 32 bytes, the RFC 6962 root over them.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not self.origin or "\n" in self.origin:
            raise ValueError("an origin is one line of text")
        if not 0 <= self.size <= MAX_TREE_SIZE or len(self.root) != HASH_SIZE:
            raise ValueError("a checkpoint has a tree size and a root of 32 bytes")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise ValueError("the root of no entries is the empty root")

    def body(self) -> str:
        """Return the note text: origin, decimal size and base64 root, a line each."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def from_body(cls, text: str) -> "Checkpoint":
        """Read exactly what `body` writes; extension lines are refused, as Parley's logs have none.

        Raises:
            DecodeError: anything else. Nothing here is authenticated yet.
        """
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:
            raise DecodeError("a checkpoint has three lines")
        origin, decimal, encoded, _ = lines
        if not (decimal.isascii() and decimal.isdigit() and len(decimal) <= _MAX_DIGITS):
            raise DecodeError("checkpoint size is not a decimal number in range")
        try:
            checkpoint = cls(origin, int(decimal), b64decode(encoded, validate=True))
        except (Base64Error, ValueError):
            raise DecodeError("checkpoint has an impossible origin, size or root") from None
        if checkpoint.body() != text:
            raise DecodeError("checkpoint is not in canonical form")
        return checkpoint


def sign(checkpoint: Checkpoint, private_key: Ed25519PrivateKey) -> bytes:
    """Return the signed note of a checkpoint.

    The signer must have made certain before that it never signed another root for this size, nor a larger
    size.

    Raises:
        ValueError: the origin cannot be a key name.
    """
    return signed_note.sign(checkpoint.body(), checkpoint.origin, private_key)


def verify(note: bytes, *, origin: str, public_key: bytes) -> Checkpoint:
    """Return the checkpoint in a signed note, once the log's own key is known to have signed it.

    Args:
        note: the signed note as received; cosignatures by others are ignored.
        origin: the log it must be of.
        public_key: the relay's Ed25519 key, 32 bytes.

    Raises:
        DecodeError: not a note, or no checkpoint in it. The relay's fault.
        VerificationError: not signed by this key for this origin, or of another origin. The relay's fault.
    """
    opened = signed_note.open_note(note, (signed_note.Verifier(origin, public_key),))
    checkpoint = Checkpoint.from_body(opened.text)
    if checkpoint.origin != origin:
        raise VerificationError("checkpoint is of another log")
    return checkpoint
