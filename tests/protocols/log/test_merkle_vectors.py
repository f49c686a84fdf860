"""Merkle proofs that others published; one test per entry."""

from base64 import b64decode
from typing import Any

import pytest

from protocols.errors import VerificationError
from protocols.log.merkle import leaf_hash, verify_consistency, verify_inclusion
from tests.support.vectors import load_json

INCLUSION = load_json("log", "merkle-inclusion.json")["vectors"]
CONSISTENCY = load_json("log", "merkle-consistency.json")["vectors"]


def hashes(encoded: list[str] | None) -> tuple[bytes, ...]:
    return tuple(b64decode(value) for value in encoded or ())


def test_the_files_are_whole() -> None:
    assert len(INCLUSION) == len(CONSISTENCY) == 98
    assert sum(not vector["wantErr"] for vector in INCLUSION) == 6


@pytest.mark.parametrize("vector", INCLUSION, ids=lambda vector: vector["name"])
def test_inclusion(vector: dict[str, Any]) -> None:
    def verify() -> None:
        verify_inclusion(
            index=vector["leafIdx"],
            size=vector["treeSize"],
            leaf_hash=b64decode(vector["leafHash"]),
            proof=hashes(vector["proof"]),
            root=b64decode(vector["root"]),
        )

    if vector["wantErr"]:
        with pytest.raises(VerificationError):
            verify()
    else:
        verify()


@pytest.mark.parametrize("vector", CONSISTENCY, ids=lambda vector: vector["name"])
def test_consistency(vector: dict[str, Any]) -> None:
    def verify() -> None:
        verify_consistency(
            old_size=vector["size1"],
            new_size=vector["size2"],
            proof=hashes(vector["proof"]),
            old_root=b64decode(vector["root1"]),
            new_root=b64decode(vector["root2"]),
        )

    if vector["wantErr"] or vector["size1"] == 0:  # nothing is proven from nothing; ours is the stricter rule
        with pytest.raises(VerificationError):
            verify()
    else:
        verify()


def test_the_last_leaf_of_a_real_log_on_its_right_border() -> None:
    vector = load_json("log", "inclusion-right-border.json")
    assert vector["index"] == vector["tree_size"] - 1
    verify_inclusion(
        index=vector["index"],
        size=vector["tree_size"],
        leaf_hash=leaf_hash(vector["entry_utf8"].encode()),
        proof=hashes(vector["proof_b64"]),
        root=b64decode(vector["root_b64"]),
    )
