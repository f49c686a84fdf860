"""What a member sends: application messages, proposals and commits, each sealed as a PrivateMessage.

Every function returns the group that follows; the message keys it used are in no group that it returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from channel.mls.commit import create_commit
from channel.mls.errors import StateError
from channel.mls.framing import MLSMessage
from channel.mls.message_protection import encrypt, seal
from channel.mls.proposal_list import Judge, SentProposal
from channel.mls.proposals import Proposal, Update
from channel.mls.received import CommitFacts
from channel.mls.sent import CommitResult, SealedMessage
from channel.mls.state import MessageState, OwnCommit, WaitingProposal
from channel.mls.types import Random
from channel.mls.waiting import check_alone, choose

if TYPE_CHECKING:
    from channel.mls.group import Group

PADDED_SIZES = (256, 1024, 4096, 16_384, 61_440)
"""What a message's plaintext is padded to, so that its length says little."""


def check_in_use(group: Group) -> None:
    """Refuse to work with a group that we have been removed from, or that has not been adopted.

    Raises:
        StateError: It is such a group.
    """
    if not group.is_active:
        raise StateError("we are no longer a member of this group")
    if group.message_state.own_commit is not None:
        raise StateError("a pending group is not in use before it has been adopted")


def seal_application(
    group: Group, application_data: bytes, *, authenticated_data: bytes, random: Random
) -> SealedMessage:
    """See `Group.seal`."""
    check_in_use(group)
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
        group=replace(group, message_state=MessageState(secret_tree=sealed.secret_tree)),
        message=sealed.message,
        signature=sealed.signature,
        generation=sealed.generation,
    )


def propose(
    group: Group, proposal: Proposal, *, judge: Judge, authenticated_data: bytes, random: Random
) -> tuple[Group, bytes]:
    """See `Group.propose`."""
    check_in_use(group)
    if isinstance(proposal, Update):
        raise ValueError("an update of our own leaf is made by propose_update")
    epoch = group.epoch_state
    check_alone(epoch, SentProposal(proposal, epoch.own_leaf_index), judge=judge)
    return _send_proposal(group, proposal, None, authenticated_data=authenticated_data, random=random)


def propose_own_update(
    group: Group, update: Update, *, encryption_private_key: bytes, authenticated_data: bytes, random: Random
) -> tuple[Group, bytes]:
    """See `Group.propose_update`; with the update comes the new leaf's private key."""
    check_in_use(group)
    return _send_proposal(
        group, update, encryption_private_key, authenticated_data=authenticated_data, random=random
    )


def _send_proposal(
    group: Group,
    proposal: Proposal,
    encryption_private_key: bytes | None,
    *,
    authenticated_data: bytes,
    random: Random,
) -> tuple[Group, bytes]:
    epoch = group.epoch_state
    signed = epoch.sign(proposal, authenticated_data=authenticated_data)
    sealed = encrypt(
        epoch.epoch_context,
        group.message_state.secret_tree,
        signed,
        padded_sizes=PADDED_SIZES,
        random=random,
    )
    waiting = WaitingProposal.of(epoch.suite, signed, proposal, encryption_private_key=encryption_private_key)
    messages = MessageState(secret_tree=sealed.secret_tree, proposals=(*group.proposals, waiting))
    return replace(group, message_state=messages), sealed.message


def commit(
    group: Group,
    proposals: Sequence[Proposal],
    *,
    judge: Judge,
    authenticated_data: bytes,
    ratchet_tree_in_welcome: bool,
    random: Random,
) -> CommitResult:
    """See `Group.commit`."""
    check_in_use(group)
    epoch = group.epoch_state
    items, sent = choose(epoch, proposals, group.proposals, judge=judge)
    made = create_commit(
        epoch,
        items=items,
        proposals=sent,
        authenticated_data=authenticated_data,
        ratchet_tree_in_welcome=ratchet_tree_in_welcome,
        judge=judge,
        random=random,
    )
    sealed = encrypt(
        epoch.epoch_context,
        group.message_state.secret_tree,
        made.content,
        padded_sizes=PADDED_SIZES,
        random=random,
    )
    applied = made.next_epoch.applied
    own_commit = OwnCommit(
        message_hash=epoch.suite.hash(sealed.message),
        facts=CommitFacts.of(made.content, added=applied.added, removed=applied.removed),
    )
    pending = MessageState(secret_tree=made.next_epoch.secret_tree, own_commit=own_commit)
    return CommitResult(
        group=replace(group, message_state=replace(group.message_state, secret_tree=sealed.secret_tree)),
        message=sealed.message,
        welcome=None if made.welcome is None else MLSMessage(made.welcome).encode(),
        pending=replace(group, epoch_state=made.next_epoch.state, message_state=pending),
    )
