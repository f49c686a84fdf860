"""Opening what arrives: a PrivateMessage, or a handshake in a PublicMessage (RFC 9420, section 6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from channel.mls.authenticated_content import AuthenticatedContent, SenderType
from channel.mls.errors import DecodeError, ValidationError
from channel.mls.external_proposals import outsiders_key
from channel.mls.framing import MLSMessage
from channel.mls.message_protection import Unsealed, unseal
from channel.mls.private_message import decode_private_message
from channel.mls.public_message import PublicMessage, unprotect_public
from channel.mls.secret_tree import SecretTree
from channel.mls.tree_math import LeafIndex

if TYPE_CHECKING:
    from channel.mls.group import Group

_PUBLIC = b"\x00\x01\x00\x01"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPublic:
    """A PublicMessage whose signature and membership tag hold.

    Attributes:
        content: What was said, with its proof.
        secret_tree: That of the epoch, which it does not change.
    """

    content: AuthenticatedContent
    secret_tree: SecretTree = field(repr=False)


def open_message(group: Group, message: bytes, *, outsiders: bool) -> Unsealed | OpenedPublic:
    """Open an encoded MLSMessage of a group's present epoch; nothing of what it says has been judged yet.

    Args:
        group: The group.
        message: What arrived.
        outsiders: Whether it may come from outside of the group.

    Raises:
        PeerError: It breaks a rule, does not open, or its signature or membership tag does not hold.
    """
    if message.startswith(_PUBLIC):
        return _open_public(group, message, outsiders=outsiders)
    private_message = decode_private_message(message)
    _check_place(group, private_message.header.group_id, private_message.header.epoch)
    return unseal(
        group.epoch_state.epoch_context,
        group.message_state.secret_tree,
        private_message,
        signature_key=lambda leaf_index: _member_key(group, leaf_index),
    )


def _check_place(group: Group, group_id: bytes, epoch: int) -> None:
    context = group.epoch_state.context
    if group_id != context.group_id:
        raise ValidationError("6-2", "message is of another group")
    if epoch != context.epoch:
        raise ValidationError("12.4.2-1", f"message is of epoch {epoch}, not {context.epoch}")


def _open_public(group: Group, message: bytes, *, outsiders: bool) -> OpenedPublic:
    body = MLSMessage.decode(message).body
    if not isinstance(body, PublicMessage):
        raise DecodeError("not a PublicMessage")
    content = body.content
    _check_place(group, content.group_id, content.epoch)
    if content.sender.sender_type is SenderType.MEMBER:
        signature_key = _member_key(group, LeafIndex(content.sender.index))
    elif outsiders:
        signature_key = outsiders_key(group.suite, group.context.extensions, content)
    else:
        raise ValidationError("6-3", "a message comes from outside of the group")
    epoch = group.epoch_state
    authenticated = unprotect_public(
        epoch.suite,
        body,
        signature_key=signature_key,
        membership_key=epoch.secrets.membership_key,
        group_context=epoch.epoch_context.group_context,
    )
    return OpenedPublic(content=authenticated, secret_tree=group.message_state.secret_tree)


def _member_key(group: Group, leaf_index: LeafIndex) -> bytes:
    leaf_node = group.epoch_state.tree.leaf(leaf_index)
    if leaf_node is None:
        raise ValidationError("6.1-1", "the sender's leaf is blank")
    if leaf_index == group.own_leaf_index:
        # We never receive what we sent: the key is gone. Whoever wrote this, it is not what the caller sent.
        raise ValidationError("6.1-2", "a message claims to be our own, and is none that can be received")
    return leaf_node.signature_key
