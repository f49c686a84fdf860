"""Founding a group: one member, epoch 0 (RFC 9420, section 11)."""

from __future__ import annotations

from channel.mls.credential import Credential
from channel.mls.crypto import CipherSuite
from channel.mls.epoch_state import EpochState
from channel.mls.external_senders import external_senders
from channel.mls.key_package import create_key_package, default_capabilities
from channel.mls.key_schedule import derive_epoch_secrets
from channel.mls.leaf_node import Capabilities, Lifetime
from channel.mls.ratchet_tree import RatchetTree
from channel.mls.secret_tree import SecretTree
from channel.mls.signatures import SignatureKeyPair
from channel.mls.transcript import confirmation_tag, interim_transcript_hash
from channel.mls.tree_math import LeafIndex, NodeIndex
from channel.mls.types import Extension, GroupContext, Random, check_extensions
from channel.mls.validation import STRICT, check_leaf_node


def found(
    suite: CipherSuite,
    *,
    group_id: bytes,
    credential: Credential,
    signature_key_pair: SignatureKeyPair,
    lifetime: Lifetime,
    extensions: tuple[Extension, ...],
    capabilities: Capabilities | None,
    random: Random,
) -> tuple[EpochState, SecretTree]:
    """The first epoch of a new group, and its message keys; the arguments are those of `Group.create`.

    Raises:
        ValidationError: Our own leaf or the extensions break a rule, for example a lifetime that is too long.
    """
    bundle = create_key_package(
        suite,
        credential=credential,
        signature_key_pair=signature_key_pair,
        lifetime=lifetime,
        random=random,
        capabilities=capabilities or default_capabilities(suite, extensions=extensions),
    )
    leaf_node = bundle.key_package.leaf_node
    check_extensions(extensions)
    external_senders(suite, extensions)
    check_leaf_node(leaf_node, suite=suite, extensions=extensions)
    tree = RatchetTree.of_leaf(suite, leaf_node)
    context = GroupContext(
        cipher_suite=suite.number,
        group_id=group_id,
        epoch=0,
        tree_hash=tree.tree_hash(),
        confirmed_transcript_hash=b"",
        extensions=extensions,
    )
    # Section 11 lets the founder draw the epoch_secret; drawing the init_secret before it comes to the same.
    secrets = derive_epoch_secrets(
        suite,
        init_secret=random(suite.hash_size),
        commit_secret=suite.zero,
        psk_secret=suite.zero,
        group_context=context.encode(),
    )
    tag = confirmation_tag(suite, secrets.confirmation_key, context.confirmed_transcript_hash)
    epoch = EpochState(
        suite=suite,
        context=context,
        tree=tree,
        own_leaf_index=LeafIndex(0),
        private_keys={NodeIndex(0): bundle.encryption_private_key},
        signature_private_key=signature_key_pair.private_key,
        secrets=secrets.retain(),
        interim_transcript_hash=interim_transcript_hash(suite, context.confirmed_transcript_hash, tag),
        confirmation_tag=tag,
        leniency=STRICT,
    )
    secret_tree = SecretTree.create(
        suite, leaves=tree.leaf_count, encryption_secret=secrets.encryption_secret
    )
    return epoch, secret_tree
