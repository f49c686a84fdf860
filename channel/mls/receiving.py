"""What a member receives: the next group, or an error and no change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from channel.mls.authenticated_content import AuthenticatedContent
from channel.mls.commit import process_commit
from channel.mls.errors import StateError, ValidationError
from channel.mls.message_protection import Unsealed, unseal
from channel.mls.private_message import decode_private_message
from channel.mls.proposal_list import Applied, Judge
from channel.mls.proposals import Commit, Proposal
from channel.mls.received import (
    ApplicationReceived,
    CommitFacts,
    CommitReceived,
    ProposalReceived,
    Received,
)
from channel.mls.secret_tree import SecretTree
from channel.mls.sending import check_in_use
from channel.mls.state import MessageState, WaitingProposal
from channel.mls.tree_math import LeafCount, LeafIndex
from channel.mls.waiting import check_alone, resolve

if TYPE_CHECKING:
    from channel.mls.group import Group


def receive(group: Group, message: bytes, *, judge: Judge, own_pending: Group | None) -> Received:
    """See `Group.receive`."""
    check_in_use(group)
    if own_pending is not None and own_pending.is_own_commit(message):
        return adopt(group, own_pending)
    private_message = decode_private_message(message)
    header = private_message.header
    if header.group_id != group.group_id:
        raise ValidationError("6-2", "message is of another group")
    if header.epoch != group.epoch:
        raise ValidationError("12.4.2-1", f"message is of epoch {header.epoch}, not {group.epoch}")
    unsealed = unseal(
        group.epoch_state.epoch_context,
        group.message_state.secret_tree,
        private_message,
        signature_key=lambda leaf_index: _signature_key(group, leaf_index),
    )
    content = unsealed.content.content
    match content.content:
        case bytes() as application_data:
            messages = MessageState(secret_tree=unsealed.secret_tree, proposals=group.proposals)
            return ApplicationReceived(
                group=replace(group, message_state=messages),
                sender=content.sender.leaf_index,
                application_data=application_data,
                authenticated_data=content.authenticated_data,
                signature=unsealed.content.auth.signature,
                generation=unsealed.generation,
            )
        case Commit() as commit:
            return _receive_commit(group, unsealed.content, commit, judge)
        case proposal:
            return _receive_proposal(group, unsealed, proposal, judge)


def adopt(group: Group, pending: Group) -> CommitReceived:
    """See `Group.adopt`."""
    check_in_use(group)
    own_commit = pending.message_state.own_commit
    if own_commit is None or (pending.group_id, pending.epoch) != (group.group_id, group.epoch + 1):
        raise StateError("the pending group does not follow on this epoch")
    messages = replace(pending.message_state, own_commit=None)
    return CommitReceived(group=replace(pending, message_state=messages), facts=own_commit.facts)


def _signature_key(group: Group, leaf_index: LeafIndex) -> bytes:
    leaf_node = group.epoch_state.tree.leaf(leaf_index)
    if leaf_node is None:
        raise ValidationError("6.1-1", "the sender's leaf is blank")
    if leaf_index == group.own_leaf_index:
        # We never receive what we sent: the key is gone. Whoever wrote this, it is not what the caller sent.
        raise ValidationError("6.1-2", "a message claims to be our own, and is none that can be received")
    return leaf_node.signature_key


def _receive_proposal(group: Group, unsealed: Unsealed, proposal: Proposal, judge: Judge) -> ProposalReceived:
    epoch = group.epoch_state
    waiting = WaitingProposal.of(epoch.suite, unsealed.content, proposal)
    check_alone(epoch, waiting.sent, judge=judge)
    messages = MessageState(secret_tree=unsealed.secret_tree, proposals=(*group.proposals, waiting))
    return ProposalReceived(
        group=replace(group, message_state=messages),
        sender=waiting.sent.sender,
        proposal=proposal,
        reference=waiting.reference,
        content=waiting.content,
        signature=waiting.signature,
    )


def _receive_commit(
    group: Group, content: AuthenticatedContent, commit: Commit, judge: Judge
) -> CommitReceived:
    sender = content.content.sender.leaf_index
    sent, own_update_key = resolve(commit, group.proposals, sender=sender)
    outcome = process_commit(
        group.epoch_state,
        content,
        commit=commit,
        proposals=sent,
        own_update_key=own_update_key,
        judge=judge,
    )
    if isinstance(outcome, Applied):
        facts = CommitFacts.of(content, added=outcome.added, removed=outcome.removed)
        return CommitReceived(group=_closed(group), facts=facts, self_removed=True)
    applied = outcome.applied
    return CommitReceived(
        group=replace(
            group,
            epoch_state=outcome.state,
            message_state=MessageState(secret_tree=outcome.secret_tree),
        ),
        facts=CommitFacts.of(content, added=applied.added, removed=applied.removed),
    )


def _closed(group: Group) -> Group:
    # What is left can still say who was in the group, and export what the relay's access key of the old
    # epoch is derived from; it can open nothing.
    epoch = group.epoch_state
    closed = replace(epoch, private_keys={}, secrets=replace(epoch.secrets, init_secret=epoch.suite.zero))
    nothing = SecretTree.create(epoch.suite, leaves=LeafCount(1), encryption_secret=epoch.suite.zero)
    return replace(
        group, epoch_state=closed, message_state=MessageState(secret_tree=nothing, is_active=False)
    )
