"""The contents of an export: the log, and what its entries contained.

An export is evidence and plaintext at once: whoever holds it can read every message in it. Encrypt it
before it travels.
"""

from dataclasses import dataclass

from channel.transcript import Opening

__all__ = [
    "CheckpointRecord",
    "CoveringRecord",
    "EntryRecord",
    "EpochRecord",
    "Export",
    "OpeningRecord",
    "RejectionRecord",
]


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """One entry as the relay logged it.

    ``leaf_hash`` (32 bytes) is there so that a damaged entry can be named exactly.
    """

    position: int
    leaf_hash: bytes
    entry: bytes


@dataclass(frozen=True, slots=True)
class CheckpointRecord:
    """A checkpoint as the relay signed it (a C2SP signed note), with the size it says it covers."""

    size: int
    note: bytes


@dataclass(frozen=True, slots=True)
class CoveringRecord:
    """A checkpoint of a larger log than the file holds, and the proof that it continues the file's.

    Attributes:
        size: the tree size it signs.
        note: the signed note.
        consistency: proof from the file's size to that (RFC 6962, section 2.1.2), hashes of 32 bytes.
    """

    size: int
    note: bytes
    consistency: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """The encoded GroupContext and public ratchet tree of one epoch."""

    epoch: int
    group_context: bytes
    ratchet_tree: bytes


@dataclass(frozen=True, slots=True)
class OpeningRecord:
    """What the entry at ``position`` contained."""

    position: int
    opening: Opening


@dataclass(frozen=True, slots=True)
class RejectionRecord:
    """The entry at ``position`` was rejected for this reason (a fixed code)."""

    position: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A whole channel, from its genesis to its last checkpoint.

    Attributes:
        genesis: Entry 0, encoded.
        interim_transcript_hash: Of epoch 0 (RFC 9420, section 8.2), where the chain of commits starts.
        entries: Entries 1, 2, ... in order.
        checkpoints: Every distinct checkpoint the exporter holds, by size.
        epochs: Epoch 0, 1, ... in order.
        openings: Of accepted application messages, of application messages that the negotiation rejected,
        and of commits.
        rejections: Of entries that could not be opened at all.
        covering: What covers the last entries where no checkpoint of just their size was given out: the
            exporter was removed, or had not read on.
        intact: Whether the file it was read from had the checksum it was written with. Signatures say more,
            but they do not reach everything, such as the last commit's confirmation tag.
    """

    genesis: bytes
    interim_transcript_hash: bytes
    entries: tuple[EntryRecord, ...]
    checkpoints: tuple[CheckpointRecord, ...]
    epochs: tuple[EpochRecord, ...]
    openings: tuple[OpeningRecord, ...]
    rejections: tuple[RejectionRecord, ...]
    covering: CoveringRecord | None = None
    intact: bool = True

    @property
    def size(self) -> int:
        """How many entries the log holds, the genesis included."""
        return len(self.entries) + 1
