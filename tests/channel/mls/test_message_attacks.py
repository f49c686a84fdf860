"""What an insider can do to the messages of another member: none of it is taken in, and the true one then is.

Carol has all keys of the epoch but the others' signature keys. Alice speaks, Bob is the victim.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from channel.mls.authenticated_content import (
    AuthenticatedContent,
    Content,
    FramedContentAuthData,
    Sender,
    framed_content_tbs,
    sign_framed_content,
)
from channel.mls.errors import DecryptionError, GenerationError, PeerError, VerificationError
from channel.mls.framing import MLSMessage
from channel.mls.group import Group
from channel.mls.message_protection import encrypt
from channel.mls.proposals import Commit, Remove
from channel.mls.public_message import PublicMessage
from channel.mls.received import CommitReceived, ProposalReceived
from channel.mls.secret_tree import RatchetType
from channel.mls.tree_math import LeafIndex
from channel.mls.types import WireFormat
from tests.support.builders import JUDGE, SUITE, make_group, seeded
from tests.support.outsiders import read_public
from tests.support.refusal import refuse, refuse_rule

ALICE, BOB, CAROL = make_group("alice", "bob", "carol")
OTHER = {
    WireFormat.PUBLIC_MESSAGE: WireFormat.PRIVATE_MESSAGE,
    WireFormat.PRIVATE_MESSAGE: WireFormat.PUBLIC_MESSAGE,
}
KINDS = ("application", "proposal", "commit")


@dataclass(frozen=True, slots=True)
class Spoken:
    """What Alice says, as it travels and as Carol sees it.

    Attributes:
        message: The encoded MLSMessage.
        signed: What is inside.
    """

    message: bytes
    signed: AuthenticatedContent


def speak(kind: str, *, group: Group = ALICE, public: bool = False) -> Spoken:
    """An honest message of Alice."""
    wire_format = WireFormat.PUBLIC_MESSAGE if public else WireFormat.PRIVATE_MESSAGE
    state = group.epoch_state
    if kind == "commit":
        made = group.commit(random=seeded("commit"), public=public, **JUDGE)
        own_commit = made.pending.message_state.own_commit
        assert own_commit is not None
        facts = own_commit.facts
        auth = FramedContentAuthData(facts.signature, facts.confirmation_tag)
        return Spoken(made.message, AuthenticatedContent(wire_format, facts.framed_content, auth))
    content: Content = b"hello" if kind == "application" else Remove(2)
    signed = state.sign(content, authenticated_data=b"", wire_format=wire_format)
    return Spoken(enclose(group, signed), signed)


def enclose(
    group: Group, signed: AuthenticatedContent, *, skip: int = 0, as_leaf: int | None = None
) -> bytes:
    """Encrypt, or MAC, what somebody signed, with this member's keys of the epoch."""
    state, content = group.epoch_state, signed.content
    if signed.wire_format is WireFormat.PUBLIC_MESSAGE:
        return MLSMessage(PublicMessage(content, signed.auth, membership_tag(group, signed))).encode()
    sender = content.sender if as_leaf is None else Sender.member(as_leaf)
    framed = replace(
        content,
        group_id=group.group_id,
        epoch=group.epoch,
        sender=sender,
        _encoded_content=content.encoded_content,
    )
    secret_tree = group.message_state.secret_tree
    ratchet = RatchetType.APPLICATION if isinstance(content.content, bytes) else RatchetType.HANDSHAKE
    for _ in range(skip):
        secret_tree, *_ = secret_tree.next_key(LeafIndex(sender.index), ratchet)
    return encrypt(
        state.epoch_context, secret_tree, replace(signed, content=framed), random=seeded("guard")
    ).message


def membership_tag(group: Group, signed: AuthenticatedContent, *, key: bytes | None = None) -> bytes:
    tbs = framed_content_tbs(signed.wire_format, signed.content, group_context=group.context.encode())
    return SUITE.mac(key or group.epoch_state.secrets.membership_key, tbs + signed.auth.encode())


