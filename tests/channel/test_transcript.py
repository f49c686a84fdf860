"""Attacks by members: whatever one of them logs, all others and every auditor judge it alike, and go on."""

from dataclasses import replace

import pytest

from channel.epoch import Epoch
from channel.mls.proposals import Remove
from channel.mls.types import ContentType
from channel.transcript import (
    ALARMING,
    UNPROVEN,
    Opening,
    Reason,
    Transcript,
    TranscriptError,
    examine,
    read_entry,
)
from client.conversation import Conversation
from protocols.errors import DecodeError
from protocols.log.entry import Entry
from protocols.payload import EntryStatus
from protocols.relay.mls_header import read_header
from tests.support.attacks import payload, phantom, reencrypted, signed
from tests.support.members import Member, agree, channel, informing


@pytest.fixture
def people() -> list[Member]:
    return channel("Mira", "Amal", "Boris")


def tag_of(entry: bytes) -> bytes:
    return read_header(read_entry(entry).message).authenticated_data


def all_reject(people: list[Member], reason: str) -> None:
    """The last entry counts for nothing, for the same reason, everywhere; and the channel goes on."""
    agree(*people)
    for member in people:
        assert (member.last.judged.status, member.last.judged.reason) == (EntryStatus.REJECTED, reason)
    goes_on(people)


def goes_on(people: list[Member]) -> None:
    """Everybody can still say something that everybody accepts."""
    for member in people:
        member.say()
        agree(*people)
        assert member.last.judged.status is EntryStatus.ACCEPTED, member.name


def test_an_honest_talk_is_judged_alike(people: list[Member]) -> None:
    goes_on(people)
    goes_on(people)
    assert set(people[0].reasons()) == {None}


@pytest.mark.parametrize("skip", [0, 1, 7])
def test_a_message_encrypted_again_by_somebody_else_is_a_repetition(people: list[Member], skip: int) -> None:
    """MLS signatures do not cover the generation (RFC 9750): the signed counter does this."""
    _mira, amal, boris = people
    amal.say()
    agree(*people)
    opening = boris.last.opening
    assert opening is not None
    again = reencrypted(boris, opening, tag_of(boris.last.entry), skip=skip)
    boris.post(again)
    all_reject(people, Reason.REPEATED_COUNTER)


def test_repetitions_cannot_use_up_the_keys_of_what_their_victim_says_next(people: list[Member]) -> None:
    """Amal has sealed two messages while the attacker encrypts an old one under those very generations."""
    _mira, amal, boris = people
    amal.say()
    agree(*people)
    opening = boris.last.opening
    assert opening is not None
    tag = tag_of(boris.last.entry)
    waiting = [amal.seal(amal.body("INFORM", informing(text))) for text in ("one", "two")]
    for skip in (0, 1, 0, 1):
        boris.post(reencrypted(boris, opening, tag, skip=skip))
    for sent in waiting:
        amal.post(sent.message)
    agree(*people)
    assert amal.reasons()[-6:] == [Reason.REPEATED_COUNTER] * 4 + [None, None]
    goes_on(people)


def test_withheld_words_encrypted_again_count_once_and_for_their_author_too(people: list[Member]) -> None:
    """The relay hands Amal's message to a member instead of logging it; what counts is still the same for all."""
    _mira, amal, boris = people
    sent = amal.seal(amal.body("INFORM", informing()))
    read = boris.conversation.group.receive(sent.message, authenticate=lambda *_: None, now_s=0)
    opening = Opening(leaf_index=amal.leaf, content=read.application_data, signature=read.signature)  # type: ignore[union-attr]
    boris.post(reencrypted(boris, opening, tag_of_message(sent.message)))
    agree(*people)
    assert amal.last.judged.status is EntryStatus.ACCEPTED
    assert amal.last.own == sent.message_id
    amal.post(sent.message)
    all_reject(people, Reason.UNDECIPHERABLE)


def tag_of_message(message: bytes) -> bytes:
    return read_header(message).authenticated_data


def test_messages_out_of_order_are_judged_by_the_keys_that_are_left(people: list[Member]) -> None:
    mira, amal, boris = people
    sent = [amal.seal(amal.body("INFORM", informing(f"number {number}"))) for number in range(20)]
    amal.post(sent[18].message)
    agree(*people)
    assert amal.last.judged.reason == Reason.UNDECIPHERABLE
    amal.post(sent[16].message)
    agree(*people)
    assert amal.last.judged.status is EntryStatus.ACCEPTED
    amal.post(sent[3].message)
    all_reject([mira, boris, amal], Reason.REPEATED_COUNTER)


