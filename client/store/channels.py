"""What channels there are and the value each is at: tables channels and drafts."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlcipher3.dbapi2 import Cursor


class ChannelStatus(StrEnum):
    """Whether a channel can be used."""

    ACTIVE = "ACTIVE"
    LEFT = "LEFT"
    REMOVED = "REMOVED"
    STOPPED = "STOPPED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """The value a conversation is at. It changes as a whole, in one transaction with what caused the change.

    Attributes:
        epoch_state: the MLS group: what changes with a commit.
        ratchet_state: the MLS group: what changes with a message; empty when `epoch_state` holds both.
        pending_commit: our unordered commit and the group it opens, or None.
        size: entries verified and folded so far.
        checkpoint: the last verified signed note, or None before the first.
        accumulated_history: 32 bytes over the same entries.
        interim_transcript_hash: of epoch 0.
    """

    epoch_state: bytes = field(repr=False)
    ratchet_state: bytes = field(repr=False)
    pending_commit: bytes | None = field(repr=False)
    size: int
    checkpoint: bytes | None
    accumulated_history: bytes
    interim_transcript_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """A channel and its state; the columns are explained in schema.sql."""

    log_id: bytes
    genesis: bytes
    origin: str
    relay_url: str
    title: str
    joined_ms: int
    status: ChannelStatus
    alarm: str | None
    state: ChannelState


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRow:
    """A message being written."""

    log_id: bytes
    body: bytes = field(repr=False)
    changed_ms: int


_INSERT = (
    "INSERT INTO channels (log_id, genesis, origin, relay_url, title, joined_ms, status, alarm,"
    " epoch_state, ratchet_state, pending_commit, size, checkpoint, accumulated_history,"
    " interim_transcript_hash)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SELECT = (
    "SELECT log_id, genesis, origin, relay_url, title, joined_ms, status, alarm,"
    " epoch_state, ratchet_state, pending_commit, size, checkpoint, accumulated_history,"
    " interim_transcript_hash"
    " FROM channels"
)


class Channels:
    """Typed access inside one transaction."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def add(self, row: ChannelRow) -> None:
        """Record a channel that was made or joined; one we have already raises IntegrityError."""
        state = row.state
        self._cursor.execute(
            _INSERT,
            (
                row.log_id,
                row.genesis,
                row.origin,
                row.relay_url,
                row.title,
                row.joined_ms,
                row.status.value,
                row.alarm,
                state.epoch_state,
                state.ratchet_state,
                state.pending_commit,
                state.size,
                state.checkpoint,
                state.accumulated_history,
                state.interim_transcript_hash,
            ),
        )

    def get(self, log_id: bytes) -> ChannelRow | None:
        """Return a channel by its log id (32 bytes), or None."""
        found = self._cursor.execute(
            _SELECT + " WHERE log_id = ?",
            (log_id,),
        ).fetchone()
        return None if found is None else _channel(found)

    def all(self) -> tuple[ChannelRow, ...]:
        """Return every channel, oldest first."""
        found = self._cursor.execute(_SELECT + " ORDER BY joined_ms, log_id")
        return tuple(_channel(columns) for columns in found.fetchall())

    def set_state(self, log_id: bytes, state: ChannelState) -> None:
        """Move a channel to its next value."""
        self._cursor.execute(
            "UPDATE channels SET epoch_state = ?, ratchet_state = ?, pending_commit = ?, size = ?,"
            " checkpoint = ?, accumulated_history = ?, interim_transcript_hash = ? WHERE log_id = ?",
            (
                state.epoch_state,
                state.ratchet_state,
                state.pending_commit,
                state.size,
                state.checkpoint,
                state.accumulated_history,
                state.interim_transcript_hash,
                log_id,
            ),
        )
        self._expect_one()

    def set_ratchet_state(self, log_id: bytes, ratchet_state: bytes) -> None:
        """Move only the message ratchet on: what sealing a message changes."""
        self._cursor.execute(
            "UPDATE channels SET ratchet_state = ? WHERE log_id = ?", (ratchet_state, log_id)
        )
        self._expect_one()

    def set_title(self, log_id: bytes, title: str) -> None:
        """Take over the title of a changed charter."""
        self._cursor.execute("UPDATE channels SET title = ? WHERE log_id = ?", (title, log_id))
        self._expect_one()

    def set_status(self, log_id: bytes, status: ChannelStatus, alarm: str | None = None) -> None:
        """Change whether the channel can be used.

        Args:
            log_id: 32 bytes.
            status: the new status.
            alarm: with STOPPED, and only then, one sentence that says what was seen.
        """
        self._cursor.execute(
            "UPDATE channels SET status = ?, alarm = ? WHERE log_id = ?", (status.value, alarm, log_id)
        )
        self._expect_one()

    def set_draft(self, row: DraftRow) -> None:
        """Keep a message being written, in place of an earlier one."""
        self._cursor.execute(
            "INSERT INTO drafts (log_id, body, changed_ms) VALUES (?, ?, ?)"
            " ON CONFLICT (log_id) DO UPDATE SET body = excluded.body, changed_ms = excluded.changed_ms",
            (row.log_id, row.body, row.changed_ms),
        )

    def draft(self, log_id: bytes) -> DraftRow | None:
        """Return the message being written in a channel, or None."""
        found = self._cursor.execute(
            "SELECT body, changed_ms FROM drafts WHERE log_id = ?", (log_id,)
        ).fetchone()
        return None if found is None else DraftRow(log_id=log_id, body=found[0], changed_ms=found[1])

    def drop_draft(self, log_id: bytes) -> None:
        """Forget the message being written, once it is in the outbox."""
        self._cursor.execute("DELETE FROM drafts WHERE log_id = ?", (log_id,))

    def _expect_one(self) -> None:
        if self._cursor.rowcount != 1:
            raise LookupError("no such channel in the store")


def _channel(columns: tuple[Any, ...]) -> ChannelRow:
    log_id, genesis, origin, relay_url, title, joined_ms, status, alarm, *state = columns
    return ChannelRow(
        log_id=log_id,
        genesis=genesis,
        origin=origin,
        relay_url=relay_url,
        title=title,
        joined_ms=joined_ms,
        status=ChannelStatus(status),
        alarm=alarm,
        state=_state(*state),
    )


def _state(
    epoch_state: bytes,
    ratchet_state: bytes,
    pending_commit: bytes | None,
    size: int,
    checkpoint: bytes | None,
    accumulated_history: bytes,
    interim_transcript_hash: bytes,
) -> ChannelState:
    return ChannelState(
        epoch_state=epoch_state,
        ratchet_state=ratchet_state,
        pending_commit=pending_commit,
        size=size,
        checkpoint=checkpoint,
        accumulated_history=accumulated_history,
        interim_transcript_hash=interim_transcript_hash,
    )
