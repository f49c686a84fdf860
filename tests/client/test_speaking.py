"""Which mandate a message cites, and what a reader is told about who says it."""

from collections.abc import Sequence
from typing import Any

import pytest

from client.speaking import mandate_to_cite, speaks_for
from protocols.messages import Mandate, Message, Power, Role, compose, encode_body, mandate_id
from protocols.messages.values import format_time, time_ms
from protocols.negotiation import Negotiation, Participant, Received, RosterChange
from tests.support.mandates import EVERY_POWER, Principal

NORTH = Principal("Council of the North", 80)
NOUR, AMAL, MIRA = (letter * 32 for letter in "abc")
NOW_MS = time_ms("2026-11-22T14:30:00Z")
EXPIRED: dict[str, Any] = {"start": "2026-01-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"}


def talks(*mandates: Mandate) -> Negotiation:
    """Nour speaks for the Council of the North, Amal for himself, Mira mediates."""
    negotiation = Negotiation()
    roster = (
        Participant(NOUR, "Nour", Role.PARTY, NORTH.key.hex(), NORTH.name, mandates),
        Participant(AMAL, "Amal", Role.PARTY),
        Participant(MIRA, "Mira", Role.MEDIATOR),
    )
    negotiation.handshake(RosterChange(position=0, relay_time_ms=NOW_MS, epoch=1, roster=roster))
    return negotiation


def question(sender: str = NOUR, topic: str = "roads") -> Message:
    fields = {"question": "Is the road open?", "form": "YES_NO"}
    return compose("QUESTION", fields, sender=sender, to=[MIRA], sent=format_time(NOW_MS), topic=topic)


def cited(negotiation: Negotiation, message: Message) -> str | None:
    return mandate_to_cite(negotiation, message, NOW_MS)


def test_who_speaks_for_themselves_cites_nothing() -> None:
    negotiation = talks(NORTH.mandate(NOUR))
    assert cited(negotiation, question(AMAL)) is None
    assert speaks_for(negotiation, AMAL, NOW_MS) == ""
    assert speaks_for(negotiation, "0" * 32, NOW_MS) == ""


def test_the_smallest_that_covers_is_cited() -> None:
    everything = NORTH.mandate(NOUR)
    talking = NORTH.mandate(NOUR, powers=("INFORM", "NEGOTIATE"))
    roads = NORTH.mandate(NOUR, powers=("INFORM", "NEGOTIATE"), topics=("roads",))
    water = NORTH.mandate(NOUR, powers=("INFORM",), topics=("water",))
    old = NORTH.mandate(NOUR, powers=("INFORM",), topics=("roads",), **EXPIRED)
    negotiation = talks(everything, talking, roads, water, old)
    assert cited(negotiation, question()) == mandate_id(roads)
    assert cited(negotiation, question(topic="ROADS/north")) == mandate_id(roads)
    assert cited(negotiation, question(topic="water")) == mandate_id(water)
    assert cited(negotiation, question(topic="roadside")) == mandate_id(talking)


@pytest.mark.parametrize(
    "mandates",
    [
        (),
        (NORTH.mandate(NOUR, topics=("water",)),),
        (NORTH.mandate(NOUR, powers=("COMMIT",)),),
        (NORTH.mandate(NOUR, **EXPIRED),),
    ],
)
def test_none_that_covers_is_cited_as_none(mandates: tuple[Mandate, ...]) -> None:
    assert cited(talks(*mandates), question()) is None


def test_an_answer_is_covered_about_what_it_answers_too() -> None:
    """Who may speak about roads does not answer about water by calling it roads."""
    roads = NORTH.mandate(NOUR, topics=("roads",))
    negotiation = talks(roads)
    for place, topic in enumerate(("roads", "water"), start=1):
        fields = {"question": "Is it open?", "form": "YES_NO"}
        asked = compose("QUESTION", fields, sender=MIRA, to=[NOUR], sent=format_time(NOW_MS), topic=topic)
        received = Received(
            position=place,
            relay_time_ms=NOW_MS,
            epoch=1,
            sender=MIRA,
            message_id=bytes([place]) * 16,
            body=encode_body(asked),
        )
        assert negotiation.apply(received).accepted
    answers = [
        compose(
            "RESPONSE",
            {"target": bytes([place]).hex() * 16, "code": "AFFIRM"},
            sender=NOUR,
            to=[MIRA],
            sent=format_time(NOW_MS),
            topic="roads",
        )
        for place in (1, 2)
    ]
    assert [cited(negotiation, answer) for answer in answers] == [mandate_id(roads), None]


@pytest.mark.parametrize(
    ("powers", "words"),
    [
        (("INFORM",), "may inform, may not negotiate, may not accept, may not commit"),
        (("INFORM", "NEGOTIATE"), "may inform, may negotiate, may not accept, may not commit"),
        (("NEGOTIATE", "ACCEPT_AD_REF"), "may negotiate, may accept ad referendum only, may not commit"),
        (EVERY_POWER, "may inform, may negotiate, may accept, may commit"),
    ],
)
def test_the_line_says_how_far_and_until_when(powers: Sequence[Power], words: str) -> None:
    negotiation = talks(NORTH.mandate(NOUR, powers=powers))
    line = f"for Council of the North, {words}, expires 2026-12-31T00:00:00Z"
    assert speaks_for(negotiation, NOUR, NOW_MS) == line


def test_each_mandate_is_said_with_its_topics_and_limits() -> None:
    roads = NORTH.mandate(NOUR, powers=("INFORM",), topics=("roads", "rails"))
    limited = NORTH.mandate(NOUR, powers=EVERY_POWER, topics=("water",), limits="no money")
    negotiation = talks(roads, limited)
    line = speaks_for(negotiation, NOUR, NOW_MS)
    first, second = line.removeprefix("for Council of the North, ").split("; ")
    assert first.startswith("about roads and rails, may inform, may not negotiate")
    assert second.startswith("about water, may inform, ")
    assert "limits: no money, expires" in second
    assert speaks_for(negotiation, NOUR, NOW_MS, topic="water") == f"for Council of the North, {second}"


@pytest.mark.parametrize(
    ("topic", "where"), [(None, ""), ("prisoners", " about prisoners")], ids=["at all", "about a topic"]
)
def test_without_a_mandate_nothing_binds(topic: str | None, where: str) -> None:
    mandates: dict[str, Any] = {"topics": ("roads",)} if topic else EXPIRED
    negotiation = talks(NORTH.mandate(NOUR, **mandates))
    line = speaks_for(negotiation, NOUR, NOW_MS, topic=topic)
    assert line == f"for Council of the North, no mandate in force{where}: may bind nobody"


def test_who_is_suspended_is_said_to_be() -> None:
    negotiation = talks(NORTH.mandate(NOUR))
    fields = {
        "operation": "SUSPEND",
        "seat": "Nour",
        "fingerprint": NOUR,
        "effective": format_time(NOW_MS),
        "reason": "captured",
    }
    message = compose(
        "SEAT", fields, sender=MIRA, to=[NOUR, AMAL], sent=format_time(NOW_MS), topic="seats/Nour"
    )
    received = Received(
        position=1,
        relay_time_ms=NOW_MS,
        epoch=1,
        sender=MIRA,
        message_id=bytes(16),
        body=encode_body(message),
    )
    assert negotiation.apply(received).accepted
    assert speaks_for(negotiation, NOUR, NOW_MS) == "suspended: nothing they say counts"
