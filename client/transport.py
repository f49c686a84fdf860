"""One WebSocket connection to a relay.

`connect` drives the sans-I/O `protocols.relay.connection.Connection`: one task reads, one writes, both end
before its block does. Requests are answered through futures, so many can be on their way; frames that the
relay sends by itself (Entries, EndOfEpoch) wait in a bounded queue for `pushed`. When that queue is full
the reader stops, answers included: so the task that takes from `pushed` must not wait for a `request`
itself. A relay that finds us slow cuts the connection, and we resume from our position; nothing depends on
a connection, only on the store.

There is no reconnecting here. A caller connects again after `Backoff.delay_s`.
"""

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Final, TypeAlias

import aiohttp

from client.endpoint import relay_endpoint
from client.errors import ClientError, RelayMisbehaved, RelayUnreachable
from client.relay_failures import lost, no_connection, reason, refusal
from protocols.errors import RemoteProtocolError
from protocols.relay import wire
from protocols.relay.connection import Connection, Role
from protocols.relay.frames import (
    PROTOCOL_VERSION,
    SUBPROTOCOL,
    Authorised,
    Done,
    EndOfEpoch,
    Entries,
    Frame,
    Greeting,
    Hello,
    MailboxContents,
    Receipts,
    Refused,
    Request,
)

Answer: TypeAlias = Authorised | Receipts | MailboxContents | Done | Refused
"""What a request is answered with; a Receipts holds the one item that answers it."""
Pushed: TypeAlias = Entries | EndOfEpoch
"""What the relay sends by itself."""

CONNECT_TIMEOUT_S: Final = 15.0
REQUEST_TIMEOUT_S: Final = 30.0
SEND_TIMEOUT_S: Final = 15.0
CLOSE_TIMEOUT_S: Final = 1.0
HEARTBEAT_S: Final = 30.0
PUSHED_LIMIT: Final = 64
"""Batches of entries that may wait for us; each is at most one WebSocket message."""


