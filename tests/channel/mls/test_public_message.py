from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channel.mls.authenticated_content import (
    AuthenticatedContent,
    Content,
    FramedContent,
    FramedContentAuthData,
    Sender,
    SenderType,
    sign_framed_content,
)
from channel.mls.crypto import cipher_suite
from channel.mls.errors import PeerError, VerificationError
from channel.mls.proposals import Commit, Remove
from channel.mls.public_message import PublicMessage, protect_public, unprotect_public
from channel.mls.types import WireFormat

SUITE = cipher_suite(1)
PAIR = SUITE.generate_signature_key_pair(b"\x07".__mul__)
MEMBERSHIP_KEY = b"m" * 32
MEMBER = Sender.member(1)


def signed(
    content: Content, sender: Sender = MEMBER, *, wire_format: WireFormat = WireFormat.PUBLIC_MESSAGE
) -> AuthenticatedContent:
    framed = FramedContent(group_id=b"g", epoch=1, sender=sender, authenticated_data=b"", content=content)
    signature = sign_framed_content(
        SUITE, framed, wire_format=wire_format, group_context=b"context", signing_key=PAIR.private_key
    )
    return AuthenticatedContent(wire_format, framed, FramedContentAuthData(signature))


def protected(content: Content, sender: Sender = MEMBER) -> PublicMessage:
    return protect_public(
        SUITE, signed(content, sender), membership_key=MEMBERSHIP_KEY, group_context=b"context"
    )


def opened(message: PublicMessage, *, group_context: bytes = b"context") -> AuthenticatedContent:
    return unprotect_public(
        SUITE,
        message,
        signature_key=PAIR.public_key,
        membership_key=MEMBERSHIP_KEY,
        group_context=group_context,
    )


@pytest.mark.parametrize("sender_type", SenderType)
def test_only_members_have_a_membership_tag(sender_type: SenderType) -> None:
    sender = Sender(sender_type, 1) if sender_type <= SenderType.EXTERNAL else Sender(sender_type)
    message = PublicMessage.decode(protected(Remove(3), sender).encode())
    assert (message.membership_tag is not None) is (sender_type is SenderType.MEMBER)
    assert opened(message) == signed(Remove(3), sender)


def test_without_membership_key_nobody_speaks_as_a_member() -> None:
    message = protected(Remove(3))
    for tag in (None, b"", bytes(32), SUITE.mac(b"x" * 32, b"guess")):
        with pytest.raises(VerificationError, match="membership tag"):
            opened(replace(message, membership_tag=tag))


def test_the_signature_is_checked_too() -> None:
    content = replace(signed(Remove(3)), auth=FramedContentAuthData(bytes(64)))
    message = protect_public(SUITE, content, membership_key=MEMBERSHIP_KEY, group_context=b"context")
    with pytest.raises(VerificationError, match="signature"):
        opened(message)


def test_a_message_is_bound_to_its_group_context() -> None:
    with pytest.raises(VerificationError):
        opened(protected(Remove(3)), group_context=b"another context")
    with pytest.raises(VerificationError, match="signature"):
        opened(protected(Remove(3), Sender(SenderType.NEW_MEMBER_COMMIT)), group_context=b"another context")


@given(st.data())
def test_no_changed_bit_goes_unnoticed(data: st.DataObject) -> None:
    message = bytearray(protected(Remove(3)).encode())
    position = data.draw(st.integers(0, len(message) * 8 - 1))
    message[position // 8] ^= 1 << position % 8
    with pytest.raises(PeerError):
        opened(PublicMessage.decode(bytes(message)))


def test_what_could_not_be_accepted_is_not_made() -> None:
    keys = {"membership_key": MEMBERSHIP_KEY, "group_context": b"context"}
    with pytest.raises(ValueError, match="must be encrypted"):
        protect_public(SUITE, signed(b"application data"), **keys)
    with pytest.raises(ValueError, match="wire format"):
        protect_public(SUITE, signed(Remove(3), wire_format=WireFormat.PRIVATE_MESSAGE), **keys)
    with pytest.raises(ValueError, match="confirmation tag"):
        protect_public(SUITE, signed(Commit((), None)), **keys)
