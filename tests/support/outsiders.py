"""What travels in the clear, honest and forged: public handshakes, external commits, proposals from outside."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from channel.mls import Credential, Group, SignatureKeyPair
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
from channel.mls.proposals import Commit, Proposal
from channel.mls.public_message import PublicMessage, protect_public
from channel.mls.sent import ExternalJoin
from channel.mls.types import WireFormat
from tests.support.builders import JUDGE, SUITE, seeded


def key_pair(name: str) -> SignatureKeyPair:
    """The signature key pair of somebody, the same for the same name."""
    return SUITE.generate_signature_key_pair(seeded(f"key pair {name}"))


def join(group: Group, name: str, **options: Any) -> ExternalJoin:
    """An external commit by this person, honest."""
    arguments: Any = {
        "credential": Credential(name.encode()),
        "signature_key_pair": key_pair(name),
        "random": seeded(f"external join {name} {group.epoch}"),
        **JUDGE,
        **options,
    }
    return Group.join_externally(arguments.pop("group_info", None) or group.group_info(), **arguments)


def read_public(message: bytes) -> PublicMessage:
    """The PublicMessage inside an encoded MLSMessage."""
    body = MLSMessage.decode(message).body
    assert isinstance(body, PublicMessage)
    return body


def speak(
    group: Group,
    sender: Sender,
    content: Content,
    private_key: bytes,
    *,
    tag: bytes | None = None,
) -> bytes:
    """Anything, said in the clear by anybody outside of the group, its signature holding."""
    framed = FramedContent(
        group_id=group.group_id, epoch=group.epoch, sender=sender, authenticated_data=b"", content=content
    )
    signature = sign_framed_content(
        SUITE,
        framed,
        wire_format=WireFormat.PUBLIC_MESSAGE,
        group_context=group.context.encode(),
        signing_key=private_key,
    )
    return MLSMessage(PublicMessage(framed, FramedContentAuthData(signature, tag))).encode()


def forge_join(
    group: Group, joined: ExternalJoin, name: str, change: Callable[[Commit], Content], **options: Any
) -> bytes:
    """An external commit with its Commit changed and signed again by the joiner."""
    public = read_public(joined.message)
    commit = public.content.content
    assert isinstance(commit, Commit)
    tag = options.get("tag", public.auth.confirmation_tag)
    return speak(group, public.content.sender, change(commit), key_pair(name).private_key, tag=tag)


def forge_group_info(group: Group, change: Callable[[GroupInfo], GroupInfo]) -> bytes:
    """A GroupInfo of a member with something changed, and signed again by it."""
    body = MLSMessage.decode(group.group_info()).body
    assert isinstance(body, GroupInfo)
    key = group.epoch_state.signature_private_key
    return MLSMessage(sign_group_info(SUITE, change(body), signature_private_key=key)).encode()


def public_hostile(group: Group, content: Commit | Proposal, *, tag: bytes = bytes(32)) -> bytes:
    """A member's PublicMessage of anything, signature and membership tag holding."""
    state = group.epoch_state
    signed = state.sign(content, authenticated_data=b"", wire_format=WireFormat.PUBLIC_MESSAGE)
    if isinstance(content, Commit):
        signed = replace(signed, auth=replace(signed.auth, confirmation_tag=tag))
    return MLSMessage(mac(group, signed)).encode()


def mac(group: Group, signed: AuthenticatedContent) -> PublicMessage:
    """Signed content as a member's PublicMessage."""
    state = group.epoch_state
    return protect_public(
        SUITE,
        signed,
        membership_key=state.secrets.membership_key,
        group_context=state.context.encode(),
    )
