"""A conversation as rows, and the way back from them.

Every function works inside one transaction of the caller's, so that what it writes becomes durable together
with whatever caused it.
"""

from collections.abc import Iterator, Sequence

from channel.echo import Echo
from channel.epoch import Epoch, decode_epoch
from channel.errors import ChannelError
from channel.mls import Group, MLSError
from channel.transcript import Opening, Transcript
from client.conversation import Committing, Conversation, Taken
from client.errors import ProfileDamaged
from client.store import (
    ChannelRow,
    ChannelState,
    ChannelStatus,
    CheckpointRow,
    EntryRow,
    EpochRow,
    OpeningRow,
    Transaction,
)
from protocols import canonical
from protocols.errors import ProtocolError
from protocols.log.checkpoint import verify
from protocols.log.entry import Genesis
from protocols.log.follower import MAX_AHEAD, LogFollower
from protocols.shape import as_bytes, as_list

__all__ = [
    "add_channel",
    "load",
    "opening_of",
    "ratchet_state_of",
    "save_checkpoint",
    "save_epoch",
    "save_taken",
    "state_of",
]

_MAX_STATE = 64 * 1024 * 1024


def state_of(conversation: Conversation) -> ChannelState:
    """The value a conversation is at, as its row keeps it."""
    transcript = conversation.transcript
    committing = conversation.committing
    return ChannelState(
        epoch_state=conversation.group.encode_epoch(),
        ratchet_state=ratchet_state_of(conversation),
        pending_commit=None if committing is None else _encode_committing(committing),
        size=transcript.size,
        checkpoint=conversation.follower.checkpoint,
        accumulated_history=transcript.history_at(transcript.size),
        interim_transcript_hash=transcript.interim_transcript_hash,
    )


def ratchet_state_of(conversation: Conversation) -> bytes:
    """The part of that value which alone changes when a message is sealed."""
    return canonical.encode([conversation.group.encode_messages(), conversation.echo.encode()])


def add_channel(tx: Transaction, conversation: Conversation, *, relay_url: str, now_ms: int) -> None:
    """Record a channel that was made or joined; its entries and epochs are saved apart."""
    genesis = conversation.transcript.genesis
    tx.channels.add(
        ChannelRow(
            log_id=genesis.log_id,
            genesis=genesis.encode(),
            origin=genesis.origin,
            relay_url=relay_url,
            title=conversation.transcript.epoch.charter.title,
            joined_ms=now_ms,
            status=ChannelStatus.ACTIVE,
            alarm=None,
            state=state_of(conversation),
        )
    )


def save_taken(tx: Transaction, log_id: bytes, taken: Taken) -> None:
    """Keep one judged entry, what it contained, and the epoch it opened."""
    judged = taken.judged
    row = EntryRow(
        position=judged.position,
        entry=taken.entry,
        leaf_hash=judged.leaf_hash,
        root_after=judged.root_after,
        history_after=judged.history_after,
        status=int(judged.status),
        reason=judged.reason,
    )
    tx.history.add_entries(log_id, (row,))
    if taken.opening is not None:
        tx.history.add_opening(log_id, _opening_row(judged.position, taken.opening))
    if taken.epoch is not None:
        save_epoch(tx, log_id, taken.epoch, first_position=judged.position + 1)


def save_epoch(tx: Transaction, log_id: bytes, epoch: Epoch, *, first_position: int) -> None:
    """Keep the public state of an epoch, and the title its charter gives the channel."""
    row = EpochRow(
        epoch=epoch.context.epoch,
        first_position=first_position,
        group_context=epoch.context.encode(),
        ratchet_tree=epoch.ratchet_tree,
    )
    tx.history.add_epoch(log_id, row)
    tx.channels.set_title(log_id, epoch.charter.title)


def save_checkpoint(
    tx: Transaction,
    log_id: bytes,
    genesis: Genesis,
    note: bytes,
    *,
    proven_from: int | None = None,
    consistency: Sequence[bytes] = (),
) -> None:
    """Keep a checkpoint whose signature is good.

    Args:
        tx: The transaction.
        log_id: The channel, 32 bytes.
        genesis: Its entry 0.
        note: The signed note.
        proven_from: A size of our log from which ``consistency`` proves it; without entries that reach it, an
            export needs that proof. None for a note that came alone.
        consistency: The verified proof (RFC 6962).
    """
    checkpoint = verify(note, origin=genesis.origin, public_key=genesis.relay_public_key)
    proven = proven_from is not None and proven_from < checkpoint.size
    row = CheckpointRow(
        size=checkpoint.size,
        root=checkpoint.root,
        note=note,
        proven_from=proven_from if proven else None,
        consistency=tuple(consistency) if proven else (),
    )
    tx.history.add_checkpoint(log_id, row)


