"""The working group's vectors for messages: their shapes, and how they are protected. One test per entry."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest

from channel.mls.authenticated_content import (
    AuthenticatedContent,
    Content,
    FramedContent,
    FramedContentAuthData,
    Sender,
    sign_framed_content,
    verify_framed_content,
)
from channel.mls.codec import decode, u16
from channel.mls.crypto import CipherSuite, cipher_suite
from channel.mls.errors import MLSError, ValidationError
from channel.mls.framing import MLSMessage
from channel.mls.message_protection import EpochContext, encrypt, seal, unseal
from channel.mls.private_message import PrivateMessage, decode_private_message, parse_private_message_header
from channel.mls.proposals import Commit, ProposalType, decode_proposal
from channel.mls.public_message import PublicMessage, protect_public, unprotect_public
from channel.mls.ratchet_tree import RatchetTree
from channel.mls.secret_tree import SecretTree
from channel.mls.transcript import confirmation_tag
from channel.mls.tree_math import LeafCount, LeafIndex
from channel.mls.types import ContentType, GroupContext, WireFormat
from channel.mls.welcome import GroupSecrets
from tests.channel.mls.vectors import entries, unhex

SENDER = LeafIndex(1)


class Encodable(Protocol):
    def encode(self) -> bytes: ...


MESSAGES: dict[str, Callable[[bytes], Encodable]] = {
    "mls_welcome": MLSMessage.decode,
    "mls_group_info": MLSMessage.decode,
    "mls_key_package": MLSMessage.decode,
    "public_message_application": MLSMessage.decode,
    "public_message_proposal": MLSMessage.decode,
    "public_message_commit": MLSMessage.decode,
    "private_message": MLSMessage.decode,
    "ratchet_tree": lambda data: RatchetTree.decode(cipher_suite(1), data),
    "group_secrets": GroupSecrets.decode,
    "commit": Commit.decode,
}
PROPOSALS = {
    "add_proposal": ProposalType.ADD,
    "update_proposal": ProposalType.UPDATE,
    "remove_proposal": ProposalType.REMOVE,
    "pre_shared_key_proposal": ProposalType.PSK,
    "re_init_proposal": ProposalType.REINIT,
    "external_init_proposal": ProposalType.EXTERNAL_INIT,
    "group_context_extensions_proposal": ProposalType.GROUP_CONTEXT_EXTENSIONS,
}


@pytest.mark.parametrize("entry", entries("messages"))
def test_messages(entry: Any) -> None:
    assert set(entry) == set(MESSAGES) | set(PROPOSALS)
    for name, read in MESSAGES.items():
        assert read(unhex(entry, name)).encode() == unhex(entry, name), name
    for name, proposal_type in PROPOSALS.items():
        encoded = u16(proposal_type) + unhex(entry, name)
        proposal = decode_proposal(encoded)
        assert proposal.proposal_type == proposal_type
        assert proposal.encode() == encoded, name


def context(entry: Any) -> GroupContext:
    return GroupContext(
        cipher_suite=entry["cipher_suite"],
        group_id=unhex(entry, "group_id"),
        epoch=entry["epoch"],
        tree_hash=unhex(entry, "tree_hash"),
        confirmed_transcript_hash=unhex(entry, "confirmed_transcript_hash"),
    )


def secret_tree(suite: CipherSuite, entry: Any) -> SecretTree:
    return SecretTree.create(suite, leaves=LeafCount(2), encryption_secret=unhex(entry, "encryption_secret"))


def contents(entry: Any) -> Iterator[tuple[str, Content, bytes]]:
    yield "application", unhex(entry, "application"), unhex(entry, "application")
    yield "proposal", decode_proposal(unhex(entry, "proposal")), unhex(entry, "proposal")
    yield "commit", Commit.decode(unhex(entry, "commit")), unhex(entry, "commit")


@pytest.mark.parametrize("entry", entries("message-protection"))
def test_private_messages_open(entry: Any) -> None:
    suite = cipher_suite(entry["cipher_suite"])
    epoch = EpochContext.of(suite, context(entry), sender_data_secret=unhex(entry, "sender_data_secret"))
    public_key = unhex(entry, "signature_pub")
    for name, content, raw in contents(entry):
        data = unhex(entry, f"{name}_priv")
        unsealed = unseal(
            epoch, secret_tree(suite, entry), decode_private_message(data), signature_key=lambda _: public_key
        )
        assert unsealed.content.content.content == content
        header = parse_private_message_header(data)
        assert unsealed.content.content.sender == Sender.member(SENDER)
        verify_framed_content(
            suite,
            signature_key=public_key,
            group_context=context(entry).encode(),
            group_id=header.group_id,
            epoch=header.epoch,
            sender=SENDER,
            authenticated_data=header.authenticated_data,
            content_type=header.content_type,
            content=raw,
            signature=unsealed.content.auth.signature,
        )


@pytest.mark.parametrize("entry", entries("message-protection"))
def test_public_messages_open(entry: Any) -> None:
    suite = cipher_suite(entry["cipher_suite"])
    for name, content, _ in contents(entry):
        if name == "application":
            continue
        message = MLSMessage.decode(unhex(entry, f"{name}_pub")).body
        assert isinstance(message, PublicMessage)
        authenticated = unprotect_public(
            suite,
            message,
            signature_key=unhex(entry, "signature_pub"),
            membership_key=unhex(entry, "membership_key"),
            group_context=context(entry).encode(),
        )
        assert authenticated.content.content == content


@pytest.mark.parametrize("entry", entries("message-protection"))
def test_what_we_protect_opens_again(entry: Any) -> None:
    suite = cipher_suite(entry["cipher_suite"])
    group_context = context(entry)
    epoch = EpochContext.of(suite, group_context, sender_data_secret=unhex(entry, "sender_data_secret"))
    private_key, public_key = unhex(entry, "signature_priv"), unhex(entry, "signature_pub")
    for name, content, raw in contents(entry):
        if name == "commit":
            authenticated = signed(suite, entry, content, WireFormat.PRIVATE_MESSAGE)
            sealed = encrypt(epoch, secret_tree(suite, entry), authenticated, random=lambda n: b"\xa5" * n)
        else:
            sealed = seal(
                epoch,
                secret_tree(suite, entry),
                sender=SENDER,
                signing_key=private_key,
                content=content,
                authenticated_data=b"readable",
                padded_sizes=(256, 1024),
                random=lambda n: b"\x5a" * n,
            )
        message = MLSMessage.decode(sealed.message).body
        assert isinstance(message, PrivateMessage)
        assert raw not in sealed.message
        unsealed = unseal(epoch, secret_tree(suite, entry), message, signature_key=lambda _: public_key)
        assert unsealed.content.content.content == content
        assert unsealed.content.auth.signature == sealed.signature


@pytest.mark.parametrize("entry", entries("message-protection"))
def test_handshakes_may_travel_in_public(entry: Any) -> None:
    suite = cipher_suite(entry["cipher_suite"])
    keys = {
        "membership_key": unhex(entry, "membership_key"),
        "group_context": context(entry).encode(),
    }
    for name, content, _ in contents(entry):
        authenticated = signed(suite, entry, content, WireFormat.PUBLIC_MESSAGE)
        if name == "application":
            with pytest.raises(ValueError, match="must be encrypted"):
                protect_public(suite, authenticated, **keys)
            leaked = PublicMessage(authenticated.content, authenticated.auth, bytes(suite.hash_size))
            with pytest.raises(ValidationError, match="application data"):
                unprotect_public(suite, leaked, signature_key=unhex(entry, "signature_pub"), **keys)
            continue
        message = protect_public(suite, authenticated, **keys)
        decoded = decode(message.encode(), PublicMessage.read)
        opened = unprotect_public(suite, decoded, signature_key=unhex(entry, "signature_pub"), **keys)
        assert opened == authenticated
        with pytest.raises(MLSError, match="membership tag"):
            unprotect_public(
                suite,
                PublicMessage(message.content, message.auth, bytes(suite.hash_size)),
                signature_key=unhex(entry, "signature_pub"),
                **keys,
            )


def signed(suite: CipherSuite, entry: Any, content: Content, wire_format: WireFormat) -> AuthenticatedContent:
    group_context = context(entry)
    framed = FramedContent(
        group_id=group_context.group_id,
        epoch=group_context.epoch,
        sender=Sender.member(SENDER),
        authenticated_data=b"readable",
        content=content,
    )
    signature = sign_framed_content(
        suite,
        framed,
        wire_format=wire_format,
        group_context=group_context.encode(),
        signing_key=unhex(entry, "signature_priv"),
    )
    is_commit = framed.content_type is ContentType.COMMIT
    tag = confirmation_tag(suite, b"confirmation key", b"hash") if is_commit else None
    return AuthenticatedContent(wire_format, framed, FramedContentAuthData(signature, tag))
