"""TreeKEM: new keys along a path, told to everybody else (RFC 9420, sections 7.4 to 7.6).

The sender first makes its path (`new_path`), which fixes the next tree and so the provisional GroupContext,
and then encrypts the path secrets under that context (`encrypt_path`). A receiver merges the public half
(`merge_path`) and then decrypts (`decrypt_path`). Both end with the same `commit_secret`.

Private keys are a mapping from node index to HPKE private key: our leaf's, and those of the parents we know.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from channel.mls import tree_math
from channel.mls.crypto import CipherSuite
from channel.mls.errors import DecryptionError, ValidationError
from channel.mls.leaf_node import LeafNode, LeafNodeSource, sign_leaf_node
from channel.mls.parent_hash import parent_hash_chain
from channel.mls.ratchet_tree import PathStep, RatchetTree
from channel.mls.signatures import SignatureKeyPair
from channel.mls.tree_math import LeafIndex, NodeIndex
from channel.mls.types import Random
from channel.mls.update_path import UpdatePath, UpdatePathNode

PATH_LABEL = b"UpdatePathNode"


def node_key_pair(suite: CipherSuite, path_secret: bytes) -> tuple[bytes, bytes]:
    """The HPKE key pair (private, public) that a node's path secret stands for (section 7.4)."""
    return suite.derive_key_pair(suite.derive_secret(path_secret, b"node"))


def next_path_secret(suite: CipherSuite, path_secret: bytes) -> bytes:
    """The path secret of the next node up; after the last node, the commit secret."""
    return suite.derive_secret(path_secret, b"path")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPath:
    """A path of our own, before its secrets are encrypted.

    Attributes:
        tree: The tree with the path in it.
        steps: The filtered direct path.
        leaf_node: Our new leaf, signed.
        path_secrets: One for each step.
        private_keys: By node index: our new leaf's and each step's.
        commit_secret: Goes into the key schedule.
    """

    tree: RatchetTree
    steps: tuple[PathStep, ...]
    leaf_node: LeafNode
    path_secrets: tuple[bytes, ...] = field(repr=False)
    private_keys: Mapping[NodeIndex, bytes] = field(repr=False)
    commit_secret: bytes = field(repr=False)


def new_path(
    tree: RatchetTree,
    *,
    leaf_index: LeafIndex,
    group_id: bytes,
    leaf_node: LeafNode,
    signature_key_pair: SignatureKeyPair,
    random: Random,
) -> NewPath:
    """Renew our leaf and every node above it.

    Args:
        tree: The tree with all proposals applied.
        leaf_index: Our leaf.
        group_id: The group, which the new leaf's signature covers.
        leaf_node: Our leaf as it should be from now on; keys, parent hash and signature are made here.
        signature_key_pair: Signs the new leaf.
        random: Draws the leaf's key pair and the first path secret.
    """
    suite = tree.suite
    steps = tree.filtered_direct_path(leaf_index)
    leaf_private_key, leaf_public_key = suite.generate_hpke_key_pair(random)
    path_secret = random(suite.hash_size)
    path_secrets = []
    key_pairs = []
    for _ in steps:
        path_secrets.append(path_secret)
        key_pairs.append(node_key_pair(suite, path_secret))
        path_secret = next_path_secret(suite, path_secret)
    nodes, leaf_parent_hash = parent_hash_chain(tree, steps, [public_key for _, public_key in key_pairs])
    renewed = sign_leaf_node(
        suite,
        replace(
            leaf_node,
            encryption_key=leaf_public_key,
            signature_key=signature_key_pair.public_key,
            source=LeafNodeSource.COMMIT,
            lifetime=None,
            parent_hash=leaf_parent_hash,
        ),
        signature_private_key=signature_key_pair.private_key,
        group_id=group_id,
        leaf_index=leaf_index,
    )
    private_keys = {step.node: private_key for step, (private_key, _) in zip(steps, key_pairs, strict=True)}
    private_keys[tree_math.leaf_node_index(leaf_index)] = leaf_private_key
    return NewPath(
        tree=tree.with_path(leaf_index, renewed, zip((step.node for step in steps), nodes, strict=True)),
        steps=steps,
        leaf_node=renewed,
        path_secrets=tuple(path_secrets),
        private_keys=private_keys,
        commit_secret=path_secret,
    )


def _recipients(step: PathStep, added: Collection[LeafIndex]) -> tuple[NodeIndex, ...]:
    if not added:
        return step.resolution
    return tuple(node for node in step.resolution if node & 1 or node >> 1 not in added)


def encrypt_path(
    path: NewPath, *, group_context: bytes, added: Collection[LeafIndex], random: Random
) -> UpdatePath:
    """Encrypt a new path's secrets to everybody else (section 7.5).

    Args:
        path: Our path.
        group_context: The provisional GroupContext, encoded.
        added: Leaves added in the same commit; they get their path secret with the Welcome.
        random: Draws the ephemeral keys.

    Raises:
        VerificationError: A node's public key must not be encrypted to.
    """
    suite = path.tree.suite
    added = frozenset(added)
    nodes = []
    for step, path_secret in zip(path.steps, path.path_secrets, strict=True):
        recipients = [path.tree.encryption_key(index) for index in _recipients(step, added)]
        ciphertexts = [
            suite.encrypt_with_label(key, PATH_LABEL, group_context, path_secret, random=random)
            for key in recipients
        ]
        nodes.append(UpdatePathNode(path.tree.encryption_key(step.node), tuple(ciphertexts)))
    return UpdatePath(path.leaf_node, tuple(nodes))


