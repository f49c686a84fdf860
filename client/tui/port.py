"""Everything the interface needs of a running channel, and nothing more: `client.channel_session` offers it.

The properties are the truth and are read anew on every event; an event only says that it is time to look.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from pydantic import JsonValue

from client.events import Alarm, ChannelInfo, ConnectionState, Event, OutboxItem
from protocols.messages.message import Message
from protocols.negotiation import Negotiation


class SessionPort(Protocol):
    """One channel, as a person works in it."""

    @property
    def info(self) -> ChannelInfo:
        """Title, role, members and status of the channel."""

    @property
    def me(self) -> str:
        """Our participant id, 32 hexadecimal digits."""

    @property
    def negotiation(self) -> Negotiation:
        """The fold over all accepted entries; read only."""

    @property
    def connection(self) -> ConnectionState:
        """Whether the relay can be reached."""

    @property
    def alarm(self) -> Alarm | None:
        """Why the channel is stopped; None while it is not."""

    def outbox(self) -> Sequence[OutboxItem]:
        """What we said and the log does not hold yet, in order of sending."""

    def compose(
        self,
        kind: str,
        fields: Mapping[str, JsonValue],
        *,
        to: Sequence[str] = (),
        **envelope: JsonValue,
    ) -> Message:
        """Make a message and hold it against the conversation so far; nothing is sent.

        Raises:
            RuleViolation: what is wrong; a `MessageRefused` lists all of it.
        """

    async def send(self, message: Message) -> bytes:
        """Save a message so that it will be sent, and return its id (16 bytes)."""

    async def acknowledge(self, message_id: bytes) -> None:
        """Tell everybody that the person at this device has the message (L4)."""

    async def displayed(self, message_ids: Sequence[bytes]) -> None:
        """Tell that messages were on screen here (L3), where the charter wants that told."""

    def events(self) -> AsyncIterator[Event]:
        """What happens from now on; ends when the session does."""
