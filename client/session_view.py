"""A running channel to look at: everything that can be asked of it without changing it."""

from dataclasses import replace

from channel.charter import Charter
from client.contact import Contact
from client.conversation import Conversation
from client.describing import describe
from client.events import Alarm, ChannelInfo, ConnectionState, OutboxItem
from client.journal import Journal
from client.line import Line
from protocols.messages import decode_body
from protocols.negotiation import Negotiation

__all__ = ["SessionView"]


class SessionView:
    """What a ``ChannelSession`` shows; the properties are the truth at the moment of asking."""

    def __init__(self, journal: Journal, *, now_ms: int) -> None:
        self.journal = journal
        self.line: Line | None = None
        self._contact = Contact(now_ms)

    @property
    def info(self) -> ChannelInfo:
        """Title, role, members and status, as they are now."""
        journal, transcript = self.journal, self.conversation.transcript
        return describe(
            transcript.epoch,
            log_id=journal.log_id,
            me=self.me,
            relay_url=journal.relay_url,
            size=transcript.size,
            status=journal.status,
        )

    @property
    def connection(self) -> ConnectionState:
        """Whether the relay can be reached, and when it was last heard from."""
        state = replace(self._contact.state, skew_ms=self.journal.skew_ms)
        if self.line is None:
            return state
        return replace(state, last_contact_ms=self.line.relay.last_contact_ms)

    @property
    def me(self) -> str:
        """Our participant id."""
        return self.journal.me

    @property
    def conversation(self) -> Conversation:
        """Group, log and transcript; read them, never change them."""
        return self.journal.conversation

    @property
    def negotiation(self) -> Negotiation:
        """The fold over the log; read it, never change it."""
        return self.conversation.transcript.negotiation

    @property
    def charter(self) -> Charter:
        """The charter in force."""
        return self.conversation.transcript.epoch.charter

    @property
    def alarm(self) -> Alarm | None:
        """Why the channel is stopped, or None."""
        return self.journal.alarm

    def outbox(self) -> tuple[OutboxItem, ...]:
        """What we said that the log does not hold yet, in order."""
        return tuple(
            OutboxItem(
                message_id=row.message_id,
                state=row.state,
                message=decode_body(row.body),
                position=row.position,
            )
            for row in self.journal.waiting
        )