def test_the_same_bytes_twice_count_once(people: list[Member]) -> None:
    mira, amal, _boris = people
    sent = amal.seal(amal.body("INFORM", informing()))
    amal.post(sent.message)
    mira.log.inject(Entry(mira.clock.tick(), sent.message).encode())
    agree(*people)
    assert amal.reasons()[-2:] == [None, Reason.UNDECIPHERABLE]
    goes_on(people)


def test_a_message_of_an_earlier_epoch_is_rejected_whatever_it_says(people: list[Member]) -> None:
    mira, amal, _boris = people
    old = amal.seal(amal.body("INFORM", informing()))
    mira.post_commit()
    agree(*people)
    mira.log.inject(Entry(mira.clock.tick(), old.message).encode())
    all_reject(people, Reason.WRONG_EPOCH)


def test_words_of_an_earlier_epoch_encrypted_in_this_one_do_not_open(people: list[Member]) -> None:
    """The signature binds the epoch."""
    mira, amal, boris = people
    amal.say()
    agree(*people)
    opening, tag = boris.last.opening, tag_of(boris.last.entry)
    assert opening is not None
    mira.post_commit()
    agree(*people)
    boris.post(reencrypted(boris, opening, tag))
    all_reject(people, Reason.UNDECIPHERABLE)


@pytest.mark.parametrize("counter", [1, 2])
def test_a_counter_that_does_not_rise_is_a_repetition(people: list[Member], counter: int) -> None:
    boris = people[2]
    boris.say()
    boris.say()
    agree(*people)
    boris.post(signed(boris, payload(boris, counter=counter).encode()))
    all_reject(people, Reason.REPEATED_COUNTER)


def test_counters_may_skip_and_begin_anew_with_the_epoch(people: list[Member]) -> None:
    mira, _amal, boris = people
    boris.post(signed(boris, payload(boris, counter=2**64 - 1).encode()))
    agree(*people)
    assert mira.last.judged.status is EntryStatus.ACCEPTED
    boris.read() if boris.conversation.transcript.size < boris.log.size else None
    mira.post_commit()
    agree(*people)
    goes_on(people)


def test_a_franking_tag_of_other_words_is_rejected(people: list[Member]) -> None:
    boris = people[2]
    words = payload(boris).encode()
    for tag in (bytes(35), b"", b"PF1" + bytes(32), tag_of_message(signed(boris, payload(boris).encode()))):
        boris.post(signed(boris, words, tag=tag))
        agree(*people)
        assert people[0].last.judged.reason == Reason.BAD_FRANKING
    goes_on(people)


@pytest.mark.parametrize("data", [b"", b"\xc0", b"\x97", bytes(200)])
def test_data_that_is_no_payload_is_rejected(people: list[Member], data: bytes) -> None:
    boris = people[2]
    boris.post(signed(boris, data, tag=bytes(35)))
    all_reject(people, Reason.BAD_PAYLOAD)


def test_a_phantom_is_undecipherable_for_everybody_and_stays_so(people: list[Member]) -> None:
    boris = people[2]
    boris.post(phantom(boris))
    all_reject(people, Reason.UNDECIPHERABLE)
    boris.post(phantom(boris, kind=ContentType.PROPOSAL))
    all_reject(people, Reason.UNDECIPHERABLE)


def test_a_tag_copied_onto_garbage_proves_nothing_even_to_its_owner(people: list[Member]) -> None:
    _mira, amal, boris = people
    sent = amal.seal(amal.body("INFORM", informing()))
    boris.post(phantom(boris, tag=tag_of_message(sent.message)))
    amal.post(sent.message)
    agree(*people)
    assert amal.reasons()[-2:] == [Reason.UNDECIPHERABLE, None]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"seen_size": 0}, Reason.UNSEEN_CHECKPOINT),
        ({"seen_size": 1000}, Reason.UNSEEN_CHECKPOINT),
        ({"seen_root": bytes(32)}, Reason.OTHER_LOG),
        ({"seen_size": 2}, Reason.OTHER_LOG),
        ({"accepted_history": bytes(32)}, Reason.OTHER_HISTORY),
    ],
)
def test_a_false_statement_about_what_was_seen(
    people: list[Member], changes: dict[str, object], reason: Reason
) -> None:
    boris = people[2]
    boris.post(signed(boris, payload(boris, **changes).encode()))
    agree(*people)
    assert people[0].last.judged.alarming == (reason in ALARMING)
    assert [alarm.reason for alarm in people[0].verified().alarms] == [reason] * (reason in ALARMING)
    all_reject(people, reason)


def test_a_checkpoint_of_the_very_entry_itself_is_unseen(people: list[Member]) -> None:
    boris = people[2]
    size = boris.conversation.transcript.size
    boris.post(signed(boris, payload(boris, seen_size=size + 1).encode()))
    all_reject(people, Reason.UNSEEN_CHECKPOINT)


