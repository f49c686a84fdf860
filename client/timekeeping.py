"""What a running channel does because time has passed, and for no other reason.

Receipts that were held back leave; escalations of our own overdue messages are logged; people are told of
what is overdue. Works without a connection too, but for what goes into the log.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from client.errors import ChannelStopped, NotAMember
from client.escalating import (
    DEFAULT_GRACE_S,
    Duty,
    Slot,
    body_of,
    duties,
    is_moot,
    next_look_ms,
    note_of,
    to_tell,
    unrelayed,
)
from client.events import AcknowledgementOverdue
from protocols.messages import Escalation, encode_body
from protocols.messages.escalation import EscalationStep
from protocols.messages.values import format_time
from protocols.negotiation.timers import Overdue

if TYPE_CHECKING:
    from client.channel_session import ChannelSession

__all__ = ["Timekeeper"]

_MAX_WAIT_S: Final = 60.0
"""The clock is read again at least so often: it may have been put right, or the machine have slept."""
_SHARE: Final = 10
_LONG_S: Final = 0.01
"""However much is overdue, looking takes a tenth of the time at most, or so long."""
_REACH_MS: Final = 7 * 24 * 3_600_000
"""What became due longer ago is history: `parley overdue` lists it, nobody is alarmed by it again."""
_MAX_NOTES: Final = 64
"""So many escalations are logged at a time; the rest follows when those are in the log."""
_MAX_TRIES: Final = 2
"""A step is logged once. It may be refused for coming too early, by a relay's clock that we did not know."""


class Timekeeper:
    """Watches the clock for one running channel."""

    def __init__(self, *, clock: Callable[[], int], grace_s: float = DEFAULT_GRACE_S) -> None:
        """Make a timekeeper.

        Args:
            clock: UTC milliseconds.
            grace_s: How long a mediator's device leaves the last step to others.
        """
        self._clock = clock
        self._grace_ms = round(1000 * grace_s)
        self._seen: tuple[object, ...] = ()
        self._look_at_ms = 0
        self._agreed: tuple[object, ...] = ()
        self._told_ms = 0
        self._noted_ms = 0
        self._duties: dict[Slot, Duty] = {}
        self._told: set[tuple[Slot, EscalationStep]] = set()
        self._tried: Counter[tuple[Slot, EscalationStep]] = Counter()

    def is_idle(self, session: "ChannelSession") -> bool:
        """Whether there is nothing to do before something happens or time passes."""
        return self._clock() < self._look_at_ms and _standing(session) == self._seen

    async def run(self, session: "ChannelSession") -> None:
        """Watch the clock until the channel ends or this is cancelled.

        Cancellation: what was to be logged is in the outbox or is found again; people are told once more.
        """
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ChannelStopped, NotAMember):  # `ChannelSession.run` tells of it
            while True:
                started = loop.time()
                self._seen = _standing(session)
                wait_ms = self._look(session)
                self._look_at_ms = self._clock() + wait_ms
                # One turn of the loop at least, so that a clock that runs ahead of the loop's does not spin.
                spent_s = loop.time() - started
                await asyncio.sleep(_SHARE * spent_s if spent_s > _LONG_S else 0)
                with contextlib.suppress(TimeoutError):
                    await session.wait_for(
                        lambda running: not self.is_idle(running), min(max(wait_ms, 1) / 1000, _MAX_WAIT_S)
                    )

    def _look(self, session: "ChannelSession") -> int:
        """Do what it is time for, and return in how many milliseconds there may be more to do."""
        journal, negotiation = session.journal, session.negotiation
        journal.check_running()
        if self._agreed != (agreed := (negotiation.roster, negotiation.terms)):
            # Other people or other timers, or we have just begun: what is due may lie in the past.
            self._agreed, self._duties = agreed, {}
            self._told_ms = self._noted_ms = self._clock() - _REACH_MS
        now_ms = journal.deadline_ms
        relay_ms = journal.relay_clock.earliest(self._clock(), journal.skew_ms)
        if session.listeners:  # whoever comes to listen later is told then
            self._tell(session, to_tell(negotiation, session.me, now_ms, self._told_ms))
            self._tell(session, unrelayed(journal.waiting, negotiation.terms, now_ms))
            self._told_ms = now_ms
        self._duties |= duties(
            negotiation, session.me, relay_ms=relay_ms, since_ms=self._noted_ms, grace_ms=self._grace_ms
        )
        self._noted_ms = relay_ms
        if session.line is not None and session.line.ready and session.me not in negotiation.suspended:
            self._log(session, relay_ms)
        release_ms = journal.next_release_ms
        if release_ms is not None and release_ms <= self._clock():
            session.wake()
            release_ms = None
        wait_ms = next_look_ms(
            negotiation, journal.waiting, self._duties.values(), now_ms=now_ms, relay_ms=relay_ms
        )
        return wait_ms if release_ms is None else min(wait_ms, release_ms - self._clock())

    def _tell(self, session: "ChannelSession", overdue: Iterable[Overdue]) -> None:
        for late in overdue:
            said = ((late.message, late.addressee, late.level), late.step)
            if said not in self._told:
                self._told.add(said)
                session.publish(AcknowledgementOverdue.of(late))

    def _log(self, session: "ChannelSession", relay_ms: int) -> None:
        if any(isinstance(body_of(row), Escalation) for row in session.journal.waiting):
            return  # one batch after the other, so that much that is overdue does not keep words from leaving
        sent, logged = format_time(self._clock()), 0
        for slot, duty in tuple(self._duties.items()):
            note = note_of(slot, duty, sender=session.me, sent=sent)
            if is_moot(session.negotiation, note) or self._tried[slot, duty.step] >= _MAX_TRIES:
                del self._duties[slot]
            elif duty.from_ms <= relay_ms and logged < _MAX_NOTES:
                self._tried[slot, duty.step] += 1
                session.journal.queue(encode_body(note))
                logged += 1
        if logged:
            session.wake()


def _standing(session: "ChannelSession") -> tuple[object, ...]:
    """What there is to look at again once it is another."""
    line = session.line
    ready = line is not None and line.ready
    return session.conversation.transcript.size, ready, len(session.journal.waiting), session.listeners
