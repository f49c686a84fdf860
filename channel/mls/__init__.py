"""Messaging Layer Security, RFC 9420: groups whose members agree on who they are and on their secrets.

A `Group` is a value. Start with `create_key_package` and `Group.create` or `Group.join`; `Group.commit`
changes the membership, `Group.protect` and `Group.receive` carry messages. Nothing here does I/O, keeps time
or draws randomness: the caller passes `random`, `now_s` and `authenticate`. The rules that peers are held to
are listed in `docs/rfc9420.md`.
"""

from channel.mls.audit import first_interim_transcript_hash, verify_next_context, verify_tree
from channel.mls.authenticated_content import verify_framed_content
from channel.mls.commit_change import CommitChange, JudgeCommit
from channel.mls.credential import Authenticate, Credential
from channel.mls.crypto import (
    X_WING_CIPHER_SUITE,
    CipherSuite,
    cipher_suite,
    generate_signature_key_pair,
)
from channel.mls.errors import (
    DecodeError,
    DecryptionError,
    GenerationError,
    LocalError,
    MLSError,
    PeerError,
    StateError,
    UnsupportedError,
    ValidationError,
    VerificationError,
)
from channel.mls.external_proposals import propose_externally, propose_to_join
from channel.mls.group import Group
from channel.mls.key_package import KeyPackage, KeyPackageBundle, create_key_package
from channel.mls.leaf_node import Capabilities, LeafNode, Lifetime, Member
from channel.mls.proposals import (
    Add,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ReInit,
    Remove,
    Update,
)
from channel.mls.psk import ExternalPSK, PreSharedKeyID, ResumptionPSK, ResumptionPSKUsage
from channel.mls.psk_lookup import PSKs
from channel.mls.received import (
    ApplicationReceived,
    CommitFacts,
    CommitReceived,
    ProposalReceived,
    Received,
)
from channel.mls.sent import CommitResult, ExternalJoin, SealedMessage
from channel.mls.signatures import SignatureKeyPair
from channel.mls.succession import Predecessor
from channel.mls.successors import branch, reinitialise
from channel.mls.types import ContentType, Extension, GroupContext, Random, WireFormat
from channel.mls.validation import STRICT, Leniency, check_key_package

__all__ = [
    "STRICT",
    "X_WING_CIPHER_SUITE",
    "Add",
    "ApplicationReceived",
    "Authenticate",
    "Capabilities",
    "CipherSuite",
    "CommitChange",
    "CommitFacts",
    "CommitReceived",
    "CommitResult",
    "ContentType",
    "Credential",
    "DecodeError",
    "DecryptionError",
    "Extension",
    "ExternalJoin",
    "ExternalPSK",
    "GenerationError",
    "Group",
    "GroupContext",
    "GroupContextExtensions",
    "JudgeCommit",
    "KeyPackage",
    "KeyPackageBundle",
    "LeafNode",
    "Leniency",
    "Lifetime",
    "LocalError",
    "MLSError",
    "Member",
    "PSKs",
    "PeerError",
    "PreSharedKey",
    "PreSharedKeyID",
    "Predecessor",
    "Proposal",
    "ProposalReceived",
    "Random",
    "ReInit",
    "Received",
    "Remove",
    "ResumptionPSK",
    "ResumptionPSKUsage",
    "SealedMessage",
    "SignatureKeyPair",
    "StateError",
    "UnsupportedError",
    "Update",
    "ValidationError",
    "VerificationError",
    "WireFormat",
    "branch",
    "check_key_package",
    "cipher_suite",
    "create_key_package",
    "first_interim_transcript_hash",
    "generate_signature_key_pair",
    "propose_externally",
    "propose_to_join",
    "reinitialise",
    "verify_framed_content",
    "verify_next_context",
    "verify_tree",
]
