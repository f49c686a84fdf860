"""A member of ours whose commits travel as PublicMessages, the only form that core-crypto's OpenMLS takes."""

from __future__ import annotations

from collections.abc import Sequence

from tests.interop.members import NOW_S, Change, MadeCommit, OurMember, authenticate, proposal_of


class PublicMember(OurMember):
    """A member of ours that commits in the clear."""

    def commit(self, changes: Sequence[Change], *, aad: bytes, tree_in_welcome: bool) -> MadeCommit:
        made = self.group.commit(
            [proposal_of(change) for change in changes],
            random=self._random,
            authenticate=authenticate,
            now_s=NOW_S,
            authenticated_data=aad,
            ratchet_tree_in_welcome=tree_in_welcome,
            public=True,
        )
        self._group, self._pending = made.group, made.pending
        return MadeCommit(
            message=made.message, welcome=made.welcome, ratchet_tree=made.pending.ratchet_tree()
        )
