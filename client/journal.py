"""One channel's journal: change state, save, then speak (DESIGN.md decision 7).

Every method is one step and one transaction: when it returns, what it did is durable; if it raises, nothing
of it is, and the journal must be opened again. Bytes that leave were saved by the step before. No network
here: the running session asks the journal what to send and tells it what came.
"""

from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from typing import assert_never

from channel.mls.proposals import Proposal
from channel.mls.secret_tree import MAX_SKIPPED_GENERATIONS
from channel.transcript import UNPROVEN
from client.conversation import Committing, Conversation, Page
from client.errors import ChannelStopped, NotAMember, RelayMisbehaved
from client.events import Alarm, AlarmKind
from client.receipts import NO_JITTER, DeviceReceipts, Jitter, owed_for_page
from client.rows import load, ratchet_state_of, save_checkpoint, save_taken, state_of
from client.skew import RelayClock, skew_ms
from client.store import (
    ChannelStatus,
    ClientStore,
    ConflictRow,
    OutboxRow,
    OutboxState,
    SealedMessage,
    Transaction,
)
from protocols.errors import ProtocolError
from protocols.log.checkpoint import verify
from protocols.log.follower import BadCheckpoint, Fork, GapInLog, LogViolation, Rollback
from protocols.relay.frames import Entries

__all__ = ["Journal", "OnWon"]

Random = Callable[[int], bytes]
OnWon = Callable[[Transaction, Committing, Conversation, int], None]
"""Called inside the transaction in which our commit came into force, to save what follows from it."""

_ALARMS: dict[type[LogViolation], AlarmKind] = {
    Fork: AlarmKind.FORK,
    Rollback: AlarmKind.ROLLBACK,
    GapInLog: AlarmKind.GAP,
    BadCheckpoint: AlarmKind.ALTERED,
}
#: How many sealed messages may wait to come into the log: others skip no more generations of our ratchet,
#: and more would only have to be sealed again when the epoch ends.
MAX_SEALED = MAX_SKIPPED_GENERATIONS


