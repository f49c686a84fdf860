"""Commits of ours as PublicMessages, put together from the parts.

`Group` sends and takes handshakes as PrivateMessages only; OpenMLS as core-crypto configures it knows them as
PublicMessages only. When `Group` speaks both, this file goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from channel.mls import Group, Received, StateError
from channel.mls.authenticated_content import (
    AuthenticatedContent,
    Content,
    FramedContent,
    FramedContentAuthData,
    Sender,
    sign_framed_content,
)
from channel.mls.commit import create_commit
from channel.mls.epoch_state import EpochState
from channel.mls.framing import MLSMessage
from channel.mls.proposal_list import Judge
from channel.mls.proposals import Commit
from channel.mls.public_message import PublicMessage, protect_public, unprotect_public
from channel.mls.received import CommitFacts
from channel.mls.receiving import _receive_commit
from channel.mls.state import MessageState, OwnCommit
from channel.mls.types import WireFormat
from channel.mls.validation import STRICT
from channel.mls.waiting import choose
from tests.interop.members import NOW_S, Change, MadeCommit, OurMember, authenticate, proposal_of

_JUDGE = Judge(authenticate=authenticate, now_s=NOW_S, leniency=STRICT)


class _PublicEpochState(EpochState):
    """An epoch whose handshakes are signed for the clear."""

    @classmethod
    def of(cls, state: EpochState) -> _PublicEpochState:
        return cls(**{field.name: getattr(state, field.name) for field in fields(state) if field.init})

    def sign(self, content: Content, *, authenticated_data: bytes) -> AuthenticatedContent:
        framed = FramedContent(
            group_id=self.context.group_id,
            epoch=self.context.epoch,
            sender=Sender.member(self.own_leaf_index),
            authenticated_data=authenticated_data,
            content=content,
        )
        signature = sign_framed_content(
            self.suite,
            framed,
            wire_format=WireFormat.PUBLIC_MESSAGE,
            group_context=self.context.encode(),
            signing_key=self.signing_key,
        )
        return AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, framed, FramedContentAuthData(signature))


class PublicMember(OurMember):
    """A member of ours that commits in the clear."""

    def commit(self, changes: Sequence[Change], *, aad: bytes, tree_in_welcome: bool) -> MadeCommit:
        group = self.group
        epoch = _PublicEpochState.of(group.epoch_state)
        items, sent = choose(
            epoch, [proposal_of(change) for change in changes], group.proposals, judge=_JUDGE
        )
        made = create_commit(
            epoch,
            items=items,
            proposals=sent,
            authenticated_data=aad,
            ratchet_tree_in_welcome=tree_in_welcome,
            judge=_JUDGE,
            random=self._random,
        )
        public = protect_public(
            epoch.suite,
            made.content,
            membership_key=epoch.secrets.membership_key,
            group_context=epoch.context.encode(),
        )
        message = MLSMessage(public).encode()
        applied = made.next_epoch.applied
        own_commit = OwnCommit(
            message_hash=epoch.suite.hash(message),
            facts=CommitFacts.of(made.content, added=applied.added, removed=applied.removed),
        )
        self._pending = replace(
            group,
            epoch_state=made.next_epoch.state,
            message_state=MessageState(secret_tree=made.next_epoch.secret_tree, own_commit=own_commit),
        )
        return MadeCommit(
            message=message,
            welcome=None if made.welcome is None else MLSMessage(made.welcome).encode(),
            ratchet_tree=self._pending.ratchet_tree(),
        )

    def _take(self, message: bytes) -> Received:
        body = MLSMessage.decode(message).body
        if not isinstance(body, PublicMessage):
            return super()._take(message)
        content = _open(self.group, body)
        commit = content.content.content
        assert isinstance(commit, Commit), "nobody here proposes in the clear"
        return _receive_commit(self.group, content, commit, _JUDGE)


def _open(group: Group, message: PublicMessage) -> AuthenticatedContent:
    if (message.content.group_id, message.content.epoch) != (group.group_id, group.epoch):
        raise StateError("a message of another group or epoch")
    leaf = group.member(message.content.sender.leaf_index)
    assert leaf is not None
    return unprotect_public(
        group.suite,
        message,
        signature_key=leaf.signature_key,
        membership_key=group.epoch_state.secrets.membership_key,
        group_context=group.context.encode(),
    )
