"""Valid MLS objects, and twins of them that can be built wrong: what a hostile member or outsider would send."""

from collections.abc import Callable
from dataclasses import replace
from random import Random as Dice
from typing import Any

from channel.mls import (
    Credential,
    Group,
    KeyPackage,
    KeyPackageBundle,
    Lifetime,
    SignatureKeyPair,
    cipher_suite,
    create_key_package,
)
from channel.mls.authenticated_content import (
    AuthenticatedContent,
    Content,
    FramedContent,
    FramedContentAuthData,
    Sender,
    sign_framed_content,
)
from channel.mls.framing import MLSMessage
from channel.mls.group_info import GroupInfo, sign_group_info
from channel.mls.key_package import sign_key_package
from channel.mls.key_schedule import derive_epoch_secrets, derive_joined_epoch_secrets, derive_welcome_secret
from channel.mls.leaf_node import LeafNode, sign_leaf_node
from channel.mls.message_protection import encrypt
from channel.mls.proposal_list import Judge, SentProposal, apply_proposals
from channel.mls.proposals import Add, Commit, Proposal, Remove
from channel.mls.ratchet_tree import RatchetTree
from channel.mls.suite import CipherSuite
from channel.mls.transcript import confirmation_tag, confirmed_transcript_hash
from channel.mls.types import ContentType, Extension, ExtensionType, GroupContext, Random, WireFormat
from channel.mls.update_path import UpdatePath
from channel.mls.welcome import GroupSecrets, Welcome, open_group_info, open_group_secrets, seal_welcome

SUITE = cipher_suite(1)
NOW_S = 1_800_000_000
LIFETIME = Lifetime(NOW_S - 3600, NOW_S + 90 * 24 * 3600)
GROUP_ID = b"a group"
LOW_ORDER_KEYS = (b"\x01" + bytes(31), bytes(32), b"\xec" + b"\xff" * 30 + b"\x7f")
"""Ed25519 encodings of points of small order: the identity, one of order 4, one of order 2."""


def seeded(seed: int | str) -> Random:
    """Random bytes that are the same on every run."""
    return Dice(seed).randbytes


def accept(credential: Credential, signature_key: bytes) -> None:
    """An application that believes everybody."""


JUDGE: Any = {"authenticate": accept, "now_s": NOW_S}
"""The arguments of every operation that judges others."""


def make_bundle(
    name: str,
    *,
    suite: CipherSuite = SUITE,
    pair: SignatureKeyPair | None = None,
    lifetime: Lifetime = LIFETIME,
    **options: Any,
) -> KeyPackageBundle:
    """The key package of a client, the same for the same name."""
    random = seeded(f"bundle {name}")
    pair = pair or suite.generate_signature_key_pair(random)
    return create_key_package(
        suite,
        credential=Credential(name.encode()),
        signature_key_pair=pair,
        lifetime=lifetime,
        random=random,
        **options,
    )


def make_group(
    *names: str, suite: CipherSuite = SUITE, extensions: tuple[Extension, ...] = ()
) -> list[Group]:
    """A group of these members, all in the same epoch: one view for each, in leaf order."""
    random = seeded(f"group {names}")
    founder = Group.create(
        suite,
        group_id=GROUP_ID,
        credential=Credential(names[0].encode()),
        signature_key_pair=suite.generate_signature_key_pair(random),
        lifetime=LIFETIME,
        extensions=extensions,
        random=random,
    )
    if len(names) == 1:
        return [founder]
    bundles = [make_bundle(name, suite=suite, extensions=_grease(extensions)) for name in names[1:]]
    result = founder.commit([Add(bundle.key_package) for bundle in bundles], random=random, **JUDGE)
    assert result.welcome is not None
    joined = [Group.join(result.welcome, bundle=bundle, authenticate=accept) for bundle in bundles]
    return [founder.adopt(result.pending).group, *joined]


def _grease(extensions: tuple[Extension, ...]) -> tuple[Extension, ...]:
    """Leaf extensions of the group's private types: the way `create_key_package` learns to list them."""
    return tuple(
        Extension(extension.extension_type, b"")
        for extension in extensions
        if extension.extension_type not in set(ExtensionType)
    )


