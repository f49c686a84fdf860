"""Making and processing commits (RFC 9420, sections 12.4.1 and 12.4.2).

Both ends build the next epoch beside the present one and return it only after every check has passed: a
commit that is refused leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from channel.mls import tree_math
from channel.mls.authenticated_content import AuthenticatedContent
from channel.mls.epoch_state import EpochState
from channel.mls.errors import ValidationError
from channel.mls.leaf_node import LeafNodeSource
from channel.mls.next_epoch import NextEpoch, enter, follow, kept_keys, make_welcome, provisional_context
from channel.mls.proposal_list import Applied, Judge, SentProposal, apply_proposals, check_replacement
from channel.mls.proposals import Commit, ProposalOrRef, Remove
from channel.mls.ratchet_tree import PathStep, RatchetTree
from channel.mls.transcript import (
    confirmation_tag,
    verify_confirmation_tag,
)
from channel.mls.tree_math import LeafIndex
from channel.mls.treekem import decrypt_path, encrypt_path, merge_path, new_path
from channel.mls.types import Random, WireFormat
from channel.mls.update_path import UpdatePath
from channel.mls.validation import check_members
from channel.mls.welcome import Welcome


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCommit:
    """A commit of our own, not yet encrypted.

    Attributes:
        content: The signed commit with its confirmation tag.
        next_epoch: What it leads to, once ordered.
        welcome: For those it adds; None if it adds nobody.
    """

    content: AuthenticatedContent
    next_epoch: NextEpoch
    welcome: Welcome | None


def create_commit(
    state: EpochState,
    *,
    items: Sequence[ProposalOrRef],
    proposals: Sequence[SentProposal],
    authenticated_data: bytes,
    wire_format: WireFormat = WireFormat.PRIVATE_MESSAGE,
    ratchet_tree_in_welcome: bool,
    judge: Judge,
    random: Random,
) -> NewCommit:
    """Make a commit, always with a path: every commit heals.

    Args:
        state: The present epoch.
        items: The list as it goes into the commit.
        proposals: The same list with references resolved.
        authenticated_data: Readable by anybody, signed.
        wire_format: How it will travel.
        ratchet_tree_in_welcome: Whether the Welcome carries the ratchet tree, or the caller does.
        judge: The caller's judgement of those it adds.
        random: Draws our new keys.

    Raises:
        ValidationError: The proposals break a rule.
        VerificationError: A signature in a proposal does not hold, or a key is not one to trust.
        StateError: The epochs are used up.
        Exception: Whatever `authenticate` raises.
    """
    suite, own = state.suite, state.own_leaf_index
    applied = apply_proposals(state.tree, state.context, proposals, committer=own, judge=judge)
    path = new_path(
        applied.tree,
        leaf_index=own,
        group_id=state.context.group_id,
        leaf_node=state.own_leaf,
        signature_key_pair=state.signature_key_pair,
        random=random,
    )
    judge.check(applied, state.tree, path.tree, context=state.context, committer=own)
    provisional = provisional_context(state.context, path.tree, applied.extensions)
    update_path = encrypt_path(path, group_context=provisional.encode(), added=applied.added, random=random)
    signed = state.sign(
        Commit(tuple(items), update_path), authenticated_data=authenticated_data, wire_format=wire_format
    )
    context, secrets = enter(
        suite,
        provisional,
        interim=state.interim_transcript_hash,
        confirmed_input=signed.confirmed_transcript_hash_input(),
        init_secret=state.secrets.init_secret,
        commit_secret=path.commit_secret,
        applied=applied,
    )
    tag = confirmation_tag(suite, secrets.confirmation_key, context.confirmed_transcript_hash)
    next_epoch = follow(
        state,
        context=context,
        tree=path.tree,
        private_keys={**kept_keys(state.private_keys, path.tree), **path.private_keys},
        secrets=secrets,
        tag=tag,
        applied=applied,
    )
    welcome = None
    if applied.added:
        welcome = make_welcome(
            next_epoch.state, secrets, tag, path, applied, ratchet_tree_in_welcome, random=random
        )
    content = replace(signed, auth=replace(signed.auth, confirmation_tag=tag))
    return NewCommit(content=content, next_epoch=next_epoch, welcome=welcome)


def process_commit(
    state: EpochState,
    authenticated: AuthenticatedContent,
    *,
    commit: Commit,
    proposals: Sequence[SentProposal],
    own_update_key: bytes | None,
    judge: Judge,
) -> NextEpoch | Applied:
    """Process somebody else's commit.

    Args:
        state: The present epoch.
        authenticated: The commit's message; its signature has been verified.
        commit: What it carries.
        proposals: Its list with references resolved.
        own_update_key: If the list holds an update of ours, its encryption private key.
        judge: The caller's judgement of those it adds.

    Returns:
        The next epoch; or, if the commit removes us, only what its proposals do.

    Raises:
        ValidationError: A rule is broken.
        VerificationError: A signature or the confirmation tag does not hold, or a key is not one to trust.
        DecryptionError: The path secret meant for us does not open.
        Exception: Whatever `authenticate` raises.
    """
    suite, own = state.suite, state.own_leaf_index
    sender = authenticated.content.sender.leaf_index
    if any(isinstance(sent.proposal, Remove) and sent.proposal.removed == own for sent in proposals):
        # Whom a commit removes does not enter the next epoch, and needs no keys for it to be shown the door.
        judge = replace(judge, find_psk=lambda psk_id: b"")
    applied = apply_proposals(state.tree, state.context, proposals, committer=sender, judge=judge)
    private_keys = kept_keys(state.private_keys, applied.tree)
    if own_update_key is not None:
        private_keys[tree_math.leaf_node_index(own)] = own_update_key
    tree = applied.tree
    commit_secret = suite.zero
    if commit.path is None:
        if applied.path_required:
            raise ValidationError("12.4-2", "a commit lacks the path that its proposals require")
        provisional = provisional_context(state.context, tree, applied.extensions)
    else:
        tree, steps = _merge(state, applied, commit.path, sender=sender, judge=judge)
        provisional = provisional_context(state.context, tree, applied.extensions)
        if own not in applied.removed:
            decrypted = decrypt_path(
                suite,
                commit.path,
                steps=steps,
                own_leaf=own,
                private_keys=private_keys,
                added=applied.added,
                group_context=provisional.encode(),
            )
            commit_secret = decrypted.commit_secret
            private_keys = {**kept_keys(private_keys, tree), **decrypted.private_keys}
    if own in applied.removed:
        judge.check(applied, state.tree, tree, context=state.context, committer=sender)
        return applied
    context, secrets = enter(
        suite,
        provisional,
        interim=state.interim_transcript_hash,
        confirmed_input=authenticated.confirmed_transcript_hash_input(),
        init_secret=state.secrets.init_secret,
        commit_secret=commit_secret,
        applied=applied,
    )
    tag = authenticated.auth.confirmation_tag or b""
    verify_confirmation_tag(suite, secrets.confirmation_key, context.confirmed_transcript_hash, tag)
    judge.check(applied, state.tree, tree, context=state.context, committer=sender)
    return follow(
        state,
        context=context,
        tree=tree,
        private_keys=private_keys,
        secrets=secrets,
        tag=tag,
        applied=applied,
    )


def _merge(
    state: EpochState, applied: Applied, path: UpdatePath, *, sender: LeafIndex, judge: Judge
) -> tuple[RatchetTree, tuple[PathStep, ...]]:
    check_replacement(
        applied.tree,
        path.leaf_node,
        source=LeafNodeSource.COMMIT,
        leaf_index=sender,
        context=state.context,
        extensions=applied.extensions,
        judge=judge,
    )
    before = applied.tree.leaf(sender)
    tree, steps = merge_path(applied.tree, path, sender=sender, added=applied.added)
    after = path.leaf_node
    if before is None or (before.signature_key, before.credential, before.capabilities) != (
        after.signature_key,
        after.credential,
        after.capabilities,
    ):
        check_members(tree)
    return tree, steps
