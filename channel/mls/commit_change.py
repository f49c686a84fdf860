"""What a commit would change, for a caller's own rules about commits (RFC 9420, sections 5.3.1 and 12.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from channel.mls.leaf_node import LeafNode, Member
from channel.mls.proposals import ReInit
from channel.mls.psk import PreSharedKeyID
from channel.mls.ratchet_tree import RatchetTree
from channel.mls.tree_math import LeafIndex
from channel.mls.types import Extension


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitChange:
    """A commit that keeps every rule of MLS, put to the caller before it is accepted.

    Attributes:
        committer: Who makes it: a member as it was before; from outside, the newcomer as it will be.
        is_external: Whether the committer lets itself in from outside.
        added: New members, the newcomer of an external commit among them.
        removed: Members that go, as they were.
        changed: Members whose leaf is replaced, as they were, and the new leaf: by updates and the path.
        extensions_before: Of the GroupContext of the epoch that the commit closes.
        extensions_after: Of the epoch that it opens.
        psk_ids: The pre-shared keys that it mixes in.
        reinit: What the group is to be started anew as, if the commit ends it.
    """

    committer: Member
    is_external: bool
    added: tuple[Member, ...]
    removed: tuple[Member, ...]
    changed: tuple[tuple[Member, LeafNode], ...]
    extensions_before: tuple[Extension, ...]
    extensions_after: tuple[Extension, ...]
    psk_ids: tuple[PreSharedKeyID, ...]
    reinit: ReInit | None = None


JudgeCommit: TypeAlias = Callable[[CommitChange], None]
"""Raises whatever it likes to refuse a commit."""


def accept_every_commit(change: CommitChange) -> None:
    """No rules but those of MLS."""


def change_of(
    before: RatchetTree,
    after: RatchetTree,
    *,
    committer: LeafIndex,
    is_external: bool,
    updated: tuple[LeafIndex, ...],
    removed: tuple[LeafIndex, ...],
    added: tuple[LeafIndex, ...],
    extensions: tuple[tuple[Extension, ...], tuple[Extension, ...]],
    psk_ids: tuple[PreSharedKeyID, ...],
    reinit: ReInit | None,
) -> CommitChange:
    """Read a change off the trees before and after it.

    Args:
        before: The tree of the epoch that ends.
        after: The tree of the next, its path merged if there is one.
        committer: Their leaf: in `after` if they let themselves in, else in both.
        is_external: Whether they do.
        updated: Leaves replaced by updates.
        removed: Leaves blanked.
        added: Leaves filled.
        extensions: The GroupContext's, before and after.
        psk_ids: The pre-shared keys mixed in.
        reinit: What the group is to be started anew as, if it ends.
    """
    own = () if is_external or before.leaf(committer) == after.leaf(committer) else (committer,)
    return CommitChange(
        committer=_member(after if is_external else before, committer),
        is_external=is_external,
        added=tuple(_member(after, leaf_index) for leaf_index in added),
        removed=tuple(_member(before, leaf_index) for leaf_index in removed),
        changed=tuple(
            (_member(before, leaf_index), _member(after, leaf_index).leaf_node)
            for leaf_index in (*updated, *own)
        ),
        extensions_before=extensions[0],
        extensions_after=extensions[1],
        psk_ids=psk_ids,
        reinit=reinit,
    )


def _member(tree: RatchetTree, leaf_index: LeafIndex) -> Member:
    leaf_node = tree.leaf(leaf_index)
    if leaf_node is None:
        raise ValueError(f"leaf {leaf_index} is blank")
    return Member(leaf_index, leaf_node)