class Journal:
    """The durable state of one channel; ``conversation`` is read by others, changed only here."""

    def __init__(
        self,
        store: ClientStore,
        log_id: bytes,
        *,
        clock: Callable[[], int],
        random: Random,
        on_won: OnWon,
        jitter: Jitter = NO_JITTER,
    ) -> None:
        """Open a channel of the store.

        Args:
            store: The open database.
            log_id: The channel, 32 bytes.
            clock: UTC milliseconds.
            random: Source of random bytes.
            on_won: Saves what follows from a commit of ours that came into force.
            jitter: For how long receipts of the device are held back.

        Raises:
            LookupError: There is no such channel.
            ProfileDamaged: Its rows do not fit together.
        """
        self.store = store
        self.log_id = log_id
        self._clock = clock
        self._random = random
        self._on_won = on_won
        self._receipts = DeviceReceipts(log_id, jitter=jitter, clock=clock, random=random)
        with store.transaction() as tx:
            self.conversation = load(tx, log_id)
            row = tx.channels.get(log_id)
            self._waiting = list(tx.outbox.waiting(log_id))
            conflicts = tx.history.conflicts(log_id)
        if row is None:
            raise LookupError("no such channel in the store")
        self.relay_url = row.relay_url
        self.status = row.status
        self.alarm: Alarm | None = None
        if row.status is ChannelStatus.STOPPED:
            last = conflicts[-1]
            self.alarm = Alarm(
                kind=AlarmKind(last.kind), detail=last.detail, ours=last.ours or b"", theirs=last.theirs
            )
        #: By how much the relay's clock is at least ahead of ours, see ``client.skew``.
        self.skew_ms = skew_ms(
            self.conversation.transcript.relay_time_ms, earliest_ms=0, latest_ms=self._clock()
        )
        self.relay_clock = RelayClock()
        self.me = self.conversation.transcript.epoch.members.get(self.conversation.group.own_leaf_index, "")

    # What came.

    def reconnected(self) -> None:
        """Begin a new connection: it may show nothing smaller than those before it."""
        self.conversation.follower = self.conversation.follower.reconnected()

    def receive(self, frame: Entries) -> Page:
        """Verify, judge and keep a batch of entries, with the receipts that we owe for them.

        Raises:
            ChannelStopped: The relay contradicts itself. Both checkpoints are kept, the channel is stopped.
        """
        self.check_running()
        negotiation = self.conversation.transcript.negotiation
        was_suspended = self.me in negotiation.suspended
        try:
            page = self.conversation.receive(
                start=frame.start,
                entries=frame.entries,
                checkpoint=frame.checkpoint,
                consistency=frame.consistency,
                own=self.id_of,
            )
        except LogViolation as violation:
            raise self._stop(violation) from violation
        seen = {taken.own for taken in page.taken if taken.judged.reason not in UNPROVEN}
        again = {taken.own for taken in page.taken} - seen
        self._check_receipts(seen | again, frame.checkpoint)
        self.skew_ms = self._judge_clock(page)
        new_epoch = any(taken.epoch is not None for taken in page.taken)
        owed = owed_for_page(page, negotiation, self.me, was_suspended=was_suspended)
        with self._saving() as tx:
            for taken in page.taken:
                save_taken(tx, self.log_id, taken)
            save_checkpoint(
                tx,
                self.log_id,
                self.conversation.transcript.genesis,
                page.checkpoint,
                proven_from=page.proven_from,
                consistency=page.consistency,
            )
            for row in self._waiting:
                if row.message_id in seen:
                    tx.outbox.drop(row.sequence)
                elif row.message_id in again or (new_epoch and row.state is not OutboxState.QUEUED):
                    # It counts for nothing where it is, such as when a later message of ours overtook it; or
                    # its epoch ended before it was ordered: all entries of that epoch have been read. It is
                    # sealed anew, with the same id.
                    tx.outbox.unseal(row.sequence)
            self._receipts.owe(tx, owed, negotiation, self.me)
            for taken in page.taken:
                if page.won is not None and taken.own == page.won.message:
                    self._on_won(tx, page.won, self.conversation, taken.judged.position)
            if page.removed:
                tx.channels.set_status(self.log_id, ChannelStatus.REMOVED)
            tx.channels.set_state(self.log_id, state_of(self.conversation))
        if page.removed:
            self.status = ChannelStatus.REMOVED
        return page

    def receipt(self, message: bytes, *, position: int, checkpoint: bytes) -> None:
        """Keep the relay's receipt for a message of ours.

        Args:
            message: The bytes that were sent.
            position: Where the relay says they are.
            checkpoint: The signed note that covers that position.

        Raises:
            ChannelStopped: The checkpoint contradicts what we hold.
            RelayMisbehaved: It is no checkpoint of this log, or does not cover the position.
        """
        self.check_running()
        conversation = self.conversation
        genesis = conversation.transcript.genesis
        try:
            signed = verify(checkpoint, origin=genesis.origin, public_key=genesis.relay_public_key)
        except ProtocolError:
            raise RelayMisbehaved("the relay gave a receipt without a valid signature") from None
        if signed.size <= position:
            raise RelayMisbehaved("the relay gave a receipt that its checkpoint does not cover")
        try:
            if signed.size > conversation.transcript.size:
                conversation.follower = conversation.follower.receive_checkpoint(checkpoint)
            elif conversation.transcript.root_at(signed.size) != signed.root:
                raise Fork(
                    "a receipt is signed over another log",
                    ours=conversation.follower.checkpoint,
                    theirs=checkpoint,
                )
        except LogViolation as violation:
            raise self._stop(violation) from violation
        row = self._row_of(message)
        with self._saving() as tx:
            save_checkpoint(tx, self.log_id, genesis, checkpoint)
            if row is not None:
                tx.outbox.relayed(row.sequence, position=position)

    def holds(self, message_id: bytes) -> bool:
        """Whether a message of ours still waits to come into the log."""
        return any(row.message_id == message_id for row in self._waiting)

    def id_of(self, message: bytes) -> bytes | None:
        """The id of the waiting message that these sealed bytes are, or None."""
        row = self._row_of(message)
        return None if row is None else row.message_id

    @property
    def deadline_ms(self) -> int:
        """What deadlines are held against here, UTC milliseconds.

        Our clock while it agrees with the relay's, by which they go; else what the relay's shows at least.
        """
        now_ms = self._clock()
        return now_ms if not self.skew_ms else self.relay_clock.earliest(now_ms, self.skew_ms)

    # What we say.

    @property
    def waiting(self) -> Sequence[OutboxRow]:
        """Our messages that are not in the log as we know it, in order of sending.

        Without the receipts that are held back: nobody waits for them.
        """
        return [row for row in self._waiting if not self._receipts.is_held(row)]

    @property
    def next_release_ms(self) -> int | None:
        """When something that is held back may leave, UTC milliseconds; None where nothing is."""
        return self._receipts.next_ms

    def queue(self, body: bytes, *, along: Callable[[Transaction, bytes], None] | None = None) -> bytes:
        """Take a message into the outbox; returns its id (16 bytes).

        Args:
            body: Encoded.
            along: Saves, in the same transaction and given the id, what must be known together with it.
        """
        self.check_running()
        message_id = self._random(16)
        with self._saving() as tx:
            tx.outbox.queue(self.log_id, message_id, body, queued_ms=self._clock())
            if along is not None:
                along(tx, message_id)
        return message_id

    def sealed(self) -> tuple[bytes, ...]:
        """The messages to send now, in order: those sealed before, then as many queued ones as may be.

        What this returns has been saved, ratchet and all, and may leave any number of times.
        """
        self.check_running()
        room = MAX_SEALED - sum(row.state is not OutboxState.QUEUED for row in self._waiting)
        queued = [row for row in self.waiting if row.state is OutboxState.QUEUED]
        if queued and room > 0:
            with self._saving() as tx:
                negotiation = self.conversation.transcript.negotiation
                for row in self._receipts.make_up(tx, queued, negotiation, self.me)[:room]:
                    self._seal(tx, row)
                tx.channels.set_ratchet_state(self.log_id, ratchet_state_of(self.conversation))
        ready = [row.sealed for row in self._waiting if row.state is OutboxState.SEALED]
        return tuple(sealed.message for sealed in ready if sealed is not None)

    def displayed(self, message_ids: Sequence[bytes]) -> None:
        """Owe L3 for messages that were on screen here, where the charter wants that; once for each."""
        self.check_running()
        negotiation = self.conversation.transcript.negotiation
        owed = self._receipts.for_display(negotiation, self.me, message_ids)
        if owed:
            with self._saving() as tx:
                self._receipts.owe(tx, owed, negotiation, self.me)

    def _seal(self, tx: Transaction, row: OutboxRow) -> None:
        epoch = self.conversation.group.epoch
        sealed = self.conversation.seal(
            message_id=row.message_id,
            body=row.body,
            outstanding=self._outstanding(tx, epoch),
            random=self._random,
        )
        tx.outbox.seal(
            row.sequence,
            SealedMessage(
                epoch=epoch,
                message=sealed.message,
                leaf_index=sealed.opening.leaf_index,
                content=sealed.opening.content,
                signature=sealed.opening.signature,
                counter=sealed.counter,
            ),
        )

    def _outstanding(self, tx: Transaction, epoch: int) -> int:
        rows = tx.outbox.waiting(self.log_id)
        return max(
            (r.sealed.counter for r in rows if r.sealed is not None and r.sealed.epoch == epoch), default=0
        )

    def commit(self, proposals: Sequence[Proposal], *, intent: bytes) -> Committing:
        """Make and save a commit; it may leave when this returns. Raises as ``Conversation.commit``."""
        self.check_running()
        committing = self.conversation.commit(
            proposals, intent=intent, now_s=self.deadline_ms // 1000, random=self._random
        )
        with self.store.transaction() as tx:
            tx.channels.set_state(self.log_id, state_of(self.conversation))
        return committing

    # Inside.

    @contextmanager
    def _saving(self) -> Iterator[Transaction]:
        """One transaction; what waits is read at its end, and believed only once it is durable."""
        with self.store.transaction() as tx:
            yield tx
            waiting = list(tx.outbox.waiting(self.log_id))
        self._waiting = waiting

    def _judge_clock(self, page: Page) -> int:
        """What a page tells of the relay's clock; others' entries that are not of the future tell nothing."""
        now_ms, last_ms = self._clock(), self.conversation.transcript.relay_time_ms
        said = {row.message_id: row.queued_ms for row in self._waiting}
        for taken in page.taken:
            said_ms = None if taken.own is None else said.get(taken.own)
            self.relay_clock.heard(taken.judged.relay_time_ms, now_ms=now_ms, said_ms=said_ms)
        if ahead := skew_ms(last_ms, earliest_ms=0, latest_ms=now_ms):
            return ahead
        for taken in reversed(page.taken):
            if taken.own is not None and taken.own in said:
                time_ms = taken.judged.relay_time_ms
                return min(0, skew_ms(time_ms, earliest_ms=said[taken.own], latest_ms=now_ms))
        return self.skew_ms

    def _check_receipts(self, found: Set[bytes | None], checkpoint: bytes) -> None:
        """Where the relay said our messages are, they must be."""
        follower = self.conversation.follower
        for row in self._waiting:
            passed = row.position is not None and row.position < self.conversation.transcript.size
            if passed and row.message_id not in found:
                raise self._stop(
                    GapInLog(
                        "the entry that the relay gave us a receipt for is another one",
                        ours=follower.checkpoint,
                        theirs=checkpoint,
                    )
                )

    def _row_of(self, message: bytes) -> OutboxRow | None:
        return next((r for r in self._waiting if r.sealed is not None and r.sealed.message == message), None)

    def _stop(self, violation: LogViolation) -> ChannelStopped:
        """Keep the evidence and stop the channel for good; a person has to look at it."""
        alarm = Alarm(
            kind=_ALARMS[type(violation)],
            detail=str(violation),
            ours=violation.ours or b"",
            theirs=violation.theirs or b"",
        )
        conflict = ConflictRow(
            kind=alarm.kind,
            ours=violation.ours,
            theirs=alarm.theirs,
            detail=alarm.detail,
            seen_ms=self._clock(),
        )
        with self.store.transaction() as tx:
            tx.history.add_conflict(self.log_id, conflict)
            tx.channels.set_status(self.log_id, ChannelStatus.STOPPED, alarm.detail)
        self.status = ChannelStatus.STOPPED
        self.alarm = alarm
        return ChannelStopped(alarm.detail)

    def check_running(self) -> None:
        """Raise ``ChannelStopped`` or ``NotAMember`` where nothing more can happen in the channel."""
        match self.status:
            case ChannelStatus.ACTIVE:
                return
            case ChannelStatus.STOPPED:
                raise ChannelStopped("" if self.alarm is None else self.alarm.detail)
            case ChannelStatus.REMOVED | ChannelStatus.LEFT:
                raise NotAMember
            case _:
                assert_never(self.status)
