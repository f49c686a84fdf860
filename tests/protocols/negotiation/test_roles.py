"""Each role x type, through the whole fold: allowed or refused (MESSAGES.md section 2).

The table is written out here, apart from the catalogue. Powers are in test_entitlement.
"""

from typing import Any

import pytest

from protocols.messages.envelope import MessageType
from protocols.messages.values import format_time
from protocols.negotiation import Participant

from .sayings import (
    COMMIT,
    CONVEY,
    EXPLANATION,
    FINDING,
    INCIDENT,
    LINE_CHECK,
    MEETING,
    PERSONS,
    REQUEST,
    TERM,
    mandate,
    mandate_fields,
    roster,
    seat_fields,
)
from .talks import (
    ALERT,
    AMAL,
    BORIS,
    INFORM,
    LEILA,
    MIRA,
    NOTIFY,
    OTTO,
    QUESTION,
    ROSTER,
    VERA,
    Talks,
    clause,
    proposal,
)

UNTIL = "2026-11-25T12:00:00Z"
ROLE_OF = {"party": AMAL, "mediator": MIRA, "liaison": LEILA, "monitor": VERA, "observer": OTTO}
EVERYBODY = [*ROLE_OF.values(), BORIS]

MAY_SEND: dict[str, str] = {
    # P party, M mediator, H humanitarian liaison, V monitor, O observer
    "LINE-CHECK": "PMHVO",
    "MANDATE": "P",
    "SEAT": "PM",
    "RESPONSE": "PMHVO",
    "READBACK": "PMHV",
    "CORRECTION": "PMHV",
    "INFORM": "PMHV",
    "QUESTION": "PMHVO",
    "CONVEY": "M",
    "NOTIFY": "PMH",
    "REQUEST": "PMHV",
    "PROPOSAL": "PM",
    "CLAUSE-REPLY": "P",
    "TERM": "PM",
    "ADOPT": "PM",
    "COMMIT": "PMH",
    "COMMIT-EVENT": "PMHV",
    "FINDING": "PMHV",
    "ALERT": "PMHV",
    "INCIDENT": "PMHV",
    "EXPLANATION": "P",
    "PERSONS": "PMH",
    "MEETING": "PM",
}
LETTER = {"party": "P", "mediator": "M", "liaison": "H", "monitor": "V", "observer": "O"}


def others(sender: str) -> list[str]:
    return [one for one in EVERYBODY if one != sender]


def table(kind: str) -> Talks:
    if kind == "PERSONS":
        return Talks([one for one in ROSTER if one.id != OTTO])
    if kind == "MANDATE":
        return Talks(roster(mandate()))
    return Talks()


