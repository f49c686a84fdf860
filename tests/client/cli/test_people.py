"""Names, ids and numbers on the command line find what they mean, or nothing."""

from types import SimpleNamespace
from unittest import mock

import pytest
from pydantic import JsonValue

from client.cli.errors import UnknownMessage
from client.cli.people import (
    find_message,
    find_others_message,
    find_person,
    names_of,
    resolve,
    take_addressees,
)
from client.errors import Refused, UnknownPerson
from protocols.messages import MessageType, Role, compose, encode_body
from protocols.negotiation import Negotiation, Participant, Received

MIRA = Participant("aaaa" + "0" * 28, "Mira", Role.MEDIATOR)
AMAL = Participant("bbbb" + "1" * 28, "Amal Haddad", Role.PARTY)
BORIS = Participant("bbbb" + "2" * 28, "Boris", Role.PARTY)
PEOPLE = (MIRA, AMAL, BORIS)
QUESTION_ID = "c" * 32


@pytest.fixture
def negotiation() -> Negotiation:
    made = Negotiation(PEOPLE)
    question = compose(
        "QUESTION",
        {"topic": "Water", "question": "Does it run?", "form": "YES_NO"},
        sender=MIRA.id,
        to=[AMAL.id],
        sent="2026-11-22T14:30:00Z",
    )
    verdict = made.apply(
        Received(
            position=7,
            relay_time_ms=1_795_357_800_000,
            epoch=1,
            sender=MIRA.id,
            message_id=bytes.fromhex(QUESTION_ID),
            body=encode_body(question),
        )
    )
    assert verdict.accepted, verdict
    return made


@pytest.mark.parametrize("text", ["amal haddad", "AMAL  HADDAD", "bbbb1", AMAL.id])
def test_people_by_name_or_start_of_id(text: str) -> None:
    assert find_person(text, PEOPLE) == AMAL


@pytest.mark.parametrize("text", ["Amal", "", "aaa", "zzzz"])
def test_nobody(text: str) -> None:
    with pytest.raises(UnknownPerson, match="nobody here is called"):
        find_person(text, PEOPLE)


def test_more_than_one() -> None:
    with pytest.raises(UnknownPerson, match="more than one"):
        find_person("bbbb", PEOPLE)
    twin = Participant("d" * 32, "mira", Role.PARTY)
    with pytest.raises(UnknownPerson, match="more than one"):
        find_person("Mira", (*PEOPLE, twin))


@pytest.mark.parametrize("text", ["7", "No. 7", "no.7", "#7", " 7 ", QUESTION_ID])
def test_messages_by_number(negotiation: Negotiation, text: str) -> None:
    assert find_message(text, negotiation).id == QUESTION_ID


@pytest.mark.parametrize("text", ["8", "-7", "", "seven", "7.0", "9" * 40, "d" * 32])
def test_no_such_message(negotiation: Negotiation, text: str) -> None:
    with pytest.raises(UnknownMessage):
        find_message(text, negotiation)


def test_own_messages_are_not_answered(negotiation: Negotiation) -> None:
    assert find_others_message("7", negotiation, AMAL.id).id == QUESTION_ID
    with pytest.raises(UnknownMessage, match="your own"):
        find_others_message("7", negotiation, MIRA.id)


def test_names_and_numbers_in_fields_become_ids(negotiation: Negotiation) -> None:
    fields: dict[str, JsonValue] = {
        "required": "Boris, Amal Haddad",
        "clauses": [{"actor": "Boris", "action": "Boris"}],
        "clauses.1.actor": "bbbb1",
        "refs.0.id": "No. 7",
        "to": ["Mira"],
        "title": "Amal Haddad",
    }
    assert resolve(MessageType.PROPOSAL, fields, negotiation) == {
        "required": f"{BORIS.id},{AMAL.id}",
        "clauses": [{"actor": BORIS.id, "action": "Boris"}],
        "clauses.1.actor": AMAL.id,
        "refs.0.id": QUESTION_ID,
        "to": [MIRA.id],
        "title": "Amal Haddad",
    }


def test_what_a_finding_is_about_is_a_message_or_a_commitment(negotiation: Negotiation) -> None:
    def subject(text: str) -> JsonValue:
        return resolve(MessageType.FINDING, {"subject": text}, negotiation)["subject"]

    assert subject("No. 7") == subject("7") == QUESTION_ID
    assert subject("f" * 32) == "f" * 32
    with pytest.raises(UnknownMessage, match="no commitment"):
        subject("9")
    commitments = [SimpleNamespace(id="7777" + "0" * 28), SimpleNamespace(id="abcd" + "0" * 28)]
    with mock.patch.object(Negotiation, "board", return_value=SimpleNamespace(commitments=commitments)):
        assert subject("abcd") == "abcd" + "0" * 28
        assert subject("7777") == "7777" + "0" * 28
        found = negotiation.message(QUESTION_ID)
        with mock.patch.object(Negotiation, "by_position", return_value=found):
            with pytest.raises(UnknownMessage, match="may be a message or a commitment"):
                subject("7777")
            assert subject("No. 7777") == QUESTION_ID


def test_unknown_names_in_fields(negotiation: Negotiation) -> None:
    with pytest.raises(UnknownPerson):
        resolve(MessageType.PROPOSAL, {"required": "Amal Haddad, Zed"}, negotiation)
    with pytest.raises(UnknownMessage):
        resolve(MessageType.RESPONSE, {"target": "9"}, negotiation)


def test_what_ids_are_shown_as(negotiation: Negotiation) -> None:
    names = names_of(negotiation, (Participant("e" * 32, "Gone", Role.PARTY),))
    assert names[QUESTION_ID] == "No. 7"
    assert (names[MIRA.id], names["e" * 32]) == ("Mira", "Gone")


def test_addressees_named_in_json() -> None:
    fields: dict[str, JsonValue] = {"to": [AMAL.id], "topic": "Water"}
    assert take_addressees(fields) == [AMAL.id]
    assert fields == {"topic": "Water"}
    assert take_addressees({"to": f"{AMAL.id},{BORIS.id}"}) == [AMAL.id, BORIS.id]
    assert take_addressees({}) == []
    with pytest.raises(Refused):
        take_addressees({"to": [7]})
