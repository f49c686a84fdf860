"""What a newcomer checks of a group that follows on another: sections 11.2, 11.3 and 12.4.3.1 of RFC 9420."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from channel.mls.errors import ValidationError
from channel.mls.leaf_node import LeafNode
from channel.mls.psk import PreSharedKeyID, ResumptionPSK, ResumptionPSKUsage
from channel.mls.ratchet_tree import RatchetTree
from channel.mls.types import GroupContext

if TYPE_CHECKING:
    from channel.mls.group_view import GroupView

SameClient: TypeAlias = Callable[[LeafNode, LeafNode], bool]
"""Whether the leaf of one group and that of another belong to the same client."""


def same_credential(one: LeafNode, other: LeafNode) -> bool:
    """Whether two leaves have the same credential, byte for byte."""
    return one.credential == other.credential


@dataclass(frozen=True, slots=True)
class Predecessor:
    """The group that another is to follow on.

    Attributes:
        group: As it is now: ended by a reinit, or the parent of a branch.
        same_client: Recognises the members of the one group in the other.
    """

    group: GroupView
    same_client: SameClient = same_credential

    @property
    def psks(self) -> dict[tuple[bytes, int], bytes]:
        """Its resumption PSK, by group id and epoch."""
        return {(self.group.group_id, self.group.epoch): self.group.resumption_psk}


def find_succession(
    psk_ids: Sequence[PreSharedKeyID], predecessor: Predecessor | None
) -> ResumptionPSKUsage | None:
    """Whether a Welcome is to a reinitialisation, to a branch or to neither.

    Args:
        psk_ids: The pre-shared keys it names.
        predecessor: What the caller expects the group to follow on, if anything.

    Raises:
        ValidationError: It is to something else than the caller expects.
    """
    found = [
        psk_id.psk
        for psk_id in psk_ids
        if isinstance(psk_id.psk, ResumptionPSK) and psk_id.psk.usage is not ResumptionPSKUsage.APPLICATION
    ]
    if len(found) > 1:
        raise ValidationError("12.4.3.1-2", "a Welcome follows on more than one group")
    if not found and predecessor is None:
        return None
    if not found or predecessor is None:
        raise ValidationError("11.2-1", "a Welcome does not follow on the group that the caller names")
    (psk,) = found
    old = predecessor.group
    if (psk.psk_group_id, psk.psk_epoch) != (old.group_id, old.epoch):
        raise ValidationError("11.2-1", "a Welcome does not follow on the group that the caller names")
    return psk.usage


def check_succession(
    usage: ResumptionPSKUsage, context: GroupContext, tree: RatchetTree, predecessor: Predecessor
) -> None:
    """Compare a new group with the one that it follows on.

    Args:
        usage: Reinit or branch.
        context: The new group's GroupContext.
        tree: Its tree.
        predecessor: The old group.

    Raises:
        ValidationError: A rule is broken.
    """
    old, same = predecessor.group, predecessor.same_client
    if context.epoch != 1:
        raise ValidationError("12.4.3.1-11", "a group that follows on another is not in its first epoch")
    members = [leaf_node for _, leaf_node in tree.leaves()]
    before = [member.leaf_node for member in old.members()]
    if usage is ResumptionPSKUsage.BRANCH:
        if (context.version, context.cipher_suite) != (old.context.version, old.context.cipher_suite):
            raise ValidationError("11.3-1", "a branch has another version or cipher suite than its group")
        if context.group_id == old.group_id:
            raise ValidationError("11.3-2", "a branch has the group id of its group")
        if not all(any(same(one, other) for one in before) for other in members):
            raise ValidationError("11.3-3", "a member of a branch is not a member of its group")
        return
    wanted = old.message_state.reinit
    if wanted is None or (wanted.group_id, wanted.version, wanted.cipher_suite, wanted.extensions) != (
        context.group_id,
        context.version,
        context.cipher_suite,
        context.extensions,
    ):
        raise ValidationError("11.2-2", "a reinitialised group is not what the reinit proposal says")
    if not all(any(same(one, other) for other in members) for one in before):
        raise ValidationError("11.2-3", "a member of the old group is not in the reinitialised one")