class RelayConnection:
    """An open connection, made by `connect`; valid inside its block.

    Attributes:
        greeting: what the relay said first: its key, the challenge to sign, its limits.
        last_contact_ms: when it last sent anything, UTC milliseconds.
    """

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        connection: Connection,
        greeting: Greeting,
        clock_ms: Callable[[], int],
    ) -> None:
        self.greeting: Final = greeting
        self.last_contact_ms = clock_ms()
        self._clock_ms = clock_ms
        self._socket = socket
        self._connection = connection
        self._answers: dict[int, asyncio.Future[Answer]] = {}
        self._free = asyncio.Semaphore(greeting.limits.max_outstanding)
        self._outgoing: asyncio.Queue[wire.EncodedFrame] = asyncio.Queue()  # bounded by the semaphore
        self._pushed: asyncio.Queue[Pushed | None] = asyncio.Queue(PUSHED_LIMIT)
        self._last_request = 0
        self._failure: ClientError | None = None
        self._answered = False

    async def request(self, frame: Request, *, timeout_s: float | None = REQUEST_TIMEOUT_S) -> Answer:
        """Ask the relay for something and wait for its answer.

        Args:
            frame: what to ask; its request number is replaced by a free one.
            timeout_s: how long an answer may take; None for one that may take any time (a waiting
                MailboxRead).

        Returns:
            The answer, a Refused included: it is up to the caller what a refusal means.

        Raises:
            RelayUnreachable: the connection ended before the answer came, or the relay took too long. What
            was
                asked may have been done.
            RelayMisbehaved: the relay broke the protocol.
            LocalProtocolError: the frame cannot be sent at all; a bug.

        Cancellation: what was asked may be done or not; the answer is dropped when it comes.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._free.acquire()
                return await self._ask(frame)
        except TimeoutError:
            self._end(RelayUnreachable("the relay does not answer: check your connection"))
            raise self._ended() from None

    async def pushed(self) -> Pushed:
        """Wait for the next frame that the relay sends by itself.

        Returns:
            Entries of a subscribed log in order, or the end of a subscription.

        Raises:
            RelayUnreachable: the connection ended; everything that came before was returned.
            RelayMisbehaved: the relay broke the protocol.

        Cancellation: nothing is lost.
        """
        if self._failure is not None and self._pushed.empty():
            raise self._ended()
        frame = await self._pushed.get()
        if frame is None:
            raise self._ended()
        return frame

    async def _ask(self, frame: Request) -> Answer:
        if self._failure is not None:
            self._free.release()
            raise self._ended()
        self._last_request += 1
        try:
            encoded = wire.encode_frame(replace(frame, request=self._last_request))
        except BaseException:
            self._free.release()
            raise
        if len(encoded.data) + wire.BATCH_OVERHEAD > self.greeting.limits.max_batch:
            self._free.release()
            raise RelayUnreachable("the relay does not take messages of this size: use another relay")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[self._last_request] = answer
        self._outgoing.put_nowait(encoded)
        return await answer

    async def _write(self) -> None:
        """Send what was asked, everything that waits in one batch."""
        held: wire.EncodedFrame | None = None
        limits = self.greeting.limits
        try:
            while True:
                batch = [held or await self._outgoing.get()]
                held, room = None, limits.max_batch - wire.BATCH_OVERHEAD - len(batch[0].data)
                while len(batch) < limits.max_frames and not self._outgoing.empty():
                    following = self._outgoing.get_nowait()
                    room -= len(following.data)
                    if room < 0:
                        held = following
                        break
                    batch.append(following)
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self._socket.send_bytes(self._connection.send(batch))
        except (OSError, TimeoutError, aiohttp.ClientError):
            self._end(lost())
        except BaseException:
            self._end(lost())
            raise

    async def _read(self) -> None:
        """Take in what the relay sends until the connection ends."""
        try:
            while True:
                message = await self._socket.receive()
                if message.type is not aiohttp.WSMsgType.BINARY:
                    self._end(reason(message))
                    return
                self.last_contact_ms = self._clock_ms()
                for frame in self._connection.receive_data(message.data):
                    await self._dispatch(frame)
        except RemoteProtocolError:
            self._end(RelayMisbehaved("the relay broke the protocol: the connection was closed"))
        except (OSError, aiohttp.ClientError):
            self._end(lost())
        except BaseException:
            self._end(lost())
            raise

    async def _dispatch(self, frame: Frame) -> None:
        match frame:
            case Entries() | EndOfEpoch():
                if self._answered:
                    # A receipt is judged before entries that came after it: its checkpoint is the older one.
                    self._answered = False
                    await asyncio.sleep(0)
                await self._pushed.put(frame)
            case Receipts():
                for item in frame.items:
                    self._answer(item.request, replace(frame, items=(item,)))
            case Refused(request=0):
                self._end(refusal(frame))
            case Authorised() | MailboxContents() | Done() | Refused():
                self._answer(frame.request, frame)
            case _:
                raise AssertionError("the connection let a frame through that no relay sends")

    def _answer(self, number: int, frame: Answer) -> None:
        answer = self._answers.pop(number, None)
        if answer is None:
            return  # it came after the end
        self._free.release()
        if not answer.done():  # its request may have been cancelled
            answer.set_result(frame)
            self._answered = True

    def _end(self, failure: ClientError) -> None:
        """Let everybody who waits know; the first failure is the one that counts."""
        if self._failure is not None:
            return
        self._failure = failure
        for answer in self._answers.values():
            self._free.release()
            if not answer.done():
                answer.set_exception(self._ended())
        self._answers.clear()
        with contextlib.suppress(asyncio.QueueFull):  # then nobody waits in pushed()
            self._pushed.put_nowait(None)

    def _ended(self) -> ClientError:
        """Return the failure as a new exception, for each of those it is raised to."""
        failure = self._failure or lost()
        return type(failure)(*failure.args)


@contextlib.asynccontextmanager
async def connect(
    url: str,
    *,
    allow_plaintext: bool = False,
    connect_timeout_s: float = CONNECT_TIMEOUT_S,
    ssl_context: ssl.SSLContext | None = None,
    clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
) -> AsyncIterator[RelayConnection]:
    """Connect to a relay for the length of a block.

    Args:
        url: the relay's URL, see `client.endpoint`.
        allow_plaintext: accept an unencrypted connection to another machine.
        connect_timeout_s: how long it may take until the relay has greeted us.
        ssl_context: which certificates to trust; None for those the machine trusts.
        clock_ms: UTC milliseconds.

    Yields:
        The connection, after the relay's Greeting.

    Raises:
        Refused: the URL may not be used.
        RelayUnreachable: no connection, no Greeting in time, or an end before that.
        RelayMisbehaved: what answered is not a relay of this protocol.

    Cancellation: the connection is closed within CLOSE_TIMEOUT_S; requests may have been done or not.
    """
    endpoint = relay_endpoint(url, allow_plaintext=allow_plaintext)
    failure: Exception | None = None
    tracing = aiohttp.TraceConfig()
    tracing.on_request_redirect.append(_refuse_redirect)
    async with (
        aiohttp.ClientSession(trust_env=False, trace_configs=[tracing]) as session,
        _socket(session, endpoint, connect_timeout_s, ssl_context) as (socket, connection, greeting),
    ):
        relay = RelayConnection(socket, connection, greeting, clock_ms)
        async with asyncio.TaskGroup() as tasks:
            workers = (tasks.create_task(relay._read()), tasks.create_task(relay._write()))
            try:
                yield relay
            except Exception as error:
                failure = error  # raised below, because a TaskGroup would wrap it
            finally:
                for worker in workers:
                    worker.cancel()
    if failure is not None:
        raise failure


@contextlib.asynccontextmanager
async def _socket(
    session: aiohttp.ClientSession, endpoint: str, timeout_s: float, ssl_context: ssl.SSLContext | None
) -> AsyncIterator[tuple[aiohttp.ClientWebSocketResponse, Connection, Greeting]]:
    """Open a WebSocket and greet; close it when the block ends."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    try:
        async with asyncio.timeout_at(deadline):
            socket = await session.ws_connect(
                endpoint,
                protocols=(SUBPROTOCOL,),
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
                heartbeat=HEARTBEAT_S,
                compress=0,
                max_msg_size=wire.CEILING.max_batch + 1,
                ssl=ssl_context or True,
            )
    except (OSError, TimeoutError, aiohttp.ClientError) as error:
        raise no_connection(endpoint, error) from None
    try:
        try:
            async with asyncio.timeout_at(deadline):
                connection, greeting = await _greet(socket)
        except (OSError, TimeoutError, aiohttp.ClientError) as error:
            raise no_connection(endpoint, error) from None
        yield socket, connection, greeting
    finally:
        with contextlib.suppress(TimeoutError):  # a peer that does not read is cut off with the session
            async with asyncio.timeout(2 * CLOSE_TIMEOUT_S):
                await socket.close()


async def _greet(socket: aiohttp.ClientWebSocketResponse) -> tuple[Connection, Greeting]:
    if socket.protocol != SUBPROTOCOL:
        raise RelayMisbehaved("what answers at this address is not a parley relay: check the address")
    connection = Connection(Role.CLIENT)
    await socket.send_bytes(connection.send([Hello(versions=(PROTOCOL_VERSION,))]))
    message = await socket.receive()
    if message.type is not aiohttp.WSMsgType.BINARY:
        raise reason(message)
    try:
        (frame,) = connection.receive_data(message.data)
    except RemoteProtocolError:
        raise RelayMisbehaved(
            "what answers at this address is not a parley relay: check the address"
        ) from None
    if isinstance(frame, Refused):
        raise refusal(frame)
    if not isinstance(frame, Greeting) or frame.version != PROTOCOL_VERSION:
        raise RelayMisbehaved("the relay chose a version that was not offered")
    return connection, frame


async def _refuse_redirect(*_: object) -> None:
    # A redirect could lead from wss:// to ws://, or to a relay nobody chose.
    raise aiohttp.ClientError("redirected")
