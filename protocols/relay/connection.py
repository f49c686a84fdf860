"""The connection between a client and a relay as a state machine without I/O.

One object stands at each end, with its role. Bytes of a WebSocket message go into `receive_data`, frames come
out; frames go into `send`, the bytes of one WebSocket message come out. The machine itself does not know
which role it
plays: `TRANSITIONS` says who may send what in which state and where that leads, and both ends walk the same
table.

Beyond the table it keeps three books: requests not answered yet (an answer must match one, in kind and in
log), logs subscribed (entries come only for those), and the limits that the Greeting set.
"""

from collections.abc import Iterable
from enum import Enum, auto
from typing import Final, TypeAlias, cast

from protocols.errors import DecodeError, LocalProtocolError, RemoteProtocolError
from protocols.relay import wire
from protocols.relay.frames import (
    Append,
    Authorise,
    Authorised,
    Create,
    Done,
    EndOfEpoch,
    Entries,
    Frame,
    Greeting,
    Hello,
    Limits,
    MailboxClose,
    MailboxContents,
    MailboxOpen,
    MailboxPost,
    MailboxRead,
    Receipts,
    Refused,
    Request,
    Subscribe,
    Unsubscribe,
)
from protocols.relay.wire import EncodedFrame


class Role(Enum):
    """The two ends."""

    CLIENT = auto()
    RELAY = auto()

    @property
    def other(self) -> "Role":
        """The role at the other end."""
        return Role.RELAY if self is Role.CLIENT else Role.CLIENT


class State(Enum):
    """Where the connection is, seen alike from both ends."""

    AWAITING_HELLO = auto()
    AWAITING_GREETING = auto()
    OPEN = auto()
    CLOSED = auto()


_REQUESTS: Final[tuple[type[Frame], ...]] = (
    Create,
    Authorise,
    Append,
    Subscribe,
    Unsubscribe,
    MailboxOpen,
    MailboxPost,
    MailboxRead,
    MailboxClose,
)
_FROM_RELAY: Final[tuple[type[Frame], ...]] = (
    Authorised,
    Receipts,
    Entries,
    EndOfEpoch,
    MailboxContents,
    Done,
    Refused,
)

TRANSITIONS: Final[dict[State, dict[Role, dict[type[Frame], State]]]] = {
    State.AWAITING_HELLO: {
        Role.CLIENT: {Hello: State.AWAITING_GREETING},
        Role.RELAY: {Refused: State.CLOSED},
    },
    State.AWAITING_GREETING: {
        Role.CLIENT: {},
        Role.RELAY: {Greeting: State.OPEN, Refused: State.CLOSED},
    },
    State.OPEN: {
        Role.CLIENT: dict.fromkeys(_REQUESTS, State.OPEN),
        Role.RELAY: dict.fromkeys(_FROM_RELAY, State.OPEN),
    },
    State.CLOSED: {Role.CLIENT: {}, Role.RELAY: {}},
}
"""state -> who sends -> frame -> next state. A Refused with request 0 leads to CLOSED from everywhere."""

ANSWERS: Final[dict[type[Frame], type[Frame]]] = {
    Create: Done,
    Authorise: Authorised,
    Append: Receipts,
    Subscribe: Done,
    Unsubscribe: Done,
    MailboxOpen: Done,
    MailboxPost: Done,
    MailboxRead: MailboxContents,
    MailboxClose: Done,
}
"""request -> its answer when it is not refused."""

_REQUEST_TYPES: Final = frozenset(_REQUESTS)

_Answer: TypeAlias = Authorised | Receipts | MailboxContents | Done | Refused


class _Illegal(Exception):
    """A frame the rules do not allow; `send` calls it our fault, `receive_data` the peer's."""


