"""What RFC 9420 demands of leaf nodes and key packages, each rule a check with a number.

The number is the RFC's section and a count within it; `docs/rfc9420.md` lists them all, and a test holds that
list and the code to each other. A broken rule is `ValidationError`, a signature or key that does not hold
`VerificationError`; the peer is at fault in both. Strict is the default. `Leniency` names what may be
forgiven, for objects that others made and that are looser than the RFC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from channel.mls.credential import check_certificate
from channel.mls.crypto import CipherSuite
from channel.mls.errors import DecodeError, ValidationError
from channel.mls.key_package import KeyPackage
from channel.mls.leaf_node import LeafNode, LeafNodeSource, RequiredCapabilities
from channel.mls.proposals import ProposalType
from channel.mls.ratchet_tree import RatchetTree
from channel.mls.types import Extension, ExtensionType, ProtocolVersion, check_extensions, find_extension

MAX_LIFETIME_S = 5 * 366 * 24 * 3600
"""The longest a key package may be valid: an identity's certificate does not outlive this either."""

_DEFAULT_EXTENSIONS = frozenset(ExtensionType)
_DEFAULT_PROPOSALS = frozenset(ProposalType)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leniency:
    """Rules that a caller chooses not to hold others to; all off by default.

    Attributes:
        suite_not_listed: A leaf need not list its own cipher suite or protocol version (rule 7.2-4).
        any_lifetime: A key package may be valid for longer than `MAX_LIFETIME_S` (rule 7.2-3).
    """

    suite_not_listed: bool = False
    any_lifetime: bool = False


STRICT = Leniency()


def required_capabilities(extensions: tuple[Extension, ...]) -> RequiredCapabilities:
    """What a GroupContext's required_capabilities extension demands; nothing if it has none.

    Raises:
        ValidationError: The extension is malformed.
    """
    content = find_extension(extensions, ExtensionType.REQUIRED_CAPABILITIES)
    if content is None:
        return RequiredCapabilities()
    try:
        return RequiredCapabilities.decode(content)
    except DecodeError:
        raise ValidationError("11.1-1", "the required_capabilities extension is malformed") from None


def check_leaf_node(
    leaf_node: LeafNode,
    *,
    suite: CipherSuite,
    extensions: tuple[Extension, ...],
    leniency: Leniency = STRICT,
) -> None:
    """Check what a leaf node says, against itself and the group's parameters (sections 7.2, 7.3 and 13.4).

    Its signature, its source, its lifetime against the clock and its place among the other members are
    checked where they are known.

    Args:
        leaf_node: The leaf.
        suite: The group's cipher suite.
        extensions: The GroupContext's extensions.
        leniency: What to forgive.

    Raises:
        ValidationError: A rule is broken.
        VerificationError: A key is not one to trust.
    """
    capabilities = leaf_node.capabilities
    check_extensions(leaf_node.extensions)
    if not _DEFAULT_EXTENSIONS.isdisjoint(capabilities.extensions) or (
        not _DEFAULT_PROPOSALS.isdisjoint(capabilities.proposals)
    ):
        raise ValidationError("7.2-1", "capabilities list a default extension or proposal type")
    if leaf_node.credential.credential_type not in capabilities.credentials:
        raise ValidationError("7.2-2", "a leaf's capabilities do not list its own credential type")
    if leaf_node.lifetime is not None:
        lifetime = leaf_node.lifetime
        if lifetime.not_after < lifetime.not_before or (
            not leniency.any_lifetime and lifetime.not_after - lifetime.not_before > MAX_LIFETIME_S
        ):
            raise ValidationError(
                "7.2-3", "a leaf's lifetime is longer than accepted, or ends before it begins"
            )
    if not leniency.suite_not_listed and (
        suite.number not in capabilities.cipher_suites or ProtocolVersion.MLS10 not in capabilities.versions
    ):
        raise ValidationError(
            "7.2-4", "a leaf's capabilities do not list the group's cipher suite and version"
        )
    if leaf_node.extensions and not _supports_extensions(
        leaf_node, (extension.extension_type for extension in leaf_node.extensions)
    ):
        raise ValidationError("7.3-4", "a leaf has an extension that its own capabilities do not list")
    check_supports_group(leaf_node, extensions=extensions)
    check_certificate(leaf_node.credential, leaf_node.signature_key)
    suite.check_signature_key(leaf_node.signature_key)
    suite.check_hpke_public_key(leaf_node.encryption_key)