def act(talks: Talks, kind: str, sender: str) -> tuple[list[str], dict[str, Any], dict[str, Any]]:
    """What this sender would say of a type, all else being right: addressees, fields, envelope."""
    fields: dict[str, Any]
    to = [BORIS]
    match kind:
        case "LINE-CHECK":
            return to, LINE_CHECK, {"topic": "LINE-CHECK"}
        case "MANDATE":
            seats = [one.id for one in talks.negotiation.roster.participants if one.id != sender]
            return seats, mandate_fields(), {}
        case "SEAT":
            return others(sender), seat_fields("ADMIT", "Nadia", "9" * 32), {}
        case "TERM":
            return others(sender), TERM, {}
        case "RESPONSE":
            target = talks.say("INFORM", BORIS, [sender], INFORM)
            return to, {"target": target, "code": "ROGER"}, {}
        case "READBACK":
            target = talks.say("INFORM", BORIS, [sender], INFORM)
            window = INFORM["window"]
            readings = [{"field": f"window.{end}", "value": str(window[end])} for end in ("start", "end")]
            return to, {"target": target, "readings": readings}, {}
        case "CORRECTION":
            target = talks.say("INFORM", sender, to, INFORM) if sender != OTTO else question(talks)
            fields = {"target": target, "action": "CANCEL", "reason": "typing error"}
            return ([MIRA] if sender == OTTO else to), fields, {}
        case "INFORM":
            return to, INFORM, {}
        case "QUESTION":
            return ([MIRA] if sender == OTTO else to), QUESTION, {}
        case "CONVEY":
            return to, CONVEY, {}
        case "NOTIFY":
            return to, NOTIFY, {}
        case "REQUEST":
            return to, REQUEST, {}
        case "PROPOSAL":
            return [one for one in (AMAL, BORIS) if one != sender], proposal(), {"valid_until": UNTIL}
        case "CLAUSE-REPLY":
            author = BORIS if sender == AMAL else AMAL
            target = talks.say("PROPOSAL", author, others(author), proposal(), valid_until=UNTIL)
            replies = [{"hash": digest, "answer": "ACCEPT"} for digest in talks.hashes(target)]
            return others(sender), {"proposal": target, "replies": replies}, {}
        case "ADOPT":
            target = talks.say("PROPOSAL", AMAL, others(AMAL), proposal(), valid_until=UNTIL)
            talks.accept_all(BORIS, AMAL, target)
            if sender != AMAL:
                witness = {"witness": sender}
                talks.adopt(BORIS, others(BORIS), target, "2026-11-23T00:00:00Z", **witness)
            fields = {
                "proposal": target,
                "package_hash": talks.tabled(target).package_hash(),
                "mode": "FINAL",
                "effective": "2026-11-23T00:00:00Z",
            }
            return others(sender), fields, {}
        case "COMMIT":
            consequent = {"no": 1, "version": 1, **clause(sender, "MUST NOT", "enter")}
            return to, {**COMMIT, "debtor": sender, "consequent": consequent}, {}
        case "COMMIT-EVENT" | "FINDING":
            return subject(talks, kind, sender)
        case "ALERT":
            return to, ALERT, {}
        case "INCIDENT":
            return to, INCIDENT, {}
        case "EXPLANATION":
            target = talks.say("INCIDENT", BORIS, others(BORIS), {**INCIDENT, "asked": "NONE"})
            if sender == AMAL:
                target = talks.say("INCIDENT", BORIS, AMAL, {**INCIDENT, "asked": "EXPLAIN"})
            return to, {**EXPLANATION, "incident": target}, {}
        case "PERSONS":
            return to, PERSONS, {"tlp": "RED"}
        case "MEETING":
            return to, MEETING, {}
        case _:
            raise AssertionError(kind)


def question(talks: Talks) -> str:
    return talks.say("QUESTION", OTTO, MIRA, QUESTION)


def subject(talks: Talks, kind: str, sender: str) -> tuple[list[str], dict[str, Any], dict[str, Any]]:
    """A duty of Boris's towards everybody, verified by this sender."""
    creditors = [one for one in EVERYBODY if one not in (BORIS, sender)]
    if kind == "COMMIT-EVENT":
        creditors.append(sender)
    verifier = {"verifier": sender} if kind == "FINDING" else {}
    consequent = {"no": 1, "version": 1, **clause(BORIS, **verifier)}
    fields = {**COMMIT, "debtor": BORIS, "creditors": creditors, "consequent": consequent}
    talks.say("COMMIT", BORIS, [one for one in EVERYBODY if one != BORIS], fields)
    duty = talks.negotiation.board().commitments[-1].id
    at = format_time(talks.now_ms)
    if kind == "COMMIT-EVENT":
        return others(sender), {"commitment": duty, "event": "RELEASE", "at": at}, {}
    return (
        others(sender),
        {**FINDING, "kind": "COMMITMENT", "subject": duty, "result": "MET", "as_of": at},
        {},
    )


@pytest.mark.parametrize("role", ROLE_OF)
@pytest.mark.parametrize("kind", MAY_SEND)
def test_each_role_sends_its_types_and_no_others(kind: str, role: str) -> None:
    talks, sender = table(kind), ROLE_OF[role]
    if kind == "PERSONS" and role == "observer":
        # With an observer in the channel there are no lists at all; so a second one comes to be refused.
        talks.seat((*talks.negotiation.roster.participants, Participant(OTTO, "Otto", ROSTER[-1].role)))
    to, fields, envelope = act(talks, kind, sender)
    if LETTER[role] in MAY_SEND[kind]:
        talks.say(kind, sender, to, fields, **envelope)
    else:
        talks.refuse("role-not-allowed", kind, sender, to, fields, **envelope)


def test_every_type_is_in_the_table() -> None:
    assert set(MAY_SEND) == {kind.value for kind in MessageType}
