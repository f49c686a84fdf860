"""Mandates: which power each act takes, about which topic, and what becomes of it without (MESSAGES.md section 6)."""

from collections.abc import Callable
from typing import Any

import pytest

from protocols.messages.mandates import mandate_id
from protocols.messages.values import format_time
from protocols.negotiation import CommitmentState

from .sayings import (
    COMMIT,
    CONVEY,
    EVERY_POWER,
    INCIDENT,
    LINE_CHECK,
    MEETING,
    PERSONS,
    REQUEST,
    SOUTH_SEED,
    TERM,
    mandate,
    mandate_fields,
    roster,
    seat_fields,
)
from .talks import ALERT, AMAL, BORIS, INFORM, LEILA, MIRA, NOTIFY, OTTO, QUESTION, VERA, Talks, proposal

UNTIL = "2026-11-25T12:00:00Z"
EVERYBODY = [AMAL, MIRA, LEILA, VERA, OTTO]


def south(powers: list[str], **changes: Any) -> Talks:
    """Boris speaks for the south with these powers; Amal for herself alone is not needed here."""
    held = mandate(BORIS, SOUTH_SEED, principal_name="Southern Front", powers=powers, **changes)
    talks = Talks(roster(mandate(), boris=(held,)))
    return talks


Act = Callable[[Talks], tuple[str, Any, dict[str, Any], dict[str, Any]]]
"""What Boris says: type, addressees, fields and envelope, once the table is set."""


def plain(kind: str, fields: dict[str, Any], to: Any = AMAL, **envelope: Any) -> Act:
    return lambda talks: (kind, to, fields, envelope)


def answer(code: str, kind: str, fields: dict[str, Any], to: Any = BORIS, **envelope: Any) -> Act:
    def act(talks: Talks) -> tuple[str, Any, dict[str, Any], dict[str, Any]]:
        target = talks.say(kind, AMAL, to, fields, **envelope)
        return "RESPONSE", AMAL, {"target": target, "code": code}, {}

    return act


def clause_answer(word: str, *, ad_ref: bool = False) -> Act:
    def act(talks: Talks) -> tuple[str, Any, dict[str, Any], dict[str, Any]]:
        target = talks.say("PROPOSAL", AMAL, BORIS, proposal(), valid_until=UNTIL)
        reply: dict[str, Any] = {"hash": talks.hashes(target)[0], "answer": word}
        if word != "ACCEPT":
            reply["reason"] = "too long"
        fields = {"proposal": target, "replies": [reply], "ad_ref": ad_ref}
        return "CLAUSE-REPLY", AMAL, fields, {}

    return act


def adoption(mode: str) -> Act:
    def act(talks: Talks) -> tuple[str, Any, dict[str, Any], dict[str, Any]]:
        everything = mandate(BORIS, SOUTH_SEED, principal_name="Southern Front")
        held = talks.negotiation.roster.participants
        talks.seat(roster(mandate(), boris=(everything,)))
        target = talks.say("PROPOSAL", AMAL, BORIS, proposal(), valid_until=UNTIL)
        talks.accept_all(BORIS, AMAL, target)
        talks.seat(held)
        digest = talks.tabled(target).package_hash()
        fields = {"proposal": target, "package_hash": digest, "mode": mode, "effective": UNTIL_ADOPTED}
        return "ADOPT", AMAL, fields, {}

    return act


UNTIL_ADOPTED = "2026-11-22T20:00:00Z"


def event(talks: Talks) -> tuple[str, Any, dict[str, Any], dict[str, Any]]:
    talks.say("COMMIT", AMAL, BORIS, COMMIT)
    (duty,) = talks.negotiation.board().commitments
    at = format_time(talks.now_ms + 1000)
    return "COMMIT-EVENT", AMAL, {"commitment": duty.id, "event": "RELEASE", "at": at}, {}