def check_supports_group(leaf_node: LeafNode, *, extensions: tuple[Extension, ...]) -> None:
    """Check that a leaf's capabilities cover a GroupContext's extensions.

    Raises:
        ValidationError: A required capability or an extension in use is not supported.
    """
    if not extensions:
        return
    capabilities = leaf_node.capabilities
    required = required_capabilities(extensions)
    if (
        not _supports_extensions(leaf_node, required.extensions)
        or not (_DEFAULT_PROPOSALS.union(capabilities.proposals)).issuperset(required.proposals)
        or not set(capabilities.credentials).issuperset(required.credentials)
    ):
        raise ValidationError(
            "7.3-1", "a leaf does not support what the group's required_capabilities demand"
        )
    if not _supports_extensions(leaf_node, (extension.extension_type for extension in extensions)):
        raise ValidationError("13.4-2", "a leaf does not support an extension of the GroupContext")


def _supports_extensions(leaf_node: LeafNode, numbers: Iterable[int]) -> bool:
    # A set, because both lists are as long as a peer likes: one by one, 64 KiB would take seconds.
    return _DEFAULT_EXTENSIONS.union(leaf_node.capabilities.extensions).issuperset(numbers)


def check_source(leaf_node: LeafNode, source: LeafNodeSource) -> None:
    """Check that a leaf says it came the way it came (section 7.3).

    Raises:
        ValidationError: It says another.
    """
    if leaf_node.source is not source:
        raise ValidationError("7.3-5", f"leaf node source is {leaf_node.source.name}, not {source.name}")


def check_lifetime(leaf_node: LeafNode, *, now_s: int) -> None:
    """Check that a key package's leaf is valid now (section 7.3).

    Args:
        leaf_node: The leaf; one without a lifetime passes.
        now_s: Seconds since the Unix epoch. Members that must judge alike pass the same value.

    Raises:
        ValidationError: It is not yet valid, or no longer.
    """
    lifetime = leaf_node.lifetime
    if lifetime is not None and not lifetime.not_before <= now_s <= lifetime.not_after:
        raise ValidationError("7.3-3", "a leaf's lifetime does not include the present")


def check_key_package(
    key_package: KeyPackage,
    *,
    suite: CipherSuite,
    extensions: tuple[Extension, ...] = (),
    now_s: int,
    leniency: Leniency = STRICT,
) -> None:
    """Check all that section 10.1 demands of a key package before its client is added.

    Args:
        key_package: The key package.
        suite: The group's cipher suite.
        extensions: The GroupContext's extensions.
        now_s: Seconds since the Unix epoch.
        leniency: What to forgive.

    Raises:
        ValidationError: A rule is broken.
        VerificationError: A signature does not hold or a key is not one to trust.
    """
    if key_package.cipher_suite != suite.number:
        raise ValidationError("10.1-1", "a key package is of another cipher suite than the group")
    leaf_node = key_package.leaf_node
    check_source(leaf_node, LeafNodeSource.KEY_PACKAGE)
    check_extensions(key_package.extensions)
    if key_package.init_key == leaf_node.encryption_key:
        raise ValidationError("10.1-2", "a key package's init_key is also its leaf's encryption_key")
    check_leaf_node(leaf_node, suite=suite, extensions=extensions, leniency=leniency)
    check_lifetime(leaf_node, now_s=now_s)
    suite.check_hpke_public_key(key_package.init_key)
    leaf_node.verify_signature(suite)
    key_package.verify_signature(suite)


def check_members(tree: RatchetTree) -> None:
    """Check a group's members against each other and the nodes above them (sections 7.3 and 16.7).

    Raises:
        ValidationError: A key is in the tree twice, or a member uses a credential type that another does not
            support.
    """
    leaf_nodes = tuple(leaf_node for _, leaf_node in tree.leaves())
    signature_keys = {leaf_node.signature_key for leaf_node in leaf_nodes}
    if len(signature_keys) != len(leaf_nodes):
        raise ValidationError("7.3-7", "two members have the same signature key")
    encryption_keys = {leaf_node.encryption_key for leaf_node in leaf_nodes}
    if len(encryption_keys) != len(leaf_nodes):
        raise ValidationError("7.3-8", "two members have the same encryption key")
    parent_keys = {node.encryption_key for node in tree.nodes[1::2] if node is not None}
    if not (
        encryption_keys.isdisjoint(parent_keys)
        and signature_keys.isdisjoint(encryption_keys)
        and signature_keys.isdisjoint(parent_keys)
    ):
        raise ValidationError("16.7-1", "a member's key is also another key of the tree")
    in_use = {leaf_node.credential.credential_type for leaf_node in leaf_nodes}
    supported = {leaf_node.capabilities.credentials for leaf_node in leaf_nodes}
    if not all(in_use.issubset(credentials) for credentials in supported):
        raise ValidationError("7.3-2", "a credential type in use is not supported by all members")
