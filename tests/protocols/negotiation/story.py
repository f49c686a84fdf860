"""A short negotiation that reaches most states; printed digest when run, for another process to compare."""

from protocols.negotiation import Negotiation

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
)


def told() -> Talks:
    talks = Talks()
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
    talks.say("NOTIFY", AMAL, [BORIS, LEILA], NOTIFY)
    alert = talks.say("ALERT", AMAL, [BORIS, MIRA], ALERT, precedence="FLASH")
    talks.answer("WILCO", BORIS, AMAL, alert)
    _, duty, *_ = talks.adopted(clause(), clause(BORIS, "MUST NOT", "shell"), clause(BORIS, "MAY", "inspect"))
    talks.event(AMAL, BORIS, duty.id, "CLAIM", evidence=["5" * 64])
    talks.refuse("rule:RESPONSE-9", "RESPONSE", AMAL, MIRA, {"target": question, "code": "AFFIRM"})
    talks.at("2026-11-23T18:00:00Z")
    talks.say("INFORM", VERA, [AMAL, BORIS], {**INFORM, "statement": "Ünïcödé ملاحظة 観察"})
    return talks


def replayed(talks: Talks) -> Negotiation:
    """The same entries into a second negotiation, as another member or an auditor would."""
    negotiation = Negotiation(ROSTER)
    for entry in talks.entries:
        negotiation.apply(entry)
    return negotiation


if __name__ == "__main__":
    print(told().negotiation.digest().hex())
