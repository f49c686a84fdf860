"""Commitments: who owes what to whom, and where it stands (MESSAGES.md section 4).

A commitment is a value. What creates one is in `commitment_sources`, what people do to it in
`commitment_events`, what a verifier finds in `commitment_findings`. `settle` is what the passing of relay
time does to it, which is never VIOLATED: software makes no accusation.
"""

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Literal

from protocols import canonical
from protocols.messages.commitments import CommitEvent, EventName

HOUR_MS: Final = 3_600_000
DISPUTE_MS: Final = 7 * 24 * HOUR_MS
"""How long the debtor may dispute a finding that the commitment was violated."""

Suspension = Literal["DEBTOR", "CREDITOR", "EITHER"]
"""Who may suspend and resume alone, where the clause allows it."""


class CommitmentState(StrEnum):
    """Where a commitment stands. Only a FINDING of its named verifier makes it VIOLATED."""

    CONDITIONAL = "CONDITIONAL"
    ACTIVE = "ACTIVE"
    OVERDUE = "OVERDUE"
    CLAIMED = "CLAIMED"
    DISPUTED = "DISPUTED"
    SUSPENDED = "SUSPENDED"
    VIOLATED = "VIOLATED"
    DISCHARGED = "DISCHARGED"
    ENDED = "ENDED"
    EXPIRED = "EXPIRED"
    RELEASED = "RELEASED"
    WITHDRAWN = "WITHDRAWN"


_S: Final = CommitmentState
TERMINAL: Final = frozenset({_S.DISCHARGED, _S.ENDED, _S.EXPIRED, _S.RELEASED, _S.WITHDRAWN})
"""The states that nothing leaves; VIOLATED becomes one after `DISPUTE_MS` (`Commitment.terminal`)."""
OPEN: Final = frozenset(CommitmentState) - TERMINAL

ALLOWED_FROM: Final[dict[EventName, frozenset[CommitmentState]]] = {
    "DETACH": frozenset({_S.CONDITIONAL}),
    "CLAIM": frozenset({_S.ACTIVE, _S.OVERDUE}),
    "CONFIRM": frozenset({_S.CLAIMED}),
    "DISPUTE": frozenset({_S.CLAIMED, _S.OVERDUE, _S.VIOLATED}),
    "RELEASE": OPEN,
    "WITHDRAW": frozenset({_S.CONDITIONAL, _S.ACTIVE, _S.OVERDUE}),
    "DELAY": frozenset({_S.ACTIVE}),
    "SUSPEND": frozenset({_S.ACTIVE}),
    "RESUME": frozenset({_S.SUSPENDED}),
    "ASSIGN": OPEN,
    "DELEGATE": OPEN,
}
"""The left column of the table, for what is said by COMMIT-EVENT."""

