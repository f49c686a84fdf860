"""What is late and who is told: every cell of the timer table, each step, each rung (MESSAGES.md section 3)."""

from types import MappingProxyType

import pytest

from protocols.messages.envelope import Precedence
from protocols.messages.escalation import EscalationStep
from protocols.messages.roles import Role
from protocols.messages.values import format_time
from protocols.negotiation import ACKNOWLEDGEMENT_DUE, ChannelTerms, Negotiation, Participant, RosterChange
from protocols.negotiation.timers import (
    ACKNOWLEDGEMENT_WORDING,
    DELAYED_WORDING,
    NO_ACKNOWLEDGEMENT_WORDING,
    Overdue,
    due_at,
    expects_confirmation,
    is_delayed,
)

from .talks import ALERT, AMAL, BORIS, INFORM, MIRA, QUESTION, ROSTER, STRANGER, Talks

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
PRINCIPAL = "1" * 64
ALTERNATE = "9" * 32

#: MESSAGES.md section 3, from L2 on: what an addressee can be late with.
TABLE: dict[tuple[Precedence, int], int] = {
    ("FLASH", 2): 3 * MINUTE,
    ("FLASH", 4): 5 * MINUTE,
    ("FLASH", 6): 10 * MINUTE,
    ("IMMEDIATE", 2): 10 * MINUTE,
    ("IMMEDIATE", 4): 30 * MINUTE,
    ("IMMEDIATE", 6): 60 * MINUTE,
    ("PRIORITY", 2): 2 * HOUR,
    ("PRIORITY", 4): 6 * HOUR,
    ("ROUTINE", 2): 12 * HOUR,
    ("ROUTINE", 4): 24 * HOUR,
}
STEPS: dict[EscalationStep, float] = {"1x": 1, "1.5x": 1.5, "2x": 2}


def said(talks: Talks, precedence: Precedence, to: str | list[str] = BORIS) -> str:
    """A message with critical fields at this precedence; FLASH is for an alert."""
    if precedence == "FLASH":
        return talks.say("ALERT", AMAL, to, ALERT, precedence=precedence)
    return talks.say("INFORM", AMAL, to, INFORM, precedence=precedence)


def late(negotiation: Negotiation, now_ms: int) -> set[tuple[str, int, EscalationStep]]:
    return {(one.addressee, one.level, one.step) for one in negotiation.overdue(now_ms)}


@pytest.mark.parametrize(("precedence", "level"), TABLE)
def test_a_rung_is_late_from_its_time_on_and_not_before(precedence: Precedence, level: int) -> None:
    talks = Talks()
    message = said(talks, precedence)
    due_ms = talks.now_ms + TABLE[precedence, level]
    assert level not in {one.level for one in talks.negotiation.overdue(due_ms - 1)}
    (found,) = (one for one in talks.negotiation.overdue(due_ms) if one.level == level)
    assert found.due_ms == due_ms
    assert (found.message, found.addressee, found.step) == (message, BORIS, "1x")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("precedence", "level"), TABLE)
def test_each_step_comes_in_its_time(precedence: Precedence, level: int, step: EscalationStep) -> None:
    talks = Talks()
    message = talks.message(said(talks, precedence))
    at_ms = round(talks.now_ms + TABLE[precedence, level] * STEPS[step])
    assert due_at(message, talks.negotiation.terms, level, step) == at_ms

    def steps(now_ms: int) -> list[EscalationStep]:
        return [one.step for one in talks.negotiation.escalations(now_ms) if one.level == level]

    order = list(STEPS)
    assert steps(at_ms) == order[: order.index(step) + 1]
    assert steps(at_ms - 1) == order[: order.index(step)]
    for one in talks.negotiation.escalations(at_ms):
        assert one.at_ms <= at_ms
    (found,) = (one for one in talks.negotiation.overdue(at_ms) if one.level == level)
    assert found.step == step


@pytest.mark.parametrize("precedence", ["PRIORITY", "ROUTINE"])
def test_below_immediate_nothing_is_confirmed_unasked(precedence: Precedence) -> None:
    talks = Talks()
    message = talks.message(said(talks, precedence))
    assert message.has_critical
    assert not expects_confirmation(message)
    assert due_at(message, talks.negotiation.terms, 6, "1x") is None
    assert {one.level for one in talks.negotiation.overdue(talks.now_ms + 100 * HOUR)} == {2, 4}


def test_without_critical_fields_there_is_nothing_to_confirm() -> None:
    talks = Talks()
    talks.say("QUESTION", AMAL, BORIS, QUESTION, precedence="IMMEDIATE")
    assert late(talks.negotiation, talks.now_ms + HOUR) == {(BORIS, 2, "2x"), (BORIS, 4, "2x")}


def test_each_rung_that_is_reached_is_late_no_more() -> None:
    talks = Talks()
    message = said(talks, "IMMEDIATE")
    moment = talks.now_ms + 2 * HOUR
    assert {level for _, level, _ in late(talks.negotiation, moment)} == {2, 4, 6}
    talks.receipt("DELIVERED", BORIS, message)
    assert {level for _, level, _ in late(talks.negotiation, moment)} == {4, 6}
    talks.receipt("DISPLAYED", BORIS, message)
    assert {level for _, level, _ in late(talks.negotiation, moment)} == {4, 6}
    talks.receipt("ACKNOWLEDGED", BORIS, message)
    assert {level for _, level, _ in late(talks.negotiation, moment)} == {6}
    readings = [
        {"field": "window.start", "value": "230600Z NOV 26"},
        {"field": "window.end", "value": "240600Z NOV 26"},
    ]
    back = talks.say("READBACK", BORIS, AMAL, {"target": message, "readings": readings})
    assert (BORIS, 6, "2x") in late(talks.negotiation, moment)  # read back, and not confirmed by its author
    talks.answer("CORRECT", AMAL, BORIS, back)
    assert not [one for one in talks.negotiation.overdue(moment) if one.message == message]


