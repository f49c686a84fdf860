"""Attacks on the rules about messages, and about what comes from outside of a group."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from channel.mls.authenticated_content import Content, Sender, SenderType, framed_content_tbs
from channel.mls.credential import Credential
from channel.mls.external_proposals import propose_externally, propose_to_join
from channel.mls.external_senders import ExternalSender, encode_external_senders
from channel.mls.framing import MLSMessage
from channel.mls.group import Group
from channel.mls.proposals import Add, Commit, Remove
from channel.mls.public_message import PublicMessage
from channel.mls.secret_tree import SecretTree
from channel.mls.state import MessageState
from channel.mls.tree_math import LeafCount, LeafIndex
from channel.mls.types import Extension, ExtensionType, WireFormat
from channel.mls.waiting import own_update
from tests.channel.mls.attack import Attack, breaks, called, patched, sent, truth_of
from tests.channel.mls.lenient import REAL, Library
from tests.support.builders import JUDGE, SUITE, make_bundle, make_group, seeded
from tests.support.outsiders import (
    forge_group_info,
    forge_join,
    join,
    key_pair,
    public_hostile,
    read_public,
    speak,
)

EVE = make_bundle("eve")
ALICE, BOB, CAROL = make_group("alice", "bob", "carol")
TRUTH = truth_of(ALICE)
OPEN: dict[str, Any] = {"outsiders": True}


def _masked(**changes: Any) -> Group:
    """Alice, taking herself for another or her group for another."""
    return replace(ALICE, epoch_state=replace(ALICE.epoch_state, **changes))


def _words(group: Group) -> bytes:
    return group.protect(b"hello", random=seeded(1))[1]


@breaks("6-1")
def application_data_in_the_clear(lenient: Library) -> Attack:
    state = ALICE.epoch_state
    signed = state.sign(b"hello", authenticated_data=b"", wire_format=WireFormat.PUBLIC_MESSAGE)
    tbs = framed_content_tbs(signed.wire_format, signed.content, group_context=ALICE.context.encode())
    tag = SUITE.mac(state.secrets.membership_key, tbs + signed.auth.encode())
    message = MLSMessage(PublicMessage(signed.content, signed.auth, tag)).encode()
    return sent(BOB, message, truth=TRUTH)


@breaks("6-2")
def a_message_of_another_group_with_the_same_keys(lenient: Library) -> Attack:
    other = _masked(context=replace(ALICE.context, group_id=b"another group"))
    return sent(BOB, _words(other), truth=TRUTH, also="DecryptionError")


@breaks("6-3")
def somebody_from_outside_uninvited(lenient: Library) -> Attack:
    return sent(BOB, join(ALICE, "dave").message, truth=TRUTH, also="UnboundLocalError")


@breaks("6.1-1")
def words_from_a_blank_leaf(lenient: Library) -> Attack:
    return sent(BOB, _words(_masked(own_leaf_index=LeafIndex(3))), truth=TRUTH, also="AttributeError")


@breaks("6.1-2")
def our_own_words(lenient: Library) -> Attack:
    return sent(BOB, _words(BOB), truth=TRUTH)


@breaks("6.3.2-1")
def a_private_message_of_an_external_sender(lenient: Library) -> Attack:
    def strike(library: Library) -> object:
        authenticated_content = library.authenticated_content
        return authenticated_content.Sender(authenticated_content.SenderType.EXTERNAL, 0).leaf_index

    return called(strike, lambda: Sender.member(0).leaf_index)


@breaks("6.3.2-2")
def words_from_outside_of_the_tree(lenient: Library) -> Attack:
    secret_tree = SecretTree.create(SUITE, leaves=LeafCount(16), encryption_secret=bytes(32))
    outside = replace(
        _masked(own_leaf_index=LeafIndex(9)), message_state=MessageState(secret_tree=secret_tree)
    )
    return sent(BOB, _words(outside), truth=TRUTH, also="6.1-1")


# external senders and newcomers that propose

CLERK = key_pair("clerk")
SENDERS = encode_external_senders((ExternalSender(CLERK.public_key, Credential(b"clerk")),))


def _said_outside(sender: Sender, said: Content, private_key: bytes, *, also: str) -> Attack:
    alice, bob = make_group("alice", "bob", extensions=(Extension(ExtensionType.EXTERNAL_SENDERS, SENDERS),))
    message = speak(alice, sender, said, private_key, tag=bytes(32) if isinstance(said, Commit) else None)
    return sent(bob, message, truth=truth_of(alice), also=also, options=OPEN)


@breaks("12.1.8-1")
def an_update_from_an_external_sender(lenient: Library) -> Attack:
    update = own_update(ALICE.epoch_state, random=seeded(1))[0]
    return _said_outside(Sender(SenderType.EXTERNAL, 0), update, CLERK.private_key, also="TypeError")


@breaks("12.1.8-1")
def a_commit_from_an_external_sender(lenient: Library) -> Attack:
    commit = Commit((), None)
    return _said_outside(Sender(SenderType.EXTERNAL, 0), commit, CLERK.private_key, also="12.4.3.2-1")


@breaks("12.1.8-2")
def a_removal_from_a_newcomer(lenient: Library) -> Attack:
    sender = Sender(SenderType.NEW_MEMBER_PROPOSAL)
    return _said_outside(sender, Remove(0), EVE.signature_private_key, also="AttributeError")


@breaks("12.1.8.1-2")
def an_external_sender_that_is_not_on_the_list(lenient: Library) -> Attack:
    sender = Sender(SenderType.EXTERNAL, 1)
    return _said_outside(sender, Remove(0), CLERK.private_key, also="IndexError")


@breaks("12.4.3.2-4")
def a_newcomer_that_commits_a_proposal(lenient: Library) -> Attack:
    sender = Sender(SenderType.NEW_MEMBER_COMMIT)
    return _said_outside(sender, Remove(0), EVE.signature_private_key, also="AttributeError")


@breaks("6-3")
def proposals_from_outside_uninvited(lenient: Library) -> Attack:
    message = propose_to_join(EVE, group_id=ALICE.group_id, epoch=ALICE.epoch)
    return sent(BOB, message, truth=TRUTH, also="UnboundLocalError")


@breaks("12.4.2-1")
def a_proposal_from_outside_of_another_epoch(lenient: Library) -> Attack:
    message = propose_externally(
        SUITE,
        Remove(0),
        group_id=ALICE.group_id,
        epoch=ALICE.epoch + 1,
        sender_index=0,
        signature_private_key=CLERK.private_key,
    )
    return sent(BOB, message, truth=TRUTH, also="12.1.8.1-2", options=OPEN)


# external commits

JOINED = join(ALICE, "dave")


def _joining(
    lenient: Library,
    change: Callable[[tuple[Any, ...]], tuple[Any, ...]],
    *,
    name: str = "dave",
    replaces: int | None = None,
) -> Attack:
    """The external commit of somebody whose library lacks the rule, its list of proposals changed."""
    real, pair = lenient.proposals.Commit, key_pair(name)
    with patched(lenient.external_join, Commit=lambda proposals, path: real(change(proposals), path)):
        joined = lenient.group.Group.join_externally(
            ALICE.group_info(),
            credential=lenient.credential.Credential(name.encode()),
            signature_key_pair=lenient.signatures.SignatureKeyPair(pair.private_key, pair.public_key),
            replaces=replaces,
            random=seeded("joining"),
            **JUDGE,
        )
    return sent(BOB, joined.message, truth=JOINED.message, options=OPEN)


@breaks("12.2-8")
def an_external_commit_with_two_external_inits(lenient: Library) -> Attack:
    return _joining(lenient, lambda proposals: proposals * 2)


@breaks("12.2-10")
def an_external_commit_that_adds_somebody_else(lenient: Library) -> Attack:
    add = lenient.proposals.decode_proposal(Add(EVE.key_package).encode())
    return _joining(lenient, lambda proposals: (*proposals, add))


@breaks("12.2-11")
def an_external_commit_that_removes_another(lenient: Library) -> Attack:
    return _joining(lenient, lambda proposals: proposals, replaces=2)


@breaks("12.4.3.2-2")
def an_external_commit_that_refers_to_a_proposal(lenient: Library) -> Attack:
    reference = lenient.proposals.ProposalRef(bytes(32))
    return _joining(lenient, lambda proposals: (*proposals, reference))


def _forged(change: Callable[[Commit], Content], *, also: str) -> Attack:
    """An external commit changed after it was made; signed again, but its confirmation tag is that of before."""
    message = forge_join(ALICE, JOINED, "dave", change)
    return sent(BOB, message, truth=JOINED.message, also=also, options=OPEN)


@breaks("12.2-8")
def an_external_commit_without_an_external_init(lenient: Library) -> Attack:
    return _forged(lambda commit: replace(commit, proposals=()), also="IndexError")


@breaks("12.2-9")
def an_external_commit_that_removes_two_leaves(lenient: Library) -> Attack:
    return _forged(
        lambda commit: replace(commit, proposals=(*commit.proposals, Remove(0), Remove(2))), also="12.2-11"
    )


@breaks("12.4.3.2-1")
def an_external_commit_without_a_path(lenient: Library) -> Attack:
    return _forged(lambda commit: replace(commit, path=None), also="AttributeError")


@breaks("12.2-5")
def a_member_that_says_what_a_newcomer_says(lenient: Library) -> Attack:
    said = read_public(JOINED.message).content.content
    assert isinstance(said, Commit)
    return sent(BOB, public_hostile(ALICE, said), truth=TRUTH, also="VerificationError")


@breaks("12.4.3.2-3")
def a_group_info_without_a_key(lenient: Library) -> Attack:
    return _outside(ALICE.group_info(external_pub=False), also="TypeError")


@breaks("12.4.3.2-3")
def a_group_info_with_a_malformed_key(lenient: Library) -> Attack:
    bad = Extension(ExtensionType.EXTERNAL_PUB, b"\x02\x01")
    forged = forge_group_info(ALICE, lambda info: replace(info, extensions=(info.extensions[0], bad)))
    return _outside(forged, also="UnboundLocalError")


def _outside(group_info: bytes, *, also: str) -> Attack:
    """A GroupInfo to somebody who would let itself in."""
    pair = key_pair("dave")

    def strike(library: Library, group_info: bytes = group_info) -> object:
        return library.group.Group.join_externally(
            group_info,
            credential=library.credential.Credential(b"dave"),
            signature_key_pair=library.signatures.SignatureKeyPair(pair.private_key, pair.public_key),
            random=seeded(1),
            **JUDGE,
        )

    return called(strike, lambda: strike(REAL, ALICE.group_info()), also=also)
