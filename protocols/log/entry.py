"""What a log holds: at index 0 the genesis, from then on MLS messages with the time the relay received them.

    genesis        0x00 || canonical [random, relay_vkey, cipher_suite, policy]
    message        0x01 || u64 relay_time_ms || MLSMessage
    commit         0x02 || u64 relay_time_ms || 32 bytes next_access_key || MLSMessage

Numbers are big-endian. The log's id is the SHA-256 of its genesis, so whoever knows the id knows the
relay's key, the cipher suite and the policy, and no relay can give two logs one id.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from protocols import canonical, ed25519
from protocols.errors import DecodeError, LocalProtocolError
from protocols.log.note import Verifier
from protocols.shape import as_bytes, as_list, as_map, as_str, as_uint

MAX_ENTRY_SIZE: Final = 65_535  # tlog-tiles bundles prefix each entry with a u16
MAX_ORIGIN_SIZE: Final = 255  # tlog-cosignature's limit

_GENESIS: Final = b"\x00"
_MESSAGE: Final = b"\x01"
_COMMIT: Final = b"\x02"
_ORIGIN_INFIX: Final = "/r/"
_MAX_RELAY_NAME_SIZE: Final = MAX_ORIGIN_SIZE - len(_ORIGIN_INFIX) - 64
_MAX_VKEY_SIZE: Final = 512
_MAX_POLICY_PAIRS: Final = 64
_MAX_POLICY_TEXT: Final = 512
_HEAD_SIZE: Final = 9  # kind and time
_MAX_TIME_MS: Final = 4_102_444_799_999
"""The end of 2099, as in `messages.values.Time`: a time that no calendar has would break every display."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Genesis:
    """Entry 0: what a log is, fixed for good.

    Attributes:
        random: 32 bytes that make the log unique and its id unguessable.
        relay_vkey: the relay's name and key (`note.Verifier.vkey`); signs the log's checkpoints.
        cipher_suite: the MLS cipher suite number.
        policy: names and values agreed on at creation; at most 64 pairs of at most 512 bytes each.

    Raises:
        ValueError: a field is out of bounds, or the relay's name too long for an origin of 255 bytes.
        DecodeError: `relay_vkey` is not one.
        VerificationError: the key in it must not be trusted.
    """

    random: bytes
    relay_vkey: str
    cipher_suite: int
    policy: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if len(self.random) != 32 or not 0 <= self.cipher_suite <= 0xFFFF:
            raise ValueError("a genesis has 32 random bytes and a 16-bit cipher suite")
        if len(self.policy) > _MAX_POLICY_PAIRS or len(self.relay_vkey) > _MAX_VKEY_SIZE:
            raise ValueError("a genesis has at most 64 policy pairs and a verifier key of at most 512 bytes")
        if len(self.relay.name.encode()) > _MAX_RELAY_NAME_SIZE:
            raise ValueError(f"a relay's name is at most {_MAX_RELAY_NAME_SIZE} bytes")
        if any(len(text.encode()) > _MAX_POLICY_TEXT for pair in self.policy.items() for text in pair):
            raise ValueError("a policy's names and values are at most 512 bytes")
        object.__setattr__(self, "policy", MappingProxyType(dict(self.policy)))

    def encode(self) -> bytes:
        """Return entry 0."""
        return _GENESIS + canonical.encode((self.random, self.relay_vkey, self.cipher_suite, self.policy))

    @classmethod
    def decode(cls, data: bytes) -> "Genesis":
        """Read entry 0.

        Raises:
            DecodeError: not the one encoding of a genesis.
            VerificationError: the relay's key must not be trusted.
        """
        if data[:1] != _GENESIS:
            raise DecodeError("not a genesis entry")
        value = canonical.decode(data[1:], max_size=MAX_ENTRY_SIZE - 1)
        random, relay_vkey, cipher_suite, policy = as_list(value, length=4, what="genesis")
        pairs = as_map(policy, keys=None, max_length=_MAX_POLICY_PAIRS, what="policy")
        try:
            return cls(
                random=as_bytes(random, length=32, what="genesis random"),
                relay_vkey=as_str(relay_vkey, max_length=_MAX_VKEY_SIZE, what="relay verifier key"),
                cipher_suite=as_uint(cipher_suite, maximum=0xFFFF, what="cipher suite"),
                policy={
                    as_str(name, max_length=_MAX_POLICY_TEXT, what="policy name"): as_str(
                        text, max_length=_MAX_POLICY_TEXT, what="policy value"
                    )
                    for name, text in pairs.items()
                },
            )
        except ValueError as error:
            raise DecodeError(str(error)) from None

    @property
    def log_id(self) -> bytes:
        """SHA-256 of the encoding, 32 bytes; also the MLS group_id."""
        return sha256(self.encode()).digest()

    @property
    def relay(self) -> Verifier:
        """The relay's name and key."""
        return Verifier.from_vkey(self.relay_vkey)

    @property
    def relay_public_key(self) -> bytes:
        """The relay's Ed25519 key, 32 bytes."""
        return self.relay.public_key

    @property
    def origin(self) -> str:
        """The log's name in checkpoints."""
        return origin(self.relay.name, self.log_id)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry after the genesis.

    Attributes:
        relay_time_ms: when the relay received it, UTC milliseconds, by the relay's clock.
        message: an MLSMessage; whether it is a well-formed PrivateMessage is `relay.mls_header`'s question.
        next_access_key: for a commit, the access key of the epoch it opens, 32 bytes; otherwise None.
    """

    relay_time_ms: int
    message: bytes
    next_access_key: bytes | None = None

    def encode(self) -> bytes:
        """Return the entry's bytes.

        Raises:
            LocalProtocolError: the entry would be over 65,535 bytes, or a field is out of bounds.
        """
        if not 0 <= self.relay_time_ms <= _MAX_TIME_MS or not self.message:
            raise LocalProtocolError("an entry has a relay time and a message")
        time = self.relay_time_ms.to_bytes(8, "big")
        if self.next_access_key is None:
            encoded = _MESSAGE + time + self.message
        elif len(self.next_access_key) == ed25519.PUBLIC_KEY_SIZE:
            encoded = _COMMIT + time + self.next_access_key + self.message
        else:
            raise LocalProtocolError("an access key is 32 bytes")
        if len(encoded) > MAX_ENTRY_SIZE:
            raise LocalProtocolError(f"an entry is at most {MAX_ENTRY_SIZE} bytes")
        return encoded


def decode_entry(data: bytes) -> Genesis | Entry:
    """Read any entry; only index 0 may hold a genesis, which is the caller's check.

    An access key is not judged here: one that must not be trusted makes the commit invalid, not the log
    unreadable.

    Raises:
        DecodeError: unknown kind, too short, or too large.
        VerificationError: a genesis whose relay key must not be trusted.
    """
    if len(data) > MAX_ENTRY_SIZE:
        raise DecodeError("entry is too large")
    kind = data[:1]
    if kind == _GENESIS:
        return Genesis.decode(data)
    if kind not in (_MESSAGE, _COMMIT):
        raise DecodeError("entry of unknown kind")
    head = _HEAD_SIZE if kind == _MESSAGE else _HEAD_SIZE + ed25519.PUBLIC_KEY_SIZE
    if len(data) <= head:
        raise DecodeError("entry is too short")
    relay_time_ms = int.from_bytes(data[1:_HEAD_SIZE], "big")
    if relay_time_ms > _MAX_TIME_MS:
        raise DecodeError("entry time is out of range")
    return Entry(relay_time_ms, data[head:], data[_HEAD_SIZE:head] or None)


def origin(relay_name: str, log_id: bytes) -> str:
    """Return `<relay name>/r/<hex log id>`, the name of a log in its checkpoints."""
    return f"{relay_name}{_ORIGIN_INFIX}{log_id.hex()}"