def merge_path(
    tree: RatchetTree, update_path: UpdatePath, *, sender: LeafIndex, added: Collection[LeafIndex]
) -> tuple[RatchetTree, tuple[PathStep, ...]]:
    """Put the public half of somebody's UpdatePath into the tree (section 7.5).

    Args:
        tree: The tree with all proposals applied.
        update_path: What the sender's commit carries; its leaf node has been validated.
        sender: The sender's leaf.
        added: Leaves added in the same commit.

    Returns:
        The next tree and the sender's filtered direct path.

    Raises:
        ValidationError: The path or one of its lists of ciphertexts has a wrong length, a public key is not
            new, or the leaf does not carry the path's parent hash.
        VerificationError: A public key must not be encrypted to.
    """
    added = frozenset(added)
    steps = tree.filtered_direct_path(sender)
    if len(update_path.nodes) != len(steps):
        raise ValidationError("7.5-1", f"update path has {len(update_path.nodes)} nodes, not {len(steps)}")
    for step, node in zip(steps, update_path.nodes, strict=True):
        if len(node.encrypted_path_secret) != len(_recipients(step, added)):
            raise ValidationError("7.5-2", "update path has a wrong number of encrypted path secrets")
    keys = [node.encryption_key for node in update_path.nodes]
    new_keys = {update_path.leaf_node.encryption_key, *keys}
    if (
        len(new_keys) != len(keys) + 1
        or not new_keys.isdisjoint([node.encryption_key for node in tree.nodes if node is not None])
        or not new_keys.isdisjoint([node.signature_key for node in tree.nodes if isinstance(node, LeafNode)])
        or update_path.leaf_node.signature_key in new_keys
    ):
        raise ValidationError("12.4.2-2", "a public key of the update path is already in the tree")
    for key in keys:
        tree.suite.check_hpke_public_key(key)
    nodes, leaf_parent_hash = parent_hash_chain(tree, steps, keys)
    if update_path.leaf_node.parent_hash != leaf_parent_hash:
        raise ValidationError("7.9.2-2", "parent hash of the update path's leaf does not match its path")
    merged = tree.with_path(
        sender, update_path.leaf_node, zip((step.node for step in steps), nodes, strict=True)
    )
    return merged, steps


@dataclass(frozen=True, slots=True, kw_only=True)
class DecryptedPath:
    """What a receiver learns from an UpdatePath.

    Attributes:
        path_secret: Of the lowest node that is above both the sender and us.
        private_keys: By node index, of that node and those above it.
        commit_secret: Goes into the key schedule.
    """

    path_secret: bytes = field(repr=False)
    private_keys: Mapping[NodeIndex, bytes] = field(repr=False)
    commit_secret: bytes = field(repr=False)


def decrypt_path(
    suite: CipherSuite,
    update_path: UpdatePath,
    *,
    steps: tuple[PathStep, ...],
    own_leaf: LeafIndex,
    private_keys: Mapping[NodeIndex, bytes],
    added: Collection[LeafIndex],
    group_context: bytes,
) -> DecryptedPath:
    """Open the path secret that is meant for us and derive everything above it (section 7.5).

    Args:
        suite: The group's cipher suite.
        update_path: What the sender's commit carries, merged before.
        steps: The sender's filtered direct path, as `merge_path` returned it.
        own_leaf: Our leaf; not the sender's.
        private_keys: Ours in the tree with all proposals applied.
        added: Leaves added in the same commit; we are not among them.
        group_context: The provisional GroupContext, encoded.

    Raises:
        DecryptionError: The ciphertext does not open.
        ValidationError: The sender put other public keys on the path than the secret stands for.
    """
    own_node = tree_math.leaf_node_index(own_leaf)
    added = frozenset(added)
    for position, step in enumerate(steps):
        if not tree_math.is_in_subtree(own_node, step.copath_child):
            continue
        ciphertexts = update_path.nodes[position].encrypted_path_secret
        for node, ciphertext in zip(_recipients(step, added), ciphertexts, strict=True):
            if node in private_keys and tree_math.is_in_subtree(own_node, node):
                path_secret = suite.decrypt_with_label(
                    private_keys[node], PATH_LABEL, group_context, ciphertext
                )
                above = tuple(
                    (upper.node, sent.encryption_key)
                    for upper, sent in zip(steps[position:], update_path.nodes[position:], strict=True)
                )
                return derive_path(suite, path_secret, above)
    raise DecryptionError("update path holds no secret for us")


def derive_path(
    suite: CipherSuite, path_secret: bytes, nodes: tuple[tuple[NodeIndex, bytes], ...]
) -> DecryptedPath:
    """From one path secret, the private keys of its node and those above, checked against the public ones.

    Args:
        suite: The group's cipher suite.
        path_secret: Of the first of `nodes`.
        nodes: Node index and public key, lowest first, up to the root.

    Raises:
        ValidationError: A derived public key is another.
    """
    if len(path_secret) != suite.hash_size:
        raise ValidationError("7.4-1", f"path secret has {len(path_secret)} bytes, not {suite.hash_size}")
    private_keys = {}
    secret = path_secret
    for node, public_key in nodes:
        private_key, derived = node_key_pair(suite, secret)
        if derived != public_key:
            raise ValidationError("7.5-3", "a path secret does not give the public key on the path")
        private_keys[node] = private_key
        secret = next_path_secret(suite, secret)
    return DecryptedPath(path_secret=path_secret, private_keys=private_keys, commit_secret=secret)
