"""One-time mailboxes on both sides: table invitations."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlcipher3.dbapi2 import Cursor


class Side(StrEnum):
    """Which end of the mailbox we are."""

    INVITER = "INVITER"
    INVITEE = "INVITEE"


class InvitationState(StrEnum):
    """How far an invitation has come.

    OPEN: code given or taken, nothing posted. REQUESTED: the invitee's key package is fixed or was read.
    ANSWERED: the
    inviter's response is fixed. DONE and FAILED are final.
    """

    OPEN = "OPEN"
    REQUESTED = "REQUESTED"
    ANSWERED = "ANSWERED"
    DONE = "DONE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRow:
    """One mailbox; the columns are explained in schema.sql."""

    mailbox: bytes
    invitation_secret: bytes = field(repr=False)
    side: Side
    log_id: bytes | None
    relay_url: str
    role: str
    name: str
    expires_ms: int
    state: InvitationState
    key_package_bundle: bytes | None = field(default=None, repr=False)
    outgoing: bytes | None = field(default=None, repr=False)
    principal: bytes | None = None
    principal_name: str = ""
    mandates: bytes | None = None
    replaces: str | None = None
    seat_message: bytes | None = None
    refusal: str = ""
    created_ms: int


_PUT = (
    "INSERT OR REPLACE INTO invitations (mailbox, invitation_secret, side, log_id, relay_url, role, name,"
    " expires_ms, state, key_package_bundle, outgoing, principal, principal_name, mandates, replaces,"
    " seat_message, refusal, created_ms)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_SELECT = (
    "SELECT mailbox, invitation_secret, side, log_id, relay_url, role, name,"
    " expires_ms, state, key_package_bundle, outgoing, principal, principal_name, mandates, replaces,"
    " seat_message, refusal, created_ms"
    " FROM invitations"
)


class Invitations:
    """Typed access inside one transaction."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def put(self, row: InvitationRow) -> None:
        """Record an invitation, or its next state whole."""
        self._cursor.execute(
            _PUT,
            (
                row.mailbox,
                row.invitation_secret,
                row.side.value,
                row.log_id,
                row.relay_url,
                row.role,
                row.name,
                row.expires_ms,
                row.state.value,
                row.key_package_bundle,
                row.outgoing,
                row.principal,
                row.principal_name,
                row.mandates,
                row.replaces,
                row.seat_message,
                row.refusal,
                row.created_ms,
            ),
        )

    def get(self, mailbox: bytes) -> InvitationRow | None:
        """Return an invitation by its mailbox id (32 bytes), or None."""
        found = self._cursor.execute(
            _SELECT + " WHERE mailbox = ?",
            (mailbox,),
        ).fetchone()
        return None if found is None else _row(found)

    def unfinished(self, side: Side) -> tuple[InvitationRow, ...]:
        """Return what is neither DONE nor FAILED on one side, oldest first."""
        found = self._cursor.execute(
            _SELECT + " WHERE side = ? AND state NOT IN ('DONE', 'FAILED') ORDER BY created_ms, mailbox",
            (side.value,),
        )
        return tuple(_row(columns) for columns in found.fetchall())

    def drop(self, mailbox: bytes) -> None:
        """Forget an invitation and its secret."""
        self._cursor.execute("DELETE FROM invitations WHERE mailbox = ?", (mailbox,))


def _row(columns: tuple[Any, ...]) -> InvitationRow:
    mailbox, secret, side, log_id, relay_url, role, name, expires_ms, state, bundle, outgoing, *seat = columns
    principal, principal_name, mandates, replaces, seat_message, refusal, created_ms = seat
    return InvitationRow(
        mailbox=mailbox,
        invitation_secret=secret,
        side=Side(side),
        log_id=log_id,
        relay_url=relay_url,
        role=role,
        name=name,
        expires_ms=expires_ms,
        state=InvitationState(state),
        key_package_bundle=bundle,
        outgoing=outgoing,
        principal=principal,
        principal_name=principal_name,
        mandates=mandates,
        replaces=replaces,
        seat_message=seat_message,
        refusal=refusal,
        created_ms=created_ms,
    )
