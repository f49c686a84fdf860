"""A commit's list of proposals: is it valid, and what does it change (RFC 9420, sections 12.2 and 12.3).

Committer and receiver run the same code. A list with a type that is not applied is refused by
`_refuse_unapplied`, which names it; to support one, take it out there and give `Applied` what it changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from channel.mls.commit_change import JudgeCommit, accept_every_commit, change_of
from channel.mls.credential import Authenticate
from channel.mls.crypto import CipherSuite
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
from channel.mls.psk import PreSharedKeyID, ResumptionPSKUsage
from channel.mls.psk_lookup import FindPSK, find_no_psk, find_psks, usage_of
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
    """A proposal, and the leaf index of who sent it: for one inside the commit, the committer.

    None is somebody outside of the group.
    """

    proposal: Proposal
    sender: LeafIndex | None


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
        psks: The pre-shared keys to mix in: name and value, in the order of the list.
        reinit: What the group is to be started anew as; the epoch that follows is its last.
    """

    tree: RatchetTree
    extensions: tuple[Extension, ...]
    updated: tuple[LeafIndex, ...]
    removed: tuple[LeafIndex, ...]
    added: tuple[LeafIndex, ...]
    add_proposals: tuple[Add, ...]
    path_required: bool
    psks: tuple[tuple[PreSharedKeyID, bytes], ...] = field(repr=False, default=())
    reinit: ReInit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What is needed to judge proposals, beside the group itself.

    Attributes:
        authenticate: The application's judgement of credentials that are new to the group.
        now_s: Seconds since the Unix epoch, for lifetimes of key packages.
        leniency: What to forgive.
        find_psk: Gives the values of pre-shared keys.
        founding: In the first commit of a group that follows on another: reinit or branch.
        outsiders: Whether to take in what comes from outside of the group.
        judge_commit: The application's judgement of commits; raises to refuse.
    """

    authenticate: Authenticate
    now_s: int
    leniency: Leniency = STRICT
    find_psk: FindPSK = field(default=find_no_psk, repr=False)
    founding: ResumptionPSKUsage | None = None
    outsiders: bool = False
    judge_commit: JudgeCommit = accept_every_commit

    def check(
        self,
        applied: Applied,
        before: RatchetTree,
        after: RatchetTree,
        *,
        context: GroupContext,
        committer: LeafIndex,
        is_external: bool = False,
    ) -> None:
        """Put a commit to the application.

        Args:
            applied: What its proposals do.
            before: The present epoch's tree.
            after: The next epoch's.
            context: The present epoch's GroupContext.
            committer: Whose it is.
            is_external: Whether its committer lets itself in from outside.

        Raises:
            Exception: Whatever `judge_commit` raises.
        """
        if self.judge_commit is accept_every_commit:
            return
        change = change_of(
            before,
            after,
            committer=committer,
            is_external=is_external,
            updated=applied.updated,
            removed=applied.removed,
            added=applied.added,
            extensions=(context.extensions, applied.extensions),
            psk_ids=tuple(psk_id for psk_id, _ in applied.psks),
            reinit=applied.reinit,
        )
        self.judge_commit(change)


_NEEDS_NO_PATH = (Add, PreSharedKey, ReInit)


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
    psks = check_psks(
        tree.suite,
        [sent.proposal for sent in proposals if isinstance(sent.proposal, PreSharedKey)],
        judge=judge,
    )
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
        path_required=not proposals
        or any(not isinstance(sent.proposal, _NEEDS_NO_PATH) for sent in proposals),
        psks=psks,
        reinit=next((sent.proposal for sent in proposals if isinstance(sent.proposal, ReInit)), None),
    )


def _refuse_unapplied(proposals: Sequence[SentProposal]) -> None:
    for sent in proposals:
        match sent.proposal:
            case ReInit() if len(proposals) > 1:
                raise ValidationError("12.2-13", "a commit contains a reinit and other proposals")
            case ReInit(extensions=extensions):
                check_extensions(extensions)
            case ExternalInit():
                raise ValidationError("12.2-5", "a member's commit contains an external_init proposal")
            case UnknownProposal(unknown_type=number):
                raise ValidationError(
                    "12.2-6", f"a commit contains a proposal of type {number}, which is unknown"
                )
            case Add() | Update() | Remove() | GroupContextExtensions() | PreSharedKey():
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


def check_psks(
    suite: CipherSuite, proposals: Sequence[PreSharedKey], *, judge: Judge
) -> tuple[tuple[PreSharedKeyID, bytes], ...]:
    """Check a commit's psk proposals and find the keys (sections 12.1.4 and 12.2).

    Raises:
        ValidationError: A rule is broken, or a key is unknown.
    """
    psk_ids = [proposal.psk for proposal in proposals]
    for psk_id in psk_ids:
        if usage_of(psk_id) not in (None, ResumptionPSKUsage.APPLICATION, judge.founding):
            raise ValidationError("12.1.4-1", "a psk proposal is for a reinitialisation or a branch")
    return find_psks(suite, psk_ids, find=judge.find_psk)


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
        if sent.sender is None:
            raise ValidationError("12.1.8-1", "an update comes from outside of the group")
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
