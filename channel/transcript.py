"""The one judgement of a channel's entries: what counted, what did not, and why.

The live client, a member who has just joined and an auditor with an exported file all feed the same
``Transcript``, so that the same log gives the same statuses, the same accepted-history hash and the same
negotiation everywhere (AUDIT.md property 6).

What this module does not do is cryptography on entries: the live client opens them with MLS, the auditor
checks the signatures of openings (``channel.audit.verify``). Whatever failed there arrives as ``reject``.
A rejected entry stays in the log, changes nothing, and is part of the history hash.
"""

from dataclasses import dataclass
from enum import StrEnum

from channel.charter_terms import channel_terms, participants
from channel.epoch import Epoch
from channel.errors import ChannelError
from channel.mls.types import GroupContext
from protocols.errors import DecodeError, ProtocolError, VerificationError
from protocols.log.entry import Entry, Genesis, decode_entry
from protocols.log.merkle import Frontier, leaf_hash
from protocols.negotiation import Negotiation, Received, RosterChange
from protocols.payload import EMPTY_HISTORY, EntryStatus, Payload, accumulate, check_franking
from protocols.relay.mls_header import ContentType, MLSHeader, read_header

__all__ = ["Judged", "Opening", "Reason", "Transcript", "TranscriptError", "examine", "read_entry"]


class TranscriptError(ChannelError):
    """The transcript was used out of order; a bug of the caller, nothing a peer can cause."""


class Reason(StrEnum):
    """Why cryptography or the sound scheme rejected an entry.

    The negotiation has codes of its own (``fold.Reason``).
    """

    MALFORMED_ENTRY = "malformed-entry"
    UNDECIPHERABLE = "undecipherable"
    WRONG_EPOCH = "wrong-epoch"
    INVALID_COMMIT = "invalid-commit"
    STRAY_PROPOSAL = "stray-proposal"
    BAD_FRANKING = "bad-franking"
    BAD_PAYLOAD = "bad-payload"
    REPEATED_COUNTER = "repeated-counter"
    UNSEEN_CHECKPOINT = "unseen-checkpoint"
    OTHER_LOG = "other-log"
    OTHER_HISTORY = "other-history"


