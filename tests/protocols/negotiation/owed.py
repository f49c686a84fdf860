"""Commitments, events and findings as tests want them; time is counted in whole hours from START on."""

from typing import Any

from protocols.messages.commitments import CommitEvent, EventName
from protocols.messages.findings import Finding, FindingResult
from protocols.messages.proposals import Clause
from protocols.messages.values import Window, format_time, time_ms
from protocols.negotiation.commitment import HOUR_MS, Commitment, CommitmentState

START = time_ms("2026-11-22T14:00:00Z")
DEBTOR, CREDITOR, OTHER, DELEGATE, VERIFIER, STRANGER, NEW = (digit * 32 for digit in "abcdef9")
NAMES = {
    "debtor": DEBTOR,
    "creditor": CREDITOR,
    "other creditor": OTHER,
    "delegate": DELEGATE,
    "verifier": VERIFIER,
    "stranger": STRANGER,
}
ID, SOURCE, MESSAGE = "4" * 32, "1" * 32, "7" * 32
END_H, ANTECEDENT_H, NOTICE_H = 100, 50, 24


def at(hour: float) -> int:
    """Relay time in milliseconds."""
    return START + round(hour * HOUR_MS)


def when(hour: float) -> str:
    return format_time(at(hour))


def commitment(state: CommitmentState = CommitmentState.ACTIVE, **more: Any) -> Commitment:
    """A duty of Debtor's to two creditors, made at hour 0, due at hour END_H."""
    values: dict[str, Any] = {
        "id": ID,
        "source": SOURCE,
        "debtor": DEBTOR,
        "creditors": (CREDITOR, OTHER),
        "text": "MUST open the bridge",
        "start_ms": at(0),
        "end_ms": at(END_H),
        "maintenance": False,
        "created_ms": at(0),
        "verifier": VERIFIER,
        "delegate": DELEGATE,
        "notice_ms": NOTICE_H * HOUR_MS,
        "history": ((at(0), state),),
    }
    if state is CommitmentState.CONDITIONAL and "detach_at_ms" not in more:
        values["conditional_until_ms"] = at(ANTECEDENT_H)
    return Commitment(**{**values, **more})


def event(name: EventName, hour: float = 1, **more: Any) -> CommitEvent:
    values: dict[str, Any] = {
        "commitment": ID,
        "event": name,
        "at": when(hour),
        "evidence": ("5" * 64,) if name == "CLAIM" else (),
        "reason": "because" if name in ("WITHDRAW", "DISPUTE", "DELAY") else None,
        "new_party": NEW if name in ("ASSIGN", "DELEGATE") else None,
        "new_time": when(2 * END_H) if name == "DELAY" else None,
    }
    return CommitEvent(**{**values, **more})


def finding(result: FindingResult, hour: float = 1, **more: Any) -> Finding:
    values: dict[str, Any] = {
        "subject": ID,
        "kind": "COMMITMENT",
        "result": result,
        "method": ("visit",),
        "access_limits": "none",
        "as_of": when(hour),
        "grade": "B2",
    }
    return Finding(**{**values, **more})


def clause(actor: str = DEBTOR, modal: str = "MUST", **more: Any) -> Clause:
    values: dict[str, Any] = {
        "no": 1,
        "version": 1,
        "actor": actor,
        "modal": modal,
        "action": "open",
        "object": "the bridge",
        "window": Window(start=when(2), end=when(END_H)),
    }
    return Clause(**{**values, **more})
