"""A commit's list of proposals: is it valid, and what does it change (RFC 9420, sections 12.2 and 12.3).

Committer and receiver run the same code. `add`, `update`, `remove` and `group_context_extensions` are
applied. A list with another type is refused by `_refuse_unapplied`, which names it; to support one, take it
out there and give `Applied` what it changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from channel.mls.credential import Authenticate
from channel.mls.errors import ValidationError
from channel.mls.external_senders import authenticate_external_senders
from channel.mls.leaf_node import LeafNode, LeafNodeSource
from channel.mls.proposals import (
    Add,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ReInit,
    Remove,
    UnknownProposal,
    Update,
)
from channel.mls.ratchet_tree import RatchetTree
from channel.mls.tree_math import LeafIndex
from channel.mls.types import Extension, ExtensionType, GroupContext, check_extensions, find_extension
from channel.mls.validation import (
    STRICT,
    Leniency,
    check_key_package,
    check_leaf_node,
    check_members,
    check_source,
    check_supports_group,
    required_capabilities,
)


@dataclass(frozen=True, slots=True)
class SentProposal:
    """A proposal, and the leaf index of who sent it: for one inside the commit, the committer."""

    proposal: Proposal
    sender: LeafIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a list of proposals makes of the group, before any path.

    Attributes:
        tree: The tree with all proposals applied.
        extensions: The GroupContext's next extensions.
        updated: Leaves replaced by updates.
        removed: Leaves blanked.
        added: Leaves filled, in the order of the list.
        add_proposals: The proposals that filled them, in the same order.
        path_required: Whether the commit must carry a path (section 12.4).
    """

    tree: RatchetTree
    extensions: tuple[Extension, ...]
    updated: tuple[LeafIndex, ...]
    removed: tuple[LeafIndex, ...]
    added: tuple[LeafIndex, ...]
    add_proposals: tuple[Add, ...]
    path_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What is needed to judge proposals, beside the group itself.

    Attributes:
        authenticate: The application's judgement of credentials that are new to the group.
        now_s: Seconds since the Unix epoch, for lifetimes of key packages.
        leniency: What to forgive.
    """

    authenticate: Authenticate
    now_s: int
    leniency: Leniency = STRICT


def apply_proposals(
    tree: RatchetTree,
    context: GroupContext,
    proposals: Sequence[SentProposal],
    *,
    committer: LeafIndex,
    judge: Judge,
) -> Applied:
    """Check a commit's list of proposals and apply it.

    Args:
        tree: The present epoch's tree.
        context: The present epoch's GroupContext.
        proposals: The list, references resolved, in the commit's order.
        committer: Who commits them.
        judge: The caller's judgement.

    Raises:
        ValidationError: The list, or one proposal in it, breaks a rule.
        VerificationError: A signature does not hold, or a key is not one to trust.
        Exception: Whatever `authenticate` raises.
    """
    _refuse_unapplied(proposals)
    extensions = _new_extensions(context, proposals)
    if _external_senders(extensions) != _external_senders(context.extensions):
        authenticate_external_senders(tree.suite, extensions, authenticate=judge.authenticate)
    updates = _updates(tree, context, extensions, proposals, committer=committer, judge=judge)
    removes = _removes(tree, proposals, committer=committer)
    touched = [*updates, *removes]
    if len(set(touched)) != len(touched):
        raise ValidationError("12.2-3", "several proposals update or remove the same leaf")
    adds = tuple(sent.proposal for sent in proposals if isinstance(sent.proposal, Add))
    for add in adds:
        check_key_package(
            add.key_package,
            suite=tree.suite,
            extensions=extensions,
            now_s=judge.now_s,
            leniency=judge.leniency,
        )
        leaf_node = add.key_package.leaf_node
        judge.authenticate(leaf_node.credential, leaf_node.signature_key)
    after, added = tree.change(
        updates=updates, removes=removes, adds=[add.key_package.leaf_node for add in adds]
    )
    if proposals:
        check_members(after)
    if extensions != context.extensions:
        for _, leaf_node in after.leaves():
            check_supports_group(leaf_node, extensions=extensions)
    return Applied(
        tree=after,
        extensions=extensions,
        updated=tuple(updates),
        removed=removes,
        added=added,
        add_proposals=adds,
        path_required=not proposals or any(not isinstance(sent.proposal, Add) for sent in proposals),
    )


def _refuse_unapplied(proposals: Sequence[SentProposal]) -> None:
    for sent in proposals:
        match sent.proposal:
            case PreSharedKey():
                raise ValidationError(
                    "12.1.4-1", "a commit contains a psk proposal, which is not supported yet"
                )
            case ReInit():
                raise ValidationError(
                    "12.1.5-1", "a commit contains a reinit proposal, which is not supported yet"
                )
            case ExternalInit():
                raise ValidationError("12.2-5", "a member's commit contains an external_init proposal")
            case UnknownProposal(unknown_type=number):
                raise ValidationError(
                    "12.2-6", f"a commit contains a proposal of type {number}, which is unknown"
                )
            case Add() | Update() | Remove() | GroupContextExtensions():
                pass


def _new_extensions(context: GroupContext, proposals: Sequence[SentProposal]) -> tuple[Extension, ...]:
    found = [sent.proposal for sent in proposals if isinstance(sent.proposal, GroupContextExtensions)]
    if not found:
        return context.extensions
    if len(found) > 1:
        raise ValidationError("12.2-4", "a commit contains several group_context_extensions proposals")
    check_extensions(found[0].extensions)
    required_capabilities(found[0].extensions)
    return found[0].extensions


def _external_senders(extensions: tuple[Extension, ...]) -> bytes | None:
    return find_extension(extensions, ExtensionType.EXTERNAL_SENDERS)


def _updates(
    tree: RatchetTree,
    context: GroupContext,
    extensions: tuple[Extension, ...],
    proposals: Sequence[SentProposal],
    *,
    committer: LeafIndex,
    judge: Judge,
) -> dict[LeafIndex, LeafNode]:
    updates: dict[LeafIndex, LeafNode] = {}
    for sent in proposals:
        if not isinstance(sent.proposal, Update):
            continue
        if sent.sender == committer:
            raise ValidationError("12.2-1", "a commit contains an update of the committer's own leaf")
        if sent.sender in updates:
            raise ValidationError("12.2-3", "several proposals update or remove the same leaf")
        check_replacement(
            tree,
            sent.proposal.leaf_node,
            source=LeafNodeSource.UPDATE,
            leaf_index=sent.sender,
            context=context,
            extensions=extensions,
            judge=judge,
        )
        updates[sent.sender] = sent.proposal.leaf_node
    return updates


def check_replacement(
    tree: RatchetTree,
    leaf_node: LeafNode,
    *,
    source: LeafNodeSource,
    leaf_index: LeafIndex,
    context: GroupContext,
    extensions: tuple[Extension, ...],
    judge: Judge,
) -> None:
    """Check a leaf that is to take the place of its member's present one (sections 7.3 and 12.1.2).

    Args:
        tree: A tree that holds the present leaf.
        leaf_node: The new leaf.
        source: What its source must be: update or commit.
        leaf_index: Whose it is.
        context: The present GroupContext.
        extensions: The next GroupContext's extensions.
        judge: The caller's judgement; asked only where the credential or signature key is another.

    Raises:
        ValidationError: A rule is broken.
        VerificationError: The leaf's signature does not hold, or a key is not one to trust.
        Exception: Whatever `authenticate` raises.
    """
    check_source(leaf_node, source)
    present = tree.leaf(leaf_index)
    if present is None:
        raise ValidationError("12.1.2-1", "a leaf is replaced that is not a member's")
    if leaf_node.encryption_key == present.encryption_key:
        raise ValidationError("7.3-6", "a leaf is replaced by one with the same encryption key")
    check_leaf_node(leaf_node, suite=tree.suite, extensions=extensions, leniency=judge.leniency)
    leaf_node.verify_signature(tree.suite, group_id=context.group_id, leaf_index=leaf_index)
    if (leaf_node.credential, leaf_node.signature_key) != (present.credential, present.signature_key):
        judge.authenticate(leaf_node.credential, leaf_node.signature_key)


def _removes(
    tree: RatchetTree, proposals: Sequence[SentProposal], *, committer: LeafIndex
) -> tuple[LeafIndex, ...]:
    removes = tuple(
        LeafIndex(sent.proposal.removed) for sent in proposals if isinstance(sent.proposal, Remove)
    )
    for leaf_index in removes:
        if leaf_index == committer:
            raise ValidationError("12.2-2", "a commit removes its own committer")
        if tree.leaf(leaf_index) is None:
            raise ValidationError("12.1.3-1", "a proposal removes a leaf that is not a member's")
    return removes
