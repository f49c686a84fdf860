"""What forms know beside the models: what is hidden, what is asked for at once, what an item is called.

Fields are named by their pattern: `*` stands for the number of an item.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from protocols.messages.envelope import MessageType

_T = MessageType
Patterns: TypeAlias = tuple[str, ...]

HIDDEN_IN_ALL: Final[Patterns] = ("mandate", "sent_anyway")
"""The client cites the mandate, and knows what it asked about."""

_OF_A_PROPOSAL: Final[Patterns] = ("no", "version", "depends_on", "notice_hours")
"""What a clause that stands alone does not have."""

HIDDEN: Final[Mapping[MessageType, Patterns]] = {
    _T.LINE_CHECK: ("remarks",),
    _T.PROPOSAL: ("clauses.*.no", "clauses.*.version", "glossary_version"),
    _T.CLAUSE_REPLY: ("replies.*.hash", "replies.*.clause.no", "replies.*.clause.version"),
    _T.ADOPT: ("package_hash",),
    _T.COMMIT: (
        *(f"{clause}.{name}" for clause in ("consequent", "antecedent") for name in _OF_A_PROPOSAL),
        "consequent.actor",
    ),
    _T.COMMIT_EVENT: ("version",),
    _T.READBACK: ("readings.*.field",),
    _T.CORRECTION: ("changes.*.old",),
}
"""Fields that the client fills in, as no person should have to count or copy, or that are never allowed."""

UPFRONT: Final[Mapping[MessageType, Patterns]] = {
    _T.MANDATE: ("powers", "limits"),
    _T.RESPONSE: ("reason", "fields", "by", "passed_to"),
    _T.CORRECTION: ("changes.*",),
    _T.INFORM: ("grade",),
    _T.NOTIFY: ("place.*", "persons.n"),
    _T.PROPOSAL: ("valid_until",),
    _T.CLAUSE_REPLY: ("replies.*.answer", "replies.*.reason"),
    _T.TERM: ("includes", "excludes"),
    _T.FINDING: ("method", "attribution"),
    _T.ALERT: ("persons_at_risk.n", "precedence"),
    _T.INCIDENT: (
        *(f"{who}.{name}" for who in ("civilian", "combatant", "unknown") for name in ("n", "basis")),
        *("attribution", "attribution_basis"),
    ),
    _T.EXPLANATION: ("measures",),
}
"""Optional fields that are asked for at once, because in practice they are needed."""

_ENTRY: Final[Patterns] = tuple(
    f"entries.*.{name}" for name in ("ref", "name", "transliteration", "birth_year", "category", "holder")
)
_MEETING: Final[Patterns] = ("window.*", "place.*", "medium", "seats", "agenda", "safe_passage")

WITH: Final[Mapping[MessageType, tuple[str, Mapping[str, Patterns]]]] = {
    _T.SEAT: (
        "operation",
        {
            "ADMIT": ("role", "history", "principal_name", "principal"),
            "KEY": ("role", "history", "replaces"),
            "ROLE": ("role",),
            "REMOVE": ("reason",),
            "SUSPEND": ("reason",),
        },
    ),
    _T.CONVEY: (
        "fidelity",
        {"VERBATIM": ("source", "original_key", "original_signature"), "PARAPHRASE": ("source",)},
    ),
    _T.NOTIFY: (
        "kind",
        {
            "SITE": ("site_function", "expiry"),
            "MOVEMENT": ("vehicles.n", "vehicles.unit", "vehicles.basis", "markings", "cargo", "emergency"),
            "ACTIVITY": ("activity",),
        },
    ),
    _T.COMMIT_EVENT: (
        "event",
        {
            "CLAIM": ("evidence",),
            "DISPUTE": ("reason",),
            "WITHDRAW": ("reason",),
            "DELAY": ("reason", "new_time"),
            "ASSIGN": ("new_party",),
            "DELEGATE": ("new_party",),
        },
    ),
    _T.EXPLANATION: ("position", {"INVESTIGATING": ("next_update",)}),
    _T.PERSONS: ("operation", {"LIST": _ENTRY, "STATUS": ("list", "statuses.*")}),
    _T.MEETING: (
        "operation",
        {
            "PROPOSE": _MEETING,
            "CHANGE": ("meeting", *_MEETING),
            "RECORD": ("meeting", *_MEETING, "points.*"),
            "CANCEL": ("meeting",),
        },
    ),
}
"""For a choice: which optional fields are asked for once it has this value."""

STARTING_COUNTS: Final = {"clauses": 1, "changes": 1, "entries": 1, "points": 1}
ONE: Final = {
    "clauses": "clause",
    "changes": "change",
    "route": "waypoint",
    "area": "corner",
    "refs": "reference",
    "replies": "reply",
    "readings": "field",
    "texts": "text in another language",
    "entries": "person",
    "statuses": "person's status",
    "points": "point",
}
