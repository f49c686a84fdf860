"""Frames to bytes and back, and every size limit of the wire.

One WebSocket binary message is one batch: a canonical msgpack array of frames, each an array `[kind, field,
...]` in the order `frames` declares the fields. The table below is the format: for each frame its fields,
each with the one check that both directions pass through, so nothing can be sent that the other end would
call malformed.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

import msgpack

from protocols import canonical
from protocols.errors import DecodeError, LocalProtocolError
from protocols.relay import frames
from protocols.relay.frames import KINDS, Frame, Limits, Receipt, RefusalCode

MAX_INTEGER: Final = 2**63 - 1
"""Positions, epochs, times and request numbers fit SQLite's signed 64-bit integers."""
MAX_GENESIS: Final = 65_535
"""A genesis is an entry."""
MAX_CHECKPOINT: Final = 4096
"""An origin of at most 255 bytes and room for 16 signatures."""
MAX_PROOF: Final = 128
"""A consistency proof has at most two hashes a level, and sizes have 63 bits."""
MAX_TEXT: Final = 512
"""Verifier keys, admission tokens, refusal texts."""
MAX_VERSIONS: Final = 16

DEFAULT_LIMITS: Final = Limits(
    max_batch=262_144,  # four of the largest entries; bounds what one connection makes either end hold
    max_frames=1024,
    max_outstanding=1024,
    max_entry=65_535,  # tlog-tiles bundles have a 16-bit length
    max_blob=131_072,  # two in a batch
    max_blobs=64,  # 8 MiB: the Welcome and the openings of a long channel
    max_lifetime_s=7 * 86_400,
    max_logs=64,
)
"""What the relay greets with unless configured otherwise."""

CEILING: Final = Limits(
    max_batch=4_194_304,
    max_frames=4096,
    max_outstanding=4096,
    max_entry=65_535,
    max_blob=1_048_576,
    max_blobs=4096,
    max_lifetime_s=366 * 86_400,
    max_logs=4096,
)
"""More than this no relay may greet with; a client refuses the Greeting."""

HANDSHAKE: Final = Limits(
    max_batch=2048,  # before a Greeting nobody is owed more memory than this
    max_frames=1,
    max_outstanding=1,
    max_entry=65_535,
    max_blob=1_048_576,
    max_blobs=4096,
    max_lifetime_s=366 * 86_400,
    max_logs=1,
)
"""What holds until the Greeting names the limits."""

BATCH_OVERHEAD: Final = 5
"""At most this many bytes of a batch are not frames."""

_Convert: TypeAlias = Callable[[object], object]
_Codec: TypeAlias = tuple[_Convert, _Convert]
"""(from the wire, to the wire); both raise DecodeError for a value that the format does not allow."""


def _integer(minimum: int = 0, maximum: int = MAX_INTEGER) -> _Codec:
    def check(value: object) -> int:
        if type(value) is not int or not minimum <= value <= maximum:
            raise DecodeError("an integer field is of the wrong type or out of range")
        return value

    return check, check


def _bytes(minimum: int, maximum: int) -> _Codec:
    def check(value: object) -> bytes:
        if type(value) is not bytes or not minimum <= len(value) <= maximum:
            raise DecodeError("a bytes field is of the wrong type or length")
        return value

    return check, check


def _optional_key(value: object) -> bytes | None:
    if value is None:
        return None
    if type(value) is not bytes or len(value) != 32:
        raise DecodeError("an optional key is of the wrong type or length")
    return value


def _text(value: object) -> str:
    if type(value) is not str or len(value) > MAX_TEXT:
        raise DecodeError("a text field is of the wrong type or too long")
    return value


def _boolean(value: object) -> bool:
    if type(value) is not bool:
        raise DecodeError("a boolean field is of the wrong type")
    return value


def _refusal(value: object) -> RefusalCode:
    if type(value) is not int:
        raise DecodeError("a refusal code is not an integer")
    try:
        return RefusalCode(value)
    except ValueError:
        raise DecodeError("unknown refusal code") from None


def _refusal_number(value: object) -> int:
    if type(value) is not RefusalCode:
        raise DecodeError("not a refusal code")
    return value.value


def _sequence(item: _Codec, minimum: int, maximum: int) -> _Codec:
    from_wire, to_wire = item

    def decode(value: object) -> tuple[object, ...]:
        if type(value) is not list or not minimum <= len(value) <= maximum:
            raise DecodeError("a sequence field is of the wrong type or length")
        return tuple([from_wire(element) for element in value])

    def encode(value: object) -> list[object]:
        if type(value) is not tuple or not minimum <= len(value) <= maximum:
            raise DecodeError("a sequence field is of the wrong type or length")
        return [to_wire(element) for element in value]

    return decode, encode


