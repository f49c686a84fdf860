"""External commits: somebody outside lets itself in (RFC 9420, sections 8.3, 12.2 and 12.4.3.2).

Joiner and members run the same check of the commit's list. A *resync* also removes the joiner's own old leaf.
"""

from __future__ import annotations

from dataclasses import replace

from channel.mls.authenticated_content import AuthenticatedContent
from channel.mls.epoch_state import EpochState
from channel.mls.errors import ValidationError
from channel.mls.key_schedule import external_key_pair
from channel.mls.leaf_node import LeafNodeSource
from channel.mls.next_epoch import NextEpoch, enter, follow, kept_keys, provisional_context
from channel.mls.proposal_list import Applied, Judge, check_psks
from channel.mls.proposals import (
    Commit,
    ExternalInit,
    PreSharedKey,
    ProposalRef,
    Remove,
)
from channel.mls.ratchet_tree import RatchetTree
from channel.mls.transcript import verify_confirmation_tag
from channel.mls.tree_math import LeafIndex
from channel.mls.treekem import decrypt_path, merge_path
from channel.mls.types import GroupContext
from channel.mls.update_path import UpdatePath
from channel.mls.validation import check_leaf_node, check_members, check_source


def path_of(commit: Commit) -> UpdatePath:
    """The path of an external commit: in its leaf is the key that the commit is signed with.

    Raises:
        ValidationError: There is none.
    """
    if commit.path is None:
        raise ValidationError("12.4.3.2-1", "an external commit has no path")
    return commit.path


def apply_external(
    tree: RatchetTree, context: GroupContext, commit: Commit, *, judge: Judge
) -> tuple[Applied, ExternalInit]:
    """Check an external commit's list of proposals and its leaf, and apply the list.

    Args:
        tree: The present epoch's tree.
        context: The present epoch's GroupContext.
        commit: The commit.
        judge: The caller's judgement.

    Returns:
        What the list does, in a tree with room for the joiner, whose leaf index is the one in `added`; and
        the external_init proposal.

    Raises:
        ValidationError: A rule is broken.
        VerificationError: The leaf's signature does not hold, or a key is not one to trust.
        Exception: Whatever `authenticate` raises.
    """
    leaf_node = path_of(commit).leaf_node
    external_init, removed, psk_proposals = _sort(commit)
    psks = check_psks(tree.suite, psk_proposals, judge=judge)
    for leaf_index in removed:
        present = tree.leaf(leaf_index)
        if present is None:
            raise ValidationError("12.1.3-1", "a proposal removes a leaf that is not a member's")
        if present.credential != leaf_node.credential:
            raise ValidationError("12.2-11", "an external commit removes somebody else than its sender")
        if present.encryption_key == leaf_node.encryption_key:
            raise ValidationError("7.3-6", "a leaf is replaced by one with the same encryption key")
    after, _ = tree.change(updates={}, removes=removed, adds=())
    after, joined = after.with_room()
    check_source(leaf_node, LeafNodeSource.COMMIT)
    check_leaf_node(leaf_node, suite=tree.suite, extensions=context.extensions, leniency=judge.leniency)
    leaf_node.verify_signature(tree.suite, group_id=context.group_id, leaf_index=joined)
    judge.authenticate(leaf_node.credential, leaf_node.signature_key)
    applied = Applied(
        tree=after,
        extensions=context.extensions,
        updated=(),
        removed=removed,
        added=(joined,),
        add_proposals=(),
        path_required=True,
        psks=psks,
    )
    return applied, external_init


def _sort(commit: Commit) -> tuple[ExternalInit, tuple[LeafIndex, ...], tuple[PreSharedKey, ...]]:
    inits, removes, psks = [], [], []
    for item in commit.proposals:
        match item:
            case ExternalInit():
                inits.append(item)
            case Remove():
                removes.append(LeafIndex(item.removed))
            case PreSharedKey():
                psks.append(item)
            case ProposalRef():
                raise ValidationError("12.4.3.2-2", "an external commit refers to a proposal")
            case _:
                raise ValidationError(
                    "12.2-10", f"an external commit has a proposal of type {item.proposal_type}"
                )
    if len(inits) != 1:
        raise ValidationError("12.2-8", "an external commit has not exactly one external_init proposal")
    if len(removes) > 1:
        raise ValidationError("12.2-9", "an external commit removes more than one leaf")
    return inits[0], tuple(removes), tuple(psks)


def process_external_commit(
    state: EpochState, authenticated: AuthenticatedContent, *, commit: Commit, judge: Judge
) -> NextEpoch | Applied:
    """Process the commit of somebody who lets itself in; as `process_commit`.

    Args:
        state: The present epoch.
        authenticated: The commit's message; its signature has been verified.
        commit: What it carries.
        judge: The caller's judgement of the joiner.

    Returns:
        The next epoch; or, if it removes us (our own other self does), only what its proposals do.

    Raises:
        ValidationError: A rule is broken.
        VerificationError: A signature or the confirmation tag does not hold, or a key is not one to trust.
        DecryptionError: The external_init, or the path secret meant for us, does not open.
        Exception: Whatever `authenticate` raises.
    """
    suite, own = state.suite, state.own_leaf_index
    path = path_of(commit)
    applied, external_init = apply_external(state.tree, state.context, commit, judge=judge)
    (joined,) = applied.added
    tree, steps = merge_path(applied.tree, path, sender=joined, added=())
    check_members(tree)
    provisional = provisional_context(state.context, tree, applied.extensions)
    if own in applied.removed:
        judge.check(applied, state.tree, tree, context=state.context, committer=joined, is_external=True)
        return replace(applied, tree=tree)
    external_private_key, _ = external_key_pair(suite, state.secrets.external_secret)
    init_secret = suite.import_external_init(external_private_key, external_init.kem_output)
    private_keys = kept_keys(state.private_keys, applied.tree)
    decrypted = decrypt_path(
        suite,
        path,
        steps=steps,
        own_leaf=own,
        private_keys=private_keys,
        added=(),
        group_context=provisional.encode(),
    )
    context, secrets = enter(
        suite,
        provisional,
        interim=state.interim_transcript_hash,
        confirmed_input=authenticated.confirmed_transcript_hash_input(),
        init_secret=init_secret,
        commit_secret=decrypted.commit_secret,
        applied=applied,
    )
    tag = authenticated.auth.confirmation_tag or b""
    verify_confirmation_tag(suite, secrets.confirmation_key, context.confirmed_transcript_hash, tag)
    judge.check(applied, state.tree, tree, context=state.context, committer=joined, is_external=True)
    return follow(
        state,
        context=context,
        tree=tree,
        private_keys={**kept_keys(private_keys, tree), **decrypted.private_keys},
        secrets=secrets,
        tag=tag,
        applied=applied,
    )
