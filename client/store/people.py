"""Who we are, whom we know, what we prefer: tables identity, contacts, verifications, settings."""

from dataclasses import dataclass, field

from sqlcipher3.dbapi2 import Cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRow:
    """Our identity on this device; the columns are explained in schema.sql."""

    private_seed: bytes = field(repr=False)
    public_key: bytes
    name: str
    device: str
    created_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow:
    """Someone met in a channel."""

    participant: str
    identity_key: bytes
    name: str
    first_seen_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRow:
    """One comparison of a safety number over another route."""

    participant: str
    origin: str
    verified_ms: int
    method: str
    safety_number: str


class People:
    """Typed access inside one transaction."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def set_identity(self, row: IdentityRow) -> None:
        """Record our identity; a profile has one, so a second call is a bug and raises IntegrityError."""
        self._cursor.execute(
            "INSERT INTO identity (one, private_seed, public_key, name, device, created_ms)"
            " VALUES (1, ?, ?, ?, ?, ?)",
            (row.private_seed, row.public_key, row.name, row.device, row.created_ms),
        )

    def identity(self) -> IdentityRow | None:
        """Return our identity, or None in a database that has none yet."""
        found = self._cursor.execute(
            "SELECT private_seed, public_key, name, device, created_ms FROM identity"
        ).fetchone()
        if found is None:
            return None
        private_seed, public_key, name, device, created_ms = found
        return IdentityRow(
            private_seed=private_seed, public_key=public_key, name=name, device=device, created_ms=created_ms
        )

    def set_setting(self, name: str, value: str | None) -> None:
        """Set a setting, or forget it (None)."""
        self._cursor.execute("DELETE FROM settings WHERE name = ?", (name,))
        if value is not None:
            self._cursor.execute("INSERT INTO settings (name, value) VALUES (?, ?)", (name, value))

    def setting(self, name: str) -> str | None:
        """Return a setting, or None when it was never set."""
        found = self._cursor.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    def meet(self, row: ContactRow) -> None:
        """Record someone; the first name and time stay when they are known already."""
        self._cursor.execute(
            "INSERT INTO contacts (participant, identity_key, name, first_seen_ms) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (participant) DO NOTHING",
            (row.participant, row.identity_key, row.name, row.first_seen_ms),
        )

    def contact(self, participant: str) -> ContactRow | None:
        """Return whom a participant id (32 hex digits) belongs to, or None."""
        found = self._cursor.execute(
            "SELECT participant, identity_key, name, first_seen_ms FROM contacts WHERE participant = ?",
            (participant,),
        ).fetchone()
        return None if found is None else _contact(*found)

    def contacts(self) -> tuple[ContactRow, ...]:
        """Return everyone, by participant id."""
        found = self._cursor.execute(
            "SELECT participant, identity_key, name, first_seen_ms FROM contacts ORDER BY participant"
        )
        return tuple(_contact(*columns) for columns in found.fetchall())

    def verify(self, row: VerificationRow) -> None:
        """Record that a safety number was compared and matched; earlier records stay."""
        self._cursor.execute(
            "INSERT INTO verifications (participant, origin, verified_ms, method, safety_number)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (row.participant, row.origin, row.verified_ms, row.method, row.safety_number),
        )

    def verifications(self, participant: str) -> tuple[VerificationRow, ...]:
        """Return every comparison with a participant, oldest first."""
        found = self._cursor.execute(
            "SELECT participant, origin, verified_ms, method, safety_number FROM verifications"
            " WHERE participant = ? ORDER BY verified_ms, origin",
            (participant,),
        )
        return tuple(
            VerificationRow(
                participant=who, origin=origin, verified_ms=at, method=method, safety_number=safety_number
            )
            for who, origin, at, method, safety_number in found.fetchall()
        )


def _contact(participant: str, identity_key: bytes, name: str, first_seen_ms: int) -> ContactRow:
    return ContactRow(
        participant=participant, identity_key=identity_key, name=name, first_seen_ms=first_seen_ms
    )
