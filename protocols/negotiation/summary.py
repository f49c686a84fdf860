"""The whole state as plain values: what a replay prints, and what its digest is taken over.

Everything that the fold knows is in it, in the log's order or sorted, so that two equal digests are two equal
states.
"""

import hashlib
from collections.abc import Iterable, Mapping

from protocols.canonical import Value
from protocols.messages.envelope import MessageType
from protocols.negotiation.acknowledgement import summary as lowest
from protocols.negotiation.commitment import Commitment
from protocols.negotiation.notifications import NotificationInForce
from protocols.negotiation.proposal import TabledProposal
from protocols.negotiation.record import FoldedMessage
from protocols.negotiation.roster import Participant, Roster
from protocols.negotiation.state import State
from protocols.negotiation.terms import ChannelTerms
from protocols.negotiation.timers import Overdue
from protocols.negotiation.view import OpenDialogue, RejectedEntry


def summary(
    state: State,
    *,
    position: int,
    open_dialogues: Iterable[OpenDialogue],
    overdue: Iterable[Overdue],
    notifications: Iterable[NotificationInForce],
    rejected: Iterable[RejectedEntry],
    unreadable: Mapping[int, Iterable[str]],
) -> dict[str, Value]:
    """Return the whole state as plain values; `Negotiation.digest` hashes their encoding."""
    dialogues = list(open_dialogues)
    return {
        "v": 1,
        "position": position,
        "relay_time_ms": state.now_ms,
        "mode": state.mode,
        "roster": _roster(state.roster),
        "terms": _terms(state.terms),
        "messages": [_message(message) for message in state.messages.values()],
        "open_questions": [_dialogue(d) for d in dialogues if d.message.type is MessageType.QUESTION],
        "open_dialogues": [_dialogue(d) for d in dialogues],
        "overdue": [
            {
                "message": late.message,
                "addressee": late.addressee,
                "level": late.level,
                "due_ms": late.due_ms,
                "step": late.step,
            }
            for late in overdue
        ],
        "escalations": [
            {"message": message, "steps": [step.summary() for step in steps]}
            for message, steps in state.escalations.items()
        ],
        "proposals": [_proposal(proposal, state.now_ms) for proposal in state.proposals.values()],
        "commitments": [_commitment(commitment) for commitment in state.commitments.values()],
        "notifications": [notification.summary() for notification in notifications],
        "incidents": [incident.summary() for incident in state.incidents.values()],
        "persons": [persons.summary() for persons in state.persons.values()],
        "meetings": [meeting.summary() for meeting in state.meetings.values()],
        "agreed": state.agreed.summary(),
        "suspended": [*sorted(state.suspended)],
        "mandates_revoked": [*sorted(state.mandates_revoked)],
        "rejected": [
            {"position": entry.position, "relay_time_ms": entry.relay_time_ms, "reason": entry.reason}
            for entry in rejected
        ],
        "unreadable": [
            {"position": where, "readers": [*sorted(readers)]}
            for where, readers in sorted(unreadable.items())
        ],
    }


def _roster(roster: Roster) -> Value:
    def line(one: Participant) -> Value:
        return {
            "id": one.id,
            "name": one.name,
            "role": one.role.value,
            "principal": one.principal,
            "principal_name": one.principal_name,
            "mandates": [*sorted(held.id for held in roster.mandates(one.id))],
        }

    return [line(one) for one in sorted(roster.participants, key=lambda one: one.id)]


def _terms(terms: ChannelTerms) -> Value:
    return {
        "timers": {
            f"{precedence} L{level}": seconds for (precedence, level), seconds in terms.timers.items()
        },
        "languages": [*terms.languages],
        "glossary_version": terms.glossary_version,
        "glossary": [
            {"term": term.term, "version": term.version, "source": term.source} for term in terms.glossary
        ],
        "seats_agreed": terms.seats_agreed,
        "displayed": terms.displayed,
        "adopted": [
            {"proposal": text.proposal, "package_hash": text.package_hash, "effective": text.effective}
            for text in terms.adopted
        ],
    }


