"""A principal's signature over a mandate, and what is not signed."""

from typing import Any

import pytest

from channel.identity import Identity
from channel.mandating import sign_mandate
from protocols.errors import RuleViolation
from protocols.messages.mandates import mandate_id, signed_by_principal

MINISTRY = Identity.from_seed(bytes([7]) * 32)
HOLDER = Identity.from_seed(bytes([8]) * 32)
FIELDS: dict[str, Any] = {
    "principal_name": "Ministry of Water",
    "holder": HOLDER.participant_id,
    "topics": ["roads", "water"],
    "powers": ["inform", "NEGOTIATE"],
    "window": {"start": "2026-11-22T00:00:00Z", "end": "2027-02-01T00:00:00Z"},
}


def test_a_mandate_is_the_principals_word() -> None:
    mandate = sign_mandate(MINISTRY, FIELDS)
    assert signed_by_principal(mandate)
    assert (mandate.principal, mandate.powers) == (MINISTRY.public_key.hex(), ("INFORM", "NEGOTIATE"))
    assert mandate_id(mandate) == mandate_id(sign_mandate(MINISTRY, FIELDS))
    assert mandate_id(mandate) != mandate_id(sign_mandate(MINISTRY, {**FIELDS, "topics": ["roads"]}))


def test_nobody_signs_as_somebody_else() -> None:
    mandate = sign_mandate(MINISTRY, {**FIELDS, "principal": HOLDER.public_key.hex(), "signature": "1" * 128})
    assert mandate.principal == MINISTRY.public_key.hex()
    assert signed_by_principal(mandate)


def test_a_revocation_gives_no_powers() -> None:
    revoked = mandate_id(sign_mandate(MINISTRY, FIELDS))
    assert sign_mandate(MINISTRY, {**FIELDS, "powers": [], "revokes": revoked}).revokes == revoked


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"holder": MINISTRY.participant_id}, "MANDATE-2"),
        ({"window": {"start": "2026-11-22T00:00:00Z", "end": "2027-11-23T00:00:00Z"}}, "MANDATE-1"),
        ({"powers": []}, "MANDATE-4"),
        ({"revokes": "0" * 64}, "MANDATE-4"),
        ({"topics": ["roads", "roads"]}, "MANDATE-9"),
        ({"powers": ["REIGN"]}, "FIELD-CHOICE"),
        ({"holder": "Amal"}, "VALUE-ID"),
        ({"colour": "red"}, "FIELD-UNKNOWN"),
    ],
)
def test_what_no_channel_would_take_is_not_signed(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(RuleViolation) as refused:
        sign_mandate(MINISTRY, {**FIELDS, **changes})
    assert refused.value.rule == rule
