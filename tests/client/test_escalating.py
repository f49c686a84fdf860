"""What a device logs and tells of overdue acknowledgements: by whom, when, and in which words."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from client.escalating import (
    Duty,
    Slot,
    body_of,
    duties,
    is_moot,
    next_look_ms,
    note_of,
    overdue_words,
    to_tell,
    unrelayed,
)
from client.store import OutboxRow, OutboxState
from protocols.messages import Escalation, Role, compose_escalation, compose_receipt, decode_body, encode_body
from protocols.messages.envelope import Precedence
from protocols.messages.escalation import EscalatedLevel, EscalationStep
from protocols.messages.values import format_time
from protocols.negotiation import ChannelTerms, Participant, RosterChange
from tests.protocols.negotiation.talks import AMAL, BORIS, INFORM, LEILA, MIRA, OTTO, QUESTION, ROSTER, Talks

MINUTE = 60_000
HOUR = 60 * MINUTE
PRINCIPAL = "1" * 64
ALTERNATE = "9" * 32
SECOND_MEDIATOR = "8" * 32
NAMES = {AMAL: "Amal", BORIS: "Boris", MIRA: "Mira"}


def asked(talks: Talks, to: Sequence[str] = (BORIS,), sender: str = AMAL) -> str:
    """A question at IMMEDIATE, which its addressees' devices have: L4 is due in 30 minutes."""
    message = talks.say("QUESTION", sender, to, QUESTION, precedence="IMMEDIATE")
    for reader in to:
        talks.receipt("DELIVERED", reader, message)
    return message


def at(talks: Talks, message: str, minutes: float) -> int:
    """So long after a message came into the log."""
    return round(talks.message(message).relay_time_ms + minutes * MINUTE)


def seat(talks: Talks, *more: Participant, without: Sequence[str] = ()) -> None:
    """A commit that seats these as well, in the place of whom is left out."""
    talks.position += 1
    roster = (*(one for one in ROSTER if one.id not in without), *more)
    talks.negotiation.handshake(
        RosterChange(position=talks.position, relay_time_ms=talks.now_ms, epoch=2, roster=roster)
    )


def notes(talks: Talks, me: str, relay_ms: int, grace_ms: int = MINUTE) -> list[tuple[str, int, str]]:
    """What a device that has just begun would log now."""
    found: list[tuple[str, int, str]] = []
    for slot, duty in duties(talks.negotiation, me, relay_ms=relay_ms, grace_ms=grace_ms).items():
        note = note_of(slot, duty, sender=me, sent=format_time(relay_ms))
        assert slot_of(note) == slot
        if duty.from_ms <= relay_ms and not is_moot(talks.negotiation, note):
            found.append((note.addressee, note.level, note.step))
    return found


def slot_of(note: Escalation) -> Slot:
    return note.message, note.addressee, note.level


def log(talks: Talks, message: str, step: EscalationStep, sender: str = AMAL, now_ms: int = 0) -> None:
    talks.now_ms = max(talks.now_ms, now_ms)
    note = compose_escalation(message, BORIS, 4, step, sender=sender, sent=format_time(talks.now_ms))
    verdict = talks.receive(sender, encode_body(note))
    assert verdict.accepted, verdict


# what is logged


@pytest.mark.parametrize(
    ("minutes", "step"), [(29.9, None), (30, "1x"), (44.9, "1x"), (45, "1.5x"), (60, "2x"), (9999, "2x")]
)
def test_the_senders_device_logs_the_step_that_is_due(minutes: float, step: str | None) -> None:
    talks = Talks()
    message = asked(talks)
    expected = [] if step is None else [(BORIS, 4, step)]
    assert notes(talks, AMAL, at(talks, message, minutes)) == expected


def test_each_step_once_and_none_that_a_later_one_covers() -> None:
    talks = Talks()
    message = asked(talks)
    log(talks, message, "1.5x", now_ms=at(talks, message, 50))
    assert notes(talks, AMAL, at(talks, message, 59)) == []
    assert notes(talks, AMAL, at(talks, message, 60)) == [(BORIS, 4, "2x")]
    log(talks, message, "2x", now_ms=at(talks, message, 60))
    assert notes(talks, AMAL, at(talks, message, 9999)) == []


@pytest.mark.parametrize("me", [BORIS, LEILA, OTTO])
def test_nobody_elses_device_logs_anything(me: str) -> None:
    talks = Talks()
    message = asked(talks)
    assert notes(talks, me, at(talks, message, 9999)) == []


def test_a_mediators_device_logs_the_last_step_after_a_grace() -> None:
    talks = Talks()
    message = asked(talks)
    assert notes(talks, MIRA, at(talks, message, 60.9)) == []
    assert notes(talks, MIRA, at(talks, message, 61)) == [(BORIS, 4, "2x")]
    log(talks, message, "1x", now_ms=at(talks, message, 30))
    assert notes(talks, MIRA, at(talks, message, 61)) == [(BORIS, 4, "2x")]
    log(talks, message, "2x", now_ms=at(talks, message, 60))
    assert notes(talks, MIRA, at(talks, message, 61)) == []


