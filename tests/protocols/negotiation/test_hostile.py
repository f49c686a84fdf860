"""A member who says anything at all to anything at all: every member rejects or accepts alike, and nothing breaks."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import canonical
from protocols.messages.envelope import MessageType
from protocols.messages.leaves import flatten
from tests.protocols.messages.examples import MISSING, golden, spoiled

from .story import replayed
from .talks import AMAL, BORIS, MIRA, OTTO, ROSTER, START, VERA, Talks

KINDS = [*map(str, MessageType), "RECEIPT", "ESCALATION"]
TARGETS = {
    "RESPONSE": "target",
    "READBACK": "target",
    "CORRECTION": "target",
    "CLAUSE-REPLY": "proposal",
    "ADOPT": "proposal",
    "EXPLANATION": "incident",
}
WANTED = {"CLAUSE-REPLY": "PROPOSAL", "ADOPT": "PROPOSAL", "EXPLANATION": "INCIDENT"}
DROPPED: dict[str, dict[str, Any]] = {
    "ADOPT": {"mandate": MISSING, "content.witness": MISSING, "content.custodian": MISSING},
    "CLAUSE-REPLY": {"mandate": MISSING},
    "CONVEY": {"refs": []},
    "INCIDENT": {"content.notification": MISSING},
    "MEETING": {"content.safe_passage": []},
    "SEAT": {
        f"content.{name}": MISSING
        for name in ("role", "history", "history_from", "principal", "principal_name", "replaces")
    },
}
"""Golden parts that name what is not on this table."""
PATHS = [path for kind in KINDS for path in flatten(golden(kind))]
CODES = ("ROGER", "WILCO", "UNABLE", "AFFIRM", "NEGATIVE", "STANDBY", "NOT-UNDERSTOOD", "CORRECT", "WRONG")
EVENTS = ("CLAIM", "CONFIRM", "RELEASE", "SUSPEND", "RESUME", "ASSIGN", "DELEGATE", "DETACH")
VALUES = st.sampled_from(
    [MISSING, "", "x", START, 0, -1, 2**63, [], {}, True, None, AMAL, BORIS, "2" * 64, [AMAL]]
)


class Step(dict[str, Any]):
    """One thing said; a dict only so that hypothesis prints it well."""


STEPS = st.builds(
    Step,
    kind=st.sampled_from(KINDS),
    sender=st.sampled_from([AMAL, BORIS, MIRA, OTTO]),
    target=st.integers(0, 5),
    code=st.sampled_from(CODES),
    event=st.sampled_from(EVENTS),
    about=st.sampled_from([AMAL, BORIS, MIRA, OTTO]),
    path=st.none() | st.sampled_from(PATHS),
    value=VALUES,
    later_s=st.sampled_from([0, 0, 0, 3600, 86_400]),
)


def body(talks: Talks, step: Step) -> bytes:
    kind = step["kind"]
    others = [participant.id for participant in ROSTER if participant.id != step["sender"]]
    said = talks.negotiation.messages
    fitting = [message.id for message in said if message.type == WANTED.get(kind)]
    known = fitting or [message.id for message in said] or ["1" * 32]
    target = known[-1 - step["target"] % len(known)]
    changes: dict[str, Any] = {"from": step["sender"]}
    if kind == "RECEIPT":
        changes["messages"] = [target]
    elif kind == "ESCALATION":
        changes |= {"message": target, "addressee": step["about"]}
    else:
        changes |= {"to": others, "info": []}
    changes |= DROPPED.get(kind, {})
    if kind in TARGETS:
        changes[f"content.{TARGETS[kind]}"] = target
    if kind == "REQUEST":
        changes |= {"to": [others[0]], "content.actor": others[0]}
    if kind == "INCIDENT":
        changes["to"] = [one for one in (AMAL, BORIS) if one != step["sender"]]
    if kind == "COMMIT":
        changes |= {"content.debtor": step["sender"], "content.consequent.actor": step["sender"]}
        changes |= {"content.creditors": others[:2], "content.consequent.verifier": VERA}
    if kind == "RESPONSE":
        code = step["code"]
        changes |= {
            "refs": [],
            "content.code": code,
            "content.reason": "because" if code in ("UNABLE", "NEGATIVE", "NOT-UNDERSTOOD") else MISSING,
            "content.by": "2026-11-30T00:00:00Z" if code == "STANDBY" else MISSING,
            "content.passed_to": "post" if code == "ROGER" else MISSING,
            "content.fields": ["until"] if code == "WRONG" else [],
        }
    if kind == "COMMIT-EVENT":
        commitments = talks.negotiation.board().commitments
        changes |= {
            "content.commitment": commitments[-1].id if commitments else "4" * 32,
            "content.event": step["event"],
            "content.evidence": ["5" * 64] if step["event"] == "CLAIM" else [],
            "content.new_party": MIRA if step["event"] in ("ASSIGN", "DELEGATE") else MISSING,
            "content.at": START,
        }
    if kind == "CLAUSE-REPLY" and target in [p.id for p in talks.negotiation.board().proposals]:
        hashes = talks.hashes(target)
        changes |= {"content.replies": [{"hash": clause, "answer": "ACCEPT"} for clause in hashes]}
    if kind == "ADOPT" and target in [p.id for p in talks.negotiation.board().proposals]:
        changes |= {"content.package_hash": talks.tabled(target).package_hash() or "0" * 64}
        changes |= {"content.effective": "2026-11-23T00:00:00Z", "sent": START}
    if kind == "FINDING":
        commitments = talks.negotiation.board().commitments
        subject = commitments[-1].id if commitments and step["event"] == "CLAIM" else target
        changes |= {"content.subject": subject, "content.as_of": START, "sent": START}
    if kind == "SEAT":
        changes |= {"content.operation": "SUSPEND", "content.reason": "taken"}
        changes |= {
            "content.fingerprint": step["about"],
            "content.seat": talks.negotiation.roster.name(step["about"]),
        }
    good = spoiled(kind, changes)
    if step["path"] is None:
        return canonical.encode(good)
    try:
        return canonical.encode(spoiled(kind, {**changes, step["path"]: step["value"]}))
    except (KeyError, IndexError, TypeError, ValueError):
        return canonical.encode(good)  # the path is of another type


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(st.lists(STEPS, max_size=12))
def test_no_sequence_breaks_the_fold_and_all_members_agree(steps: list[Step]) -> None:
    talks = Talks()
    for step in steps:
        talks.now_ms += step["later_s"] * 1000
        talks.receive(step["sender"], body(talks, step))
    other, third = replayed(talks), replayed(talks)
    assert other.digest() == third.digest()
    assert other.messages == talks.negotiation.messages
    json.dumps(talks.negotiation.summary())
    for message in talks.negotiation.messages:
        for participant in ROSTER:
            talks.negotiation.legal_answers(message.id, participant.id)
