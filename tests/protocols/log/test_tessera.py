"""A complete log that another implementation wrote (transparency-dev/tessera), at every size from 0 to 15."""

import tarfile
from functools import cache

import pytest

from protocols.errors import VerificationError
from protocols.log import checkpoint as checkpoints
from protocols.log.checkpoint import Checkpoint
from protocols.log.follower import Fork, LogFollower
from protocols.log.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from protocols.log.note import Verifier
from tests.support import tiles, vectors

VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
ORIGIN = "example.com/log/testdata"
SIZES = range(1, 16)


@cache
def log_files() -> dict[str, bytes]:
    with tarfile.open(vectors.path("log", "tessera-testlog.tar.gz")) as archive:
        return {
            member.name.removeprefix("log/"): file.read()
            for member in archive
            if (file := archive.extractfile(member)) is not None
        }


def note_at(size: int) -> bytes:
    return log_files()[f"checkpoint.{size}"]


def checkpoint_at(size: int) -> Checkpoint:
    return checkpoints.verify(note_at(size), origin=ORIGIN, public_key=Verifier.from_vkey(VKEY).public_key)


def entries_at(size: int) -> tuple[bytes, ...]:
    return tiles.parse_bundle(log_files()[tiles.bundle_path(0, size)])


@pytest.mark.parametrize("size", SIZES)
def test_checkpoint_tile_and_bundle_agree(size: int) -> None:
    entries = entries_at(size)
    hashes = tiles.parse_tile(log_files()[tiles.tile_path(0, 0, size)])
    assert hashes == tuple(leaf_hash(entry) for entry in entries)
    assert checkpoint_at(size) == Checkpoint(ORIGIN, size, Frontier.EMPTY.extend(hashes).root())


def test_the_empty_log() -> None:
    assert checkpoint_at(0) == Checkpoint(ORIGIN, 0, Frontier.EMPTY.root())


@pytest.mark.parametrize("size", SIZES)
def test_every_inclusion_proof_made_from_the_tile_verifies(size: int) -> None:
    hashes = tiles.parse_tile(log_files()[tiles.tile_path(0, 0, size)])
    subtree = tiles.subtree_of_tile(hashes)
    root = checkpoint_at(size).root
    assert root_at(size, subtree) == root
    for index in range(size):
        proof = inclusion_proof(index, size, subtree)
        verify_inclusion(index=index, size=size, leaf_hash=hashes[index], proof=proof, root=root)


@pytest.mark.parametrize("new_size", SIZES)
def test_every_consistency_proof_made_from_the_tile_verifies(new_size: int) -> None:
    subtree = tiles.subtree_of_tile(tiles.parse_tile(log_files()[tiles.tile_path(0, 0, 15)]))
    for old_size in range(1, new_size + 1):
        verify_consistency(
            old_size=old_size,
            new_size=new_size,
            proof=consistency_proof(old_size, new_size, subtree),
            old_root=checkpoint_at(old_size).root,
            new_root=checkpoint_at(new_size).root,
        )


@pytest.mark.parametrize("step", [1, 4, 15])
def test_a_follower_accepts_the_whole_log_in_any_steps(step: int) -> None:
    subtree = tiles.subtree_of_tile(tiles.parse_tile(log_files()[tiles.tile_path(0, 0, 15)]))
    entries = entries_at(15)
    follower = LogFollower(ORIGIN, Verifier.from_vkey(VKEY).public_key)
    while follower.size < 15:
        upto = min(follower.size + step, 15)
        head = min(upto + 1, 15)
        follower = follower.receive(
            follower.size,
            entries[follower.size : upto],
            note_at(head),
            consistency_proof(upto, head, subtree),
        )
    assert follower.frontier.root() == checkpoint_at(15).root
    assert follower.ahead == ()


def test_a_follower_refuses_one_altered_byte_of_it() -> None:
    entries = [*entries_at(15)]
    entries[7] = entries[7][:-1] + b"?"
    with pytest.raises(Fork):
        LogFollower(ORIGIN, Verifier.from_vkey(VKEY).public_key).receive(0, entries, note_at(15), ())


def test_its_checkpoints_do_not_pass_under_another_origin_or_key() -> None:
    public_key = Verifier.from_vkey(VKEY).public_key
    with pytest.raises(VerificationError):
        checkpoints.verify(note_at(3), origin="example.com/log/other", public_key=public_key)
    with pytest.raises(VerificationError):
        checkpoints.verify(note_at(3), origin=ORIGIN, public_key=bytes([9]) + bytes(31))


def test_tile_paths_are_the_published_ones() -> None:
    published = vectors.load_json("log", "tile-paths.json")
    for case in published["tile"]:
        assert tiles.tile_path(case["level"], case["index"], case["w"]) == case["path"]
    for case in published["entries"]:
        assert tiles.bundle_path(case["index"], case["w"]) == case["path"]
    for case in published["entry_location"]:
        assert tiles.entry_location(case["seq"], case["size"]) == case["path"]
    for case in published["tile_set"]:
        widths = tiles.tile_widths(case["size"])
        assert {str(level): full for level, (full, _) in widths.items() if full} == case["full"]
        assert {str(level): partial for level, (_, partial) in widths.items() if partial} == case["partial"]