def load(tx: Transaction, log_id: bytes) -> Conversation:
    """Take a channel up where it was kept, by folding its log again.

    Raises:
        LookupError: There is no such channel.
        ProfileDamaged: The rows do not give the history they say they do.
    """
    try:
        return _load(tx, log_id)
    except (ChannelError, MLSError, ProtocolError) as error:
        raise ProfileDamaged("the profile's record of a channel cannot be read: restore a backup") from error


def _load(tx: Transaction, log_id: bytes) -> Conversation:
    row = tx.channels.get(log_id)
    if row is None:
        raise LookupError("no such channel in the store")
    state = row.state
    try:
        transcript = _fold(tx, log_id, Genesis.decode(row.genesis), state.interim_transcript_hash)
    except (ChannelError, MLSError, ProtocolError, LookupError) as error:
        raise ProfileDamaged("the profile's record of a channel cannot be read") from error
    if transcript.size != state.size or transcript.history_at(state.size) != state.accumulated_history:
        raise ProfileDamaged("the profile's record of a channel does not fit together")
    promised = [kept.note for kept in tx.history.checkpoints(log_id) if kept.size > state.size]
    # As the follower does while it runs: the next to be compared, and the newest.
    ahead = promised if len(promised) <= MAX_AHEAD else [*promised[: MAX_AHEAD - 1], promised[-1]]
    follower = LogFollower(
        row.origin,
        transcript.genesis.relay_public_key,
        transcript.frontier,
        state.checkpoint,
        ahead=tuple(ahead),
    )
    committing = None if state.pending_commit is None else _decode_committing(state.pending_commit)
    messages, echo = as_list(
        canonical.decode(state.ratchet_state, max_size=_MAX_STATE), length=2, what="ratchets"
    )
    group = Group.decode_parts(state.epoch_state, as_bytes(messages, what="message ratchets"))
    return Conversation(
        group=group,
        follower=follower,
        transcript=transcript,
        committing=committing,
        echo=Echo.decode(as_bytes(echo, what="own ratchet"), group.suite),
    )


def _fold(tx: Transaction, log_id: bytes, genesis: Genesis, interim_transcript_hash: bytes) -> Transcript:
    epochs = _epochs(tx, log_id)
    openings = {row.position: row for row in tx.history.openings(log_id)}
    first = next(epochs, None)
    if first is None:
        raise LookupError("a channel without an epoch")
    transcript = Transcript(genesis, first, interim_transcript_hash)
    for row in tx.history.entries(log_id, start=1):
        kept = openings.get(row.position)
        opening = None if kept is None else opening_of(kept)
        following = (
            next(epochs, None) if opening is not None and opening.confirmation_tag is not None else None
        )
        transcript.take(row.entry, opening=opening, following=following, reason=row.reason)
    return transcript


def _epochs(tx: Transaction, log_id: bytes) -> Iterator[Epoch]:
    for row in tx.history.epochs(log_id):
        yield decode_epoch(row.group_context, row.ratchet_tree)


def _opening_row(position: int, opening: Opening) -> OpeningRow:
    return OpeningRow(
        position=position,
        leaf_index=opening.leaf_index,
        content=opening.content,
        signature=opening.signature,
        confirmation_tag=opening.confirmation_tag,
    )


def opening_of(row: OpeningRow) -> Opening:
    """What a row says an entry contained."""
    return Opening(
        leaf_index=row.leaf_index,
        content=row.content,
        signature=row.signature,
        confirmation_tag=row.confirmation_tag,
    )


def _encode_committing(committing: Committing) -> bytes:
    return canonical.encode(
        [
            committing.message,
            committing.next_access_key,
            committing.welcome,
            committing.intent,
            committing.pending.encode(),
        ]
    )


def _decode_committing(data: bytes) -> Committing:
    fields = as_list(canonical.decode(data, max_size=_MAX_STATE), length=5, what="pending commit")
    message, next_access_key, welcome, intent, pending = fields
    return Committing(
        message=as_bytes(message, what="commit"),
        next_access_key=as_bytes(next_access_key, length=32, what="access key"),
        welcome=None if welcome is None else as_bytes(welcome, what="welcome"),
        intent=as_bytes(intent, what="intent"),
        pending=Group.decode(as_bytes(pending, what="pending group")),
    )
