"""Carried words, facts and questions: what they answer, and what they never close."""

import pytest

from protocols.negotiation import ResponseState

from .sayings import CONVEY, REQUEST
from .talks import AMAL, BORIS, INFORM, LEILA, MIRA, OTTO, QUESTION, Talks, proposal

UNTIL = "2026-11-25T12:00:00Z"


def reply(target: str, relation: str = "reply_to") -> list[dict[str, str]]:
    return [{"rel": relation, "id": target}]


def test_carried_words_answer_nothing_but_a_question() -> None:
    talks = Talks()
    offer = talks.say("PROPOSAL", AMAL, [BORIS, MIRA], proposal(), valid_until=UNTIL)
    asked = talks.say("REQUEST", AMAL, MIRA, {**REQUEST, "actor": MIRA})
    for refs in (reply(offer), reply(asked), reply(offer, "counter_to"), reply(asked, "counter_to")):
        talks.refuse("rule:CONVEY-3", "CONVEY", MIRA, AMAL, CONVEY, refs=refs)
    talks.say("CONVEY", MIRA, AMAL, CONVEY, refs=reply(offer, "about"))
    assert talks.tabled(offer).ended is None
    assert talks.message(asked).is_open
    assert talks.negotiation.board().commitments == ()


def test_a_question_that_is_answered_by_carried_words_stays_open() -> None:
    """The table of answers names INFORM: somebody has to answer in their own name."""
    talks = Talks()
    question = talks.say("QUESTION", AMAL, MIRA, {**QUESTION, "form": "WHEN"})
    talks.say("CONVEY", MIRA, AMAL, CONVEY, refs=reply(question))
    assert talks.message(question).is_open
    talks.say("INFORM", MIRA, AMAL, INFORM, refs=reply(question))
    assert not talks.message(question).is_open


@pytest.mark.parametrize("to", [[BORIS], [LEILA]])
def test_information_that_its_asker_does_not_get_answers_nothing(to: list[str]) -> None:
    talks = Talks()
    question = talks.say("QUESTION", AMAL, MIRA, {**QUESTION, "form": "WHERE"})
    talks.say("INFORM", MIRA, to, INFORM, refs=reply(question))
    assert talks.message(question).answers[MIRA].state is ResponseState.OPEN


def test_of_an_observer_nothing_is_wanted_that_it_may_not_say() -> None:
    talks = Talks()
    question = talks.say("QUESTION", MIRA, [AMAL, OTTO], QUESTION)
    assert set(talks.message(question).answers) == {AMAL}
    told = talks.say("INFORM", MIRA, [AMAL, OTTO], INFORM)
    assert set(talks.message(told).answers) == {AMAL, OTTO}
    talks.answer("ROGER", OTTO, MIRA, told)
    assert talks.message(told).answers[OTTO].state is ResponseState.CLOSED
