"""Making and opening PrivateMessages (RFC 9420, section 6.3): all that Parley sends inside a group.

`seal` and `unseal` are the path every message takes, so they build bytes directly and load nothing twice;
what does not change within an epoch is in an `EpochContext`. Both return the next secret tree beside their
result: keep it before anything leaves, and not at all if they raise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

import cryptography.exceptions

from channel.mls.authenticated_content import (
    FRAMED_CONTENT_LABEL,
    AuthenticatedContent,
    Content,
    FramedContent,
    FramedContentAuthData,
    Sender,
    content_type_of,
    encode_content,
    read_content,
)
from channel.mls.codec import Reader, opaque, u8, u64
from channel.mls.crypto import CipherSuite
from channel.mls.errors import DecodeError, DecryptionError, ValidationError
from channel.mls.private_message import MESSAGE_START, PrivateMessage
from channel.mls.secret_tree import RatchetType, SecretTree
from channel.mls.signatures import SigningKey
from channel.mls.tree_math import LeafIndex
from channel.mls.types import ContentType, GroupContext, Random, WireFormat

_REUSE_GUARD_SIZE = 4
_SENDER_DATA_SIZE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochContext:
    """What all messages of one epoch share.

    Attributes:
        suite: The group's cipher suite.
        group_id: The group's.
        epoch: The epoch's number.
        group_context: The epoch's GroupContext, encoded.
        sender_data_secret: From the epoch's key schedule.
    """

    suite: CipherSuite
    group_id: bytes
    epoch: int
    group_context: bytes
    sender_data_secret: bytes = field(repr=False)
    _place: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_place", opaque(self.group_id) + u64(self.epoch))

    @classmethod
    def of(cls, suite: CipherSuite, context: GroupContext, *, sender_data_secret: bytes) -> Self:
        """That of a GroupContext."""
        return cls(
            suite=suite,
            group_id=context.group_id,
            epoch=context.epoch,
            group_context=context.encode(),
            sender_data_secret=sender_data_secret,
        )

    def sender_data_aad(self, content_type: ContentType) -> bytes:
        """The SenderDataAAD of a message of this epoch (section 6.3.2)."""
        return self._place + u8(content_type)

    def private_content_aad(self, content_type: ContentType, authenticated_data: bytes) -> bytes:
        """The PrivateContentAAD of a message of this epoch (section 6.3.1): its header's wire form."""
        return self._place + u8(content_type) + opaque(authenticated_data)

    def framed_content_tbs(
        self, sender: LeafIndex, content_type: ContentType, authenticated_data: bytes, encoded_content: bytes
    ) -> bytes:
        """The FramedContentTBS of a member's PrivateMessage of this epoch (section 6.1), in one go."""
        return b"".join(
            (
                MESSAGE_START,
                self._place,
                b"\x01",
                sender.to_bytes(4, "big"),
                opaque(authenticated_data),
                u8(content_type),
                encoded_content,
                self.group_context,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A message ready to leave.

    Attributes:
        secret_tree: The next one. Keep it before the message leaves.
        message: The encoded MLSMessage.
        signature: The one inside, for the sender's own record: it cannot open its own messages.
        generation: Which generation of the sender's ratchet it used.
    """

    secret_tree: SecretTree = field(repr=False)
    message: bytes
    signature: bytes
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealed:
    """A message that opened and whose signature holds.

    Attributes:
        secret_tree: The next one; without it the same message would open again.
        epoch: The context of the epoch it belongs to.
        sender: The sender's leaf.
        generation: Which generation of the sender's ratchet it used.
        authenticated_data: What it says in the clear.
        said: What it says in confidence.
        encoded: The same, in its wire form.
        signature: The sender's.
        confirmation_tag: A commit's, not yet checked.
    """

    secret_tree: SecretTree = field(repr=False)
    epoch: EpochContext = field(repr=False)
    sender: LeafIndex
    generation: int
    authenticated_data: bytes
    said: Content = field(repr=False)
    encoded: bytes = field(repr=False)
    signature: bytes
    confirmation_tag: bytes | None

    @property
    def content(self) -> AuthenticatedContent:
        """The same with its proof, as RFC 9420 frames it; application messages have no need of it."""
        framed = FramedContent(
            group_id=self.epoch.group_id,
            epoch=self.epoch.epoch,
            sender=Sender.member(self.sender),
            authenticated_data=self.authenticated_data,
            content=self.said,
            _encoded_content=self.encoded,
        )
        auth = FramedContentAuthData(self.signature, self.confirmation_tag)
        return AuthenticatedContent(WireFormat.PRIVATE_MESSAGE, framed, auth)


def seal(
    epoch: EpochContext,
    secret_tree: SecretTree,
    *,
    sender: LeafIndex,
    signing_key: bytes | SigningKey,
    content: Content,
    authenticated_data: bytes = b"",
    padded_sizes: Sequence[int] = (),
    random: Random,
) -> Sealed:
    """Sign and encrypt application data or a proposal; a commit is signed first, see `encrypt`.

    Args:
        epoch: The current epoch's.
        secret_tree: The current one.
        sender: Our own leaf.
        signing_key: Our leaf's private key, raw or loaded; loading it for each message doubles the cost.
        content: Application data or a proposal.
        authenticated_data: Stays readable.
        padded_sizes: Ascending; the plaintext (content, signature, padding) grows to the first that it
            fits in, and stays as it is beyond the last.
        random: Gives the reuse guard, 4 bytes.

    Raises:
        ValueError: The content is a commit.
        StateError: The generations of this epoch are used up.
    """
    content_type = content_type_of(content)
    if content_type is ContentType.COMMIT:
        raise ValueError("a commit needs its confirmation tag before it is encrypted")
    encoded_content = encode_content(content)
    tbs = epoch.framed_content_tbs(sender, content_type, authenticated_data, encoded_content)
    signature = epoch.suite.sign_with_label(signing_key, FRAMED_CONTENT_LABEL, tbs)
    plaintext = encoded_content + opaque(signature)
    return _encrypt(
        epoch,
        secret_tree,
        sender,
        content_type,
        authenticated_data,
        plaintext,
        signature,
        padded_sizes,
        random,
    )


def encrypt(
    epoch: EpochContext,
    secret_tree: SecretTree,
    authenticated: AuthenticatedContent,
    *,
    padded_sizes: Sequence[int] = (),
    random: Random,
) -> Sealed:
    """Encrypt content that is signed already, such as a commit with its confirmation tag.

    Args:
        epoch: The epoch the content was signed in.
        secret_tree: The current one of that epoch.
        authenticated: Signed for the wire format PRIVATE_MESSAGE, by ourselves.
        padded_sizes: As for `seal`.
        random: Gives the reuse guard, 4 bytes.

    Raises:
        ValueError: It was signed for another wire format, group or epoch, or is a commit without tag.
        StateError: The generations of this epoch are used up.
    """
    content = authenticated.content
    if authenticated.wire_format is not WireFormat.PRIVATE_MESSAGE:
        raise ValueError("content was signed for another wire format")
    if content.group_id != epoch.group_id or content.epoch != epoch.epoch:
        raise ValueError("content was signed for another group or epoch")
    authenticated.auth.check_tag(content.content_type)
    return _encrypt(
        epoch,
        secret_tree,
        content.sender.leaf_index,
        content.content_type,
        content.authenticated_data,
        content.encoded_content + authenticated.auth.encode(),
        authenticated.auth.signature,
        padded_sizes,
        random,
    )


def _encrypt(
    epoch: EpochContext,
    secret_tree: SecretTree,
    sender: LeafIndex,
    content_type: ContentType,
    authenticated_data: bytes,
    plaintext: bytes,
    signature: bytes,
    padded_sizes: Sequence[int],
    random: Random,
) -> Sealed:
    suite = epoch.suite
    size = len(plaintext)
    for padded_size in padded_sizes:
        if size <= padded_size:
            plaintext = plaintext.ljust(padded_size, b"\x00")
            break
    next_tree, generation, key, nonce = secret_tree.next_key(sender, _ratchet_type(content_type))
    reuse_guard = random(_REUSE_GUARD_SIZE)
    aad = epoch.private_content_aad(content_type, authenticated_data)
    ciphertext = suite.aead(key).encrypt(_guard(nonce, reuse_guard), plaintext, aad)
    sender_data = sender.to_bytes(4, "big") + generation.to_bytes(4, "big") + reuse_guard
    sender_data_key, sender_data_nonce = derive_sender_data_key(suite, epoch.sender_data_secret, ciphertext)
    encrypted_sender_data = suite.aead(sender_data_key).encrypt(
        sender_data_nonce, sender_data, epoch.sender_data_aad(content_type)
    )
    message = b"".join((MESSAGE_START, aad, opaque(encrypted_sender_data), opaque(ciphertext)))
    return Sealed(secret_tree=next_tree, message=message, signature=signature, generation=generation)


def unseal(
    epoch: EpochContext,
    secret_tree: SecretTree,
    message: PrivateMessage,
    *,
    signature_key: Callable[[LeafIndex], bytes],
) -> Unsealed:
    """Decrypt a peer's message and check its signature.

    A commit's confirmation tag is not checked here: that needs the epoch it leads into.

    Args:
        epoch: The context of the epoch the message names.
        secret_tree: The current one of that epoch.
        message: What arrived.
        signature_key: The `signature_key` of the leaf at an index; raises `ValidationError` for a blank one.

    Raises:
        DecryptionError: Of another group or epoch, or it does not open. `GenerationError`: its key is gone.
        DecodeError: What was encrypted is malformed, or its padding is not all zeros.
        ValidationError: The sender's leaf is blank.
        VerificationError: The signature does not hold.
    """
    suite = epoch.suite
    header = message.header
    if header.group_id != epoch.group_id or header.epoch != epoch.epoch:
        raise DecryptionError("message is of another group or epoch")
    sender, generation, reuse_guard = _open_sender_data(epoch, message)
    if sender >= secret_tree.leaves:
        raise ValidationError("6.3.2-2", "the sender's leaf is outside of the tree")
    public_key = signature_key(sender)
    next_tree, key, nonce = secret_tree.take_key(sender, _ratchet_type(header.content_type), generation)
    content_type, authenticated_data = header.content_type, header.authenticated_data
    aad = epoch.private_content_aad(content_type, authenticated_data)
    try:
        plaintext = suite.aead(key).decrypt(_guard(nonce, reuse_guard), message.ciphertext, aad)
    except cryptography.exceptions.InvalidTag:
        raise DecryptionError("message does not open") from None
    reader = Reader(plaintext)
    said = read_content(reader, content_type)
    encoded = reader.since(0)
    signature = reader.opaque()
    confirmation_tag = reader.opaque() if content_type is ContentType.COMMIT else None
    padding = reader.fixed(reader.remaining)
    if padding != bytes(len(padding)):
        raise DecodeError("padding is not all zeros")
    tbs = epoch.framed_content_tbs(sender, content_type, authenticated_data, encoded)
    suite.verify_with_label(public_key, FRAMED_CONTENT_LABEL, tbs, signature)
    return Unsealed(
        secret_tree=next_tree,
        epoch=epoch,
        sender=sender,
        generation=generation,
        authenticated_data=authenticated_data,
        said=said,
        encoded=encoded,
        signature=signature,
        confirmation_tag=confirmation_tag,
    )


def _open_sender_data(epoch: EpochContext, message: PrivateMessage) -> tuple[LeafIndex, int, bytes]:
    key, nonce = derive_sender_data_key(epoch.suite, epoch.sender_data_secret, message.ciphertext)
    try:
        sender_data = epoch.suite.aead(key).decrypt(
            nonce, message.encrypted_sender_data, epoch.sender_data_aad(message.header.content_type)
        )
    except cryptography.exceptions.InvalidTag:
        raise DecryptionError("sender data does not open") from None
    if len(sender_data) != _SENDER_DATA_SIZE:
        raise DecodeError("sender data has the wrong length")
    return (
        LeafIndex(int.from_bytes(sender_data[:4], "big")),
        int.from_bytes(sender_data[4:8], "big"),
        sender_data[8:],
    )


def derive_sender_data_key(
    suite: CipherSuite, sender_data_secret: bytes, ciphertext: bytes
) -> tuple[bytes, bytes]:
    """The key and nonce of a message's sender data (section 6.3.2), from a sample of its ciphertext."""
    return suite.derive_key_and_nonce(sender_data_secret, opaque(ciphertext[: suite.hash_size]))


def _ratchet_type(content_type: ContentType) -> RatchetType:
    if content_type is ContentType.APPLICATION:
        return RatchetType.APPLICATION
    return RatchetType.HANDSHAKE


def _guard(nonce: bytes, reuse_guard: bytes) -> bytes:
    guarded = int.from_bytes(nonce[:_REUSE_GUARD_SIZE], "big") ^ int.from_bytes(reuse_guard, "big")
    return guarded.to_bytes(_REUSE_GUARD_SIZE, "big") + nonce[_REUSE_GUARD_SIZE:]
