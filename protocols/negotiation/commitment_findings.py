"""What a FINDING of the named verifier does to a commitment (MESSAGES.md section 4)."""

from dataclasses import replace
from typing import Final

from protocols.messages.findings import Finding, FindingResult
from protocols.messages.rules import violation
from protocols.messages.values import time_ms
from protocols.negotiation.commitment import Commitment, CommitmentState, enter, settle
from protocols.negotiation.commitment_events import SKEW_MS

_S: Final = CommitmentState
FOUND_IN: Final = frozenset({_S.ACTIVE, _S.OVERDUE, _S.CLAIMED, _S.DISPUTED})
_LEADS_TO: Final[dict[FindingResult, CommitmentState]] = {
    "MET": _S.DISCHARGED,
    "NOT_MET": _S.VIOLATED,
    "PARTLY": _S.DISPUTED,
    "UNDETERMINED": _S.DISPUTED,
}


def apply_finding(
    commitment: Commitment, actor: str, message: str, finding: Finding, now_ms: int
) -> Commitment:
    """Take in a FINDING on a commitment.

    Args:
        commitment: its subject, as it stood after the last entry.
        actor: participant id of the sender.
        message: id of the FINDING, 32 hexadecimal digits.
        finding: which keeps the rules that need no commitment.
        now_ms: the relay time of its entry.

    Returns:
        The next commitment; where no verifier was named, nothing but DISPUTED is ever reached.

    Raises:
        RuleViolation: a rule of FINDING; nothing changes. The sender's fault.
    """
    commitment = settle(commitment, now_ms)
    if actor != commitment.verifier:
        raise violation("FINDING-4", None)
    if actor in (commitment.debtor, commitment.delegate):
        raise violation("FINDING-8", None)
    state = _LEADS_TO.get(finding.result)
    if finding.kind != "COMMITMENT" or state is None:
        raise violation("FINDING-1", "kind", "needs COMMITMENT: its subject is one")
    if commitment.state not in FOUND_IN:
        raise violation("FINDING-5", "subject", f"the commitment is {commitment.state}")
    # `as_of` has whole seconds, so it may name the very second of the creation.
    if not commitment.created_ms // 1000 * 1000 <= time_ms(finding.as_of) <= now_ms + SKEW_MS:
        raise violation("FINDING-7", "as_of")
    found = replace(commitment, findings=(*commitment.findings, message))
    return found if state is found.state else enter(found, state, now_ms)
