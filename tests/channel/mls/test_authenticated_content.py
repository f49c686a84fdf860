from typing import Any

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
    framed_content_tbs,
    sign_framed_content,
    verify_framed_content,
)
from channel.mls.crypto import cipher_suite
from channel.mls.errors import DecodeError, ValidationError, VerificationError
from channel.mls.proposals import Commit, Remove, UnknownProposal
from channel.mls.types import ContentType, WireFormat

SUITE = cipher_suite(1)
PAIR = SUITE.generate_signature_key_pair(b"\x07".__mul__)
OTHER = SUITE.generate_signature_key_pair(b"\x08".__mul__)

SENDERS = st.one_of(
    st.builds(Sender, st.sampled_from((SenderType.MEMBER, SenderType.EXTERNAL)), st.integers(0, 2**32 - 1)),
    st.builds(Sender, st.sampled_from((SenderType.NEW_MEMBER_PROPOSAL, SenderType.NEW_MEMBER_COMMIT))),
)
CONTENTS = st.one_of(
    st.binary(max_size=100),
    st.builds(Remove, st.integers(0, 2**32 - 1)),
    st.builds(UnknownProposal, st.integers(0xF000, 0xFFFF), st.binary(max_size=40)),
    st.builds(Commit, st.lists(st.builds(Remove, st.integers(0, 99)), max_size=3).map(tuple), st.none()),
)
FRAMED = st.builds(
    FramedContent,
    group_id=st.binary(max_size=40),
    epoch=st.integers(0, 2**64 - 1),
    sender=SENDERS,
    authenticated_data=st.binary(max_size=40),
    content=CONTENTS,
)


@given(FRAMED, st.binary(max_size=70), st.binary(max_size=40))
def test_authenticated_content_comes_back(framed: FramedContent, signature: bytes, tag: bytes) -> None:
    auth = FramedContentAuthData(signature, tag if framed.content_type is ContentType.COMMIT else None)
    authenticated = AuthenticatedContent(WireFormat.PUBLIC_MESSAGE, framed, auth)
    decoded = AuthenticatedContent.decode(authenticated.encode())
    assert decoded == authenticated
    assert decoded.encode() == authenticated.encode()
    assert FramedContent.decode(framed.encode()) == framed


@given(st.binary(max_size=120))
def test_garbage_raises_nothing_but_decode_error(data: bytes) -> None:
    try:
        decoded = AuthenticatedContent.decode(data)
    except DecodeError:
        return
    assert decoded.encode() == data


@pytest.mark.parametrize("sender_type", [0, 5, 255])
def test_unknown_sender_types_are_refused(sender_type: int) -> None:
    with pytest.raises(DecodeError, match="sender type"):
        FramedContent.decode(bytes(9) + bytes([sender_type]) + bytes(8))


@pytest.mark.parametrize("content_type", [0, 4, 255])
def test_unknown_content_types_are_refused(content_type: int) -> None:
    with pytest.raises(DecodeError, match="content type"):
        FramedContent.decode(bytes(9) + b"\x03\x00" + bytes([content_type]) + bytes(8))


def framed(content: Content, sender: Sender) -> FramedContent:
    return FramedContent(group_id=b"group", epoch=3, sender=sender, authenticated_data=b"ad", content=content)


@pytest.mark.parametrize("sender_type", SenderType)
def test_the_group_context_is_signed_by_those_who_know_it(sender_type: SenderType) -> None:
    content = framed(Remove(1), Sender(sender_type))
    tbs = framed_content_tbs(WireFormat.PUBLIC_MESSAGE, content, group_context=b"the group context")
    knows = sender_type in (SenderType.MEMBER, SenderType.NEW_MEMBER_COMMIT)
    assert tbs.endswith(b"the group context") is knows


def test_only_a_member_has_a_leaf() -> None:
    assert Sender.member(4).leaf_index == 4
    with pytest.raises(ValidationError, match="not a member") as caught:
        _ = Sender(SenderType.EXTERNAL, 4).leaf_index
    assert caught.value.rule == "6.3.2-1"


def signed(content: Content, wire_format: WireFormat) -> dict[str, Any]:
    """The auditor's arguments for a statement that member 4 did sign."""
    statement = framed(content, Sender.member(4))
    signature = sign_framed_content(
        SUITE, statement, wire_format=wire_format, group_context=b"context", signing_key=PAIR.private_key
    )
    return {
        "signature_key": PAIR.public_key,
        "group_context": b"context",
        "group_id": b"group",
        "epoch": 3,
        "sender": 4,
        "authenticated_data": b"ad",
        "content_type": statement.content_type,
        "content": content if isinstance(content, bytes) else content.encode(),
        "signature": signature,
        "wire_format": wire_format,
    }


@pytest.mark.parametrize("wire_format", [WireFormat.PUBLIC_MESSAGE, WireFormat.PRIVATE_MESSAGE])
@pytest.mark.parametrize(
    "content", [b"said", Remove(2), Commit((), None)], ids=["application", "proposal", "commit"]
)
def test_an_auditor_confirms_what_was_signed_and_nothing_else(
    content: Content, wire_format: WireFormat
) -> None:
    arguments = signed(content, wire_format)
    verify_framed_content(SUITE, **arguments)
    others = {
        "signature_key": OTHER.public_key,
        "group_context": b"another context",
        "group_id": b"another group",
        "epoch": 4,
        "sender": 5,
        "authenticated_data": b"",
        "content_type": ContentType.PROPOSAL if isinstance(content, bytes) else ContentType.APPLICATION,
        "content": b"never said",
        "signature": bytes(64),
        "wire_format": WireFormat.WELCOME,
    }
    assert set(others) == set(arguments)
    for name, value in others.items():
        with pytest.raises(VerificationError):
            verify_framed_content(SUITE, **{**arguments, name: value})


@pytest.mark.parametrize("key", [bytes(32), b"\x01" + bytes(31), b"\xee" + b"\xff" * 30 + b"\x7f"])
def test_an_auditor_refuses_keys_that_prove_nothing(key: bytes) -> None:
    with pytest.raises(VerificationError):
        verify_framed_content(SUITE, **{**signed(b"said", WireFormat.PRIVATE_MESSAGE), "signature_key": key})


def test_application_data_stays_out_of_reprs() -> None:
    assert "in confidence" not in repr(framed(b"in confidence", Sender.member(1)))
