"""The log as we verified it: tables entries, openings, epochs, checkpoints, conflicts."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlcipher3.dbapi2 import Cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One entry and how we judged it. `status` is protocols.payload.EntryStatus as an integer."""

    position: int
    entry: bytes = field(repr=False)
    leaf_hash: bytes
    root_after: bytes
    history_after: bytes
    status: int
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningRow:
    """What an entry contained."""

    position: int
    leaf_index: int
    content: bytes = field(repr=False)
    signature: bytes
    confirmation_tag: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRow:
    """The public state of one epoch."""

    epoch: int
    first_position: int
    group_context: bytes = field(repr=False)
    ratchet_tree: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointRow:
    """One distinct checkpoint of the relay.

    Attributes:
        size: tree size it signs.
        root: root it signs.
        note: the signed note, exactly.
        proven_from: the size of our log, smaller than `size`, that it was proven to continue; None if it
            never was.
        consistency: that proof, hashes of 32 bytes.
    """

    size: int
    root: bytes
    note: bytes
    proven_from: int | None = None
    consistency: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictRow:
    """Evidence of two logs; `ours` is None when nothing had been verified yet."""

    kind: str
    ours: bytes | None
    theirs: bytes
    detail: str
    seen_ms: int


class History:
    """Typed access inside one transaction. Every method names its log by the log id, 32 bytes."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def add_entries(self, log_id: bytes, rows: Iterable[EntryRow]) -> None:
        """Append verified entries; a position that is taken raises IntegrityError."""
        self._cursor.executemany(
            "INSERT INTO entries (log_id, position, entry, leaf_hash, root_after, history_after, status,"
            " reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    log_id,
                    row.position,
                    row.entry,
                    row.leaf_hash,
                    row.root_after,
                    row.history_after,
                    row.status,
                    row.reason,
                )
                for row in rows
            ],
        )

    def entries(self, log_id: bytes, *, start: int = 0, limit: int | None = None) -> tuple[EntryRow, ...]:
        """Return entries from position `start`, in order; all of them without a limit."""
        found = self._cursor.execute(
            "SELECT position, entry, leaf_hash, root_after, history_after, status, reason FROM entries"
            " WHERE log_id = ? AND position >= ? ORDER BY position LIMIT ?",
            (log_id, start, -1 if limit is None else limit),
        )
        return tuple(
            EntryRow(
                position=position,
                entry=entry,
                leaf_hash=leaf_hash,
                root_after=root_after,
                history_after=history_after,
                status=status,
                reason=reason,
            )
            for position, entry, leaf_hash, root_after, history_after, status, reason in found.fetchall()
        )

    def size(self, log_id: bytes) -> int:
        """Return how many entries are stored."""
        found = self._cursor.execute(
            "SELECT coalesce(max(position) + 1, 0) FROM entries WHERE log_id = ?", (log_id,)
        ).fetchone()
        return int(found[0])

    def at(self, log_id: bytes, size: int) -> tuple[bytes, bytes] | None:
        """Return root and accepted-history hash of the log's first `size` entries (at least 1), or None."""
        found = self._cursor.execute(
            "SELECT root_after, history_after FROM entries WHERE log_id = ? AND position = ?",
            (log_id, size - 1),
        ).fetchone()
        return None if found is None else (found[0], found[1])

    def add_opening(self, log_id: bytes, row: OpeningRow) -> None:
        """Record what an entry contained; the entry must be there already."""
        self._cursor.execute(
            "INSERT INTO openings (log_id, position, leaf_index, content, signature, confirmation_tag)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (log_id, row.position, row.leaf_index, row.content, row.signature, row.confirmation_tag),
        )

    def openings(self, log_id: bytes, *, start: int = 0, limit: int | None = None) -> tuple[OpeningRow, ...]:
        """Return openings of entries from position `start`, in order; all of them without a limit."""
        found = self._cursor.execute(
            "SELECT position, leaf_index, content, signature, confirmation_tag FROM openings"
            " WHERE log_id = ? AND position >= ? ORDER BY position LIMIT ?",
            (log_id, start, -1 if limit is None else limit),
        )
        return tuple(
            OpeningRow(
                position=position,
                leaf_index=leaf_index,
                content=content,
                signature=signature,
                confirmation_tag=confirmation_tag,
            )
            for position, leaf_index, content, signature, confirmation_tag in found.fetchall()
        )

    def add_epoch(self, log_id: bytes, row: EpochRow) -> None:
        """Record an epoch; one that is there already raises IntegrityError."""
        self._cursor.execute(
            "INSERT INTO epochs (log_id, epoch, first_position, group_context, ratchet_tree)"
            " VALUES (?, ?, ?, ?, ?)",
            (log_id, row.epoch, row.first_position, row.group_context, row.ratchet_tree),
        )

    def epochs(self, log_id: bytes) -> tuple[EpochRow, ...]:
        """Return every epoch, in order."""
        found = self._cursor.execute(
            "SELECT epoch, first_position, group_context, ratchet_tree FROM epochs"
            " WHERE log_id = ? ORDER BY epoch",
            (log_id,),
        )
        return tuple(
            EpochRow(
                epoch=epoch,
                first_position=first_position,
                group_context=group_context,
                ratchet_tree=ratchet_tree,
            )
            for epoch, first_position, group_context, ratchet_tree in found.fetchall()
        )

    def add_checkpoint(self, log_id: bytes, row: CheckpointRow) -> None:
        """Keep a checkpoint; of the same bytes again, only a proof from a larger log of ours is news."""
        proof = None if row.proven_from is None else b"".join(row.consistency)
        self._cursor.execute(
            "INSERT INTO checkpoints (log_id, size, root, note, proven_from, consistency)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET proven_from = excluded.proven_from, consistency = excluded.consistency"
            " WHERE excluded.proven_from > coalesce(checkpoints.proven_from, 0)",
            (log_id, row.size, row.root, row.note, row.proven_from, proof),
        )

    def checkpoints(self, log_id: bytes) -> tuple[CheckpointRow, ...]:
        """Return every distinct checkpoint, by size."""
        found = self._cursor.execute(
            "SELECT size, root, note, proven_from, consistency FROM checkpoints"
            " WHERE log_id = ? ORDER BY size, note",
            (log_id,),
        )
        return tuple(
            CheckpointRow(
                size=size, root=root, note=note, proven_from=proven_from, consistency=_hashes(proof or b"")
            )
            for size, root, note, proven_from, proof in found.fetchall()
        )

    def add_conflict(self, log_id: bytes, row: ConflictRow) -> None:
        """Keep evidence against the relay."""
        self._cursor.execute(
            "INSERT INTO conflicts (log_id, kind, ours, theirs, detail, seen_ms) VALUES (?, ?, ?, ?, ?, ?)",
            (log_id, row.kind, row.ours, row.theirs, row.detail, row.seen_ms),
        )

    def conflicts(self, log_id: bytes) -> tuple[ConflictRow, ...]:
        """Return all evidence, in order of discovery."""
        found = self._cursor.execute(
            "SELECT kind, ours, theirs, detail, seen_ms FROM conflicts WHERE log_id = ? ORDER BY number",
            (log_id,),
        )
        return tuple(
            ConflictRow(kind=kind, ours=ours, theirs=theirs, detail=detail, seen_ms=seen_ms)
            for kind, ours, theirs, detail, seen_ms in found.fetchall()
        )


def _hashes(joined: bytes) -> tuple[bytes, ...]:
    return tuple(joined[start : start + 32] for start in range(0, len(joined), 32))