#: Every reason above: the entry is nobody's word, and used nothing up.
UNPROVEN = frozenset(reason.value for reason in Reason)
#: Reasons that mean that the sender was shown something else than we were: a person must be told.
ALARMING = frozenset({Reason.OTHER_LOG, Reason.OTHER_HISTORY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What an accepted entry contained, with the signature that makes it its sender's word.

    Attributes:
        leaf_index: The sender's leaf in the epoch of the entry.
        content: For an application message the application_data, for a commit the encoded Commit.
        signature: The sender's signature over FramedContentTBS (RFC 9420, section 6.1).
        confirmation_tag: For a commit, its confirmation tag; None for an application message.
    """

    leaf_index: int
    content: bytes
    signature: bytes
    confirmation_tag: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The verdict on one entry, and the log and history as they stand after it (32 bytes each)."""

    position: int
    relay_time_ms: int
    status: EntryStatus
    reason: str | None
    leaf_hash: bytes
    root_after: bytes
    history_after: bytes

    @property
    def alarming(self) -> bool:
        """Whether the reason means that a sender was shown another log or history than we were."""
        return self.reason in ALARMING


def read_entry(data: bytes) -> Entry:
    """Read an entry that is not the genesis.

    Raises:
        DecodeError: It is none, or a second genesis. The relay's fault.
    """
    entry = decode_entry(data)
    if isinstance(entry, Genesis):
        raise DecodeError("a genesis stands only at the beginning")
    return entry


def examine(entry: bytes, context: GroupContext) -> tuple[Entry, MLSHeader] | Reason:
    """Judge an entry by what anybody can see of it, member or not.

    Args:
        entry: Not the genesis.
        context: Of the current epoch.

    Returns:
        The entry and its MLS header if it can be a message of this epoch, otherwise why it is none.
    """
    try:
        parsed = read_entry(entry)
        header = read_header(parsed.message)
    except ProtocolError:
        return Reason.MALFORMED_ENTRY
    if (header.content_type is ContentType.COMMIT) != (parsed.next_access_key is not None):
        return Reason.MALFORMED_ENTRY
    if header.group_id != context.group_id or header.epoch != context.epoch:
        return Reason.WRONG_EPOCH
    return parsed, header


class Transcript:
    """A fold over entries in log order.

    Mutable, pure: the same calls give the same state on every machine.
    """

    def __init__(self, genesis: Genesis, first: Epoch, interim_transcript_hash: bytes) -> None:
        """Begin with entry 0, the genesis, and the epoch its creator made.

        Args:
            genesis: Entry 0.
            first: The creator's epoch 0, before any commit.
            interim_transcript_hash: Of epoch 0 (RFC 9420, section 8.2); an auditor starts the chain of
                commits there.
        """
        entry = leaf_hash(genesis.encode())
        self.genesis = genesis
        self.epoch = first
        self.interim_transcript_hash = interim_transcript_hash
        self.frontier = Frontier.empty().append(entry)
        self.negotiation = Negotiation(mode=first.charter.mode.value)
        self._roots = [Frontier.empty().root(), self.frontier.root()]
        self._histories = [EMPTY_HISTORY, accumulate(0, EMPTY_HISTORY, entry, EntryStatus.HANDSHAKE)]
        self._counters: dict[int, int] = {}
        self._relay_time_ms = 0
        self._seat(0, 0)

    @property
    def size(self) -> int:
        """How many entries have been judged; the position of the next one."""
        return self.frontier.size

    @property
    def relay_time_ms(self) -> int:
        """The relay's time of the last entry, UTC milliseconds; 0 while there is only the genesis."""
        return self._relay_time_ms

    def root_at(self, size: int) -> bytes:
        """The log's root when it held ``size`` entries."""
        return self._roots[size]

    def history_at(self, size: int) -> bytes:
        """The accepted-history hash over the first ``size`` entries."""
        return self._histories[size]

    def next_counter(self, leaf_index: int, outstanding: int = 0) -> int:
        """The counter a member's next application message of this epoch takes.

        After ``outstanding`` that are not in the log yet.
        """
        return max(self._counters.get(leaf_index, 0), outstanding) + 1

    def take(
        self, entry: bytes, *, opening: Opening | None, following: Epoch | None, reason: str | None
    ) -> Judged:
        """Judge the next entry from what is on record about it; replay is this, entry by entry.

        Args:
            entry: The entry at position ``size``.
            opening: What it contained, its signature found good; None if it could not be opened.
            following: For a commit that was valid, the epoch it opened.
            reason: Without an opening, why the entry was rejected.

        Raises:
            TranscriptError: The record contradicts itself; whoever kept it is at fault.
        """
        match opening, following, reason:
            case Opening(confirmation_tag=None), None, _:
                return self.application(entry, opening)
            case Opening(), Epoch(), None:
                return self.handshake(entry, following)
            case Opening(), None, None:
                return self.closing(entry)
            case None, None, str():
                return self.reject(entry, reason)
            case _:
                raise TranscriptError("the record of an entry contradicts itself")

    def application(self, entry: bytes, opening: Opening) -> Judged:
        """Judge an application message whose signature and decryption have been found good.

        Args:
            entry: The entry at position ``size``.
            opening: What it contained, as its authenticated sender signed it.

        Returns:
            The verdict; accepted messages have taken effect in ``negotiation``.

        Raises:
            DecodeError: The entry is not a well-formed entry. The relay's fault; nothing was changed.
        """
        parsed = read_entry(entry)
        payload = self._payload(read_header(parsed.message).authenticated_data, opening)
        if isinstance(payload, Reason):
            return self.reject(entry, payload)
        received = Received(
            position=self.size,
            relay_time_ms=parsed.relay_time_ms,
            epoch=self.epoch.context.epoch,
            sender=self.epoch.members[opening.leaf_index],
            message_id=payload.message_id,
            body=payload.body,
        )
        verdict = self.negotiation.apply(received)
        # A well-signed message with a good counter uses the counter up, even if the negotiation refuses
        # what it says.
        self._counters[opening.leaf_index] = payload.counter
        status = EntryStatus.ACCEPTED if verdict.accepted else EntryStatus.REJECTED
        return self._advance(entry, parsed.relay_time_ms, status, verdict.reason)

    def _payload(self, tagged: bytes, opening: Opening) -> Payload | Reason:
        try:
            payload = check_franking(opening.content, tagged)
        except DecodeError:
            return Reason.BAD_PAYLOAD
        except VerificationError:
            return Reason.BAD_FRANKING
        if payload.counter <= self._counters.get(opening.leaf_index, 0):
            return Reason.REPEATED_COUNTER
        if not 1 <= payload.seen_size <= self.size:
            return Reason.UNSEEN_CHECKPOINT
        if payload.seen_root != self._roots[payload.seen_size]:
            return Reason.OTHER_LOG
        if payload.accepted_history != self._histories[payload.seen_size]:
            return Reason.OTHER_HISTORY
        return payload

    def handshake(self, entry: bytes, following: Epoch) -> Judged:
        """Take in a commit that was found valid: the epoch changes, the roster with it.

        Args:
            entry: The entry at position ``size``.
            following: The epoch it opens; its number must be the next one.

        Returns:
            The verdict, status HANDSHAKE.

        Raises:
            TranscriptError: ``following`` is not the next epoch; a bug of the caller.
        """
        if following.context.epoch != self.epoch.context.epoch + 1:
            raise TranscriptError("a commit opens the next epoch and no other")
        parsed = read_entry(entry)
        self.epoch = following
        self._counters = {}
        self._seat(self.size, parsed.relay_time_ms)
        return self._advance(entry, parsed.relay_time_ms, EntryStatus.HANDSHAKE, None)

    def closing(self, entry: bytes) -> Judged:
        """Take in the commit that removed us: the last entry we can judge; its epoch is not ours to know.

        Its proposals must have been judged (``channel.epoch.check_closing``).
        """
        return self._advance(entry, read_entry(entry).relay_time_ms, EntryStatus.HANDSHAKE, None)

    def reject(self, entry: bytes, reason: str) -> Judged:
        """Record that the entry at position ``size`` was rejected, with its fixed reason code.

        It changes nothing else.
        """
        try:
            relay_time_ms = read_entry(entry).relay_time_ms
        except ProtocolError:
            # A relay can log anything; what is not even an entry gets the time of the one before it.
            relay_time_ms = self._relay_time_ms
        self.negotiation.reject(self.size, relay_time_ms, reason)
        return self._advance(entry, relay_time_ms, EntryStatus.REJECTED, reason)

    def _seat(self, position: int, relay_time_ms: int) -> None:
        change = RosterChange(
            position=position,
            relay_time_ms=relay_time_ms,
            epoch=self.epoch.context.epoch,
            roster=participants(self.epoch.charter),
            terms=channel_terms(self.epoch.charter),
        )
        self.negotiation.handshake(change)

    def _advance(self, entry: bytes, relay_time_ms: int, status: EntryStatus, reason: str | None) -> Judged:
        position = self.size
        self._relay_time_ms = relay_time_ms
        leaf = leaf_hash(entry)
        self.frontier = self.frontier.append(leaf)
        root = self.frontier.root()
        history = accumulate(position, self._histories[-1], leaf, status)
        self._roots.append(root)
        self._histories.append(history)
        return Judged(
            position=position,
            relay_time_ms=relay_time_ms,
            status=status,
            reason=reason,
            leaf_hash=leaf,
            root_after=root,
            history_after=history,
        )
