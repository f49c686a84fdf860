"""Joining with a Welcome: what a newcomer checks before it believes any of it (RFC 9420, 12.4.3.1)."""

from __future__ import annotations

from collections.abc import Mapping

from channel.mls import tree_math
from channel.mls.credential import Authenticate
from channel.mls.crypto import CipherSuite
from channel.mls.epoch_state import EpochState
from channel.mls.errors import StateError, ValidationError
from channel.mls.external_senders import authenticate_external_senders
from channel.mls.group_info import GroupInfo
from channel.mls.hpke import HPKECiphertext
from channel.mls.key_package import KeyPackageBundle, bundle_suite
from channel.mls.key_schedule import derive_joined_epoch_secrets, derive_welcome_secret
from channel.mls.psk import derive_psk_secret
from channel.mls.psk_lookup import NO_PSKS, PSKs, find_psks, finder
from channel.mls.ratchet_tree import RatchetTree
from channel.mls.secret_tree import SecretTree
from channel.mls.succession import Predecessor, check_succession, find_succession
from channel.mls.transcript import interim_transcript_hash, verify_confirmation_tag
from channel.mls.tree_math import LeafIndex, NodeIndex
from channel.mls.tree_validation import check_tree
from channel.mls.treekem import derive_path
from channel.mls.types import ExtensionType, GroupContext, check_extensions, find_extension
from channel.mls.validation import Leniency, check_lifetime
from channel.mls.welcome import Welcome, open_group_info, open_group_secrets


def join(
    welcome: Welcome,
    *,
    bundle: KeyPackageBundle,
    ratchet_tree: bytes | None,
    authenticate: Authenticate,
    now_s: int | None,
    leniency: Leniency,
    psks: PSKs = NO_PSKS,
    predecessor: Predecessor | None = None,
) -> tuple[EpochState, SecretTree]:
    """Become a member.

    Args:
        welcome: What the committer sent.
        bundle: Our key package and its private keys. Delete it once the result is stored.
        ratchet_tree: The tree, if it did not come inside the Welcome.
        authenticate: Called for every other member's leaf and every external sender.
        now_s: Seconds since the Unix epoch, or None to leave our leaf's lifetime unchecked.
        leniency: What to forgive.
        psks: The pre-shared keys we know.
        predecessor: The group that this one is to follow on, if it is to follow on one.

    Returns:
        The epoch we join in and its message keys.

    Raises:
        ValidationError: A rule is broken.
        VerificationError: A signature or tag does not hold, or a key is not one to trust.
        DecryptionError: The Welcome does not open with our keys.
        DecodeError: Something in it is malformed.
        StateError: The ratchet tree is neither in the Welcome nor beside it.
        Exception: Whatever `authenticate` raises.
    """
    suite = bundle_suite(bundle)
    if now_s is not None:
        check_lifetime(bundle.key_package.leaf_node, now_s=now_s)
    ciphertext = _find_secrets(suite, welcome, bundle)
    group_secrets = open_group_secrets(
        suite, welcome.encrypted_group_info, ciphertext, init_private_key=bundle.init_private_key
    )
    succession = find_succession(group_secrets.psks, predecessor)
    find_psk = finder(psks, {} if predecessor is None else predecessor.psks)
    psk_secret = derive_psk_secret(suite, find_psks(suite, group_secrets.psks, find=find_psk))
    joiner_secret = group_secrets.joiner_secret
    if len(joiner_secret) != suite.hash_size:
        raise ValidationError("12.4.3.1-10", "joiner secret has the wrong length")
    group_info = open_group_info(
        suite,
        welcome.encrypted_group_info,
        welcome_secret=derive_welcome_secret(suite, joiner_secret=joiner_secret, psk_secret=psk_secret),
    )
    context = group_info.group_context
    tree = check_group_info(suite, group_info, ratchet_tree, leniency=leniency)
    own_leaf_index = _find_own_leaf(tree, bundle)
    if succession is not None and predecessor is not None:
        check_succession(succession, context, tree, predecessor)
    authenticate_members(tree, context, authenticate=authenticate, own=own_leaf_index)
    private_keys: dict[NodeIndex, bytes] = {
        tree_math.leaf_node_index(own_leaf_index): bundle.encryption_private_key
    }
    if group_secrets.path_secret is not None:
        private_keys |= _path_keys(
            tree, group_secrets.path_secret, own=own_leaf_index, signer=LeafIndex(group_info.signer)
        )
    secrets = derive_joined_epoch_secrets(
        suite, joiner_secret=joiner_secret, psk_secret=psk_secret, group_context=context.encode()
    )
    verify_confirmation_tag(
        suite, secrets.confirmation_key, context.confirmed_transcript_hash, group_info.confirmation_tag
    )
    state = EpochState(
        suite=suite,
        context=context,
        tree=tree,
        own_leaf_index=own_leaf_index,
        private_keys=private_keys,
        signature_private_key=bundle.signature_private_key,
        secrets=secrets.retain(),
        interim_transcript_hash=interim_transcript_hash(
            suite, context.confirmed_transcript_hash, group_info.confirmation_tag
        ),
        confirmation_tag=group_info.confirmation_tag,
        leniency=leniency,
    )
    return state, SecretTree.create(
        suite, leaves=tree.leaf_count, encryption_secret=secrets.encryption_secret
    )


