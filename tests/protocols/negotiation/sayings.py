"""One good content of each type that `talks` does not have, and seats that speak for principals."""

from typing import Any

from protocols.messages.mandates import Mandate
from protocols.messages.roles import Role
from protocols.negotiation import Participant
from tests.protocols.messages.examples import MISSING, public_key, signed_mandate

from .talks import AMAL, BORIS, LEILA, MIRA, OTTO, PLACE, START, VERA, WINDOW, clause

NORTH_SEED, SOUTH_SEED = bytes([1] * 32), bytes([2] * 32)
NORTH, SOUTH = public_key(NORTH_SEED), public_key(SOUTH_SEED)
ADEL = "1" * 32
NEWCOMER = "9" * 32
EVERY_POWER = ["INFORM", "NEGOTIATE", "ACCEPT_AD_REF", "ACCEPT_FINAL", "COMMIT"]
LONG = {"start": "2026-11-01T00:00:00Z", "end": "2027-10-01T00:00:00Z"}


def mandate_fields(holder: str = AMAL, seed: bytes = NORTH_SEED, **changes: Any) -> dict[str, Any]:
    """A MANDATE's fields, signed: every power about every topic, for most of a year."""
    fields = {
        "principal_name": "Northern Council",
        "holder": holder,
        "topics": ["*"],
        "powers": EVERY_POWER,
        "window": LONG,
        "limits": MISSING,
        "replaces": MISSING,
        **changes,
    }
    return signed_mandate(seed, **fields)


def mandate(holder: str = AMAL, seed: bytes = NORTH_SEED, **changes: Any) -> Mandate:
    fields = mandate_fields(holder, seed, **changes)
    return Mandate.model_validate(
        {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    )


def roster(*amal: Mandate, boris: tuple[Mandate, ...] = ()) -> tuple[Participant, ...]:
    """Amal and Adel speak for the north, with these mandates of Amal's; Boris, for the south only if he has any."""
    south, named = (SOUTH, "Southern Front") if boris else (None, None)
    return (
        Participant(AMAL, "Amal", Role.PARTY, NORTH, "Northern Council", amal),
        Participant(ADEL, "Adel", Role.PARTY, NORTH, "Northern Council"),
        Participant(BORIS, "Boris", Role.PARTY, south, named, boris),
        Participant(MIRA, "Mira", Role.MEDIATOR),
        Participant(LEILA, "Leila", Role.LIAISON),
        Participant(VERA, "Vera", Role.MONITOR),
        Participant(OTTO, "Otto", Role.OBSERVER),
    )


LINE_CHECK: dict[str, Any] = {"slot": "2026-11-22T15:00:00Z", "word": "AMBER"}
CONVEY: dict[str, Any] = {
    "fidelity": "PARAPHRASE",
    "consent": "Amal, by telephone",
    "content": "They are ready to talk about the bridge.",
}
REQUEST: dict[str, Any] = {
    "actor": BORIS,
    "action": "open the gate",
    "deadline": "2026-11-23T12:00:00Z",
    "reason": "the convoy has to pass",
}
TERM: dict[str, Any] = {"term": "heavy weapons", "definition": "Guns of more than 100 mm."}
COMMIT: dict[str, Any] = {
    "debtor": AMAL,
    "creditors": [BORIS],
    "consequent": {"no": 1, "version": 1, **clause(AMAL, "MUST NOT", "enter")},
    "notice_hours": 24,
}
INCIDENT: dict[str, Any] = {
    "window": {"start": "2026-11-22T10:00:00Z", "end": "2026-11-22T10:15:00Z"},
    "place": PLACE,
    "category": "EXPLOSION",
    "known": "HEARD",
    "grade": "B2",
    "status": "CEASED",
    "asked": "NONE",
}
EXPLANATION: dict[str, Any] = {"position": "DENY", "account": "Nobody of ours was there."}
PERSONS: dict[str, Any] = {
    "operation": "LIST",
    "entries": [{"ref": "P-1", "category": "DETAINEE"}, {"ref": "P-2", "category": "MISSING"}],
}
MEETING: dict[str, Any] = {
    "operation": "PROPOSE",
    "window": WINDOW,
    "medium": "telephone",
    "seats": [AMAL, BORIS],
    "agenda": ["the bridge"],
}
FINDING: dict[str, Any] = {
    "kind": "INCIDENT",
    "result": "CONFIRMED",
    "method": ["two visits"],
    "access_limits": "the east bank was closed",
    "as_of": START,
    "grade": "B2",
}


def seat_fields(operation: str, seat: str, fingerprint: str, **more: Any) -> dict[str, Any]:
    """A SEAT's fields, with the reason and history that its operation needs."""
    fields: dict[str, Any] = {
        "operation": operation,
        "seat": seat,
        "fingerprint": fingerprint,
        "effective": "2026-11-22T15:00:00Z",
    }
    if operation in ("REMOVE", "SUSPEND"):
        fields["reason"] = "the key was taken"
    if operation in ("ADMIT", "KEY"):
        fields |= {"history": "ALL", "role": "party"}
    return {**fields, **more}
