import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import canonical
from protocols.messages.build import compose, compose_receipt
from protocols.messages.codec import encode_body
from protocols.messages.envelope import MessageType
from protocols.messages.roles import Role
from protocols.messages.values import time_ms
from protocols.negotiation import Negotiation, Participant, Received, RosterChange

from .story import told
from .talks import (
    ALERT,
    AMAL,
    BORIS,
    INFORM,
    LEILA,
    MIRA,
    NOTIFY,
    OTTO,
    QUESTION,
    ROSTER,
    START,
    STRANGER,
    VERA,
    Talks,
    proposal,
)


def test_the_state_after_the_story() -> None:
    talks = told()
    board = talks.negotiation.board()
    assert [d.addressee for d in board.open_questions] == [BORIS]
    assert [p.ended for p in board.proposals] == ["ADOPTED"]
    states = [commitment.state.value for commitment in board.commitments]
    assert states == ["CLAIMED", "ACTIVE", "OVERDUE", "VIOLATED", "ENDED"]
    reasons = [entry.reason for entry in talks.negotiation.rejected]
    assert reasons == ["rule:RESPONSE-9", "undecryptable", "suspended", "malformed"]


# --- the fixed reasons -----------------------------------------------------------------------------------------------


def test_garbage_is_malformed_and_counts_for_nothing() -> None:
    talks = Talks()
    for body in (b"", b"\xc1", b"\x80", canonical.encode({"v": 1, "type": "GOSSIP"})):
        assert talks.receive(AMAL, body).reason == "malformed"
    assert len(talks.negotiation.rejected) == 4


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=60), st.sampled_from([AMAL, STRANGER]))
def test_no_body_breaks_the_fold(body: bytes, sender: str) -> None:
    assert not Talks().receive(sender, body).accepted


def test_who_is_not_on_the_roster_is_not_heard() -> None:
    talks = Talks()
    body = talks.body("INFORM", STRANGER, [AMAL], INFORM)
    assert talks.receive(STRANGER, body).reason == "unknown-sender"


def test_nobody_speaks_in_anothers_name() -> None:
    talks = Talks()
    target = talks.say("INFORM", AMAL, BORIS, INFORM)
    assert talks.receive(BORIS, talks.body("INFORM", AMAL, [MIRA], INFORM)).reason == "from-mismatch"
    receipt = compose_receipt("DELIVERED", sender=BORIS, sent=START, messages=[target])
    assert talks.receive(MIRA, encode_body(receipt)).reason == "from-mismatch"


def test_an_id_is_used_once_by_messages_and_receipts_together() -> None:
    talks = Talks()
    body = talks.body("INFORM", AMAL, [BORIS], INFORM)
    assert talks.receive(AMAL, body, message_id=b"m" * 16).accepted
    assert talks.receive(AMAL, body, message_id=b"m" * 16).reason == "duplicate-id"
    receipt = encode_body(compose_receipt("DELIVERED", sender=BORIS, sent=START, messages=[b"m".hex() * 16]))
    assert talks.receive(BORIS, receipt, message_id=b"m" * 16).reason == "duplicate-id"
    assert talks.receive(BORIS, receipt, message_id=b"r" * 16).accepted
    assert talks.receive(AMAL, body, message_id=b"r" * 16).reason == "duplicate-id"


def test_an_exercise_does_not_enter_a_live_channel() -> None:
    Talks().refuse("wrong-mode", "INFORM", AMAL, BORIS, INFORM, mode="EXERCISE")
    exercise = Negotiation(ROSTER, mode="EXERCISE")
    message = compose("INFORM", INFORM, sender=AMAL, to=[BORIS], sent=START, topic="x", mode="EXERCISE")
    received = Received(
        position=1,
        relay_time_ms=time_ms(START),
        epoch=1,
        sender=AMAL,
        message_id=b"m" * 16,
        body=encode_body(message),
    )
    assert exercise.apply(received).accepted


SENDERS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "INFORM": (INFORM, {AMAL, MIRA, LEILA, VERA}),
    "QUESTION": (QUESTION, {AMAL, MIRA, LEILA, VERA, OTTO}),
    "NOTIFY": (NOTIFY, {AMAL, MIRA, LEILA}),
    "ALERT": (ALERT, {AMAL, MIRA, LEILA, VERA}),
}


@pytest.mark.parametrize("sender", [AMAL, MIRA, LEILA, VERA, OTTO])
@pytest.mark.parametrize("kind", SENDERS)
def test_each_role_sends_its_types(kind: str, sender: str) -> None:
    fields, allowed = SENDERS[kind]
    talks = Talks()
    to = MIRA if sender == OTTO else BORIS
    if sender in allowed:
        talks.say(kind, sender, to, fields)
    else:
        talks.refuse("role-not-allowed", kind, sender, to, fields)


