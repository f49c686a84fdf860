"""Signed notes that others published; one test per entry."""

from base64 import b64decode
from typing import Any

import pytest

from protocols.errors import ProtocolError
from protocols.log import checkpoint as checkpoints
from protocols.log.merkle import leaf_hash, verify_inclusion
from protocols.log.note import Verifier, open_note
from tests.support.vectors import load_json

PUBLISHED = load_json("log", "signed-note.json")


def test_the_file_is_whole() -> None:
    assert len(PUBLISHED["verify"]) == 15
    assert len(PUBLISHED["bad_vkeys"]) == 2


@pytest.mark.parametrize("vector", PUBLISHED["verify"], ids=lambda vector: vector["name"])
def test_note(vector: dict[str, Any]) -> None:
    data = b64decode(vector["note_b64"]) if "note_b64" in vector else vector["note"].encode()
    verifiers = [Verifier.from_vkey(vkey) for vkey in vector["vkeys"]]
    if vector["want"] == "ok":
        opened = open_note(data, verifiers)
        assert [signature.name for signature in opened.verified] == vector["verified_names"]
        assert data.startswith(opened.text.encode() + b"\n")
    else:
        assert vector["want"] == "reject"
        with pytest.raises(ProtocolError):
            open_note(data, verifiers)


@pytest.mark.parametrize("vector", PUBLISHED["bad_vkeys"], ids=lambda vector: vector["name"])
def test_bad_vkey(vector: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        Verifier.from_vkey(vector["vkey"])


@pytest.mark.parametrize(
    ("file", "vkey_field"), [("rekor-v2-tlog-proof.json", "vkey"), ("cosignature-v1.json", "log_vkey")]
)
def test_a_real_proof_of_another_log_verifies(file: str, vkey_field: str) -> None:
    """Rekor v2 and Sigsum; the latter's note has a witness cosignature beside the log's own, which is ignored."""
    vector = load_json("log", file)
    verifier = Verifier.from_vkey(vector[vkey_field])
    head, _, note = vector["tlog_proof"].partition("\n\n")
    _, index, *proof = head.split("\n")
    entry_hash = (
        bytes.fromhex(vector["leaf_hash_hex"])
        if "leaf_hash_hex" in vector
        else leaf_hash(b64decode(vector["entry_b64"]))
    )
    checkpoint = checkpoints.verify(note.encode(), origin=verifier.name, public_key=verifier.public_key)
    verify_inclusion(
        index=int(index.removeprefix("index ")),
        size=checkpoint.size,
        leaf_hash=entry_hash,
        proof=tuple(b64decode(line) for line in proof),
        root=checkpoint.root,
    )
