from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channel.mls.authenticated_content import (
    AuthenticatedContent,
    Content,
    FramedContent,
    FramedContentAuthData,
    Sender,
    SenderType,
    encode_content,
    sign_framed_content,
)
from channel.mls.codec import opaque
from channel.mls.crypto import CipherSuite, cipher_suite, supported_cipher_suites
from channel.mls.errors import (
    DecodeError,
    DecryptionError,
    GenerationError,
    PeerError,
    StateError,
    ValidationError,
    VerificationError,
)
from channel.mls.message_protection import (
    EpochContext,
    Unsealed,
    derive_sender_data_key,
    encrypt,
    seal,
    unseal,
)
from channel.mls.private_message import PrivateMessage, PrivateMessageHeader, decode_private_message
from channel.mls.proposals import Commit, Remove
from channel.mls.secret_tree import RatchetType, SecretTree
from channel.mls.tree_math import LeafCount, LeafIndex
from channel.mls.types import ContentType, GroupContext, WireFormat

SUITE = cipher_suite(1)
KEYS = [SUITE.generate_signature_key_pair(bytes([leaf + 1]).__mul__) for leaf in range(4)]
CONTEXT = GroupContext(
    cipher_suite=1, group_id=b"group", epoch=7, tree_hash=b"t" * 32, confirmed_transcript_hash=b"c" * 32
)
EPOCH = EpochContext.of(SUITE, CONTEXT, sender_data_secret=b"d" * 32)
TREE = SecretTree.create(SUITE, leaves=LeafCount(4), encryption_secret=b"e" * 32)
SENDER = LeafIndex(2)


def zeros(length: int) -> bytes:
    return bytes(length)


def signature_key(leaf: LeafIndex) -> bytes:
    if leaf == 3:
        raise ValidationError("6.1-1", "the sender's leaf is blank")
    return KEYS[leaf].public_key


def sealed(
    content: Content = b"hello", *, tree: SecretTree = TREE, padded_sizes: tuple[int, ...] = ()
) -> bytes:
    return seal(
        EPOCH,
        tree,
        sender=SENDER,
        signing_key=KEYS[SENDER].private_key,
        content=content,
        authenticated_data=b"readable",
        padded_sizes=padded_sizes,
        random=zeros,
    ).message


def opened(message: bytes, *, tree: SecretTree = TREE, epoch: EpochContext = EPOCH) -> Unsealed:
    return unseal(epoch, tree, decode_private_message(message), signature_key=signature_key)


def forged(
    *,
    plaintext: bytes | None = None,
    sender: int = SENDER,
    generation: int = 0,
    signer: int = SENDER,
    sender_data: bytes | None = None,
    content_type: ContentType = ContentType.APPLICATION,
) -> PrivateMessage:
    """What a member can make who ignores the rules: it has every key of the epoch but the others' signature keys."""
    header = PrivateMessageHeader(CONTEXT.group_id, CONTEXT.epoch, content_type, b"")
    framed = FramedContent(
        group_id=CONTEXT.group_id,
        epoch=CONTEXT.epoch,
        sender=Sender.member(sender),
        authenticated_data=b"",
        content=b"forged",
    )
    signature = sign_framed_content(
        SUITE,
        framed,
        wire_format=WireFormat.PRIVATE_MESSAGE,
        group_context=CONTEXT.encode(),
        signing_key=KEYS[signer].private_key,
    )
    if plaintext is None:
        plaintext = opaque(b"forged") + opaque(signature)
    ratchet_type = (
        RatchetType.APPLICATION if content_type is ContentType.APPLICATION else RatchetType.HANDSHAKE
    )
    _, _, key, nonce = TREE.next_key(LeafIndex(sender % 4), ratchet_type)
    ciphertext = SUITE.aead_encrypt(key=key, nonce=nonce, aad=header.encode(), plaintext=plaintext)
    sender_data_key, sender_data_nonce = derive_sender_data_key(SUITE, EPOCH.sender_data_secret, ciphertext)
    if sender_data is None:
        sender_data = sender.to_bytes(4, "big") + generation.to_bytes(4, "big") + bytes(4)
    encrypted = SUITE.aead_encrypt(
        key=sender_data_key, nonce=sender_data_nonce, aad=header.sender_data_aad(), plaintext=sender_data
    )
    return PrivateMessage(header, encrypted, ciphertext)


