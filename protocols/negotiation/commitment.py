"""Commitments: who owes what to whom, and where it stands (MESSAGES.md section 4).

A commitment is a value. `apply_event` returns the next one or raises the rule that was broken; `settle` is
what the passing of relay time does to it, which is never more than OVERDUE, ENDED or EXPIRED: software
makes no accusation.
"""

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from protocols import canonical
from protocols.messages.commitments import EVENTS_NEEDING_AFFIRM, CommitEvent, EventName
from protocols.messages.rules import violation
from protocols.messages.values import given, time_ms

SKEW_MS: Final = 120_000
"""How far ahead of relay time an `at` may lie: the clock skew that MESSAGES.md section 3 does not flag."""


class CommitmentState(StrEnum):
    """Where a commitment stands. VIOLATED needs a monitor's FINDING, which this release cannot send."""

    CONDITIONAL = "CONDITIONAL"
    ACTIVE = "ACTIVE"
    OVERDUE = "OVERDUE"
    CLAIMED = "CLAIMED"
    DISPUTED = "DISPUTED"
    SUSPENDED = "SUSPENDED"
    DISCHARGED = "DISCHARGED"
    ENDED = "ENDED"
    EXPIRED = "EXPIRED"
    RELEASED = "RELEASED"
    WITHDRAWN = "WITHDRAWN"


_S: Final = CommitmentState
TERMINAL: Final = frozenset({_S.DISCHARGED, _S.ENDED, _S.EXPIRED, _S.RELEASED, _S.WITHDRAWN})
OPEN: Final = frozenset(CommitmentState) - TERMINAL

_ALLOWED_FROM: Final[dict[EventName, frozenset[CommitmentState]]] = {
    "DETACH": frozenset({_S.CONDITIONAL}),
    "CLAIM": frozenset({_S.ACTIVE, _S.OVERDUE}),
    "CONFIRM": frozenset({_S.CLAIMED}),
    "DISPUTE": frozenset({_S.CLAIMED, _S.OVERDUE}),
    "RELEASE": OPEN,
    "WITHDRAW": frozenset({_S.CONDITIONAL, _S.ACTIVE, _S.OVERDUE}),
    "DELAY": frozenset({_S.ACTIVE}),
    "SUSPEND": frozenset({_S.ACTIVE}),
    "RESUME": frozenset({_S.SUSPENDED}),
    "ASSIGN": OPEN,
    "DELEGATE": OPEN,
}


class Actor(StrEnum):
    """Whose event it is."""

    DEBTOR = "debtor"
    DEBTOR_OR_DELEGATE = "debtor or accepted delegate"
    CREDITOR = "creditor"
    CREDITOR_OR_VERIFIER = "creditor or verifier"
    EITHER = "debtor or creditor"