def forge_leaf_node(leaf_node: LeafNode, private_key: bytes, **changes: Any) -> LeafNode:
    """A leaf node with some fields changed and signed again by its owner (`group_id`, `leaf_index` go to the signature)."""
    place = {name: changes.pop(name) for name in ("group_id", "leaf_index") if name in changes}
    return sign_leaf_node(SUITE, replace(leaf_node, **changes), signature_private_key=private_key, **place)


def forge_key_package(bundle: KeyPackageBundle, **changes: Any) -> KeyPackage:
    """A key package with some fields of it or of its leaf changed, everything signed again by its owner."""
    package_changes = {name: changes.pop(name) for name in ("init_key", "cipher_suite") if name in changes}
    key = bundle.signature_private_key
    leaf_node = forge_leaf_node(bundle.key_package.leaf_node, key, **changes)
    forged = replace(bundle.key_package, leaf_node=leaf_node, **package_changes)
    return sign_key_package(SUITE, forged, signature_private_key=key)


def seal_hostile(group: Group, content: Commit | Proposal, *, tag: bytes = bytes(32)) -> bytes:
    """A message whose signature and encryption hold, whatever it says: a member can always send it."""
    state = group.epoch_state
    signed = state.sign(content, authenticated_data=b"")
    if isinstance(content, Commit):
        signed = replace(signed, auth=replace(signed.auth, confirmation_tag=tag))
    secret_tree = group.message_state.secret_tree
    return encrypt(state.epoch_context, secret_tree, signed, random=seeded("reuse guard")).message


def seal_bytes(group: Group, content_type: ContentType, encoded: bytes) -> bytes:
    """A PrivateMessage of these very content bytes, as a hostile member can always make it."""
    state = group.epoch_state
    stand_ins: dict[ContentType, Content] = {
        ContentType.APPLICATION: b"",
        ContentType.PROPOSAL: Remove(0),
        ContentType.COMMIT: Commit((), None),
    }
    framed = FramedContent(
        group_id=group.group_id,
        epoch=group.epoch,
        sender=Sender.member(group.own_leaf_index),
        authenticated_data=b"",
        content=stand_ins[content_type],
        _encoded_content=encoded,
    )
    signature = sign_framed_content(
        group.suite,
        framed,
        wire_format=WireFormat.PRIVATE_MESSAGE,
        group_context=group.context.encode(),
        signing_key=state.signature_private_key,
    )
    tag = bytes(group.suite.hash_size) if content_type is ContentType.COMMIT else None
    signed = AuthenticatedContent(WireFormat.PRIVATE_MESSAGE, framed, FramedContentAuthData(signature, tag))
    secret_tree = group.message_state.secret_tree
    return encrypt(state.epoch_context, secret_tree, signed, random=seeded("reuse guard")).message


def commit_of(group: Group, *proposals: Proposal) -> Commit:
    """The Commit inside an honest commit message of this member."""
    result = group.commit(proposals, random=seeded("honest commit"), **JUDGE)
    own_commit = result.pending.message_state.own_commit
    assert own_commit is not None
    content = own_commit.facts.framed_content.content
    assert isinstance(content, Commit)
    return content


def path_of(group: Group) -> UpdatePath:
    """The UpdatePath of an honest empty commit of this member."""
    path = commit_of(group).path
    assert path is not None
    return path


def hostile_commit(group: Group, *proposals: Proposal, path: UpdatePath | None = None) -> bytes:
    """A commit of anything; the path, if none is given, is one for no proposals at all."""
    return seal_hostile(group, Commit(proposals, path or path_of(group)))


def forge_path_leaf(group: Group, path: UpdatePath, **changes: Any) -> UpdatePath:
    """A path whose leaf is changed and signed again by its committer."""
    leaf_node = forge_leaf_node(
        path.leaf_node,
        group.epoch_state.signature_private_key,
        group_id=group.group_id,
        leaf_index=group.own_leaf_index,
        **changes,
    )
    return replace(path, leaf_node=leaf_node)


