import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.relay.mls_header import ContentType, MLSHeader, read_header
from tests.support.vectors import load_json

OPAQUE = st.binary(max_size=300)


def opaque(data: bytes) -> bytes:
    """RFC 9420 section 2.1.2, the shortest form."""
    if len(data) < 1 << 6:
        return bytes([len(data)]) + data
    if len(data) < 1 << 14:
        return (len(data) | 1 << 14).to_bytes(2, "big") + data
    return (len(data) | 2 << 30).to_bytes(4, "big") + data


def private_message(
    *,
    group_id: bytes = b"room",
    epoch: int = 7,
    content_type: int = 1,
    authenticated_data: bytes = b"PF1",
    encrypted_sender_data: bytes = bytes(28),
    ciphertext: bytes = bytes(100),
) -> bytes:
    return (
        b"\x00\x01\x00\x02"
        + opaque(group_id)
        + epoch.to_bytes(8, "big")
        + bytes([content_type])
        + opaque(authenticated_data)
        + opaque(encrypted_sender_data)
        + opaque(ciphertext)
    )


MESSAGE = private_message()


@given(OPAQUE, st.integers(0, 2**64 - 1), st.sampled_from(ContentType), OPAQUE, OPAQUE)
def test_the_header_is_what_was_written(
    group_id: bytes, epoch: int, content_type: ContentType, authenticated_data: bytes, ciphertext: bytes
) -> None:
    message = private_message(
        group_id=group_id,
        epoch=epoch,
        content_type=content_type,
        authenticated_data=authenticated_data,
        ciphertext=ciphertext,
    )
    assert read_header(message) == MLSHeader(
        wire_format=2,
        group_id=group_id,
        epoch=epoch,
        content_type=content_type,
        authenticated_data=authenticated_data,
    )


@pytest.mark.parametrize("size", [0, 63, 64, 16383, 16384, 65000])
def test_every_width_of_a_length_is_read(size: int) -> None:
    assert read_header(private_message(ciphertext=bytes(size))).epoch == 7


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_only_our_error(data: bytes) -> None:
    with pytest.raises(DecodeError):
        read_header(data)


def test_every_truncation_and_any_trailing_byte_is_refused() -> None:
    for length in range(len(MESSAGE)):
        with pytest.raises(DecodeError):
            read_header(MESSAGE[:length])
    with pytest.raises(DecodeError, match="after"):
        read_header(MESSAGE + b"\0")


@pytest.mark.parametrize("wire_format", [0, 1, 3, 4, 5, 0x0102])
def test_other_wire_formats_are_refused(wire_format: int) -> None:
    with pytest.raises(DecodeError, match="PrivateMessage"):
        read_header(b"\x00\x01" + wire_format.to_bytes(2, "big") + MESSAGE[4:])


@pytest.mark.parametrize("version", [0, 2, 0x0100])
def test_other_versions_are_refused(version: int) -> None:
    with pytest.raises(DecodeError, match=r"MLS 1\.0"):
        read_header(version.to_bytes(2, "big") + MESSAGE[2:])


@pytest.mark.parametrize("content_type", [0, 4, 255])
def test_unknown_content_types_are_refused(content_type: int) -> None:
    with pytest.raises(DecodeError, match="content type"):
        read_header(private_message(content_type=content_type))


@pytest.mark.parametrize(
    "group_id",
    [
        pytest.param(b"\x40\x04room", id="two bytes for 4"),
        pytest.param(b"\x80\x00\x00\x04room", id="four bytes for 4"),
        pytest.param(b"\x40\x3f" + bytes(63), id="two bytes for 63"),
        pytest.param(b"\x80\x00\x3f\xff" + bytes(16383), id="four bytes for 16383"),
        pytest.param(b"\xc0\x00\x00\x00\x00\x00\x00\x04room", id="eight bytes"),
        pytest.param(b"\xbf\xff\xff\xff", id="a gibibyte claimed"),
    ],
)
def test_lengths_not_in_their_shortest_form_are_refused(group_id: bytes) -> None:
    rest = MESSAGE[4 + len(opaque(b"room")) :]
    with pytest.raises(DecodeError):
        read_header(MESSAGE[:4] + group_id + rest)


def test_published_private_messages_are_read_and_everything_else_refused() -> None:
    read = refused = 0
    for vector in load_json("mls", "messages.json"):
        for name, encoded in vector.items():
            data = bytes.fromhex(encoded)
            if name == "private_message":
                header = read_header(data)
                assert data[4:].startswith(opaque(header.group_id) + header.epoch.to_bytes(8, "big"))
                read += 1
            elif data[:4] != b"\x00\x01\x00\x02":
                with pytest.raises(DecodeError):
                    read_header(data)
                refused += 1
    assert read
    assert refused
