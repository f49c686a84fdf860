"""What a member receives: the next group, or an error and no change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from channel.mls.authenticated_content import AuthenticatedContent
from channel.mls.commit import process_commit
from channel.mls.errors import StateError, ValidationError
from channel.mls.external_commit import process_external_commit
from channel.mls.message_protection import Unsealed
from channel.mls.opening import open_message
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
from channel.mls.state import WaitingProposal
from channel.mls.tree_math import LeafCount
from channel.mls.waiting import check_alone, resolve

if TYPE_CHECKING:
    from channel.mls.group import Group


def receive(
    group: Group,
    message: bytes,
    *,
    outsiders: bool,
    judge: Callable[[], Judge],
    own_pending: Group | None,
) -> Received:
    """See `Group.receive`; `judge` is called for handshakes only."""
    group.message_state.check_in_use()
    if own_pending is not None and own_pending.is_own_commit(message):
        return adopt(group, own_pending)
    opened = open_message(group, message, outsiders=outsiders)
    if isinstance(opened, Unsealed) and isinstance(opened.said, bytes):
        messages = group.message_state
        return ApplicationReceived(
            group=group.with_messages(
                messages.then(secret_tree=opened.secret_tree, proposals=messages.proposals)
            ),
            sender=opened.sender,
            application_data=opened.said,
            authenticated_data=opened.authenticated_data,
            signature=opened.signature,
            generation=opened.generation,
        )
    content = opened.content
    match content.content.content:
        case Commit() as commit:
            return _receive_commit(group, content, commit, judge())
        case bytes():
            raise ValidationError("6-1", "application data in a PublicMessage")
        case proposal:
            return _receive_proposal(group, opened.secret_tree, content, proposal, judge())


def adopt(group: Group, pending: Group) -> CommitReceived:
    """See `Group.adopt`."""
    group.message_state.check_in_use()
    own_commit = pending.message_state.own_commit
    if own_commit is None or (pending.group_id, pending.epoch) != (group.group_id, group.epoch + 1):
        raise StateError("the pending group does not follow on this epoch")
    latest = max(group.message_state.counter, pending.message_state.counter)
    messages = replace(pending.message_state, own_commit=None, counter=latest + 1)
    epoch = pending.epoch_state.after(group.epoch_state)
    adopted = replace(pending, epoch_state=epoch, message_state=messages)
    return CommitReceived(group=adopted, facts=own_commit.facts)


def _receive_proposal(
    group: Group, secret_tree: SecretTree, content: AuthenticatedContent, proposal: Proposal, judge: Judge
) -> ProposalReceived:
    epoch = group.epoch_state
    waiting = WaitingProposal.of(epoch.suite, content, proposal)
    check_alone(epoch, waiting.sent, judge=judge)
    messages = group.message_state.then(secret_tree=secret_tree, proposals=(*group.proposals, waiting))
    return ProposalReceived(
        group=group.with_messages(messages),
        sender=waiting.sent.sender,
        proposal=proposal,
        reference=waiting.reference,
        content=waiting.content,
        signature=waiting.signature,
    )


def _receive_commit(
    group: Group, content: AuthenticatedContent, commit: Commit, judge: Judge
) -> CommitReceived:
    epoch, sender = group.epoch_state, content.content.sender.member_index
    if sender is None:
        outcome = process_external_commit(epoch, content, commit=commit, judge=judge)
    else:
        sent, own_update_key = resolve(commit, group.proposals, sender=sender)
        outcome = process_commit(
            epoch,
            content,
            commit=commit,
            proposals=sent,
            own_update_key=own_update_key,
            judge=judge,
        )
    applied = outcome if isinstance(outcome, Applied) else outcome.applied
    facts = CommitFacts.of(
        content,
        sender=applied.added[0] if sender is None else sender,
        added=applied.added,
        removed=applied.removed,
    )
    if isinstance(outcome, Applied):
        return CommitReceived(group=_closed(group), facts=facts, self_removed=True)
    messages = group.message_state.then(secret_tree=outcome.secret_tree, reinit=applied.reinit)
    return CommitReceived(
        group=replace(group, epoch_state=outcome.state, message_state=messages), facts=facts
    )


def _closed(group: Group) -> Group:
    # What is left can still say who was in the group, and export what the relay's access key of the old
    # epoch is derived from; it can open nothing.
    epoch = group.epoch_state
    secrets = replace(epoch.secrets, init_secret=epoch.suite.zero)
    closed = replace(epoch.keep_resumption_psks(0), private_keys={}, secrets=secrets)
    nothing = SecretTree.create(epoch.suite, leaves=LeafCount(1), encryption_secret=epoch.suite.zero)
    messages = group.message_state.then(secret_tree=nothing, is_active=False)
    return replace(group, epoch_state=closed, message_state=messages)
