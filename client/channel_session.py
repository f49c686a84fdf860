"""One running channel: what people do in it, and the connection that is kept up meanwhile.

Everything said is in the journal before it leaves; everything shown comes from the journal's conversation.
The connection comes and goes without anybody having to do something about it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial

from pydantic import JsonValue

from channel.errors import CommitRefused
from channel.mls.proposals import Proposal
from client.admitting import DEFAULT_LIFETIME_S, Admission
from client.audience import Audience
from client.backoff import Backoff
from client.composing import compose_now, readings, reply_to
from client.conversation import Committing, Conversation, Page
from client.enacting import Enactor
from client.errors import (
    ChannelStopped,
    NotAMember,
    RelayMisbehaved,
    RelayUnreachable,
)
from client.events import (
    AlarmRaised,
    ChannelStatus,
    ClocksDiffer,
    ConnectionChanged,
    ConnectionKind,
    ConnectionState,
    Event,
    Invited,
)
from client.failures import gravest
from client.journal import Journal
from client.line import Line
from client.noticing import events_of
from client.own_task import in_own_task
from client.seating import SeatOffer, propose_removal
from client.session_view import SessionView
from client.timekeeping import Timekeeper
from client.transport import RelayConnection
from protocols.messages import Message, Role, compose_receipt, encode_body
from protocols.messages.values import format_time

__all__ = ["ChannelSession", "Connect"]

Connect = Callable[[], contextlib.AbstractAsyncContextManager[RelayConnection]]


class ChannelSession(SessionView):
    """A channel in use. Made by ``Parley.open``; valid inside its block."""

    def __init__(
        self,
        journal: Journal,
        admission: Admission,
        enactor: Enactor,
        timekeeper: Timekeeper,
        *,
        connect: Connect,
        clock: Callable[[], int],
        uniform: Callable[[], float],
    ) -> None:
        """Take up a channel.

        Args:
            journal: The channel's journal.
            admission: Admits those whom we invite.
            enactor: Commits what was agreed.
            timekeeper: Does what is to be done because time has passed.
            connect: Opens a connection to its relay.
            clock: UTC milliseconds.
            uniform: A random number, at least 0 and below 1, to spread reconnections.
        """
        super().__init__(journal, now_ms=clock())
        self.admission = admission
        self.enactor = enactor
        self.timekeeper = timekeeper
        self._connect = connect
        self._clock = clock
        self._uniform = uniform
        self._tick = asyncio.Event()
        self._retry = asyncio.Event()
        self._audience = Audience(self.notify)
        self._commit_lock = asyncio.Lock()
        self._ended = False
        self._told_skew_ms = 0
        self._closing = False

    # What people do.

    def compose(
        self, kind: str, fields: Mapping[str, JsonValue], *, to: Sequence[str] = (), **envelope: JsonValue
    ) -> Message:
        """Make a message and check it against its own rules and the conversation so far. Nothing is sent.

        Args:
            kind: The message type.
            fields: Its content, see ``protocols.messages.compose``.
            to: ACTION addressees; empty for everybody else on the roster.
            envelope: Envelope fields by name.

        Raises:
            RuleViolation: What is wrong, which field, and the way out.
        """
        return compose_now(
            self.conversation, self.me, kind, fields, to=to, now_ms=self._clock(), envelope=envelope
        )

    async def send(self, message: Message) -> bytes:
        """Take a message into the outbox; it leaves as soon as there is a connection.

        Returns:
            Its id, 16 bytes. When this returns the message is durable.
        """
        return self._queue(encode_body(message))

    async def acknowledge(self, message_id: bytes) -> None:
        """Tell the others that a person here has this message (L4). It never means agreement."""
        receipt = compose_receipt(
            "ACKNOWLEDGED", sender=self.me, sent=format_time(self._clock()), messages=[message_id.hex()]
        )
        self._queue(encode_body(receipt))

    async def displayed(self, message_ids: Sequence[bytes]) -> None:
        """Tell the others that messages were on screen here (L3) where the charter wants it, once for each.

        Args:
            message_ids: 16 bytes each, of messages that a person could see.
        """
        if self.charter.displayed and self.journal.status is ChannelStatus.ACTIVE:
            self.journal.displayed(message_ids)
            self.wake()

    async def answer(self, message_id: bytes, code: str, **fields: JsonValue) -> bytes:
        """Answer a message with one of the closing words; returns the answer's id."""
        return await self._reply("RESPONSE", message_id, {"code": code, **fields})

    async def read_back(self, message_id: bytes, fields: Mapping[str, JsonValue]) -> bytes:
        """Restate a message's critical fields in our own words; returns the read-back's id."""
        return await self._reply("READBACK", message_id, {"readings": readings(fields)})

    async def _reply(self, kind: str, message_id: bytes, fields: Mapping[str, JsonValue]) -> bytes:
        content, to = reply_to(self.negotiation, message_id, fields)
        return await self.send(self.compose(kind, content, to=to))

    def _queue(self, body: bytes) -> bytes:
        message_id = self.journal.queue(body)
        self.wake()
        return message_id

    async def invite(
        self, name: str, role: Role, lifetime_s: int = DEFAULT_LIFETIME_S, *, offer: SeatOffer | None = None
    ) -> Invited:
        """Make a one-time invitation; whoever answers it is admitted while the channel runs.

        Args:
            name: Under which name they come onto the roster; empty for the one they propose.
            role: Their role.
            lifetime_s: How long the code can be used.
            offer: The seat in full, in the place of name and role.

        Returns:
            The code to hand over by a separate route. When this returns the invitation is durable and its
            mailbox is open.

        Raises:
            InvitationRefused: We may not invite, or the relay has no room for it, or not for so long.

        Cancellation: the invitation may be open; its code is known to nobody.
        """
        invited = self.admission.invite(offer or SeatOffer(name=name, role=role), lifetime_s=lifetime_s)
        await self.admission.opened(self, invited)
        return invited

    async def remove(self, participant: str) -> None:
        """Remove somebody: they read no further than the commit that removes them.

        Raises:
            ChannelError: The charter does not allow it.

        Cancellation: it may happen or not; look at the roster.
        """
        await self.commit(
            partial(propose_removal, participant),
            intent=b"",
            done=lambda conversation: participant not in conversation.transcript.epoch.members.values(),
        )

    async def commit(
        self,
        propose: Callable[[Conversation], Sequence[Proposal]],
        *,
        intent: bytes,
        done: Callable[[Conversation], bool],
    ) -> None:
        """Change the group: propose, commit, and try again for as long as somebody else's commit wins.

        Args:
            propose: Makes the proposals for the group as it now is.
            intent: What it is for; kept with the commit.
            done: Whether the change is in force.

        Raises:
            ChannelError, MLSError: The charter does not allow it, or MLS does not.
            CommitRefused: It is in the log, and counts for nothing there.
            ChannelStopped: The channel has an alarm.
            NotAMember: We have been removed.

        Cancellation: the commit may come into force or not; look at the roster.
        """
        async with self._commit_lock:
            while not done(self.conversation):
                await self.wait_for(lambda session: session.line is not None and session.line.ready)
                committing = self.conversation.committing
                if committing is None:
                    committing = self.journal.commit(propose(self.conversation), intent=intent)
                self.wake()
                await self.wait_for(partial(_settled, committing))
                if self.conversation.refused == committing.message and not done(self.conversation):
                    # Made anew it would most likely fare no better, and each one more in the log holds up
                    # everybody's next commit (AUDIT.md section 4).
                    raise CommitRefused(
                        "the change is in the log and counts for nothing there: compare your clock with the "
                        "relay's before you try again"
                    )

    async def wait_for(
        self, condition: Callable[["ChannelSession"], bool], timeout_s: float | None = None
    ) -> None:
        """Wait until something holds.

        Args:
            condition: Looked at again whenever anything has changed.
            timeout_s: How long to wait; None for ever.

        Raises:
            TimeoutError: It did not come to hold in time.
            ChannelStopped, NotAMember: The channel has ended, so it never will.
        """
        async with asyncio.timeout(timeout_s):
            while not condition(self):
                if self._ended:
                    self.journal.check_running()
                await self._tick.wait()

    async def caught_up(self, timeout_s: float | None = None) -> None:
        """Wait until everything that the relay holds has been read and everything we said has a receipt."""
        await self.wait_for(
            lambda session: session.line is not None and session.line.ready and not session.journal.waiting,
            timeout_s,
        )

    @property
    def now_ms(self) -> int:
        """Our clock, UTC milliseconds."""
        return self._clock()

    def retry_now(self) -> None:
        """Do not wait any longer before the next attempt to connect."""
        self._retry.set()

    def events(self) -> AsyncIterator[Event]:
        """What happens from now on.

        If nobody takes them, old ones are dropped; the state above is the truth.
        """
        return self._audience.listen()

    @property
    def listeners(self) -> int:
        """How many listen to the events."""
        return self._audience.size

    # Keeping the connection.

    def close(self) -> None:
        """Make no further connection; then cancel ``run``.

        Before Python 3.13 a TaskGroup loses a cancellation that comes while one of its tasks fails.
        """
        self._closing = True

    async def keep_time(self) -> None:
        """Do what is to be done because time has passed, until the channel ends or this is cancelled."""
        await self.timekeeper.run(self)

    async def run(self) -> None:
        """Keep the channel connected until it ends or this is cancelled.

        Cancellation: the connection is closed; nothing is lost.
        """
        backoff = Backoff()
        try:
            while True:
                self.journal.check_running()
                started_ms = self._clock()
                detail = await self._connect_once()
                if self._closing:
                    return
                online = self._contact.state.kind is ConnectionKind.ONLINE
                backoff = backoff.after((self._clock() - started_ms) / 1000 if online else 0)
                self._connected(self._contact.offline(self._clock(), detail))
                self._retry.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(backoff.delay_s(self._uniform())):
                        await self._retry.wait()
        except (ChannelStopped, NotAMember) as ended:
            self._ended = True
            self._connected(self._contact.offline(self._clock(), str(ended)))
        if self.journal.alarm is not None:
            self.publish(AlarmRaised(self.journal.alarm))

    async def _connect_once(self) -> str:
        """Carry the channel on one connection until that ends; returns why it did."""
        self._connected(self._contact.connecting(self._clock()))
        try:
            async with self._connect() as relay:
                try:
                    await in_own_task(self._carry(relay))
                finally:
                    self._contact.heard(relay.last_contact_ms)
        except (RelayUnreachable, RelayMisbehaved) as lost:
            return str(lost)
        finally:
            self.line = None
        return ""

    async def _carry(self, relay: RelayConnection) -> None:
        line = Line(relay, self.journal, on_page=self._on_page, publish=self.publish)
        self.line = line
        self._connected(self._contact.online(self._clock()))
        try:
            async with self.admission.serve(self, relay), self.enactor.serve(self):
                await line.run()
        except ExceptionGroup as group:
            raise gravest(group) from group

    def _on_page(self, page: Page) -> None:
        for event in events_of(page, self.charter, still_held=self.journal.holds):
            self.publish(event)
        skew = self.journal.skew_ms
        if bool(skew) != bool(self._told_skew_ms):
            self.publish(ClocksDiffer(skew))
        self._told_skew_ms = skew
        self.notify()

    def _connected(self, state: ConnectionState) -> None:
        self.publish(ConnectionChanged(state))

    def publish(self, event: Event) -> None:
        """Tell everybody who listens what has happened."""
        self._audience.publish(event)
        self.notify()

    def wake(self) -> None:
        """Send what waits to be sent, and have everybody who waits look again."""
        if self.line is not None:
            self.line.wake()
        self.notify()

    def notify(self) -> None:
        """Have everybody who waits look again."""
        self._tick.set()
        self._tick = asyncio.Event()


def _settled(committing: Committing, session: ChannelSession) -> bool:
    return session.conversation.committing is not committing
