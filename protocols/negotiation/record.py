"""A message as the fold keeps it: what was said, and what has become of it.

A log has many messages and few that still move, so a record is small: the body as it was logged, ids and
addressees that are shared with other records, one byte a reader. `message` and `content` read the body again,
through a cache of the latest.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from protocols.messages.codec import Body, decode_body
from protocols.messages.envelope import Envelope, MessageType, Precedence
from protocols.messages.message import Content, Message
from protocols.negotiation.acknowledgement import Acknowledgement, Level

_RECENT: Final = 4096
_RECENT_BYTES: Final = 4 * 1024 * 1024
"""Of bodies; what was read takes up to fourteen times as much."""
_FAILED: Final = 0x80


class ResponseState(StrEnum):
    """Where an addressee stands with a message that wants an answer."""

    OPEN = "OPEN"
    STANDBY = "STANDBY"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerState:
    """What one ACTION addressee has answered.

    Attributes:
        state: OPEN, STANDBY or CLOSED.
        answer: the last code or type that was answered, such as WILCO or CLAUSE-REPLY; None where none was.
        by_ms: when a STANDBY said the answer would come.
        standbys: how many STANDBY there were.
        message: id of the last answer.
    """

    state: ResponseState = ResponseState.OPEN
    answer: str | None = None
    by_ms: int | None = None
    standbys: int = 0
    message: str | None = None


OPEN: Final = AnswerState()
_CLOSED: Final = ResponseState.CLOSED


Reader: TypeAlias = Callable[[bytes], Body]
"""Reads a body as `decode_body` does, and raises as it does."""


def body_reader() -> Reader:
    """Return a reader that reads the same bytes once while they are recent.

    Each negotiation has its own, so that what it has read is forgotten with it. Large bodies push out more
    of the others, so that nobody fills our memory by sending nothing else.
    """
    recent: OrderedDict[bytes, Body] = OrderedDict()
    size = 0

    def read(data: bytes) -> Body:
        nonlocal size
        known = recent.get(data)
        if known is not None:
            recent.move_to_end(data)
            return known
        body = decode_body(data)
        recent[data] = body
        size += len(data)
        while len(recent) > _RECENT or size > _RECENT_BYTES:
            size -= len(recent.popitem(last=False)[0])
        return body

    return read


def pack_level(acknowledgement: Acknowledgement) -> int:
    """Return how far a message got with a reader as one byte."""
    return acknowledgement.level | (_FAILED if acknowledgement.failed else 0)


_UNPACKED: Final = {
    pack_level(acknowledgement): acknowledgement
    for acknowledgement in (Acknowledgement(level, failed) for level in Level for failed in (False, True))
}
_RELAYED: Final = bytes((pack_level(Acknowledgement()),))


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedMessage:
    """An accepted message; a snapshot, replaced when anything about it changes.

    Attributes:
        id: 32 hexadecimal digits.
        position: of its entry in the log.
        relay_time_ms: of its entry.
        epoch: it was sent in.
        sender: participant id.
        type: the message's type.
        to: the ACTION addressees.
        info: the INFO addressees.
        precedence: how urgent it is; it sets the timers.
        has_critical: whether it has fields to be read back.
        body: as it was logged.
        reader: the negotiation's, for `message` and `content`.
        readers: every addressee, ACTION first, and then other members once they sent a receipt.
        levels: how far it got with each of `readers`, one byte each.
        responders: the ACTION addressees that an answer is wanted from; empty where none is.
        states: what each of `responders` has answered.
        correction: the content after corrections; None while it stands as it was sent.
        corrected_by: ids of its corrections, oldest first.
        cancelled: whether its author took it back.
        beyond_mandate: whether its author spoke for a principal without the power for it.
    """

    id: str
    position: int
    relay_time_ms: int
    epoch: int
    sender: str
    type: MessageType
    to: tuple[str, ...]
    info: tuple[str, ...] = ()
    precedence: Precedence = "ROUTINE"
    has_critical: bool = False
    body: bytes = field(repr=False)
    reader: Reader = field(repr=False, compare=False)
    readers: tuple[str, ...]
    levels: bytes
    responders: tuple[str, ...] = ()
    states: tuple[AnswerState, ...] = ()
    correction: Content | None = None
    corrected_by: tuple[str, ...] = ()
    cancelled: bool = False
    beyond_mandate: bool = False

    @property
    def message_id(self) -> bytes:
        """The payload's message id, 16 bytes."""
        return bytes.fromhex(self.id)

    @property
    def message(self) -> Message:
        """The message as it was sent."""
        body = self.reader(self.body)
        if not isinstance(body, Message):
            raise TypeError(type(body).__name__)
        return body

    @property
    def envelope(self) -> Envelope:
        """The message's envelope."""
        return self.message.envelope

    @property
    def content(self) -> Content:
        """The content as it stands after corrections."""
        return self.correction if self.correction is not None else self.message.content

    @property
    def addressees(self) -> tuple[str, ...]:
        """ACTION, then INFO addressees."""
        return (*self.to, *self.info)

    @property
    def acknowledgements(self) -> Mapping[str, Acknowledgement]:
        """How far it got, by reader: every addressee, and other members once they sent a receipt."""
        levels = (_UNPACKED[level] for level in self.levels)
        return MappingProxyType(dict(zip(self.readers, levels, strict=True)))

    @property
    def answers(self) -> Mapping[str, AnswerState]:
        """What was answered, by ACTION addressee that an answer is wanted from; empty where none is."""
        return MappingProxyType(dict(zip(self.responders, self.states, strict=True)))

    @property
    def is_open(self) -> bool:
        """Whether somebody's answer is still wanted."""
        return any(answer.state is not _CLOSED for answer in self.states)

    def level(self, reader: str) -> Level:
        """Return the rung that a reader is known to have reached; RELAYED for who has said nothing."""
        if reader not in self.readers:
            return Level.RELAYED
        return Level(self.levels[self.readers.index(reader)] & ~_FAILED)

    @property
    def wanted_level(self) -> Level:
        """The rung that is waited for: CONFIRMED at IMMEDIATE and above if something is to be read back."""
        urgent = self.precedence in ("IMMEDIATE", "FLASH")
        return Level.CONFIRMED if urgent and self.has_critical else Level.ACKNOWLEDGED

    def everybody_at(self, level: Level) -> bool:
        """Whether every ACTION addressee has reached a rung."""
        return all(reached & ~_FAILED >= level for reached in self.levels[: len(self.to)])

    def answer_of(self, participant: str) -> AnswerState | None:
        """Return where a participant stands with it; None where no answer of theirs is wanted."""
        if participant not in self.responders:
            return None
        return self.states[self.responders.index(participant)]

    def acknowledged(self, reader: str, acknowledgement: Acknowledgement) -> "FoldedMessage":
        """Return the message after a reader's statement about it."""
        if reader not in self.readers:
            known = replace(self, readers=(*self.readers, reader), levels=self.levels + _RELAYED)
            return known.acknowledged(reader, acknowledgement)
        index = self.readers.index(reader)
        merged = pack_level(_UNPACKED[self.levels[index]].merge(acknowledgement))
        if merged == self.levels[index]:
            return self
        return replace(self, levels=self.levels[:index] + bytes((merged,)) + self.levels[index + 1 :])

    def corrected(self, by: str, content: Content, *, cancelled: bool) -> "FoldedMessage":
        """Return the message after a correction by its author; cancelling it closes it for everybody."""
        after = replace(
            self,
            correction=content if not cancelled else self.correction,
            corrected_by=(*self.corrected_by, by),
            cancelled=cancelled,
        )
        return after.closed("CANCELLED", by) if cancelled else after

    def answered(self, addressee: str, answer: AnswerState) -> "FoldedMessage":
        """Return the message after an answer of somebody whose answer is wanted.

        Raises:
            ValueError: it is not wanted; a bug in the caller.
        """
        index = self.responders.index(addressee)
        return replace(self, states=(*self.states[:index], answer, *self.states[index + 1 :]))

    def closed(self, answer: str, by: str, *, only: str | None = None) -> "FoldedMessage":
        """Return the message with everybody (or only one addressee) CLOSED who was not yet."""
        states = tuple(
            replace(state, state=ResponseState.CLOSED, answer=answer, by_ms=None, message=by)
            if state.state is not ResponseState.CLOSED and only in (None, addressee)
            else state
            for addressee, state in zip(self.responders, self.states, strict=True)
        )
        return self if states == self.states else replace(self, states=states)


def relayed(readers: int) -> bytes:
    """Return the levels of a message that was just logged, for this many readers."""
    return _RELAYED * readers
