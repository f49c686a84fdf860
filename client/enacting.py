"""Messages agree, a commit enacts: this puts what was agreed into the charter, by itself.

The author's client commits as soon as it sees the agreement. Should it be offline, the others who may govern
follow one after another, each a grace time later, in the charter's order: nothing hangs on one client, and
they do not race. A race that is lost is run again, and is over when the charter shows the change.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from channel.charter import GOVERNING, Seats
from channel.errors import ChannelError
from channel.mls import MLSError
from channel.mls.proposals import Proposal
from client.conversation import Conversation
from client.errors import Refused
from client.events import ChannelStatus
from client.seating import propose_charter, propose_removal
from client.waiting import ChangeKind, committers, enactable, waiting_changes

if TYPE_CHECKING:
    from client.channel_session import ChannelSession

__all__ = ["DEFAULT_GRACE_S", "Enactor", "check_may_govern", "enact", "settle"]

DEFAULT_GRACE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One commit that may be made: which changes it is for, from when on, and how it is made."""

    keys: frozenset[str]
    words: tuple[str, ...]
    due_ms: int
    propose: Callable[[Conversation], Sequence[Proposal]]
    done: Callable[[Conversation], bool]


class Enactor:
    """Enacts what one channel agreed, while its session runs."""

    def __init__(self, *, clock: Callable[[], int], grace_s: float = DEFAULT_GRACE_S) -> None:
        """Make an enactor.

        Args:
            clock: UTC milliseconds.
            grace_s: How long each who may govern leaves a change to those before them.
        """
        self._clock = clock
        self._grace_ms = round(1000 * grace_s)
        self._seen: dict[str, int] = {}
        self._given_up: dict[tuple[int, frozenset[str]], str] = {}

    @contextlib.asynccontextmanager
    async def serve(self, session: "ChannelSession") -> AsyncIterator[None]:
        """Enact on a connection for the length of a block.

        Cancellation: a commit that was made is in the journal, and leaves with the next connection.
        """
        async with asyncio.TaskGroup() as tasks:
            enacting = tasks.create_task(self._run(session))
            try:
                yield
            finally:
                enacting.cancel()

    def is_idle(self, session: "ChannelSession") -> bool:
        """Whether there is nothing that this client should commit now."""
        return self._next(session) is None

    @property
    def failures(self) -> tuple[str, ...]:
        """Why what was agreed could not be put into the charter, where it could not."""
        return tuple(self._given_up.values())

    async def _run(self, session: "ChannelSession") -> None:
        while True:
            size = session.conversation.transcript.size
            step = self._next(session)
            if step is None:
                await self._changed(session, size)
                continue
            epoch = session.conversation.group.epoch
            try:
                await session.commit(step.propose, intent=b"", done=step.done)
            except (ChannelError, MLSError) as error:
                # Not for want of trying: the charter would be too large, or somebody undid the agreement.
                # Another epoch or another agreement is another matter.
                kept = {tried: why for tried, why in self._given_up.items() if tried[0] == epoch}
                self._given_up = {**kept, (epoch, step.keys): str(error)}
                session.notify()

    def _next(self, session: "ChannelSession") -> _Step | None:
        if session.journal.status is not ChannelStatus.ACTIVE:
            return None
        now_ms, epoch = self._clock(), session.conversation.group.epoch
        return next(
            (
                step
                for step in self._steps(session)
                if step.due_ms <= now_ms and (epoch, step.keys) not in self._given_up
            ),
            None,
        )

    async def _changed(self, session: "ChannelSession", size: int) -> None:
        """Wait until the log goes on or a step is due."""
        now_ms = self._clock()
        waits_ms = [step.due_ms - now_ms for step in self._steps(session) if step.due_ms > now_ms]
        with contextlib.suppress(TimeoutError):  # then the clock is read again
            await session.wait_for(
                lambda running: running.conversation.transcript.size != size or not self.is_idle(running),
                min(waits_ms) / 1000 if waits_ms else None,
            )

    def _steps(self, session: "ChannelSession") -> tuple[_Step, ...]:
        """What we may commit, with the time from which on we do."""
        me, negotiation = session.me, session.negotiation
        waiting = waiting_changes(negotiation)
        now_ms = self._clock()
        self._seen = {change.key: self._seen.get(change.key, now_ms) for change in waiting}
        due: dict[str, int] = {}
        for change in waiting:
            order = committers(session.charter, negotiation.suspended, change)
            if me in order:
                due[change.key] = self._seen[change.key] + self._grace_ms * order.index(me)
        return tuple(
            replace(step, due_ms=min(due[key] for key in step.keys if key in due))
            for step in _possible_steps(session)
            if any(key in due for key in step.keys)
        )


