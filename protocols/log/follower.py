"""A verified view of one log: it only grows, and only along proofs.

The follower holds a frontier over the entries it was given, and the signed checkpoints that speak of more
entries than that. Each of those is compared with the entries once they arrive, so a relay that ever signs
two histories is caught as soon as this client has read up to the smaller of them. What is refused carries
both signed notes as evidence.

When is a smaller checkpoint a rollback? Entries come with checkpoints that never shrink, and no checkpoint
of a connection is older than what the connection before it showed; breaking either is one. On a single
connection, though, a receipt may overtake entries that were queued before it was signed: a page that is
smaller than a receipt's checkpoint is no alarm, the receipt waits for the entries it covers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from protocols.errors import ProtocolError, VerificationError
from protocols.log import checkpoint as checkpoints
from protocols.log.checkpoint import Checkpoint
from protocols.log.merkle import Frontier, leaf_hash, verify_consistency

# An honest relay's head moves while a client catches up, once per batch at most; see `_remember` for what
# goes.
MAX_AHEAD: Final = 64


class LogViolation(VerificationError):
    """The relay broke the rules of its log. Stop the channel and keep the evidence; never retry.

    Attributes:
        ours: the signed note we hold that the relay's answer contradicts; None if we hold none.
        theirs: the signed note that came with the answer, as received; None if none came.
    """

    def __init__(self, message: str, *, ours: bytes | None, theirs: bytes | None) -> None:
        super().__init__(message)
        self.ours = ours
        self.theirs = theirs


class Rollback(LogViolation):
    """The relay signed a smaller log than it had shown us before."""


class Fork(LogViolation):
    """Two histories: other entries, or another root, than a signed checkpoint stands for."""


class GapInLog(LogViolation):
    """The entries do not begin where ours end: some were left out, repeated or sent out of order."""


class BadCheckpoint(LogViolation):
    """Not a checkpoint of this log signed by its relay, or one that does not cover its entries."""


@dataclass(frozen=True, slots=True)
class LogFollower:
    """What one client knows of one log. A value: refused input leaves it as it was.

    It does not look inside the entries; that entry 0 is the genesis of this origin is for the caller to
    check.

    Attributes:
        origin: the log's name in its checkpoints.
        relay_public_key: the relay's Ed25519 key, 32 bytes.
        frontier: the tree over the entries received so far.
        checkpoint: the newest signed note accepted with entries; None before the first. Covers all our
            entries.
        ahead: signed notes over more entries than ours, the smallest first, not yet compared with entries.
        floor: the largest note of the connections before this one; nothing on this one may be smaller.
    """

    origin: str
    relay_public_key: bytes
    frontier: Frontier = Frontier.EMPTY
    checkpoint: bytes | None = None
    ahead: tuple[bytes, ...] = field(default=(), kw_only=True)
    floor: bytes | None = field(default=None, kw_only=True)

    @property
    def size(self) -> int:
        """Number of entries received."""
        return self.frontier.size

    def reconnected(self) -> "LogFollower":
        """The follower for a new connection: what the relay showed on earlier ones, it must know still."""
        return replace(self, floor=self._newest())

    def receive(
        self, start: int, entries: Sequence[bytes], checkpoint: bytes, consistency: Sequence[bytes]
    ) -> "LogFollower":
        """Take the entries that follow ours, and the checkpoint they came with.

        Args:
            start: index of the first of `entries`; must be our size.
            entries: whole entries, in order; may be none.
            checkpoint: a signed note over at least these entries.
            consistency: proof from our new size to the checkpoint's; empty when they are equal or ours is 0.

        Returns:
            The follower that holds these entries.

        Raises:
            GapInLog: `start` is not our size.
            BadCheckpoint: the note is not this relay's for this log, or does not reach the last entry.
            Rollback: it is of a smaller size than our log, than the one that came with the entries before, or
                than any of an earlier connection.
            Fork: it has another root than one we saw before for that size, the proof fails, or the entries
                contradict a checkpoint we hold.
        """
        newest = self._newest()
        if start != self.size:
            raise GapInLog("entries do not begin where ours end", ours=newest, theirs=checkpoint)
        theirs = self._verified(checkpoint)
        self._check_not_smaller(theirs, checkpoint, self.checkpoint)
        self._check_against_held(theirs, checkpoint)
        if theirs.size < self.size:
            raise Rollback("checkpoint is smaller than our log", ours=newest, theirs=checkpoint)
        hashes = [leaf_hash(entry) for entry in entries]
        frontier = self.frontier.extend(hashes)
        if theirs.size < frontier.size:
            raise BadCheckpoint("checkpoint does not cover the entries", ours=newest, theirs=checkpoint)
        self._check_proof(frontier, theirs, checkpoint, consistency)
        still_ahead = self._check_ahead(hashes, checkpoint)
        grown = replace(self, frontier=frontier, checkpoint=checkpoint, ahead=still_ahead)
        return grown._remember(theirs, checkpoint)

    def receive_checkpoint(self, checkpoint: bytes) -> "LogFollower":
        """Take a checkpoint that came without entries or proof, such as a receipt's.

        It is held and compared with the entries when they arrive; until then it proves nothing but what the
        relay signed. It may be smaller than others that are held: answers and entries overtake each other.

        Raises:
            BadCheckpoint, Fork: as `receive`.
            Rollback: it is smaller than our log, or than any of an earlier connection.
        """
        theirs = self._verified(checkpoint)
        self._check_against_held(theirs, checkpoint)
        if theirs.size == self.size and theirs.root != self.frontier.root():
            raise Fork("checkpoint has another root than our entries", ours=self._newest(), theirs=checkpoint)
        if theirs.size < self.size:
            raise Rollback("checkpoint is smaller than our log", ours=self._newest(), theirs=checkpoint)
        return self._remember(theirs, checkpoint)

    def _verified(self, checkpoint: bytes) -> Checkpoint:
        try:
            return self._parsed(checkpoint)
        except ProtocolError as error:
            raise BadCheckpoint(str(error), ours=self._newest(), theirs=checkpoint) from error

    def _parsed(self, note: bytes) -> Checkpoint:
        return _verify(note, self.origin, self.relay_public_key)

    def _newest(self) -> bytes | None:
        """The largest note we hold."""
        held = [note for note in (self.floor, self.checkpoint, *self.ahead) if note is not None]
        return max(held, key=lambda note: self._parsed(note).size, default=None)

    def _check_not_smaller(self, theirs: Checkpoint, note: bytes, than: bytes | None) -> None:
        if than is not None and theirs.size < self._parsed(than).size:
            raise Rollback("checkpoint is smaller than one we saw before", ours=than, theirs=note)

    def _check_against_held(self, theirs: Checkpoint, note: bytes) -> None:
        """Compare with the floor, and with every note of the same size: two roots are a proof."""
        self._check_not_smaller(theirs, note, self.floor)
        for held in (self.checkpoint, self.floor, *self.ahead):
            if held is None:
                continue
            ours = self._parsed(held)
            if theirs.size == ours.size and theirs.root != ours.root:
                raise Fork("two roots for one tree size", ours=held, theirs=note)

    def _check_proof(
        self, frontier: Frontier, theirs: Checkpoint, note: bytes, consistency: Sequence[bytes]
    ) -> None:
        try:
            if frontier.size == 0:
                if consistency:
                    raise VerificationError("a proof from the empty tree is empty")
                return
            verify_consistency(
                old_size=frontier.size,
                new_size=theirs.size,
                proof=consistency,
                old_root=frontier.root(),
                new_root=theirs.root,
            )
        except VerificationError as error:
            ours = self._newest()
            raise Fork(f"entries and checkpoint disagree: {error}", ours=ours, theirs=note) from error

    def _check_ahead(self, hashes: Sequence[bytes], note: bytes) -> tuple[bytes, ...]:
        """Compare the checkpoints that these leaves reach; return those that they do not reach."""
        pending = self._pending()
        frontier, reached = self.frontier, self.size
        for position, held in enumerate(pending):
            ours = self._parsed(held)
            if ours.size > self.size + len(hashes):
                return pending[position:]
            if ours.size > self.size:
                frontier = frontier.extend(hashes[reached - self.size : ours.size - self.size])
                reached = ours.size
                if frontier.root() != ours.root:
                    raise Fork("entries contradict a checkpoint we hold", ours=held, theirs=note)
        return ()

    def _pending(self) -> tuple[bytes, ...]:
        """What is ahead of our entries, the smallest first; a restored follower may have it elsewhere."""
        held = dict.fromkeys(note for note in (*self.ahead, self.checkpoint, self.floor) if note is not None)
        ahead = (note for note in held if self._parsed(note).size > self.size)
        return tuple(sorted(ahead, key=lambda note: self._parsed(note).size))

    def _remember(self, theirs: Checkpoint, note: bytes) -> "LogFollower":
        """Hold a verified note that is ahead of our entries.

        Beyond `MAX_AHEAD` the newest takes the place of the one before it: the oldest is the next to be
        compared, the newest is what a rollback is judged by.
        """
        if theirs.size <= self.size:
            return self
        if any(self._parsed(held).size == theirs.size for held in self.ahead):
            return self
        ahead = tuple(sorted((*self.ahead, note), key=lambda held: self._parsed(held).size))
        if len(ahead) > MAX_AHEAD:
            ahead = (*ahead[: MAX_AHEAD - 1], ahead[-1])
        return replace(self, ahead=ahead)


@lru_cache(maxsize=256)  # a held note is looked at again with each one that follows it
def _verify(note: bytes, origin: str, public_key: bytes) -> Checkpoint:
    return checkpoints.verify(note, origin=origin, public_key=public_key)
