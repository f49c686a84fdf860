"""A negotiation at the table: says things as people would, and expects each to be accepted unless told otherwise."""

from collections.abc import Sequence
from typing import Any

from protocols import canonical
from protocols.messages.build import compose, compose_receipt
from protocols.messages.codec import encode_body
from protocols.messages.receipt import ReceiptLevel
from protocols.messages.roles import Role
from protocols.messages.values import format_time, time_ms
from protocols.negotiation import (
    ChannelTerms,
    FoldedMessage,
    Negotiation,
    Participant,
    Received,
    RosterChange,
    Verdict,
)
from protocols.negotiation.commitment import Commitment
from protocols.negotiation.proposal import TabledProposal

AMAL, BORIS, MIRA, LEILA, VERA, OTTO = (letter * 32 for letter in "abcdef")
STRANGER = "0" * 32
ROSTER = (
    Participant(AMAL, "Amal", Role.PARTY),
    Participant(BORIS, "Boris", Role.PARTY),
    Participant(MIRA, "Mira", Role.MEDIATOR),
    Participant(LEILA, "Leila", Role.LIAISON),
    Participant(VERA, "Vera", Role.MONITOR),
    Participant(OTTO, "Otto", Role.OBSERVER),
)
START = "2026-11-22T14:30:00Z"
HOUR_MS = 3_600_000
PLACE = {"lat": "36.20000", "lon": "37.10000", "radius_m": 1000, "name": "north bridge", "name_source": "map"}
WINDOW = {"start": "2026-11-23T06:00:00Z", "end": "2026-11-24T06:00:00Z"}
PERSONS = {"n": 20, "unit": "persons", "basis": "ESTIMATED"}
INFORM: dict[str, Any] = {
    "statement": "The bridge is open.",
    "basis": "OWN_OBSERVATION",
    "as_of": START,
    "window": WINDOW,
}
QUESTION: dict[str, Any] = {"question": "Is the bridge open?", "form": "YES_NO"}
NOTIFY: dict[str, Any] = {
    "kind": "ACTIVITY",
    "purpose": "repairs",
    "place": PLACE,
    "window": WINDOW,
    "persons": PERSONS,
    "contact": AMAL,
    "activity": "CONSTRUCTION",
}
ALERT: dict[str, Any] = {
    "danger": "FIRE",
    "place": PLACE,
    "observed": START,
    "asked": "HOLD_FIRE",
    "until": "2026-11-22T18:00:00Z",
    "persons_at_risk": PERSONS,
}


def clause(actor: str = AMAL, modal: str = "MUST", action: str = "open", **more: Any) -> dict[str, Any]:
    return {
        "actor": actor,
        "modal": modal,
        "action": action,
        "object": "the bridge",
        "window": WINDOW,
        **more,
    }


def proposal(*clauses: dict[str, Any], package: str = "ALL_OR_NOTHING", **more: Any) -> dict[str, Any]:
    texts = clauses or (clause(), clause(BORIS, "MUST NOT", "shell"))
    return {"title": "Bridge", "package": package, "required": [AMAL, BORIS], "clauses": [*texts], **more}


