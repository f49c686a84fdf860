"""A group's storage form, versioned, in two parts (nothing in RFC 9420; nothing of it travels).

The epoch part changes only with a commit, and its encoding is kept. The message part changes with every
message and is small: what is left of the secret tree along the paths that were used, and the proposals that
wait. Neither holds a secret that has been used: `SecretTree` and `RetainedSecrets` no longer have it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Self

from channel.mls.authenticated_content import AuthenticatedContent
from channel.mls.codec import Reader, decode, opaque, optional, u8, u32, u64, vector
from channel.mls.crypto import CipherSuite
from channel.mls.epoch_state import EpochState
from channel.mls.errors import DecodeError, StateError
from channel.mls.proposal_list import SentProposal
from channel.mls.proposals import Proposal, ReInit, decode_proposal
from channel.mls.received import CommitFacts
from channel.mls.secret_tree import SecretTree
from channel.mls.tree_math import LeafIndex

STATE_VERSION = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingProposal:
    """A proposal of this epoch that no commit has taken up yet.

    Attributes:
        reference: Its ProposalRef.
        sent: The proposal and its sender.
        content: The FramedContent it came in, encoded.
        signature: Its sender's.
        encryption_private_key: If it updates our own leaf, the new leaf's private key.
    """

    reference: bytes
    sent: SentProposal
    content: bytes
    signature: bytes
    encryption_private_key: bytes | None = field(repr=False, default=None)

    @classmethod
    def of(
        cls,
        suite: CipherSuite,
        content: AuthenticatedContent,
        proposal: Proposal,
        *,
        encryption_private_key: bytes | None = None,
    ) -> Self:
        """The proposal that a message carries."""
        return cls(
            reference=suite.make_proposal_ref(content.encode()),
            sent=SentProposal(proposal, content.content.sender.member_index),
            content=content.content.encode(),
            signature=content.auth.signature,
            encryption_private_key=encryption_private_key,
        )

    def encode(self) -> bytes:
        """Our own storage form."""
        return (
            opaque(self.reference)
            + optional(None if self.sent.sender is None else u32(self.sent.sender))
            + opaque(self.sent.proposal.encode())
            + opaque(self.content)
            + opaque(self.signature)
            + optional(None if self.encryption_private_key is None else opaque(self.encryption_private_key))
        )

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        reference = reader.opaque()
        sender = reader.optional(lambda inner: LeafIndex(inner.u32()))
        proposal = decode_proposal(reader.opaque())
        return cls(
            reference=reference,
            sent=SentProposal(proposal, sender),
            content=reader.opaque(),
            signature=reader.opaque(),
            encryption_private_key=reader.optional(Reader.opaque),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCommit:
    """What a pending group remembers of the commit of ours that leads into it.

    Attributes:
        message_hash: The hash of the encoded MLSMessage, by which it is known when the relay hands it back.
        facts: The commit's public facts; we cannot open our own message to read them.
    """

    message_hash: bytes
    facts: CommitFacts

    def encode(self) -> bytes:
        """Our own storage form."""
        return opaque(self.message_hash) + self.facts.encode()

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """Read one off a reader."""
        return cls(message_hash=reader.opaque(), facts=CommitFacts.read(reader))


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageState:
    """What changes within an epoch.

    Attributes:
        secret_tree: The message keys that are left.
        proposals: Those that wait for a commit.
        own_commit: Only in a pending group.
        is_active: False once we have been removed.
        counter: Higher in every state that follows on this one.
        reinit: In the last epoch of a group: what it is to be started anew as.
    """

    secret_tree: SecretTree = field(repr=False)
    proposals: tuple[WaitingProposal, ...] = ()
    own_commit: OwnCommit | None = None
    is_active: bool = True
    counter: int = 0
    reinit: ReInit | None = None

    def check_in_use(self) -> None:
        """Refuse to work with a group that we have been removed from, or that has not been adopted.

        Raises:
            StateError: It is such a group.
        """
        if not self.is_active:
            raise StateError("we are no longer a member of this group")
        if self.own_commit is not None:
            raise StateError("a pending group is not in use before it has been adopted")
        if self.reinit is not None:
            raise StateError("the group has ended, to be started anew")

    def then(
        self,
        *,
        secret_tree: SecretTree,
        proposals: tuple[WaitingProposal, ...] = (),
        own_commit: OwnCommit | None = None,
        is_active: bool = True,
        reinit: ReInit | None = None,
    ) -> MessageState:
        """What follows on this state: nothing of it is carried over but the counter, which rises."""
        return MessageState(
            secret_tree=secret_tree,
            proposals=proposals,
            own_commit=own_commit,
            is_active=is_active,
            counter=self.counter + 1,
            reinit=reinit,
        )

    def encode(self, epoch: EpochState) -> bytes:
        """The message part, versioned, and bound to the epoch it belongs to."""
        return (
            u8(STATE_VERSION)
            + opaque(epoch.secrets.epoch_authenticator)
            + u64(self.counter)
            + u8(self.is_active)
            + opaque(self.secret_tree.encode())
            + vector([proposal.encode() for proposal in self.proposals])
            + optional(None if self.own_commit is None else self.own_commit.encode())
            + optional(None if self.reinit is None else opaque(self.reinit.encode()))
        )

    @classmethod
    def decode(cls, data: bytes, epoch: EpochState) -> Self:
        """What `encode` wrote, beside the epoch it belongs to.

        Raises:
            DecodeError: Not that, or of another epoch.
        """
        return decode(data, lambda reader: cls._read(reader, epoch))

    @classmethod
    def _read(cls, reader: Reader, epoch: EpochState) -> Self:
        check_version(reader.u8())
        if not compare_digest(reader.opaque(), epoch.secrets.epoch_authenticator):
            raise DecodeError("the two parts of a stored group are of different epochs")
        counter = reader.u64()
        is_active = reader.u8()
        if is_active > 1:
            raise DecodeError("a stored flag is neither 0 nor 1")
        secret_tree = SecretTree.decode(reader.opaque(), epoch.suite)
        if is_active and secret_tree.leaves != epoch.tree.leaf_count:
            raise DecodeError("a stored secret tree and ratchet tree do not fit together")
        return cls(
            is_active=bool(is_active),
            secret_tree=secret_tree,
            proposals=reader.vector(WaitingProposal.read),
            own_commit=reader.optional(OwnCommit.read),
            counter=counter,
            reinit=reader.optional(_read_reinit),
        )


def _read_reinit(reader: Reader) -> ReInit:
    proposal = decode_proposal(reader.opaque())
    if not isinstance(proposal, ReInit):
        raise DecodeError("a stored group ended by another proposal than a reinit")
    return proposal


def check_version(version: int) -> None:
    """Refuse a storage form of another release.

    Raises:
        DecodeError: The version is not this release's.
    """
    if version != STATE_VERSION:
        raise DecodeError(f"stored group has version {version}, this release reads {STATE_VERSION}")


def encode_epoch(epoch: EpochState) -> bytes:
    """The epoch part, versioned."""
    return u8(STATE_VERSION) + epoch.encode()


def decode_epoch(data: bytes) -> EpochState:
    """What `encode_epoch` wrote.

    Raises:
        DecodeError: Not that.
    """
    check_version(Reader(data).u8())
    return EpochState.decode(data[1:])