ACTORS: Final[dict[EventName, Actor]] = {
    "DETACH": Actor.CREDITOR_OR_VERIFIER,
    "CLAIM": Actor.DEBTOR_OR_DELEGATE,
    "CONFIRM": Actor.CREDITOR,
    "DISPUTE": Actor.CREDITOR,
    "RELEASE": Actor.CREDITOR,
    "WITHDRAW": Actor.DEBTOR,
    "DELAY": Actor.DEBTOR,
    "SUSPEND": Actor.EITHER,
    "RESUME": Actor.EITHER,
    "ASSIGN": Actor.CREDITOR,
    "DELEGATE": Actor.DEBTOR,
}


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
    """One duty or ban that a party took on.

    Attributes:
        id: 32 hexadecimal digits, derived from what created it.
        source: id of the PROPOSAL or ALERT it comes from.
        debtor: who owes; stays liable when somebody else is delegated.
        creditors: to whom.
        text: the duty in one line: modal, action, object.
        start_ms: beginning of the window.
        end_ms: end of the window; an achievement is due then.
        maintenance: MUST NOT, or MUST throughout: it ends with the window instead of becoming overdue.
        created_ms: relay time of the entry that created it.
        verifier: who finds whether it was kept; None where only the creditors say.
        conditional_until_ms: the antecedent's time; None where there is no antecedent.
        delegate: who may claim besides the debtor.
        claim: id of the COMMIT-EVENT that claims it was kept; None where none did.
        confirmed: creditors that confirmed the present claim.
        released: creditors that released.
        pending: a change that waits for agreement.
        state: where it stands.
        history: every state it was in with the relay time it began, oldest first.
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
    verifier: str | None = None
    conditional_until_ms: int | None = None
    delegate: str | None = None
    claim: str | None = None
    confirmed: frozenset[str] = frozenset()
    released: frozenset[str] = frozenset()
    pending: PendingChange | None = None
    state: CommitmentState = CommitmentState.ACTIVE
    history: tuple[tuple[int, CommitmentState], ...] = ()

    @property
    def concerned(self) -> frozenset[str]:
        """Everybody whose commitment it is: debtor, creditors, delegate."""
        return frozenset({self.debtor, *self.creditors} | ({self.delegate} if self.delegate else set()))

    @property
    def clock_event_ms(self) -> int | None:
        """The relay time at which `settle` will change the state; None where time changes nothing."""
        match self.state:
            case CommitmentState.CONDITIONAL:
                return self.conditional_until_ms
            case CommitmentState.ACTIVE:
                return self.end_ms
            case _:
                return None


def commitment_id(*parts: str | int) -> str:
    """Return the id of the commitment that these parts created, the same on every member."""
    encoded = canonical.encode(["parley commitment v1", *parts])
    return hashlib.sha256(encoded).hexdigest()[:32]


def settle(commitment: Commitment, now_ms: int) -> Commitment:
    """Return the commitment as it stands at this relay time."""
    due = commitment.clock_event_ms
    if due is None or now_ms < due:
        return commitment
    match commitment.state:
        case CommitmentState.CONDITIONAL:
            return _enter(commitment, CommitmentState.EXPIRED, due)
        case _:
            after = CommitmentState.ENDED if commitment.maintenance else CommitmentState.OVERDUE
            return _enter(commitment, after, due)


def apply_event(
    commitment: Commitment, actor: str, message: str, event: CommitEvent, now_ms: int
) -> Commitment:
    """Take in a COMMIT-EVENT.

    Args:
        commitment: as it stood after the last entry.
        actor: participant id of the sender.
        message: id of the COMMIT-EVENT, 32 hexadecimal digits.
        event: which keeps the rules that need no commitment.
        now_ms: the relay time of its entry.

    Returns:
        The next commitment. Events that others must AFFIRM only become pending.

    Raises:
        RuleViolation: an illegal transition, by its rule; nothing changes. The sender's fault.
    """
    commitment = settle(commitment, now_ms)
    if commitment.state in TERMINAL:
        raise violation("COMMIT-EVENT-7", "event", f"the commitment is {commitment.state}")
    _check_actor(commitment, actor, event.event)
    if commitment.state not in _ALLOWED_FROM[event.event]:
        raise violation(
            "COMMIT-EVENT-1", "event", f"{event.event} is not possible: the commitment is {commitment.state}"
        )
    at = time_ms(event.at)
    # `at` has whole seconds, so it may name the very second of the creation.
    if at < commitment.created_ms // 1000 * 1000 or at > now_ms + SKEW_MS:
        raise violation("COMMIT-EVENT-3", "at")
    if event.event in EVENTS_NEEDING_AFFIRM:
        return _ask(commitment, actor, message, event)
    return _do(commitment, actor, message, event.event, now_ms)


def answer_change(
    commitment: Commitment, message: str, sender: str, affirmed: bool, now_ms: int
) -> Commitment:
    """Take in an AFFIRM or NEGATIVE to a pending change; what was overtaken by events changes nothing."""
    commitment = settle(commitment, now_ms)
    pending = commitment.pending
    if pending is None or pending.message != message or sender not in pending.needed:
        return commitment
    if not affirmed or commitment.state not in _ALLOWED_FROM[pending.event.event]:
        return replace(commitment, pending=None)
    needed = pending.needed - {sender}
    if needed:
        return replace(commitment, pending=replace(pending, needed=needed))
    return _carry_out(replace(commitment, pending=None), pending, now_ms)


def must_affirm(commitment: Commitment, actor: str, event: CommitEvent) -> frozenset[str]:
    """Return whose AFFIRM a change needs; empty where the event needs none."""
    match event.event:
        case "DELAY":
            return frozenset(commitment.creditors)
        case "SUSPEND" | "RESUME":
            return frozenset({commitment.debtor, *commitment.creditors}) - {actor}
        case "ASSIGN" | "DELEGATE":
            return frozenset({event.new_party}) if event.new_party is not None else frozenset()
        case _:
            return frozenset()


def _check_actor(commitment: Commitment, actor: str, event: EventName) -> None:
    debtor, creditors = {commitment.debtor}, set(commitment.creditors)
    match ACTORS[event]:
        case Actor.DEBTOR:
            allowed = debtor
        case Actor.DEBTOR_OR_DELEGATE:
            allowed = debtor | ({commitment.delegate} if commitment.delegate else set())
        case Actor.CREDITOR:
            allowed = creditors
        case Actor.CREDITOR_OR_VERIFIER:
            allowed = creditors | ({commitment.verifier} if commitment.verifier else set())
        case Actor.EITHER:
            allowed = debtor | creditors
    if actor not in allowed:
        raise violation("COMMIT-EVENT-2", "event", f"{event} belongs to the {ACTORS[event]}")


def _ask(commitment: Commitment, actor: str, message: str, event: CommitEvent) -> Commitment:
    if commitment.pending is not None:
        raise violation("COMMIT-EVENT-11", "event")
    if event.new_party is not None and event.new_party in commitment.concerned:
        raise violation("COMMIT-EVENT-9", "new_party")
    if event.new_time is not None and time_ms(event.new_time) <= commitment.end_ms:
        raise violation("COMMIT-EVENT-10", "new_time")
    needed = must_affirm(commitment, actor, event)
    return replace(
        commitment, pending=PendingChange(message=message, actor=actor, event=event, needed=needed)
    )


def _do(commitment: Commitment, actor: str, message: str, event: EventName, now_ms: int) -> Commitment:
    match event:
        case "DETACH":
            return settle(_enter(commitment, CommitmentState.ACTIVE, now_ms), now_ms)
        case "CLAIM":
            return _enter(
                replace(commitment, claim=message, confirmed=frozenset()), CommitmentState.CLAIMED, now_ms
            )
        case "CONFIRM":
            confirmed = commitment.confirmed | {actor}
            commitment = replace(commitment, confirmed=confirmed)
            complete = confirmed >= set(commitment.creditors)
            return _enter(commitment, CommitmentState.DISCHARGED, now_ms) if complete else commitment
        case "DISPUTE":
            return _enter(commitment, CommitmentState.DISPUTED, now_ms)
        case "RELEASE":
            released = commitment.released | {actor}
            commitment = replace(commitment, released=released)
            complete = released >= set(commitment.creditors)
            return _enter(commitment, CommitmentState.RELEASED, now_ms) if complete else commitment
        case "WITHDRAW":
            return _enter(commitment, CommitmentState.WITHDRAWN, now_ms)
        case _:
            raise ValueError(event)


def _carry_out(commitment: Commitment, pending: PendingChange, now_ms: int) -> Commitment:
    event = pending.event
    match event.event:
        case "DELAY":
            return settle(replace(commitment, end_ms=time_ms(given(event.new_time))), now_ms)
        case "SUSPEND":
            return _enter(commitment, CommitmentState.SUSPENDED, now_ms)
        case "RESUME":
            return settle(_enter(commitment, CommitmentState.ACTIVE, now_ms), now_ms)
        case "ASSIGN":
            creditors = (*(c for c in commitment.creditors if c != pending.actor), given(event.new_party))
            return replace(
                commitment,
                creditors=creditors,
                confirmed=frozenset(),
                released=commitment.released - {pending.actor},
            )
        case "DELEGATE":
            return replace(commitment, delegate=event.new_party)
        case _:
            raise ValueError(event.event)


def _enter(commitment: Commitment, state: CommitmentState, since_ms: int) -> Commitment:
    pending = None if state in TERMINAL else commitment.pending
    history = (*commitment.history, (since_ms, state))
    return replace(commitment, state=state, history=history, pending=pending)
