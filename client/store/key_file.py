"""The key file: a random database key, wrapped by a passphrase.

The file is a canonical array: a format name, the Argon2id cost (memory in KiB, iterations, lanes), salt,
nonce, the database
key sealed with ChaCha20-Poly1305 under the derived key, and a checksum over all before it. The parameters
are stored, so a
profile made with today's cost opens under tomorrow's; they are bound into the seal. The checksum is over
public bytes and
tells a damaged file from a wrong passphrase. Changing the passphrase wraps the same key again.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from client.errors import NoPassphrase, ProfileDamaged, WrongPassphrase
from protocols import canonical
from protocols.errors import DecodeError
from protocols.shape import as_bytes, as_list, as_str, as_uint

DATABASE_KEY_SIZE: Final = 32
MAX_KEY_FILE_SIZE: Final = 1024

_FORMAT: Final = "parley key file v1"
_WRAPPING_KEY_SIZE: Final = 32
_SALT_SIZE: Final = 16
_NONCE_SIZE: Final = 12
_SEALED_SIZE: Final = DATABASE_KEY_SIZE + 16
_CHECKSUM_SIZE: Final = 8
_MAX_MEMORY_KIB: Final = 1 << 20
_MAX_ITERATIONS: Final = 64
_MAX_LANES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDerivation:
    """The cost of one guess at the passphrase (Argon2id, RFC 9106).

    Attributes:
        memory_kib: Memory, in KiB; 64 MiB unless told otherwise.
        iterations: Passes over it.
        lanes: Parallelism.
    """

    memory_kib: int = 64 * 1024
    iterations: int = 3
    lanes: int = 4


def wrap_key(
    database_key: bytes, passphrase: str, *, derivation: KeyDerivation, random: Callable[[int], bytes]
) -> bytes:
    """Wrap the database key under a passphrase.

    Args:
        database_key: 32 random bytes.
        passphrase: As typed; compared after Unicode NFC, so the same keys give the same passphrase on every
        keyboard.
        derivation: How much one guess shall cost.
        random: Called with a length; gives salt and nonce.

    Returns:
        The content of the key file.

    Raises:
        NoPassphrase: The passphrase is empty.
    """
    salt, nonce = random(_SALT_SIZE), random(_NONCE_SIZE)
    header = _header(derivation, salt, nonce)
    wrapping_key = _derive(passphrase, salt, derivation)
    sealed = ChaCha20Poly1305(wrapping_key).encrypt(nonce, database_key, canonical.encode(header))
    return canonical.encode([*header, sealed, _checksum([*header, sealed])])


def unwrap_key(data: bytes, passphrase: str) -> bytes:
    """Get the database key back.

    Args:
        data: The content of the key file.
        passphrase: As typed.

    Returns:
        The 32-byte database key.

    Raises:
        WrongPassphrase: The passphrase does not open it.
        ProfileDamaged: The file is not a whole key file.
        NoPassphrase: The passphrase is empty.
    """
    try:
        fields = as_list(canonical.decode(data, max_size=MAX_KEY_FILE_SIZE), length=8, what="key file")
        if as_str(fields[0], max_length=64, what="format") != _FORMAT:
            raise _damaged()
        # The bounds are there because a doctored file must not make the client allocate without end.
        derivation = KeyDerivation(
            memory_kib=as_uint(fields[1], minimum=8 * _MAX_LANES, maximum=_MAX_MEMORY_KIB, what="memory"),
            iterations=as_uint(fields[2], minimum=1, maximum=_MAX_ITERATIONS, what="iterations"),
            lanes=as_uint(fields[3], minimum=1, maximum=_MAX_LANES, what="lanes"),
        )
        salt = as_bytes(fields[4], length=_SALT_SIZE, what="salt")
        nonce = as_bytes(fields[5], length=_NONCE_SIZE, what="nonce")
        sealed = as_bytes(fields[6], length=_SEALED_SIZE, what="sealed key")
        checksum = as_bytes(fields[7], length=_CHECKSUM_SIZE, what="checksum")
    except DecodeError:
        raise _damaged() from None
    header = _header(derivation, salt, nonce)
    if not hmac.compare_digest(checksum, _checksum([*header, sealed])):
        raise _damaged()
    wrapping_key = _derive(passphrase, salt, derivation)
    try:
        return ChaCha20Poly1305(wrapping_key).decrypt(nonce, sealed, canonical.encode(header))
    except InvalidTag:
        raise WrongPassphrase from None


def _header(derivation: KeyDerivation, salt: bytes, nonce: bytes) -> list[str | int | bytes]:
    return [_FORMAT, derivation.memory_kib, derivation.iterations, derivation.lanes, salt, nonce]


def _derive(passphrase: str, salt: bytes, derivation: KeyDerivation) -> bytes:
    if not passphrase:
        raise NoPassphrase("an empty passphrase protects nothing: choose one of several words")
    return Argon2id(
        salt=salt,
        length=_WRAPPING_KEY_SIZE,
        iterations=derivation.iterations,
        lanes=derivation.lanes,
        memory_cost=derivation.memory_kib,
    ).derive(unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass"))


def _checksum(fields: list[str | int | bytes]) -> bytes:
    return hashlib.sha256(canonical.encode(fields)).digest()[:_CHECKSUM_SIZE]


def _damaged() -> ProfileDamaged:
    return ProfileDamaged("the profile's key file is damaged: put back key.parley from a backup")
