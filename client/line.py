"""One connection that carries one channel: authorise, subscribe, read, send.

The journal decides and saves; the line only carries. It ends with its connection; what was not confirmed is
in the journal, and the next line goes on from there.
"""

import asyncio
from collections.abc import Callable
from typing import assert_never

from channel.access import sign_access
from client.conversation import Committing, Page
from client.errors import NotAMember, RelayMisbehaved, RelayUnreachable
from client.events import Event, ReceiptGot
from client.journal import Journal
from client.transport import RelayConnection
from protocols.relay import access
from protocols.relay.frames import (
    Append,
    Authorise,
    Authorised,
    Done,
    EndOfEpoch,
    Entries,
    Receipts,
    RefusalCode,
    Refused,
    Subscribe,
)

__all__ = ["Line"]

_LATER = frozenset({RefusalCode.RATE_LIMITED, RefusalCode.QUOTA_EXCEEDED, RefusalCode.DRAINING})


class Line:
    """A channel on a connection.

    ``run`` until the connection ends; ``wake`` when there is something to send.
    """

    def __init__(
        self,
        relay: RelayConnection,
        journal: Journal,
        *,
        on_page: Callable[[Page], None],
        publish: Callable[[Event], None],
    ) -> None:
        """Take up a channel on a fresh connection.

        Args:
            relay: The connection, greeted.
            journal: The channel.
            on_page: Called after a batch of entries was saved.
            publish: Called with what has happened.
        """
        self.relay = relay
        self.journal = journal
        self.caught_up = False
        self._on_page = on_page
        self._publish = publish
        self._authorised_for: int | None = None
        self._sending: set[bytes] = set()
        self._to_send = asyncio.Event()
        self._to_authorise = asyncio.Event()
        self._paused_until = 0.0

    @property
    def ready(self) -> bool:
        """Whether we hold the current epoch and may append to it."""
        return self.caught_up and self._authorised_for == self.journal.conversation.group.epoch

    def wake(self) -> None:
        """Look again whether there is something to send."""
        self._to_send.set()

    async def run(self) -> None:
        """Carry the channel until the connection ends.

        Raises:
            RelayUnreachable: The connection ended, or the relay does not let us in.
            RelayMisbehaved: The relay broke the protocol, or is another one than the channel's.
            ChannelStopped: It contradicts what it signed before.
            NotAMember: The commit that removes us has been read and kept.

        Cancellation: nothing is lost; requests may have been done or not, the journal knows what to ask
            again.
        """
        if self.relay.greeting.relay_vkey != self.journal.conversation.transcript.genesis.relay_vkey:
            raise RelayMisbehaved("another relay answers than the one this channel was made on")
        self.journal.reconnected()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read())
            tasks.create_task(self._authorise())
            tasks.create_task(self._send(tasks))

    async def _read(self) -> None:
        while True:
            frame = await self.relay.pushed()
            match frame:
                case Entries():
                    self._take(frame)
                case EndOfEpoch():
                    if frame.epoch == self.journal.conversation.group.epoch:
                        self._repair(frame)
                case _:
                    assert_never(frame)
            if self.journal.conversation.removed:
                raise NotAMember

    def _take(self, frame: Entries) -> None:
        if frame.log != self.journal.log_id:
            raise RelayMisbehaved("the relay sent entries of another channel")
        epoch = self.journal.conversation.group.epoch
        page = self.journal.receive(frame)
        self.caught_up = not self.journal.conversation.follower.ahead
        if self.journal.conversation.group.epoch != epoch:
            self._to_authorise.set()
        self._on_page(page)
        self._to_send.set()

    def _repair(self, end: EndOfEpoch) -> None:
        """Everything of this epoch is read and no commit in it was valid: contest with one of our own.

        The relay takes it on the strength of this epoch's key; in log order the first valid commit wins
        (AUDIT.md section 4).
        """
        if self.journal.conversation.transcript.size < end.readable:
            raise RelayMisbehaved("the relay ended an epoch before it had sent all of it")
        committing = self.journal.conversation.committing or self.journal.commit((), intent=b"")
        # It may have been refused before, as one of an epoch that was over; shown the key anew, the relay
        # knows that we contest.
        self._sending.discard(committing.message)
        self._authorised_for = None
        self._to_authorise.set()
        self._to_send.set()

    async def _authorise(self) -> None:
        journal = self.journal
        while True:
            self._to_authorise.clear()
            epoch = journal.conversation.group.epoch
            private_key, public_key = journal.conversation.access_key()
            greeting = self.relay.greeting
            signed = access.signed_bytes(
                relay_vkey=greeting.relay_vkey,
                challenge=greeting.challenge,
                log=journal.log_id,
                epoch=epoch,
                access_key=public_key,
            )
            answer = await self.relay.request(
                Authorise(
                    request=1,
                    log=journal.log_id,
                    epoch=epoch,
                    access_key=public_key,
                    signature=sign_access(private_key, signed),
                )
            )
            if not isinstance(answer, Authorised):
                raise RelayUnreachable(_why("let us into the channel", answer))
            self._authorised_for = epoch
            start = journal.conversation.transcript.size
            answer = await self.relay.request(Subscribe(request=1, log=journal.log_id, start=start))
            if not isinstance(answer, Done):
                raise RelayUnreachable(_why("send us the channel's log", answer))
            self._to_send.set()
            await self._to_authorise.wait()

    async def _send(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            if not self.ready or asyncio.get_running_loop().time() < self._paused_until:
                continue
            committing = self.journal.conversation.committing
            if committing is not None and committing.message not in self._sending:
                self._sending.add(committing.message)
                tasks.create_task(self._append_commit(committing))
            for message in self.journal.sealed():
                if message not in self._sending:
                    self._sending.add(message)
                    tasks.create_task(self._append(message))

    async def _append(self, message: bytes) -> None:
        answer = await self._request(message, None)
        message_id = self.journal.id_of(message)
        match answer:
            case Receipts():
                (item,) = answer.items
                self.journal.receipt(message, position=item.position, checkpoint=answer.checkpoint)
                self._sending.discard(message)
                if message_id is not None:
                    self._publish(ReceiptGot(message_id=message_id, position=item.position))
            case Refused(code=RefusalCode.WRONG_EPOCH):
                # A commit came first. Reading on shows it; then the message is sealed for the new epoch.
                return
            case Refused(code=code) if code in _LATER:
                # The same bytes again, in the same order: a generation that never reaches the log would leave
                # a gap in our ratchet, and others skip only a few (RFC 9420, section 9).
                self._sending.discard(message)
                self._pause(answer.retry_after_ms)
            case _:
                raise RelayUnreachable(_why("take a message", answer))

    async def _append_commit(self, committing: Committing) -> None:
        answer = await self._request(committing.message, committing.next_access_key)
        match answer:
            case Receipts() | Refused(code=RefusalCode.WRONG_EPOCH):
                return  # what became of it shows in the log
            case Refused(code=code) if code in _LATER:
                self._sending.discard(committing.message)
                self._pause(answer.retry_after_ms)
            case _:
                raise RelayUnreachable(_why("take a change of members", answer))

    def _pause(self, retry_after_ms: int) -> None:
        loop = asyncio.get_running_loop()
        delay_s = max(retry_after_ms, 100) / 1000
        self._paused_until = max(self._paused_until, loop.time() + delay_s)
        loop.call_at(self._paused_until, self._to_send.set)

    async def _request(self, message: bytes, next_access_key: bytes | None) -> object:
        log = self.journal.log_id
        return await self.relay.request(
            Append(request=1, log=log, message=message, next_access_key=next_access_key)
        )


def _why(what: str, answer: object) -> str:
    if isinstance(answer, Refused):
        return f"the relay does not {what}: {answer.code.name.lower().replace('_', ' ')}"
    return f"the relay does not {what}"
