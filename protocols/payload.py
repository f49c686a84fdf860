"""What an application message carries (AUDIT.md section 3, "Sound scheme").

Beside the body: what its sender had seen and accepted, a counter against replay by other members, and a
salt for the franking tag. The tag stands in the MLS `authenticated_data`, so it is signed, authenticated
and logged: one entry has one opening, whatever the AEAD, and no key is revealed to show it.
"""

import hmac
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import Final

from protocols import canonical
from protocols.errors import DecodeError, LocalProtocolError, VerificationError
from protocols.log.entry import MAX_ENTRY_SIZE
from protocols.log.merkle import HASH_SIZE
from protocols.shape import as_bytes, as_list, as_uint

SALT_SIZE: Final = 32
MESSAGE_ID_SIZE: Final = 16
AUTHENTICATED_DATA_SIZE: Final = 35
MAX_PAYLOAD_SIZE: Final = MAX_ENTRY_SIZE  # what fits is decided by the entry around it
EMPTY_HISTORY: Final = bytes(HASH_SIZE)

_FRANKING: Final = b"PF1"
_MAX_UINT64: Final = 2**64 - 1


class EntryStatus(IntEnum):
    """How a member judged an entry. Wire values: later ones are appended."""

    ACCEPTED = 1
    REJECTED = 2
    HANDSHAKE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The application_data of an MLS message.

    Attributes:
        salt: 32 random bytes, fresh for each message; keys the franking tag.
        message_id: 16 random bytes.
        counter: the sender's application messages in this epoch up to this one, from 1, strictly rising.
        seen_size: entries the sender had verified.
        seen_root: the log's root at that size, 32 bytes.
        accepted_history: `accumulate` over entries 0..seen_size-1 as the sender judged them, 32 bytes.
        body: the encoded message.
    """

    salt: bytes = field(repr=False)
    message_id: bytes
    counter: int
    seen_size: int
    seen_root: bytes
    accepted_history: bytes
    body: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Return the application_data: the canonical array of the fields in order.

        Raises:
            LocalProtocolError: a field is out of bounds.
        """
        encoded = canonical.encode(
            (
                self.salt,
                self.message_id,
                self.counter,
                self.seen_size,
                self.seen_root,
                self.accepted_history,
                self.body,
            )
        )
        try:
            Payload.decode(encoded)
        except DecodeError as error:
            raise LocalProtocolError(str(error)) from None
        return encoded

    @classmethod
    def decode(cls, application_data: bytes) -> "Payload":
        """Read exactly what `encode` writes.

        Raises:
            DecodeError: anything else. The sender's fault.
        """
        value = canonical.decode(application_data, max_size=MAX_PAYLOAD_SIZE, max_depth=1)
        salt, message_id, counter, seen_size, seen_root, history, body = as_list(
            value, length=7, what="payload"
        )
        return cls(
            salt=as_bytes(salt, length=SALT_SIZE, what="salt"),
            message_id=as_bytes(message_id, length=MESSAGE_ID_SIZE, what="message id"),
            counter=as_uint(counter, minimum=1, what="counter"),
            seen_size=as_uint(seen_size, what="seen size"),
            seen_root=as_bytes(seen_root, length=HASH_SIZE, what="seen root"),
            accepted_history=as_bytes(history, length=HASH_SIZE, what="accepted history"),
            body=as_bytes(body, what="body"),
        )


def authenticated_data(application_data: bytes) -> bytes:
    """Return the franking tag of an encoded payload: "PF1" || HMAC-SHA256(salt, application_data).

    Returns:
        35 bytes, the MLS authenticated_data of the message.

    Raises:
        DecodeError: `application_data` is not a payload.
    """
    return _tag(Payload.decode(application_data).salt, application_data)


def check_franking(application_data: bytes, authenticated_data: bytes) -> Payload:
    """Check that an opening is the one its sender tagged; every recipient must, and rejects the entry if not.

    Args:
        application_data: the decrypted, or disclosed, payload.
        authenticated_data: taken from the entry itself, never from whoever discloses.

    Returns:
        The payload, so that it is decoded once.

    Raises:
        DecodeError: `application_data` is not a payload. The sender's fault.
        VerificationError: the tag is missing or of another payload. The sender's, or the discloser's, fault.
    """
    payload = Payload.decode(application_data)
    if not hmac.compare_digest(_tag(payload.salt, application_data), authenticated_data):
        raise VerificationError("franking tag does not belong to this payload")
    return payload


def accumulate(n: int, previous: bytes, leaf_hash: bytes, status: EntryStatus) -> bytes:
    """Return the accepted-history hash after entry `n`.

    Args:
        n: the entry's index.
        previous: the hash after entry n-1; `EMPTY_HISTORY` for n = 0.
        leaf_hash: the entry's RFC 6962 leaf hash.
        status: how the entry was judged; genesis and every MLS handshake are HANDSHAKE.

    Returns:
        SHA-256("parley-acc" || u64 n || previous || leaf_hash || u8 status), 32 bytes.

    Raises:
        ValueError: the index or a hash is out of bounds.
    """
    if not 0 <= n <= _MAX_UINT64 or len(previous) != HASH_SIZE or len(leaf_hash) != HASH_SIZE:
        raise ValueError("an accepted history takes an index and two 32-byte hashes")
    return sha256(b"parley-acc" + n.to_bytes(8, "big") + previous + leaf_hash + bytes((status,))).digest()


def _tag(salt: bytes, application_data: bytes) -> bytes:
    return _FRANKING + hmac.digest(salt, application_data, "sha256")
