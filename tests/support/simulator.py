"""A relay in memory: pure, single-threaded, seeded, and as dishonest as a test wants it.

`SimulatedLog` keeps a relay's rules: compare-and-set on the epoch with contests, idempotence by content hash,
signed checkpoints, consistency proofs. A dishonest relay is a copy of it that goes another way: `fork` and
`truncated` are histories signed with the same key, `inject` logs what no member sent, and the functions at
the end spoil a page on its way.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from hashlib import sha256
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocols.log import checkpoint as checkpoints
from protocols.log.checkpoint import Checkpoint
from protocols.log.entry import Entry, Genesis
from protocols.log.merkle import HashTree, leaf_hash
from protocols.log.note import Verifier
from protocols.relay.frames import Entries
from protocols.relay.mls_header import ContentType, read_header

START_MS = 1_795_357_800_000
RELAY_NAME = "relay.example"


@dataclass(frozen=True)
class Refusal(Exception):
    """The relay says no; where its log is now."""

    code: str
    epoch: int
    size: int


@dataclass(frozen=True)
class Ordered:
    """A receipt: where a message is, and a signed note that covers it."""

    position: int
    relay_time_ms: int
    checkpoint: bytes


class Clock:
    """UTC milliseconds that everybody in a test shares; moves only when told to."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms

    def tick(self, milliseconds: int = 1000) -> int:
        self.now_ms += milliseconds
        return self.now_ms


class SimulatedLog:
    """One log, with the access keys that may append to it."""

    def __init__(self, genesis: Genesis, access_key: bytes, key: Ed25519PrivateKey, clock: Clock) -> None:
        self.genesis = genesis
        self.clock = clock
        self._key = key
        self.entries = [genesis.encode()]
        self.epoch = 0
        self.candidates = {access_key}
        self.previous: set[bytes] = set()
        self.settled = True
        self.first: dict[bytes, int] = {}

    # what an honest relay does

    @property
    def size(self) -> int:
        return len(self.entries)

    def checkpoint(self, size: int | None = None) -> bytes:
        size = self.size if size is None else size
        root = self._tree().root(size)
        return checkpoints.sign(Checkpoint(self.genesis.origin, size, root), self._key)

    def append(
        self, message: bytes, next_access_key: bytes | None, *, access_key: bytes, contest: bool = False
    ) -> Ordered:
        """Order a message for whoever holds an epoch's access key.

        Args:
            message: An MLSMessage.
            next_access_key: With a commit, of the epoch it opens.
            access_key: Of the epoch that the sender is in.
            contest: The sender knows that its epoch is over, and says that no commit of it was valid.

        Raises:
            Refusal: Another epoch, another key, or no PrivateMessage of this group.
        """
        digest = sha256(message).digest()
        if digest in self.first:
            position = self.first[digest]
            return Ordered(position, self._time(position), self.checkpoint())
        header = read_header(message)
        commit = header.content_type is ContentType.COMMIT
        if header.group_id != self.genesis.log_id or commit != (next_access_key is not None):
            raise self._refusal("MALFORMED")
        if access_key in self.candidates and header.epoch == self.epoch:
            self.candidates, self.settled = {access_key}, True
            if commit:
                self.previous, self.candidates = self.candidates, set()
                self.epoch, self.settled = self.epoch + 1, False
        elif self.settled or not (
            contest and commit and access_key in self.previous and header.epoch == self.epoch - 1
        ):
            raise self._refusal("WRONG_EPOCH")
        if next_access_key is not None:
            self.candidates = self.candidates | {next_access_key}
        position = self.inject(Entry(self.clock.tick(), message, next_access_key).encode())
        self.first[digest] = position
        return Ordered(position, self._time(position), self.checkpoint())

    def page(self, start: int, upto: int | None = None, head: int | None = None) -> Entries:
        """Entries from a position on, under the checkpoint of some size."""
        head = self.size if head is None else head
        upto = head if upto is None else min(upto, head)
        proof = self._tree().consistency_proof(upto, head) if 0 < upto < head else ()
        return Entries(
            log=self.genesis.log_id,
            start=start,
            entries=tuple(self.entries[start:upto]),
            checkpoint=self.checkpoint(head),
            consistency=tuple(proof),
        )

    # what a dishonest one does

    def inject(self, entry: bytes) -> int:
        """Log any bytes; returns their position."""
        self.entries.append(entry)
        return self.size - 1

    def fork(self) -> "SimulatedLog":
        """Another continuation of the same log, signed with the same key."""
        other = copy(self)
        other.entries = list(self.entries)
        other.candidates, other.previous, other.first = (
            set(self.candidates),
            set(self.previous),
            dict(self.first),
        )
        return other

    def truncated(self, size: int) -> "SimulatedLog":
        """The log rolled back to fewer entries."""
        other = self.fork()
        del other.entries[size:]
        other.first = {digest: position for digest, position in self.first.items() if position < size}
        return other

    def _refusal(self, code: str) -> Refusal:
        return Refusal(code, self.epoch, self.size)

    def _time(self, position: int) -> int:
        return int.from_bytes(self.entries[position][1:9], "big")

    def _tree(self) -> HashTree:
        return HashTree(map(leaf_hash, self.entries))


class SimulatedRelay:
    """A key, a clock, and logs."""

    def __init__(self, seed: int | str = 0) -> None:
        self.random = Random(f"relay {seed}").randbytes
        self.clock = Clock()
        self.key = Ed25519PrivateKey.from_private_bytes(self.random(32))
        self.logs: dict[bytes, SimulatedLog] = {}

    @property
    def vkey(self) -> str:
        return Verifier(RELAY_NAME, self.key.public_key().public_bytes_raw()).vkey

    def create(self, genesis: Genesis, access_key: bytes) -> SimulatedLog:
        log = SimulatedLog(genesis, access_key, self.key, self.clock)
        self.logs[genesis.log_id] = log
        return log


def altered(page: Entries, index: int, change: Callable[[bytes], bytes]) -> Entries:
    """The page with one of its entries changed."""
    entries = list(page.entries)
    entries[index] = change(entries[index])
    return replace(page, entries=tuple(entries))


def flipped(data: bytes, place: int = -1, mask: int = 1) -> bytes:
    """The bytes with one of them changed."""
    changed = bytearray(data)
    changed[place] ^= mask
    return bytes(changed)


def dropped(page: Entries, index: int) -> Entries:
    """The page without one of its entries."""
    return replace(page, entries=page.entries[:index] + page.entries[index + 1 :])


def swapped(page: Entries, one: int, other: int) -> Entries:
    """The page with two entries in each other's place."""
    entries = list(page.entries)
    entries[one], entries[other] = entries[other], entries[one]
    return replace(page, entries=tuple(entries))


def repeated(page: Entries, index: int) -> Entries:
    """The page with one entry twice."""
    return replace(page, entries=(*page.entries[: index + 1], *page.entries[index:]))
