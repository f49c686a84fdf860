"""What people do to a commitment: COMMIT-EVENT, and the answers to one (MESSAGES.md section 4)."""

from dataclasses import replace
from enum import StrEnum
from typing import Final, assert_never

from protocols.messages.commitments import EVENTS_NEEDING_AFFIRM, CommitEvent, EventName
from protocols.messages.rules import violation
from protocols.messages.values import given, time_ms
from protocols.negotiation.commitment import (
    ALLOWED_FROM,
    Commitment,
    CommitmentState,
    PendingChange,
    enter,
    settle,
)

SKEW_MS: Final = 120_000
"""How far ahead of relay time an `at` may lie: the clock skew that MESSAGES.md section 3 does not flag."""


class Actor(StrEnum):
    """Whose event it is."""

    DEBTOR = "debtor"
    DEBTOR_OR_DELEGATE = "debtor or accepted delegate"
    CREDITOR = "creditor"
    CREDITOR_OR_VERIFIER = "creditor or verifier"
    EITHER = "debtor or creditor"


_ACTORS: Final[dict[EventName, Actor]] = {
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


def actor_of(event: EventName, state: CommitmentState) -> Actor:
    """Return whose an event is in this state: creditors dispute claims, the debtor a finding against it."""
    if event == "DISPUTE" and state is CommitmentState.VIOLATED:
        return Actor.DEBTOR
    return _ACTORS[event]


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
        The next commitment. Events that others must AFFIRM only become pending, in the place of what the
        same sender asked before.

    Raises:
        RuleViolation: an illegal transition, by its rule; nothing changes. The sender's fault.
    """
    commitment = settle(commitment, now_ms)
    if commitment.terminal:
        raise violation("COMMIT-EVENT-7", "event", f"the commitment is {commitment.state}")
    if event.version != commitment.version:
        raise violation("COMMIT-EVENT-12", "version", f"needs version {commitment.version}")
    _check_actor(commitment, actor, event.event)
    if commitment.state not in ALLOWED_FROM[event.event]:
        raise violation(
            "COMMIT-EVENT-1", "event", f"{event.event} is not possible: the commitment is {commitment.state}"
        )
    # `at` has whole seconds, so it may name the very second of the creation.
    if not commitment.created_ms // 1000 * 1000 <= time_ms(event.at) <= now_ms + SKEW_MS:
        raise violation("COMMIT-EVENT-3", "at")
    _check_change(commitment, event)
    needed = must_affirm(commitment, actor, event)
    asked = PendingChange(message=message, actor=actor, event=event, needed=needed)
    if needed:
        others = tuple(change for change in commitment.pending if change.actor != actor)
        return replace(commitment, pending=(*others, asked))
    return _carry_out(commitment, asked, now_ms)


def answer_change(
    commitment: Commitment, message: str, sender: str, affirmed: bool, now_ms: int
) -> Commitment:
    """Take in an AFFIRM or NEGATIVE to a pending change; what was overtaken by events changes nothing.

    Args:
        commitment: as it stood after the last entry.
        message: id of the COMMIT-EVENT that asked, 32 hexadecimal digits.
        sender: participant id of who answers.
        affirmed: True for AFFIRM, False for NEGATIVE.
        now_ms: the relay time of the answer's entry.
    """
    commitment = settle(commitment, now_ms)
    asked = {change.message: change for change in commitment.pending if sender in change.needed}
    change = asked.get(message)
    if change is None:
        return commitment
    left = replace(change, needed=change.needed - {sender})
    if affirmed and left.needed:
        waiting = tuple(left if one is change else one for one in commitment.pending)
        return replace(commitment, pending=waiting)
    without = replace(commitment, pending=tuple(one for one in commitment.pending if one is not change))
    return _carry_out(without, change, now_ms) if affirmed else without


def must_affirm(commitment: Commitment, actor: str, event: CommitEvent) -> frozenset[str]:
    """Return whose AFFIRM a change needs; empty where it takes effect at once."""
    if event.event not in EVENTS_NEEDING_AFFIRM:
        return frozenset()
    match event.event:
        case "DELAY":
            return frozenset(commitment.creditors)
        case "SUSPEND" | "RESUME":
            alone = _suspends_alone(commitment, actor)
            return frozenset() if alone else frozenset({commitment.debtor, *commitment.creditors}) - {actor}
        case _:
            return frozenset({given(event.new_party)})


def _suspends_alone(commitment: Commitment, actor: str) -> bool:
    match commitment.suspension:
        case "DEBTOR":
            return actor == commitment.debtor
        case "CREDITOR":
            return actor in commitment.creditors
        case "EITHER":
            return True
        case None:
            return False
        case _:
            assert_never(commitment.suspension)


def _check_actor(commitment: Commitment, actor: str, event: EventName) -> None:
    debtor, creditors = {commitment.debtor}, set(commitment.creditors)
    whose = actor_of(event, commitment.state)
    match whose:
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
        case _:
            assert_never(whose)
    if actor not in allowed:
        raise violation("COMMIT-EVENT-2", "event", f"{event} belongs to the {whose}")


def _check_change(commitment: Commitment, event: CommitEvent) -> None:
    """Hold what an event brings against what the commitment has."""
    if event.new_party is not None and event.new_party in _bound(commitment):
        raise violation("COMMIT-EVENT-9", "new_party")
    if event.new_time is not None and time_ms(event.new_time) <= commitment.end_ms:
        raise violation("COMMIT-EVENT-10", "new_time")
    if event.event == "WITHDRAW" and commitment.withdraw_at_ms is not None:
        raise violation("COMMIT-EVENT-13", "event")
    if event.event == "DETACH" and commitment.detach_at_ms is not None:
        raise violation("COMMIT-EVENT-14", "event")


def _carry_out(commitment: Commitment, change: PendingChange, now_ms: int) -> Commitment:
    """Do what was said, now that everybody whose agreement it needs has given it."""
    event, actor = change.event, change.actor
    match event.event:
        case "DETACH" | "RESUME":
            return settle(enter(commitment, CommitmentState.ACTIVE, now_ms), now_ms)
        case "CLAIM":
            claimed = replace(commitment, claim=change.message, confirmed=frozenset())
            return enter(claimed, CommitmentState.CLAIMED, now_ms)
        case "CONFIRM":
            confirmed = replace(commitment, confirmed=commitment.confirmed | {actor})
            complete = confirmed.confirmed >= set(commitment.creditors)
            return enter(confirmed, CommitmentState.DISCHARGED, now_ms) if complete else confirmed
        case "DISPUTE":
            return enter(commitment, CommitmentState.DISPUTED, now_ms)
        case "RELEASE":
            released = replace(commitment, released=commitment.released | {actor})
            complete = released.released >= set(commitment.creditors)
            return enter(released, CommitmentState.RELEASED, now_ms) if complete else released
        case "WITHDRAW":
            return settle(replace(commitment, withdraw_at_ms=now_ms + commitment.notice_ms), now_ms)
        case "SUSPEND":
            return enter(commitment, CommitmentState.SUSPENDED, now_ms)
        case "DELAY":
            later = replace(commitment, end_ms=time_ms(given(event.new_time)), version=commitment.version + 1)
            return _without_overtaken(later)
        case "ASSIGN":
            others = tuple(creditor for creditor in commitment.creditors if creditor != actor)
            assigned = replace(
                commitment,
                creditors=(*others, given(event.new_party)),
                confirmed=commitment.confirmed - {actor},
                released=commitment.released - {actor},
            )
            return _without_overtaken(assigned)
        case "DELEGATE":
            return _without_overtaken(replace(commitment, delegate=given(event.new_party)))
        case _:
            assert_never(event.event)


def _without_overtaken(commitment: Commitment) -> Commitment:
    """Return the commitment without requests about other terms, or to and of people who changed places."""
    sides = {commitment.debtor, *commitment.creditors}
    bound = _bound(commitment)
    waiting = tuple(
        change
        for change in commitment.pending
        if change.event.version == commitment.version
        and change.event.new_party not in bound
        and change.needed - {change.event.new_party} <= sides
    )
    return replace(commitment, pending=waiting)


def _bound(commitment: Commitment) -> frozenset[str]:
    """Everybody who has a place in the commitment already."""
    return commitment.concerned | ({commitment.verifier} if commitment.verifier else set())