def check_group_info(
    suite: CipherSuite, group_info: GroupInfo, ratchet_tree: bytes | None, *, leniency: Leniency
) -> RatchetTree:
    """Check a GroupInfo and its tree as somebody who is about to join; all but the authentication.

    Args:
        suite: The cipher suite that we mean to use.
        group_info: Trusted in nothing yet.
        ratchet_tree: The tree, if it is not in there.
        leniency: What to forgive.

    Raises:
        ValidationError: A rule is broken.
        VerificationError: A signature does not hold, or a key is not one to trust.
        DecodeError: The tree is malformed.
        StateError: There is no tree.
    """
    context = group_info.group_context
    if context.cipher_suite != suite.number:
        raise ValidationError("12.4.3.1-3", "the GroupInfo is of another cipher suite than our key package")
    check_extensions(group_info.extensions)
    tree = _find_tree(suite, group_info, ratchet_tree)
    signer = tree.leaf(group_info.signer)
    if signer is None:
        raise ValidationError("12.4.3-1", "the GroupInfo's signer is not a member")
    group_info.verify_signature(suite, signer.signature_key)
    check_tree(tree, context, leniency=leniency)
    return tree


def authenticate_members(
    tree: RatchetTree, context: GroupContext, *, authenticate: Authenticate, own: LeafIndex | None
) -> None:
    """Put every member but ourselves, and every external sender, to the application."""
    for leaf_index, leaf_node in tree.leaves():
        if leaf_index != own:
            authenticate(leaf_node.credential, leaf_node.signature_key)
    authenticate_external_senders(tree.suite, context.extensions, authenticate=authenticate)


def _find_secrets(suite: CipherSuite, welcome: Welcome, bundle: KeyPackageBundle) -> HPKECiphertext:
    reference = suite.make_key_package_ref(bundle.key_package.encode())
    if welcome.cipher_suite == suite.number:
        for secrets in welcome.secrets:
            if secrets.new_member == reference:
                return secrets.encrypted_group_secrets
    raise ValidationError("12.4.3.1-1", "the Welcome is not for our key package")


def _find_tree(suite: CipherSuite, group_info: GroupInfo, ratchet_tree: bytes | None) -> RatchetTree:
    encoded = find_extension(group_info.extensions, ExtensionType.RATCHET_TREE)
    if encoded is None:
        encoded = ratchet_tree
    if encoded is None:
        raise StateError("the Welcome has no ratchet tree in it, and none was given beside it")
    return RatchetTree.decode(suite, encoded)


def _find_own_leaf(tree: RatchetTree, bundle: KeyPackageBundle) -> LeafIndex:
    wanted = bundle.key_package.leaf_node.encode()
    for leaf_index, leaf_node in tree.leaves():
        if leaf_node.encode() == wanted:
            return leaf_index
    raise ValidationError("12.4.3.1-8", "our leaf is not in the group's tree")


def _path_keys(
    tree: RatchetTree, path_secret: bytes, *, own: LeafIndex, signer: LeafIndex
) -> Mapping[NodeIndex, bytes]:
    own_node = tree_math.leaf_node_index(own)
    nodes = []
    for step in tree.filtered_direct_path(signer):
        if tree_math.is_in_subtree(own_node, step.node):
            parent = tree.parent(step.node)
            if parent is None:
                raise ValidationError(
                    "12.4.3.1-9", "a Welcome has a path secret, but the committer's path is blank"
                )
            nodes.append((step.node, parent.encryption_key))
    return derive_path(tree.suite, path_secret, tuple(nodes)).private_keys
