"""One WebSocket: what comes in goes through `protocols.relay.connection`, what waits goes out.

Two tasks share a connection. The reader (the request handler itself) takes one batch after the other and has
the relay handle its frames in order. The writer is the only one that sends: it gathers all answers that are
waiting and what is new in the subscribed logs into as few WebSocket messages as possible. Neither outlives
the other.
"""

import asyncio
from collections.abc import Iterable
from typing import cast

from aiohttp import WSMessage, WSMsgType, web

from protocols.errors import RemoteProtocolError
from protocols.relay import wire
from protocols.relay.connection import Connection, Role, State
from protocols.relay.frames import PROTOCOL_VERSION, Frame, Hello, RefusalCode, Refused, Request
from protocols.relay.wire import EncodedFrame
from server.fanout import PAGE_OVERHEAD, Subscription
from server.mailboxes import refused
from server.relay import Relay


class _Refuse(Exception):
    """The connection cannot go on; carries the last words."""

    def __init__(self, words: Refused) -> None:
        super().__init__(words.detail)
        self.words = words


class Session:
    """One connection from its upgrade to its end."""

    __slots__ = (
        "__weakref__",
        "_config",
        "_connection",
        "_last_words",
        "_page_bytes",
        "_peer",
        "_relay",
        "_transport",
        "_websocket",
    )

    def __init__(
        self, relay: Relay, websocket: web.WebSocketResponse, transport: asyncio.Transport | None
    ) -> None:
        """Serve `websocket`, which is prepared, by the rules of `relay`; `transport` is cut when it hangs."""
        self._relay = relay
        self._websocket = websocket
        self._transport = transport
        self._config = relay.config
        self._connection = Connection(Role.RELAY, relay.config.limits)
        self._peer = relay.connect()
        self._last_words: Refused | None = None
        self._page_bytes = relay.config.limits.max_batch - PAGE_OVERHEAD

    async def run(self) -> None:
        """Serve until either side ends it.

        Raises:
            StoreFailed: the process must end.

        Cancellation: the socket is cut; what was handed to the relay's writer is still written.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write())
                try:
                    await self._read()
                except _Refuse as refusal:
                    self._last_words = refusal.words
                except RemoteProtocolError as error:
                    self._last_words = refused(0, RefusalCode.MALFORMED, str(error))
                finally:
                    self._relay.disconnect(self._peer)  # lets the writer finish
        except ExceptionGroup as group:
            raise group.exceptions[0] from None

    async def close(self, code: int) -> None:
        """Say goodbye, then cut the connection after the configured time, whether the client reads or not."""
        self._peer.outbox.close()
        try:
            async with asyncio.timeout(self._config.stop_timeout_s):
                await self._websocket.close(code=code, message=b"the relay is stopping")
        except TimeoutError:
            self._abort()

    # The reader

    async def _read(self) -> None:
        if not await self._greeted():
            return
        outbox, relay, peer = self._peer.outbox, self._relay, self._peer
        while (batch := self._frames(await self._next())) is not None:
            for frame in batch:
                await outbox.room()
                # The connection's table lets nothing but requests in.
                await relay.handle(peer, cast("Request", frame))

    async def _greeted(self) -> bool:
        """Wait for the Hello and answer it; False when the client has gone instead."""
        try:
            async with asyncio.timeout(self._config.hello_timeout_s):
                hello = self._frames(await self._websocket.receive())
        except TimeoutError:
            raise _Refuse(refused(0, RefusalCode.MALFORMED, "no Hello in time")) from None
        if hello is not None:
            self._greet(cast("Hello", hello[0]))
        return hello is not None

    def _greet(self, hello: Hello) -> None:
        if PROTOCOL_VERSION not in hello.versions:
            raise _Refuse(refused(0, RefusalCode.UNSUPPORTED_VERSION, "this relay speaks version 1"))
        if self._relay.draining:
            raise _Refuse(refused(0, RefusalCode.DRAINING, "the relay is stopping", retry_after_ms=1000))
        self._peer.outbox.put(self._relay.greeting(self._peer))

    async def _next(self) -> WSMessage:
        """The next message; who holds no right and waits for nothing is not waited for without end."""
        if self._peer.sessions:  # a right is held until the connection ends
            return await self._websocket.receive()
        while True:
            try:
                async with asyncio.timeout(self._config.idle_timeout_s):
                    return await self._websocket.receive()
            except TimeoutError:
                if self._relay.is_idle(self._peer):
                    raise _Refuse(
                        refused(0, RefusalCode.MALFORMED, "nothing was asked for too long")
                    ) from None

    def _frames(self, message: WSMessage) -> tuple[Frame, ...] | None:
        """The frames of a batch; None when the connection is over."""
        if message.type is WSMsgType.BINARY:
            return self._connection.receive_data(message.data)
        if message.type is WSMsgType.TEXT:
            raise _Refuse(refused(0, RefusalCode.MALFORMED, "text, where only binary messages are spoken"))
        return None

    # The writer

    async def _write(self) -> None:
        outbox = self._peer.outbox
        alive = True
        while alive and not outbox.closed:
            await outbox.wait()
            alive = await self._write_waiting()
        if self._last_words is not None:
            await self._send_bytes(self._connection.send_last_words(self._last_words))

    async def _write_waiting(self) -> bool:
        """Send all that waits now; False when the client is gone or was cut off."""
        peer, limits = self._peer, self._config.limits
        frames: list[Frame | EncodedFrame] = [*peer.outbox.take()]
        lagging: list[Subscription] = []
        room = limits.max_batch
        for subscription in tuple(peer.subscriptions.values()):
            if not subscription.is_due:
                continue
            if room <= 0:
                peer.outbox.wake()
                break
            page = subscription.page_from_memory(self._page_bytes)
            if page is None:
                lagging.append(subscription)
            else:
                frames.append(page)
                room -= len(page.data)
        if not await self._send_all(frames):
            return False
        for subscription in lagging:
            if not await self._send_page(subscription):
                return False
        return True

    async def _send_page(self, subscription: Subscription) -> bool:
        """Send one page of a subscription from the store; one page a turn, so that no log starves another."""
        peer, live = self._peer, subscription.live
        # Answers that came before this checkpoint go out before it, and those after it later: on one
        # connection no checkpoint may be below one ahead of it, or the client must take it for a rollback.
        frames: list[Frame | EncodedFrame] = [*peer.outbox.take()]
        size, note = live.size, live.note
        page, ends = await self._relay.live.next_page(subscription, self._page_bytes, size=size, note=note)
        stays = peer.subscriptions.get(live.log) is subscription  # not replaced while the store was read
        if page is not None and stays:
            frames.append(page)
            if ends:
                self._relay.end_subscription(peer, live.log)
            elif subscription.is_due:
                peer.outbox.wake()
        return await self._send_all(frames)

    async def _send_all(self, frames: Iterable[Frame | EncodedFrame]) -> bool:
        encoded = [item if isinstance(item, EncodedFrame) else wire.encode_frame(item) for item in frames]
        for batch in wire.split(encoded, self._config.limits):
            if not await self._send(batch):
                return False
        return True

    async def _send(self, batch: Iterable[Frame | EncodedFrame]) -> bool:
        if self._connection.state is State.CLOSED:
            return False  # the reader has just found the client out
        return await self._send_bytes(self._connection.send(batch))

    async def _send_bytes(self, data: bytes) -> bool:
        """Send one WebSocket message; a client that does not take it in time is cut off."""
        if self._websocket.closed:
            return False
        try:
            async with asyncio.timeout(self._config.send_timeout_s):
                await self._websocket.send_bytes(data)
        except (TimeoutError, ConnectionError):
            self._peer.outbox.close()
            self._abort()
            return False
        return True

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
