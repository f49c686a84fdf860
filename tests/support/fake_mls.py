"""MLS PrivateMessages as a relay sees them: a true header over bytes that nobody can open.

Built by hand from RFC 9420 section 6.3, so that the relay's tests need nothing of `channel`.
"""

APPLICATION = 1
PROPOSAL = 2
COMMIT = 3


def private_message(
    group_id: bytes,
    epoch: int,
    content_type: int = APPLICATION,
    *,
    body: bytes = b"ciphertext",
    authenticated_data: bytes = b"",
    version: int = 1,
    wire_format: int = 2,
) -> bytes:
    return (
        version.to_bytes(2, "big")
        + wire_format.to_bytes(2, "big")
        + vector(group_id)
        + epoch.to_bytes(8, "big")
        + bytes([content_type])
        + vector(authenticated_data)
        + vector(b"sender data")
        + vector(body)
    )


def vector(data: bytes) -> bytes:
    """A vector with the variable-length size of RFC 9420 section 2.1.2."""
    length = len(data)
    if length < 1 << 6:
        return bytes([length]) + data
    if length < 1 << 14:
        return (length | 1 << 14).to_bytes(2, "big") + data
    return (length | 2 << 30).to_bytes(4, "big") + data
