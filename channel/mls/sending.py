"""What a member sends: application messages, proposals and commits, each sealed as a PrivateMessage.

Proposals and commits may travel as PublicMessage instead, if the caller wishes.

Every function returns the group that follows; the message keys it used are in no group that it returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from channel.mls.authenticated_content import AuthenticatedContent
from channel.mls.commit import create_commit
from channel.mls.errors import StateError
from channel.mls.framing import MLSMessage
from channel.mls.message_protection import encrypt, seal
from channel.mls.proposal_list import Judge, SentProposal
from channel.mls.proposals import Proposal, Update
from channel.mls.public_message import protect_public
from channel.mls.received import CommitFacts
from channel.mls.secret_tree import SecretTree
from channel.mls.sent import CommitResult, SealedMessage
from channel.mls.state import OwnCommit, WaitingProposal
from channel.mls.types import Random, WireFormat
from channel.mls.waiting import check_alone, choose

if TYPE_CHECKING:
    from channel.mls.group import Group

PADDED_SIZES = (256, 1024, 4096, 16_384, 61_440)
"""What a message's plaintext is padded to, so that its length says little."""


def seal_application(
    group: Group, application_data: bytes, *, authenticated_data: bytes, random: Random
) -> SealedMessage:
    """See `Group.seal`."""
    group.message_state.check_in_use()
    if group.proposals:
        raise StateError("proposals wait: the next message must be a commit")
    epoch = group.epoch_state
    sealed = seal(
        epoch.epoch_context,
        group.message_state.secret_tree,
        sender=epoch.own_leaf_index,
        signing_key=epoch.signing_key,
        content=application_data,
        authenticated_data=authenticated_data,
        padded_sizes=PADDED_SIZES,
        random=random,
    )
    return SealedMessage(
        group=group.with_messages(group.message_state.then(secret_tree=sealed.secret_tree)),
        message=sealed.message,
        signature=sealed.signature,
        generation=sealed.generation,
    )


def propose(
    group: Group,
    proposal: Proposal,
    *,
    judge: Judge,
    authenticated_data: bytes,
    wire_format: WireFormat,
    random: Random,
) -> tuple[Group, bytes]:
    """See `Group.propose`."""
    group.message_state.check_in_use()
    if isinstance(proposal, Update):
        raise ValueError("an update of our own leaf is made by propose_update")
    epoch = group.epoch_state
    check_alone(epoch, SentProposal(proposal, epoch.own_leaf_index), judge=judge)
    return _send_proposal(
        group, proposal, None, authenticated_data=authenticated_data, wire_format=wire_format, random=random
    )


def propose_own_update(
    group: Group,
    update: Update,
    *,
    encryption_private_key: bytes,
    authenticated_data: bytes,
    wire_format: WireFormat,
    random: Random,
) -> tuple[Group, bytes]:
    """See `Group.propose_update`; with the update comes the new leaf's private key."""
    group.message_state.check_in_use()
    return _send_proposal(
        group,
        update,
        encryption_private_key,
        authenticated_data=authenticated_data,
        wire_format=wire_format,
        random=random,
    )


def _send_proposal(
    group: Group,
    proposal: Proposal,
    encryption_private_key: bytes | None,
    *,
    authenticated_data: bytes,
    wire_format: WireFormat,
    random: Random,
) -> tuple[Group, bytes]:
    epoch = group.epoch_state
    signed = epoch.sign(proposal, authenticated_data=authenticated_data, wire_format=wire_format)
    secret_tree, message = _protect(group, signed, random=random)
    waiting = WaitingProposal.of(epoch.suite, signed, proposal, encryption_private_key=encryption_private_key)
    messages = group.message_state.then(secret_tree=secret_tree, proposals=(*group.proposals, waiting))
    return replace(group, message_state=messages), message


def _protect(group: Group, signed: AuthenticatedContent, *, random: Random) -> tuple[SecretTree, bytes]:
    epoch, secret_tree = group.epoch_state, group.message_state.secret_tree
    if signed.wire_format is WireFormat.PUBLIC_MESSAGE:
        public = protect_public(
            epoch.suite,
            signed,
            membership_key=epoch.secrets.membership_key,
            group_context=epoch.epoch_context.group_context,
        )
        return secret_tree, MLSMessage(public).encode()
    sealed = encrypt(epoch.epoch_context, secret_tree, signed, padded_sizes=PADDED_SIZES, random=random)
    return sealed.secret_tree, sealed.message


def commit(
    group: Group,
    proposals: Sequence[Proposal],
    *,
    judge: Judge,
    authenticated_data: bytes,
    wire_format: WireFormat,
    ratchet_tree_in_welcome: bool,
    random: Random,
) -> CommitResult:
    """See `Group.commit`."""
    group.message_state.check_in_use()
    epoch = group.epoch_state
    items, sent = choose(epoch, proposals, group.proposals, judge=judge)
    made = create_commit(
        epoch,
        items=items,
        proposals=sent,
        authenticated_data=authenticated_data,
        wire_format=wire_format,
        ratchet_tree_in_welcome=ratchet_tree_in_welcome,
        judge=judge,
        random=random,
    )
    secret_tree, message = _protect(group, made.content, random=random)
    applied = made.next_epoch.applied
    facts = CommitFacts.of(
        made.content, sender=epoch.own_leaf_index, added=applied.added, removed=applied.removed
    )
    own_commit = OwnCommit(message_hash=epoch.suite.hash(message), facts=facts)
    messages = group.message_state.then(secret_tree=secret_tree, proposals=group.proposals)
    pending = messages.then(
        secret_tree=made.next_epoch.secret_tree, own_commit=own_commit, reinit=applied.reinit
    )
    return CommitResult(
        group=replace(group, message_state=messages),
        message=message,
        welcome=None if made.welcome is None else MLSMessage(made.welcome).encode(),
        pending=replace(group, epoch_state=made.next_epoch.state, message_state=pending),
    )