def test_an_older_checkpoint_is_as_good_as_the_newest(people: list[Member]) -> None:
    boris = people[2]
    transcript = boris.conversation.transcript
    older = payload(
        boris, seen_size=2, seen_root=transcript.root_at(2), accepted_history=transcript.history_at(2)
    )
    boris.post(signed(boris, older.encode()))
    agree(*people)
    assert people[0].last.judged.status is EntryStatus.ACCEPTED


def test_a_message_the_negotiation_refuses_uses_its_counter_up(people: list[Member]) -> None:
    boris = people[2]
    counter = boris.conversation.transcript.next_counter(boris.leaf)
    boris.post(signed(boris, payload(boris, body=b"no message").encode()))
    agree(*people)
    assert people[0].last.judged.reason == "malformed"
    assert "malformed" not in UNPROVEN
    boris.post(signed(boris, payload(boris, counter=counter).encode()))
    all_reject(people, Reason.REPEATED_COUNTER)


def test_a_message_in_the_name_of_another_is_refused_by_the_negotiation(people: list[Member]) -> None:
    _mira, amal, boris = people
    boris.post(signed(boris, payload(boris, body=amal.body("INFORM", informing())).encode()))
    all_reject(people, "from-mismatch")


def test_an_entry_that_is_none_takes_the_time_of_the_one_before(people: list[Member]) -> None:
    mira = people[0]
    before = mira.last.judged.relay_time_ms
    for entry in (b"", b"\x07", b"\x01" + bytes(8), bytes(40), b"\x01" + b"\xff" * 20, mira.log.entries[0]):
        mira.log.inject(entry)
        agree(*people)
        assert (mira.last.judged.reason, mira.last.judged.relay_time_ms) == (Reason.MALFORMED_ENTRY, before)
    goes_on(people)


def test_kind_and_content_type_of_an_entry_must_agree(people: list[Member]) -> None:
    mira = people[0]
    message = mira.seal(mira.body("INFORM", informing())).message
    mira.log.inject(Entry(mira.clock.tick(), message, bytes(32)).encode())
    commit = mira.conversation.group.commit(
        (), random=mira.random, authenticate=lambda *_: None, now_s=0
    ).message
    mira.log.inject(Entry(mira.clock.tick(), commit).encode())
    agree(*people)
    assert mira.reasons()[-2:] == [Reason.MALFORMED_ENTRY] * 2


def test_a_stray_proposal_has_no_effect(people: list[Member]) -> None:
    mira, amal, boris = people
    _, message = boris.conversation.group.propose(
        Remove(amal.leaf), random=boris.random, authenticate=lambda *_: None, now_s=0
    )
    boris.post(message)
    all_reject(people, Reason.STRAY_PROPOSAL)
    mira.post_commit()
    agree(*people)
    assert amal.id in mira.conversation.transcript.epoch.members.values()


def test_what_anybody_can_see_of_an_entry(people: list[Member]) -> None:
    mira = people[0]
    context = mira.conversation.transcript.epoch.context
    entry = Entry(1, mira.seal(mira.body("INFORM", informing())).message).encode()
    found = examine(entry, context)
    assert not isinstance(found, Reason)
    assert found[0].encode() == entry
    assert examine(entry, replace(context, epoch=7)) is Reason.WRONG_EPOCH
    assert examine(entry, replace(context, group_id=bytes(32))) is Reason.WRONG_EPOCH
    with pytest.raises(DecodeError):
        read_entry(mira.log.entries[0])


def test_a_record_that_contradicts_itself_is_a_bug_of_its_keeper(people: list[Member]) -> None:
    mira = people[0]
    mira.say()
    mira.read()
    opening = mira.last.opening
    assert opening is not None
    transcript: Transcript = mira.conversation.transcript
    epoch: Epoch = transcript.epoch
    contradictions: list[tuple[Opening | None, Epoch | None, str | None]] = [
        (None, None, None),
        (None, epoch, None),
        (opening, epoch, None),
        (replace(opening, confirmation_tag=bytes(32)), epoch, "why"),
        (replace(opening, confirmation_tag=bytes(32)), None, "why"),
    ]
    for content, following, reason in contradictions:
        with pytest.raises(TranscriptError):
            transcript.take(mira.last.entry, opening=content, following=following, reason=reason)
    with pytest.raises(TranscriptError):
        transcript.handshake(mira.last.entry, epoch)


def test_a_conversation_begins_where_its_log_is(people: list[Member]) -> None:
    mira, amal, _ = people
    mira.say()
    mira.read()
    with pytest.raises(ValueError, match="same position"):
        Conversation(
            group=amal.conversation.group,
            follower=mira.conversation.follower,
            transcript=amal.conversation.transcript,
        )
