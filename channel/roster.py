"""One line of a charter's roster: who sits there, what they are, and for whom they may say what.

Who speaks for nobody but themselves has every power of their role. Who speaks for a principal has what the
principal's mandates give, each signed with the principal's key, so that nobody has to believe the committer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from channel.errors import BadCharter
from channel.identity import participant_id
from channel.names import MAX_NAME, check_name
from protocols import canonical, ed25519
from protocols.errors import DecodeError, RuleViolation, VerificationError
from protocols.messages.codec import validated
from protocols.messages.mandates import Mandate, check_mandate, mandate_id
from protocols.messages.roles import Role
from protocols.shape import as_bytes, as_list, as_map, as_str

__all__ = ["MAX_MANDATES", "RosterEntry", "decode_entry", "encode_entry"]

MAX_MANDATES: Final = 8
_MAX_PRINCIPAL: Final = 100
_KEYS: Final = ("id", "key", "name", "role", "principal", "principal_name", "mandates")


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterEntry:
    """A seat at the table.

    Attributes:
        key: the person's identity key, 32 bytes.
        name: the display name, 1 to 64 characters, NFC, on one line.
        role: what they are here.
        principal: the key of whom they speak for, 32 bytes; None where they speak for themselves.
        principal_name: what the principal is called, up to 100 characters; empty without a principal.
        mandates: what the principal lets them do, at most 8, signed by the principal.

    Raises:
        BadCharter: a field is not as described, or a mandate is another's, or not the principal's word.
    """

    key: bytes
    name: str
    role: Role
    principal: bytes | None = None
    principal_name: str = ""
    mandates: tuple[Mandate, ...] = ()

    def __post_init__(self) -> None:
        try:
            ed25519.check_public_key(self.key)
            if self.principal is not None:
                ed25519.check_public_key(self.principal)
        except VerificationError as error:
            raise BadCharter(f"roster refused: {error}") from None
        check_name(self.name)
        if self.principal is not None:
            check_name(self.principal_name, maximum=_MAX_PRINCIPAL, what="principal's name")
        elif self.principal_name or self.mandates:
            raise BadCharter("who speaks for themselves needs neither a principal's name nor mandates")
        if self.principal == self.key:
            raise BadCharter("nobody is their own principal")
        if len(self.mandates) > MAX_MANDATES:
            raise BadCharter(f"a seat has at most {MAX_MANDATES} mandates")
        if len({mandate_id(mandate) for mandate in self.mandates}) != len(self.mandates):
            raise BadCharter("a mandate stands on a seat once")
        for mandate in self.mandates:
            self._check_mandate(mandate)

    def _check_mandate(self, mandate: Mandate) -> None:
        for problem in check_mandate(mandate):
            raise BadCharter(f"mandate refused: {problem.rule}: {problem.hint}")
        if mandate.holder != self.id or mandate.principal != (self.principal or b"").hex():
            raise BadCharter("a mandate stands on the seat of its holder, from the seat's principal")
        if mandate.revokes is not None:
            raise BadCharter("a revocation is no mandate")

    @property
    def id(self) -> str:
        """The participant id, 32 hex digits; it follows from the key."""
        return participant_id(self.key)


def encode_entry(entry: RosterEntry) -> dict[str, canonical.Encodable]:
    """Return the canonical map of a roster's line."""
    return {
        "id": bytes.fromhex(entry.id),
        "key": entry.key,
        "name": entry.name,
        "role": entry.role.value,
        "principal": entry.principal,
        "principal_name": entry.principal_name,
        "mandates": [mandate.model_dump(mode="json", exclude_none=True) for mandate in entry.mandates],
    }


def decode_entry(value: canonical.Value) -> RosterEntry:
    """Read a roster's line.

    Raises:
        BadCharter: a field is outside of what is allowed. The committer is at fault, as below.
        DecodeError: it is not the map of a roster's line.
    """
    fields = as_map(value, keys=_KEYS, what="roster entry")
    principal = fields["principal"]
    entry = RosterEntry(
        key=as_bytes(fields["key"], length=ed25519.PUBLIC_KEY_SIZE, what="identity key"),
        name=as_str(fields["name"], max_length=4 * MAX_NAME, what="name"),
        role=Role(as_str(fields["role"], max_length=16, what="role")),
        principal=None if principal is None else as_bytes(principal, length=32, what="principal's key"),
        principal_name=as_str(
            fields["principal_name"], max_length=4 * _MAX_PRINCIPAL, what="principal's name"
        ),
        mandates=tuple(
            _mandate(item) for item in as_list(fields["mandates"], max_length=MAX_MANDATES, what="mandates")
        ),
    )
    if bytes.fromhex(entry.id) != as_bytes(fields["id"], length=16, what="participant id"):
        raise DecodeError("a roster id does not belong to its key")
    return entry


def _mandate(value: canonical.Value) -> Mandate:
    fields: Mapping[str, canonical.Value] = as_map(value, keys=None, max_length=16, what="mandate")
    try:
        mandate = validated(Mandate, dict(fields))
    except RuleViolation as error:
        raise DecodeError(f"a mandate that breaks {error.rule}") from None
    if mandate.model_dump(mode="json", exclude_none=True) != fields:
        raise DecodeError("a mandate that is not in its one form")
    return mandate
