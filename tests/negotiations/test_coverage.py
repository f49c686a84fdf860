"""The three golden logs together show everything that the language can say and every state there is.

It is read from the logs, so it cannot rot: what no log shows is missing here.
"""

from collections.abc import Collection
from functools import cache
from typing import get_args

import pytest

from protocols.messages import MessageType
from protocols.messages.administrative import Code
from protocols.messages.adoption import AdoptMode
from protocols.messages.commitments import EventName
from protocols.messages.escalation import EscalationStep
from protocols.messages.mandates import Power
from protocols.messages.persons import PersonStatusValue
from protocols.messages.rules import RULES
from protocols.messages.seats import SeatOperation
from protocols.negotiation import ClauseStatus, CommitmentState, Level, PackageStatus, ResponseState
from tests.negotiations import kept
from tests.negotiations.coverage import Seen, gather


@cache
def seen() -> Seen:
    return gather(kept.log(name) for name in kept.NAMES)


EVERYTHING: dict[str, Collection[str]] = {
    "types": tuple(MessageType),
    "codes": get_args(Code),
    "events": get_args(EventName),
    "packages": tuple(PackageStatus),
    "clauses": tuple(ClauseStatus),
    "commitments": tuple(CommitmentState),
    "dialogues": tuple(ResponseState),
    "ladder": [f"L{level.value}" for level in Level if level is not Level.QUEUED],
    "powers": get_args(Power),
    "escalations": get_args(EscalationStep),
    "receipts": ("DELIVERED", "DISPLAYED", "ACKNOWLEDGED"),
    "corrections": ("CORRECT", "CANCEL"),
    "answers": ("ACCEPT", "ACCEPT ad_ref", "REJECT ad_ref", "AMEND", "RESERVE"),
    "adoptions": (
        *(f"{mode} by party" for mode in get_args(AdoptMode)),
        "FINAL by mediator",
        "witness named",
        "custodian named",
    ),
    "mandates": ("grants", "replaces", "revokes"),
    "seats": get_args(SeatOperation),
    "conveyed": ("VERBATIM named", "PARAPHRASE withheld", "MEDIATOR_VIEW withheld"),
    "findings": ("COMMITMENT MET", "COMMITMENT NOT_MET", "INCIDENT CONFIRMED"),
    "incidents": ("EXPLAIN of what was notified", "NONE"),
    "explanations": ("INVESTIGATING", "PARTLY"),
    "persons": ("LIST", "STATUS", *get_args(PersonStatusValue)),
    "meetings": ("PROPOSE", "CHANGE", "CANCEL", "RECORD", "AGREED", "NOTED", "OPEN"),
    "notified": ("SITE", "MOVEMENT", "ACTIVITY"),
    "questions": ("YES_NO", "WHO", "WHEN", "QUANTITY"),
    "watch": ("ANSWERED", "WAITING", "MISSED"),
    "transitions": (
        "CONDITIONAL to ACTIVE",
        "CONDITIONAL to EXPIRED",
        "ACTIVE to CLAIMED",
        "ACTIVE to OVERDUE",
        "ACTIVE to SUSPENDED",
        "ACTIVE to ENDED",
        "ACTIVE to WITHDRAWN",
        "SUSPENDED to ACTIVE",
        "OVERDUE to CLAIMED",
        "OVERDUE to VIOLATED",
        "CLAIMED to DISCHARGED",
        "CLAIMED to DISPUTED",
        "DISPUTED to RELEASED",
        "VIOLATED to DISPUTED",
    ),
    "flags": (
        "beyond its mandate",
        "sent although it is unclear",
        "cancelled",
        "a seat is suspended",
        "a term is agreed",
        "a text is in force",
    ),
}


@pytest.mark.parametrize("kind", EVERYTHING)
def test_the_logs_show_all_of_it(kind: str) -> None:
    missing = [one for one in EVERYTHING[kind] if one not in seen()[kind]]
    assert not missing


@pytest.mark.parametrize("name", kept.NAMES)
def test_each_log_shows_what_no_other_does(name: str) -> None:
    others = gather(kept.log(other) for other in kept.NAMES if other != name)
    assert any(one not in others[kind] for kind, ones in EVERYTHING.items() for one in ones)


def test_somebody_read_back_wrongly_and_then_rightly() -> None:
    read_back = seen()["read back"]
    assert any({"WRONG", "CORRECT"} <= set(words.split()[1:]) for words in read_back), read_back


def test_the_logs_show_what_was_tried_in_vain() -> None:
    """The tries that this language is made to stop, each by its rule."""
    assert seen()["refused"] >= {
        "role-not-allowed",  # an observer proposes, a mediator accepts, a party carries words
        "wrong-mode",  # an exercise in a channel that is meant
        "suspended",  # a captured device speaks
        "RESPONSE-6",  # WILCO after its time
        "RESPONSE-7",  # a third STANDBY
        "RESPONSE-10",  # WILCO to what asks somebody else
        "RESPONSE-11",  # CORRECT to a wrong read-back
        "READBACK-2",  # a critical field left out
        "CLAUSE-REPLY-1",  # a stale clause
        "CLAUSE-REPLY-9",  # a lapsed proposal
        "CLAUSE-REPLY-16",  # a fixed text
        "PROPOSAL-15",  # words that mean something else by now
        "ADOPT-1",  # nothing to adopt yet
        "ADOPT-2",  # a witness whom nobody named
        "ADOPT-3",  # binding before the principal agreed
        "ADOPT-4",  # in force from another time
        "CORRECTION-4",  # an adopted text corrected
        "CORRECTION-10",  # what somebody undertook corrected
        "COMMIT-1",  # another side's undertaking
        "COMMIT-EVENT-1",  # a claim while it is suspended
        "COMMIT-EVENT-2",  # a party claims another's commitment
        "COMMIT-EVENT-7",  # after its end
        "COMMIT-EVENT-12",  # on terms that have changed
        "COMMIT-EVENT-14",  # the clock's own event
        "CONVEY-3",  # a mediator closes a request for a party
        "FINDING-4",  # a finding by who is not the verifier
        "EXPLANATION-2",  # an explanation by who was not asked
        "INCIDENT-4",  # what was cited is no notification
        "PERSONS-5",
        "PERSONS-6",
        "MEETING-4",
        "MEETING-5",
        "MANDATE-5",
        "MANDATE-6",
        "MANDATE-8",  # a mandate exceeded
        "SEAT-4",
        "SEAT-5",  # a name that looks like another's
        "TERM-2",
        "ESCALATION-1",
        "ESCALATION-4",
        "NOTIFY-7",
    }
    plain = {"role-not-allowed", "wrong-mode", "suspended"}
    assert seen()["refused"] - plain <= RULES.keys()
