import dataclasses
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import canonical
from protocols.messages.build import compose, compose_receipt
from protocols.messages.codec import encode_body
from protocols.messages.envelope import MessageType
from protocols.messages.roles import Role
from protocols.messages.values import format_time, time_ms
from protocols.negotiation import Negotiation, Participant, Received, RosterChange

from .story import replayed, told
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

ROOT = Path(__file__).parents[3]
GOLDEN_DIGEST = "cad4f87c4f074e952dfe597f2bd790674e20d8f93abe541b1a01f9af480a81b8"


def test_the_state_after_the_story() -> None:
    talks = told()
    board = talks.negotiation.board()
    assert [d.addressee for d in board.open_questions] == [BORIS]
    assert [p.ended for p in board.proposals] == ["ADOPTED"]
    assert [c.state.value for c in board.commitments] == ["ENDED", "CLAIMED", "ACTIVE"]
    assert [entry.reason for entry in talks.negotiation.rejected] == ["rule:RESPONSE-9"]


def test_the_digest_is_frozen() -> None:
    """It changes when what is agreed upon changes; a golden log would no longer replay to the same state."""
    assert told().negotiation.digest().hex() == GOLDEN_DIGEST


@pytest.mark.parametrize("seed", ["1", "4242"])
def test_the_digest_is_the_same_in_another_process_locale_and_time_zone(seed: str) -> None:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": seed,
        "TZ": "Asia/Damascus",
        "LC_ALL": "C",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "tests.protocols.negotiation.story"]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == GOLDEN_DIGEST


def test_a_second_member_comes_to_the_same() -> None:
    """The roster may come with the constructor or a commit; the fold is the same but for the entries it was given."""
    talks = told()
    first, second = replayed(talks), replayed(talks)
    assert first.digest() == second.digest()
    assert first.messages == talks.negotiation.messages


def test_the_summary_is_plain_and_fits_the_canonical_encoding() -> None:
    summary = told().negotiation.summary()
    assert json.loads(json.dumps(summary)) == summary
    assert canonical.encode(summary)


def test_the_digest_covers_the_acknowledgements() -> None:
    talks = told()
    before = talks.negotiation.digest()
    talks.receipt("DELIVERED", OTTO, talks.negotiation.messages[-1].id)
    assert talks.negotiation.digest() != before


# --- the fixed reasons -----------------------------------------------------------------------------------------------


def test_garbage_is_malformed_and_counts_for_nothing() -> None:
    talks = Talks()
    for body in (b"", b"\xc1", b"\x80", canonical.encode({"v": 1, "type": "LINE-CHECK"})):
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


def filled(count: int) -> tuple[Negotiation, int]:
    """A negotiation of that many messages, each delivered to Boris and answered, as quickly as it can be built."""
    negotiation = Negotiation(ROSTER)
    start = time_ms(START)
    inform = encode_body(compose("INFORM", INFORM, sender=AMAL, to=[BORIS], sent=START, topic="x"))
    position = 0
    for number in range(count):
        sender_id = number.to_bytes(8, "big")
        for sender, kind in ((AMAL, b"m"), (BORIS, b"r"), (BORIS, b"a")):
            position += 1
            body = inform
            if kind == b"r":
                receipt = compose_receipt(
                    "DELIVERED", sender=BORIS, sent=START, messages=[(b"m" * 8 + sender_id).hex()]
                )
                body = encode_body(receipt)
            if kind == b"a":
                fields = {"target": (b"m" * 8 + sender_id).hex(), "code": "ROGER"}
                body = encode_body(
                    compose("RESPONSE", fields, sender=BORIS, to=[AMAL], sent=format_time(start), topic="x")
                )
            entry = Received(
                position=position,
                relay_time_ms=start,
                epoch=1,
                sender=sender,
                message_id=kind * 8 + sender_id,
                body=body,
            )
            assert negotiation.apply(entry).accepted
    return negotiation, position


def test_one_more_entry_costs_the_same_late_as_early() -> None:
    """Best of many, so that a busy machine cannot make it fail; a rescan would cost thirty times as much."""
    costs = []
    for count in (20, 600):
        negotiation, position = filled(count)
        body = encode_body(compose("INFORM", INFORM, sender=AMAL, to=[BORIS], sent=START, topic="x"))
        best = float("inf")
        for extra in range(40):
            position += 1
            entry = Received(
                position=position,
                relay_time_ms=time_ms(START),
                epoch=1,
                sender=AMAL,
                message_id=b"x" * 8 + extra.to_bytes(8, "big"),
                body=body,
            )
            began = time.perf_counter()
            negotiation.apply(entry)
            best = min(best, time.perf_counter() - began)
        costs.append(best)
    assert costs[1] < 3 * costs[0]