own = {**COMMIT, "debtor": BORIS, "creditors": [AMAL]}
own["consequent"] = {**own["consequent"], "actor": BORIS}
asked = {**REQUEST, "actor": AMAL}
PARTIES = [AMAL, "1" * 32]
ACTS: dict[str, tuple[Act, str | None, bool]] = {
    "LINE-CHECK": (plain("LINE-CHECK", LINE_CHECK, topic="LINE-CHECK"), None, False),
    "ALERT": (plain("ALERT", ALERT), None, False),
    "MANDATE": (
        plain(
            "MANDATE",
            mandate_fields(BORIS, SOUTH_SEED, principal_name="Southern Front"),
            [*PARTIES, MIRA],
        ),
        None,
        False,
    ),
    "INFORM": (plain("INFORM", INFORM), "INFORM", False),
    "QUESTION": (plain("QUESTION", QUESTION), "INFORM", False),
    "NOTIFY": (plain("NOTIFY", {**NOTIFY, "contact": BORIS}), "INFORM", False),
    "INCIDENT": (plain("INCIDENT", INCIDENT), "INFORM", False),
    "PROPOSAL": (plain("PROPOSAL", proposal(), valid_until=UNTIL), "NEGOTIATE", False),
    "REQUEST": (plain("REQUEST", asked), "NEGOTIATE", False),
    "TERM": (plain("TERM", TERM, PARTIES), "NEGOTIATE", False),
    "SEAT": (plain("SEAT", seat_fields("ROLE", "Otto", OTTO, role="monitor"), PARTIES), "NEGOTIATE", False),
    "MEETING": (plain("MEETING", MEETING), "NEGOTIATE", False),
    "COMMIT": (plain("COMMIT", own), "COMMIT", True),
    "COMMIT-EVENT": (event, "COMMIT", True),
    "ROGER": (answer("ROGER", "INFORM", INFORM), None, False),
    "AFFIRM to QUESTION": (answer("AFFIRM", "QUESTION", QUESTION), "INFORM", True),
    "AFFIRM to MEETING": (answer("AFFIRM", "MEETING", MEETING), "NEGOTIATE", True),
    "AFFIRM to TERM": (answer("AFFIRM", "TERM", TERM, [BORIS, "1" * 32]), "ACCEPT_FINAL", True),
    "WILCO to REQUEST": (answer("WILCO", "REQUEST", REQUEST), "COMMIT", True),
    "WILCO to ALERT": (answer("WILCO", "ALERT", ALERT), "COMMIT", True),
    "REJECT": (clause_answer("REJECT"), "NEGOTIATE", True),
    "RESERVE": (clause_answer("RESERVE"), "NEGOTIATE", True),
    "ACCEPT": (clause_answer("ACCEPT"), "ACCEPT_FINAL", True),
    "ACCEPT ad referendum": (clause_answer("ACCEPT", ad_ref=True), "ACCEPT_AD_REF", True),
    "ADOPT INITIAL": (adoption("INITIAL"), "NEGOTIATE", True),
    "ADOPT AD_REFERENDUM": (adoption("AD_REFERENDUM"), "ACCEPT_AD_REF", True),
    "ADOPT FINAL": (adoption("FINAL"), "ACCEPT_FINAL", True),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_within_the_mandate_counts_and_is_not_marked(act: str) -> None:
    says, power, _ = ACTS[act]
    talks = south([power] if power is not None else ["INFORM"])
    kind, to, fields, envelope = says(talks)
    message = talks.say(kind, BORIS, to, fields, **envelope)
    assert not talks.message(message).beyond_mandate


@pytest.mark.parametrize("act", [name for name, row in ACTS.items() if row[1] is not None])
def test_an_act_beyond_the_mandate_is_refused_if_it_binds_and_marked_if_not(act: str) -> None:
    says, power, strict = ACTS[act]
    without = [other for other in EVERY_POWER if other != power]
    if power == "ACCEPT_AD_REF":
        without.remove("ACCEPT_FINAL")  # it includes the other
    talks = south(without)
    kind, to, fields, envelope = says(talks)
    if strict:
        talks.refuse("rule:MANDATE-8", kind, BORIS, to, fields, **envelope)
        return
    body = talks.body(kind, BORIS, [to] if isinstance(to, str) else to, fields, **envelope)
    verdict = talks.receive(BORIS, body)
    assert (verdict.accepted, verdict.beyond_mandate) == (True, True)
    assert talks.negotiation.messages[-1].beyond_mandate


def test_final_acceptance_includes_acceptance_ad_referendum() -> None:
    talks = south(["ACCEPT_FINAL"])
    kind, to, fields, _ = clause_answer("ACCEPT", ad_ref=True)(talks)
    talks.say(kind, BORIS, to, fields)


def test_who_speaks_for_themselves_needs_no_mandate() -> None:
    talks = Talks(roster(mandate()))
    target = talks.say("REQUEST", AMAL, BORIS, REQUEST)
    talks.answer("WILCO", BORIS, AMAL, target)
    (duty,) = talks.negotiation.board().commitments
    assert duty.state is CommitmentState.ACTIVE


def test_a_seat_of_a_principal_without_any_mandate_binds_nobody() -> None:
    talks = Talks(roster())
    talks.refuse("rule:MANDATE-8", "COMMIT", AMAL, BORIS, COMMIT)


@pytest.mark.parametrize(
    ("topics", "topic", "within"),
    [
        (["*"], "anything", True),
        (["bridge"], "bridge", True),
        (["Bridge"], "bRIDGE", True),
        (["bridge"], "bridge/north", True),
        (["bridge"], "bridges", False),
        (["bridge/north"], "bridge", False),
        (["road", "bridge"], "bridge", True),
        (["road"], "bridge", False),
    ],
)
def test_a_mandate_is_about_its_topics_and_their_parts(topics: list[str], topic: str, within: bool) -> None:
    talks = south(EVERY_POWER, topics=topics)
    body = talks.body("INFORM", BORIS, [AMAL], INFORM, topic=topic)
    assert talks.receive(BORIS, body).beyond_mandate is not within


def test_another_topic_on_the_answer_does_not_widen_a_mandate() -> None:
    """Who may commit about roads does not take on a duty about prisoners by calling it a road."""
    talks = south(EVERY_POWER, topics=["road"])
    target = talks.say("REQUEST", AMAL, BORIS, REQUEST)  # its topic is the bridge
    fields = {"target": target, "code": "WILCO"}
    talks.refuse("rule:MANDATE-8", "RESPONSE", BORIS, AMAL, fields, topic="road")
    assert "WILCO" not in {a.choice for a in talks.negotiation.legal_answers(target, BORIS)}


def test_an_answer_to_a_change_of_a_duty_is_about_what_created_the_duty() -> None:
    talks = south(EVERY_POWER, topics=["road"])
    talks.say("COMMIT", AMAL, BORIS, COMMIT)  # about the bridge
    (duty,) = talks.negotiation.board().commitments
    at = format_time(talks.now_ms)
    delay = {"commitment": duty.id, "event": "DELAY", "at": at, "reason": "flood"}
    delay["new_time"] = "2026-11-26T06:00:00Z"
    asked = talks.say("COMMIT-EVENT", AMAL, BORIS, delay, topic="road")
    fields = {"target": asked, "code": "AFFIRM"}
    talks.refuse("rule:MANDATE-8", "RESPONSE", BORIS, AMAL, fields, topic="road")


def test_a_mandate_holds_from_its_start_until_its_end() -> None:
    window = {"start": "2026-11-22T15:00:00Z", "end": "2026-11-22T16:00:00Z"}
    talks = south(EVERY_POWER, window=window)
    own_duty = {**own}
    talks.refuse("rule:MANDATE-8", "COMMIT", BORIS, AMAL, own_duty)
    talks.at("2026-11-22T14:59:59Z")
    talks.say("COMMIT", BORIS, AMAL, own_duty)
    talks.at("2026-11-22T15:59:59Z")
    talks.refuse("rule:MANDATE-8", "COMMIT", BORIS, AMAL, own_duty)


def test_a_revocation_works_at_once_and_for_good() -> None:
    held = mandate(BORIS, SOUTH_SEED, principal_name="Southern Front")
    talks = Talks(roster(mandate(), boris=(held,)))
    fields = mandate_fields(
        BORIS, SOUTH_SEED, principal_name="Southern Front", powers=[], revokes=mandate_id(held)
    )
    talks.say("MANDATE", BORIS, [*PARTIES, MIRA], fields)
    talks.refuse("rule:MANDATE-8", "COMMIT", BORIS, AMAL, own)
    assert talks.negotiation.mandates(BORIS) == ()
    talks.seat(roster(mandate(), boris=(held,)))  # a commit does not bring it back
    talks.refuse("rule:MANDATE-8", "COMMIT", BORIS, AMAL, own)


def test_a_cited_mandate_is_the_senders_and_in_force() -> None:
    norths = mandate()
    held = mandate(BORIS, SOUTH_SEED, principal_name="Southern Front")
    expired = mandate(
        BORIS,
        SOUTH_SEED,
        principal_name="Southern Front",
        window={"start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"},
    )
    talks = Talks(roster(norths, boris=(held, expired)))
    talks.say("INFORM", BORIS, AMAL, INFORM, mandate=mandate_id(held))
    for cited in (norths, expired):
        talks.refuse("rule:ENVELOPE-7", "INFORM", BORIS, AMAL, INFORM, mandate=mandate_id(cited))
    talks.refuse("rule:ENVELOPE-7", "INFORM", MIRA, AMAL, INFORM, mandate=mandate_id(held))


def test_only_legal_answers_within_the_mandate_are_offered() -> None:
    talks = south(["INFORM"])
    target = talks.say("REQUEST", AMAL, BORIS, REQUEST)
    offered = {choice.choice for choice in talks.negotiation.legal_answers(target, BORIS)}
    assert "UNABLE" in offered
    assert "WILCO" not in offered


@pytest.mark.parametrize(
    ("powers", "offered"), [(["INFORM"], set()), (["NEGOTIATE"], {"CLAUSE-REPLY", "PROPOSAL"})]
)
def test_a_text_is_answered_by_who_may_negotiate_or_accept(powers: list[str], offered: set[str]) -> None:
    talks = south(powers)
    target = talks.say("PROPOSAL", AMAL, BORIS, proposal(), valid_until=UNTIL)
    answers = talks.negotiation.legal_answers(target, BORIS)
    assert {answer.type.value for answer in answers} - {"RESPONSE"} == offered


@pytest.mark.parametrize(("powers", "offered"), [(["INFORM"], set()), (["COMMIT"], {"CONFIRM", "DISPUTE"})])
def test_a_claim_is_answered_by_who_may_commit(powers: list[str], offered: set[str]) -> None:
    talks = south(powers)
    talks.say("COMMIT", AMAL, BORIS, COMMIT)
    (duty,) = talks.negotiation.board().commitments
    claim = talks.event(AMAL, BORIS, duty.id, "CLAIM", evidence=["5" * 64])
    answers = talks.negotiation.legal_answers(claim, BORIS)
    assert {answer.choice for answer in answers if answer.type.value == "COMMIT-EVENT"} == offered


def test_conveyed_words_and_lists_take_the_power_to_inform() -> None:
    """The mediator speaks for nobody; a party that lists persons speaks for its principal."""
    talks = Talks((*roster(mandate(powers=["COMMIT"]))[:5],))
    talks.say("CONVEY", MIRA, AMAL, CONVEY)
    body = talks.body("PERSONS", AMAL, [BORIS], PERSONS, tlp="RED")
    assert talks.receive(AMAL, body).beyond_mandate
