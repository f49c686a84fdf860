import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError, ProtocolError, VerificationError
from protocols.log import checkpoint as checkpoints
from protocols.log import note
from protocols.log.checkpoint import Checkpoint
from protocols.log.merkle import EMPTY_ROOT, MAX_TREE_SIZE

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEY = KEY.public_key().public_bytes_raw()
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
ORIGIN = "relay.example/r/" + "5a" * 32
CHECKPOINT = Checkpoint(ORIGIN, 7, bytes(range(32)))
BODY = CHECKPOINT.body()
ROOT_LINE = BODY.split("\n")[2]


def verify(data: bytes) -> Checkpoint:
    return checkpoints.verify(data, origin=ORIGIN, public_key=PUBLIC_KEY)


@given(st.integers(1, MAX_TREE_SIZE), st.binary(min_size=32, max_size=32))
def test_what_is_signed_verifies(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(ORIGIN, size, root)
    assert verify(checkpoints.sign(checkpoint, KEY)) == checkpoint
    assert Checkpoint.from_body(checkpoint.body()) == checkpoint


def test_the_empty_log_has_the_empty_root() -> None:
    empty = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert verify(checkpoints.sign(empty, KEY)) == empty
    lying = note.sign(f"{ORIGIN}\n0\n{ROOT_LINE}\n", ORIGIN, KEY)
    with pytest.raises(DecodeError):
        verify(lying)


@pytest.mark.parametrize(
    "body",
    [
        "\n",
        f"{ORIGIN}\n7\n",
        f"\n7\n{ROOT_LINE}\n",
        f"{ORIGIN}\n07\n{ROOT_LINE}\n",
        f"{ORIGIN}\n+7\n{ROOT_LINE}\n",
        f"{ORIGIN}\n-7\n{ROOT_LINE}\n",
        f"{ORIGIN}\n 7\n{ROOT_LINE}\n",
        f"{ORIGIN}\n7_0\n{ROOT_LINE}\n",
        f"{ORIGIN}\n\u0667\n{ROOT_LINE}\n",
        f"{ORIGIN}\n7e1\n{ROOT_LINE}\n",
        f"{ORIGIN}\n\n{ROOT_LINE}\n",
        f"{ORIGIN}\n{MAX_TREE_SIZE + 1}\n{ROOT_LINE}\n",
        f"{ORIGIN}\n{'9' * 5000}\n{ROOT_LINE}\n",
        f"{ORIGIN}\n7\n{ROOT_LINE[:-4]}\n",
        f"{ORIGIN}\n7\n{ROOT_LINE[:-1]}\n",
        f"{ORIGIN}\n7\n{ROOT_LINE[:-2]}9=\n",
        f"{ORIGIN}\n7\n{ROOT_LINE} \n",
        f"{ORIGIN}\n7\n{ROOT_LINE}\nextension line\n",
        f"{ORIGIN}\n7\n{ROOT_LINE}\n\n",
    ],
)
def test_anything_but_the_canonical_body_is_refused(body: str) -> None:
    assert body != BODY
    with pytest.raises(DecodeError):
        verify(note.sign(body, ORIGIN, KEY))


def test_another_origin_in_the_body_is_refused() -> None:
    other = Checkpoint(ORIGIN + "0", 7, CHECKPOINT.root)
    with pytest.raises(VerificationError, match="another log"):
        verify(note.sign(other.body(), ORIGIN, KEY))
    with pytest.raises(VerificationError, match="known key"):
        verify(checkpoints.sign(other, KEY))


def test_another_key_is_refused() -> None:
    with pytest.raises(VerificationError):
        verify(checkpoints.sign(CHECKPOINT, OTHER_KEY))


def test_a_forged_signature_under_the_right_key_id_is_refused() -> None:
    signed = checkpoints.sign(CHECKPOINT, KEY)
    grown = checkpoints.sign(Checkpoint(ORIGIN, 8, CHECKPOINT.root), KEY)
    text, _ = grown.split(b"\n\n")
    _, signature = signed.split(b"\n\n")
    with pytest.raises(VerificationError, match="does not verify"):
        verify(text + b"\n\n" + signature)


def test_a_cosignature_beside_the_logs_own_is_ignored() -> None:
    witness = note.sign(BODY, "witness.example", OTHER_KEY).split(b"\n\n")[1]
    assert verify(checkpoints.sign(CHECKPOINT, KEY) + witness) == CHECKPOINT


@given(st.integers(0), st.integers(1, 255))
def test_no_changed_byte_verifies(position: int, change: int) -> None:
    changed = bytearray(checkpoints.sign(CHECKPOINT, KEY))
    changed[position % len(changed)] ^= change
    with pytest.raises(ProtocolError):
        verify(bytes(changed))


@pytest.mark.parametrize(
    ("origin", "size", "root"),
    [
        ("", 1, bytes(32)),
        ("a\nb", 1, bytes(32)),
        ("a", -1, bytes(32)),
        ("a", 1, bytes(31)),
        ("a", 2**63, bytes(32)),
    ],
)
def test_impossible_checkpoints_cannot_be_made(origin: str, size: int, root: bytes) -> None:
    with pytest.raises(ValueError, match=r"origin|tree size"):
        Checkpoint(origin, size, root)
