from pathlib import Path

import pytest

from protocols.log import checkpoint
from protocols.log.checkpoint import Checkpoint
from server.errors import OperatorError
from server.signing import KEY_FILE, Signer, load_or_create
from tests.server.rig import SIGNER, genesis


def test_a_signed_head_is_the_checkpoint_of_the_specification() -> None:
    for size in (0x01, 0x7F, 10**12):
        root = size.to_bytes(32, "big")
        note = SIGNER.sign(genesis().encode(), size, root)
        assert note == checkpoint.sign(Checkpoint(genesis().origin, size, root), SIGNER.private_key)
        verified = checkpoint.verify(note, origin=genesis().origin, public_key=SIGNER.verifier.public_key)
        assert (verified.size, verified.root) == (size, root)


def test_the_first_start_makes_a_key_that_stays(tmp_path: Path) -> None:
    first = load_or_create(tmp_path, "relay.example.org")
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert first.vkey.startswith("relay.example.org+")
    assert load_or_create(tmp_path, "relay.example.org").vkey == first.vkey
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_a_key_others_can_read_is_refused(tmp_path: Path) -> None:
    load_or_create(tmp_path, "relay")
    (tmp_path / KEY_FILE).chmod(0o640)
    with pytest.raises(OperatorError, match="chmod 600"):
        load_or_create(tmp_path, "relay")


def test_a_damaged_key_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / KEY_FILE
    path.write_bytes(bytes(31))
    path.chmod(0o600)
    with pytest.raises(OperatorError, match="damaged"):
        load_or_create(tmp_path, "relay")
    assert path.read_bytes() == bytes(31)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "x" * 300])
def test_a_name_that_a_note_cannot_carry(tmp_path: Path, name: str) -> None:
    with pytest.raises(OperatorError, match="name"):
        load_or_create(tmp_path, name)


def test_the_private_key_stays_out_of_representations() -> None:
    signer = Signer.from_private_bytes("relay", bytes(32))
    assert "private" not in repr(signer)
