"""What an auditor can check of a group from public parts alone, without any of its secrets.

An auditor holds, per epoch, the GroupContext and the ratchet tree, and the openings of the log's entries. The
confirmation tag is beyond it (it is a MAC); that the members went on from an epoch is what vouches for it.
Signatures of single messages are checked with `verify_framed_content`.
"""

from __future__ import annotations

from channel.mls.authenticated_content import FramedContent
from channel.mls.crypto import CipherSuite
from channel.mls.errors import ValidationError
from channel.mls.leaf_node import Member
from channel.mls.proposals import Commit, GroupContextExtensions, ProposalRef
from channel.mls.ratchet_tree import RatchetTree
from channel.mls.transcript import (
    confirmed_transcript_hash,
    confirmed_transcript_hash_input,
    interim_transcript_hash,
)
from channel.mls.tree_validation import check_tree
from channel.mls.types import GroupContext, WireFormat
from channel.mls.validation import STRICT, Leniency


def verify_tree(
    suite: CipherSuite, ratchet_tree: bytes, group_context: bytes, *, leniency: Leniency = STRICT
) -> tuple[Member, ...]:
    """Check that a ratchet tree belongs to a GroupContext and keeps every rule a joiner would hold it to.

    Whether a credential may be believed is for the caller to judge.

    Args:
        suite: The cipher suite that the log's genesis entry names.
        ratchet_tree: The content of a ratchet_tree extension.
        group_context: The epoch's GroupContext, encoded.
        leniency: What to forgive.

    Returns:
        The epoch's members, by leaf index.

    Raises:
        DecodeError: Something is malformed.
        ValidationError: A rule is broken.
        VerificationError: A leaf's signature does not hold, or a key is not one to trust.
    """
    context = GroupContext.decode(group_context)
    _check_suite(suite, context)
    tree = RatchetTree.decode(suite, ratchet_tree)
    check_tree(tree, context, leniency=leniency)
    return tuple(Member(leaf_index, leaf_node) for leaf_index, leaf_node in tree.leaves())


def first_interim_transcript_hash(
    suite: CipherSuite, context: GroupContext, confirmation_tag: bytes
) -> bytes:
    """The interim transcript hash of an epoch, from its confirmation tag: where an audit starts.

    Args:
        suite: The cipher suite.
        context: The epoch's GroupContext.
        confirmation_tag: Of the commit that opened it.
    """
    return interim_transcript_hash(suite, context.confirmed_transcript_hash, confirmation_tag)


def verify_next_context(
    suite: CipherSuite,
    previous: GroupContext,
    following: GroupContext,
    *,
    previous_interim_transcript_hash: bytes,
    framed_content: bytes,
    signature: bytes,
    confirmation_tag: bytes,
    wire_format: WireFormat = WireFormat.PRIVATE_MESSAGE,
) -> bytes:
    """Check that a commit leads from one GroupContext to the next.

    The tree hash of the next is checked by `verify_tree`, the commit's signature by `verify_framed_content`.

    Args:
        suite: The cipher suite that the log's genesis entry names.
        previous: Of the epoch the commit closes.
        following: Of the epoch it opens.
        previous_interim_transcript_hash: Of the epoch it closes.
        framed_content: The commit's FramedContent, encoded.
        signature: The committer's.
        confirmation_tag: The commit's.
        wire_format: How it travelled.

    Returns:
        The interim transcript hash of the epoch it opens.

    Raises:
        DecodeError: The content is malformed.
        ValidationError: The two contexts are not joined by this commit.
    """
    _check_suite(suite, previous)
    _check_suite(suite, following)
    content = FramedContent.decode(framed_content)
    commit = content.content
    if not isinstance(commit, Commit):
        raise ValidationError("8.2-1", "an epoch is opened by a commit, and this is none")
    if content.group_id != previous.group_id or following.group_id != previous.group_id:
        raise ValidationError("8.1-1", "the group_id changes between two epochs")
    if content.epoch != previous.epoch or following.epoch != previous.epoch + 1:
        raise ValidationError("8.1-2", "the epoch does not rise by one with a commit")
    confirmed_input = confirmed_transcript_hash_input(
        wire_format=wire_format, content=framed_content, signature=signature
    )
    expected = confirmed_transcript_hash(suite, previous_interim_transcript_hash, confirmed_input)
    if following.confirmed_transcript_hash != expected:
        raise ValidationError("8.2-2", "the transcript hash does not follow from the commit")
    _check_extensions(commit, previous, following)
    return interim_transcript_hash(suite, expected, confirmation_tag)


def _check_suite(suite: CipherSuite, context: GroupContext) -> None:
    if context.cipher_suite != suite.number:
        raise ValidationError("8.1-3", "the GroupContext is of another cipher suite than its group")


def _check_extensions(commit: Commit, previous: GroupContext, following: GroupContext) -> None:
    if any(isinstance(item, ProposalRef) for item in commit.proposals):
        return  # what was referred to is in another entry; whoever holds that one can compare
    expected = previous.extensions
    for item in commit.proposals:
        if isinstance(item, GroupContextExtensions):
            expected = item.extensions
    if following.extensions != expected:
        raise ValidationError("8.1-4", "the extensions change without a group_context_extensions proposal")