def resigned(signed: AuthenticatedContent, by: Group, **changes: Any) -> AuthenticatedContent:
    """The same words, perhaps changed, under the signature of another."""
    content = replace(signed.content, **changes)
    signature = sign_framed_content(
        SUITE,
        content,
        wire_format=signed.wire_format,
        group_context=ALICE.context.encode(),
        signing_key=by.epoch_state.signature_private_key,
    )
    return replace(signed, content=content, auth=replace(signed.auth, signature=signature))


def accept_truth(victim: Group, spoken: Spoken) -> None:
    """That what Alice said is taken in after all."""
    received = victim.receive(spoken.message, **JUDGE)
    assert received.group.state_counter > victim.state_counter


FORGERIES: dict[str, Callable[[AuthenticatedContent], AuthenticatedContent]] = {
    "unsigned": lambda signed: replace(signed, auth=replace(signed.auth, signature=b"")),
    "signed with zeros": lambda signed: replace(signed, auth=replace(signed.auth, signature=bytes(64))),
    "signed by Carol": lambda signed: resigned(signed, CAROL),
    "with other authenticated data": lambda signed: replace(
        signed, content=replace(signed.content, authenticated_data=b"other")
    ),
    "signed for another wire format": lambda signed: replace(
        signed, auth=resigned(replace(signed, wire_format=OTHER[signed.wire_format]), ALICE).auth
    ),
    "signed for another epoch": lambda signed: replace(
        signed, auth=replace(signed.auth, signature=resigned(signed, ALICE, epoch=2).auth.signature)
    ),
    "signed for another group": lambda signed: replace(
        signed, auth=replace(signed.auth, signature=resigned(signed, ALICE, group_id=b"x").auth.signature)
    ),
    "signed as another": lambda signed: replace(
        signed,
        auth=replace(signed.auth, signature=resigned(signed, ALICE, sender=Sender.member(2)).auth.signature),
    ),
}


