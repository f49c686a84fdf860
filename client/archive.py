"""A channel's rows as an export: what an auditor gets, and what a newcomer is handed."""

from collections.abc import Sequence

from channel.audit import (
    CheckpointRecord,
    CoveringRecord,
    EntryRecord,
    EpochRecord,
    Export,
    OpeningRecord,
    RejectionRecord,
)
from channel.transcript import Judged
from client.conversation import Conversation, Taken
from client.errors import UnknownChannel
from client.rows import add_channel, opening_of, save_checkpoint, save_taken
from client.store import CheckpointRow, EpochRow, Transaction

__all__ = ["export_of", "save_import"]


def export_of(tx: Transaction, log_id: bytes, *, size: int | None = None) -> Export:
    """Collect everything the store holds of a channel.

    Args:
        tx: Reads one consistent state.
        log_id: The channel, 32 bytes.
        size: Only the log's first so many entries; None for all.

    Returns:
        Its export; whoever reads it can read every message.

    Raises:
        UnknownChannel: There is no such channel.
    """
    channel = tx.channels.get(log_id)
    if channel is None:
        raise UnknownChannel("there is no such channel")
    rows = tx.history.entries(log_id, start=1, limit=None if size is None else size - 1)
    epochs = (row for row in tx.history.epochs(log_id) if row.first_position <= len(rows) + 1)
    openings = {
        row.position: opening_of(row)
        for row in tx.history.openings(log_id, limit=len(rows))
        if row.position <= len(rows)
    }
    held = tx.history.checkpoints(log_id)
    checkpoints = {row.size: row.note for row in held if row.size <= len(rows) + 1}
    return Export(
        genesis=channel.genesis,
        interim_transcript_hash=channel.state.interim_transcript_hash,
        entries=tuple(EntryRecord(row.position, row.leaf_hash, row.entry) for row in rows),
        checkpoints=tuple(CheckpointRecord(size, note) for size, note in sorted(checkpoints.items())),
        epochs=tuple(EpochRecord(row.epoch, row.group_context, row.ratchet_tree) for row in epochs),
        openings=tuple(OpeningRecord(position, opening) for position, opening in openings.items()),
        rejections=tuple(
            RejectionRecord(row.position, row.reason or "") for row in rows if row.position not in openings
        ),
        covering=None if len(rows) + 1 in checkpoints else _covering(held, len(rows) + 1),
    )


def _covering(held: Sequence[CheckpointRow], size: int) -> CoveringRecord | None:
    """The newest checkpoint that was proven to continue the log of this size."""
    proven = [row for row in held if row.proven_from == size]
    return CoveringRecord(proven[-1].size, proven[-1].note, proven[-1].consistency) if proven else None


def save_import(
    tx: Transaction,
    conversation: Conversation,
    export: Export,
    judged: Sequence[Judged],
    *,
    relay_url: str,
    now_ms: int,
) -> None:
    """Keep a channel that we have just joined, with the history that was handed over and verified.

    Args:
        tx: The transaction.
        conversation: The channel at the end of that history.
        export: The history.
        judged: The verdict on each of its entries.
        relay_url: Where its relay is.
        now_ms: UTC milliseconds.
    """
    transcript = conversation.transcript
    log_id = transcript.genesis.log_id
    openings = {record.position: record.opening for record in export.openings}
    add_channel(tx, conversation, relay_url=relay_url, now_ms=now_ms)
    for record, verdict in zip(export.entries, judged, strict=True):
        save_taken(
            tx, log_id, Taken(entry=record.entry, judged=verdict, opening=openings.get(record.position))
        )
    commits = [record.position for record in export.openings if record.opening.confirmation_tag is not None]
    for epoch, position in zip(export.epochs, (0, *commits), strict=True):
        row = EpochRow(
            epoch=epoch.epoch,
            first_position=position + 1,
            group_context=epoch.group_context,
            ratchet_tree=epoch.ratchet_tree,
        )
        tx.history.add_epoch(log_id, row)
    for checkpoint in export.checkpoints:
        save_checkpoint(tx, log_id, transcript.genesis, checkpoint.note)
    if (covering := export.covering) is not None:
        save_checkpoint(
            tx,
            log_id,
            transcript.genesis,
            covering.note,
            proven_from=export.size,
            consistency=covering.consistency,
        )
