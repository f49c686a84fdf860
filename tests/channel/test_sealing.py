"""A sealed message says what its sender had seen, and its own sender reads it in the log like anybody."""

import pytest

from channel.echo import Echo
from channel.mls.errors import DecodeError, PeerError
from channel.sealing import Sealed, seal
from protocols.payload import Payload, check_franking
from protocols.relay.mls_header import ContentType, read_header
from tests.support.members import SUITE, Member, agree, channel, informing


@pytest.fixture
def people() -> list[Member]:
    return channel("Mira", "Amal")


def sealed_by(member: Member, outstanding: int = 0) -> Sealed:
    conversation = member.conversation
    return seal(
        conversation.group,
        conversation.transcript,
        message_id=bytes(16),
        body=b"body",
        outstanding=outstanding,
        random=member.random,
    )


def test_a_sealed_message_binds_what_was_seen(people: list[Member]) -> None:
    mira, amal = people
    sealed = sealed_by(amal)
    header = read_header(sealed.message)
    payload = check_franking(sealed.opening.content, header.authenticated_data)
    transcript = amal.conversation.transcript
    assert header.content_type is ContentType.APPLICATION
    assert (header.group_id, header.epoch) == (transcript.genesis.log_id, 1)
    assert (payload.seen_size, payload.seen_root) == (2, transcript.root_at(2))
    assert payload.accepted_history == transcript.history_at(2)
    assert (payload.message_id, payload.body, payload.counter) == (bytes(16), b"body", sealed.counter)
    received = mira.conversation.group.receive(sealed.message, authenticate=lambda *_: None, now_s=0)
    assert received.application_data == sealed.opening.content  # type: ignore[union-attr]
    assert received.signature == sealed.opening.signature


def test_each_message_has_its_own_salt_counter_and_generation(people: list[Member]) -> None:
    amal = people[1]
    first = sealed_by(amal)
    amal.conversation.group = first.group
    second = sealed_by(amal, outstanding=first.counter)
    assert (first.counter, second.counter) == (1, 2)
    salts = {Payload.decode(sealed.opening.content).salt for sealed in (first, second)}
    assert len(salts) == 2
    assert first.message != second.message


def test_the_counter_goes_on_from_what_the_log_holds(people: list[Member]) -> None:
    amal = people[1]
    amal.say()
    amal.say()
    agree(*people)
    assert sealed_by(amal).counter == 3
    assert sealed_by(amal, outstanding=7).counter == 8
    people[0].post_commit()
    agree(*people)
    assert sealed_by(amal).counter == 1


def test_an_echo_opens_each_message_of_ours_once(people: list[Member]) -> None:
    mira, amal = people
    sealed = sealed_by(amal)
    echo = Echo.of(amal.conversation.group)
    after, content = echo.open(sealed.group, sealed.message)
    assert content.content.content == sealed.opening.content
    assert content.auth.signature == sealed.opening.signature
    with pytest.raises(PeerError):
        after.open(sealed.group, sealed.message)
    with pytest.raises(PeerError):
        echo.open(sealed.group, sealed_by(mira).message)
    with pytest.raises(PeerError):
        echo.open(sealed.group, sealed.message[:-1] + bytes([sealed.message[-1] ^ 1]))


def test_an_echo_is_stored_and_holds_no_key_of_what_is_in_the_log(people: list[Member]) -> None:
    amal = people[1]
    echo = Echo.of(amal.conversation.group)
    sealed = sealed_by(amal)
    after, _ = Echo.decode(echo.encode(), SUITE).open(sealed.group, sealed.message)
    assert Echo.decode(after.encode(), SUITE) == after
    with pytest.raises(PeerError):
        Echo.decode(after.encode(), SUITE).open(sealed.group, sealed.message)
    with pytest.raises(DecodeError):
        Echo.decode(b"", SUITE)
    assert len(after.encode()) < 500


def test_an_echo_opens_nobody_elses_messages(people: list[Member]) -> None:
    mira, amal = people
    message = mira.seal(mira.body("INFORM", informing())).message
    with pytest.raises(PeerError):
        amal.conversation.echo.open(amal.conversation.group, message)
