"""Proposals from outside of a group: of external senders, and of newcomers (RFC 9420, section 12.1.8)."""

from __future__ import annotations

from channel.mls.authenticated_content import (
    AuthenticatedContent,
    FramedContent,
    FramedContentAuthData,
    Sender,
    SenderType,
    sign_framed_content,
)
from channel.mls.crypto import CipherSuite, cipher_suite
from channel.mls.errors import ValidationError
from channel.mls.external_commit import path_of
from channel.mls.external_senders import external_senders
from channel.mls.framing import MLSMessage
from channel.mls.key_package import KeyPackageBundle
from channel.mls.proposals import (
    Add,
    Commit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ReInit,
    Remove,
)
from channel.mls.public_message import PublicMessage
from channel.mls.types import Extension, WireFormat

_EXTERNAL = (Add, Remove, PreSharedKey, ReInit, GroupContextExtensions)


def outsiders_key(suite: CipherSuite, extensions: tuple[Extension, ...], content: FramedContent) -> bytes:
    """The key that somebody outside of the group must have signed a message with (section 6.1).

    Args:
        suite: The group's cipher suite.
        extensions: The GroupContext's.
        content: The message's content; its sender is no member.

    Raises:
        ValidationError: This kind of sender cannot say this, or the external sender is unknown.
        VerificationError: The key of an external sender is not one to trust.
    """
    said = content.content
    match content.sender.sender_type:
        case SenderType.EXTERNAL:
            if not isinstance(said, _EXTERNAL):
                raise ValidationError("12.1.8-1", "an external sender says what it may not propose")
            senders = external_senders(suite, extensions)
            if content.sender.index >= len(senders):
                raise ValidationError("12.1.8.1-2", "an external sender is not in the group's list")
            return senders[content.sender.index].signature_key
        case SenderType.NEW_MEMBER_PROPOSAL:
            if not isinstance(said, Add):
                raise ValidationError("12.1.8-2", "a new member proposes something else than an addition")
            return said.key_package.leaf_node.signature_key
        case SenderType.NEW_MEMBER_COMMIT:
            if not isinstance(said, Commit):
                raise ValidationError("12.4.3.2-4", "a new member commits what is not a commit")
            return path_of(said).leaf_node.signature_key
        case SenderType.MEMBER:
            raise ValueError("a member is not outside of the group")


def propose_externally(
    suite: CipherSuite,
    proposal: Proposal,
    *,
    group_id: bytes,
    epoch: int,
    sender_index: int,
    signature_private_key: bytes,
    authenticated_data: bytes = b"",
) -> bytes:
    """Propose as an external sender.

    Args:
        suite: The group's cipher suite.
        proposal: An addition, a removal, a pre-shared key, a reinitialisation or new extensions.
        group_id: The group's.
        epoch: Its present epoch.
        sender_index: Our place in the group's external_senders extension.
        signature_private_key: Belongs to the key there.
        authenticated_data: Signed as well.

    Returns:
        The encoded MLSMessage.

    Raises:
        ValueError: The proposal is of a type that only members propose.
    """
    if not isinstance(proposal, _EXTERNAL):
        raise ValueError("only members propose this")
    sender = Sender(SenderType.EXTERNAL, sender_index)
    return _protect(suite, proposal, sender, group_id, epoch, signature_private_key, authenticated_data)


def propose_to_join(
    bundle: KeyPackageBundle, *, group_id: bytes, epoch: int, authenticated_data: bytes = b""
) -> bytes:
    """Propose that a group add us; some member must commit it and send us the Welcome.

    Args:
        bundle: Our key package; keep it for the Welcome.
        group_id: The group's.
        epoch: Its present epoch.
        authenticated_data: Signed as well.

    Returns:
        The encoded MLSMessage.
    """
    return _protect(
        cipher_suite(bundle.key_package.cipher_suite),
        Add(bundle.key_package),
        Sender(SenderType.NEW_MEMBER_PROPOSAL),
        group_id,
        epoch,
        bundle.signature_private_key,
        authenticated_data,
    )


def _protect(
    suite: CipherSuite,
    proposal: Proposal,
    sender: Sender,
    group_id: bytes,
    epoch: int,
    signature_private_key: bytes,
    authenticated_data: bytes,
) -> bytes:
    content = FramedContent(
        group_id=group_id,
        epoch=epoch,
        sender=sender,
        authenticated_data=authenticated_data,
        content=proposal,
    )
    signature = sign_framed_content(
        suite,
        content,
        wire_format=WireFormat.PUBLIC_MESSAGE,
        group_context=b"",
        signing_key=signature_private_key,
    )
    signed = AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, content, FramedContentAuthData(signature))
    return MLSMessage(PublicMessage(signed.content, signed.auth)).encode()
