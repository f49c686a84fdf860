"""Invitations: a code that survives typing, and letters that open only whole and only with the secret."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channel.errors import BadInvitationCode, BadInvitationContent
from channel.identity import Identity, make_certificate
from channel.invitation import (
    BLOB_SIZE,
    MAX_LETTER_SIZE,
    Invitation,
    InvitationRequest,
    InvitationResponse,
)
from protocols import canonical

INVITATION = Invitation("wss://relay.example.org:8443/v1", bytes(range(32)))
OTHER = Invitation(INVITATION.relay_url, bytes(32))
AMAL = Identity.from_seed(b"\x01" * 32)
CERTIFICATE = make_certificate(
    AMAL, leaf_signature_key=b"\x05" * 32, not_before_s=0, not_after_s=9, device="laptop"
)
REQUEST = InvitationRequest(
    key_packages=(b"a key package", b"another"),
    identity_key=AMAL.public_key,
    name="Amal",
    certificate=CERTIFICATE,
)
RESPONSE = InvitationResponse(
    welcome=b"a welcome", genesis=b"a genesis", history=b"h" * (3 * BLOB_SIZE), relay_vkey="relay+1+2"
)
CODE = "parley1-000g40r4-0m30e209-185gr38e-1w8124gk-2gahc5rr-34d1p70x-3rfqewvk-78qjywk5-dhgqjbk5-f1gptw3c-cmq6ywk7-78w38d1k-5xv330fv-96zg"


def test_the_code_is_pinned() -> None:
    assert INVITATION.code == CODE
    assert Invitation.parse(CODE) == INVITATION


@given(
    st.binary(min_size=32, max_size=32),
    st.from_regex(r"wss?://[a-z0-9.-]{1,60}(:[0-9]{1,5})?", fullmatch=True),
)
def test_every_code_reads_back(secret: bytes, url: str) -> None:
    invitation = Invitation(url, secret)
    assert Invitation.parse(invitation.code) == invitation


def test_how_it_was_typed_does_not_matter() -> None:
    assert Invitation.parse(CODE.upper()) == INVITATION
    assert Invitation.parse(f"  {CODE[:20]}\n  {CODE[20:]} \t") == INVITATION
    assert Invitation.parse("parley1-" + CODE.removeprefix("parley1-").replace("-", " ")) == INVITATION
    body = CODE.removeprefix("parley1-")
    assert Invitation.parse("parley1-" + body.replace("0", "o").replace("1", "l")) == INVITATION


@pytest.mark.parametrize("position", [i for i in range(len("parley1-"), len(CODE)) if CODE[i] != "-"])
def test_every_single_typing_error_is_found(position: int) -> None:
    replacement = "7" if CODE[position] != "7" else "8"
    with pytest.raises(BadInvitationCode):
        Invitation.parse(CODE[:position] + replacement + CODE[position + 1 :])
    with pytest.raises(BadInvitationCode):
        Invitation.parse(CODE[:position] + CODE[position + 1 :])


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("", "begins with parley1-"),
        ("hello", "begins with parley1-"),
        (CODE[8:], "begins with parley1-"),
        (CODE[:40], "not whole"),
        ("parley1-" + "0" * 1000, "not whole"),
        (CODE[:-1] + "u", "a character that no code has"),
        (CODE[:-1] + "\u0661", "a character that no code has"),
        (CODE + "00000000", "mistyped"),
    ],
)
def test_what_is_wrong_is_said(code: str, hint: str) -> None:
    with pytest.raises(BadInvitationCode, match=hint):
        Invitation.parse(code)


@given(st.text(max_size=200))
def test_garbage_is_one_error(text: str) -> None:
    with pytest.raises(BadInvitationCode):
        Invitation.parse("parley1-" + text)


@pytest.mark.parametrize(
    "url", ["", "https://x", "wss://user:pw@x", "wss://x y", "wss://\x1b", "wss://" + "x" * 200]
)
def test_only_relay_urls_are_invited_to(url: str) -> None:
    with pytest.raises(BadInvitationCode):
        Invitation(url, bytes(32))


def test_the_secret_does_not_show() -> None:
    assert repr(INVITATION.secret) not in repr(INVITATION)
    assert INVITATION.mailbox_id != INVITATION.secret
    assert INVITATION.mailbox_id != OTHER.mailbox_id


def test_letters_arrive() -> None:
    assert INVITATION.open_request(INVITATION.seal_request(REQUEST)) == REQUEST
    blobs = INVITATION.seal_response(RESPONSE)
    assert len(blobs) == 4
    assert all(len(blob) <= BLOB_SIZE + 16 for blob in blobs)
    assert INVITATION.open_response(blobs) == RESPONSE


def test_sealing_again_gives_the_same_blobs() -> None:
    assert INVITATION.seal_request(REQUEST) == INVITATION.seal_request(REQUEST)


def test_the_length_tells_little() -> None:
    longer = replace(REQUEST, name="Amal of the northern valleys")
    assert [len(blob) for blob in INVITATION.seal_request(REQUEST)] == [
        len(blob) for blob in INVITATION.seal_request(longer)
    ]


def test_another_secret_does_not_open_them() -> None:
    with pytest.raises(BadInvitationContent, match="does not belong"):
        OTHER.open_request(INVITATION.seal_request(REQUEST))


def test_a_relay_cannot_rearrange_them() -> None:
    blobs = INVITATION.seal_response(RESPONSE)
    rearranged = [
        (),
        blobs[:-1],
        blobs[1:],
        (*blobs, blobs[-1]),
        (blobs[1], blobs[0], *blobs[2:]),
        (blobs[0], blobs[0], *blobs[2:]),
        (*blobs[:-1], b""),
        (*blobs[:-1], blobs[-1][:-1]),
        INVITATION.seal_request(REQUEST),
    ]
    for changed in rearranged:
        with pytest.raises(BadInvitationContent):
            INVITATION.open_response(changed)


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=7))
def test_no_flipped_bit_survives(position: int, bit: int) -> None:
    (blob,) = INVITATION.seal_request(REQUEST)
    damaged = bytearray(blob)
    damaged[position % len(blob)] ^= 1 << bit
    with pytest.raises(BadInvitationContent):
        INVITATION.open_request([bytes(damaged)])


def sealed_letter(items: list[canonical.Encodable]) -> tuple[bytes, ...]:
    """Seal a letter that no honest invitee writes."""
    return INVITATION._seal(0, canonical.encode(items))


@pytest.mark.parametrize(
    "items",
    [
        [],
        [1, [b"kp"], AMAL.public_key, "Amal", CERTIFICATE],
        [3, [b"kp"], AMAL.public_key, "Amal", CERTIFICATE],
        [2, b"kp", AMAL.public_key, "Amal", CERTIFICATE],
        [2, ["kp"], AMAL.public_key, "Amal", CERTIFICATE],
        [2, [bytes(16_385)], AMAL.public_key, "Amal", CERTIFICATE],
        [2, [b"kp"] * 9, AMAL.public_key, "Amal", CERTIFICATE],
        [2, [b"kp"], b"short", "Amal", CERTIFICATE],
        [2, [b"kp"], AMAL.public_key, "Am\u202eal", CERTIFICATE],
        [2, [b"kp"], AMAL.public_key, "", CERTIFICATE],
        [2, [b"kp"], AMAL.public_key, "Amal", b"none"],
        [2, [b"kp"], Identity.from_seed(b"\x02" * 32).public_key, "Amal", CERTIFICATE],
        [2, [b"kp"], AMAL.public_key, "Amal", CERTIFICATE, 0],
    ],
)
def test_a_request_that_is_none_is_refused(items: list[canonical.Encodable]) -> None:
    with pytest.raises(BadInvitationContent, match="refused"):
        INVITATION.open_request(sealed_letter(items))


def test_too_much_is_refused_before_it_is_opened() -> None:
    blob = bytes(MAX_LETTER_SIZE // 16)
    with pytest.raises(BadInvitationContent, match="more than"):
        INVITATION.open_response([blob] * 18)
