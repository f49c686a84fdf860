"""Admission tokens in SQLite: what runs on the database's threads; see `RelayStore` for the contracts."""

import sqlite3

from server.errors import TokenExists
from server.store.model import AdmissionToken


def create_token(connection: sqlite3.Connection, token: AdmissionToken) -> None:
    """Register a token, unless exactly this one is there."""
    known = [
        held
        for held in tokens(connection)
        if token.label == held.label or token.token_hash == held.token_hash
    ]
    if known == [token]:
        return
    if known:
        raise TokenExists("a token with this label or secret exists already")
    connection.execute(
        "INSERT INTO admission_tokens (token_hash, label, created_ms, expires_ms) VALUES (?, ?, ?, ?)",
        (token.token_hash, token.label, token.created_ms, token.expires_ms),
    )


def admission(connection: sqlite3.Connection, token_hash: bytes, now_ms: int) -> AdmissionToken | None:
    """The token with this hash, if it is valid now."""
    row = connection.execute(
        "SELECT token_hash, label, created_ms, expires_ms FROM admission_tokens"
        " WHERE token_hash = ? AND (expires_ms IS NULL OR ? < expires_ms)",
        (token_hash, now_ms),
    ).fetchone()
    return None if row is None else _token(row)


def tokens(connection: sqlite3.Connection) -> tuple[AdmissionToken, ...]:
    """All tokens by label."""
    rows = connection.execute(
        "SELECT token_hash, label, created_ms, expires_ms FROM admission_tokens ORDER BY label"
    )
    return tuple(_token(row) for row in rows)


def revoke_token(connection: sqlite3.Connection, label: str) -> bool:
    """Delete a token; whether it was there."""
    return connection.execute("DELETE FROM admission_tokens WHERE label = ?", (label,)).rowcount == 1


def _token(row: tuple[bytes, str, int, int | None]) -> AdmissionToken:
    token_hash, label, created_ms, expires_ms = row
    return AdmissionToken(token_hash=token_hash, label=label, created_ms=created_ms, expires_ms=expires_ms)