_REQUEST = _integer(1)
_NUMBER = _integer()
_BYTES32 = _bytes(32, 32)
_CHECKPOINT = _bytes(1, MAX_CHECKPOINT)
_ENTRY = _bytes(1, CEILING.max_entry)
_BLOB = _bytes(0, CEILING.max_blob)
_HASHES = _sequence(_BYTES32, 0, MAX_PROOF)
_TEXT: _Codec = (_text, _text)
_BOOLEAN: _Codec = (_boolean, _boolean)
_OPTIONAL_KEY: _Codec = (_optional_key, _optional_key)
_SLOT = _integer(frames.REQUEST_SLOT, frames.RESPONSE_SLOT)

_Fields: TypeAlias = tuple[tuple[str, _Codec], ...]

_LIMITS_FIELDS: _Fields = tuple((name, _integer(1, getattr(CEILING, name))) for name in Limits.__slots__)
_RECEIPT_FIELDS: _Fields = (("request", _REQUEST), ("position", _NUMBER), ("relay_time_ms", _NUMBER))


def _record(cls: Callable[..., object], fields: _Fields) -> _Codec:
    plan = tuple((name, from_wire) for name, (from_wire, _) in fields)

    def decode(value: object) -> object:
        if type(value) is not list or len(value) != len(plan):
            raise DecodeError("a record is of the wrong type or length")
        return cls(**{name: from_wire(item) for (name, from_wire), item in zip(plan, value, strict=True)})

    def encode(value: object) -> list[object]:
        if type(value) is not cls:
            raise DecodeError("a record is of the wrong type")
        return [to_wire(getattr(value, name)) for name, (_, to_wire) in fields]

    return decode, encode


def _receipt_to_wire(value: object) -> list[object]:
    """As `_record` would, written out: a relay encodes one for every entry."""
    if type(value) is not Receipt:
        raise DecodeError("a record is of the wrong type")
    check = _NUMBER[1]
    return [_REQUEST[1](value.request), check(value.position), check(value.relay_time_ms)]


_RECEIPT: _Codec = (_record(Receipt, _RECEIPT_FIELDS)[0], _receipt_to_wire)

_FIELDS: Final[dict[type[Frame], _Fields]] = {
    frames.Hello: (("versions", _sequence(_integer(1, 65_535), 1, MAX_VERSIONS)),),
    frames.Greeting: (
        ("version", _integer(1, 65_535)),
        ("relay_vkey", _TEXT),
        ("challenge", _BYTES32),
        ("limits", _record(Limits, _LIMITS_FIELDS)),
    ),
    frames.Create: (
        ("request", _REQUEST),
        ("genesis", _bytes(1, MAX_GENESIS)),
        ("access_key", _BYTES32),
        ("admission_token", _TEXT),
    ),
    frames.Authorise: (
        ("request", _REQUEST),
        ("log", _BYTES32),
        ("epoch", _NUMBER),
        ("access_key", _BYTES32),
        ("signature", _bytes(64, 64)),
    ),
    frames.Authorised: (
        ("request", _REQUEST),
        ("log", _BYTES32),
        ("epoch", _NUMBER),
        ("size", _NUMBER),
        ("readable", _NUMBER),
    ),
    frames.Append: (
        ("request", _REQUEST),
        ("log", _BYTES32),
        ("message", _ENTRY),
        ("next_access_key", _OPTIONAL_KEY),
    ),
    frames.Receipts: (
        ("log", _BYTES32),
        ("checkpoint", _CHECKPOINT),
        ("items", _sequence(_RECEIPT, 1, CEILING.max_outstanding)),
    ),
    frames.Subscribe: (("request", _REQUEST), ("log", _BYTES32), ("start", _NUMBER)),
    frames.Entries: (
        ("log", _BYTES32),
        ("start", _NUMBER),
        ("entries", _sequence(_ENTRY, 0, CEILING.max_frames)),
        ("checkpoint", _CHECKPOINT),
        ("consistency", _HASHES),
    ),
    frames.Unsubscribe: (("request", _REQUEST), ("log", _BYTES32)),
    frames.EndOfEpoch: (("log", _BYTES32), ("epoch", _NUMBER), ("readable", _NUMBER)),
    frames.MailboxOpen: (
        ("request", _REQUEST),
        ("log", _BYTES32),
        ("mailbox", _BYTES32),
        ("lifetime_s", _integer(1, CEILING.max_lifetime_s)),
    ),
    frames.MailboxPost: (
        ("request", _REQUEST),
        ("mailbox", _BYTES32),
        ("slot", _SLOT),
        ("index", _integer(0, CEILING.max_blobs - 1)),
        ("blob", _BLOB),
        ("final", _BOOLEAN),
    ),
    frames.MailboxRead: (
        ("request", _REQUEST),
        ("mailbox", _BYTES32),
        ("slot", _SLOT),
        ("start", _integer(0, CEILING.max_blobs)),
        ("wait", _BOOLEAN),
    ),
    frames.MailboxContents: (
        ("request", _REQUEST),
        ("blobs", _sequence(_BLOB, 0, CEILING.max_blobs)),
        ("final", _BOOLEAN),
    ),
    frames.MailboxClose: (("request", _REQUEST), ("mailbox", _BYTES32)),
    frames.Done: (("request", _REQUEST),),
    frames.Refused: (
        ("request", _NUMBER),
        ("code", (_refusal, _refusal_number)),
        ("detail", _TEXT),
        ("epoch", _NUMBER),
        ("size", _NUMBER),
        ("retry_after_ms", _NUMBER),
    ),
}


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """A frame with its bytes: encoded once, sent on many connections. Make it with `encode_frame`."""

    frame: Frame
    data: bytes