def _possible_steps(session: "ChannelSession") -> Iterator[_Step]:
    negotiation, charter = session.negotiation, session.charter
    waiting = waiting_changes(negotiation)
    changes = [change for change in waiting if change.kind is ChangeKind.CHARTER]
    if changes and enactable(charter, negotiation.agreed) != charter:
        yield _Step(
            keys=frozenset(change.key for change in changes),
            words=tuple(change.words for change in changes),
            due_ms=0,
            propose=_propose_changes,
            done=_shows_changes,
        )
    for change in waiting:
        goes = change.kind is ChangeKind.REMOVAL and charter.entry(change.subject) is not None
        if goes and change.subject != session.me:  # MLS lets nobody remove themselves
            yield _removal(change.key, change.words, change.subject)


def _removal(key: str, words: str, subject: str) -> _Step:
    return _Step(
        keys=frozenset({key}),
        words=(words,),
        due_ms=0,
        propose=lambda conversation: propose_removal(subject, conversation),
        done=lambda conversation: conversation.transcript.epoch.charter.entry(subject) is None,
    )


def _propose_changes(conversation: Conversation) -> Sequence[Proposal]:
    transcript = conversation.transcript
    return (propose_charter(enactable(transcript.epoch.charter, transcript.negotiation.agreed)),)


def _shows_changes(conversation: Conversation) -> bool:
    transcript = conversation.transcript
    charter = transcript.epoch.charter
    return enactable(charter, transcript.negotiation.agreed) == charter


async def enact(session: "ChannelSession") -> tuple[str, ...]:
    """Commit all that was agreed and waits, now and whoever wrote it.

    Returns:
        What is in force now that was not, one line each; nothing where nothing waited.

    Raises:
        Refused: We may not: neither party nor mediator, or suspended.
        ChannelError, MLSError: The charter or MLS does not allow it.

    Cancellation: some of it may have come into force; look at the charter.
    """
    check_may_govern(session)
    words: list[str] = []
    for step in _possible_steps(session):
        await session.commit(step.propose, intent=b"", done=step.done)
        words += step.words
    return tuple(words)


async def settle(session: "ChannelSession") -> None:
    """End the set-up: from here on nobody comes, goes or changes role unless every party agrees.

    Raises:
        Refused: We may not, or we are alone here, so that nobody could ever agree to anything.
        ChannelError, MLSError: The charter or MLS does not allow it.

    Cancellation: it may have happened; look at the charter.
    """
    check_may_govern(session)
    if len(session.charter.roster) == 1:
        raise Refused("you are alone in this channel: invite the others first, then end the set-up")

    def propose(conversation: Conversation) -> Sequence[Proposal]:
        return (propose_charter(replace(conversation.transcript.epoch.charter, seats=Seats.AGREED)),)

    await session.commit(
        propose,
        intent=b"",
        done=lambda conversation: conversation.transcript.epoch.charter.seats is Seats.AGREED,
    )


def check_may_govern(session: "ChannelSession") -> None:
    """Refuse what only a party or a mediator may do, and nobody who is suspended.

    Raises:
        Refused: We are neither, or suspended.
    """
    if session.me in session.negotiation.suspended:
        raise Refused("your seat is suspended: the parties must agree to restore it")
    seat = session.charter.entry(session.me)
    if seat is None or seat.role not in GOVERNING:
        raise Refused("only a party or a mediator may do this here: ask one of them")
