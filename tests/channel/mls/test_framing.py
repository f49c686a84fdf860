import pytest
from hypothesis import given
from hypothesis import strategies as st

from channel.mls.authenticated_content import FramedContent, FramedContentAuthData, Sender
from channel.mls.errors import DecodeError
from channel.mls.framing import MLSMessage
from channel.mls.private_message import (
    PrivateMessage,
    PrivateMessageHeader,
    decode_private_message,
    parse_private_message_header,
)
from channel.mls.public_message import PublicMessage
from channel.mls.types import ContentType, WireFormat

PRIVATE_MESSAGES = st.builds(
    PrivateMessage,
    st.builds(
        PrivateMessageHeader,
        st.binary(max_size=70),
        st.integers(0, 2**64 - 1),
        st.sampled_from(ContentType),
        st.binary(max_size=70),
    ),
    st.binary(max_size=40),
    st.binary(max_size=300),
)


@given(PRIVATE_MESSAGES)
def test_private_messages_come_back(message: PrivateMessage) -> None:
    encoded = MLSMessage(message).encode()
    assert MLSMessage.decode(encoded) == MLSMessage(message)
    assert MLSMessage(message).wire_format is WireFormat.PRIVATE_MESSAGE
    assert decode_private_message(encoded) == message
    assert parse_private_message_header(encoded) == message.header


@given(PRIVATE_MESSAGES, st.data())
def test_no_shortened_or_lengthened_message_decodes(message: PrivateMessage, data: st.DataObject) -> None:
    encoded = MLSMessage(message).encode()
    cut = encoded[: data.draw(st.integers(0, len(encoded) - 1))]
    for wrong in (cut, encoded + b"\x00"):
        for read in (MLSMessage.decode, decode_private_message, parse_private_message_header):
            with pytest.raises(DecodeError):
                read(wrong)


@given(st.sampled_from(WireFormat), st.binary(max_size=200))
def test_garbage_raises_nothing_but_decode_error(wire_format: WireFormat, data: bytes) -> None:
    encoded = b"\x00\x01" + wire_format.to_bytes(2, "big") + data
    try:
        decoded = MLSMessage.decode(encoded)
    except DecodeError:
        return
    assert decoded.encode() == encoded


@given(st.binary(max_size=60))
def test_garbage_is_no_private_message(data: bytes) -> None:
    with pytest.raises(DecodeError):
        parse_private_message_header(data)


@pytest.mark.parametrize("start", ["00000002", "00020002", "ffff0002"])
def test_other_versions_are_refused(start: str) -> None:
    with pytest.raises(DecodeError, match="version"):
        MLSMessage.decode(bytes.fromhex(start) + bytes(20))


@pytest.mark.parametrize("wire_format", [0, 6, 0xFFFF])
def test_other_wire_formats_are_refused(wire_format: int) -> None:
    with pytest.raises(DecodeError, match="wire format"):
        MLSMessage.decode(b"\x00\x01" + wire_format.to_bytes(2, "big") + bytes(20))


@pytest.mark.parametrize("sender", [Sender.member(3), Sender.member(0)])
def test_a_public_message_is_no_private_message(sender: Sender) -> None:
    content = FramedContent(group_id=b"g", epoch=1, sender=sender, authenticated_data=b"", content=b"x")
    encoded = MLSMessage(PublicMessage(content, FramedContentAuthData(b"s"), b"tag")).encode()
    assert MLSMessage.decode(encoded).encode() == encoded
    with pytest.raises(DecodeError, match="not an MLS"):
        parse_private_message_header(encoded)
