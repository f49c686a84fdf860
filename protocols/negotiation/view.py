"""What people and programs read out of a negotiation: dialogues, board, and the digested summary."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from protocols.canonical import Value
from protocols.messages.envelope import MessageType
from protocols.negotiation.acknowledgement import summary as lowest
from protocols.negotiation.commitment import Commitment
from protocols.negotiation.proposal import TabledProposal
from protocols.negotiation.record import FoldedMessage, ResponseState
from protocols.negotiation.roster import Participant


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDialogue:
    """One answer that is still wanted.

    Attributes:
        message: the message that wants it.
        addressee: from whom.
        state: OPEN or STANDBY.
        answer: what they said last without closing it, such as NOT-UNDERSTOOD; None where nothing.
        due_ms: by when, in relay time; None where there is no timer.
    """

    message: FoldedMessage
    addressee: str
    state: ResponseState
    answer: str | None
    due_ms: int | None


@dataclass(frozen=True, slots=True)
class Board:
    """What is on the table: `parley board`.

    Attributes:
        open_questions: questions that somebody has not answered.
        proposals: all of them, in log order.
        commitments: all of them, in the order they were created.
    """

    open_questions: tuple[OpenDialogue, ...]
    proposals: tuple[TabledProposal, ...]
    commitments: tuple[Commitment, ...]


@dataclass(frozen=True, slots=True)
class RejectedEntry:
    """An entry that counts for nothing, and by which fixed reason."""

    position: int
    relay_time_ms: int
    reason: str


def summary(
    *,
    position: int,
    now_ms: int,
    roster: Iterable[Participant],
    messages: Mapping[str, FoldedMessage],
    proposals: Iterable[TabledProposal],
    commitments: Iterable[Commitment],
    open_dialogues: Iterable[OpenDialogue],
    rejected: Iterable[RejectedEntry],
    unreadable: Mapping[int, Iterable[str]],
) -> dict[str, Value]:
    """Return the whole state as plain values; `Negotiation.digest` hashes its encoding."""
    dialogues = list(open_dialogues)
    return {
        "v": 1,
        "position": position,
        "relay_time_ms": now_ms,
        "roster": [
            {"id": p.id, "name": p.name, "role": p.role.value} for p in sorted(roster, key=lambda p: p.id)
        ],
        "messages": [_message(message) for message in messages.values()],
        "open_questions": [_dialogue(d) for d in dialogues if d.message.type is MessageType.QUESTION],
        "open_dialogues": [_dialogue(d) for d in dialogues],
        "proposals": [_proposal(proposal, now_ms) for proposal in proposals],
        "commitments": [_commitment(commitment) for commitment in commitments],
        "rejected": [
            {"position": entry.position, "relay_time_ms": entry.relay_time_ms, "reason": entry.reason}
            for entry in rejected
        ],
        "unreadable": [
            {"position": position, "readers": [*sorted(readers)]}
            for position, readers in sorted(unreadable.items())
        ],
    }


def _message(message: FoldedMessage) -> Value:
    to = [message.acknowledgements[reader] for reader in message.to]
    return {
        "id": message.id,
        "position": message.position,
        "type": message.type.value,
        "from": message.sender,
        "acknowledged": lowest(to),
        "acknowledgements": {
            reader: acknowledgement.label for reader, acknowledgement in message.acknowledgements.items()
        },
        "answers": {
            addressee: {"state": answer.state.value, "answer": answer.answer, "message": answer.message}
            for addressee, answer in message.answers.items()
        },
        "corrected_by": [*message.corrected_by],
        "cancelled": message.cancelled,
    }


def _dialogue(dialogue: OpenDialogue) -> Value:
    return {
        "message": dialogue.message.id,
        "type": dialogue.message.type.value,
        "topic": dialogue.message.message.envelope.topic,
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
        "finals": {digest: [*sorted(parties)] for digest, parties in proposal.finals.items()},
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
    }


def _commitment(commitment: Commitment) -> Value:
    pending = commitment.pending
    return {
        "id": commitment.id,
        "source": commitment.source,
        "debtor": commitment.debtor,
        "creditors": [*commitment.creditors],
        "delegate": commitment.delegate,
        "text": commitment.text,
        "start_ms": commitment.start_ms,
        "end_ms": commitment.end_ms,
        "maintenance": commitment.maintenance,
        "state": commitment.state.value,
        "claim": commitment.claim,
        "confirmed": [*sorted(commitment.confirmed)],
        "released": [*sorted(commitment.released)],
        "pending": None
        if pending is None
        else {"message": pending.message, "event": pending.event.event, "needed": [*sorted(pending.needed)]},
        "history": [[since, state.value] for since, state in commitment.history],
    }
