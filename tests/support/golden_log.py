"""Makes the golden log: `python -m tests.support.golden_log` writes it, once for each format that is to stay readable.

Identities, salts and times come from seeds, so the digest is the same each time; ephemeral HPKE keys do not. A
log of today's format must verify and replay to its digest for ever: never make it anew to please a test.
"""

from pathlib import Path

from pydantic import JsonValue

from channel.audit import format_export, parse_export, verify_export
from protocols.messages import Role
from protocols.messages.values import format_time
from tests.support.attacks import payload, signed
from tests.support.members import Member, agree
from tests.support.simulator import SimulatedRelay

FOLDER = Path(__file__).resolve().parents[1] / "channel" / "audit" / "golden"
LOG = FOLDER / "parley-export-v1.jsonl"
DIGEST = FOLDER / "parley-export-v1.sha256"


def talk() -> Member:
    """A question and its answer, a read-back, a proposal and a reply, receipts, one message sent twice."""
    relay = SimulatedRelay("golden")
    people = [Member(name, clock=relay.clock, seed="golden") for name in ("Mira", "Amal", "Boris")]
    mira, amal, boris = people
    mira.found(relay)
    mira.admit(amal, Role.PARTY)
    agree(mira, amal)
    mira.admit(boris, Role.PARTY)
    agree(*people)
    hour_ms = 3_600_000
    start, end = (format_time(relay.clock.now_ms + hours * hour_ms) for hours in (12, 36))
    question = mira.say_id("QUESTION", {"question": "Is the north bridge open?", "form": "YES_NO"}, to=[amal])
    agree(*people)
    amal.receipt(question)
    agree(*people)
    amal.receipt(question, level="ACKNOWLEDGED")
    amal.say_id("RESPONSE", {"target": question, "code": "AFFIRM"}, to=[mira])
    agree(*people)
    window: dict[str, JsonValue] = {"start": start, "end": end}
    inform = mira.say_id(
        "INFORM",
        {
            "statement": "Convoy of 6 vehicles, Ünïcödé \u0645\u0644\u0627\u062d\u0638\u0629 \u89b3\u5bdf.",
            "basis": "OWN_OBSERVATION",
            "as_of": format_time(relay.clock.now_ms),
            "window": window,
        },
    )
    agree(*people)
    readings: list[JsonValue] = [
        {"field": f"window.{name}", "value": moment} for name, moment in window.items()
    ]
    amal.say("READBACK", {"target": inform, "readings": readings}, to=[mira])
    agree(*people)
    amal.post(signed(amal, payload(amal, counter=1).encode()))
    agree(*people)
    assert amal.reasons()[-1] == "repeated-counter"
    clause: dict[str, JsonValue] = {
        "actor": amal.id,
        "modal": "MUST",
        "action": "open",
        "object": "the north bridge",
        "window": window,
    }
    proposal = mira.say_id(
        "PROPOSAL",
        {
            "title": "Passage",
            "package": "ALL_OR_NOTHING",
            "required": [amal.id, boris.id],
            "clauses": [clause],
            "valid_until": end,
        },
    )
    agree(*people)
    tabled = mira.conversation.transcript.negotiation.proposal(proposal)
    assert tabled is not None
    amal.say(
        "CLAUSE-REPLY",
        {"proposal": proposal, "replies": [{"hash": tabled.clauses[0].hash, "answer": "ACCEPT"}]},
    )
    agree(*people)
    assert amal.reasons().count(None) == len(amal.taken) - 1, amal.reasons()
    return mira


def write() -> None:
    data = format_export(talk().export())
    LOG.write_bytes(data)
    DIGEST.write_text(replayed(data) + "\n")


def replayed(data: bytes) -> str:
    return verify_export(parse_export(data)).transcript.negotiation.digest().hex()


if __name__ == "__main__":
    write()