_NOTICE_RUNS_ON_IN: Final = ALLOWED_FROM["WITHDRAW"] | {_S.SUSPENDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingChange:
    """A change that waits for others to AFFIRM it.

    Attributes:
        message: id of the COMMIT-EVENT that asks for it.
        actor: who asks.
        event: what is asked.
        needed: who has not affirmed yet.
    """

    message: str
    actor: str
    event: CommitEvent
    needed: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """One duty or ban that somebody took on.

    Attributes:
        id: 32 hexadecimal digits, derived from what created it.
        source: id of the PROPOSAL, COMMIT, REQUEST or ALERT it comes from.
        debtor: who owes; stays liable when somebody else is delegated.
        creditors: to whom.
        text: the duty in one line: modal, action, object.
        start_ms: beginning of the window.
        end_ms: end of the window; an achievement is due then.
        maintenance: MUST NOT, or MUST throughout: it ends with the window instead of becoming overdue.
        created_ms: relay time of the entry that created it.
        history: every state it was in with the relay time it began, oldest first, never empty.
        version: of its terms; one more with each DELAY that was agreed. Who stands in whose place changes
            no terms: one side alone must not be able to make what the other says stale.
        notice_ms: how long after a WITHDRAW the duty still stands.
        verifier: who finds whether it was kept; None where only the creditors say.
        suspension: who may suspend and resume alone; None where debtor and creditors must agree.
        antecedent: in one line, what must be so before the duty binds; None where nothing must.
        conditional_until_ms: the antecedent's time: without DETACH it expires then.
        detach_at_ms: with an antecedent that is a time: that time.
        delegate: who may claim besides the debtor.
        claim: id of the COMMIT-EVENT that claims it was kept; None where none did.
        confirmed: creditors that confirmed the present claim.
        released: creditors that released.
        findings: ids of the FINDING messages on it, oldest first.
        pending: changes that wait for agreement, oldest first; the latest of each who asks, so that nobody's
            silence keeps others from asking.
        withdraw_at_ms: when the notice of a WITHDRAW is over; None where none runs.
        undisputed: it is VIOLATED, and the debtor's days to dispute that are over.
    """

    id: str
    source: str
    debtor: str
    creditors: tuple[str, ...]
    text: str
    start_ms: int
    end_ms: int
    maintenance: bool
    created_ms: int
    history: tuple[tuple[int, CommitmentState], ...]
    version: int = 1
    notice_ms: int = 0
    verifier: str | None = None
    suspension: Suspension | None = None
    antecedent: str | None = None
    conditional_until_ms: int | None = None
    detach_at_ms: int | None = None
    delegate: str | None = None
    claim: str | None = None
    confirmed: frozenset[str] = frozenset()
    released: frozenset[str] = frozenset()
    findings: tuple[str, ...] = ()
    pending: tuple[PendingChange, ...] = ()
    withdraw_at_ms: int | None = None
    undisputed: bool = False

    @property
    def state(self) -> CommitmentState:
        """Where it stands, as of the last `settle` or event."""
        return self.history[-1][1]

    @property
    def since_ms(self) -> int:
        """The relay time since which it stands there."""
        return self.history[-1][0]

    @property
    def terminal(self) -> bool:
        """Whether it stays as it is for good."""
        return self.state in TERMINAL or self.undisputed

    @property
    def concerned(self) -> frozenset[str]:
        """Everybody whose commitment it is: debtor, creditors, delegate."""
        return frozenset({self.debtor, *self.creditors} | ({self.delegate} if self.delegate else set()))

    @property
    def clock_event_ms(self) -> int | None:
        """The relay time at which `settle` will change something; None where time changes nothing."""
        step = _clock_step(self)
        return None if step is None else step[0]


def commitment_id(*parts: str | int) -> str:
    """Return the id of the commitment that these parts created, the same on every member."""
    encoded = canonical.encode(["parley commitment v1", *parts])
    return hashlib.sha256(encoded).hexdigest()[:32]


def settle(commitment: Commitment, now_ms: int) -> Commitment:
    """Return the commitment as it stands at this relay time, however often it was settled before."""
    while (step := _clock_step(commitment)) is not None and step[0] <= now_ms:
        moment, state = step
        if state is CommitmentState.VIOLATED:
            commitment = replace(commitment, undisputed=True, pending=())
        else:
            commitment = enter(commitment, state, moment)
    return commitment


def _clock_step(commitment: Commitment) -> tuple[int, CommitmentState] | None:
    """Return what time does next, and when; VIOLATED stands for the end of the days to dispute it."""
    steps: list[tuple[int, CommitmentState]] = []
    match commitment.state:
        case CommitmentState.CONDITIONAL:
            if commitment.detach_at_ms is not None:
                steps.append((commitment.detach_at_ms, CommitmentState.ACTIVE))
            if commitment.conditional_until_ms is not None:
                steps.append((commitment.conditional_until_ms, CommitmentState.EXPIRED))
        case CommitmentState.ACTIVE:
            over = CommitmentState.ENDED if commitment.maintenance else CommitmentState.OVERDUE
            steps.append((commitment.end_ms, over))
        case CommitmentState.VIOLATED if not commitment.undisputed:
            steps.append((commitment.since_ms + DISPUTE_MS, CommitmentState.VIOLATED))
        case _:
            pass
    if commitment.withdraw_at_ms is not None and commitment.state in ALLOWED_FROM["WITHDRAW"]:
        steps.append((commitment.withdraw_at_ms, CommitmentState.WITHDRAWN))
    # Until the notice is over the duty stands, so what falls on the same moment comes first.
    return min(steps, key=lambda step: step[0], default=None)


def enter(commitment: Commitment, state: CommitmentState, moment_ms: int) -> Commitment:
    """Return the commitment in another state, without what cannot go on there.

    A change that cannot be carried out in that state waits no longer. The notice of a WITHDRAW runs on
    where the duty merely stands still, but nobody leaves a claim, a dispute or a finding by it.
    """
    pending = tuple(change for change in commitment.pending if state in ALLOWED_FROM[change.event.event])
    notice = commitment.withdraw_at_ms if state in _NOTICE_RUNS_ON_IN else None
    # A time that passed while it was suspended counts from when it was resumed.
    since = max(moment_ms, commitment.since_ms)
    history = (*commitment.history, (since, state))
    return replace(commitment, history=history, pending=pending, withdraw_at_ms=notice)
