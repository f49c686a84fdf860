"""Escalations in the log: each rule of ESCALATION broken once, and what a good one leaves behind."""

from typing import Any

import pytest

from protocols.messages.build import compose_escalation
from protocols.messages.codec import encode_body
from protocols.messages.escalation import EscalatedLevel, EscalationStep
from protocols.messages.values import format_time
from protocols.negotiation import Verdict

from .talks import AMAL, BORIS, INFORM, LEILA, MIRA, QUESTION, VERA, Talks

MINUTE = 60_000
HOUR = 60 * MINUTE
STEPS: tuple[EscalationStep, ...] = ("1x", "1.5x", "2x")


def escalate(
    talks: Talks,
    message: str,
    *,
    sender: str = AMAL,
    addressee: str = BORIS,
    level: EscalatedLevel = 2,
    step: EscalationStep = "1x",
) -> Verdict:
    sent = format_time(talks.now_ms)
    body = compose_escalation(message, addressee, level, step, sender=sender, sent=sent)
    return talks.receive(sender, encode_body(body))


@pytest.fixture
def talks() -> Talks:
    """Amal has told Boris and Mira something at IMMEDIATE, and an hour has passed: L2 is beyond 2x."""
    made = Talks()
    made.say("INFORM", AMAL, [BORIS, MIRA], INFORM, info=[VERA], precedence="IMMEDIATE")
    made.now_ms += HOUR - 2000
    return made


def message_of(talks: Talks) -> str:
    return talks.negotiation.messages[0].id


def test_what_is_logged_is_kept_with_the_message(talks: Talks) -> None:
    message = message_of(talks)
    for step in STEPS:
        assert escalate(talks, message, step=step).accepted
    logged = talks.negotiation.logged_escalations(message)
    assert [one.step for one in logged] == list(STEPS)
    assert {(one.addressee, one.level, one.by) for one in logged} == {(BORIS, 2, AMAL)}
    assert [one.position for one in logged] == [2, 3, 4]
    assert talks.negotiation.logged_escalations("0" * 32) == ()
    summary = [{"message": message, "steps": [one.summary() for one in logged]}]
    assert talks.negotiation.summary()["escalations"] == summary


def test_it_is_no_message_and_nobody_owes_a_receipt_for_it(talks: Talks) -> None:
    assert escalate(talks, message_of(talks)).accepted
    assert len(talks.negotiation.messages) == 1
    assert len(talks.negotiation.undelivered_to_me(BORIS)) == 1


def test_its_id_is_used_up(talks: Talks) -> None:
    sent = format_time(talks.now_ms)
    bodies = [
        compose_escalation(message_of(talks), BORIS, 2, step, sender=AMAL, sent=sent)
        for step in ("1x", "1.5x")
    ]
    first, second = (talks.receive(AMAL, encode_body(body), message_id=bytes(16)) for body in bodies)
    assert first.accepted
    assert second.reason == "duplicate-id"


def test_addressees_levels_and_steps_stand_apart(talks: Talks) -> None:
    message = message_of(talks)
    assert escalate(talks, message).accepted
    assert escalate(talks, message, addressee=MIRA).accepted
    assert escalate(talks, message, level=4).accepted


def test_a_later_step_may_come_first_and_covers_those_before_it(talks: Talks) -> None:
    message = message_of(talks)
    assert escalate(talks, message, step="2x").accepted
    for step in STEPS:
        assert escalate(talks, message, step=step).reason == "rule:ESCALATION-3"


def not_due(talks: Talks) -> Verdict:
    return escalate(talks, message_of(talks), level=6)  # after 60 minutes, to the second


def nothing_expected(talks: Talks) -> Verdict:
    message = talks.say("QUESTION", AMAL, BORIS, QUESTION, precedence="IMMEDIATE")
    talks.now_ms += 48 * HOUR
    return escalate(talks, message, level=6)


def taken_back(talks: Talks) -> Verdict:
    fields = {"target": message_of(talks), "action": "CANCEL", "reason": "in error"}
    talks.say("CORRECTION", AMAL, [BORIS, MIRA, VERA], fields)
    return escalate(talks, message_of(talks))


def reached(talks: Talks) -> Verdict:
    talks.receipt("DELIVERED", BORIS, message_of(talks))
    return escalate(talks, message_of(talks))


def relayed(talks: Talks) -> Verdict:
    return escalate(talks, message_of(talks), level=1)


def twice(talks: Talks) -> Verdict:
    assert escalate(talks, message_of(talks)).accepted
    return escalate(talks, message_of(talks))


def back(talks: Talks) -> Verdict:
    assert escalate(talks, message_of(talks), step="1.5x").accepted
    return escalate(talks, message_of(talks))


def by_another(talks: Talks) -> Verdict:
    return escalate(talks, message_of(talks), sender=LEILA, step="2x")


def early_by_a_mediator(talks: Talks) -> Verdict:
    return escalate(talks, message_of(talks), sender=MIRA, step="1.5x")


def about_an_info_addressee(talks: Talks) -> Verdict:
    return escalate(talks, message_of(talks), addressee=VERA)


def about_somebody_else(talks: Talks) -> Verdict:
    return escalate(talks, message_of(talks), addressee=LEILA)


def about_nothing(talks: Talks) -> Verdict:
    return escalate(talks, "0" * 32)


BROKEN: list[tuple[str, Any]] = [
    ("rule:ESCALATION-1", not_due),
    ("rule:ESCALATION-1", nothing_expected),
    ("rule:ESCALATION-1", taken_back),
    ("rule:ESCALATION-2", reached),
    ("rule:ESCALATION-2", relayed),
    ("rule:ESCALATION-3", twice),
    ("rule:ESCALATION-3", back),
    ("rule:ESCALATION-4", by_another),
    ("rule:ESCALATION-4", early_by_a_mediator),
    ("rule:ESCALATION-5", about_an_info_addressee),
    ("rule:ESCALATION-5", about_somebody_else),
    ("unknown-target", about_nothing),
]


@pytest.mark.parametrize(("reason", "breaking"), BROKEN, ids=[f"{r} {b.__name__}" for r, b in BROKEN])
def test_each_rule_broken(talks: Talks, reason: str, breaking: Any) -> None:
    verdict = breaking(talks)
    assert (verdict.accepted, verdict.reason) == (False, reason)
    assert verdict.hint
    assert talks.negotiation.rejected[-1].reason == reason


def test_nobody_escalates_what_waits_for_themselves(talks: Talks) -> None:
    good = compose_escalation(message_of(talks), MIRA, 2, "2x", sender=AMAL, sent=format_time(talks.now_ms))
    body = encode_body(good)
    own = body.replace(AMAL.encode(), MIRA.encode())
    assert talks.receive(MIRA, own).reason == "rule:ESCALATION-6"


def test_a_mediator_may_at_twice_the_time(talks: Talks) -> None:
    assert escalate(talks, message_of(talks), sender=MIRA, step="2x").accepted
    assert [one.by for one in talks.negotiation.logged_escalations(message_of(talks))] == [MIRA]


def test_relay_time_decides_not_the_senders_clock() -> None:
    talks = Talks()
    message = talks.say("QUESTION", AMAL, BORIS, QUESTION, precedence="IMMEDIATE")
    due_ms = talks.now_ms + 10 * MINUTE
    talks.now_ms = due_ms - 2000  # each entry takes a second
    assert escalate(talks, message).reason == "rule:ESCALATION-1"
    assert escalate(talks, message).accepted
    assert talks.now_ms == due_ms