def _encoder(kind: int, fields: _Fields) -> Callable[[Frame], list[object]]:
    plan = tuple((name, to_wire) for name, (_, to_wire) in fields)

    def to_list(frame: Frame) -> list[object]:
        return [kind, *[to_wire(getattr(frame, name)) for name, to_wire in plan]]

    return to_list


def _decoder(cls: Callable[..., Frame], fields: _Fields) -> Callable[[list[object]], Frame]:
    plan = tuple((index, name, from_wire) for index, (name, (from_wire, _)) in enumerate(fields, 1))
    length = len(fields) + 1

    def from_list(values: list[object]) -> Frame:
        if len(values) != length:
            raise DecodeError("a frame has the wrong number of fields")
        return cls(**{name: from_wire(values[index]) for index, name, from_wire in plan})

    return from_list


_APPEND_BY_TABLE: Final = _decoder(frames.Append, _FIELDS[frames.Append])


def _append_from_list(values: list[object]) -> Frame:
    """What the table says of Append in one look: a relay decodes one of these for every entry."""
    if len(values) == 5:
        _, request, log, message, key = values
        if (
            (type(request) is int and 1 <= request <= MAX_INTEGER)
            and (type(log) is bytes and len(log) == 32)
            and type(message) is bytes
            and 1 <= len(message) <= CEILING.max_entry
            and (key is None or (type(key) is bytes and len(key) == 32))
        ):
            return frames.Append(request=request, log=log, message=message, next_access_key=key)
    return _APPEND_BY_TABLE(values)  # which says what is wrong with it


_ENCODERS: Final = {cls: _encoder(kind, _FIELDS[cls]) for kind, cls in KINDS.items()}
_DECODERS: Final = {
    kind: _append_from_list if cls is frames.Append else _decoder(cls, _FIELDS[cls])
    for kind, cls in KINDS.items()
}


def encode_frame(frame: Frame) -> EncodedFrame:
    """Return the frame with its canonical bytes.

    Raises:
        LocalProtocolError: a field is out of range; the other end would refuse it. Our own fault.
    """
    try:
        # `canonical.encode` without its second look: what the table lets through is plain and has no map.
        data: bytes = msgpack.packb(_ENCODERS[type(frame)](frame))
    except (DecodeError, UnicodeEncodeError) as error:
        raise LocalProtocolError(f"cannot send {type(frame).__name__}: {error}") from None
    return EncodedFrame(frame, data)


def join(batch: Iterable[EncodedFrame]) -> bytes:
    """Return one batch, the payload of one WebSocket message.

    Raises:
        ValueError: there is no frame, or there are more than 65,535.
    """
    parts = [encoded.data for encoded in batch]
    if not 0 < len(parts) < 65_536:
        raise ValueError("a batch has 1 to 65,535 frames")
    header = bytes((0x90 | len(parts),)) if len(parts) < 16 else b"\xdc" + len(parts).to_bytes(2, "big")
    return header + b"".join(parts)


def split(encoded: Iterable[EncodedFrame], limits: Limits) -> Iterator[tuple[EncodedFrame, ...]]:
    """Cut frames into batches that keep to `limits`, in order, as few as can be.

    A frame that alone is larger than `limits.max_batch` makes a batch of its own, which `Connection.send`
    refuses.
    """
    batch: list[EncodedFrame] = []
    size = BATCH_OVERHEAD
    for item in encoded:
        if batch and (size + len(item.data) > limits.max_batch or len(batch) == limits.max_frames):
            yield tuple(batch)
            batch, size = [], BATCH_OVERHEAD
        batch.append(item)
        size += len(item.data)
    if batch:
        yield tuple(batch)


def decode_batch(data: bytes, limits: Limits) -> tuple[Frame, ...]:
    """Return the frames of one batch, at least one.

    Args:
        data: one WebSocket binary message, whole.
        limits: of which `max_batch` and `max_frames` are checked here, before anything is built.

    Raises:
        DecodeError: too large, not canonical msgpack, an unknown kind, or a field of the wrong type, length
            or range. The peer's fault.
    """
    value = canonical.decode(data, max_size=limits.max_batch, max_depth=4)
    if type(value) is not list or not 0 < len(value) <= limits.max_frames:
        raise DecodeError("a batch is an array of frames, at least one and not too many")
    batch: list[Frame] = []
    for item in value:
        if type(item) is not list or not item or type(item[0]) is not int:
            raise DecodeError("a frame is an array that begins with its kind")
        decoder = _DECODERS.get(item[0])
        if decoder is None:
            raise DecodeError("unknown frame kind")
        batch.append(decoder(cast("list[object]", item)))
    return tuple(batch)