def _message(message: FoldedMessage) -> Value:
    acknowledgements = message.acknowledgements
    return {
        "id": message.id,
        "position": message.position,
        "type": message.type.value,
        "from": message.sender,
        # What was said is in the log; its hash makes two equal digests two equal conversations.
        "body": hashlib.sha256(message.body).hexdigest(),
        "acknowledged": lowest(acknowledgements[reader] for reader in message.to),
        "acknowledgements": {reader: reached.label for reader, reached in acknowledgements.items()},
        "answers": {
            addressee: {
                "state": answer.state.value,
                "answer": answer.answer,
                "by_ms": answer.by_ms,
                "message": answer.message,
            }
            for addressee, answer in message.answers.items()
        },
        "corrected_by": [*message.corrected_by],
        "cancelled": message.cancelled,
        "beyond_mandate": message.beyond_mandate,
    }


def _dialogue(dialogue: OpenDialogue) -> Value:
    return {
        "message": dialogue.message.id,
        "type": dialogue.message.type.value,
        "topic": dialogue.message.envelope.topic,
        "from": dialogue.message.sender,
        "addressee": dialogue.addressee,
        "state": dialogue.state.value,
        "answer": dialogue.answer,
        "due_ms": dialogue.due_ms,
    }


def _proposal(proposal: TabledProposal, now_ms: int) -> Value:
    return {
        "id": proposal.id,
        "title": proposal.content.title,
        "proposer": proposal.proposer,
        "required": [*proposal.content.required],
        "package": proposal.content.package,
        "status": proposal.status(now_ms).value,
        "valid_until_ms": proposal.valid_until_ms,
        "package_hash": proposal.package_hash(),
        "adoptions": {digest: dict(modes) for digest, modes in proposal.adoptions.items()},
        "effective": dict(proposal.effective),
        "named": {digest: [*sorted(named)] for digest, named in proposal.named.items()},
        "witnesses": {digest: dict(modes) for digest, modes in proposal.witnesses.items()},
        "clauses": [
            {
                "no": tabled.clause.no,
                "version": tabled.clause.version,
                "hash": tabled.hash,
                "status": proposal.clause_status(tabled).value,
                "accepted": dict(tabled.accepted),
                "rejected": [*sorted(tabled.rejected)],
                "reserved": [*sorted(tabled.reserved)],
                "superseded": [*tabled.superseded],
            }
            for tabled in proposal.clauses
        ],
        "adopted": [clause.no for clause in proposal.adopted],
    }


def _commitment(commitment: Commitment) -> Value:
    return {
        "id": commitment.id,
        "source": commitment.source,
        "debtor": commitment.debtor,
        "creditors": [*commitment.creditors],
        "version": commitment.version,
        "delegate": commitment.delegate,
        "verifier": commitment.verifier,
        "suspension": commitment.suspension,
        "text": commitment.text,
        "antecedent": commitment.antecedent,
        "conditional_until_ms": commitment.conditional_until_ms,
        "detach_at_ms": commitment.detach_at_ms,
        "start_ms": commitment.start_ms,
        "end_ms": commitment.end_ms,
        "maintenance": commitment.maintenance,
        "notice_ms": commitment.notice_ms,
        "withdraw_at_ms": commitment.withdraw_at_ms,
        "state": commitment.state.value,
        "undisputed": commitment.undisputed,
        "claim": commitment.claim,
        "confirmed": [*sorted(commitment.confirmed)],
        "released": [*sorted(commitment.released)],
        "findings": [*commitment.findings],
        "pending": [
            {"message": change.message, "event": change.event.event, "needed": [*sorted(change.needed)]}
            for change in commitment.pending
        ],
        "history": [[since, state.value] for since, state in commitment.history],
    }