@pytest.mark.parametrize("public", [False, True], ids=["private", "public"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", FORGERIES)
def test_a_forged_message_is_refused(how: str, kind: str, public: bool) -> None:
    spoken = speak(kind, public=public)
    forged = enclose(CAROL, FORGERIES[how](spoken.signed))
    if public and kind == "application":
        refuse_rule(BOB, forged, "6-1")
        return
    refuse(BOB, forged, VerificationError)
    accept_truth(BOB, spoken)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_only_encrypted_again_is_what_alice_said(kind: str) -> None:
    """A signature does not cover the generation: an insider may repeat words in their epoch, and not change them."""
    spoken = speak(kind)
    again = enclose(CAROL, spoken.signed, skip=3)
    first, second = BOB.receive(spoken.message, **JUDGE), BOB.receive(again, **JUDGE)
    assert type(first) is type(second)
    if isinstance(first, CommitReceived):
        assert first.group.epoch_authenticator == second.group.epoch_authenticator
        refuse_rule(first.group, again, "12.4.2-1")
    if isinstance(first, ProposalReceived) and isinstance(second, ProposalReceived):
        assert first.reference == second.reference


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_encrypted_again_under_the_insiders_name_is_refused(kind: str) -> None:
    spoken = speak(kind)
    refuse(BOB, enclose(CAROL, spoken.signed, as_leaf=2), VerificationError)
    accept_truth(BOB, spoken)


@pytest.mark.parametrize("kind", KINDS)
def test_a_replayed_message_is_refused(kind: str) -> None:
    spoken = speak(kind)
    after = BOB.receive(spoken.message, **JUDGE).group
    if kind == "commit":
        refuse_rule(after, spoken.message, "12.4.2-1")
    else:
        refuse(after, spoken.message, GenerationError)


def test_a_public_proposal_that_is_replayed_is_committed_once() -> None:
    spoken = speak("proposal", public=True)
    once = BOB.receive(spoken.message, **JUDGE).group
    twice = once.receive(spoken.message, **JUDGE).group
    result = twice.commit(random=seeded(1), **JUDGE)
    assert result.pending.member(2) is None
    commit = result.pending.message_state.own_commit
    assert commit is not None
    said = commit.facts.framed_content.content
    assert isinstance(said, Commit)
    assert len(said.proposals) == 1


@pytest.mark.parametrize("public", [False, True], ids=["private", "public"])
@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_message_of_an_earlier_epoch_is_refused_in_the_next(kind: str, public: bool) -> None:
    spoken = speak(kind, public=public)
    opening = CAROL.commit(random=seeded("next"), **JUDGE)
    bob, carol = BOB.receive(opening.message, **JUDGE).group, CAROL.adopt(opening.pending).group
    alice = ALICE.receive(opening.message, **JUDGE).group
    refuse_rule(bob, spoken.message, "12.4.2-1")
    moved = spoken.signed
    if public:
        moved = replace(moved, content=replace(moved.content, epoch=carol.epoch))
    refuse(bob, enclose(carol, moved), VerificationError)
    accept_truth(bob, speak(kind, group=alice, public=public))


def test_words_of_an_earlier_epoch_are_refused_in_the_next() -> None:
    spoken = speak("application")
    opening = CAROL.commit(random=seeded("next"), **JUDGE)
    bob, carol = BOB.receive(opening.message, **JUDGE).group, CAROL.adopt(opening.pending).group
    refuse(bob, enclose(carol, spoken.signed), VerificationError)
    disguised = spoken.message.replace((1).to_bytes(8, "big"), carol.epoch.to_bytes(8, "big"), 1)
    assert disguised != spoken.message
    refuse(bob, disguised, DecryptionError)


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_of_another_group_is_refused(kind: str) -> None:
    spoken = speak(kind)
    other = replace(
        CAROL, epoch_state=replace(CAROL.epoch_state, context=replace(CAROL.context, group_id=b"x"))
    )
    refuse_rule(BOB, enclose(other, spoken.signed), "6-2")
    accept_truth(BOB, spoken)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_wrong_membership_tag_is_refused(kind: str) -> None:
    spoken = speak(kind, public=True)
    public = read_public(spoken.message)
    later = ALICE.commit(random=seeded(7), **JUDGE).pending.epoch_state.secrets.membership_key
    other = replace(public.auth, signature=bytes(64))
    good = public.membership_tag or b""
    for tag in (
        b"",
        bytes(32),
        good[:-1],
        good + b"\x00",
        bytes([good[0] ^ 1]) + good[1:],
        membership_tag(ALICE, spoken.signed, key=later),
        membership_tag(ALICE, replace(spoken.signed, auth=other)),
        membership_tag(ALICE, replace(spoken.signed, wire_format=WireFormat.PRIVATE_MESSAGE)),
    ):
        refuse(BOB, MLSMessage(replace(public, membership_tag=tag)).encode(), VerificationError)
    accept_truth(BOB, spoken)


@pytest.mark.parametrize("public", [False, True], ids=["private", "public"])
def test_a_wrong_confirmation_tag_is_refused(public: bool) -> None:
    spoken = speak("commit", public=public)
    other = ALICE.commit(random=seeded(7), **JUDGE).pending.epoch_state.confirmation_tag
    good = spoken.signed.auth.confirmation_tag or b""
    for tag in (b"", bytes(32), good[:-1], good + b"\x00", other):
        # The signature does not cover the tag: Carol can change it, and make the membership tag anew.
        forged = replace(spoken.signed, auth=replace(spoken.signed.auth, confirmation_tag=tag))
        error = refuse(BOB, enclose(CAROL, forged), VerificationError)
        assert "confirmation tag" in str(error)
    accept_truth(BOB, spoken)


def test_a_commit_is_no_proposal_and_a_proposal_no_commit() -> None:
    for kind, other in (("proposal", "commit"), ("commit", "proposal")):
        spoken, wanted = speak(kind), speak(other)
        content = replace(wanted.signed.content, _encoded_content=spoken.signed.content.encoded_content)
        forged = replace(wanted.signed, content=content)
        refuse(BOB, enclose(CAROL, forged), PeerError)
        accept_truth(BOB, spoken)
