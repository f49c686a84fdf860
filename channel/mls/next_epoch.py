"""Entering the epoch that a commit opens: its context, its secrets, its Welcome (RFC 9420, section 12.4).

Committer, receiver and external joiner end here; how they came by the tree and the commit secret differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from channel.mls import tree_math
from channel.mls.crypto import CipherSuite
from channel.mls.epoch_state import EpochState
from channel.mls.errors import StateError
from channel.mls.group_info import GroupInfo, sign_group_info
from channel.mls.key_schedule import EpochSecrets, derive_epoch_secrets
from channel.mls.proposal_list import Applied
from channel.mls.psk import derive_psk_secret
from channel.mls.ratchet_tree import RatchetTree
from channel.mls.secret_tree import SecretTree
from channel.mls.transcript import confirmed_transcript_hash, interim_transcript_hash
from channel.mls.tree_math import NodeIndex
from channel.mls.treekem import NewPath
from channel.mls.types import Extension, ExtensionType, GroupContext, Random
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


def provisional_context(
    context: GroupContext, tree: RatchetTree, extensions: tuple[Extension, ...]
) -> GroupContext:
    """The next epoch's GroupContext, but for the transcript.

    Raises:
        StateError: The epochs are used up.
    """
    if context.epoch == _LAST_EPOCH:
        raise StateError("the epochs of this group are used up")
    return context.replace(epoch=context.epoch + 1, tree_hash=tree.tree_hash(), extensions=extensions)


def enter(
    suite: CipherSuite,
    provisional: GroupContext,
    *,
    interim: bytes,
    confirmed_input: bytes,
    init_secret: bytes,
    commit_secret: bytes,
    applied: Applied,
) -> tuple[GroupContext, EpochSecrets]:
    """The next epoch's GroupContext and secrets.

    Args:
        suite: The group's cipher suite.
        provisional: The context without the commit in its transcript.
        interim: The interim transcript hash of the epoch that ends.
        confirmed_input: What the commit adds to it.
        init_secret: Of the epoch that ends, or an external commit's.
        commit_secret: From the path.
        applied: What the proposals did; the pre-shared keys are in it.
    """
    confirmed = confirmed_transcript_hash(suite, interim, confirmed_input)
    context = provisional.replace(confirmed_transcript_hash=confirmed)
    secrets = derive_epoch_secrets(
        suite,
        init_secret=init_secret,
        commit_secret=commit_secret,
        psk_secret=derive_psk_secret(suite, applied.psks),
        group_context=context.encode(),
    )
    return context, secrets


def follow(
    state: EpochState,
    *,
    context: GroupContext,
    tree: RatchetTree,
    private_keys: Mapping[NodeIndex, bytes],
    secrets: EpochSecrets,
    tag: bytes,
    applied: Applied,
) -> NextEpoch:
    """The epoch after `state`, all its checks passed."""
    suite = state.suite
    return NextEpoch(
        state=replace(
            state,
            context=context,
            tree=tree,
            private_keys=private_keys,
            secrets=secrets.retain(),
            interim_transcript_hash=interim_transcript_hash(suite, context.confirmed_transcript_hash, tag),
            confirmation_tag=tag,
            past_resumption_psks=state.resumption_psks()[: state.resumption_psks_kept],
        ),
        secret_tree=SecretTree.create(
            suite, leaves=tree.leaf_count, encryption_secret=secrets.encryption_secret
        ),
        applied=applied,
    )


def kept_keys(private_keys: Mapping[NodeIndex, bytes], tree: RatchetTree) -> dict[NodeIndex, bytes]:
    """The private keys of nodes that are still there."""
    # The key of a blanked node opens nothing that is still to come, only what an attacker recorded.
    return {
        node: key
        for node, key in private_keys.items()
        if node < len(tree.nodes) and tree.nodes[node] is not None
    }


def make_welcome(
    state: EpochState,
    secrets: EpochSecrets,
    tag: bytes,
    path: NewPath,
    applied: Applied,
    ratchet_tree_in_welcome: bool,
    *,
    random: Random,
) -> Welcome:
    """The Welcome for those whom a commit of ours adds; `random` draws the ephemeral keys."""
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
    psk_ids = tuple(psk_id for psk_id, _ in applied.psks)
    joiners = []
    for leaf_index, add in zip(applied.added, applied.add_proposals, strict=True):
        node = tree_math.leaf_node_index(leaf_index)
        path_secret = next(
            secret
            for step, secret in zip(path.steps, path.path_secrets, strict=True)
            if tree_math.is_in_subtree(node, step.node)
        )
        joiners.append((add.key_package, GroupSecrets(secrets.joiner_secret, path_secret, psk_ids)))
    return seal_welcome(
        suite,
        group_info=group_info,
        welcome_secret=secrets.welcome_secret,
        joiners=joiners,
        random=random,
    )
