"""What a member holds of one epoch, apart from the message keys that its messages use up.

It changes only with a commit, so its encoding is kept: saving a group after each message costs the secret
tree only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from channel.mls.authenticated_content import (
    AuthenticatedContent,
    Content,
    FramedContent,
    FramedContentAuthData,
    Sender,
    encode_content,
    sign_framed_content,
)
from channel.mls.codec import Reader, decode, opaque, u8, u32, u64, vector
from channel.mls.crypto import CipherSuite, cipher_suite
from channel.mls.errors import DecodeError, StateError, UnsupportedError, ValidationError
from channel.mls.key_schedule import RetainedSecrets
from channel.mls.leaf_node import LeafNode
from channel.mls.message_protection import EpochContext
from channel.mls.psk_lookup import FindPSK, PSKs, finder
from channel.mls.ratchet_tree import RatchetTree
from channel.mls.signatures import SignatureKeyPair, SigningKey
from channel.mls.tree_math import LeafIndex, NodeIndex
from channel.mls.types import GroupContext, WireFormat
from channel.mls.validation import Leniency


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochState:
    """One member's view of one epoch.

    Attributes:
        suite: The group's cipher suite.
        context: The epoch's GroupContext.
        tree: The public ratchet tree.
        own_leaf_index: Our leaf.
        private_keys: Our HPKE private keys by node index: our leaf's and those of the parents we know.
        signature_private_key: Belongs to our leaf's `signature_key`.
        secrets: What is kept of the key schedule.
        interim_transcript_hash: What the next commit's transcript hash starts from.
        confirmation_tag: Of the commit that opened the epoch; a GroupInfo shows it.
        leniency: What this group forgives its members.
        resumption_psks_kept: Of how many past epochs the resumption PSK is kept.
        past_resumption_psks: Those that are kept, newest first, with their epochs.
    """

    suite: CipherSuite
    context: GroupContext
    tree: RatchetTree
    own_leaf_index: LeafIndex
    private_keys: Mapping[NodeIndex, bytes] = field(repr=False)
    signature_private_key: bytes = field(repr=False)
    secrets: RetainedSecrets = field(repr=False)
    interim_transcript_hash: bytes
    confirmation_tag: bytes
    leniency: Leniency
    resumption_psks_kept: int = 0
    past_resumption_psks: tuple[tuple[int, bytes], ...] = field(repr=False, default=())
    _encoded: bytes | None = field(init=False, default=None, repr=False, compare=False)
    _epoch_context: EpochContext | None = field(init=False, default=None, repr=False, compare=False)
    _signing_key: SigningKey | None = field(init=False, default=None, repr=False, compare=False)

    @property
    def own_leaf(self) -> LeafNode:
        """Our leaf node."""
        leaf_node = self.tree.leaf(self.own_leaf_index)
        if leaf_node is None:
            raise StateError("our own leaf is blank")
        return leaf_node

    @property
    def signature_key_pair(self) -> SignatureKeyPair:
        """Our leaf's signature key pair."""
        return SignatureKeyPair(self.signature_private_key, self.own_leaf.signature_key)

    @property
    def signing_key(self) -> SigningKey:
        """Our signature private key, loaded once an epoch."""
        key = self._signing_key
        if key is None:
            key = self.suite.signing_key(self.signature_private_key)
            object.__setattr__(self, "_signing_key", key)
        return key

    @property
    def epoch_context(self) -> EpochContext:
        """What protecting a message needs of the epoch, made once."""
        made = self._epoch_context
        if made is None:
            secret = self.secrets.sender_data_secret
            made = EpochContext.of(self.suite, self.context, sender_data_secret=secret)
            object.__setattr__(self, "_epoch_context", made)
        return made

    def find_psk(self, psks: PSKs) -> FindPSK:
        """Where this epoch's members look for pre-shared keys: here, then among what the caller knows."""
        known = self.resumption_psks()
        return finder(psks, {(self.context.group_id, epoch): psk for epoch, psk in known})

    def resumption_psks(self) -> tuple[tuple[int, bytes], ...]:
        """This epoch's resumption PSK and those that are kept, newest first, with their epochs."""
        return ((self.context.epoch, self.secrets.resumption_psk), *self.past_resumption_psks)

    def after(self, before: EpochState) -> EpochState:
        """The same epoch, keeping of the epochs before it what the last one is asked to keep by now."""
        if self.resumption_psks_kept == before.resumption_psks_kept:
            return self
        kept = before.resumption_psks_kept
        past = before.resumption_psks()[:kept]
        return replace(self, resumption_psks_kept=kept, past_resumption_psks=past)

    def keep_resumption_psks(self, count: int) -> EpochState:
        """The same epoch, keeping the resumption PSKs of that many past epochs."""
        return replace(
            self, resumption_psks_kept=count, past_resumption_psks=self.past_resumption_psks[:count]
        )

    def sign(
        self,
        content: Content,
        *,
        authenticated_data: bytes,
        wire_format: WireFormat = WireFormat.PRIVATE_MESSAGE,
    ) -> AuthenticatedContent:
        """Sign what we are to send; a commit still lacks its confirmation tag."""
        framed = FramedContent(
            group_id=self.context.group_id,
            epoch=self.context.epoch,
            sender=Sender.member(self.own_leaf_index),
            authenticated_data=authenticated_data,
            content=content,
            # A commit may be half a megabyte, and its encoding is needed four times until it leaves.
            _encoded_content=encode_content(content),
        )
        signature = sign_framed_content(
            self.suite,
            framed,
            wire_format=wire_format,
            group_context=self.context.encode(),
            signing_key=self.signing_key,
        )
        return AuthenticatedContent(wire_format, framed, FramedContentAuthData(signature))

    def encode(self) -> bytes:
        """Our own storage form, made once; it holds secrets."""
        encoded = self._encoded
        if encoded is None:
            encoded = self._encode()
            object.__setattr__(self, "_encoded", encoded)
        return encoded

    def _encode(self) -> bytes:
        flags = self.leniency.suite_not_listed | self.leniency.any_lifetime << 1
        return (
            opaque(self.context.encode())
            + opaque(self.tree.encode())
            + u32(self.own_leaf_index)
            + vector([u32(node) + opaque(key) for node, key in sorted(self.private_keys.items())])
            + opaque(self.signature_private_key)
            + opaque(self.secrets.encode())
            + opaque(self.interim_transcript_hash)
            + opaque(self.confirmation_tag)
            + u8(flags)
            + u8(self.resumption_psks_kept)
            + vector([u64(epoch) + opaque(psk) for epoch, psk in self.past_resumption_psks])
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """What `encode` wrote.

        Raises:
            DecodeError: Not that, or of a cipher suite that this release does not know.
        """
        state = decode(data, cls._read)
        object.__setattr__(state, "_encoded", data)
        return state

    @classmethod
    def _read(cls, reader: Reader) -> Self:
        context = GroupContext.decode(reader.opaque())
        try:
            suite = cipher_suite(context.cipher_suite)
        except UnsupportedError:
            raise DecodeError(f"cipher suite {context.cipher_suite} is not supported") from None
        try:
            tree = RatchetTree.decode(suite, reader.opaque())
        except ValidationError as error:
            raise DecodeError(f"stored tree: {error.message}") from None
        own_leaf_index = LeafIndex(reader.u32())
        private_keys = dict(reader.vector(lambda inner: (NodeIndex(inner.u32()), inner.opaque())))
        signature_private_key = reader.opaque()
        secrets = RetainedSecrets.decode(reader.opaque())
        interim_transcript_hash = reader.opaque()
        confirmation_tag = reader.opaque()
        flags = reader.u8()
        kept = reader.u8()
        past = reader.vector(lambda inner: (inner.u64(), inner.opaque()))
        if tree.leaf(own_leaf_index) is None or flags > 3 or len(past) > kept:
            raise DecodeError("a stored epoch does not fit together")
        return cls(
            suite=suite,
            context=context,
            tree=tree,
            own_leaf_index=own_leaf_index,
            private_keys=private_keys,
            signature_private_key=signature_private_key,
            secrets=secrets,
            interim_transcript_hash=interim_transcript_hash,
            confirmation_tag=confirmation_tag,
            leniency=Leniency(
                suite_not_listed=bool(flags & 1),
                any_lifetime=bool(flags & 2),
            ),
            resumption_psks_kept=kept,
            past_resumption_psks=past,
        )