def test_it_stands_for_each_action_addressee_and_for_no_info_addressee() -> None:
    talks = Talks()
    talks.say("QUESTION", AMAL, [BORIS, MIRA], QUESTION, info=[ROSTER[3].id])
    talks.receipt("DELIVERED", MIRA, talks.negotiation.messages[0].id)
    assert late(talks.negotiation, talks.now_ms + 13 * HOUR) == {(BORIS, 2, "1x")}


def test_what_was_taken_back_is_not_late() -> None:
    talks = Talks()
    message = talks.say("QUESTION", AMAL, BORIS, QUESTION)
    fields = {"target": message, "action": "CANCEL", "reason": "asked in error"}
    correction = talks.say("CORRECTION", AMAL, BORIS, fields)
    assert {one.message for one in talks.negotiation.overdue(talks.now_ms + 100 * HOUR)} == {correction}


def change(talks: Talks, *roster: Participant, terms: ChannelTerms | None = None) -> None:
    """A commit with this roster and these terms."""
    talks.position += 1
    talks.negotiation.handshake(
        RosterChange(
            position=talks.position,
            relay_time_ms=talks.now_ms,
            epoch=2,
            roster=roster,
            terms=terms or ChannelTerms(),
        )
    )


def test_who_has_left_owes_nothing() -> None:
    talks = Talks()
    talks.say("QUESTION", AMAL, [BORIS, MIRA], QUESTION)
    change(talks, *(one for one in ROSTER if one.id != BORIS))
    moment = talks.now_ms + 100 * HOUR
    assert {addressee for addressee, _, _ in late(talks.negotiation, moment)} == {MIRA}
    assert {one.addressee for one in talks.negotiation.escalations(moment)} == {MIRA}


def test_the_charters_timers_win() -> None:
    talks = Talks()
    timers = MappingProxyType({**ACKNOWLEDGEMENT_DUE, ("ROUTINE", 2): 60})
    change(talks, *ROSTER, terms=ChannelTerms(timers=timers))
    talks.say("QUESTION", AMAL, BORIS, QUESTION)
    assert late(talks.negotiation, talks.now_ms + 60 * SECOND) == {(BORIS, 2, "1x")}
    assert late(talks.negotiation, talks.now_ms + 90 * SECOND) == {(BORIS, 2, "1.5x")}
    assert not late(talks.negotiation, talks.now_ms + 60 * SECOND - 1)


def told(talks: Talks, step: EscalationStep, level: int = 2) -> tuple[str, ...]:
    found = talks.negotiation.escalations(talks.now_ms + 1000 * HOUR)
    (one,) = (one for one in found if (one.step, one.level) == (step, level))
    return one.told


def test_first_the_sender_and_the_addressee_are_told_then_alternates_then_mediators() -> None:
    talks = Talks()
    talks.say("QUESTION", AMAL, BORIS, QUESTION)
    for_principal = Participant(BORIS, "Boris", Role.PARTY, principal=PRINCIPAL, principal_name="South")
    other = Participant(ALTERNATE, "Bahar", Role.PARTY, principal=PRINCIPAL, principal_name="South")
    stranger = Participant(STRANGER, "Chan", Role.PARTY, principal="2" * 64, principal_name="East")
    change(talks, ROSTER[0], for_principal, *ROSTER[2:], other, stranger)
    assert told(talks, "1x") == (AMAL, BORIS)
    assert told(talks, "1.5x") == (ALTERNATE,)
    assert told(talks, "2x") == (MIRA,)


def test_nobody_is_told_where_there_is_nobody() -> None:
    talks = Talks()
    talks.say("QUESTION", AMAL, MIRA, QUESTION)
    assert told(talks, "1.5x") == ()
    assert told(talks, "2x") == ()  # the mediator is the one who is late
    change(talks, *(one for one in ROSTER if one.id != AMAL))
    assert told(talks, "1x") == (MIRA,)


def test_past_its_valid_until_a_message_is_delayed() -> None:
    talks = Talks()
    end_ms = talks.now_ms + HOUR
    limited = talks.message(talks.say("QUESTION", AMAL, BORIS, QUESTION, valid_until=format_time(end_ms)))
    lasting = talks.message(talks.say("QUESTION", AMAL, BORIS, QUESTION))
    assert not is_delayed(limited, end_ms - 1)
    assert is_delayed(limited, end_ms)
    assert not is_delayed(lasting, end_ms * 2)


def test_overdue_is_the_same_whatever_clock_of_ours_lags() -> None:
    """Our clock can only add to what the log shows."""
    talks = Talks()
    talks.say("QUESTION", AMAL, BORIS, QUESTION)
    talks.now_ms += 13 * HOUR
    talks.tick()
    found = talks.negotiation.overdue()
    assert [type(one) for one in found] == [Overdue]
    assert talks.negotiation.overdue(0) == found
    assert "overdue" in talks.negotiation.summary()


def test_the_fixed_wording() -> None:
    assert ACKNOWLEDGEMENT_WORDING == "acknowledgement is not agreement, belief, permission or waiver"
    assert NO_ACKNOWLEDGEMENT_WORDING == "no acknowledgement; cause unknown"
    assert DELAYED_WORDING == "DELAYED, DO NOT ACT"
