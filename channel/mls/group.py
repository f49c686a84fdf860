"""The group as a value: every operation returns the next one (RFC 9420, sections 11, 12 and 15).

A `Group` never changes. What an operation returns is to be stored before its message leaves; an operation
that raises has changed nothing, so a forged message costs the forger only. Which epoch counts is decided
outside, by the relay's order: `commit` returns the group to go on with and the *pending* group to adopt when
the commit has been ordered.

Operations that judge credentials take `authenticate`, and `now_s` for the lifetimes of key packages; members
agree on what is valid only if they pass the same time, which is the relay's time of the entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Self

from channel.mls import founding, joining, receiving, sending
from channel.mls.codec import Reader, decode, opaque, u8
from channel.mls.credential import Authenticate, Credential
from channel.mls.crypto import CipherSuite
from channel.mls.epoch_state import EpochState
from channel.mls.errors import DecodeError
from channel.mls.framing import MLSMessage
from channel.mls.key_package import KeyPackageBundle
from channel.mls.key_schedule import export_secret
from channel.mls.leaf_node import Capabilities, LeafNode, Lifetime, Member
from channel.mls.proposal_list import Judge
from channel.mls.proposals import Proposal
from channel.mls.received import CommitReceived, Received
from channel.mls.sent import CommitResult, SealedMessage
from channel.mls.signatures import SignatureKeyPair
from channel.mls.state import (
    STATE_VERSION,
    MessageState,
    WaitingProposal,
    check_version,
    decode_epoch,
    encode_epoch,
)
from channel.mls.types import Extension, GroupContext, Random, find_extension
from channel.mls.validation import STRICT, Leniency
from channel.mls.waiting import own_update
from channel.mls.welcome import Welcome


@dataclass(frozen=True, slots=True)
class Group:
    """One member's view of a group; make one with `create`, `join` or `decode`.

    Attributes:
        epoch_state: What changes only with a commit. Not for use outside of this package.
        message_state: What changes with every message. Likewise.
    """

    epoch_state: EpochState = field(repr=False)
    message_state: MessageState = field(repr=False)

    # making one

    @classmethod
    def create(
        cls,
        suite: CipherSuite,
        *,
        group_id: bytes,
        credential: Credential,
        signature_key_pair: SignatureKeyPair,
        lifetime: Lifetime,
        extensions: tuple[Extension, ...] = (),
        capabilities: Capabilities | None = None,
        random: Random,
    ) -> Self:
        """Found a group with one member, ourselves (section 11).

        Args:
            suite: The group's cipher suite.
            group_id: Its id; nothing here checks that it is unique.
            credential: Ours.
            signature_key_pair: Ours.
            lifetime: Of our leaf, in seconds since the Unix epoch.
            extensions: The GroupContext's extensions.
            capabilities: What our leaf lists; by default mls10, our suites and the types of `extensions`.
            random: Draws our leaf's key and the first epoch's secret.

        Raises:
            ValidationError: What we are given breaks a rule, for example a lifetime that is too long.
        """
        epoch_state, secret_tree = founding.found(
            suite,
            group_id=group_id,
            credential=credential,
            signature_key_pair=signature_key_pair,
            lifetime=lifetime,
            extensions=extensions,
            capabilities=capabilities,
            random=random,
        )
        return cls(epoch_state, MessageState(secret_tree=secret_tree))

    @classmethod
    def join(
        cls,
        welcome: bytes,
        *,
        bundle: KeyPackageBundle,
        ratchet_tree: bytes | None = None,
        authenticate: Authenticate,
        now_s: int | None = None,
        leniency: Leniency = STRICT,
    ) -> Self:
        """Join a group that has added us.

        That the group_id is not one of a group we are in already is for the caller to check.

        Args:
            welcome: The encoded MLSMessage with the Welcome.
            bundle: Our key package and its private keys; delete it once the group is stored.
            ratchet_tree: The content of a ratchet_tree extension, if the Welcome does not hold it.
            authenticate: Called for every other member; raises to refuse.
            now_s: If given, our own leaf's lifetime must include it. Other leaves may have outlived theirs.
            leniency: What to forgive this group's members, now and later.

        Raises:
            PeerError: The Welcome, or the group it leads to, breaks a rule or does not hold.
            StateError: There is no ratchet tree.
            Exception: Whatever `authenticate` raises.
        """
        body = MLSMessage.decode(welcome).body
        if not isinstance(body, Welcome):
            raise DecodeError("not a Welcome")
        epoch_state, secret_tree = joining.join(
            body,
            bundle=bundle,
            ratchet_tree=ratchet_tree,
            authenticate=authenticate,
            now_s=now_s,
            leniency=leniency,
        )
        return cls(epoch_state, MessageState(secret_tree=secret_tree))

    # looking

    @property
    def suite(self) -> CipherSuite:
        """The cipher suite."""
        return self.epoch_state.suite

    @property
    def context(self) -> GroupContext:
        """The epoch's GroupContext."""
        return self.epoch_state.context

    @property
    def group_id(self) -> bytes:
        """The group's id."""
        return self.epoch_state.context.group_id

    @property
    def epoch(self) -> int:
        """The epoch's number."""
        return self.epoch_state.context.epoch

    @property
    def own_leaf_index(self) -> int:
        """Where our leaf is."""
        return self.epoch_state.own_leaf_index

    @property
    def is_active(self) -> bool:
        """False once a commit has removed us: nothing can be sent or received any more."""
        return self.message_state.is_active

    @property
    def epoch_authenticator(self) -> bytes:
        """Equal on all who agree on the epoch, and on nobody else (section 8.7)."""
        return self.epoch_state.secrets.epoch_authenticator

    @property
    def interim_transcript_hash(self) -> bytes:
        """What the next commit's transcript hash starts from; known to all members (section 8.2)."""
        return self.epoch_state.interim_transcript_hash

    @property
    def proposals(self) -> tuple[WaitingProposal, ...]:
        """The proposals of this epoch that wait for a commit, oldest first."""
        return self.message_state.proposals

    def members(self) -> tuple[Member, ...]:
        """All members, by leaf index."""
        return tuple(Member(index, leaf_node) for index, leaf_node in self.epoch_state.tree.leaves())

    def member(self, leaf_index: int) -> LeafNode | None:
        """The leaf node at an index, None if nobody is there."""
        return self.epoch_state.tree.leaf(leaf_index)

    def ratchet_tree(self) -> bytes:
        """The public tree, as the content of a ratchet_tree extension."""
        return self.epoch_state.tree.encode()

    def extension(self, extension_type: int) -> bytes | None:
        """The content of the GroupContext's extension of a type, or None."""
        return find_extension(self.context.extensions, extension_type)

    def export_secret(self, label: bytes, context: bytes, length: int) -> bytes:
        """A secret of this epoch for an application (section 8.5).

        Args:
            label: Names the use, without "MLS 1.0 ".
            context: Whatever else it depends on.
            length: How many bytes are wanted.
        """
        exporter_secret = self.epoch_state.secrets.exporter_secret
        return export_secret(self.suite, exporter_secret, label=label, context=context, length=length)

    # sending

    def protect(
        self, application_data: bytes, *, authenticated_data: bytes = b"", random: Random
    ) -> tuple[Group, bytes]:
        """Seal an application message as `seal` does; the group from now on, and the encoded MLSMessage."""
        sealed = self.seal(application_data, authenticated_data=authenticated_data, random=random)
        return sealed.group, sealed.message

    def seal(
        self, application_data: bytes, *, authenticated_data: bytes = b"", random: Random
    ) -> SealedMessage:
        """Seal an application message, padded to one of `sending.PADDED_SIZES`.

        Args:
            application_data: What to say.
            authenticated_data: What to say in the clear; signed all the same.
            random: Gives the reuse guard.

        Raises:
            StateError: We have been removed, a proposal waits to be committed first (section 12.4), or the
                epoch's generations are used up.
        """
        return sending.seal_application(
            self, application_data, authenticated_data=authenticated_data, random=random
        )

    def propose(
        self,
        proposal: Proposal,
        *,
        random: Random,
        authenticate: Authenticate,
        now_s: int,
        authenticated_data: bytes = b"",
    ) -> tuple[Group, bytes]:
        """Propose a change for somebody to commit: the group from now on, and the encoded MLSMessage.

        Args:
            proposal: The proposal; for an update of our own leaf use `propose_update`.
            random: Gives the reuse guard.
            authenticate: Called for the leaf this adds; raises to refuse.
            now_s: Seconds since the Unix epoch.
            authenticated_data: What to say in the clear; signed all the same.

        Raises:
            PeerError: What it holds breaks a rule or is not to be trusted, so nobody could commit it.
            StateError: We have been removed, or the epoch's generations are used up.
            ValueError: An update; its private key would be lost.
            Exception: Whatever `authenticate` raises.
        """
        judge = self._judge(authenticate, now_s)
        return sending.propose(
            self, proposal, judge=judge, authenticated_data=authenticated_data, random=random
        )

    def propose_update(self, *, authenticated_data: bytes = b"", random: Random) -> tuple[Group, bytes]:
        """Propose a new encryption key for our own leaf (section 12.1.2); as `propose` otherwise."""
        update, private_key = own_update(self.epoch_state, random=random)
        return sending.propose_own_update(
            self,
            update,
            authenticated_data=authenticated_data,
            random=random,
            encryption_private_key=private_key,
        )

    def commit(
        self,
        proposals: Sequence[Proposal] = (),
        *,
        random: Random,
        authenticate: Authenticate,
        now_s: int,
        authenticated_data: bytes = b"",
        ratchet_tree_in_welcome: bool = True,
    ) -> CommitResult:
        """Commit: these proposals, those that wait and fit beside them, and a fresh path of our own.

        Args:
            proposals: New ones, which go into the commit by value; may be empty.
            random: Draws our new keys.
            authenticate: Called for every leaf this adds or changes; raises to refuse.
            now_s: Seconds since the Unix epoch.
            authenticated_data: What to say in the clear; signed all the same.
            ratchet_tree_in_welcome: False if the caller hands `pending.ratchet_tree()` to joiners itself.

        Returns:
            The commit, and the groups before and after it.

        Raises:
            ValidationError: One of `proposals` breaks a rule.
            VerificationError: One of `proposals` holds a signature or key that is not to be trusted.
            StateError: We have been removed, or the epoch's generations are used up.
            Exception: Whatever `authenticate` raises.
        """
        return sending.commit(
            self,
            proposals,
            judge=self._judge(authenticate, now_s),
            authenticated_data=authenticated_data,
            ratchet_tree_in_welcome=ratchet_tree_in_welcome,
            random=random,
        )

    # receiving

    def receive(
        self, message: bytes, *, authenticate: Authenticate, now_s: int, own_pending: Group | None = None
    ) -> Received:
        """Take in the next message of the group, in the relay's order.

        Args:
            message: The encoded MLSMessage; a PrivateMessage.
            authenticate: Called for every leaf that a proposal or commit adds or changes; raises to refuse.
            now_s: Seconds since the Unix epoch; the same on all members.
            own_pending: The pending group of our own commit, if one has been sent in this epoch.

        Returns:
            What it was, and the group from now on.

        Raises:
            PeerError: The message breaks a rule, does not open or does not hold. A message of our own, which
                the caller knows by its bytes, is such a one too, unless it is `own_pending`'s commit.
            StateError: We have been removed.
            Exception: Whatever `authenticate` raises.
        """
        judge = self._judge(authenticate, now_s)
        return receiving.receive(self, message, judge=judge, own_pending=own_pending)

    def _judge(self, authenticate: Authenticate, now_s: int) -> Judge:
        return Judge(authenticate=authenticate, now_s=now_s, leniency=self.epoch_state.leniency)

    def adopt(self, pending: Group) -> CommitReceived:
        """Go on with the pending group of our own commit, which the relay has ordered.

        Args:
            pending: From the `CommitResult` of this epoch.

        Raises:
            StateError: It does not follow on this epoch, or we have been removed.
        """
        return receiving.adopt(self, pending)

    def is_own_commit(self, message: bytes) -> bool:
        """Whether this is the pending group of the commit that this encoded MLSMessage is."""
        own = self.message_state.own_commit
        return own is not None and compare_digest(own.message_hash, self.suite.hash(message))

    # storing

    def encode(self) -> bytes:
        """The whole group as versioned bytes; they hold secrets."""
        return u8(STATE_VERSION) + opaque(self.encode_epoch()) + opaque(self.encode_messages())

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """What `encode` wrote.

        Raises:
            DecodeError: Not that, or of a version this release does not know.
        """
        return decode(data, cls._read)

    @classmethod
    def _read(cls, reader: Reader) -> Self:
        check_version(reader.u8())
        return cls.decode_parts(reader.opaque(), reader.opaque())

    def encode_epoch(self) -> bytes:
        """The part that changes only with a commit; made once an epoch."""
        return encode_epoch(self.epoch_state)

    def encode_messages(self) -> bytes:
        """The small part that changes with every message."""
        return self.message_state.encode(self.epoch_state)

    @classmethod
    def decode_parts(cls, epoch: bytes, messages: bytes) -> Self:
        """What `encode_epoch` and `encode_messages` wrote of one group; raises as `decode`."""
        epoch_state = decode_epoch(epoch)
        return cls(epoch_state, MessageState.decode(messages, epoch_state))
