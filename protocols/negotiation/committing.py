"""Duties taken on and moved: COMMIT, COMMIT-EVENT, WILCO to REQUEST and ALERT, FINDING on a commitment."""

from typing import Final, assert_never

from protocols.messages.alert import Alert
from protocols.messages.commitments import EVENTS_NEEDING_AFFIRM, Commit, CommitEvent
from protocols.messages.findings import Finding
from protocols.messages.requests import Request
from protocols.messages.roles import Role
from protocols.messages.rules import violation
from protocols.negotiation.commitment import Commitment, CommitmentState
from protocols.negotiation.commitment_events import answer_change, apply_event, must_affirm
from protocols.negotiation.commitment_findings import apply_finding
from protocols.negotiation.commitment_sources import from_alert, from_commit, from_request
from protocols.negotiation.incidents import judge_incident_finding
from protocols.negotiation.judging import Judgement
from protocols.negotiation.record import FoldedMessage

OVERTAKEN: Final = "OVERTAKEN"
"""What closes a change that was asked for and cannot be made any more."""


def judge_request(judgement: Judgement, content: Request) -> None:
    """Take in a REQUEST; nothing is owed before its actor says WILCO.

    Raises:
        RuleViolation: REQUEST-4. The sender's fault.
    """
    if judgement.state.roster.role(content.actor) in (None, Role.OBSERVER):
        raise violation("REQUEST-4", "actor")


def undertake(judgement: Judgement, target: FoldedMessage, asked: Alert | Request) -> None:
    """Create what a WILCO promises: exactly the one act that was asked, corrections included."""
    debtor, creditor = judgement.sender, target.sender
    match asked:
        case Alert():
            judgement.keep(from_alert(target.id, debtor, creditor, asked, judgement.now_ms))
        case Request():
            judgement.keep(from_request(target.id, debtor, creditor, asked, judgement.now_ms))
        case _:
            assert_never(asked)


def judge_commit(judgement: Judgement, content: Commit) -> None:
    """Take in a COMMIT: nobody has to agree to what somebody undertakes alone.

    Raises:
        RuleViolation: COMMIT-1, COMMIT-4 or COMMIT-8. The sender's fault.
    """
    roster = judgement.state.roster
    if content.debtor not in roster or not roster.same_side(judgement.sender, content.debtor):
        raise violation("COMMIT-1", "debtor")
    if not all(creditor in roster for creditor in content.creditors):
        raise violation("COMMIT-4", "creditors", "needs creditors on the roster")
    for name, named in (
        ("consequent.verifier", content.consequent.verifier),
        ("witness", content.witness),
        ("custodian", content.custodian),
    ):
        if named is not None and named not in roster:
            raise violation("COMMIT-8", name)
    judgement.keep(from_commit(judgement.id, judgement.sender, content, judgement.now_ms))


def judge_commit_event(judgement: Judgement, content: CommitEvent) -> None:
    """Take in a COMMIT-EVENT.

    Raises:
        RuleViolation: a rule of COMMIT-EVENT. The sender's fault, as the next.
        Refusal: there is no such commitment.
    """
    state = judgement.state
    before = judgement.commitment(content.commitment)
    after = apply_event(before, judgement.sender, judgement.id, content, judgement.now_ms)
    if content.new_party is not None and state.roster.role(content.new_party) is not Role.PARTY:
        raise violation("COMMIT-EVENT-9", "new_party")
    needed = must_affirm(before, judgement.sender, content)
    at_once = content.event in EVENTS_NEEDING_AFFIRM and not needed
    if content.event == "CLAIM":
        needed = judgement.present(before.creditors)
    elsewhere = judgement.present(before.concerned) - judgement.told
    if elsewhere or not needed <= set(judgement.envelope.to):
        raise violation("COMMIT-EVENT-8", "to")
    judgement.keep(after)
    if at_once:  # the clause lets its sender do it alone: nobody's AFFIRM is wanted
        judgement.close(judgement.id, content.event)
    if content.event == "CONFIRM" and before.claim is not None and after.state is CommitmentState.CLAIMED:
        judgement.close(before.claim, content.event, only=judgement.sender)
    close_overtaken(judgement, before, after, content.event)


def answer_event(judgement: Judgement, target: FoldedMessage, event: CommitEvent, *, affirmed: bool) -> None:
    """Take in an AFFIRM or NEGATIVE to a change of a commitment."""
    before = judgement.commitment(event.commitment)
    after = answer_change(before, target.id, judgement.sender, affirmed, judgement.now_ms)
    judgement.keep(after)
    close_overtaken(judgement, before, after, "AFFIRM" if affirmed else "NEGATIVE", answered=target.id)


def judge_finding(judgement: Judgement, content: Finding) -> None:
    """Take in a FINDING of a commitment's verifier, or of a monitor on an incident.

    Raises:
        RuleViolation: a rule of FINDING. The sender's fault, as the next.
        Refusal: there is no such subject.
    """
    if content.kind == "INCIDENT":
        judge_incident_finding(judgement, content)
        return
    before = judgement.commitment(content.subject)
    after = apply_finding(before, judgement.sender, judgement.id, content, judgement.now_ms)
    owing = [one for one in (before.debtor, before.delegate) if one is not None]
    if any(judgement.state.roster.same_side(judgement.sender, one) for one in owing):
        raise violation("FINDING-8", None)
    if not judgement.present(before.concerned) <= judgement.told:
        raise violation("FINDING-6", "to")
    judgement.keep(after)
    close_overtaken(judgement, before, after, judgement.message.type.value)


def close_overtaken(
    judgement: Judgement, before: Commitment, after: Commitment, answer: str, *, answered: str | None = None
) -> None:
    """Close what asked for an answer that can no longer change anything.

    Args:
        judgement: of the message that moved the commitment.
        before: the commitment before it.
        after: the commitment after it.
        answer: what moved it: an event, a code, FINDING.
        answered: id of the COMMIT-EVENT that it answers; None where it answers none.
    """
    claimed = before.state is CommitmentState.CLAIMED and after.state is not CommitmentState.CLAIMED
    if claimed and before.claim is not None:
        judgement.close(before.claim, answer)
    waiting = {change.message for change in after.pending}
    for change in before.pending:
        if change.message not in waiting:
            judgement.close(change.message, answer if change.message == answered else OVERTAKEN)
