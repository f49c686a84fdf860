"""Joining by GroupInfo: the joiner's half of an external commit (RFC 9420, section 12.4.3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from channel.mls.authenticated_content import (
    AuthenticatedContent,
    FramedContent,
    FramedContentAuthData,
    Sender,
    SenderType,
    sign_framed_content,
)
from channel.mls.codec import Reader, decode, opaque
from channel.mls.credential import Credential
from channel.mls.crypto import CipherSuite, cipher_suite
from channel.mls.epoch_state import EpochState
from channel.mls.errors import DecodeError, ValidationError
from channel.mls.external_commit import apply_external
from channel.mls.group_info import GroupInfo, sign_group_info
from channel.mls.joining import authenticate_members, check_group_info
from channel.mls.key_package import default_capabilities
from channel.mls.key_schedule import external_key_pair
from channel.mls.leaf_node import Capabilities, LeafNode, LeafNodeSource
from channel.mls.next_epoch import enter, provisional_context
from channel.mls.proposal_list import Judge
from channel.mls.proposals import Commit, ExternalInit, PreSharedKey, Remove
from channel.mls.psk import PreSharedKeyID
from channel.mls.secret_tree import SecretTree
from channel.mls.signatures import SignatureKeyPair
from channel.mls.transcript import confirmation_tag, interim_transcript_hash
from channel.mls.tree_math import LeafIndex
from channel.mls.treekem import encrypt_path, merge_path, new_path
from channel.mls.types import Extension, ExtensionType, Random, WireFormat, find_extension
from channel.mls.update_path import UpdatePath
from channel.mls.validation import check_members


def export_group_info(state: EpochState, *, ratchet_tree: bool, external_pub: bool) -> GroupInfo:
    """An epoch as we sign it for those outside.

    Args:
        state: The epoch.
        ratchet_tree: Whether the tree is in it.
        external_pub: Whether it lets whoever holds it make an external commit.
    """
    extensions = []
    if ratchet_tree:
        extensions.append(Extension(ExtensionType.RATCHET_TREE, state.tree.encode()))
    if external_pub:
        _, public_key = external_key_pair(state.suite, state.secrets.external_secret)
        extensions.append(Extension(ExtensionType.EXTERNAL_PUB, opaque(public_key)))
    group_info = GroupInfo(
        group_context=state.context,
        extensions=tuple(extensions),
        confirmation_tag=state.confirmation_tag,
        signer=state.own_leaf_index,
        signature=b"",
    )
    return sign_group_info(state.suite, group_info, signature_private_key=state.signature_private_key)


def join_externally(
    group_info: GroupInfo,
    *,
    ratchet_tree: bytes | None,
    credential: Credential,
    signature_key_pair: SignatureKeyPair,
    capabilities: Capabilities | None,
    leaf_extensions: tuple[Extension, ...],
    replaces: int | None,
    psk_ids: Sequence[PreSharedKeyID],
    authenticated_data: bytes,
    judge: Judge,
    random: Random,
) -> tuple[AuthenticatedContent, EpochState, SecretTree]:
    """Make the external commit; the arguments are those of `Group.join_externally`.

    Returns:
        The signed commit with its confirmation tag, the epoch it opens, and its message keys.

    Raises:
        ValidationError: A rule is broken, by the group or by what we ask for.
        VerificationError: A signature does not hold, or a key is not one to trust.
        StateError: There is no ratchet tree.
        UnsupportedError: The group's cipher suite is not known.
        Exception: Whatever `authenticate` raises.
    """
    context = group_info.group_context
    suite = cipher_suite(context.cipher_suite)
    before = check_group_info(suite, group_info, ratchet_tree, leniency=judge.leniency)
    authenticate_members(before, context, authenticate=judge.authenticate, own=None)
    kem_output, init_secret = suite.export_external_init(_external_pub(suite, group_info), random=random)
    removes = () if replaces is None else (Remove(replaces),)
    proposals = (ExternalInit(kem_output), *removes, *(PreSharedKey(psk_id) for psk_id in psk_ids))
    # Only the finished path says what to check the list against; its leaf needs its place.
    emptied, _ = before.change(
        updates={},
        removes=[LeafIndex(remove.removed) for remove in removes if before.leaf(remove.removed) is not None],
        adds=(),
    )
    roomy, own = emptied.with_room()
    path = new_path(
        roomy,
        leaf_index=own,
        group_id=context.group_id,
        leaf_node=LeafNode(
            encryption_key=b"",
            signature_key=signature_key_pair.public_key,
            credential=credential,
            capabilities=capabilities or default_capabilities(suite, extensions=leaf_extensions),
            source=LeafNodeSource.COMMIT,
            parent_hash=b"",
            extensions=leaf_extensions,
            signature=b"",
        ),
        signature_key_pair=signature_key_pair,
        random=random,
    )
    applied, _ = apply_external(
        before, context, Commit(proposals, UpdatePath(path.leaf_node, ())), judge=judge
    )
    check_members(path.tree)
    provisional = provisional_context(context, path.tree, applied.extensions)
    update_path = encrypt_path(path, group_context=provisional.encode(), added=(), random=random)
    merge_path(roomy, update_path, sender=own, added=())
    framed = FramedContent(
        group_id=context.group_id,
        epoch=context.epoch,
        sender=Sender(SenderType.NEW_MEMBER_COMMIT),
        authenticated_data=authenticated_data,
        content=Commit(proposals, update_path),
    )
    signature = sign_framed_content(
        suite,
        framed,
        wire_format=WireFormat.PUBLIC_MESSAGE,
        group_context=context.encode(),
        signing_key=signature_key_pair.private_key,
    )
    signed = AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, framed, FramedContentAuthData(signature))
    following, secrets = enter(
        suite,
        provisional,
        interim=interim_transcript_hash(
            suite, context.confirmed_transcript_hash, group_info.confirmation_tag
        ),
        confirmed_input=signed.confirmed_transcript_hash_input(),
        init_secret=init_secret,
        commit_secret=path.commit_secret,
        applied=applied,
    )
    tag = confirmation_tag(suite, secrets.confirmation_key, following.confirmed_transcript_hash)
    state = EpochState(
        suite=suite,
        context=following,
        tree=path.tree,
        own_leaf_index=own,
        private_keys=path.private_keys,
        signature_private_key=signature_key_pair.private_key,
        secrets=secrets.retain(),
        interim_transcript_hash=interim_transcript_hash(suite, following.confirmed_transcript_hash, tag),
        confirmation_tag=tag,
        leniency=judge.leniency,
    )
    secret_tree = SecretTree.create(
        suite, leaves=path.tree.leaf_count, encryption_secret=secrets.encryption_secret
    )
    return replace(signed, auth=replace(signed.auth, confirmation_tag=tag)), state, secret_tree


def _external_pub(suite: CipherSuite, group_info: GroupInfo) -> bytes:
    content = find_extension(group_info.extensions, ExtensionType.EXTERNAL_PUB)
    if content is None:
        raise ValidationError("12.4.3.2-3", "the GroupInfo has no external_pub extension")
    try:
        public_key = decode(content, Reader.opaque)
    except DecodeError:
        raise ValidationError("12.4.3.2-3", "the external_pub extension is malformed") from None
    suite.check_hpke_public_key(public_key)
    return public_key