def test_mediators_take_turns_in_the_charters_order() -> None:
    talks = Talks()
    message = asked(talks)
    seat(talks, Participant(SECOND_MEDIATOR, "Omar", Role.MEDIATOR))
    assert notes(talks, SECOND_MEDIATOR, at(talks, message, 61.9)) == []
    assert notes(talks, SECOND_MEDIATOR, at(talks, message, 62)) == [(BORIS, 4, "2x")]


def test_the_turn_of_a_mediator_who_is_late_themselves_is_skipped() -> None:
    talks = Talks()
    message = asked(talks, [MIRA])
    seat(talks, Participant(SECOND_MEDIATOR, "Omar", Role.MEDIATOR))
    assert notes(talks, MIRA, at(talks, message, 9999)) == []
    assert notes(talks, SECOND_MEDIATOR, at(talks, message, 61)) == [(MIRA, 4, "2x")]


def test_who_is_not_on_the_roster_logs_nothing() -> None:
    talks = Talks()
    message = asked(talks)
    seat(talks, without=[AMAL])
    assert notes(talks, AMAL, at(talks, message, 9999)) == []


def test_what_was_due_before_is_not_found_again() -> None:
    talks = Talks()
    message = asked(talks)
    steps = [at(talks, message, minutes) for minutes in (30, 45, 60)]
    for since_ms, found in ((steps[0] - 1, 3), (steps[0], 2), (steps[1], 1), (steps[2], 0)):
        due = talks.negotiation.escalations(steps[2], since_ms=since_ms)
        assert len(due) == found
        assert all(one.at_ms > since_ms for one in due)
        known = duties(talks.negotiation, AMAL, relay_ms=steps[2], since_ms=since_ms)
        assert [duty.step for duty in known.values()] == (["2x"] if found else [])


def test_every_note_is_accepted_by_the_fold() -> None:
    talks = Talks()
    message = talks.say("INFORM", AMAL, [BORIS, MIRA], INFORM, precedence="IMMEDIATE")
    for minutes in (10, 20, 45, 60, 90, 200):
        talks.now_ms = at(talks, message, minutes)
        for me in (AMAL, MIRA):
            due = duties(talks.negotiation, me, relay_ms=talks.now_ms, grace_ms=0)
            for slot, duty in due.items():
                note = note_of(slot, duty, sender=me, sent=format_time(talks.now_ms))
                if not is_moot(talks.negotiation, note):
                    assert talks.receive(me, encode_body(note)).accepted
    assert talks.negotiation.rejected == ()
    assert len(talks.negotiation.logged_escalations(message)) > 10


@pytest.mark.parametrize("level", [2, 4])
def test_an_escalation_is_moot_once_the_rung_is_reached(level: EscalatedLevel) -> None:
    talks = Talks()
    message = talks.say("QUESTION", AMAL, BORIS, QUESTION, precedence="IMMEDIATE")
    note = compose_escalation(message, BORIS, level, "1x", sender=AMAL, sent=format_time(talks.now_ms))
    assert not is_moot(talks.negotiation, note)
    talks.receipt("DELIVERED" if level == 2 else "ACKNOWLEDGED", BORIS, message)
    assert is_moot(talks.negotiation, note)
    assert is_moot(talks.negotiation, note.model_copy(update={"message": "0" * 32}))


# who is told


def told(talks: Talks, me: str, now_ms: int) -> list[tuple[str, int, str]]:
    return [(late.addressee, late.level, late.step) for late in to_tell(talks.negotiation, me, now_ms)]


def test_the_sender_is_told_at_every_step() -> None:
    talks = Talks()
    message = asked(talks)
    for minutes, step in ((30, "1x"), (45, "1.5x"), (60, "2x")):
        assert told(talks, AMAL, at(talks, message, minutes)) == [(BORIS, 4, step)]
    assert told(talks, AMAL, at(talks, message, 29)) == []


def test_the_addressee_is_told_again_of_what_a_person_can_do() -> None:
    talks = Talks()
    message = talks.say("QUESTION", AMAL, BORIS, QUESTION, precedence="IMMEDIATE")
    assert told(talks, BORIS, at(talks, message, 20)) == []  # L2 is for the device
    assert told(talks, BORIS, at(talks, message, 30)) == [(BORIS, 4, "1x")]
    assert told(talks, BORIS, at(talks, message, 60)) == [(BORIS, 4, "1x")]


def test_alternates_are_told_at_one_and_a_half_mediators_at_twice() -> None:
    talks = Talks()
    message = asked(talks)
    own = Participant(BORIS, "Boris", Role.PARTY, principal=PRINCIPAL, principal_name="South")
    other = Participant(ALTERNATE, "Bahar", Role.PARTY, principal=PRINCIPAL, principal_name="South")
    seat(talks, own, other, without=[BORIS])
    assert told(talks, ALTERNATE, at(talks, message, 44)) == []
    assert told(talks, ALTERNATE, at(talks, message, 45)) == [(BORIS, 4, "1.5x")]
    assert told(talks, MIRA, at(talks, message, 59)) == []
    assert told(talks, MIRA, at(talks, message, 60)) == [(BORIS, 4, "2x")]
    assert told(talks, LEILA, at(talks, message, 9999)) == []


