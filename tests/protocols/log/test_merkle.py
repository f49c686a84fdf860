from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import VerificationError
from protocols.log.merkle import (
    EMPTY_ROOT,
    Frontier,
    HashTree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_at,
    verify_consistency,
    verify_inclusion,
)

LEAVES = tuple(leaf_hash(bytes([number])) for number in range(160))
SIZES = st.integers(1, len(LEAVES))
TREE = HashTree(LEAVES)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha256(b"\x01" + root_of(leaves[:k]) + root_of(leaves[k:])).digest()


def flip(value: bytes, bit: int) -> bytes:
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_hashes_are_rfc_6962s() -> None:
    assert sha256(b"").digest() == EMPTY_ROOT
    assert leaf_hash(b"entry") == sha256(b"\x00entry").digest()
    assert node_hash(LEAVES[0], LEAVES[1]) == sha256(b"\x01" + LEAVES[0] + LEAVES[1]).digest()


def test_every_small_root_is_the_definitions() -> None:
    for size in range(40):
        expected = root_of(LEAVES[:size])
        assert Frontier.empty().extend(LEAVES[:size]).root() == expected
        assert HashTree(LEAVES[:size]).root() == expected
        assert TREE.root(size) == expected
        assert root_at(size, TREE.subtree) == expected


@given(st.lists(st.integers(0, 50), max_size=6))
def test_a_frontier_grows_the_same_however_it_is_cut(cuts: list[int]) -> None:
    frontier, size = Frontier.EMPTY, 0
    for cut in cuts:
        leaves = [LEAVES[(size + offset) % len(LEAVES)] for offset in range(cut)]
        frontier, size = frontier.extend(leaves), size + cut
    one_by_one = Frontier.EMPTY
    tree = HashTree()
    for position in range(size):
        one_by_one = one_by_one.append(LEAVES[position % len(LEAVES)])
        tree.append(LEAVES[position % len(LEAVES)])
    assert frontier == one_by_one
    assert frontier.size == tree.size == size
    assert frontier.root() == tree.root()


@given(SIZES, st.data())
def test_every_leaf_is_proven_included(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = TREE.inclusion_proof(index, size)
    assert proof == inclusion_proof(index, size, TREE.subtree)
    root = TREE.root(size)
    verify_inclusion(index=index, size=size, leaf_hash=LEAVES[index], proof=proof, root=root)
    verify_inclusion(
        index=index,
        size=size,
        leaf_hash=LEAVES[index],
        proof=HashTree(LEAVES[:size]).inclusion_proof(index),
        root=root,
    )


@given(SIZES, st.data())
def test_any_prefix_is_consistent_with_any_extension(new_size: int, data: st.DataObject) -> None:
    old_size = data.draw(st.integers(1, new_size))
    proof = TREE.consistency_proof(old_size, new_size)
    assert proof == consistency_proof(old_size, new_size, TREE.subtree)
    verify_consistency(
        old_size=old_size,
        new_size=new_size,
        proof=proof,
        old_root=TREE.root(old_size),
        new_root=TREE.root(new_size),
    )


@given(SIZES, st.data())
def test_no_flipped_bit_of_an_inclusion_verifies(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    parts = [LEAVES[index], TREE.root(size), *TREE.inclusion_proof(index, size)]
    chosen = data.draw(st.integers(0, len(parts) - 1))
    parts[chosen] = flip(parts[chosen], data.draw(st.integers(0, 255)))
    with pytest.raises(VerificationError):
        verify_inclusion(index=index, size=size, leaf_hash=parts[0], proof=parts[2:], root=parts[1])


@given(SIZES, st.data())
def test_no_flipped_bit_of_a_consistency_proof_verifies(new_size: int, data: st.DataObject) -> None:
    old_size = data.draw(st.integers(1, new_size))
    parts = [TREE.root(old_size), TREE.root(new_size), *TREE.consistency_proof(old_size, new_size)]
    chosen = data.draw(st.integers(0, len(parts) - 1))
    parts[chosen] = flip(parts[chosen], data.draw(st.integers(0, 255)))
    with pytest.raises(VerificationError):
        verify_consistency(
            old_size=old_size, new_size=new_size, proof=parts[2:], old_root=parts[0], new_root=parts[1]
        )


@given(SIZES, st.data())
def test_a_proof_longer_or_shorter_by_one_hash_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    old_size = data.draw(st.integers(1, size))
    inclusion = TREE.inclusion_proof(index, size)
    consistency = TREE.consistency_proof(old_size, size)
    extra = data.draw(st.sampled_from((LEAVES[0], TREE.root(size), EMPTY_ROOT)))
    wrong_inclusions = [(*inclusion, extra), (extra, *inclusion)] + ([inclusion[:-1]] if inclusion else [])
    for proof in wrong_inclusions:
        with pytest.raises(VerificationError):
            verify_inclusion(
                index=index, size=size, leaf_hash=LEAVES[index], proof=proof, root=TREE.root(size)
            )
    wrong_consistencies = [(*consistency, extra)] + (
        [consistency[:-1], consistency[1:]] if consistency else []
    )
    for proof in wrong_consistencies:
        with pytest.raises(VerificationError):
            verify_consistency(
                old_size=old_size,
                new_size=size,
                proof=proof,
                old_root=TREE.root(old_size),
                new_root=TREE.root(size),
            )


@given(SIZES, st.data())
def test_a_proof_for_one_index_is_none_for_another(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, len(LEAVES)).filter(lambda value: value != index))
    with pytest.raises(VerificationError):
        verify_inclusion(
            index=other,
            size=size,
            leaf_hash=LEAVES[index],
            proof=TREE.inclusion_proof(index, size),
            root=TREE.root(size),
        )


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (5, 4), (-1, 4), (0, 2**63), (0, -1)])
def test_indices_outside_the_tree_are_refused(index: int, size: int) -> None:
    with pytest.raises(VerificationError, match="outside"):
        verify_inclusion(index=index, size=size, leaf_hash=LEAVES[0], proof=(), root=LEAVES[0])


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 5), (5, 4), (-1, 4), (1, 2**63)])
def test_impossible_sizes_are_refused(old: int, new: int) -> None:
    with pytest.raises(VerificationError, match="impossible"):
        verify_consistency(old_size=old, new_size=new, proof=(), old_root=EMPTY_ROOT, new_root=EMPTY_ROOT)


