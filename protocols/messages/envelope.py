"""What every message says about itself, whatever it is about (MESSAGES.md section 2).

Message id, counter, seen checkpoint and roster epoch are not repeated here: the payload and MLS carry and
bind them.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from protocols.errors import RuleViolation
from protocols.messages.rules import violation
from protocols.messages.values import (
    CheckId,
    Hash,
    Language,
    MessageId,
    Model,
    ParticipantId,
    Time,
    text,
    time_ms,
)

VERSION: Final = 1

Precedence = Literal["ROUTINE", "PRIORITY", "IMMEDIATE", "FLASH"]
Mode = Literal["LIVE", "EXERCISE"]
TrafficLight = Literal["RED", "AMBER+STRICT", "AMBER", "GREEN", "CLEAR"]
Attribution = Literal["NAMED", "CHATHAM", "MEDIATOR_ONLY"]
Relation = Literal["reply_to", "corrects", "about", "counter_to"]


class MessageType(StrEnum):
    """The message types, as they are written on the wire, in the order of MESSAGES.md section 2."""

    LINE_CHECK = "LINE-CHECK"
    MANDATE = "MANDATE"
    SEAT = "SEAT"
    RESPONSE = "RESPONSE"
    READBACK = "READBACK"
    CORRECTION = "CORRECTION"
    INFORM = "INFORM"
    QUESTION = "QUESTION"
    CONVEY = "CONVEY"
    NOTIFY = "NOTIFY"
    REQUEST = "REQUEST"
    PROPOSAL = "PROPOSAL"
    CLAUSE_REPLY = "CLAUSE-REPLY"
    TERM = "TERM"
    ADOPT = "ADOPT"
    COMMIT = "COMMIT"
    COMMIT_EVENT = "COMMIT-EVENT"
    FINDING = "FINDING"
    ALERT = "ALERT"
    INCIDENT = "INCIDENT"
    EXPLANATION = "EXPLANATION"
    PERSONS = "PERSONS"
    MEETING = "MEETING"


class Reference(Model):
    """How this message relates to an earlier one."""

    rel: Annotated[Relation, Field(description="what it is to this message")]
    id: Annotated[MessageId, Field(description="the earlier message")]


class Envelope(Model):
    """Who says it to whom, when, how urgently, and under which rules of handling."""

    sender: Annotated[ParticipantId, Field(alias="from", description="who sends it")]
    to: Annotated[tuple[ParticipantId, ...], Field(max_length=64, description="who must act on it (ACTION)")]
    info: Annotated[
        tuple[ParticipantId, ...], Field(max_length=64, description="who should know of it (INFO)")
    ] = ()
    sent: Annotated[Time, Field(description="when it was sent, by the sender's clock")]
    precedence: Annotated[Precedence, Field(description="how urgent it is; it sets the timers")] = "ROUTINE"
    mode: Annotated[Mode, Field(description="LIVE, or an EXERCISE that means nothing outside it")] = "LIVE"
    tlp: Annotated[TrafficLight, Field(description="how far it may be shared (TLP 2.0)")] = "AMBER"
    attribution: Annotated[Attribution, Field(description="whether the author may be named")] = "NAMED"
    without_prejudice: Annotated[bool, Field(description="not to be used against its author")] = False
    mandate: Annotated[Hash | None, Field(description="the mandate under which its author speaks")] = None
    respond_by: Annotated[Time | None, Field(description="answer expected by")] = None
    valid_until: Annotated[Time | None, Field(description="do not act on it after")] = None
    refs: Annotated[tuple[Reference, ...], Field(max_length=16, description="earlier messages it cites")] = ()
    lang: Annotated[Language, Field(description="language of the text")] = "en"
    topic: Annotated[str, text(120, lines=False), Field(description="the one thing it is about")]
    remarks: Annotated[str | None, text(1000), Field(description="anything else")] = None
    sent_anyway: Annotated[
        tuple[CheckId, ...],
        Field(max_length=64, description="clarity checks its author was asked about, and sent it as it is"),
    ] = ()

    def reference(self, relation: Relation) -> str | None:
        """Return the id of the first message cited in this relation."""
        return next((ref.id for ref in self.refs if ref.rel == relation), None)


_MAY_BE_FLASH: Final = frozenset(
    {MessageType.ALERT, MessageType.RESPONSE, MessageType.READBACK, MessageType.CORRECTION}
)


def check_envelope(kind: MessageType, envelope: Envelope) -> Iterator[RuleViolation]:
    """Yield what the envelope's own rules refuse."""
    if not envelope.to:
        yield violation("ENVELOPE-1", "to")
    addressed = (envelope.sender, *envelope.to, *envelope.info)
    if len(set(addressed)) != len(addressed):
        yield violation("ENVELOPE-2", "to")
    for name, moment in (("respond_by", envelope.respond_by), ("valid_until", envelope.valid_until)):
        if moment is not None and time_ms(moment) <= time_ms(envelope.sent):
            yield violation("ENVELOPE-3", name, "needs a time after the message is sent")
    if len(set(envelope.sent_anyway)) != len(envelope.sent_anyway):
        yield violation("ENVELOPE-8", "sent_anyway")
    if envelope.precedence == "FLASH" and kind not in _MAY_BE_FLASH:
        yield violation("ENVELOPE-4", "precedence", "needs IMMEDIATE or below, or send an ALERT")
    replies = sum(ref.rel == "reply_to" for ref in envelope.refs)
    if len({(ref.rel, ref.id) for ref in envelope.refs}) != len(envelope.refs) or replies > 1:
        yield violation("ENVELOPE-5", "refs")
