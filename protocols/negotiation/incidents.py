"""What happened, what the other side says, and what a monitor found (MESSAGES.md section 2, rows 18, 20, 21).

An allegation is not a finding: the record keeps who said what apart, and puts nobody's word in the place of
another's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from protocols.canonical import Value
from protocols.messages.envelope import MessageType
from protocols.messages.findings import Finding
from protocols.messages.incidents import Explanation, Incident
from protocols.messages.roles import Role
from protocols.messages.rules import violation
from protocols.messages.values import given, time_ms
from protocols.negotiation.dialogue import check_corrections_seen
from protocols.negotiation.judging import Judgement
from protocols.negotiation.record import AnswerState, ResponseState
from protocols.negotiation.roster import Reason, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationRecord:
    """The last word of a party that was asked to explain.

    Attributes:
        message: id of the EXPLANATION, 32 hexadecimal digits.
        position: ACKNOWLEDGE, PARTLY, DENY or INVESTIGATING.
        next_update_ms: while INVESTIGATING, when more will be said.
    """

    message: str
    position: str
    next_update_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRecord:
    """What a monitor found.

    Attributes:
        message: id of the FINDING.
        finder: participant id.
        result: CONFIRMED, NOT_CONFIRMED or UNDETERMINED.
        attribution: an actor in words, or NOT_ATTRIBUTED.
    """

    message: str
    finder: str
    result: str
    attribution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRecord:
    """An incident and all that was validly said of it.

    Attributes:
        id: of the INCIDENT, 32 hexadecimal digits.
        author: who reported it.
        asked: EXPLAIN, INVESTIGATE or NONE.
        notification: id of the NOTIFY whose site or movement was hit; None where none is cited.
        explanations: by party, its last one.
        findings: oldest first.
    """

    id: str
    author: str
    asked: str
    notification: str | None
    explanations: Mapping[str, ExplanationRecord] = field(default_factory=lambda: MappingProxyType({}))
    findings: tuple[FindingRecord, ...] = ()

    def summary(self) -> Value:
        """Return the record as plain values, for the digest."""
        return {
            "id": self.id,
            "author": self.author,
            "asked": self.asked,
            "notification": self.notification,
            "explanations": {
                party: {"message": said.message, "position": said.position, "next_ms": said.next_update_ms}
                for party, said in self.explanations.items()
            },
            "findings": [
                {
                    "message": found.message,
                    "finder": found.finder,
                    "result": found.result,
                    "attribution": found.attribution,
                }
                for found in self.findings
            ],
        }


def judge_incident(judgement: Judgement, content: Incident) -> None:
    """Take in an INCIDENT.

    Raises:
        RuleViolation: INCIDENT-4 or INCIDENT-5. The sender's fault.
    """
    state = judgement.state
    if content.notification is not None:
        notified = state.messages.get(content.notification)
        if notified is None or notified.type is not MessageType.NOTIFY:
            raise violation("INCIDENT-4", "notification")
    if content.asked == "EXPLAIN" and any(
        state.roster.role(addressee) is not Role.PARTY for addressee in judgement.envelope.to
    ):
        raise violation("INCIDENT-5", "to", "needs the party concerned, and only parties; others as info")
    judgement.changes.incidents[judgement.id] = IncidentRecord(
        id=judgement.id, author=judgement.sender, asked=content.asked, notification=content.notification
    )


def judge_explanation(judgement: Judgement, content: Explanation) -> None:
    """Take in an EXPLANATION; INVESTIGATING leaves the matter open until the time it names.

    Raises:
        RuleViolation: EXPLANATION-2, EXPLANATION-3 or CORRECTION-12. The sender's fault, as below.
        Refusal: there is no such incident.
    """
    record = _incident(judgement, content.incident)
    incident = judgement.state.messages[content.incident]
    if record.asked != "EXPLAIN" or judgement.sender not in incident.to or incident.cancelled:
        raise violation("EXPLANATION-2", "incident")
    if record.author in judgement.state.roster and record.author not in judgement.envelope.to:
        raise violation("EXPLANATION-3", "to")
    check_corrections_seen(judgement.state, incident, judgement.sender)
    waiting = content.position == "INVESTIGATING"
    update_ms = time_ms(given(content.next_update)) if waiting else None
    said = ExplanationRecord(message=judgement.id, position=content.position, next_update_ms=update_ms)
    explanations = MappingProxyType({**record.explanations, judgement.sender: said})
    judgement.changes.incidents[record.id] = replace(record, explanations=explanations)
    before = incident.answers[judgement.sender]
    if before.state is ResponseState.CLOSED:
        return
    after = AnswerState(
        state=ResponseState.STANDBY if waiting else ResponseState.CLOSED,
        answer=MessageType.EXPLANATION.value,
        by_ms=update_ms,
        standbys=before.standbys,
        message=judgement.id,
    )
    judgement.put(incident.answered(judgement.sender, after))


def judge_incident_finding(judgement: Judgement, content: Finding) -> None:
    """Take in a FINDING about an incident.

    Raises:
        RuleViolation: FINDING-4, FINDING-5 or FINDING-6. The sender's fault, as below.
        Refusal: there is no such incident.
    """
    record = _incident(judgement, content.subject)
    incident = judgement.state.messages[content.subject]
    if judgement.role is not Role.MONITOR:
        raise violation("FINDING-4", "subject", "an incident is found on by a monitor")
    if incident.cancelled:
        raise violation("FINDING-5", "subject", "the incident was taken back")
    if not judgement.present({record.author, *incident.to}) <= judgement.told:
        raise violation("FINDING-6", "to")
    found = FindingRecord(
        message=judgement.id,
        finder=judgement.sender,
        result=content.result,
        attribution=content.attribution,
    )
    judgement.changes.incidents[record.id] = replace(record, findings=(*record.findings, found))


def _incident(judgement: Judgement, incident: str) -> IncidentRecord:
    record = judgement.changes.incidents.get(incident) or judgement.state.incidents.get(incident)
    if record is None:
        raise Refusal(Reason.UNKNOWN_TARGET, "needs an incident that is in the log")
    return record