def test_hostile_sizes_end_quickly() -> None:
    proof = (LEAVES[1],) * 5000
    with pytest.raises(VerificationError):
        verify_inclusion(index=2**62, size=2**63 - 1, leaf_hash=LEAVES[0], proof=proof, root=LEAVES[2])
    with pytest.raises(VerificationError):
        verify_consistency(
            old_size=2**62 + 1, new_size=2**63 - 1, proof=proof, old_root=LEAVES[0], new_root=LEAVES[2]
        )


@pytest.mark.parametrize("length", [0, 31, 33])
def test_hashes_of_another_length_are_refused(length: int) -> None:
    short = bytes(length)
    with pytest.raises(VerificationError, match="32 bytes"):
        verify_inclusion(index=0, size=1, leaf_hash=short, proof=(), root=short)
    with pytest.raises(VerificationError, match="32 bytes"):
        verify_consistency(old_size=1, new_size=2, proof=(short,), old_root=LEAVES[0], new_root=LEAVES[0])
    with pytest.raises(ValueError, match="32 bytes"):
        HashTree().append(short)
    with pytest.raises(ValueError, match="32-byte"):
        Frontier.EMPTY.append(short)


def test_two_roots_for_one_size_are_no_consistency() -> None:
    with pytest.raises(VerificationError, match="two roots"):
        verify_consistency(old_size=3, new_size=3, proof=(), old_root=LEAVES[0], new_root=LEAVES[1])


def test_a_frontier_with_the_wrong_number_of_peaks_cannot_be() -> None:
    for size, peaks in ((1, ()), (0, LEAVES[:1]), (3, LEAVES[:1]), (4, LEAVES[:2])):
        with pytest.raises(ValueError, match="peak"):
            Frontier(size, peaks)


def test_provers_refuse_what_they_do_not_hold() -> None:
    tree = HashTree(LEAVES[:5])
    with pytest.raises(ValueError, match="outside"):
        tree.inclusion_proof(5)
    with pytest.raises(ValueError, match="larger"):
        tree.consistency_proof(6)
    for level, index in ((0, 5), (2, 1), (3, 0), (-1, 0), (0, -1)):
        with pytest.raises(ValueError, match="no such"):
            tree.subtree(level, index)
    with pytest.raises(ValueError, match="no such"):
        tree.root(6)
    assert tree.consistency_proof(0) == tree.consistency_proof(5) == ()