@pytest.mark.parametrize("sender", [LEILA, VERA, OTTO])
def test_only_parties_and_mediators_propose(sender: str) -> None:
    until = "2026-11-25T12:00:00Z"
    Talks().refuse("role-not-allowed", "PROPOSAL", sender, [AMAL, BORIS], proposal(), valid_until=until)


def test_a_mediator_accepts_for_nobody() -> None:
    talks = Talks()
    target = talks.say("PROPOSAL", AMAL, [BORIS, MIRA], proposal(), valid_until="2026-11-25T12:00:00Z")
    answers = [{"hash": talks.hashes(target)[0], "answer": "ACCEPT"}]
    fields = {"proposal": target, "replies": answers}
    talks.refuse("role-not-allowed", "CLAUSE-REPLY", MIRA, [AMAL, BORIS], fields)


def test_addressees_and_targets_must_exist() -> None:
    talks = Talks()
    talks.refuse("unknown-addressee", "INFORM", AMAL, STRANGER, INFORM)
    talks.refuse("unknown-addressee", "INFORM", AMAL, BORIS, INFORM, info=[STRANGER])
    talks.refuse("unknown-target", "RESPONSE", AMAL, BORIS, {"target": "1" * 32, "code": "ROGER"})
    talks.refuse("unknown-target", "INFORM", AMAL, BORIS, INFORM, refs=[{"rel": "about", "id": "1" * 32}])
    unknown = {"commitment": "1" * 32, "event": "RELEASE", "at": START}
    talks.refuse("unknown-target", "COMMIT-EVENT", AMAL, BORIS, unknown)
    reply = {"proposal": "1" * 32, "replies": [{"hash": "2" * 64, "answer": "ACCEPT"}]}
    talks.refuse("unknown-target", "CLAUSE-REPLY", AMAL, BORIS, reply)
    assert talks.receipt("DELIVERED", AMAL, "1" * 32).reason == "unknown-target"


def test_what_was_rejected_cannot_be_answered() -> None:
    talks = Talks()
    talks.refuse("wrong-mode", "QUESTION", AMAL, BORIS, QUESTION, mode="EXERCISE")
    rejected = talks.position.to_bytes(16, "big").hex()
    talks.refuse("unknown-target", "RESPONSE", BORIS, AMAL, {"target": rejected, "code": "AFFIRM"})


# --- roster, order, reading --------------------------------------------------------------------------------------------


def test_a_member_that_left_is_not_heard_and_a_new_one_is() -> None:
    talks = Talks()
    new = Participant("9" * 32, "Nadia", Role.PARTY)
    talks.position += 1
    roster = (*(p for p in ROSTER if p.id != BORIS), new)
    talks.negotiation.handshake(
        RosterChange(position=talks.position, relay_time_ms=talks.now_ms, epoch=2, roster=roster)
    )
    body = talks.body("INFORM", BORIS, [AMAL], INFORM)
    assert talks.receive(BORIS, body).reason == "unknown-sender"
    talks.say("INFORM", new.id, AMAL, INFORM)
    assert talks.negotiation.roster.name(new.id) == "Nadia"


def test_entries_come_in_order() -> None:
    talks = told()
    entry = talks.entries[0]
    with pytest.raises(ValueError, match="after entry"):
        talks.negotiation.apply(dataclasses.replace(entry, message_id=b"n" * 16))
    with pytest.raises(ValueError, match="after entry"):
        talks.negotiation.reject(1, 0, "undecryptable")


def test_relay_time_never_runs_backwards() -> None:
    talks = told()
    before = talks.negotiation.relay_time_ms
    talks.position += 1
    talks.negotiation.reject(talks.position, 0, "undecryptable")
    assert talks.negotiation.relay_time_ms == before


def test_reading_by_id_and_position() -> None:
    talks = Talks()
    target = talks.say("INFORM", AMAL, BORIS, INFORM)
    found = talks.negotiation.message(bytes.fromhex(target))
    assert found is not None
    assert found is talks.negotiation.by_position(found.position)
    assert found.message_id.hex() == target
    assert talks.negotiation.by_position(99) is None
    assert [message.type for message in talks.negotiation.messages] == [MessageType.INFORM]


def test_what_i_owe_a_receipt_for() -> None:
    talks = Talks()
    first = talks.say("INFORM", AMAL, BORIS, INFORM)
    second = talks.say("INFORM", AMAL, MIRA, INFORM)
    owed = talks.negotiation.undelivered_to_me
    assert [m.id for m in owed(BORIS)] == [first, second]
    assert owed(AMAL) == ()
    talks.receipt("DELIVERED", BORIS, first)
    talks.receipt("DELIVERY_ERROR", MIRA, second)
    assert [m.id for m in owed(BORIS)] == [second]
    assert [m.id for m in owed(MIRA)] == [first]
