"""The relay's own key: what signs checkpoints, and by what name clients know it."""

import os
from base64 import b64encode
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocols.errors import ProtocolError
from protocols.log.entry import Genesis
from protocols.log.note import Verifier
from server.errors import OperatorError

KEY_FILE: Final = "relay.key"


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs checkpoints with the relay's key."""

    verifier: Verifier
    private_key: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def from_private_bytes(cls, name: str, private_bytes: bytes) -> "Signer":
        """Return the signer for 32 bytes of Ed25519 private key, known by `name`.

        Raises:
            ValueError: the name cannot be a signed note's key name.
        """
        private_key = Ed25519PrivateKey.from_private_bytes(private_bytes)
        return cls(Verifier(name, private_key.public_key().public_bytes_raw()), private_key)

    @property
    def vkey(self) -> str:
        """The verifier key, as Greeting and genesis carry it."""
        return self.verifier.vkey

    def sign(self, genesis: bytes, size: int, root: bytes) -> bytes:
        """Return the signed note over the head of the log that begins with `genesis`.

        The caller has made sure that no other root was signed for this size, and no larger size.
        """
        origin, line_start, key_id = _note_parts(genesis, self.verifier.public_key)
        body = f"{origin}\n{size}\n{b64encode(root).decode()}\n".encode()
        signature = b64encode(key_id + self.private_key.sign(body))
        return body + line_start + signature + b"\n"


@lru_cache(maxsize=4096)
def _note_parts(genesis: bytes, public_key: bytes) -> tuple[str, bytes, bytes]:
    """What all checkpoints of one log share; `checkpoint.sign` would check and derive it anew each time."""
    origin = Genesis.decode(genesis).origin
    return origin, f"\n\N{EM DASH} {origin} ".encode(), Verifier(origin, public_key).key_id


def load_or_create(directory: Path, name: str) -> Signer:
    """Return the relay's signer; the first start makes its key, readable by the owner only, and syncs it.

    Args:
        directory: the data directory; exists.
        name: the relay's name in its verifier key.

    Raises:
        OperatorError: the key file is not 32 bytes, others can read it, it cannot be written, or the name is
            no name.
    """
    path = directory / KEY_FILE
    try:
        private_bytes = _read(path) if path.exists() else _create(path)
    except OSError as error:
        raise OperatorError(f"cannot read or write {path}: {error.strerror}") from None
    if len(private_bytes) != 32:
        raise OperatorError(f"{path} is damaged: the relay's key is 32 bytes; restore it from a backup")
    try:
        return Signer.from_private_bytes(name, private_bytes)
    except (ValueError, ProtocolError) as error:
        raise OperatorError(f"{name!r} cannot be the relay's name: {error}") from None


def _read(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise OperatorError(f"{path} can be read by others; run: chmod 600 {path}")
    return path.read_bytes()


def _create(path: Path) -> bytes:
    private_bytes = Ed25519PrivateKey.generate().private_bytes_raw()
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, private_bytes)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.replace(path)
    parent = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
    return private_bytes