def refused(message: PrivateMessage, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        unseal(EPOCH, TREE, message, signature_key=signature_key)


@settings(deadline=None)
@given(st.binary(max_size=600), st.binary(max_size=80), st.binary(min_size=4, max_size=4))
def test_what_is_sealed_opens(data: bytes, authenticated_data: bytes, reuse_guard: bytes) -> None:
    sent = seal(
        EPOCH,
        TREE,
        sender=SENDER,
        signing_key=SUITE.signing_key(KEYS[SENDER].private_key),
        content=data,
        authenticated_data=authenticated_data,
        padded_sizes=(256, 512),
        random=lambda length: reuse_guard[:length],
    )
    got = opened(sent.message)
    assert got.content.content.content == data
    assert got.content.content.authenticated_data == authenticated_data
    assert got.content.content.sender.leaf_index == SENDER
    assert (got.generation, got.content.auth.signature) == (sent.generation, sent.signature)
    assert got.secret_tree == sent.secret_tree
    got.content.verify_signature(SUITE, signature_key=KEYS[SENDER].public_key, group_context=CONTEXT.encode())


def test_messages_open_once_and_in_any_order() -> None:
    sender, receiver, messages = TREE, TREE, []
    for number in range(5):
        sent = seal(
            EPOCH,
            sender,
            sender=SENDER,
            signing_key=KEYS[SENDER].private_key,
            content=b"%d" % number,
            random=zeros,
        )
        sender = sent.secret_tree
        messages.append(sent.message)
    for number in (3, 0, 4, 2, 1):
        got = opened(messages[number], tree=receiver)
        assert (got.content.content.content, got.generation) == (b"%d" % number, number)
        receiver = got.secret_tree
        with pytest.raises(GenerationError):
            opened(messages[number], tree=receiver)


def test_padding_hides_the_length_up_to_the_largest_size() -> None:
    sizes = (256, 1024)
    short, longer = (len(sealed(bytes(n), padded_sizes=sizes)) for n in (1, 150))
    assert short == longer
    assert len(sealed(bytes(500), padded_sizes=sizes)) - short == 1024 - 256
    assert len(sealed(bytes(3000), padded_sizes=sizes)) == len(sealed(bytes(3000)))
    assert opened(sealed(bytes(150), padded_sizes=sizes)).content.content.content == bytes(150)


def test_the_reuse_guard_keeps_nonces_apart() -> None:
    first, second = (
        seal(
            EPOCH,
            TREE,
            sender=SENDER,
            signing_key=KEYS[SENDER].private_key,
            content=b"same state, twice",
            random=guard.__mul__,
        ).message
        for guard in (b"\x01", b"\x02")
    )
    assert decode_private_message(first).ciphertext != decode_private_message(second).ciphertext
    assert opened(first).content == opened(second).content


def test_proposals_and_commits_use_the_handshake_ratchet() -> None:
    got = opened(sealed(Remove(1)))
    assert got.content.content.content == Remove(1)
    assert got.secret_tree.generation(SENDER, RatchetType.HANDSHAKE) == 1
    assert got.secret_tree.generation(SENDER, RatchetType.APPLICATION) == 0


def commit(
    *, wire_format: WireFormat = WireFormat.PRIVATE_MESSAGE, sender: Sender | None = None
) -> AuthenticatedContent:
    framed = FramedContent(
        group_id=CONTEXT.group_id,
        epoch=CONTEXT.epoch,
        sender=sender or Sender.member(SENDER),
        authenticated_data=b"",
        content=Commit((), None),
    )
    signature = sign_framed_content(
        SUITE,
        framed,
        wire_format=wire_format,
        group_context=CONTEXT.encode(),
        signing_key=KEYS[SENDER].private_key,
    )
    return AuthenticatedContent(wire_format, framed, FramedContentAuthData(signature, b"tag"))


def test_a_commit_travels_with_its_confirmation_tag() -> None:
    sent = encrypt(EPOCH, TREE, commit(), padded_sizes=(256,), random=zeros)
    got = opened(sent.message).content
    assert got == commit()
    assert got.encode() == commit().encode()
    assert got.auth.confirmation_tag == b"tag"


def test_a_commit_needs_its_confirmation_tag() -> None:
    with pytest.raises(ValueError, match="confirmation tag"):
        sealed(Commit((), None))
    without_tag = replace(commit(), auth=FramedContentAuthData(commit().auth.signature))
    with pytest.raises(ValueError, match="confirmation tag"):
        encrypt(EPOCH, TREE, without_tag, random=zeros)


def test_content_signed_for_elsewhere_is_not_encrypted() -> None:
    with pytest.raises(ValueError, match="wire format"):
        encrypt(EPOCH, TREE, commit(wire_format=WireFormat.PUBLIC_MESSAGE), random=zeros)
    for other in (replace(EPOCH, epoch=8), replace(EPOCH, group_id=b"other")):
        with pytest.raises(ValueError, match="another group or epoch"):
            encrypt(other, TREE, commit(), random=zeros)
    with pytest.raises(ValidationError, match="not a member"):
        encrypt(EPOCH, TREE, commit(sender=Sender(SenderType.NEW_MEMBER_COMMIT)), random=zeros)


@settings(deadline=None)
@given(st.data())
def test_no_changed_bit_goes_unnoticed(data: st.DataObject) -> None:
    message = bytearray(sealed(b"hello", padded_sizes=(128,)))
    position = data.draw(st.integers(0, len(message) * 8 - 1))
    message[position // 8] ^= 1 << position % 8
    with pytest.raises(PeerError):
        opened(bytes(message))


@given(st.integers(0, len(sealed()) - 1))
def test_no_shortened_message_opens(length: int) -> None:
    with pytest.raises(PeerError):
        opened(sealed()[:length])


def test_messages_of_another_group_or_epoch_do_not_open() -> None:
    for other in (replace(EPOCH, epoch=8), replace(EPOCH, group_id=b"other")):
        with pytest.raises(DecryptionError, match="another group or epoch"):
            opened(sealed(), epoch=other)
    with pytest.raises(DecryptionError, match="sender data"):
        opened(sealed(), epoch=replace(EPOCH, sender_data_secret=b"x" * 32))


def test_a_signature_is_bound_to_the_group_context() -> None:
    other = replace(CONTEXT, confirmed_transcript_hash=b"x" * 32)
    epoch = EpochContext.of(SUITE, other, sender_data_secret=EPOCH.sender_data_secret)
    with pytest.raises(VerificationError):
        opened(sealed(), epoch=epoch)


def test_the_forger_can_make_good_messages_too() -> None:
    got = unseal(EPOCH, TREE, forged(), signature_key=signature_key)
    assert got.content.content.content == b"forged"


def test_a_member_cannot_speak_as_another() -> None:
    refused(forged(signer=1), VerificationError, "signature")


def test_a_blank_leaf_cannot_speak() -> None:
    refused(forged(sender=3, signer=3), ValidationError, "blank")


@pytest.mark.parametrize("sender", [4, 6, 2**32 - 2])
def test_a_leaf_outside_of_the_tree_cannot_speak(sender: int) -> None:
    refused(forged(sender=sender), ValidationError, "outside")


@pytest.mark.parametrize("generation", [17, 2**32 - 1])
def test_a_generation_far_ahead_is_refused(generation: int) -> None:
    refused(forged(generation=generation), GenerationError, "too many")


def test_a_generation_that_is_not_the_one_used_does_not_open() -> None:
    refused(forged(generation=1), DecryptionError, "does not open")


@pytest.mark.parametrize("sender_data", [b"", bytes(11), bytes(13)])
def test_sender_data_of_another_length_is_refused(sender_data: bytes) -> None:
    refused(forged(sender_data=sender_data), DecodeError, "sender data")


@pytest.mark.parametrize("padding", [b"\x01", b"\x00\x01", b"\x01\x00", bytes(50) + b"\xff"])
def test_padding_that_is_not_all_zeros_is_refused(padding: bytes) -> None:
    good = opaque(b"forged") + opaque(b"s" * 64)
    refused(forged(plaintext=good + padding), DecodeError, "padding")


@pytest.mark.parametrize("plaintext", [b"", b"\x05abc", opaque(b"forged"), b"\xff"])
def test_a_malformed_plaintext_is_refused(plaintext: bytes) -> None:
    refused(forged(plaintext=plaintext), DecodeError, "early|longer|reserved")


def test_a_commit_without_confirmation_tag_is_malformed() -> None:
    plaintext = encode_content(Commit((), None)) + opaque(b"s" * 64)
    refused(forged(plaintext=plaintext, content_type=ContentType.COMMIT), DecodeError, "early")


def test_a_refused_message_leaves_the_keys_alone() -> None:
    message = forged(signer=1)
    refused(message, VerificationError, "signature")
    assert opened(sealed()).content.content.content == b"hello"


def test_a_used_up_ratchet_is_our_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channel.mls.secret_tree._LAST_GENERATION", 0)
    with pytest.raises(StateError, match="used up"):
        sealed()


@pytest.mark.parametrize("number", supported_cipher_suites())
def test_every_suite_seals_and_opens(number: int) -> None:
    suite: CipherSuite = cipher_suite(number)
    pair = suite.generate_signature_key_pair(lambda length: b"\x09" * length)
    epoch = EpochContext.of(suite, CONTEXT, sender_data_secret=b"d" * suite.hash_size)
    tree = SecretTree.create(suite, leaves=LeafCount(1), encryption_secret=b"e" * suite.hash_size)
    sent = seal(epoch, tree, sender=LeafIndex(0), signing_key=pair.private_key, content=b"hi", random=zeros)
    got = unseal(epoch, tree, decode_private_message(sent.message), signature_key=lambda _: pair.public_key)
    assert got.content.content.content == b"hi"


def test_secrets_stay_out_of_reprs() -> None:
    got = opened(sealed(b"spoken in confidence"))
    for value in (got, EPOCH):
        assert "confidence" not in repr(value)
        assert "dddd" not in repr(value)