class Talks:
    """Drives a `Negotiation`, one entry a second from START on."""

    def __init__(self, roster: Sequence[Participant] = ROSTER, terms: ChannelTerms | None = None) -> None:
        self.negotiation = Negotiation()
        self.now_ms = time_ms(START)
        self.position = -1
        self.log: list[Received | RosterChange | tuple[int, int, str]] = []
        self.entries: list[Received] = []
        self.seat(roster, terms)

    def seat(self, roster: Sequence[Participant], terms: ChannelTerms | None = None) -> None:
        """A commit with this roster and these terms; the terms in force, where none are given."""
        self.position += 1
        change = RosterChange(
            position=self.position,
            relay_time_ms=self.now_ms,
            epoch=1,
            roster=tuple(roster),
            terms=terms if terms is not None else self.negotiation.terms,
        )
        self.log.append(change)
        self.negotiation.handshake(change)

    def at(self, moment: str) -> None:
        """Let relay time pass."""
        self.now_ms = time_ms(moment)

    def tick(self) -> None:
        """An entry that means nothing, at the present time."""
        self.position += 1
        self.log.append((self.position, self.now_ms, "undecryptable"))
        self.negotiation.reject(self.position, self.now_ms, "undecryptable")

    def receive(self, sender: str, body: bytes, *, message_id: bytes | None = None) -> Verdict:
        self.position += 1
        self.now_ms += 1000
        received = Received(
            position=self.position,
            relay_time_ms=self.now_ms,
            epoch=1,
            sender=sender,
            message_id=message_id or self.position.to_bytes(16, "big"),
            body=body,
        )
        before = canonical.encode(self.negotiation.summary())
        judged = self.negotiation.judge(received)
        assert canonical.encode(self.negotiation.summary()) == before
        applied = self.negotiation.apply(received)
        assert applied == judged
        self.entries.append(received)
        self.log.append(received)
        return applied

    def body(
        self, kind: str, sender: str, to: Sequence[str], fields: dict[str, Any], **envelope: Any
    ) -> bytes:
        sent = envelope.pop("sent", format_time(self.now_ms + 1000))
        message = compose(kind, fields, sender=sender, to=to, sent=sent, **{"topic": "bridge", **envelope})
        return encode_body(message)

    def say(
        self, kind: str, sender: str, to: Sequence[str] | str, fields: dict[str, Any], **envelope: Any
    ) -> str:
        """Send what must be accepted; returns its id."""
        readers = [to] if isinstance(to, str) else to
        verdict = self.receive(sender, self.body(kind, sender, readers, fields, **envelope))
        assert verdict.accepted, verdict
        return self.position.to_bytes(16, "big").hex()

    def refuse(
        self,
        reason: str,
        kind: str,
        sender: str,
        to: Sequence[str] | str,
        fields: dict[str, Any],
        **envelope: Any,
    ) -> None:
        """Send what must be rejected for this reason, and change nothing but the list of rejections."""
        readers = [to] if isinstance(to, str) else to
        before = self.negotiation.messages
        verdict = self.receive(sender, self.body(kind, sender, readers, fields, **envelope))
        assert (verdict.accepted, verdict.reason) == (False, reason)
        assert verdict.hint
        assert self.negotiation.messages == before
        assert self.negotiation.rejected[-1].reason == reason

    def answer(self, code: str, sender: str, to: str, target: str, **fields: Any) -> str:
        return self.say("RESPONSE", sender, to, {"target": target, "code": code, **fields})

    def receipt(
        self, level: ReceiptLevel, sender: str, *messages: str, positions: Sequence[int] = ()
    ) -> Verdict:
        sent = format_time(self.now_ms)
        body = compose_receipt(level, sender=sender, sent=sent, messages=messages, positions=positions)
        return self.receive(sender, encode_body(body))

    def message(self, message_id: str) -> FoldedMessage:
        found = self.negotiation.message(message_id)
        assert found is not None
        return found

    def tabled(self, message_id: str) -> TabledProposal:
        found = self.negotiation.proposal(message_id)
        assert found is not None
        return found

    def hashes(self, message_id: str) -> list[str]:
        return [tabled.hash for tabled in self.tabled(message_id).clauses]

    def reply(self, sender: str, to: str, target: str, *answers: dict[str, Any], **more: Any) -> str:
        return self.say("CLAUSE-REPLY", sender, to, {"proposal": target, "replies": [*answers], **more})

    def accept_all(self, sender: str, to: str, target: str, **more: Any) -> str:
        answers = [{"hash": digest, "answer": "ACCEPT"} for digest in self.hashes(target)]
        return self.reply(sender, to, target, *answers, **more)

    def adopt(self, sender: str, to: Sequence[str] | str, target: str, effective: str, **more: Any) -> str:
        digest = self.tabled(target).package_hash()
        fields = {"proposal": target, "package_hash": digest, "mode": "FINAL", "effective": effective, **more}
        return self.say("ADOPT", sender, to, fields)

    def in_force(self, target: str) -> None:
        """Both parties adopt a proposal as FINAL, effective with the second one's word."""
        effective = format_time(self.now_ms + 2000)
        self.adopt(BORIS, AMAL, target, effective)
        self.adopt(AMAL, BORIS, target, effective)

    def adopted(self, *clauses: dict[str, Any]) -> tuple[Commitment, ...]:
        """A proposal of Amal's that both parties put in force; returns the commitments."""
        target = self.say("PROPOSAL", AMAL, BORIS, proposal(*clauses), valid_until="2026-11-25T12:00:00Z")
        self.accept_all(BORIS, AMAL, target)
        self.in_force(target)
        return self.negotiation.board().commitments

    def event(self, sender: str, to: Sequence[str] | str, commitment: str, event: str, **more: Any) -> str:
        fields = {"commitment": commitment, "event": event, "at": format_time(self.now_ms), **more}
        return self.say("COMMIT-EVENT", sender, to, fields)

    def commitment(self, commitment: str) -> Commitment:
        found = self.negotiation.commitment(commitment)
        assert found is not None
        return found
