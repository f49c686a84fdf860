"""The rules of the relay, without HTTP: what a client may ask, and what comes of it.

A `Peer` is one connection as the rules see it: what it has proved, what it reads, how much it may ask. Every
request that goes into `handle` is answered exactly once, in the peer's outbox, now or later. The order of
entries is not decided here: an append is checked for its form and right, and the store decides by
compare-and-set on the epoch.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, assert_never

from protocols import ed25519
from protocols.errors import ProtocolError, VerificationError
from protocols.log.entry import Genesis
from protocols.relay.access import CHALLENGE_SIZE, verify_access
from protocols.relay.frames import (
    PROTOCOL_VERSION,
    Append,
    Authorise,
    Authorised,
    Create,
    Done,
    Frame,
    Greeting,
    MailboxClose,
    MailboxOpen,
    MailboxPost,
    MailboxRead,
    Receipt,
    Receipts,
    RefusalCode,
    Request,
    Subscribe,
    Unsubscribe,
)
from protocols.relay.mls_header import ContentType, read_header
from server.config import Config
from server.fanout import LiveLogs, Subscription
from server.limits import Buckets, TokenBucket
from server.mailboxes import Mailboxes, refused
from server.outbox import Outbox
from server.rights import Rights, Session
from server.signing import Signer
from server.store import MAX_CANDIDATES, Access, PendingAppend, RelayStore, rules
from server.tokens import token_hash
from server.writer import Creation, Ticket, Writer, wrong_epoch

ENTRY_OVERHEAD: Final = 41
"""Bytes of an entry beside its message: kind, time, next access key (in commits; one limit serves all)."""
AUTHORISE_COST: Final = 10
"""Requests that an Authorise counts for: a signature check takes as long as several appends."""


@dataclass(slots=True, kw_only=True, eq=False)
class Peer:
    """One connection as the rules see it."""

    outbox: Outbox
    challenge: bytes
    requests: TokenBucket
    bytes_in: TokenBucket
    sessions: dict[bytes, Session] = field(default_factory=dict)
    subscriptions: dict[bytes, Subscription] = field(default_factory=dict)


class Relay:
    """The relay's rules over one store."""

    def __init__(
        self,
        *,
        config: Config,
        store: RelayStore,
        writer: Writer,
        live: LiveLogs,
        signer: Signer,
        clock: Callable[[], int],
        monotonic: Callable[[], float],
        random: Callable[[int], bytes],
    ) -> None:
        """Put the parts together.

        Args:
            config: limits, rates, open or not.
            store: opened.
            writer: of the same store and live logs; somebody runs it.
            live: see `fanout`.
            signer: the relay's key.
            clock: UTC milliseconds.
            monotonic: seconds that never go back, for rates.
            random: gives that many random bytes.
        """
        self.config = config
        self.live = live
        self.mailboxes = Mailboxes(store, config, clock)
        self.draining = False
        self._store = store
        self._writer = writer
        self._signer = signer
        self._clock = clock
        self._monotonic = monotonic
        self._random = random
        self._rights = Rights(config)
        self._appends = Buckets(config.rates.appends)
        self._creations = Buckets(config.rates.creations)

    def connect(self) -> Peer:
        """Begin a connection: with a fresh challenge and full buckets."""
        now = self._monotonic()
        return Peer(
            outbox=Outbox(),
            challenge=self._random(CHALLENGE_SIZE),
            requests=TokenBucket(self.config.rates.requests, now),
            bytes_in=TokenBucket(self.config.rates.bytes_in, now),
        )

    def disconnect(self, peer: Peer) -> None:
        """Forget a connection; what it has asked to be appended is still appended."""
        peer.outbox.close()
        for session in peer.sessions.values():
            session.live.waiting.discard(peer.outbox)
            self._rights.remove(peer.outbox, session)
            self.live.release(session.live)
        peer.sessions.clear()
        peer.subscriptions.clear()
        self.mailboxes.forget(peer.outbox)

    def is_idle(self, peer: Peer) -> bool:
        """Whether a connection holds no right to any log and waits for no mailbox."""
        return not peer.sessions and not self.mailboxes.has_waiting(peer.outbox)

    def greeting(self, peer: Peer) -> Greeting:
        """The answer to a Hello that offers our version."""
        return Greeting(
            version=PROTOCOL_VERSION,
            relay_vkey=self._signer.vkey,
            challenge=peer.challenge,
            limits=self.config.limits,
        )

    async def handle(self, peer: Peer, frame: Request) -> None:
        """Do what is asked; the answer goes to the peer's outbox.

        Raises:
            StoreFailed: the process must end.

        Cancellation: what was asked of the store is carried out or not; the client asks again.
        """
        answer: Frame | None
        if self.draining:
            answer = refused(
                frame.request, RefusalCode.DRAINING, "the relay is stopping", retry_after_ms=1000
            )
        elif wait_ms := self._charge(peer, frame):
            answer = refused(
                frame.request, RefusalCode.RATE_LIMITED, "too fast for one connection", retry_after_ms=wait_ms
            )
        else:
            match frame:
                case Append():
                    answer = await self._append(peer, frame)
                case Create():
                    answer = await self._create(peer, frame)
                case Authorise():
                    answer = await self._authorise(peer, frame)
                case Subscribe():
                    answer = await self._subscribe(peer, frame)
                case Unsubscribe():
                    answer = self._unsubscribe(peer, frame)
                case MailboxOpen():
                    answer = await self._open_mailbox(peer, frame)
                case MailboxPost():
                    answer = await self.mailboxes.post(frame)
                case MailboxRead():
                    answer = await self.mailboxes.read(frame, peer.outbox)
                case MailboxClose():
                    answer = await self.mailboxes.close(frame)
                case _:
                    assert_never(frame)
        if answer is not None:
            peer.outbox.put(answer)

    def _charge(self, peer: Peer, frame: Request) -> int:
        """Take the request from the connection's buckets; 0, or the milliseconds to wait."""
        now = self._monotonic()
        match frame:
            case Append():
                size = len(frame.message)
            case MailboxPost():
                size = len(frame.blob)
            case _:
                size = 0
        if size and (wait_ms := peer.bytes_in.take(size, now)):
            return wait_ms
        return peer.requests.take(AUTHORISE_COST if isinstance(frame, Authorise) else 1, now)

    async def _create(self, peer: Peer, frame: Create) -> Frame | None:
        request = frame.request
        digest: bytes | None = None
        if not self.config.open:
            digest = token_hash(frame.admission_token)
            if await self._store.admission(digest, now_ms=self._clock()) is None:
                return refused(request, RefusalCode.ADMISSION_REQUIRED, "no such admission token, or expired")
            if wait_ms := self._creations.take(digest, 1, self._monotonic()):
                return refused(
                    request,
                    RefusalCode.RATE_LIMITED,
                    "too many channels with this token",
                    retry_after_ms=wait_ms,
                )
        try:
            genesis = Genesis.decode(frame.genesis)
            ed25519.check_public_key(frame.access_key)
        except ProtocolError:
            return refused(request, RefusalCode.MALFORMED, "not a genesis, or not a usable access key")
        if genesis.relay_vkey != self._signer.vkey:
            return refused(request, RefusalCode.MALFORMED, "the genesis names another relay")
        creation = Creation(
            genesis=frame.genesis,
            access_key=frame.access_key,
            now_ms=self._clock(),
            token_hash=digest,
            outbox=peer.outbox,
            request=request,
        )
        if not self._writer.create(creation):
            return refused(request, RefusalCode.RATE_LIMITED, "the relay is busy", retry_after_ms=250)
        return None

    async def _authorise(self, peer: Peer, frame: Authorise) -> Frame:
        request, log = frame.request, frame.log
        try:
            verify_access(
                frame.signature,
                relay_vkey=self._signer.vkey,
                challenge=peer.challenge,
                log=log,
                epoch=frame.epoch,
                access_key=frame.access_key,
            )
        except VerificationError:
            return refused(request, RefusalCode.UNAUTHORISED, "the access key's signature does not hold")
        held = peer.sessions.get(log)
        if held is None and len(peer.sessions) >= self.config.limits.max_logs:
            return refused(request, RefusalCode.QUOTA_EXCEEDED, "too many logs on one connection")
        live = held.live if held is not None else await self.live.acquire(log)
        if live is None:
            return refused(request, RefusalCode.UNKNOWN_LOG, "no such log")
        kept = held is not None
        try:
            access = await self._use(log, epoch=frame.epoch, access_key=frame.access_key)
            if access is None:
                return refused(request, RefusalCode.EPOCH_KEY_MISMATCH, "access key is not one of this epoch")
            session = Session(
                live=live, epoch=frame.epoch, access_key=frame.access_key, contest=not access.current
            )
            if full := self._rights.full(peer.outbox, session, held=held):
                return refused(request, RefusalCode.QUOTA_EXCEEDED, full.value)
            if held is not None:
                self._rights.remove(peer.outbox, held)
            self._rights.add(peer.outbox, session)
            peer.sessions[log] = session
            kept = True
        finally:
            if not kept:
                self.live.release(live)
        readable = live.size if access.current else min(access.readable, live.size)
        return Authorised(request=request, log=log, epoch=frame.epoch, size=live.size, readable=readable)

    async def _use(self, log: bytes, *, epoch: int, access_key: bytes) -> Access | None:
        """What a proved key may read; of a current key the use is noted, if that changes anything.

        The writer is asked also when the log is ahead of what is shown: so whoever is let in finds the log
        shown as far as its key reaches.
        """
        access = await self._store.access(log, epoch=epoch, access_key=access_key)
        if access is None or not access.current:
            return access
        stored, live = await self._store.log(log), self.live.get(log)
        shown = stored is not None and live is not None and stored.size == live.size
        if stored is not None and shown and rules.use(stored, epoch=epoch, access_key=access_key) is stored:
            return access
        await self._writer.use(log, epoch=epoch, access_key=access_key)
        return await self._store.access(log, epoch=epoch, access_key=access_key)

    async def _append(self, peer: Peer, frame: Append) -> Frame | None:
        request, log, message = frame.request, frame.log, frame.message
        session = peer.sessions.get(log)
        if session is None:
            return refused(request, RefusalCode.UNAUTHORISED, "this connection is not authorised for the log")
        if len(message) + ENTRY_OVERHEAD > self.config.limits.max_entry:
            return refused(request, RefusalCode.TOO_LARGE, "the entry would be above the limit")
        try:
            header = read_header(message)
            if frame.next_access_key is not None:
                ed25519.check_public_key(frame.next_access_key)
        except VerificationError:
            return refused(request, RefusalCode.MALFORMED, "the next access key is not usable")
        except ProtocolError:
            return refused(request, RefusalCode.NOT_PRIVATE_MESSAGE, "not one MLS PrivateMessage")
        if header.group_id != log:
            return refused(request, RefusalCode.NOT_PRIVATE_MESSAGE, "a message of another group")
        if (header.content_type is ContentType.COMMIT) != (frame.next_access_key is not None):
            return refused(request, RefusalCode.MALFORMED, "only a commit brings a next access key")
        digest = sha256(message).digest()
        contested = session.contestable if frame.next_access_key is not None else None
        if header.epoch != session.epoch or not (session.is_current or contested):
            # Nothing but a retry can come of it, so it costs the log nothing.
            return await self._first_receipt(request, session, digest)
        if contested is not None and len(contested.candidates) >= MAX_CANDIDATES:
            return refused(request, RefusalCode.QUOTA_EXCEEDED, "too many contests")
        if session.live.size >= self.config.max_log_entries:
            return refused(request, RefusalCode.QUOTA_EXCEEDED, "the log is full")
        if contested is None and (wait_ms := self._appends.take(log, 1, self._monotonic())):
            return refused(request, RefusalCode.RATE_LIMITED, "too fast for one log", retry_after_ms=wait_ms)
        if self._writer.is_full:
            return refused(request, RefusalCode.RATE_LIMITED, "the relay is busy", retry_after_ms=250)
        append = PendingAppend(
            log=log,
            access_key=session.access_key,
            epoch=session.epoch,
            message=message,
            message_hash=digest,
            next_access_key=frame.next_access_key,
            now_ms=self._clock(),
            contest=session.contest,
        )
        self._writer.submit(Ticket(append, peer.outbox, request))
        return None

    async def _first_receipt(self, request: int, session: Session, digest: bytes) -> Frame:
        """For a message of another epoch: its first receipt if it is a retry, else where the log is."""
        live = session.live
        found = await self._store.find(live.log, digest)
        access = await self._store.access(live.log, epoch=session.epoch, access_key=session.access_key)
        if access is None:
            return refused(request, RefusalCode.EPOCH_KEY_MISMATCH, "not a key of this epoch")
        if found is not None and found.position < min(access.readable, live.size):
            item = Receipt(request=request, position=found.position, relay_time_ms=found.relay_time_ms)
            return Receipts(log=live.log, checkpoint=live.note, items=(item,))
        epoch = live.stored.epoch if live.stored is not None else 0
        return wrong_epoch(request, epoch, live.size)

    async def _readable(self, session: Session) -> int:
        """How many entries the session may be shown now."""
        live = session.live
        access = await self._store.access(live.log, epoch=session.epoch, access_key=session.access_key)
        return min(access.readable, live.size) if access is not None else 0

    async def _subscribe(self, peer: Peer, frame: Subscribe) -> Frame:
        request, log, start = frame.request, frame.log, frame.start
        session = peer.sessions.get(log)
        if session is None:
            return refused(request, RefusalCode.UNAUTHORISED, "this connection is not authorised for the log")
        # A start beyond the log's end is served: the page it gets proves to the client that the log was
        # rolled back.
        if await self._readable(session) < start <= session.live.size:
            return refused(request, RefusalCode.UNAUTHORISED, "this access key does not read that far")
        peer.subscriptions[log] = Subscription(
            live=session.live, epoch=session.epoch, access_key=session.access_key, cursor=start
        )
        session.live.waiting.add(peer.outbox)
        return Done(request=request)

    def _unsubscribe(self, peer: Peer, frame: Unsubscribe) -> Frame:
        self.end_subscription(peer, frame.log)
        return Done(request=frame.request)

    def end_subscription(self, peer: Peer, log: bytes) -> None:
        """Stop sending a log's entries to this connection."""
        subscription = peer.subscriptions.pop(log, None)
        if subscription is not None:
            subscription.live.waiting.discard(peer.outbox)

    async def _open_mailbox(self, peer: Peer, frame: MailboxOpen) -> Frame:
        session = peer.sessions.get(frame.log)
        if session is None or not session.is_current:
            return refused(
                frame.request, RefusalCode.UNAUTHORISED, "this connection is not authorised for the log"
            )
        return await self.mailboxes.open(
            frame.request, log=frame.log, mailbox=frame.mailbox, lifetime_s=frame.lifetime_s
        )
