"""A message as the fold keeps it: what was said, and what has become of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from protocols.messages.envelope import MessageType
from protocols.messages.message import Content, Message
from protocols.negotiation.acknowledgement import RELAYED, Acknowledgement


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedMessage:
    """An accepted message; a snapshot, replaced when anything about it changes.

    Attributes:
        id: 32 hexadecimal digits.
        position: of its entry in the log.
        relay_time_ms: of its entry.
        epoch: it was sent in.
        sender: participant id.
        message: as it was sent.
        content: as it stands after corrections.
        acknowledgements: by reader; every addressee is in it, other members once they sent a receipt.
        answers: by ACTION addressee that an answer is wanted from; empty where none is.
        corrected_by: ids of its corrections, oldest first.
        cancelled: whether its author took it back.
    """

    id: str
    position: int
    relay_time_ms: int
    epoch: int
    sender: str
    message: Message
    content: Content
    acknowledgements: Mapping[str, Acknowledgement]
    answers: Mapping[str, AnswerState]
    corrected_by: tuple[str, ...] = ()
    cancelled: bool = False

    @property
    def message_id(self) -> bytes:
        """The payload's message id, 16 bytes."""
        return bytes.fromhex(self.id)

    @property
    def type(self) -> MessageType:
        """The message's type."""
        return self.message.type

    @property
    def to(self) -> tuple[str, ...]:
        """The ACTION addressees."""
        return self.message.envelope.to

    @property
    def addressees(self) -> tuple[str, ...]:
        """ACTION, then INFO addressees."""
        return (*self.message.envelope.to, *self.message.envelope.info)

    @property
    def is_open(self) -> bool:
        """Whether somebody's answer is still wanted."""
        return any(answer.state is not ResponseState.CLOSED for answer in self.answers.values())

    def acknowledged(self, reader: str, acknowledgement: Acknowledgement) -> "FoldedMessage":
        """Return the message after a reader's statement about it."""
        merged = self.acknowledgements.get(reader, RELAYED).merge(acknowledgement)
        return replace(self, acknowledgements=MappingProxyType({**self.acknowledgements, reader: merged}))

    def corrected(self, by: str, content: Content, *, cancelled: bool) -> "FoldedMessage":
        """Return the message after a correction by its author; cancelling it closes it for everybody."""
        after = replace(self, content=content, corrected_by=(*self.corrected_by, by), cancelled=cancelled)
        return after.closed("CANCELLED", by) if cancelled else after

    def answered(self, addressee: str, answer: AnswerState) -> "FoldedMessage":
        """Return the message after an answer."""
        return replace(self, answers=MappingProxyType({**self.answers, addressee: answer}))

    def closed(self, answer: str, by: str, *, only: str | None = None) -> "FoldedMessage":
        """Return the message with everybody (or only one addressee) CLOSED who was not yet."""
        return replace(
            self,
            answers=MappingProxyType(
                {
                    addressee: replace(
                        state, state=ResponseState.CLOSED, answer=answer, by_ms=None, message=by
                    )
                    if state.state is not ResponseState.CLOSED and only in (None, addressee)
                    else state
                    for addressee, state in self.answers.items()
                }
            ),
        )
