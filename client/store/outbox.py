"""What we said and the log does not hold yet: table outbox.

A message goes QUEUED (not sealed), SEALED (bytes fixed, may have left), RELAYED (the relay gave its
receipt), and is dropped
when its entry has been folded. Only a message whose epoch ended unsent is sealed again, with the same
message id.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlcipher3.dbapi2 import Cursor


class OutboxState(StrEnum):
    """How far a message has come."""

    QUEUED = "QUEUED"
    SEALED = "SEALED"
    RELAYED = "RELAYED"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedMessage:
    """A message as it leaves.

    Attributes:
        epoch: the MLS epoch it is sealed in.
        message: the MLSMessage, exactly as sent.
        leaf_index: our leaf in that epoch.
        content: the application_data that opens it; a sender cannot open its own ciphertext.
        signature: ours over its FramedContentTBS.
        counter: the payload's counter.
    """

    epoch: int
    message: bytes
    leaf_index: int
    content: bytes = field(repr=False)
    signature: bytes
    counter: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One message on its way; `sequence` orders all channels' messages."""

    sequence: int
    log_id: bytes
    message_id: bytes
    body: bytes = field(repr=False)
    queued_ms: int
    state: OutboxState
    sealed: SealedMessage | None
    position: int | None


_SELECT = (
    "SELECT sequence, log_id, message_id, body, queued_ms, state, epoch, sealed, leaf_index,"
    " content, signature, counter, position FROM outbox"
)


class Outbox:
    """Typed access inside one transaction."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def queue(self, log_id: bytes, message_id: bytes, body: bytes, *, queued_ms: int) -> int:
        """Put a message at the end.

        Args:
            log_id: 32 bytes.
            message_id: 16 bytes, new; the same id twice in a channel raises IntegrityError.
            body: the encoded message.
            queued_ms: UTC milliseconds.

        Returns:
            Its sequence number.
        """
        self._cursor.execute(
            "INSERT INTO outbox (log_id, message_id, body, queued_ms, state) VALUES (?, ?, ?, ?, 'QUEUED')",
            (log_id, message_id, body, queued_ms),
        )
        return int(self._cursor.lastrowid)

    def seal(self, sequence: int, sealed: SealedMessage) -> None:
        """Fix the bytes that leave; in the same transaction as the ratchet they came from."""
        self._cursor.execute(
            "UPDATE outbox SET state = 'SEALED', epoch = ?, sealed = ?, leaf_index = ?, content = ?,"
            " signature = ?, counter = ?, position = NULL WHERE sequence = ?",
            (
                sealed.epoch,
                sealed.message,
                sealed.leaf_index,
                sealed.content,
                sealed.signature,
                sealed.counter,
                sequence,
            ),
        )
        self._expect_one()

    def restate(self, sequence: int, body: bytes) -> None:
        """Put another body in the place of one that was not sealed."""
        self._cursor.execute(
            "UPDATE outbox SET body = ? WHERE sequence = ? AND state = 'QUEUED'", (body, sequence)
        )
        self._expect_one()

    def unseal(self, sequence: int) -> None:
        """Take sealed bytes back because their epoch ended before the relay ordered them."""
        self._cursor.execute(
            "UPDATE outbox SET state = 'QUEUED', epoch = NULL, sealed = NULL, leaf_index = NULL,"
            " content = NULL, signature = NULL, counter = NULL, position = NULL WHERE sequence = ?",
            (sequence,),
        )
        self._expect_one()

    def relayed(self, sequence: int, position: int) -> None:
        """Record the relay's receipt; the row stays until its entry is folded."""
        self._cursor.execute(
            "UPDATE outbox SET state = 'RELAYED', position = ? WHERE sequence = ?", (position, sequence)
        )
        self._expect_one()

    def drop(self, sequence: int) -> None:
        """Forget a message: its entry is folded, or its author cancelled it unsent."""
        self._cursor.execute("DELETE FROM outbox WHERE sequence = ?", (sequence,))

    def waiting(self, log_id: bytes) -> tuple[OutboxRow, ...]:
        """Return a channel's messages that are not folded yet, in order of sending."""
        found = self._cursor.execute(
            _SELECT + " WHERE log_id = ? ORDER BY sequence",
            (log_id,),
        )
        return tuple(_row(columns) for columns in found.fetchall())

    def by_sealed(self, log_id: bytes, message: bytes) -> OutboxRow | None:
        """Return the row whose sealed bytes are exactly `message`, or None: is this entry one of ours?"""
        found = self._cursor.execute(
            _SELECT + " WHERE log_id = ? AND sealed = ?",
            (log_id, message),
        ).fetchone()
        return None if found is None else _row(found)

    def _expect_one(self) -> None:
        if self._cursor.rowcount != 1:
            raise LookupError("no such message in the outbox")


def _row(columns: tuple[Any, ...]) -> OutboxRow:
    sequence, log_id, message_id, body, queued_ms, state, *sealing, position = columns
    epoch, message, leaf_index, content, signature, counter = sealing
    sealed = None
    if message is not None:
        sealed = SealedMessage(
            epoch=epoch,
            message=message,
            leaf_index=leaf_index,
            content=content,
            signature=signature,
            counter=counter,
        )
    return OutboxRow(
        sequence=sequence,
        log_id=log_id,
        message_id=message_id,
        body=body,
        queued_ms=queued_ms,
        state=OutboxState(state),
        sealed=sealed,
        position=position,
    )
