from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError, ProtocolError, VerificationError
from protocols.log import note
from protocols.log.note import Verifier, open_note, sign

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
NAME = "relay.example/r/1"
VERIFIER = Verifier(NAME, KEY.public_key().public_bytes_raw())
ED25519 = b64encode(b"\x01" + VERIFIER.public_key).decode()
COSIGNATURE = b64encode(b"\x04" + VERIFIER.public_key).decode()
TEXTS = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]) | st.just("\n"), max_size=60).map(
    lambda text: text + "\n"
)


@given(TEXTS)
def test_what_is_signed_opens(text: str) -> None:
    opened = open_note(sign(text, NAME, KEY), (VERIFIER,))
    assert opened.text == text
    assert [signature.name for signature in opened.verified] == [NAME]
    assert opened.unverified == ()


@given(st.integers(0), st.integers(1, 255))
def test_no_changed_byte_opens(position: int, change: int) -> None:
    changed = bytearray(sign("one line\nand another\n", NAME, KEY))
    changed[position % len(changed)] ^= change
    with pytest.raises(ProtocolError):
        open_note(bytes(changed), (VERIFIER,))


@given(st.binary(max_size=300))
def test_arbitrary_bytes_raise_only_our_errors(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        open_note(data, (VERIFIER,))


def test_a_second_signature_by_an_unknown_key_is_kept_apart() -> None:
    both = sign("text\n", NAME, KEY) + sign("text\n", "other", OTHER_KEY).split(b"\n\n")[1]
    opened = open_note(both, (VERIFIER,))
    assert [signature.name for signature in opened.unverified] == ["other"]


def test_one_known_signature_that_fails_spoils_the_note() -> None:
    other = Verifier("other", OTHER_KEY.public_key().public_bytes_raw())
    both = sign("text\n", NAME, KEY) + sign("another\n", "other", OTHER_KEY).split(b"\n\n")[1]
    with pytest.raises(VerificationError):
        open_note(both, (VERIFIER, other))


def test_a_key_under_another_name_is_unknown() -> None:
    with pytest.raises(VerificationError, match="known key"):
        open_note(sign("text\n", "somebody.else", KEY), (VERIFIER,))


def test_text_may_hold_blank_lines_and_even_signature_lines() -> None:
    inner = sign("inner\n", NAME, OTHER_KEY).decode()
    assert open_note(sign(inner + "\n\n", NAME, KEY), (VERIFIER,)).text == inner + "\n\n"


def test_size_and_number_of_signatures_are_bounded() -> None:
    line = sign("text\n", NAME, KEY).split(b"\n\n")[1]
    assert open_note(b"text\n\n" + line * note.MAX_SIGNATURES, (VERIFIER,)).text == "text\n"
    with pytest.raises(DecodeError, match="too many"):
        open_note(b"text\n\n" + line * (note.MAX_SIGNATURES + 1), (VERIFIER,))
    with pytest.raises(DecodeError, match="too large"):
        open_note(sign("x" * note.MAX_NOTE_SIZE + "\n", NAME, KEY), (VERIFIER,))


@pytest.mark.parametrize(
    "line",
    [
        "— relay.example/r/1 ####",
        "— relay.example/r/1 AAAA",
        "— relay.example/r/1 AAAAAAB=",
        "— relay.example/r/1  AAAAAAAA",
        "— relay.example/r/1 AAAAAAAA ",
        "— +name AAAAAAAA",
        "—  AAAAAAAA",
        "- relay.example/r/1 AAAAAAAA",
        "—relay AAAAAAAA",
        "— relay.example/r/1 ÄÄÄÄ",
        "",
    ],
)
def test_malformed_signature_lines_are_refused(line: str) -> None:
    with pytest.raises(DecodeError):
        open_note(sign("text\n", NAME, KEY) + f"{line}\n".encode(), (VERIFIER,))


@pytest.mark.parametrize(
    "name", ["", "two words", "a+b", "a\nb", "tab\t", "\x1b[2J", "nbsp\u00a0", "del\x7f", "\x85", "x" * 256]
)
def test_names_that_no_note_can_carry_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        sign("text\n", name, KEY)
    with pytest.raises(ValueError, match="name"):
        Verifier(name, VERIFIER.public_key)


@pytest.mark.parametrize("text", ["", "no newline", "tab\there\n", "\x00\n"])
def test_texts_that_no_note_can_carry_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="text"):
        sign(text, NAME, KEY)


def test_a_vkey_reads_back() -> None:
    assert Verifier.from_vkey(VERIFIER.vkey) == VERIFIER


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "relay",
        "relay+00000000",
        VERIFIER.vkey[:-1],
        VERIFIER.vkey + "=",
        VERIFIER.vkey.replace("relay", "delay"),
        VERIFIER.vkey.replace("+", " ", 1),
        f"{NAME}+{VERIFIER.key_id.hex()}0+{ED25519}",
        f"{NAME}+{VERIFIER.key_id.hex()}+{COSIGNATURE}",
    ],
)
def test_malformed_vkeys_are_refused(vkey: str) -> None:
    with pytest.raises(DecodeError):
        Verifier.from_vkey(vkey)


def test_a_vkey_with_an_untrustworthy_key_is_refused() -> None:
    encoded = b64encode(b"\x01" + bytes(32)).decode()
    with pytest.raises(VerificationError, match="low order"):
        Verifier.from_vkey(f"relay+00000000+{encoded}")
