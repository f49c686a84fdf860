"""Mailboxes in SQLite: what runs on the database's threads; see `RelayStore` for the contracts."""

import sqlite3

from server.errors import MailboxExists, MailboxUnknown, QuotaExceeded, UnknownLog
from server.store import rules
from server.store.model import MailboxLimits, MailboxSlot


def open_mailbox(
    connection: sqlite3.Connection,
    mailbox: bytes,
    *,
    log_id: bytes,
    now_ms: int,
    expires_ms: int,
    limits: MailboxLimits,
) -> None:
    """Open a mailbox; an expired one with this id makes room."""
    row = connection.execute("SELECT number FROM logs WHERE log = ?", (log_id,)).fetchone()
    if row is None:
        raise UnknownLog("there is no such log")
    (number,) = row
    connection.execute("DELETE FROM mailboxes WHERE mailbox = ? AND expires_ms <= ?", (mailbox, now_ms))
    known = connection.execute(
        "SELECT log, EXISTS (SELECT 1 FROM mailbox_blobs WHERE mailbox = mailboxes.mailbox)"
        " FROM mailboxes WHERE mailbox = ?",
        (mailbox,),
    ).fetchone()
    if known is not None:
        if known != (number, 0):
            raise MailboxExists("the mailbox is in use")
        connection.execute("UPDATE mailboxes SET expires_ms = ? WHERE mailbox = ?", (expires_ms, mailbox))
        return
    (live,) = connection.execute(
        "SELECT count(*) FROM mailboxes WHERE log = ? AND expires_ms > ?", (number, now_ms)
    ).fetchone()
    if live >= limits.open_per_log:
        raise QuotaExceeded("the log has too many open mailboxes")
    connection.execute(
        "INSERT INTO mailboxes (mailbox, log, expires_ms) VALUES (?, ?, ?)", (mailbox, number, expires_ms)
    )


def post_blob(
    connection: sqlite3.Connection,
    mailbox: bytes,
    *,
    slot: int,
    index: int,
    blob: bytes,
    final: bool,
    now_ms: int,
    limits: MailboxLimits,
) -> MailboxSlot:
    """Add a blob to a slot, unless it is there."""
    before = read_mailbox(connection, mailbox, slot=slot, now_ms=now_ms)
    (used,) = connection.execute(
        "SELECT coalesce(sum(length(blob)), 0) FROM mailbox_blobs JOIN mailboxes USING (mailbox)"
        " WHERE log = (SELECT log FROM mailboxes WHERE mailbox = ?)",
        (mailbox,),
    ).fetchone()
    after = rules.fill_slot(before, index=index, blob=blob, final=final, used_bytes=used, limits=limits)
    if after is not before:
        connection.execute(
            "INSERT INTO mailbox_blobs (mailbox, slot, position, final, blob) VALUES (?, ?, ?, ?, ?)",
            (mailbox, slot, index, final, blob),
        )
    return after


def read_mailbox(connection: sqlite3.Connection, mailbox: bytes, *, slot: int, now_ms: int) -> MailboxSlot:
    """What a slot holds."""
    rows = connection.execute(
        "SELECT blob, final FROM mailboxes LEFT JOIN mailbox_blobs"
        " ON mailbox_blobs.mailbox = mailboxes.mailbox AND slot = ?"
        " WHERE mailboxes.mailbox = ? AND expires_ms > ? ORDER BY position",
        (slot, mailbox, now_ms),
    ).fetchall()
    if not rows:
        raise MailboxUnknown("the mailbox is not open")
    if rows == [(None, None)]:
        return MailboxSlot((), False)
    return MailboxSlot(tuple(blob for blob, _ in rows), bool(rows[-1][1]))


def close_mailbox(connection: sqlite3.Connection, mailbox: bytes) -> None:
    """Delete a mailbox and its blobs, if it is there."""
    connection.execute("DELETE FROM mailboxes WHERE mailbox = ?", (mailbox,))


def expire_mailboxes(connection: sqlite3.Connection, now_ms: int) -> tuple[bytes, ...]:
    """Delete the expired mailboxes, and name them."""
    rows = connection.execute(
        "DELETE FROM mailboxes WHERE expires_ms <= ? RETURNING mailbox", (now_ms,)
    ).fetchall()
    return tuple(sorted(mailbox for (mailbox,) in rows))
