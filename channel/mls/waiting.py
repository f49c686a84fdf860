"""Proposals that wait for a commit: which of them go into ours, and what another's commit refers to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from channel.mls.commit_change import CommitChange
from channel.mls.credential import Credential
from channel.mls.epoch_state import EpochState
from channel.mls.errors import PeerError, ValidationError
from channel.mls.leaf_node import LeafNodeSource, sign_leaf_node
from channel.mls.proposal_list import Judge, SentProposal, apply_proposals
from channel.mls.proposals import Commit, Proposal, ProposalOrRef, ProposalRef, ReInit, Remove, Update
from channel.mls.state import WaitingProposal
from channel.mls.tree_math import LeafIndex
from channel.mls.types import Random

MAX_CHOSEN = 32
"""How many waiting proposals one commit of ours looks at: a flood of them costs its sender, not us."""


def own_update(epoch: EpochState, *, random: Random) -> tuple[Update, bytes]:
    """An update of our own leaf with a fresh encryption key, and the private key to it."""
    private_key, public_key = epoch.suite.generate_hpke_key_pair(random)
    leaf_node = replace(
        epoch.own_leaf,
        encryption_key=public_key,
        source=LeafNodeSource.UPDATE,
        lifetime=None,
        parent_hash=None,
    )
    signed = sign_leaf_node(
        epoch.suite,
        leaf_node,
        signature_private_key=epoch.signature_private_key,
        group_id=epoch.context.group_id,
        leaf_index=epoch.own_leaf_index,
    )
    return Update(signed), private_key


def check_alone(epoch: EpochState, sent: SentProposal, *, judge: Judge) -> None:
    """Judge a proposal as if somebody outside of the tree committed nothing but it.

    One that can never be committed is neither sent nor kept.

    Raises:
        ValidationError: It breaks a rule.
        VerificationError: A signature in it does not hold, or a key is not one to trust.
        Exception: Whatever `authenticate` raises.
    """
    nobody = LeafIndex(epoch.tree.leaf_count)
    apply_proposals(epoch.tree, epoch.context, (sent,), committer=nobody, judge=judge)


def choose(
    epoch: EpochState, proposals: Sequence[Proposal], waiting: Sequence[WaitingProposal], *, judge: Judge
) -> tuple[tuple[ProposalOrRef, ...], tuple[SentProposal, ...]]:
    """Put together the list for a commit of our own (section 12.2).

    All of `proposals` go in, whatever that leads to. Of those that wait, removals come first, then the
    newest, at most `MAX_CHOSEN`; each goes in unless the list would break a rule by it.

    Args:
        epoch: The present epoch.
        proposals: By value.
        waiting: To refer to.
        judge: The caller's judgement; a waiting proposal that it refuses stays out.

    Returns:
        The commit's list, and the same with references resolved.
    """
    own = epoch.own_leaf_index

    def authenticate(credential: Credential, signature_key: bytes) -> None:
        # Whatever the application raises, a stranger's proposal must not keep us from committing.
        try:
            judge.authenticate(credential, signature_key)
        except Exception as refusal:
            raise ValidationError("5.3.1-1", "a credential is refused") from refusal

    def judge_commit(change: CommitChange) -> None:
        try:
            judge.judge_commit(change)
        except Exception as refusal:
            raise ValidationError("12.2-12", "a commit is refused") from refusal

    items: tuple[ProposalOrRef, ...] = tuple(proposals)
    sent = tuple(SentProposal(proposal, own) for proposal in proposals)
    quiet_judge = replace(judge, authenticate=authenticate, judge_commit=judge_commit)
    newest_first = tuple(reversed(waiting))
    removals_first = sorted(newest_first, key=_urgency)
    for candidate in removals_first[:MAX_CHOSEN]:
        attempt = (*sent, candidate.sent)
        try:
            applied = apply_proposals(epoch.tree, epoch.context, attempt, committer=own, judge=quiet_judge)
            quiet_judge.check(applied, epoch.tree, applied.tree, context=epoch.context, committer=own)
        except PeerError:
            continue
        items = (*items, ProposalRef(candidate.reference))
        sent = attempt
    return items, sent


def _urgency(waiting: WaitingProposal) -> int:
    match waiting.sent.proposal:
        case Remove():
            return 0
        case ReInit():
            return 2  # it goes with no other, and can be proposed again
        case _:
            return 1


def resolve(
    commit: Commit, waiting: Sequence[WaitingProposal], *, sender: LeafIndex
) -> tuple[tuple[SentProposal, ...], bytes | None]:
    """Look up what a commit refers to.

    Args:
        commit: The commit.
        waiting: The proposals of this epoch that we have seen.
        sender: The committer, to whom the proposals by value belong.

    Returns:
        The list, and if an update of ours is in it, our new leaf's private key.

    Raises:
        ValidationError: A reference is to a proposal we have not seen.
    """
    known = {proposal.reference: proposal for proposal in waiting}
    sent = []
    own_update_key = None
    for item in commit.proposals:
        if not isinstance(item, ProposalRef):
            sent.append(SentProposal(item, sender))
            continue
        found = known.get(item.reference)
        if found is None:
            raise ValidationError("12.4-1", "a commit refers to a proposal that has not been seen")
        sent.append(found.sent)
        own_update_key = found.encryption_private_key or own_update_key
    return tuple(sent), own_update_key
