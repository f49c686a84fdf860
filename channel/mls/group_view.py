"""What can be seen of a group, and how it is stored: the half of `Group` that changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hmac import compare_digest
from typing import Self

from channel.mls.codec import Reader, decode, opaque, u8
from channel.mls.crypto import CipherSuite
from channel.mls.epoch_state import EpochState
from channel.mls.external_join import export_group_info
from channel.mls.framing import MLSMessage
from channel.mls.key_schedule import export_secret
from channel.mls.leaf_node import LeafNode, Member
from channel.mls.proposals import ReInit
from channel.mls.state import (
    STATE_VERSION,
    MessageState,
    WaitingProposal,
    check_version,
    decode_epoch,
    encode_epoch,
)
from channel.mls.types import GroupContext, find_extension

MAX_RESUMPTION_PSKS = 64
"""Of how many past epochs a group keeps resumption PSKs at most."""

MAX_EXPORT_HASHES = 255
"""As many hashes HKDF-Expand gives at most (RFC 5869, section 2.3)."""


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group, to look at and to store.

    Attributes:
        epoch_state: What changes only with a commit. Not for use outside of this package.
        message_state: What changes with every message. Likewise.
    """

    epoch_state: EpochState = field(repr=False)
    message_state: MessageState = field(repr=False)

    def with_messages(self, message_state: MessageState) -> Self:
        """The same epoch after another message. Not for use outside of this package."""
        return type(self)(self.epoch_state, message_state)

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
    def resumption_psk(self) -> bytes:
        """This epoch's resumption PSK (section 8.6), a secret: it proves elsewhere that we were here."""
        return self.epoch_state.secrets.resumption_psk

    @property
    def state_counter(self) -> int:
        """Rises with every state of this group that is to be stored, and never falls.

        A caller that keeps the highest it has seen where the group's storage cannot be rolled back can tell
        that an old state was restored: from one, message keys would be used a second time.
        """
        return self.message_state.counter

    @property
    def reinit(self) -> ReInit | None:
        """What the group is to be started anew as, once a commit has ended it; see `successors`."""
        return self.message_state.reinit

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
        """The leaf node at an index (section 7.2).

        Args:
            leaf_index: Where to look; need not be in the tree.

        Returns:
            The leaf node, None if nobody is there.
        """
        return self.epoch_state.tree.leaf(leaf_index)

    def ratchet_tree(self) -> bytes:
        """The public tree, as the content of a ratchet_tree extension."""
        return self.epoch_state.tree.encode()

    def extension(self, extension_type: int) -> bytes | None:
        """An extension of the GroupContext (section 8.1).

        Args:
            extension_type: Its registered or private number.

        Returns:
            Its content, None if the group has no such extension.
        """
        return find_extension(self.context.extensions, extension_type)

    def group_info(self, *, ratchet_tree: bool = True, external_pub: bool = True) -> bytes:
        """This epoch as an encoded MLSMessage with a GroupInfo, for those outside (section 12.4.3).

        Args:
            ratchet_tree: Whether the tree is in it, or goes beside it.
            external_pub: Whether it lets whoever holds it make an external commit.

        Returns:
            The encoded MLSMessage, signed by us.

        Raises:
            StateError: We have been removed, or the group is not in use.
        """
        self.message_state.check_in_use()
        group_info = export_group_info(self.epoch_state, ratchet_tree=ratchet_tree, external_pub=external_pub)
        return MLSMessage(group_info).encode()

    def export_secret(self, label: bytes, context: bytes, length: int) -> bytes:
        """A secret of this epoch for an application (section 8.5).

        Args:
            label: Names the use, without "MLS 1.0 ".
            context: Whatever else it depends on.
            length: How many bytes are wanted, at most 255 times the suite's `hash_size`.

        Returns:
            `length` bytes, the same on all members of the epoch.

        Raises:
            ValueError: It is negative or too long.
        """
        if not 0 <= length <= MAX_EXPORT_HASHES * self.suite.hash_size:
            raise ValueError(f"at most {MAX_EXPORT_HASHES} hashes can be exported")
        exporter_secret = self.epoch_state.secrets.exporter_secret
        return export_secret(self.suite, exporter_secret, label=label, context=context, length=length)

    def keep_resumption_psks(self, count: int) -> Self:
        """From now on keep the resumption PSKs of the last epochs, to be named by later commits.

        Whoever gets hold of one can prove to have been a member then, so none is kept unless asked for.

        Args:
            count: Of how many past epochs, at most `MAX_RESUMPTION_PSKS`; 0 forgets all.

        Returns:
            The group from now on.

        Raises:
            ValueError: It is negative or too many.
        """
        if not 0 <= count <= MAX_RESUMPTION_PSKS:
            raise ValueError(f"between 0 and {MAX_RESUMPTION_PSKS} resumption PSKs can be kept")
        messages = self.message_state
        return replace(
            self,
            epoch_state=self.epoch_state.keep_resumption_psks(count),
            message_state=replace(messages, counter=messages.counter + 1),
        )

    def is_own_commit(self, message: bytes) -> bool:
        """Whether this is the pending group of a commit (section 12.4).

        Args:
            message: The encoded MLSMessage, byte for byte as it was sent; anything else may be given.

        Returns:
            True if `adopt` may be called for it.
        """
        own = self.message_state.own_commit
        return own is not None and compare_digest(own.message_hash, self.suite.hash(message))

    # storing

    def encode(self) -> bytes:
        """The whole group as versioned bytes; they hold secrets."""
        return u8(STATE_VERSION) + opaque(self.encode_epoch()) + opaque(self.encode_messages())

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """What `encode` wrote.

        Args:
            data: All of it; whoever can change it can lie to us about the group.

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
        """What the two parts' encoders wrote of one group.

        Args:
            epoch: From `encode_epoch`.
            messages: From `encode_messages`, in the same epoch.

        Raises:
            DecodeError: Not that, of two epochs, or of a version this release does not know.
        """
        epoch_state = decode_epoch(epoch)
        return cls(epoch_state, MessageState.decode(messages, epoch_state))
