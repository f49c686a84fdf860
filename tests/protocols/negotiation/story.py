"""A negotiation of every type that reaches most states; printed digest when run, for another process to compare."""

import sys

from protocols.messages.build import compose_escalation
from protocols.messages.codec import encode_body
from protocols.messages.mandates import mandate_id
from protocols.messages.values import format_time
from protocols.negotiation import Negotiation, Received

from .sayings import (
    ADEL,
    COMMIT,
    CONVEY,
    EXPLANATION,
    FINDING,
    INCIDENT,
    LINE_CHECK,
    MEETING,
    NEWCOMER,
    PERSONS,
    REQUEST,
    TERM,
    mandate,
    mandate_fields,
    roster,
    seat_fields,
)
from .talks import ALERT, AMAL, BORIS, INFORM, LEILA, MIRA, NOTIFY, OTTO, QUESTION, VERA, Talks, clause

PARTIES = [AMAL, ADEL, BORIS]


def told() -> Talks:
    talks = Talks(roster(mandate()))
    information(talks)
    agreement(talks)
    incident(talks)
    seats(talks)
    talks.say("INFORM", VERA, [AMAL, BORIS], {**INFORM, "statement": "Ünïcödé ملاحظة 観察"})
    return talks


def information(talks: Talks) -> None:
    talks.say("LINE-CHECK", MIRA, [AMAL, BORIS], LINE_CHECK, topic="LINE-CHECK")
    inform = talks.say("INFORM", AMAL, [BORIS, MIRA], INFORM, info=[VERA, OTTO, LEILA])
    for reader in (BORIS, MIRA, VERA, OTTO):
        talks.receipt("DELIVERED", reader, inform)
    talks.receipt("ACKNOWLEDGED", BORIS, inform)
    readings = [
        {"field": "window.start", "value": "230600Z NOV 26"},
        {"field": "window.end", "value": "240600Z NOV 26"},
    ]
    said = talks.say("READBACK", BORIS, AMAL, {"target": inform, "readings": readings})
    talks.answer("CORRECT", AMAL, BORIS, said)
    question = talks.say("QUESTION", MIRA, [AMAL, BORIS], QUESTION)
    talks.answer("AFFIRM", AMAL, MIRA, question)
    talks.refuse("rule:RESPONSE-9", "RESPONSE", AMAL, MIRA, {"target": question, "code": "AFFIRM"})
    talks.say("CONVEY", MIRA, BORIS, CONVEY)
    talks.say("NOTIFY", AMAL, [BORIS, LEILA], NOTIFY)
    change = {"field": "statement", "old": INFORM["statement"], "new": "The bridge is closed."}
    fields = {"target": inform, "action": "CORRECT", "changes": [change], "reason": "typing error"}
    talks.say("CORRECTION", AMAL, [BORIS, MIRA, VERA, OTTO, LEILA], fields)


def agreement(talks: Talks) -> None:
    duty, *_ = talks.adopted(clause(), clause(BORIS, "MUST NOT", "shell"), clause(BORIS, "MAY", "inspect"))
    talks.event(AMAL, BORIS, duty.id, "CLAIM", evidence=["5" * 64])
    request = talks.say("REQUEST", AMAL, BORIS, REQUEST)
    talks.answer("STANDBY", BORIS, AMAL, request, by="2026-11-22T20:00:00Z")
    talks.answer("WILCO", BORIS, AMAL, request)
    term = talks.say("TERM", MIRA, PARTIES, TERM)
    talks.answer("AFFIRM", BORIS, MIRA, term)
    consequent = {"no": 1, "version": 1, **clause(AMAL, verifier=VERA)}
    talks.say("COMMIT", AMAL, [BORIS, VERA], {**COMMIT, "consequent": consequent})
    verified = talks.negotiation.board().commitments[-1]
    fields = {**FINDING, "kind": "COMMITMENT", "subject": verified.id, "result": "NOT_MET"}
    fields["as_of"] = format_time(talks.now_ms)
    talks.say("FINDING", VERA, [AMAL, BORIS], fields)
    meeting = talks.say("MEETING", MIRA, [AMAL, BORIS], MEETING)
    talks.answer("AFFIRM", BORIS, MIRA, meeting)


def incident(talks: Talks) -> None:
    alert = talks.say("ALERT", AMAL, [BORIS, MIRA], ALERT, precedence="FLASH")
    talks.answer("WILCO", BORIS, AMAL, alert)
    reported = talks.say("INCIDENT", AMAL, [BORIS], {**INCIDENT, "asked": "EXPLAIN"}, info=[MIRA])
    talks.say("EXPLANATION", BORIS, AMAL, {**EXPLANATION, "incident": reported})
    found = {**FINDING, "subject": reported, "as_of": format_time(talks.now_ms)}
    talks.say("FINDING", VERA, [AMAL, BORIS, MIRA], found)
    talks.at("2026-11-23T18:00:00Z")
    talks.tick()
    late = compose_escalation(alert, MIRA, 4, "1x", sender=AMAL, sent=format_time(talks.now_ms))
    assert talks.receive(AMAL, encode_body(late)).accepted


def seats(talks: Talks) -> None:
    talks.say("MANDATE", AMAL, [ADEL, BORIS, MIRA], mandate_fields(ADEL, replaces=mandate_id(mandate())))
    admitted = talks.say("SEAT", BORIS, [AMAL, ADEL, MIRA], seat_fields("ADMIT", "Nadia", NEWCOMER))
    talks.answer("AFFIRM", AMAL, BORIS, admitted)
    talks.say("SEAT", MIRA, PARTIES, seat_fields("SUSPEND", "Adel", ADEL))
    talks.refuse("suspended", "INFORM", ADEL, BORIS, INFORM)
    talks.seat([one for one in talks.negotiation.roster.participants if one.id != OTTO])
    talks.say("PERSONS", LEILA, [BORIS], PERSONS, tlp="RED")
    assert talks.receive(AMAL, b"\x80").reason == "malformed"


def replayed(talks: Talks) -> Negotiation:
    """The same entries into a second negotiation, as another member or an auditor would."""
    negotiation = Negotiation()
    for entry in talks.log:
        if isinstance(entry, Received):
            negotiation.apply(entry)
        elif isinstance(entry, tuple):
            negotiation.reject(*entry)
        else:
            negotiation.handshake(entry)
    return negotiation


if __name__ == "__main__":
    if sys.argv[1:] == ["replayed"]:
        print(replayed(told()).digest().hex())
    else:
        print(told().negotiation.digest().hex())
