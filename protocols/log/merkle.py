"""The Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1): hashing, proofs, two ways to hold a tree.

`Frontier` is a value of at most 64 hashes: enough to append and to know the root. `HashTree` keeps every
node and makes proofs. Proofs can also be made from any source of perfect subtrees, such as tiles on a disk.

Nothing here recurses, and every loop is bounded by the proof at hand or by the bits of a tree size.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import ClassVar, Final, TypeAlias

from protocols.errors import VerificationError

HASH_SIZE: Final = 32
MAX_TREE_SIZE: Final = 2**63 - 1
EMPTY_ROOT: Final = sha256(b"").digest()

SubtreeHash: TypeAlias = Callable[[int, int], bytes]
"""(level, index) -> hash of the perfect subtree over the 2**level leaves that begin at index << level."""


def leaf_hash(entry: bytes) -> bytes:
    """Return SHA-256(0x00 || entry), the hash of one log entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 || left || right), the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def verify_inclusion(*, index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf is at `index` of the tree with this size and root (RFC 9162 section 2.1.3.2).

    Raises:
        VerificationError: the index is outside the tree, or the proof does not lead to the root.
    """
    if not 0 <= index < size <= MAX_TREE_SIZE:
        raise VerificationError("inclusion proof for an index outside the tree")
    _check_hashes(leaf_hash, root, *proof)
    fn, sn, computed = index, size - 1, leaf_hash
    for sibling in proof:
        if sn == 0:
            raise VerificationError("inclusion proof is too long")
        if fn & 1 or fn == sn:
            computed = node_hash(sibling, computed)
            while not fn & 1 and fn:  # a right-border node without sibling on these levels
                fn >>= 1
                sn >>= 1
        else:
            computed = node_hash(computed, sibling)
        fn >>= 1
        sn >>= 1
    if sn:
        raise VerificationError("inclusion proof is too short")
    if not compare_digest(computed, root):
        raise VerificationError("inclusion proof does not lead to the root")


def verify_consistency(
    *, old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Check that the old tree is a prefix of the new one (RFC 9162 section 2.1.4.2).

    Every tree extends the empty one, so there is no proof from size 0; what its root must be is the
    caller's check.

    Raises:
        VerificationError: the old size is 0 or beyond the new one, or the proof does not lead to both roots.
    """
    if not 0 < old_size <= new_size <= MAX_TREE_SIZE:
        raise VerificationError("consistency proof between impossible tree sizes")
    if old_size == new_size:
        if proof:
            raise VerificationError("consistency proof between equal sizes must be empty")
        if not compare_digest(old_root, new_root):
            raise VerificationError("two roots for one tree size")
        return
    _check_hashes(old_root, new_root, *proof)
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path or not proof:
        raise VerificationError("consistency proof is too short")
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    old_computed = new_computed = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise VerificationError("consistency proof is too long")
        if fn & 1 or fn == sn:
            old_computed = node_hash(sibling, old_computed)
            new_computed = node_hash(sibling, new_computed)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            new_computed = node_hash(new_computed, sibling)
        fn >>= 1
        sn >>= 1
    if sn:
        raise VerificationError("consistency proof is too short")
    if not compare_digest(old_computed, old_root) or not compare_digest(new_computed, new_root):
        raise VerificationError("consistency proof does not lead to both roots")


def root_at(size: int, subtree: SubtreeHash) -> bytes:
    """Return the root of the first `size` leaves."""
    return _range_hash(0, size, subtree) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, subtree: SubtreeHash) -> tuple[bytes, ...]:
    """Return the proof that leaf `index` is in the tree of `size` leaves, deepest sibling first.

    Raises:
        ValueError: the index is outside the tree.
    """
    if not 0 <= index < size:
        raise ValueError("index outside the tree")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_hash(middle, end, subtree))
            end = middle
        else:
            proof.append(_range_hash(start, middle, subtree))
            start = middle
    return tuple(reversed(proof))


