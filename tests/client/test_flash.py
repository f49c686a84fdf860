"""More than three FLASH messages of one seat within an hour are asked about; none is refused."""

from client.consequences import consequences
from client.flash import flash_question
from protocols.messages import Message, decode_body
from tests.protocols.negotiation.talks import ALERT, AMAL, BORIS, INFORM, MIRA, Talks

HOUR_MS = 3_600_000


def flash(talks: Talks, sender: str = AMAL, precedence: str = "FLASH") -> Message:
    made = decode_body(talks.body("ALERT", sender, [BORIS, MIRA], ALERT, precedence=precedence))
    assert isinstance(made, Message)
    return made


def raise_alerts(talks: Talks, count: int) -> None:
    for _ in range(count):
        talks.say("ALERT", AMAL, [BORIS, MIRA], ALERT, precedence="FLASH")
        talks.say("INFORM", BORIS, [MIRA], INFORM)


def test_the_fourth_within_an_hour_is_asked_about_and_counts_all_the_same() -> None:
    talks = Talks()
    raise_alerts(talks, 2)
    assert flash_question(talks.negotiation, flash(talks), talks.now_ms) is None
    raise_alerts(talks, 1)
    question = flash_question(talks.negotiation, flash(talks), talks.now_ms)
    assert question is not None
    assert question.startswith("You have sent 3 FLASH messages within the hour.")
    raise_alerts(talks, 1)


def test_an_hour_later_nothing_is_asked() -> None:
    talks = Talks()
    raise_alerts(talks, 3)
    assert flash_question(talks.negotiation, flash(talks), talks.now_ms + HOUR_MS) is None


def test_others_alerts_and_slower_messages_do_not_count() -> None:
    talks = Talks()
    raise_alerts(talks, 3)
    assert flash_question(talks.negotiation, flash(talks, precedence="IMMEDIATE"), talks.now_ms) is None
    made = decode_body(talks.body("ALERT", BORIS, [AMAL, MIRA], ALERT, precedence="FLASH"))
    assert isinstance(made, Message)
    assert flash_question(talks.negotiation, made, talks.now_ms) is None


def test_it_is_read_before_the_message_leaves() -> None:
    talks = Talks()
    assert consequences(talks.negotiation, flash(talks), talks.now_ms) == ()
    raise_alerts(talks, 3)
    question = flash_question(talks.negotiation, flash(talks), talks.now_ms)
    assert consequences(talks.negotiation, flash(talks), talks.now_ms) == (question,)
