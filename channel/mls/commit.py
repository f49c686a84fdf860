"""Making and processing commits (RFC 9420, sections 12.4.1 and 12.4.2).

Both ends build the next epoch beside the present one and return it only after every check has passed: a
commit that is refused leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from channel.mls import tree_math
from channel.mls.authenticated_content import AuthenticatedContent
from channel.mls.epoch_state import EpochState
from channel.mls.errors import StateError, ValidationError
from channel.mls.group_info import GroupInfo, sign_group_info
from channel.mls.key_schedule import EpochSecrets, derive_epoch_secrets
from channel.mls.leaf_node import LeafNodeSource
from channel.mls.proposal_list import Applied, Judge, SentProposal, apply_proposals, check_replacement
from channel.mls.proposals import Commit, ProposalOrRef
from channel.mls.ratchet_tree import PathStep, RatchetTree
from channel.mls.secret_tree import SecretTree
from channel.mls.transcript import (
    confirmation_tag,
    confirmed_transcript_hash,
    interim_transcript_hash,
    verify_confirmation_tag,
)
from channel.mls.tree_math import LeafIndex, NodeIndex
from channel.mls.treekem import NewPath, decrypt_path, encrypt_path, merge_path, new_path
from channel.mls.types import Extension, ExtensionType, GroupContext, Random
from channel.mls.update_path import UpdatePath
from channel.mls.validation import check_members
from channel.mls.welcome import GroupSecrets, Welcome, seal_welcome

_LAST_EPOCH = 2**64 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NextEpoch:
    """What a commit leads to.

    Attributes:
        state: The next epoch.
        secret_tree: Its message keys, none used.
        applied: What the proposals did.
    """

    state: EpochState
    secret_tree: SecretTree = field(repr=False)
    applied: Applied


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
    provisional = _provisional_context(state.context, path.tree, applied.extensions)
    update_path = encrypt_path(path, group_context=provisional.encode(), added=applied.added)
    signed = state.sign(Commit(tuple(items), update_path), authenticated_data=authenticated_data)
    context, secrets = _enter(
        state, provisional, signed.confirmed_transcript_hash_input(), path.commit_secret
    )
    tag = confirmation_tag(suite, secrets.confirmation_key, context.confirmed_transcript_hash)
    next_epoch = _next_epoch(
        state,
        context=context,
        tree=path.tree,
        private_keys={**_kept_keys(state.private_keys, path.tree), **path.private_keys},
        secrets=secrets,
        tag=tag,
        applied=applied,
    )
    welcome = None
    if applied.added:
        welcome = _welcome(next_epoch.state, secrets, tag, path, applied, ratchet_tree_in_welcome)
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
    applied = apply_proposals(state.tree, state.context, proposals, committer=sender, judge=judge)
    private_keys = _kept_keys(state.private_keys, applied.tree)
    if own_update_key is not None:
        private_keys[tree_math.leaf_node_index(own)] = own_update_key
    tree = applied.tree
    commit_secret = suite.zero
    if commit.path is None:
        if applied.path_required:
            raise ValidationError("12.4-2", "a commit lacks the path that its proposals require")
        provisional = _provisional_context(state.context, tree, applied.extensions)
    else:
        tree, steps = _merge(state, applied, commit.path, sender=sender, judge=judge)
        provisional = _provisional_context(state.context, tree, applied.extensions)
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
            private_keys = {**_kept_keys(private_keys, tree), **decrypted.private_keys}
    if own in applied.removed:
        return applied
    context, secrets = _enter(
        state, provisional, authenticated.confirmed_transcript_hash_input(), commit_secret
    )
    tag = authenticated.auth.confirmation_tag or b""
    verify_confirmation_tag(suite, secrets.confirmation_key, context.confirmed_transcript_hash, tag)
    return _next_epoch(
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


def _provisional_context(
    context: GroupContext, tree: RatchetTree, extensions: tuple[Extension, ...]
) -> GroupContext:
    if context.epoch == _LAST_EPOCH:
        raise StateError("the epochs of this group are used up")
    return context.replace(epoch=context.epoch + 1, tree_hash=tree.tree_hash(), extensions=extensions)


def _enter(
    state: EpochState, provisional: GroupContext, confirmed_input: bytes, commit_secret: bytes
) -> tuple[GroupContext, EpochSecrets]:
    suite = state.suite
    confirmed = confirmed_transcript_hash(suite, state.interim_transcript_hash, confirmed_input)
    context = provisional.replace(confirmed_transcript_hash=confirmed)
    secrets = derive_epoch_secrets(
        suite,
        init_secret=state.secrets.init_secret,
        commit_secret=commit_secret,
        psk_secret=suite.zero,
        group_context=context.encode(),
    )
    return context, secrets


def _next_epoch(
    state: EpochState,
    *,
    context: GroupContext,
    tree: RatchetTree,
    private_keys: Mapping[NodeIndex, bytes],
    secrets: EpochSecrets,
    tag: bytes,
    applied: Applied,
) -> NextEpoch:
    suite = state.suite
    return NextEpoch(
        state=EpochState(
            suite=suite,
            context=context,
            tree=tree,
            own_leaf_index=state.own_leaf_index,
            private_keys=private_keys,
            signature_private_key=state.signature_private_key,
            secrets=secrets.retain(),
            interim_transcript_hash=interim_transcript_hash(suite, context.confirmed_transcript_hash, tag),
            leniency=state.leniency,
        ),
        secret_tree=SecretTree.create(
            suite, leaves=tree.leaf_count, encryption_secret=secrets.encryption_secret
        ),
        applied=applied,
    )


def _kept_keys(private_keys: Mapping[NodeIndex, bytes], tree: RatchetTree) -> dict[NodeIndex, bytes]:
    # The key of a blanked node opens nothing that is still to come, only what an attacker recorded.
    return {
        node: key
        for node, key in private_keys.items()
        if node < len(tree.nodes) and tree.nodes[node] is not None
    }


def _welcome(
    state: EpochState,
    secrets: EpochSecrets,
    tag: bytes,
    path: NewPath,
    applied: Applied,
    ratchet_tree_in_welcome: bool,
) -> Welcome:
    suite = state.suite
    extensions: tuple[Extension, ...] = ()
    if ratchet_tree_in_welcome:
        extensions = (Extension(ExtensionType.RATCHET_TREE, state.tree.encode()),)
    group_info = sign_group_info(
        suite,
        GroupInfo(
            group_context=state.context,
            extensions=extensions,
            confirmation_tag=tag,
            signer=state.own_leaf_index,
            signature=b"",
        ),
        signature_private_key=state.signature_private_key,
    )
    joiners = []
    for leaf_index, add in zip(applied.added, applied.add_proposals, strict=True):
        node = tree_math.leaf_node_index(leaf_index)
        path_secret = next(
            secret
            for step, secret in zip(path.steps, path.path_secrets, strict=True)
            if tree_math.is_in_subtree(node, step.node)
        )
        joiners.append((add.key_package, GroupSecrets(secrets.joiner_secret, path_secret)))
    return seal_welcome(suite, group_info=group_info, welcome_secret=secrets.welcome_secret, joiners=joiners)