# when to look


def test_the_next_look_is_when_something_may_be_due() -> None:
    talks = Talks()
    message = asked(talks)
    for minutes, wait in ((20, 10), (30, 15), (44, 1), (58.5, 1.5)):
        moment = at(talks, message, minutes)
        found = next_look_ms(talks.negotiation, (), now_ms=moment, relay_ms=moment)
        assert found == round(wait * MINUTE)
    moment = at(talks, message, 9999)
    assert next_look_ms(talks.negotiation, (), now_ms=moment, relay_ms=moment) == HOUR
    turn = Duty("2x", moment + MINUTE)
    assert next_look_ms(talks.negotiation, (), [turn], now_ms=moment, relay_ms=moment) == MINUTE


def test_a_relays_clock_behind_ours_is_waited_for() -> None:
    talks = Talks()
    message = asked(talks)
    now_ms = at(talks, message, 31)
    assert next_look_ms(talks.negotiation, (), now_ms=now_ms, relay_ms=now_ms - 90_000) == 30_000


# what the relay has not stored


def row(talks: Talks, precedence: Precedence, state: OutboxState = OutboxState.QUEUED) -> OutboxRow:
    return OutboxRow(
        sequence=1,
        log_id=bytes(32),
        message_id=b"\x05" * 16,
        body=talks.body("QUESTION", AMAL, [BORIS], QUESTION, precedence=precedence),
        queued_ms=1000,
        state=state,
        sealed=None,
        position=None,
    )


@pytest.mark.parametrize(("precedence", "seconds"), [("IMMEDIATE", 30), ("PRIORITY", 60), ("ROUTINE", 300)])
def test_a_message_of_ours_should_be_stored_in_time(precedence: Precedence, seconds: int) -> None:
    terms = ChannelTerms()
    rows = [row(Talks(), precedence)]
    due_ms = 1000 + 1000 * seconds
    assert unrelayed(rows, terms, due_ms - 1) == ()
    (late,) = unrelayed(rows, terms, due_ms)
    assert (late.message, late.addressee, late.level, late.step) == ("05" * 16, "", 1, "1x")
    assert late.due_ms == due_ms
    assert [one.step for one in unrelayed(rows, terms, due_ms + 1000 * seconds)] == ["2x"]
    found = next_look_ms(Talks().negotiation, rows, now_ms=due_ms - 7, relay_ms=0)
    assert found == 7


def test_what_has_its_receipt_is_stored_and_receipts_are_no_words() -> None:
    talks = Talks()
    stored = row(talks, "IMMEDIATE", OutboxState.RELAYED)
    receipt = compose_receipt("DELIVERED", sender=AMAL, sent="2026-11-22T14:30:00Z", messages=["1" * 32])
    other = OutboxRow(
        sequence=2,
        log_id=bytes(32),
        message_id=bytes(16),
        body=encode_body(receipt),
        queued_ms=0,
        state=OutboxState.QUEUED,
        sealed=None,
        position=None,
    )
    assert decode_body(other.body) == receipt
    assert unrelayed([stored, other], ChannelTerms(), HOUR) == ()


@pytest.mark.parametrize("body", [b"", b"\xc0", b"\x81"])
def test_what_is_no_message_is_for_the_log_to_judge(body: bytes) -> None:
    spoiled = replace(row(Talks(), "IMMEDIATE"), body=body)
    assert body_of(spoiled) is None
    assert unrelayed([spoiled], ChannelTerms(), HOUR) == ()


# in which words


def test_the_words_name_no_cause_and_nothing_of_what_was_said() -> None:
    talks = Talks()
    message = asked(talks)
    (late,) = talks.negotiation.overdue(at(talks, message, 30))
    words = overdue_words(talks.negotiation, late, NAMES)
    assert words == (
        "No. 1 to Boris (IMMEDIATE), logged 2026-11-22T14:30:01Z: L4 ACKNOWLEDGED was due "
        "2026-11-22T15:00:01Z: no acknowledgement; cause unknown"
    )
    (twice,) = talks.negotiation.overdue(at(talks, message, 60))
    assert overdue_words(talks.negotiation, twice, NAMES) == f"{words} (2x): use the agreed outside channel"


def test_what_was_read_back_waits_for_its_author() -> None:
    talks = Talks()
    message = talks.say("INFORM", AMAL, BORIS, INFORM, precedence="IMMEDIATE")
    readings = [
        {"field": "window.start", "value": "230600Z NOV 26"},
        {"field": "window.end", "value": "240600Z NOV 26"},
    ]
    talks.say("READBACK", BORIS, AMAL, {"target": message, "readings": readings})
    late = [one for one in talks.negotiation.overdue(at(talks, message, 60)) if one.message == message]
    (words,) = (overdue_words(talks.negotiation, one, NAMES) for one in late)
    assert "L6 CONFIRMED" in words
    assert words.endswith("read back, not confirmed by its author; cause unknown")
