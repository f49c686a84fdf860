"""Receipts that a device sends by itself (L2, L2-ERROR, L3): what is owed, and when it leaves.

A receipt that leaves at once tells everybody when this device woke up. So below IMMEDIATE it is held back for
a random while; what comes due together leaves together, and is dated when it leaves. What is owed is in the
outbox from the start: a client that is killed sends it when it runs again, and then without delay.

Only a member can read a receipt. Nothing that counts for nothing gets one: an entry that is malformed, breaks
a rule or is nobody's word is passed over in silence, except that a message of this epoch which could not be
decrypted is reported, because its sender would take it for delivered.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from channel.transcript import Reason
from client.conversation import Page
from client.escalating import body_of, is_moot
from client.store import OutboxRow, Transaction
from protocols.messages import Escalation, Receipt, compose_receipt, encode_body
from protocols.messages.envelope import Precedence
from protocols.messages.receipt import MAX_MESSAGES_PER_RECEIPT, ReceiptLevel
from protocols.messages.values import format_time
from protocols.negotiation import ACKNOWLEDGEMENT_DUE, ChannelTerms, FoldedMessage, Level, Negotiation
from protocols.negotiation.timers import IMMEDIATE_OR_ABOVE
from protocols.payload import EntryStatus

__all__ = [
    "DEFAULT_JITTER_S",
    "NO_JITTER",
    "DeviceReceipts",
    "Jitter",
    "Made",
    "Owed",
    "encode_owed",
    "make_up",
    "owed_for_display",
    "owed_for_page",
]

DEFAULT_JITTER_S: Final = (2.0, 30.0)
_DEVICE_LEVELS: Final[dict[ReceiptLevel, Level]] = {
    "DELIVERED": Level.DELIVERED,
    "DELIVERY_ERROR": Level.CONFIRMED,  # said once, whatever else is known
    "DISPLAYED": Level.DISPLAYED,
}
_PRECEDENCES: Final = tuple(dict.fromkeys(precedence for precedence, _ in ACKNOWLEDGEMENT_DUE))


@dataclass(frozen=True, slots=True)
class Jitter:
    """For how long receipts are held back: drawn evenly from `least_s` to `most_s`, in seconds."""

    least_s: float
    most_s: float

    def __post_init__(self) -> None:
        if not 0 <= self.least_s <= self.most_s:
            raise ValueError("a delay from nothing or more to as much or more")

    def delay_ms(self, precedence: Precedence | None, terms: ChannelTerms, uniform: float) -> int:
        """Say for how long to hold a receipt back.

        Args:
            precedence: Of the messages it is for; None where nobody knows.
            terms: The charter's: no delay takes more than a tenth of the time that L2 may take.
            uniform: A random number, at least 0 and below 1, that nobody can foresee.

        Returns:
            Milliseconds; 0 at IMMEDIATE and above.
        """
        if precedence in IMMEDIATE_OR_ABOVE:
            return 0
        known = _PRECEDENCES if precedence is None else (precedence,)
        allowed_ms = [due for one in known if (due := terms.due_ms(one, Level.DELIVERED)) is not None]
        most_ms = min([1000 * self.most_s, *(due / 10 for due in allowed_ms)])
        least_ms = min(1000 * self.least_s, most_ms)
        return round(least_ms + uniform * (most_ms - least_ms))


NO_JITTER: Final = Jitter(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """Receipts of one level that come due together.

    Attributes:
        level: DELIVERED, DELIVERY_ERROR or DISPLAYED.
        precedence: of the messages; None for entries that could not be read.
        messages: ids of messages of others, 32 hexadecimal digits.
        positions: of entries that could not be read.
    """

    level: ReceiptLevel
    precedence: Precedence | None
    messages: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()


def owed_for_page(
    page: Page, negotiation: Negotiation, me: str, *, was_suspended: bool = False
) -> tuple[Owed, ...]:
    """Return what a page of entries makes us owe: L2 for each message of others that we could read.

    Args:
        page: What was received.
        negotiation: After it.
        me: Our participant id; who is suspended owes nothing, because it would not count.
        was_suspended: Whether we were before the page: then we also owe for what came meanwhile.
    """
    if me in negotiation.suspended:
        return ()
    messages = list(negotiation.undelivered_to_me(me)) if was_suspended else []
    unreadable: list[int] = []
    for taken in page.taken:
        position = taken.judged.position
        if taken.judged.status is EntryStatus.ACCEPTED and taken.own is None:
            folded = negotiation.by_position(position)
            if folded is not None and folded.sender != me and not was_suspended:
                messages.append(folded)
        elif taken.judged.reason == Reason.UNDECIPHERABLE:
            unreadable.append(position)
    errors = Owed(level="DELIVERY_ERROR", precedence=None, positions=tuple(unreadable))
    return (*_by_precedence("DELIVERED", messages), *((errors,) if unreadable else ()))


def owed_for_display(
    negotiation: Negotiation, me: str, message_ids: Sequence[bytes], already: Sequence[str] | set[str]
) -> tuple[Owed, ...]:
    """Return what we owe for messages that were on screen here: nothing unless the charter wants it.

    Args:
        negotiation: As it stands.
        me: Our participant id.
        message_ids: 16 bytes each; those of nobody, or our own, count for nothing.
        already: Ids that were told before.
    """
    if not negotiation.terms.displayed or me in negotiation.suspended or me not in negotiation.roster:
        return ()
    shown = [negotiation.message(message_id) for message_id in dict.fromkeys(message_ids)]
    fresh = [
        folded
        for folded in shown
        if folded is not None
        and folded.sender != me
        and folded.id not in already
        and folded.level(me) < Level.DISPLAYED
    ]
    return _by_precedence("DISPLAYED", fresh)


def _by_precedence(level: ReceiptLevel, messages: Sequence[FoldedMessage]) -> tuple[Owed, ...]:
    found: dict[Precedence, list[str]] = {}
    for folded in messages:
        found.setdefault(folded.precedence, []).append(folded.id)
    return tuple(
        Owed(level=level, precedence=precedence, messages=tuple(ids)) for precedence, ids in found.items()
    )


def encode_owed(owed: Owed, *, sender: str, sent: str) -> Iterator[bytes]:
    """Yield the receipts, encoded, that say what is owed: 64 messages or entries in each at most."""
    for messages in _parts(owed.messages):
        yield encode_body(compose_receipt(owed.level, sender=sender, sent=sent, messages=messages))
    for positions in _parts(owed.positions):
        yield encode_body(compose_receipt(owed.level, sender=sender, sent=sent, positions=positions))


def _parts(items: Sequence[str] | Sequence[int]) -> Iterator[Sequence]:  # type: ignore[type-arg]  # of either
    for start in range(0, len(items), MAX_MESSAGES_PER_RECEIPT):
        yield items[start : start + MAX_MESSAGES_PER_RECEIPT]


@dataclass(frozen=True, slots=True)
class Made:
    """What leaves in the place of some rows of the outbox.

    Attributes:
        rows: what is to be sealed, in order; a receipt with the body that leaves.
        changed: sequence numbers of those of them whose body is another now.
        dropped: sequence numbers of what need not leave any more.
    """

    rows: tuple[OutboxRow, ...]
    changed: frozenset[int]
    dropped: frozenset[int]


def make_up(rows: Sequence[OutboxRow], negotiation: Negotiation, *, me: str, sent: str) -> Made:
    """Make what the device says anew, as it leaves: as few receipts as can be, dated now; nothing outdated.

    Args:
        rows: Not sealed, in order of sending; those that may leave now.
        negotiation: As it stands: what the log shows already is not said again.
        me: Our participant id.
        sent: Now, a `Time`.
    """
    receipts: dict[ReceiptLevel, list[tuple[OutboxRow, Receipt]]] = {}
    made: set[int] = set()
    for row in rows:
        body = body_of(row)
        if isinstance(body, Escalation) and is_moot(negotiation, body):
            made.add(row.sequence)
        if isinstance(body, Receipt) and body.level in _DEVICE_LEVELS:
            receipts.setdefault(body.level, []).append((row, body))
    bodies: dict[int, bytes] = {}
    for level, group in receipts.items():
        names = dict.fromkeys(name for _, body in group for name in body.messages)
        positions = dict.fromkeys(place for _, body in group for place in body.positions)
        owed = Owed(
            level=level,
            precedence=None,
            messages=tuple(name for name in names if not _is_known(negotiation, name, me, level)),
            positions=tuple(positions),
        )
        made |= {row.sequence for row, _ in group}
        told = encode_owed(owed, sender=me, sent=sent)
        bodies |= {row.sequence: body for (row, _), body in zip(group, told, strict=False)}
    return Made(
        rows=tuple(
            replace(row, body=bodies.get(row.sequence, row.body))
            for row in rows
            if row.sequence not in made or row.sequence in bodies
        ),
        changed=frozenset(bodies),
        dropped=frozenset(made - bodies.keys()),
    )


def _is_known(negotiation: Negotiation, message_id: str, me: str, level: ReceiptLevel) -> bool:
    folded = negotiation.message(message_id)
    return folded is None or folded.level(me) >= _DEVICE_LEVELS[level]


class DeviceReceipts:
    """The receipts of one channel on their way through its outbox.

    Until when which rows stay is kept in memory only: a client that runs again lets go of everything.
    """

    def __init__(
        self, log_id: bytes, *, jitter: Jitter, clock: Callable[[], int], random: Callable[[int], bytes]
    ) -> None:
        """Hold nothing yet.

        Args:
            log_id: The channel, 32 bytes.
            jitter: For how long receipts are held back.
            clock: UTC milliseconds.
            random: Source of random bytes.
        """
        self._log_id = log_id
        self._jitter = jitter
        self._clock = clock
        self._random = random
        self._until: dict[int, int] = {}
        self._displayed: set[str] = set()

    def owe(self, tx: Transaction, owed: Sequence[Owed], negotiation: Negotiation, me: str) -> None:
        """Put into the outbox what is owed. What comes of one page has one delay, and leaves together."""
        now_ms = self._clock()
        uniform = 0.0 if self._jitter == NO_JITTER else int.from_bytes(self._random(4)) / 2**32
        for one in owed:
            delay_ms = self._jitter.delay_ms(one.precedence, negotiation.terms, uniform)
            for body in encode_owed(one, sender=me, sent=format_time(now_ms)):
                row = tx.outbox.queue(self._log_id, self._random(16), body, queued_ms=now_ms)
                if delay_ms:
                    self._until[row] = now_ms + delay_ms

    def for_display(
        self, negotiation: Negotiation, me: str, message_ids: Sequence[bytes]
    ) -> tuple[Owed, ...]:
        """Return what is owed for messages that were on screen here, each for the first time only."""
        owed = owed_for_display(negotiation, me, message_ids, self._displayed)
        self._displayed.update(name for one in owed for name in one.messages)
        return owed

    def is_held(self, row: OutboxRow) -> bool:
        """Whether a row has to wait; never for longer than any delay, even if our clock was put back."""
        now_ms, until_ms = self._clock(), self._until.get(row.sequence)
        return until_ms is not None and now_ms < until_ms <= now_ms + 1000 * self._jitter.most_s

    @property
    def next_ms(self) -> int | None:
        """When the next row may leave, UTC milliseconds; None where nothing is held."""
        return min(self._until.values(), default=None)

    def make_up(
        self, tx: Transaction, rows: Sequence[OutboxRow], negotiation: Negotiation, me: str
    ) -> tuple[OutboxRow, ...]:
        """Write down what leaves in the place of these rows, as ``make_up`` has it; returns that."""
        made = make_up(rows, negotiation, me=me, sent=format_time(self._clock()))
        for sequence in made.dropped:
            tx.outbox.drop(sequence)
        for row in made.rows:
            if row.sequence in made.changed:
                tx.outbox.restate(row.sequence, row.body)
        for row in rows:
            self._until.pop(row.sequence, None)
        return made.rows
