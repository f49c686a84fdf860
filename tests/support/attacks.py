"""What a hostile member can make with the keys it rightly holds, and a hostile relay with none."""

from dataclasses import replace
from typing import Any
from unittest import mock

from channel.access import ACCESS_LABEL, ACCESS_SECRET_SIZE, access_key_pair
from channel.audit import EntryRecord, EpochRecord, Export, OpeningRecord
from channel.epoch import authenticator
from channel.identity import Identity, make_certificate
from channel.mls import Credential, Group
from channel.mls import commit as commits
from channel.mls.authenticated_content import (
    AuthenticatedContent,
    FramedContent,
    FramedContentAuthData,
    Sender,
)
from channel.mls.leaf_node import LeafNode
from channel.mls.message_protection import encrypt
from channel.mls.private_message import PrivateMessage, decode_private_message
from channel.mls.proposals import Commit
from channel.mls.secret_tree import RatchetType
from channel.mls.sending import PADDED_SIZES
from channel.mls.tree_math import LeafIndex
from channel.mls.treekem import NewPath, new_path
from channel.mls.types import ContentType, WireFormat
from channel.transcript import Opening
from client.conversation import Committing
from protocols.log.entry import Entry
from protocols.log.merkle import leaf_hash
from protocols.payload import Payload, authenticated_data
from tests.support.members import Member, informing

MESSAGE_START = b"\x00\x01\x00\x02"


def reencrypted(attacker: Member, opening: Opening, tag: bytes, *, skip: int = 0) -> bytes:
    """Somebody's signed words, encrypted by another member under the victim's next generation but `skip`."""
    group = attacker.conversation.group
    framed = FramedContent(
        group_id=group.group_id,
        epoch=group.epoch,
        sender=Sender.member(LeafIndex(opening.leaf_index)),
        authenticated_data=tag,
        content=opening.content,
    )
    signed = AuthenticatedContent(
        WireFormat.PRIVATE_MESSAGE, framed, FramedContentAuthData(opening.signature)
    )
    tree = group.message_state.secret_tree
    for _ in range(skip):
        tree, *_ = tree.next_key(LeafIndex(opening.leaf_index), RatchetType.APPLICATION)
    return encrypt(
        group.epoch_state.epoch_context,
        tree,
        signed,
        padded_sizes=PADDED_SIZES,
        random=attacker.random,
    ).message


def reencrypted_commit(attacker: Member, victim: Committing) -> bytes:
    """A commit that the relay withheld and passed to another member, who opened it and encrypts it again."""
    group = attacker.conversation.group
    own_commit = victim.pending.message_state.own_commit
    assert own_commit is not None
    facts = own_commit.facts
    signed = AuthenticatedContent(
        WireFormat.PRIVATE_MESSAGE,
        facts.framed_content,
        FramedContentAuthData(facts.signature, facts.confirmation_tag),
    )
    return encrypt(
        group.epoch_state.epoch_context,
        group.message_state.secret_tree,
        signed,
        padded_sizes=PADDED_SIZES,
        random=attacker.random,
    ).message


def payload(member: Member, **changes: Any) -> Payload:
    """The payload of an honest message of this member, with some fields changed."""
    transcript = member.conversation.transcript
    seen = transcript.size
    honest = Payload(
        salt=member.random(32),
        message_id=member.random(16),
        counter=transcript.next_counter(member.leaf),
        seen_size=seen,
        seen_root=transcript.root_at(seen),
        accepted_history=transcript.history_at(seen),
        body=member.body("INFORM", informing()),
    )
    return replace(honest, **changes)


def signed(member: Member, application_data: bytes, *, tag: bytes | None = None) -> bytes:
    """Any application data, well signed and encrypted by a member; the honest tag unless another is given."""
    tag = authenticated_data(application_data) if tag is None else tag
    sealed = member.conversation.group.seal(application_data, authenticated_data=tag, random=member.random)
    member.conversation.group = sealed.group
    return sealed.message


def phantom(
    member: Member, *, kind: ContentType = ContentType.APPLICATION, tag: bytes | None = None
) -> bytes:
    """A valid header before garbage that nobody can open, not even who made it."""
    group = member.conversation.group
    honest = group.seal(bytes(300), authenticated_data=bytes(35), random=member.random)
    header = decode_private_message(honest.message).header
    header = replace(header, content_type=kind, authenticated_data=bytes(35) if tag is None else tag)
    garbage = PrivateMessage(header, member.random(28), member.random(400))
    return MESSAGE_START + garbage.encode()


def hostile_commit(member: Member, commit: Commit) -> bytes:
    """A commit of anything, well signed and encrypted, with a confirmation tag out of thin air."""
    group = member.conversation.group
    content = group.epoch_state.sign(commit, authenticated_data=b"")
    content = replace(content, auth=replace(content.auth, confirmation_tag=member.random(32)))
    return encrypt(
        group.epoch_state.epoch_context,
        group.message_state.secret_tree,
        content,
        padded_sizes=PADDED_SIZES,
        random=member.random,
    ).message


def unchecked_commit(member: Member, *proposals: Any) -> Committing:
    """A commit that MLS allows and the charter's rules may not: made past our own check."""
    conversation = member.conversation
    now_s = member.clock.now_ms // 1000
    result = conversation.group.commit(
        proposals, random=member.random, authenticate=authenticator(now_s), now_s=now_s
    )
    return Committing(
        message=result.message,
        next_access_key=access_key_of(result.pending),
        welcome=result.welcome,
        intent=b"",
        pending=result.pending,
    )


def disguised_commit(member: Member, other: Identity, *proposals: Any) -> Committing:
    """A commit that puts somebody else's certificate on the member's own leaf; that other must be in on it."""
    now_s = member.clock.now_ms // 1000
    certificate = make_certificate(
        other,
        leaf_signature_key=member.keys.signature_key_pair.public_key,
        not_before_s=now_s - 3_600,
        not_after_s=now_s + 86_400,
        device="",
    )

    def disguised(*arguments: Any, leaf_node: LeafNode, **more: Any) -> NewPath:
        return new_path(*arguments, leaf_node=replace(leaf_node, credential=Credential(certificate)), **more)

    with mock.patch.object(commits, "new_path", disguised):
        return unchecked_commit(member, *proposals)


def believed(member: Member, committing: Committing) -> Export:
    """The export of a client that takes a commit of its own for valid, whatever the rules say of it."""
    export, facts = member.export(), committing.facts
    position = export.size
    entry = Entry(member.clock.tick(), committing.message, committing.next_access_key).encode()
    opening = Opening(
        leaf_index=facts.sender,
        content=facts.framed_content.encoded_content,
        signature=facts.signature,
        confirmation_tag=facts.confirmation_tag,
    )
    pending = committing.pending
    epoch = EpochRecord(pending.epoch, pending.context.encode(), pending.ratchet_tree())
    return replace(
        export,
        entries=(*export.entries, EntryRecord(position, leaf_hash(entry), entry)),
        openings=(*export.openings, OpeningRecord(position, opening)),
        epochs=(*export.epochs, epoch),
    )


def access_key_of(group: Group) -> bytes:
    return access_key_pair(group.export_secret(ACCESS_LABEL.encode(), b"", ACCESS_SECRET_SIZE))[1]
