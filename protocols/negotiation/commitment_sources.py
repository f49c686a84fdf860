"""What creates a commitment: the debtor's own COMMIT, WILCO or ADOPT (MESSAGES.md section 4)."""

from typing import Final

from protocols.messages.alert import Alert
from protocols.messages.commitments import Commit
from protocols.messages.proposals import Clause
from protocols.messages.requests import Request
from protocols.messages.values import time_ms
from protocols.negotiation.commitment import HOUR_MS, Commitment, CommitmentState, commitment_id, settle
from protocols.negotiation.proposal import TabledProposal

NOTICE_MS: Final = 24 * HOUR_MS
"""The notice of a WITHDRAW where the clause gives none, and for what a REQUEST asked."""


def from_clause(proposal: TabledProposal, clause: Clause, now_ms: int) -> Commitment:
    """Return the commitment of an adopted MUST or MUST NOT; before the text is effective it is CONDITIONAL.

    Args:
        proposal: which is ADOPTED.
        clause: one of its adopted clauses; a MAY creates no commitment.
        now_ms: the relay time of the last ADOPT's entry.

    Raises:
        ValueError: the proposal is not adopted, or the clause is a MAY; a bug in the caller.
    """
    digest = proposal.package_hash()
    if digest is None or clause not in proposal.adopted or clause.modal == "MAY":
        raise ValueError("only an adopted MUST or MUST NOT creates a commitment")
    effective_ms = time_ms(proposal.effective[digest])
    later = effective_ms > now_ms
    return Commitment(
        id=commitment_id(proposal.id, clause.no, clause.version),
        source=proposal.id,
        debtor=clause.actor,
        creditors=tuple(sorted(set(proposal.content.required) - {clause.actor})),
        text=duty(clause),
        start_ms=time_ms(clause.window.start),
        end_ms=time_ms(clause.window.end),
        maintenance=clause.modal == "MUST NOT" or clause.throughout,
        created_ms=now_ms,
        history=((now_ms, CommitmentState.CONDITIONAL if later else CommitmentState.ACTIVE),),
        notice_ms=NOTICE_MS if clause.notice_hours is None else clause.notice_hours * HOUR_MS,
        verifier=clause.verifier,
        suspension=clause.suspension,
        detach_at_ms=effective_ms if later else None,
    )


def from_commit(message_id: str, sender: str, content: Commit, now_ms: int) -> Commitment:
    """Return the commitment of a COMMIT: CONDITIONAL where it has an antecedent or a time to begin.

    Args:
        message_id: of the COMMIT, 32 hexadecimal digits.
        sender: participant id of who sent it, for itself or for another seat of its principal.
        content: which keeps the rules of COMMIT.
        now_ms: the relay time of its entry.
    """
    clause, antecedent = content.consequent, content.antecedent
    conditional = antecedent is not None or content.detach_at is not None
    created = Commitment(
        id=commitment_id(message_id, sender),
        source=message_id,
        debtor=content.debtor,
        creditors=content.creditors,
        text=duty(clause),
        start_ms=time_ms(clause.window.start),
        end_ms=time_ms(clause.window.end),
        maintenance=clause.modal == "MUST NOT" or clause.throughout,
        created_ms=now_ms,
        history=((now_ms, CommitmentState.CONDITIONAL if conditional else CommitmentState.ACTIVE),),
        notice_ms=content.notice_hours * HOUR_MS,
        verifier=clause.verifier,
        suspension=clause.suspension,
        antecedent=None if antecedent is None else duty(antecedent),
        conditional_until_ms=None if antecedent is None else time_ms(antecedent.window.end),
        detach_at_ms=None if content.detach_at is None else time_ms(content.detach_at),
    )
    return settle(created, now_ms)


def from_request(target_id: str, debtor: str, creditor: str, content: Request, now_ms: int) -> Commitment:
    """Return the commitment of whoever answers a REQUEST with WILCO: the one act, by the deadline.

    Args:
        target_id: of the REQUEST, 32 hexadecimal digits.
        debtor: participant id of who said WILCO.
        creditor: participant id of who asked.
        content: as it was asked, corrections included.
        now_ms: the relay time of the WILCO's entry.
    """
    where = f" at {content.place.name}" if content.place is not None else ""
    return Commitment(
        id=commitment_id(target_id, debtor),
        source=target_id,
        debtor=debtor,
        creditors=(creditor,),
        text=f"MUST {content.action}{where}",
        start_ms=now_ms,
        end_ms=time_ms(content.deadline),
        maintenance=False,
        created_ms=now_ms,
        history=((now_ms, CommitmentState.ACTIVE),),
        notice_ms=NOTICE_MS,
    )


def from_alert(target_id: str, debtor: str, creditor: str, content: Alert, now_ms: int) -> Commitment:
    """Return the commitment of whoever answers an ALERT with WILCO: the one action, until its time.

    Args:
        target_id: of the ALERT, 32 hexadecimal digits.
        debtor: participant id of who said WILCO.
        creditor: participant id of who raised the alert.
        content: as it was raised, corrections included.
        now_ms: the relay time of the WILCO's entry.
    """
    return Commitment(
        id=commitment_id(target_id, debtor),
        source=target_id,
        debtor=debtor,
        creditors=(creditor,),
        text=f"MUST {content.asked} at {content.place.name}",
        start_ms=now_ms,
        end_ms=time_ms(content.until),
        # Holding fire, halting and letting pass last until then; contacting a unit is done once.
        maintenance=content.asked != "CONTACT_UNIT",
        created_ms=now_ms,
        history=((now_ms, CommitmentState.ACTIVE),),
    )


def duty(clause: Clause) -> str:
    """Return a clause in one line, without who and when: modal, action, object."""
    return f"{clause.modal} {clause.action} {clause.object}"