def consistency_proof(old_size: int, new_size: int, subtree: SubtreeHash) -> tuple[bytes, ...]:
    """Return the proof that `old_size` leaves are a prefix of `new_size`; empty when old is 0 or new.

    Raises:
        ValueError: the old size is beyond the new one.
    """
    if not 0 <= old_size <= new_size:
        raise ValueError("old tree larger than the new one")
    if old_size in (0, new_size):
        return ()
    proof: list[bytes] = []
    start, end = 0, new_size
    while end != old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            proof.append(_range_hash(middle, end, subtree))
            end = middle
        else:
            proof.append(_range_hash(start, middle, subtree))
            start = middle
    if start:  # the verifier holds the old root already when it is a node of the new tree
        proof.append(_range_hash(start, end, subtree))
    return tuple(reversed(proof))


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right border of a tree: what is needed to append to it and to know its root.

    Attributes:
        size: number of leaves.
        peaks: hashes of the perfect subtrees that make up the tree, the largest first: one per set bit of
            `size`.
    """

    size: int
    peaks: tuple[bytes, ...]

    EMPTY: ClassVar["Frontier"]
    """The tree without leaves."""

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_TREE_SIZE or len(self.peaks) != self.size.bit_count():
            raise ValueError("a frontier has one peak for each set bit of its size")
        if any(len(peak) != HASH_SIZE for peak in self.peaks):
            raise ValueError("a peak is a 32-byte hash")

    @classmethod
    def empty(cls) -> "Frontier":
        """Return `EMPTY`."""
        return cls.EMPTY

    def append(self, leaf_hash: bytes) -> "Frontier":
        """Return the tree with one leaf more."""
        return self.extend((leaf_hash,))

    def extend(self, leaf_hashes: Iterable[bytes]) -> "Frontier":
        """Return the tree with these leaves more, in order."""
        size, peaks = self.size, list(self.peaks)
        for current in leaf_hashes:
            rest = size
            while rest & 1:
                current = sha256(b"\x01" + peaks.pop() + current).digest()
                rest >>= 1
            peaks.append(current)
            size += 1
        return Frontier(size, tuple(peaks))

    def root(self) -> bytes:
        """Return the root; of no leaves, `EMPTY_ROOT`."""
        return _fold(self.peaks) if self.peaks else EMPTY_ROOT


Frontier.EMPTY = Frontier(0, ())


class HashTree:
    """A growing tree in memory that keeps every perfect subtree and so makes any proof, 130 bytes a leaf.

    Example:
        tree = HashTree(map(leaf_hash, entries))
        verify_inclusion(index=3, size=tree.size, leaf_hash=leaf_hash(entries[3]),
                         proof=tree.inclusion_proof(3), root=tree.root())
    """

    __slots__ = ("_levels",)

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        for leaf in leaf_hashes:
            self.append(leaf)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self._levels[0])

    def append(self, leaf_hash: bytes) -> None:
        """Add one leaf at the end."""
        if len(leaf_hash) != HASH_SIZE:
            raise ValueError("a leaf hash is 32 bytes")
        current, index = leaf_hash, self.size
        for level, hashes in enumerate(self._levels):
            hashes.append(current)
            if not index & 1:
                return
            current = sha256(b"\x01" + hashes[index - 1] + current).digest()
            index >>= 1
            if level + 1 == len(self._levels):
                self._levels.append([current])
                return

    def subtree(self, level: int, index: int) -> bytes:
        """Return the hash over the 2**level leaves from index << level (a `SubtreeHash`).

        Raises:
            ValueError: the tree does not hold that many leaves yet.
        """
        if not (0 <= level < len(self._levels) and 0 <= index < len(self._levels[level])):
            raise ValueError("no such perfect subtree")
        return self._levels[level][index]

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first `size` leaves; None means all."""
        return root_at(self.size if size is None else size, self.subtree)

    def inclusion_proof(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Return the proof of leaf `index` in the tree of the first `size` leaves; None means all."""
        return inclusion_proof(index, self.size if size is None else size, self.subtree)

    def consistency_proof(self, old_size: int, new_size: int | None = None) -> tuple[bytes, ...]:
        """Return the proof that the first `old_size` leaves are a prefix of `new_size`; None means all."""
        return consistency_proof(old_size, self.size if new_size is None else new_size, self.subtree)


def _split(leaves: int) -> int:
    """The largest power of two smaller than `leaves`, which is at least 2."""
    return 1 << ((leaves - 1).bit_length() - 1)


def _range_hash(start: int, end: int, subtree: SubtreeHash) -> bytes:
    """The hash over leaves start..end-1; `start` is a multiple of the largest power of two that fits."""
    peaks: list[bytes] = []
    position = start
    while position < end:
        level = (end - position).bit_length() - 1
        peaks.append(subtree(level, position >> level))
        position += 1 << level
    return _fold(peaks)


def _fold(peaks: Sequence[bytes]) -> bytes:
    """Join perfect subtrees, the largest first, into one root; at least one."""
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def _check_hashes(*hashes: bytes) -> None:
    if any(len(value) != HASH_SIZE for value in hashes):
        raise VerificationError("a hash is 32 bytes")