class Connection:
    """One end of one connection. Not thread-safe; no reconnecting: a new socket is a new Connection."""

    __slots__ = ("_limits", "_outstanding", "_subscribed", "role", "state")

    def __init__(self, role: Role, limits: Limits = wire.CEILING) -> None:
        """Begin before the Hello.

        Args:
            role: which end we are.
            limits: the most we accept. What holds after the Greeting is the Greeting's limits, which the
                relay should make its own `limits`, and of which a client refuses any that are above its own.
        """
        self.role: Final = role
        self.state = State.AWAITING_HELLO
        self._limits = limits
        self._outstanding: dict[int, Request] = {}
        self._subscribed: dict[bytes, None] = {}  # a set that takes a third of the memory while empty

    @property
    def limits(self) -> Limits:
        """What holds now: `wire.HANDSHAKE` before the Greeting, then what it said."""
        return self._limits if self.state is State.OPEN else wire.HANDSHAKE

    @property
    def outstanding(self) -> int:
        """How many requests have no answer yet."""
        return len(self._outstanding)

    def is_subscribed(self, log: bytes) -> bool:
        """Whether entries of this log may be sent by the relay now."""
        return log in self._subscribed

    def receive_data(self, data: bytes) -> tuple[Frame, ...]:
        """Take in one WebSocket binary message of the other end.

        Args:
            data: the message, whole: one batch.

        Returns:
            Its frames, at least one, each legal in its turn.

        Raises:
            RemoteProtocolError: the batch is malformed, over a limit, or holds a frame that is not legal now.
                The peer's fault. The connection is CLOSED; a relay may still send one Refused with request 0.
        """
        try:
            if self.state is State.CLOSED:
                raise _Illegal("data after the connection was closed")
            batch = wire.decode_batch(data, self.limits)
            for frame in batch:
                self._step(self.role.other, frame)
        except (_Illegal, DecodeError) as error:
            self.state = State.CLOSED
            raise RemoteProtocolError(str(error)) from None
        return batch

    def send(self, frames: Iterable[Frame | EncodedFrame]) -> bytes:
        """Return one batch of our frames as the bytes of one WebSocket binary message.

        Args:
            frames: at least one, in order. An `EncodedFrame` saves encoding it again.

        Raises:
            LocalProtocolError: a frame is not legal now, or the batch breaks a limit. Our own fault; the
                connection is CLOSED, because frames before the faulty one may count as sent.
        """
        batch = [item if isinstance(item, EncodedFrame) else wire.encode_frame(item) for item in frames]
        limits = self.limits
        try:
            for item in batch:
                self._step(self.role, item.frame)
            if not 0 < len(batch) <= limits.max_frames:
                raise _Illegal("a batch with no frame, or with too many")
            data = wire.join(batch)
            if len(data) > limits.max_batch:
                raise _Illegal("a batch that is too large")
        except _Illegal as error:
            self.state = State.CLOSED
            raise LocalProtocolError(str(error)) from None
        return data

    def send_last_words(self, refused: Refused) -> bytes:
        """Return the batch with which a relay ends the connection, whatever its state.

        Raises:
            LocalProtocolError: we are not the relay, or the frame answers a request instead of the
                connection.
        """
        if self.role is not Role.RELAY or refused.request != 0:
            raise LocalProtocolError("last words are a relay's Refused with request 0")
        self.state = State.CLOSED
        return wire.join([wire.encode_frame(refused)])

    def _step(self, sender: Role, frame: Frame) -> None:
        """Check one frame against the table and the books, and move on."""
        if self.state is State.OPEN and sender is Role.CLIENT and type(frame) in _REQUEST_TYPES:
            self._ask(cast("Request", frame))  # what the table says too, without the way through it
            return
        next_state = TRANSITIONS[self.state][sender].get(type(frame))
        if next_state is None:
            raise _Illegal(
                f"{type(frame).__name__} from the {sender.name.lower()} while {self.state.name.lower()}"
            )
        match frame:
            case Hello():
                pass
            case Greeting():
                self._agree(frame)
            case Authorised() | MailboxContents() | Done():
                self._settle(frame, frame.request)
            case Receipts():
                for item in frame.items:
                    self._settle(frame, item.request)
            case Refused(request=0):
                next_state = State.CLOSED
            case Refused():
                self._settle(frame, frame.request)
            case Entries():
                if frame.log not in self._subscribed:
                    raise _Illegal("entries of a log that is not subscribed")
            case EndOfEpoch():
                if frame.log not in self._subscribed:
                    raise _Illegal("end of epoch for a log that is not subscribed")
                del self._subscribed[frame.log]
            case _:
                self._ask(frame)
        self.state = next_state

    def _agree(self, greeting: Greeting) -> None:
        ours, theirs = self._limits, greeting.limits
        if any(getattr(theirs, name) > getattr(ours, name) for name in Limits.__slots__):
            raise _Illegal("limits above what this end accepts")
        self._limits = theirs

    def _ask(self, request: Request) -> None:
        if request.request in self._outstanding:
            raise _Illegal("a request number that is still unanswered")
        if len(self._outstanding) >= self._limits.max_outstanding:
            raise _Illegal("too many unanswered requests")
        self._outstanding[request.request] = request

    def _settle(self, answer: _Answer, number: int) -> None:
        request = self._outstanding.pop(number, None)
        if request is None:
            raise _Illegal("an answer to no request")
        match answer:
            case Refused():
                return
            case Receipts():
                fits = isinstance(request, Append) and request.log == answer.log
            case Authorised():
                fits = (
                    isinstance(request, Authorise)
                    and request.log == answer.log
                    and request.epoch == answer.epoch
                )
            case _:
                fits = ANSWERS[type(request)] is type(answer)
        if not fits:
            raise _Illegal(f"{type(answer).__name__} does not answer {type(request).__name__}")
        if isinstance(request, Subscribe):
            self._subscribed[request.log] = None
        elif isinstance(request, Unsubscribe):
            self._subscribed.pop(request.log, None)