def with_node(tree: RatchetTree, index: int, node: Any) -> RatchetTree:
    """A tree with one node put in by force."""
    nodes = list(tree.nodes)
    nodes[index] = node
    return RatchetTree(tree.suite, tuple(nodes), [None] * len(nodes))


def forge_welcome(
    inviter: Group,
    welcome: bytes,
    bundle: KeyPackageBundle,
    *,
    tree: RatchetTree | None = None,
    context: Callable[[GroupContext], GroupContext] = lambda context: context,
    info: Callable[[GroupInfo], GroupInfo] = lambda info: info,
    secrets: Callable[[GroupSecrets], GroupSecrets] = lambda secrets: secrets,
    is_tagged: bool = False,
) -> bytes:
    """A Welcome to one joiner with its insides changed, signed and sealed again by the inviter.

    Args:
        inviter: The pending group of the commit that adds the joiner.
        welcome: The honest Welcome.
        bundle: The joiner's.
        tree: Another ratchet tree; the GroupContext gets its hash.
        context: Changes the GroupContext.
        info: Changes the GroupInfo before it is signed.
        secrets: Changes what the joiner is told.
        is_tagged: Whether the confirmation tag is made anew, so that it holds for the changed GroupContext.
    """
    body = MLSMessage.decode(welcome).body
    assert isinstance(body, Welcome)
    told = open_group_secrets(
        SUITE,
        body.encrypted_group_info,
        body.secrets[0].encrypted_group_secrets,
        init_private_key=bundle.init_private_key,
    )
    welcome_secret = derive_welcome_secret(SUITE, joiner_secret=told.joiner_secret, psk_secret=SUITE.zero)
    opened = open_group_info(SUITE, body.encrypted_group_info, welcome_secret=welcome_secret)
    if tree is not None:
        opened = replace(
            opened,
            group_context=opened.group_context.replace(tree_hash=tree.tree_hash()),
            extensions=(Extension(ExtensionType.RATCHET_TREE, tree.encode()),),
        )
    opened = replace(opened, group_context=context(opened.group_context))
    if is_tagged:
        opened = replace(opened, confirmation_tag=_tag(opened.group_context, told.joiner_secret))
    changed = info(opened)
    signed = sign_group_info(SUITE, changed, signature_private_key=inviter.epoch_state.signature_private_key)
    forged = seal_welcome(
        SUITE,
        group_info=signed,
        welcome_secret=welcome_secret,
        joiners=[(bundle.key_package, secrets(told))],
        random=seeded("forged"),
    )
    return MLSMessage(forged).encode()


def _tag(context: GroupContext, joiner_secret: bytes) -> bytes:
    epoch = derive_joined_epoch_secrets(
        SUITE, joiner_secret=joiner_secret, psk_secret=SUITE.zero, group_context=context.encode()
    )
    return confirmation_tag(SUITE, epoch.confirmation_key, context.confirmed_transcript_hash)


def partial_commit(group: Group, *proposals: Proposal) -> tuple[bytes, bytes]:
    """An honest commit without a path, which Parley never makes itself; and the epoch authenticator it leads to."""
    state = group.epoch_state
    own = state.own_leaf_index
    applied = apply_proposals(
        state.tree,
        state.context,
        [SentProposal(proposal, own) for proposal in proposals],
        committer=own,
        judge=Judge(**JUDGE),
    )
    signed = state.sign(Commit(proposals, None), authenticated_data=b"")
    confirmed = confirmed_transcript_hash(
        SUITE, state.interim_transcript_hash, signed.confirmed_transcript_hash_input()
    )
    context = state.context.replace(
        epoch=state.context.epoch + 1,
        tree_hash=applied.tree.tree_hash(),
        confirmed_transcript_hash=confirmed,
        extensions=applied.extensions,
    )
    secrets = derive_epoch_secrets(
        SUITE,
        init_secret=state.secrets.init_secret,
        commit_secret=SUITE.zero,
        psk_secret=SUITE.zero,
        group_context=context.encode(),
    )
    tag = confirmation_tag(SUITE, secrets.confirmation_key, confirmed)
    return seal_hostile(group, Commit(proposals, None), tag=tag), secrets.epoch_authenticator
