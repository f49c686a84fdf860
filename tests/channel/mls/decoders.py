"""Everything in `channel.mls` that reads bytes: what it may raise, and valid encodings to start damage from."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from channel.mls.authenticated_content import AuthenticatedContent, FramedContent, FramedContentAuthData
from channel.mls.codec import decode, opaque
from channel.mls.credential import Credential, check_certificate
from channel.mls.epoch_state import EpochState
from channel.mls.errors import DecodeError, PeerError, ValidationError
from channel.mls.external_senders import ExternalSender, encode_external_senders, external_senders
from channel.mls.framing import MLSMessage
from channel.mls.group import Group
from channel.mls.group_info import GroupInfo
from channel.mls.group_view import GroupView
from channel.mls.hpke import HPKECiphertext
from channel.mls.key_package import KeyPackage, KeyPackageBundle
from channel.mls.key_schedule import RetainedSecrets
from channel.mls.leaf_node import Capabilities, LeafNode, Lifetime, RequiredCapabilities
from channel.mls.private_message import PrivateMessage, decode_private_message, parse_private_message_header
from channel.mls.proposals import (
    Add,
    Commit,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    ProposalRef,
    ReInit,
    Remove,
    UnknownProposal,
    Update,
    decode_proposal,
)
from channel.mls.psk import ExternalPSK, PreSharedKeyID, ResumptionPSK, ResumptionPSKUsage
from channel.mls.public_message import PublicMessage
from channel.mls.ratchet_tree import ParentNode, RatchetTree
from channel.mls.received import CommitFacts
from channel.mls.secret_tree import SecretTree
from channel.mls.state import MessageState, decode_epoch
from channel.mls.types import ContentType, Extension, ExtensionType, GroupContext
from channel.mls.update_path import UpdatePath, UpdatePathNode
from channel.mls.validation import required_capabilities
from channel.mls.welcome import EncryptedGroupSecrets, GroupSecrets, Welcome
from tests.support.builders import (
    JUDGE,
    SUITE,
    commit_of,
    make_bundle,
    make_group,
    path_of,
    seal_bytes,
    seeded,
)
from tests.support.certificates import certificate, x509_credential
from tests.support.outsiders import forge_group_info, join, read_public

EVE = make_bundle("eve")
ALICE, BOB = make_group("alice", "bob")
INVITED = ALICE.commit([Add(EVE.key_package)], random=seeded("invite"), **JUDGE)
EXTERNAL = join(ALICE, "dave").message
PUBLIC = read_public(EXTERNAL)
PSK = PreSharedKeyID(ExternalPSK(b"id"), bytes(32))
RESUMPTION = PreSharedKeyID(ResumptionPSK(ResumptionPSKUsage.BRANCH, b"group", 7), bytes(32))
EXTENSIONS = (Extension(0xF0A1, b"one"), Extension(0x0A0A, b""))
CIPHERTEXT = HPKECiphertext(bytes(32), bytes(48))
CERTIFICATE = certificate(SUITE, EVE.signature_private_key)
CERTIFIED = x509_credential(CERTIFICATE, CERTIFICATE)
SIGNED = AuthenticatedContent(MLSMessage.decode(EXTERNAL).wire_format, PUBLIC.content, PUBLIC.auth)
PROPOSALS = (
    Add(EVE.key_package),
    Update(ALICE.epoch_state.own_leaf),
    Remove(1),
    PreSharedKey(PSK),
    PreSharedKey(RESUMPTION),
    ReInit(group_id=b"next", cipher_suite=7, extensions=EXTENSIONS),
    ExternalInit(bytes(32)),
    GroupContextExtensions(EXTENSIONS),
    UnknownProposal(0x0A0A, b"grease"),
)
COMMITS = (
    Commit((*PROPOSALS, ProposalRef(bytes(32))), path_of(ALICE)),
    commit_of(ALICE, Add(EVE.key_package), Remove(1)),
    Commit((), None),
)
SENDERS = encode_external_senders(
    (
        ExternalSender(EVE.key_package.leaf_node.signature_key, Credential(b"a court")),
        ExternalSender(EVE.key_package.leaf_node.signature_key, CERTIFIED),
    )
)
DEMANDS = RequiredCapabilities((0xF0A1,), (0xF0A2,), (1, 2))
GROUP_INFO = MLSMessage.decode(ALICE.group_info())


def _used(group: Group) -> Group:
    """The group with a skipped key and a proposal that waits."""
    other, _ = ALICE.protect(b"passed over", random=seeded(1))
    _, message = other.protect(b"hello", random=seeded(2))
    return group.receive(message, **JUDGE).group.propose_update(random=seeded(3))[0]


USED = _used(BOB)
PENDING = USED.commit([Add(EVE.key_package)], random=seeded("pending"), **JUDGE).pending


def _read_external_pub(content: bytes) -> object:
    forged = forge_group_info(
        ALICE,
        lambda info: replace(
            info, extensions=(info.extensions[0], Extension(ExtensionType.EXTERNAL_PUB, content))
        ),
    )
    return join(ALICE, "dave", group_info=forged)


def _open(content_type: ContentType) -> Callable[[bytes], object]:
    """Opens a PrivateMessage of these content bytes: their decoder is behind signature and encryption."""
    return lambda encoded: BOB.receive(seal_bytes(ALICE, content_type, encoded), **JUDGE)


@dataclass(frozen=True, slots=True)
class Decoder:
    """One decoder.

    Attributes:
        decode: Takes any bytes.
        seeds: Well-formed bytes.
        errors: All that it may raise.
        is_exact: Whether what it returns encodes to the very bytes.
        is_refused: Whether even well-formed bytes are refused, for what comes after decoding.
    """

    decode: Callable[[bytes], Any]
    seeds: tuple[bytes, ...]
    errors: tuple[type[Exception], ...] = (DecodeError,)
    is_exact: bool = True
    is_refused: bool = False


def _of(decode: Callable[[bytes], Any], *values: Any) -> Decoder:
    return Decoder(decode, tuple(value.encode() for value in values))


def _rejecting(decode: Callable[[bytes], Any], *seeds: bytes) -> Decoder:
    """Not exact, and free to find broken rules and keys that do not hold."""
    return Decoder(decode, seeds, (PeerError,), is_exact=False)


LEAVES = (EVE.key_package.leaf_node, ALICE.epoch_state.own_leaf)
SECRETS = (GroupSecrets(bytes(32), bytes(32), (PSK, RESUMPTION)), GroupSecrets(bytes(32), None))
FACTS = CommitFacts(sender=1, content=b"c", signature=b"s", confirmation_tag=b"t", added=(1, 2), removed=(3,))
MESSAGES = (
    EXTERNAL,
    INVITED.message,
    ALICE.group_info(),
    MLSMessage(EVE.key_package).encode(),
    *(() if INVITED.welcome is None else (INVITED.welcome,)),
)
PRIVATE = decode_private_message(INVITED.message)

DECODERS: dict[str, Decoder] = {
    "AuthenticatedContent": _of(AuthenticatedContent.decode, SIGNED),
    "Capabilities": _of(Capabilities.decode, *(leaf_node.capabilities for leaf_node in LEAVES)),
    "Commit": _of(Commit.decode, *COMMITS),
    "CommitFacts": _of(CommitFacts.decode, FACTS),
    "Credential": _of(Credential.decode, Credential(b"eve"), CERTIFIED),
    "EncryptedGroupSecrets": _of(EncryptedGroupSecrets.decode, EncryptedGroupSecrets(bytes(32), CIPHERTEXT)),
    "EpochState": _of(EpochState.decode, ALICE.epoch_state, USED.epoch_state),
    "Extension": _of(Extension.decode, *EXTENSIONS),
    "FramedContent": _of(FramedContent.decode, PUBLIC.content),
    "Group": _of(Group.decode, USED, PENDING),
    "GroupContext": _of(GroupContext.decode, ALICE.context, ALICE.context.replace(extensions=EXTENSIONS)),
    "GroupInfo": _of(GroupInfo.decode, GROUP_INFO.body),
    "GroupSecrets": _of(GroupSecrets.decode, *SECRETS),
    "GroupView": _of(GroupView.decode, USED),
    "HPKECiphertext": _of(HPKECiphertext.decode, CIPHERTEXT),
    "KeyPackage": _of(KeyPackage.decode, EVE.key_package),
    "KeyPackageBundle": _of(KeyPackageBundle.decode, EVE),
    "LeafNode": _of(LeafNode.decode, *LEAVES),
    "Lifetime": _of(Lifetime.decode, Lifetime(0, 2**64 - 1)),
    "MLSMessage": Decoder(MLSMessage.decode, MESSAGES),
    "MessageState": Decoder(
        lambda data: MessageState.decode(data, USED.epoch_state), (USED.encode_messages(),), is_exact=False
    ),
    "ParentNode": _of(ParentNode.decode, ParentNode(bytes(32), bytes(32), (1, 2, 3))),
    "PreSharedKeyID": _of(PreSharedKeyID.decode, PSK, RESUMPTION),
    "PrivateMessage": _of(PrivateMessage.decode, PRIVATE),
    "PublicMessage": _of(PublicMessage.decode, PUBLIC),
    "RatchetTree": replace(
        _of(
            lambda data: RatchetTree.decode(SUITE, data),
            ALICE.epoch_state.tree,
            INVITED.pending.epoch_state.tree,
        ),
        errors=(DecodeError, ValidationError),
    ),
    "RequiredCapabilities": _of(RequiredCapabilities.decode, DEMANDS),
    "RetainedSecrets": _of(RetainedSecrets.decode, ALICE.epoch_state.secrets),
    "SecretTree": _of(lambda data: SecretTree.decode(data, SUITE), USED.message_state.secret_tree),
    "UpdatePath": _of(UpdatePath.decode, path_of(ALICE)),
    "UpdatePathNode": _of(UpdatePathNode.decode, UpdatePathNode(bytes(32), (CIPHERTEXT, CIPHERTEXT))),
    "Welcome": _of(Welcome.decode, Welcome(1, (EncryptedGroupSecrets(bytes(32), CIPHERTEXT),), b"info")),
    "decode_epoch": Decoder(decode_epoch, (ALICE.encode_epoch(),), is_exact=False),
    "decode_private_message": Decoder(decode_private_message, (INVITED.message,), is_exact=False),
    "decode_proposal": _of(decode_proposal, *PROPOSALS),
    "parse_private_message_header": Decoder(parse_private_message_header, (INVITED.message,), is_exact=False),
    # without a class or function of their own
    "FramedContentAuthData": _of(
        lambda data: decode(data, lambda reader: FramedContentAuthData.read(reader, ContentType.COMMIT)),
        FramedContentAuthData(bytes(64), bytes(32)),
    ),
    "a PrivateMessage of application data": _rejecting(_open(ContentType.APPLICATION), opaque(b"hello")),
    "a PrivateMessage of a proposal": _rejecting(_open(ContentType.PROPOSAL), Add(EVE.key_package).encode()),
    "a PrivateMessage of a commit": replace(
        _rejecting(_open(ContentType.COMMIT), COMMITS[0].encode()), is_refused=True
    ),
    "the certificate of a credential": _rejecting(
        lambda data: check_certificate(x509_credential(data), EVE.key_package.leaf_node.signature_key),
        CERTIFICATE,
    ),
    "the external_pub extension": _rejecting(_read_external_pub, opaque(EVE.key_package.init_key)),
    "the external_senders extension": _rejecting(
        lambda data: external_senders(SUITE, (Extension(ExtensionType.EXTERNAL_SENDERS, data),)), SENDERS
    ),
    "the required_capabilities extension": _rejecting(
        lambda data: required_capabilities((Extension(ExtensionType.REQUIRED_CAPABILITIES, data),)),
        DEMANDS.encode(),
    ),
}
